"""Text in Splunk's .conf files: what is data stays on its line, and ends no stanza and starts none."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_IN_VALUES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")
_NOT_IN_NAMES = str.maketrans("", "", "[]\\*?")


def one_line(text: str) -> str:
    """A text that cannot leave its line: no control characters, no backslash at the end (it would go on)."""
    return _CONTROL.sub(" ", text).strip().rstrip("\\ ")


def part_of_name(text: str) -> str:
    """A text as a part of a stanza's name."""
    return one_line(one_line(text).translate(_NOT_IN_NAMES))


def can_hold(search: str) -> bool:
    """Whether a file gives a search back as it is: lines begin with commands and hold no control characters."""
    _, *rest = search.split("\n")
    return not _IN_VALUES.search(search) and all(line.startswith("| ") for line in rest)


def written(name: str, settings: Mapping[str, str]) -> str:
    """A stanza as it stands in a file: what goes over several lines is continued with a backslash."""
    lines = [f"[{name}]", *(f"{key} = {_continued(value)}" for key, value in settings.items())]
    return "\n".join(lines) + "\n"


def _continued(value: str) -> str:
    """A value over several lines: each but the last ends in a backslash; the last cannot."""
    lines = _IN_VALUES.sub(" ", value).split("\n")
    return " \\\n".join([*(line.rstrip() for line in lines[:-1]), lines[-1].rstrip("\\ ")])
