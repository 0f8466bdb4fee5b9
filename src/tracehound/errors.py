"""What can go wrong, as one tree; the command line turns each into a message and an exit code.

TracehoundError                    anything below; ``str()`` says what, where and what to do
├── RecordError                    one record cannot become events: it goes to the dead letter
│   └── DecodeError                its bytes are no JSON, or too deep, too large, compressed badly
├── ContentError                   a rule, pattern, list or plugin is broken: file, line, reason
│   ├── RuleError
│   └── PatternError
├── ConfigError                    tracehound.yml, a flag or the environment is wrong
├── TargetError                    a target (Elastic, Splunk) does not answer, or refuses what it is asked
├── StoreError                     the event store cannot be read or written
└── StateError                     what was remembered of earlier runs cannot be read or written
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TracehoundError(Exception):
    """Root of all errors that Tracehound raises on purpose."""


class RecordError(TracehoundError):
    """A record that cannot become events. ``reason`` is a short, closed word for counting."""

    def __init__(self, message: str, reason: str = "normalize") -> None:
        super().__init__(message)
        self.reason = reason


class DecodeError(RecordError):
    """Bytes that are not the JSON we accept."""

    def __init__(self, message: str, reason: str = "decode") -> None:
        super().__init__(message, reason)


class ContentError(TracehoundError):
    """Broken content (rule, pattern, list, plugin), with the file and, where known, the line."""

    def __init__(self, message: str, *, file: object = None, line: int | None = None) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        super().__init__(message)

    def __str__(self) -> str:
        where = self.file or ""
        if where and self.line:
            where += f":{self.line}"
        return f"{where}: {self.message}" if where else self.message


class RuleError(ContentError):
    """A Sigma rule, correlation, filter or list that is refused."""


class PatternError(ContentError):
    """A content pattern that is refused."""


class ConfigError(TracehoundError):
    """A wrong setting, flag or environment variable."""


class TargetError(TracehoundError):
    """A target cannot be reached, or refuses a request; what was not delivered is not lost."""


class StoreError(TracehoundError):
    """The event store is missing, unreadable or the query is wrong."""


class StateError(TracehoundError):
    """The state of earlier runs is damaged, of another program or version, in use, or cannot be written."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest valid name, or an empty string."""
    found = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.6)
    return f" (did you mean {found[0]!r}?)" if found else ""
