"""Documentation of the fields, in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tracehound.schema.catalog import FieldInfo, fields
from tracehound.schema.constants import CLASSES, EXTENSION, OCSF_VERSION

_HEAD = f"""\
# Fields of an event

Made by `tracehound schema docs`; do not edit.
OCSF {OCSF_VERSION}, extension {EXTENSION["name"]} {EXTENSION["version"]}.

A rule may use these fields and no others. *Type* is how a field is stored and compared: `keyword` (a string,
compared without case), `text` (a long text, which our own rules do not test), `ip`, `long`, `double`, `boolean`,
`date` (epoch milliseconds), `json` (as the source has it). `[]` marks fields that may hold several values.
*Classes* are the OCSF classes that have the field; without an entry, all of them do.
"""


def field_docs() -> str:
    """One table per root attribute: first ``ai``, then what all events have, then OCSF's objects."""
    table = fields()
    groups: dict[str, list[FieldInfo]] = {}
    for path, info in table.items():
        root = path.split(".")[0] if "." in path else ""
        groups.setdefault(root, []).append(info)
    order = ["ai", "", *sorted(name for name in groups if name not in ("ai", ""))]
    parts = [_HEAD, _classes()]
    for name in order:
        title = f"`{name}`" if name else "Root of the event"
        parts.append("\n".join([f"## {title}", "", *_table(groups[name])]) + "\n")
    return "\n".join(parts)


def _classes() -> str:
    rows = [
        f"| {uid} | {info.name} | {info.category_name} | {_captions(info.activities.items())} |"
        for uid, info in sorted(CLASSES.items())
    ]
    return "\n".join(
        ["## Classes", "", "| class | name | category | activities |", "|---|---|---|---|", *rows, ""]
    )


def _table(infos: Iterable[FieldInfo]) -> Iterator[str]:
    yield "| field | type | what it is | classes |"
    yield "|---|---|---|---|"
    for info in infos:
        kind = info.type + ("[]" if info.array else "")
        classes = "" if len(info.classes) == len(CLASSES) else ", ".join(map(str, sorted(info.classes)))
        yield f"| `{info.path}` | {kind} | {_what(info)} | {classes} |"


def _what(info: FieldInfo) -> str:
    said = [info.doc]
    if info.unit:
        said.append(f"In {info.unit}.")
    if info.path in ("class_uid", "activity_id"):
        said.append("See Classes.")
    elif info.enum:
        said.append(f"One of {_captions(info.enum.items())}.")
    if info.example is not None and not (info.enum and isinstance(info.example, str)):
        example = info.example if isinstance(info.example, str) else json.dumps(info.example)
        said.append(f"Example: `{example}`.")
    if info.profile:
        said.append(f"With profile `{info.profile}`.")
    return " ".join(said).replace("|", "\\|").replace("\n", " ")


def _captions(pairs: Iterable[tuple[int | str, str]]) -> str:
    return ", ".join(
        f"`{value}`" if str(value) == caption else f"{value} {caption}" for value, caption in pairs
    )
