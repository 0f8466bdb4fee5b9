"""A company's own thresholds: ``thresholds.yml`` in a pack changes the count and the timespan of correlations.

    agent_tools_denied_repeatedly:     # a rule's folder name, id or title
      count: 10
      timespan: 30m

The rule itself stays ours and goes on being updated; every target gets the changed numbers.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracehound.errors import RuleError, nearest
from tracehound.rules.documents import Document, parse, read_text

FILE = "thresholds.yml"
KEYS = ("count", "timespan")
OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")
_TIMESPAN = re.compile(r"[1-9][0-9]{0,6}[smhdw]")


@dataclass(frozen=True, slots=True)
class Threshold:
    """The numbers of one rule, and where they are written."""

    name: str
    count: int | None
    timespan: str | None
    file: Path
    line: int


def load_thresholds(roots: Sequence[Path]) -> tuple[dict[str, Threshold], list[RuleError]]:
    """The thresholds of all packs by rule name, a later pack's before an earlier one's, and what was refused."""
    found: dict[str, Threshold] = {}
    errors: list[RuleError] = []
    for root in roots:
        path = root / FILE
        if not path.is_file():
            continue
        try:
            for document in parse(read_text(path), path):
                for name in document.data:
                    try:
                        found[name] = _read(name, document, path)
                    except RuleError as error:
                        errors.append(error)
        except RuleError as error:
            errors.append(error)
    return found, errors


def _read(name: str, document: Document, path: Path) -> Threshold:
    raw, line = document.data[name], document.line(name)
    if not isinstance(raw, dict) or not raw:
        raise RuleError(f"{name}: give count, timespan or both", file=path, line=line)
    for key in raw:
        if key not in KEYS:
            raise RuleError(
                f"{name}: unknown key {str(key)[:60]!r}{nearest(str(key), KEYS) or '; valid are count, timespan'}",
                file=path,
                line=document.line(name, key),
            )
    count, timespan = raw.get("count"), raw.get("timespan")
    if count is not None and (type(count) is not int or count < 0):
        raise RuleError(f"{name}: count is a whole number", file=path, line=document.line(name, "count"))
    if timespan is not None and not (isinstance(timespan, str) and _TIMESPAN.fullmatch(timespan)):
        raise RuleError(
            f"{name}: write timespan as 30m, 24h or 7d", file=path, line=document.line(name, "timespan")
        )
    return Threshold(name, count, timespan, path, line)


def with_threshold(document: Document, threshold: Threshold) -> Document:
    """A correlation's document with a company's numbers. Raises ``RuleError`` where it has none to change."""
    data: dict[str, Any] = copy.deepcopy(document.data)
    section = data.get("correlation")
    if not isinstance(section, dict):
        raise _refused(
            threshold, "is no correlation and has no threshold; write a Sigma Filter for exceptions"
        )
    if threshold.timespan is not None:
        section["timespan"] = threshold.timespan
    if threshold.count is not None:
        condition = section.get("condition")
        operators = [key for key in condition if key in OPERATORS] if isinstance(condition, dict) else []
        if len(operators) != 1 or not isinstance(condition, dict):
            raise _refused(threshold, "compares nothing with a count")
        condition[operators[0]] = threshold.count
    return Document(data, document.lines)


def unused(thresholds: Mapping[str, Threshold], used: set[str], names: Sequence[str]) -> Iterator[RuleError]:
    """An error for each threshold that names no rule."""
    for name, threshold in thresholds.items():
        if name not in used:
            yield _refused(threshold, f"names no rule{nearest(name, names)}")


def _refused(threshold: Threshold, why: str) -> RuleError:
    return RuleError(f"{threshold.name}: {why}", file=threshold.file, line=threshold.line)
