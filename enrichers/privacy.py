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
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

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

TEXTS_OF = {
    "ai.prompt_text": "prompt",
    "ai.response_text": "response",
    "ai.tool.arguments_text": "tool",
    "ai.tool.result_text": "tool",
    "process.cmd_line": "tool",
    "process.parent_process.cmd_line": "tool",
    "query_info.query_string": "prompt",
}
HASHES = {"prompt_text": "prompt_hash", "response_text": "response_hash"}
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
CALL = (
    "http_request.http_headers.value",
    "http_request.referrer",
    "http_request.url.path",
    "http_request.url.url_string",
)
"""Here secrets are masked too, but nothing is taken away."""
REMEMBERED, LONGEST_REMEMBERED = 16_384, 256
TOGETHER = 4096
"""About so many characters of new values are searched at once."""
DIRECTION_OF = {
    "prompt_text": "prompt",
    "response_text": "response",
    "arguments_text": "tool_call",
    "result_text": "tool_result",
}
"""As what the text under a key was scanned."""

Redact = Callable[[str], str]
RedactScanned = Callable[..., str]
Tree = dict[str, Any]
"""Paths as nested dicts; at the end of a path stands what it was given for."""
Place = tuple[dict[str, Any], str, Any]
"""An object of the event, the key of it, and what stands for that path in the tree."""


def build(settings: Settings) -> Enrich:
    """Load the scanner only where something is stored that it has to mask."""
    if not settings.privacy.redact:
        return enrich_with(settings.privacy, None)
    scanner = scanner_for(settings.packs)
    return enrich_with(settings.privacy, scanner.redact, scanner.redact_scanned)


def enrich_with(
    privacy: Privacy, redact: Redact | None, redact_scanned: RedactScanned | None = None
) -> Enrich:
    """The enricher with a given way of masking; None masks nothing.

    ``redact_scanned`` does the same, faster, for a text that was scanned in a direction.
    """
    keep = {"prompt": privacy.prompt, "response": privacy.response, "tool": privacy.tool}
    texts = _tree({path: keep[kind] for path, kind in TEXTS_OF.items()})
    drops = privacy.unmapped == "drop"
    everything = all(how == "store" for how in keep.values())
    free, masked = _tree(dict.fromkeys(FREE, True)), _tree(dict.fromkeys(FREE + CALL, True))
    masker = _Masker(redact, masked) if redact is not None else None
    by_key: dict[str, Redact | None] = {
        key: partial(redact_scanned, direction=direction) if redact_scanned is not None else redact
        for key, direction in DIRECTION_OF.items()
    }

    def enrich(events: list[Event]) -> None:
        for event in events:
            said = event.pop(TEXTS, ())
            gone: list[str] = []
            if not everything:
                gone = [text for direction, text, _ in said if _kept(keep, direction) != "store"]
            for place in _places(event, texts):
                gone += _text(event, place, privacy.max_chars, by_key.get(place[1], redact))
            if "raw_data" in event or drops:
                _record(event, privacy, redact)
            if gone:
                _change(_places(event, free), _remover(gone))
            if masker is not None:
                masker.take(event)
        if masker is not None:
            masker.finish()

    return enrich


def _tree(paths: Mapping[str, Any]) -> Tree:
    tree: Tree = {}
    for path, value in paths.items():
        *above, last = path.split(".")
        node = tree
        for key in above:
            node = node.setdefault(key, {})
        node[last] = value
    return tree


def _places(holder: dict[str, Any], tree: Tree, found: list[Place] | None = None) -> list[Place]:
    """Where an event has something at the ends of the paths; lists of objects are gone through."""
    found = [] if found is None else found
    for key, below in tree.items():
        value = holder.get(key)
        if value is None:
            continue
        if below.__class__ is not dict:
            found.append((holder, key, below))
        elif value.__class__ is dict:
            _places(value, below, found)
        elif value.__class__ is list:
            for item in value:
                if item.__class__ is dict:
                    _places(item, below, found)
    return found


def _kept(keep: Mapping[str, str], direction: str) -> str:
    return keep[KIND_OF_DIRECTION.get(direction, "tool")]


def _text(event: Event, place: Place, limit: int, redact: Redact | None) -> list[str]:
    """Store, hash or drop one text; what is given back must not show anywhere else."""
    holder, key, how = place
    text = holder[key]
    if not isinstance(text, str) or not text:
        return []
    if how != "drop" and key in HASHES:
        holder[HASHES[key]] = _digest(text)
    if how == "store":
        holder[key], cut = shown(text, limit, redact)
        if cut:
            event["ai"]["text_truncated"] = True
        return []
    if how == "hash" and key not in HASHES:
        holder[key] = "sha256:" + _digest(text)
    elif key == "query_string":
        del event["query_info"]  # OCSF knows no query without its text
    else:
        del holder[key]
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


class _Masker:
    """Masks secrets outside of the texts: the values of many events are searched at once, one by one only on a hit.

    Short values without any are remembered: host names, paths and settings come again and again.
    """

    def __init__(self, redact: Redact, tree: Tree) -> None:
        self._redact, self._tree = redact, tree
        self._clean: set[str] = set()
        self._waiting: list[tuple[Event, list[str]]] = []
        self._size = 0

    def take(self, event: Event) -> None:
        """Look at an event now or with those that follow."""
        new = self._new(event)
        if new:
            self._waiting.append((event, new))
            self._size += sum(map(len, new))
            if self._size > TOGETHER:
                self.finish()

    def _new(self, event: Event) -> list[str]:
        """The texts that are long enough for a secret and not known to be without."""
        clean, found = self._clean, []
        todo = _values(event, self._tree, [])
        for value in todo:  # grows on the way
            kind = value.__class__
            if kind is str:
                if len(value) >= MIN_SECRET and value not in clean:
                    found.append(value)
            elif kind is dict:
                todo += value.values()
            elif kind is list:
                todo += value
        return found

    def finish(self) -> None:
        """Look at all that were taken."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        if len(waiting) > 1 and self._found([text for _, new in waiting for text in new]):
            for event, new in waiting:
                self._one(event, new)
        elif len(waiting) == 1:
            self._one(*waiting[0])

    def _one(self, event: Event, new: list[str]) -> None:
        if self._found(new):
            redact = self._redact
            _change(
                _places(event, self._tree), lambda text: redact(text) if len(text) >= MIN_SECRET else text
            )

    def _found(self, texts: list[str]) -> bool:
        """Whether there is a secret in one of these texts; those without are remembered."""
        joined = "\n".join(texts)
        if self._redact(joined) != joined:
            return True
        if len(self._clean) > REMEMBERED:
            self._clean.clear()
        self._clean.update([text for text in texts if len(text) <= LONGEST_REMEMBERED])
        return False


def _values(holder: dict[str, Any], tree: Tree, found: list[Any]) -> list[Any]:
    """What an event has at the ends of the paths."""
    for key, below in tree.items():
        value = holder.get(key)
        if value is None:
            continue
        if below is True:
            found.append(value)
        elif value.__class__ is dict:
            _values(value, below, found)
        elif value.__class__ is list:
            for item in value:
                if item.__class__ is dict:
                    _values(item, below, found)
    return found


def _change(places: list[Place], change: Redact) -> None:
    for holder, key, _ in places:
        holder[key] = _changed(holder[key], change)


def _changed(value: Any, change: Redact) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    return [_changed(item, change) for item in value] if isinstance(value, list) else value


def _digest(text: str) -> str:
    return sha256(text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass")).hexdigest()


ENRICHER = Enricher(
    "privacy",
    90,
    build,
    ("ai.prompt_hash", "ai.response_hash", "ai.text_truncated"),
)
