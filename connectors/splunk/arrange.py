"""A large event, arranged so that what rules may test lies in its first ``LIMIT`` bytes. Nothing is left out.

    {known fields .., "tracehound.cut": [..], "ai.prompt_text": "..", "unmapped": {..}, "tracehound.whole": {..}}

1. Long texts, JSON of others and attributes that the schema does not know are moved behind all else, under their
   dotted path. Splunk names a field by its path, so that ``ai.prompt_text`` has the same name in both places.
2. Where the rest is still too large, its largest values are cut short in place, the largest most (a list keeps
   its first elements), named in ``tracehound.cut``, and put whole into ``tracehound.whole`` at the end.
3. Where a rule field has no place even so, since thousands of small ones are before it, its top-level object is
   moved behind, and is named in ``tracehound.cut`` too.

A rule cannot see in Splunk what was cut; ``tracehound.cut{}=*`` finds these events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from math import isfinite
from typing import Any

import orjson

from tracehound.encode import encodable

LIMIT = 10_000
"""Bytes; Splunk reads 10,240 characters."""
FIRST = (
    "class_uid", "activity_id", "severity_id", "status_id", "status_code", "action_id", "disposition_id", "time",
    "metadata", "ai", "api", "actor", "src_endpoint", "dst_endpoint", "http_request", "resources", "finding_info",
)  # fmt: skip
"""Top-level attributes that our rules and boards use."""
CUT, WHOLE = "tracehound.cut", "tracehound.whole"
LAST = ("unmapped", "raw_data")
SMALLEST = 48
"""Bytes of a value below which it is not worth cutting."""
SMALL_LIST = 512
"""Bytes of a list up to which its elements keep what rules may not test."""
MOST_NAMED = 600
"""Bytes that the list of what was cut may take; above it, only the top-level names are listed."""

Tree = dict[str, Any]
Leaf = tuple[int, str, dict[str, Any], str]
"""Size as JSON, path, and where the value lies."""


@cache
def tree() -> Tree:
    """The schema's fields by name: a dict below an object, True at a field that rules may test, False at others."""
    from tracehound.schema import fields

    root: Tree = {}
    for path, info in fields().items():
        *above, last = path.split(".")
        node = root
        for name in above:
            node = node.setdefault(name, {})
        node[last] = not (info.text or info.type == "json")
    return root


def arrange(event: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The event in our order, and whether a field that rules may test was cut. ``event`` is not changed."""
    moved: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    head = _known(event, tree(), "", moved, whole)
    head = {name: head[name] for name in FIRST if name in head} | head
    size = len(dumps(head))
    named = _shorten(head, size, whole) if size > LIMIT else []
    behind = _behind(head, named)
    marked: dict[str, Any] = {CUT: _listed(named)} if named else {}
    rest = sorted(moved.items(), key=_late)
    return head | marked | behind | dict(rest) | ({WHOLE: whole} if whole else {}), bool(named)


def restored(event: dict[str, Any]) -> dict[str, Any]:
    """The event as it was before ``arrange``; the order of its attributes aside."""
    event.pop(CUT, None)
    whole = event.pop(WHOLE, {})
    for path in [name for name in event if "." in name or "\\" in name]:
        _put(event, path, event.pop(path))
    for path, value in whole.items():
        _put(event, path, value)
    return event


def without_nulls(value: Any) -> Any:
    """A value without nulls, which are as good as absent; Splunk would make the text ``null`` of them."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if not _null(item)}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in value if not _null(item)]
    return value


def _null(value: Any) -> bool:
    """What JSON has no word for (NaN) becomes null as well."""
    return value is None or (type(value) is float and not isfinite(value))


def dumps(value: Any) -> bytes:
    """JSON, also of what has to be made fit for it first."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(encodable(value), default=str)


def _known(
    value: Mapping[str, Any], node: Tree, above: str, moved: dict[str, Any], whole: dict[str, Any]
) -> dict[str, Any]:
    """What rules may test of an object; the rest goes to ``moved``, lists that lost something to ``whole``."""
    kept: dict[str, Any] = {}
    for name, item in value.items():
        below = node.get(name, False)
        path = above + _escaped(name)
        if below is True and not isinstance(item, dict):
            kept[name] = item
        elif isinstance(below, dict) and isinstance(item, dict):
            inner = _known(item, below, f"{path}.", moved, whole)
            if inner or not item:
                kept[name] = inner
        elif isinstance(below, dict) and isinstance(item, list):
            kept[name] = item
            if len(dumps(item)) > SMALL_LIST:
                kept[name] = [_plain(one, below) if isinstance(one, dict) else one for one in item]
                if kept[name] != item:
                    whole[path] = item
        else:
            moved[path] = item
    return kept


def _plain(value: Mapping[str, Any], node: Tree) -> dict[str, Any]:
    """An element of a list, without what rules may not test."""
    kept: dict[str, Any] = {}
    for name, item in value.items():
        below = node.get(name, False)
        if isinstance(below, dict) and isinstance(item, dict):
            kept[name] = _plain(item, below)
        elif isinstance(below, dict) and isinstance(item, list):
            kept[name] = [_plain(one, below) if isinstance(one, dict) else one for one in item]
        elif below is True:
            kept[name] = item
    return kept


def _shorten(head: dict[str, Any], size: int, whole: dict[str, Any]) -> list[str]:
    """Cut the largest values, all to one size, so that the object fits; what they were goes to ``whole``."""
    named = []
    leaves = sorted(_leaves(head, ""), key=lambda leaf: leaf[0], reverse=True)
    spare = LIMIT - MOST_NAMED - 40 - (size - sum(leaf[0] for leaf in leaves))
    most = _level([leaf[0] for leaf in leaves], spare)
    for length, path, parent, name in leaves:
        if length <= most:
            break
        whole.setdefault(path, parent[name])
        parent[name] = _cut(parent[name], most)
        named.append(path)
    return named


def _level(sizes: list[int], spare: int) -> int:
    """The size to which values of these sizes (falling) are cut so that they fit together."""
    below = sum(sizes)
    for count, size in enumerate(sizes):
        below -= size
        level = (spare - below) // (count + 1)
        if level >= (sizes[count + 1] if count + 1 < len(sizes) else 0):
            return max(level, SMALLEST)
    return SMALLEST


def _leaves(value: dict[str, Any], above: str) -> Iterator[Leaf]:
    """Values that can be cut, with their size."""
    for name, item in value.items():
        path = above + _escaped(name)
        if isinstance(item, dict):
            yield from _leaves(item, f"{path}.")
        else:
            yield len(dumps(item)), path, value, name


def _cut(value: Any, most: int) -> Any:
    """A value of at most so many bytes, about; a list of its first elements."""
    if isinstance(value, str):
        while (length := len(dumps(value))) > most and value:
            value = value[: min(len(value) - 1, len(value) * max(most - 2, 0) // length)]
        return value
    if isinstance(value, dict):
        return {name: _cut(item, most // 4) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    kept: list[Any] = []
    left = most - 2
    for item in value:
        short = _cut(item, left // 2) if isinstance(item, dict | list) or not kept else item
        left -= len(dumps(short)) + 1
        if left < 0:
            break
        kept.append(short)
    return kept


def _behind(head: dict[str, Any], named: list[str]) -> dict[str, Any]:
    """Objects of ``head`` for which there is no place, the last first; they are taken out of it, and named."""
    sizes = {name: len(dumps(name)) + len(dumps(item)) + 2 for name, item in head.items()}
    size = sum(sizes.values())
    behind: dict[str, Any] = {}
    for name in reversed(list(head)):
        if size + (min(len(dumps(named)), MOST_NAMED) + 30 if named else 0) <= LIMIT:
            break
        size -= sizes[name]
        behind[name] = head.pop(name)
        named.append(name)
    return behind


def _late(moved: tuple[str, Any]) -> tuple[int, int]:
    """Small values first; what only people read, last."""
    name, value = moved
    return (LAST.index(name) + 1 if name in LAST else 0, len(dumps(value)))


def _listed(named: list[str]) -> list[str]:
    """What was cut, by path, or by top-level name where that is too long."""
    if len(dumps(named)) <= MOST_NAMED:
        return named
    tops = list(dict.fromkeys(path.partition(".")[0] for path in named))
    while len(dumps(tops)) > MOST_NAMED - 6:
        tops = [*tops[: len(tops) * 3 // 4], "..."]
    return tops


def _escaped(name: str) -> str:
    """A name as a part of a path: a dot or backslash of its own is marked."""
    return name.replace("\\", "\\\\").replace(".", "\\.") if "." in name or "\\" in name else name


def marked(event: Mapping[str, Any]) -> bool:
    """Whether a top-level name looks like a path, and so has to be told from one."""
    names = "".join(event)
    return "." in names or "\\" in names


def _put(event: dict[str, Any], path: str, value: Any) -> None:
    """Set a value by its path."""
    *above, last = _steps(path)
    for name in above:
        event = event.setdefault(name, {})
    event[last] = value


def _steps(path: str) -> list[str]:
    if "\\" not in path:
        return path.split(".")
    steps, marked = [""], False
    for char in path:
        if marked or char not in "\\.":
            steps[-1] += char
            marked = False
        elif char == "\\":
            marked = True
        else:
            steps.append("")
    return steps
