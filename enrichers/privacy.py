"""What is kept of texts, once everything that reads them has run: stored, hashed or dropped.

``privacy`` of the configuration decides for prompts, responses, and tool arguments and results:

- ``store``: the text, with secrets and personal data masked (``redact``) and cut to ``max_chars``;
  ``ai.text_truncated`` says that something was cut.
- ``hash``: no text. Tool arguments and results, commands and queries become ``sha256:<hex>``.
- ``drop``: nothing.

``ai.prompt_hash`` and ``ai.response_hash`` are the SHA-256 (hex) of the whole text before any of this, with
``store`` and ``hash``. Where a text is not stored, whatever repeats 12 characters of it elsewhere in the event
(error messages, parameters, ``unmapped``) goes too. Host names (``ai.destinations``), tool names and signals stay:
rules need them. ``raw: store`` keeps the record as it came, its texts included, with secrets masked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import orjson

from tracehound.config import Privacy, Settings
from tracehound.enrichers import TEXTS, Enrich, Enricher, Event
from tracehound.scan import scanner_for

REMOVED = "[removed]"
SHARED = 12
"""So many characters in a row that a text and another value share make the value a copy of it."""
STEP = SHARED // 2
MIN_SECRET = 8
MARGIN, LONGEST_SECRET = 8192, 4096
"""So much more than ``max_chars`` is searched for secrets, that none is cut in two and missed."""

TEXT_FIELDS = (
    ("ai.prompt_text", "prompt"),
    ("ai.response_text", "response"),
    ("ai.tool.arguments_text", "tool"),
    ("ai.tool.result_text", "tool"),
    ("process.cmd_line", "tool"),
    ("process.parent_process.cmd_line", "tool"),
    ("query_info.query_string", "prompt"),
)
HASHES = {"ai.prompt_text": "prompt_hash", "ai.response_text": "response_hash"}
KIND_OF_DIRECTION = {"system": "prompt", "prompt": "prompt", "document": "prompt", "response": "response"}
# Where copies of a text or secrets may stand: free words and parameters, never what rules compare.
FREE = (
    "message",
    "status_detail",
    "api.request.data",
    "api.response.data",
    "api.response.message",
    "api.response.error_message",
    "http_request.args",
    "http_request.url.query_string",
    "query_info.data",
    "resources.data",
    "resources.labels",
    "unmapped",
)
ADDRESSES = ("http_request.url.url_string", "http_request.referrer", "http_request.url.path")

Redact = Callable[[str], str]


def build(settings: Settings) -> Enrich:
    """Load the scanner only where something is stored that it has to mask."""
    return enrich_with(
        settings.privacy, scanner_for(settings.packs).redact if settings.privacy.redact else None
    )


def enrich_with(privacy: Privacy, redact: Redact | None) -> Enrich:
    """The enricher with a given way of masking; None masks nothing."""
    keep = {"prompt": privacy.prompt, "response": privacy.response, "tool": privacy.tool}
    paths = [(path, tuple(path.split(".")), keep[kind]) for path, kind in TEXT_FIELDS]
    free = [tuple(path.split(".")) for path in FREE]
    masked = free + [tuple(path.split(".")) for path in ADDRESSES]

    def enrich(events: list[Event]) -> None:
        for event in events:
            gone = [text for direction, text, _ in event.pop(TEXTS, ()) if _kept(keep, direction) != "store"]
            for name, path, how in paths:
                gone += _text(event, name, path, how, privacy.max_chars, redact)
            _record(event, privacy, redact)
            if gone:
                _change(event, free, _remover(gone))
            if redact is not None:
                _mask(event, masked, redact)
            _make_encodable(event)

    return enrich


def _kept(keep: Mapping[str, str], direction: str) -> str:
    return keep[KIND_OF_DIRECTION.get(direction, "tool")]


def _text(
    event: Event, name: str, path: tuple[str, ...], how: str, limit: int, redact: Redact | None
) -> list[str]:
    """Store, hash or drop one text; what is given back must not show anywhere else."""
    holder = next(_holders(event, path), {})
    text = holder.get(path[-1])
    if not isinstance(text, str) or not text:
        return []
    if how != "drop" and name in HASHES:
        holder[HASHES[name]] = _digest(text)
    if how == "store":
        holder[path[-1]], cut = shown(text, limit, redact)
        if cut:
            event["ai"]["text_truncated"] = True
        return []
    if how == "hash" and name not in HASHES:
        holder[path[-1]] = "sha256:" + _digest(text)
    elif path[0] == "query_info":
        del event["query_info"]  # OCSF knows no query without its text
    else:
        del holder[path[-1]]
    return [text]


def shown(text: str, limit: int, redact: Redact | None) -> tuple[str, bool]:
    """The text as it is stored, and whether it was cut: first masked, then cut, so that no half secret stays."""
    part = text[: limit + MARGIN]
    if redact is not None:
        part = redact(part)
        if len(text) > limit + MARGIN:
            part = part[: max(len(part) - LONGEST_SECRET, 0)]
    return part[:limit], len(part) > limit or len(text) > limit + MARGIN


def _record(event: Event, privacy: Privacy, redact: Redact | None) -> None:
    if privacy.unmapped == "drop":
        event.pop("unmapped", None)
    raw = event.get("raw_data")
    if raw is None:
        return
    if privacy.raw == "drop":
        del event["raw_data"]
    elif redact is not None and isinstance(raw, str):
        event["raw_data"] = redact(raw)


def _remover(texts: list[str]) -> Redact:
    """What replaces a value that repeats a text; also as JSON inside a value would write the text."""
    escaped = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]
    escaped += [json.dumps(text)[1:-1] for text in texts if not text.isascii()]
    haystack = "\0".join([*texts, *escaped])
    return lambda value: REMOVED if repeats(value, haystack) else value


def repeats(value: str, text: str) -> bool:
    """Whether both share 12 characters in a row; any such run holds one of the pieces of 6 that are tried."""
    for at in range(0, len(value) - STEP + 1, STEP):
        if value[at : at + STEP] in text:
            first = max(at - STEP, 0)
            last = min(at, len(value) - SHARED)
            if any(value[start : start + SHARED] in text for start in range(first, last + 1)):
                return True
    return False


def _mask(event: Event, paths: list[tuple[str, ...]], redact: Redact) -> None:
    """Mask secrets outside of the texts: all values are searched at once, and one by one only on a hit."""
    found = [text for path in paths for text in _texts_at(event, path) if len(text) >= MIN_SECRET]
    if found:
        joined = "\n".join(found)
        if redact(joined) != joined:
            _change(event, paths, lambda text: redact(text) if len(text) >= MIN_SECRET else text)


def _texts_at(event: Event, path: tuple[str, ...]) -> Iterator[str]:
    for holder in _holders(event, path):
        yield from _strings(holder.get(path[-1]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _change(event: Event, paths: list[tuple[str, ...]], change: Redact) -> None:
    for path in paths:
        for holder in _holders(event, path):
            if path[-1] in holder:
                holder[path[-1]] = _changed(holder[path[-1]], change)


def _changed(value: Any, change: Redact) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    return [_changed(item, change) for item in value] if isinstance(value, list) else value


def _holders(found: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The objects that hold the last key of a path, through lists of objects too."""
    for depth, key in enumerate(path[:-1]):
        found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, list):
            for item in found:
                yield from _holders(item, path[depth + 1 :])
            return
    if isinstance(found, dict):
        yield found


def _make_encodable(event: Event) -> None:
    """Replace lone surrogates and numbers above 64 bits, which JSON encoders of targets refuse."""
    try:
        orjson.dumps(event)
    except TypeError:
        mended = _mended(event)
        event.clear()
        event.update(mended)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, dict):
        return {_encodable(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def _encodable(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


ENRICHER = Enricher(
    "privacy",
    90,
    build,
    ("ai.prompt_hash", "ai.response_hash", "ai.text_truncated"),
)
