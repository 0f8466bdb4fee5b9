"""YAML files read with care: bounded, without aliases, duplicate keys refused, lines remembered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tracehound.errors import RuleError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
Place = tuple[str | int, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data, and the line of each key and list item by its place."""

    data: dict[str, Any]
    lines: dict[Place, int]

    def line(self, *place: str | int) -> int:
        """The line of the nearest known place."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 1

    def line_of_field(self, field: str, inside: str = "detection") -> int:
        """The first line below ``inside`` where a field is named, with or without modifiers."""
        for place, line in self.lines.items():
            last = place[-1] if place else ""
            if place[:1] == (inside,) and isinstance(last, str) and last.split("|")[0] == field:
                return line
        return self.line(inside)


def read_text(path: Path, limit: int = MAX_BYTES) -> str:
    """A file's text; ``RuleError`` when it cannot be read, is too large or is no UTF-8."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror or error}", file=path) from error
    if len(raw) > limit:
        raise RuleError(f"is larger than {limit // 1024} KB", file=path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise RuleError("is not UTF-8 text", file=path, line=line) from error


def parse(text: str, path: Path) -> list[Document]:
    """All documents of a file, empty ones left out; ``RuleError`` with the line otherwise."""
    try:
        _refuse_tricks(text, path)
        return [d for node in yaml.compose_all(text, _Loader) if node for d in _document(node, path)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"is not YAML: {error.problem or error.context}"
        raise RuleError(reason, file=path, line=mark.line + 1 if mark else None) from error
    except (yaml.YAMLError, ValueError) as error:
        raise RuleError(f"is not YAML: {error}".replace("\n", " "), file=path) from error


def _refuse_tricks(text: str, path: Path) -> None:
    """Aliases (a few of them write a gigabyte) and deep nesting, found before anything is built."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.AliasEvent):
            raise RuleError("YAML aliases are refused; write the value out", file=path, line=_line(event))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise RuleError(f"is nested deeper than {MAX_DEPTH} levels", file=path, line=_line(event))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _document(node: yaml.Node, path: Path) -> list[Document]:
    lines: dict[Place, int] = {}
    _index(node, (), lines, path)
    data = _construct(node)
    if data is None:
        return []
    if not isinstance(data, dict):
        raise RuleError("a document must be a mapping of keys", file=path, line=_line(node))
    return [Document(data, lines)]


def _construct(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _index(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path) -> None:
    lines.setdefault(place, _line(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise RuleError("every key must be plain text", file=path, line=_line(key))
            if key.value in seen:
                raise RuleError(f"key {key.value!r} is there twice", file=path, line=_line(key))
            seen.add(key.value)
            lines[(*place, key.value)] = _line(key)
            _index(value, (*place, key.value), lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            lines[(*place, number)] = _line(item)
            _index(item, (*place, number), lines, path)


def _line(marked: Any) -> int:
    return int(marked.start_mark.line) + 1
