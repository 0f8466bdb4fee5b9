"""YAML as plain values that remember their lines, so that an error can point at one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tracehound.errors import PatternError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 12


class Mapping(dict[str, Any]):
    """A mapping whose ``lines`` say where each key stands (1-based)."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


def read(path: Path) -> Mapping:
    """The mapping at the top of a YAML file; PatternError with file and line otherwise."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PatternError(f"cannot be read: {error}", file=path) from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        value = _plain(loader, node, path, 0) if node is not None else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        raise PatternError(f"no YAML: {reason}", file=path, line=mark and mark.line + 1) from None
    finally:
        loader.dispose()
    if not isinstance(value, Mapping):
        raise PatternError("a pattern file is a mapping with 'family' and 'patterns'", file=path, line=1)
    return value


def _plain(loader: Any, node: yaml.Node, path: Path, depth: int) -> Any:
    line = node.start_mark.line + 1
    if depth > _MAX_DEPTH:
        raise PatternError("nested too deeply", file=path, line=line)
    if isinstance(node, yaml.MappingNode):
        mapping = Mapping(line)
        for key_node, value_node in node.value:
            key = str(key_node.value)
            at = key_node.start_mark.line + 1
            if key in mapping:
                raise PatternError(f"{key!r} stands twice", file=path, line=at)
            mapping[key] = _plain(loader, value_node, path, depth + 1)
            mapping.lines[key] = at
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, path, depth + 1) for item in node.value]
    return loader.construct_object(node)
