"""``tracehound schema``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tracehound.cli import _shared as shared

FORMS = ("json", "elastic", "splunk", "docs", "config", "rule")


@click.command("schema")
@click.argument("what", type=click.Choice(FORMS), default="json")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here, not to stdout."
)
def command(what: str, out: Path | None) -> None:
    """Print the event schema, or what is generated from it.

    \b
    json     JSON Schema of events          elastic  Elasticsearch mapping (component template)
    splunk   props.conf                     docs     every field, as Markdown
    config   JSON Schema of tracehound.yml  rule     JSON Schema of a rule's `tracehound:` key

    \b
    Example:
      tracehound schema elastic > component-template.json
    """
    with shared.output(out) as target:
        target.write(_text(what).encode())


def _text(what: str) -> str:
    from tracehound import schema

    if what == "splunk":
        return str(schema.splunk_props())
    if what == "docs":
        return str(schema.field_docs())
    if what == "rule":
        from tracehound.rules import extras

        return json.dumps(extras.schema(), indent=2) + "\n"
    if what == "config":
        from tracehound.config import Settings

        return json.dumps(Settings.model_json_schema(), indent=2) + "\n"
    made = schema.json_schema() if what == "json" else schema.elasticsearch_mapping()
    return json.dumps(made, indent=2) + "\n"
