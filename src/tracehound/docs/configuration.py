"""``docs/configuration.md`` from the settings' model."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tracehound import targets
from tracehound.config import DEFAULT_FILE, Settings

HEAD = f"""\
# Configuration

Made from the settings' model; do not edit.

One file, `{DEFAULT_FILE}`: `--config FILE`, else the file that `TRACEHOUND_CONFIG` names, else `{DEFAULT_FILE}`
in the working folder where there is one. All keys are optional. A key that is unknown, set twice or has a wrong
value is refused with file, line and the nearest valid name, and nothing runs (exit code 2). Precedence: flag, then
environment, then file. `tracehound schema config` prints the JSON Schema, which editors can check against.

Secrets have no place in this file: no key takes one. Those of a target are read from the environment
(`TRACEHOUND_<TARGET>_<SECRET>`), from the file that `<secret>_file` names, or from the keyring.
"""

EXAMPLE = """\
packs: [../our-pack]            # beside this file; a later pack wins over an earlier one
lists:
  approved_mcp_servers: [github, jira]
privacy:
  prompt: hash                  # ai.prompt_hash only; signals are made before
  response: drop
  tool: store
  redact: true
  max_chars: 8192
  raw: drop
  unmapped: store
models:
  approved: [gpt-4o, "claude-*"]
  unapproved: ["deepseek*"]
services:
  approved: [api.openai.com]
  unapproved: [chat.deepseek.com]
aliases:
  alice@example.com: ["arn:aws:iam::111122223333:user/alice", "key-alias-alice"]
targets:
  elastic:
    url: https://es.example.com:9200
    kibana_url: https://kibana.example.com
    api_key_file: /run/secrets/elastic
    namespace: prod
lateness: 300
"""

PACKS = """\
## A pack

A folder of the same shape as ours, with as much of it as is wanted:

| place | what it holds |
|---|---|
| `detections/<area>/<rule>/<rule>.yml` | Sigma rules with their test events; `tracehound new rule` starts one |
| `detections/lists/<name>.txt` | values for `\\|expand` placeholders, one a line; the file's `lists:` goes before |
| `thresholds.yml` | `count` and `timespan` of correlations by rule name, in place of the rules' own |
| `normalizers/<source>.py` | a log source; `tracehound new normalizer` starts one |
| `enrichers/<name>.py`, `enrichers/patterns/*.yml` | enrichers, and patterns for the content scan |

Sigma Filters (exceptions for your company) lie among the rules. `tracehound doctor --pack DIR` checks all of it.
"""


def configuration_page() -> str:
    """The page as Markdown."""
    rows = [f"| `{key}` | {kind} | {default} | {said} |" for key, kind, default, said in keys()]
    table = ["## Keys", "", "| key | type | default | what it is |", "|---|---|---|---|", *rows]
    example = ["## Example", "", "```yaml", EXAMPLE.rstrip(), "```"]
    return "\n".join([HEAD, *table, "", *_targets(), "", *example, "", PACKS])


def _targets() -> Iterator[str]:
    """A table for each target's settings."""
    for name in targets.names():
        yield f"## `targets.{name}`"
        yield ""
        model = targets.model_of(targets.target(name))
        yield f"Each may be set by `TRACEHOUND_{name.upper()}_<KEY>` too. Secrets: " + (
            ", ".join(f"`{secret}`" for secret in model.SECRETS) + "."
        )
        yield ""
        yield "| key | default | what it is |"
        yield "|---|---|---|"
        yield from _target_rows(model)


def _target_rows(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _target_rows(info.annotation, f"{above}{name}.")
        else:
            value = info.get_default(call_default_factory=True)
            default = "none" if value is None else _default(info)
            yield f"| `{above}{name}` | {default} | {info.description} |"


def keys(model: type[BaseModel] = Settings, above: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Key, type, default and description of every setting, nested ones with their path."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{above}{name}.")
        else:
            yield (
                above + name,
                _kind(kind, field),
                _default(field),
                (field.description or "").replace("|", "\\|"),
            )


def _kind(kind: Any, field: FieldInfo) -> str:
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in inside)
    if origin is list:
        return "list of folders" if inside == (Path,) else "list of texts"
    if origin is dict:
        return "name to list of texts" if get_origin(inside[1]) is list else "target to its settings"
    if isinstance(kind, types.GenericAlias):
        raise TypeError(f"no words for the type {kind}")
    if kind is int:
        bounds = [
            getattr(mark, side) for mark in field.metadata for side in ("ge", "le") if hasattr(mark, side)
        ]
        return f"whole number, {bounds[0]:,} to {bounds[1]:,}"
    return {bool: "`true`, `false`", str: "text"}[kind]


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "none" if value in ([], {}) else f"`{value}`"
