"""Splunk: props.conf, a sourcetype per class of events."""

from __future__ import annotations

from collections.abc import Iterator

from tracehound.schema.catalog import fields
from tracehound.schema.constants import CLASSES, EXTENSION, OCSF_VERSION

# Above the largest record that is taken (4 MB) with what is added to it.
TRUNCATE = 8_000_000

_HEAD = f"""\
# Events of Tracehound: OCSF {OCSF_VERSION} with {EXTENSION["name"]} {EXTENSION["version"]}.
# One JSON object a line. Fields are read when searching (KV_MODE), from the first 10,240 characters of an event
# ([kv] maxchars in limits.conf): fields that rules use come first, long texts last. There is no
# INDEXED_EXTRACTIONS, which would store every field a second time.
"""

_STANZA = """\
SHOULD_LINEMERGE = false
LINE_BREAKER = ([\\r\\n]+)
EVENT_BREAKER_ENABLE = true
EVENT_BREAKER = ([\\r\\n]+)
# Epoch milliseconds; the quote in front keeps start_time and the like out.
TIME_PREFIX = "time":\\s*
TIME_FORMAT = %s%3N
MAX_TIMESTAMP_LOOKAHEAD = 14
TRUNCATE = {truncate}
CHARSET = UTF-8
KV_MODE = json
AUTO_KV_JSON = true
"""


def splunk_props() -> str:
    """Text of a props.conf with a stanza ``[tracehound:ocsf:<class>]`` per class."""
    return _HEAD + "".join(_stanza(uid) for uid in sorted(CLASSES))


def sourcetype(class_uid: int) -> str:
    """``tracehound:ocsf:api_activity`` for 6003."""
    return f"tracehound:ocsf:{CLASSES[class_uid].key}"


def _stanza(class_uid: int) -> str:
    info = CLASSES[class_uid]
    lines = [
        "",
        f"[{sourcetype(class_uid)}]",
        f"# {info.name} ({class_uid})",
        "category = Tracehound",
        f"description = {info.name}, OCSF {class_uid}",
        "pulldown_type = true",
        _STANZA.format(truncate=TRUNCATE).rstrip(),
        "# JSON arrays come out as name{}: rules and people write the name alone.",
        *_aliases(class_uid),
    ]
    return "\n".join(lines) + "\n"


def _aliases(class_uid: int) -> Iterator[str]:
    for path, info in fields().items():
        if class_uid not in info.classes or not info.array or info.type == "json":
            continue
        marked = path
        for array in reversed(info.within):
            marked = array + "{}" + marked.removeprefix(array)
        yield f'FIELDALIAS-{path.replace(".", "_")} = "{marked}" AS "{path}"'
