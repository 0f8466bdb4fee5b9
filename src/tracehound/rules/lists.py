"""Lists for ``|expand`` placeholders: ``field|expand: '%name%'`` means any value of the list ``name``.

In a pack they are ``lists/NAME.txt`` or ``detections/lists/NAME.txt`` (one value a line, ``#`` comments) or
``NAME.yml`` there (a list of values, or a mapping of names to lists). A later pack replaces a list by name,
the configuration's ``lists:`` replaces both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tracehound.errors import RuleError
from tracehound.rules.documents import parse, read_text

FOLDERS = ("detections/lists", "lists")
MAX_LIST_BYTES = 4 * 1024 * 1024

Lists = dict[str, tuple[str, ...]]


def load_lists(
    roots: Sequence[Path], configured: Mapping[str, Sequence[str]] | None = None
) -> tuple[Lists, list[RuleError]]:
    """All lists by name, and what was refused."""
    lists: Lists = {}
    errors: list[RuleError] = []
    for root in roots:
        for folder in FOLDERS:
            for path in sorted((root / folder).glob("*")):
                try:
                    lists.update(_read(path))
                except RuleError as error:
                    errors.append(error)
    for name, values in (configured or {}).items():
        lists[name] = tuple(values)
    return lists, errors


def _read(path: Path) -> Lists:
    if path.name.startswith((".", "README")) or path.is_dir():
        return {}
    if path.suffix == ".txt":
        lines = (line.strip() for line in read_text(path, MAX_LIST_BYTES).splitlines())
        return {path.stem: tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))}
    if path.suffix in (".yml", ".yaml"):
        return _read_yaml(path)
    raise RuleError("is no list; lists are .txt (one value a line) or .yml", file=path)


def _read_yaml(path: Path) -> Lists:
    text = read_text(path, MAX_LIST_BYTES)
    if text.lstrip("\ufeff").lstrip().startswith(("-", "[")):
        return {path.stem: _values(_plain_list(text, path), path, 1)}
    found: Lists = {}
    for document in parse(text, path):
        for name, values in document.data.items():
            found[name] = _values(values, path, document.line(name))
    return found


def _plain_list(text: str, path: Path) -> object:
    """A bare list is no rule document, so it is put under a key first."""
    indented = "values:\n" + "\n".join(f"  {line}" for line in text.splitlines() if line.strip() != "---")
    try:
        return parse(indented, path)[0].data["values"]
    except RuleError as error:
        raise RuleError(error.message, file=path, line=error.line and error.line - 1) from error


def _values(values: object, path: Path, line: int) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(
        isinstance(v, str | int | float) and not isinstance(v, bool) for v in values
    ):
        raise RuleError("a list holds text and numbers only", file=path, line=line)
    return tuple(dict.fromkeys(str(v) for v in values))
