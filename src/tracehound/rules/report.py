"""Collecting what is wrong with a file, so that its author sees everything at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tracehound.errors import RuleError


class Refused(Exception):  # noqa: N818 - not an error of its own: the reasons are in the report
    """The file cannot be used; why is in its ``Report``."""


@dataclass(slots=True)
class Report:
    """Errors and warnings of one file; in our own content (``strict``) doubtful things are errors."""

    path: Path
    strict: bool = False
    errors: list[RuleError] = field(default_factory=list)
    warnings: list[RuleError] = field(default_factory=list)

    def error(self, message: str, line: int | None = None) -> None:
        """Note a reason to refuse the file."""
        self.errors.append(RuleError(message, file=self.path, line=line))

    def warn(self, message: str, line: int | None = None) -> None:
        """Note something doubtful."""
        self.warnings.append(RuleError(message, file=self.path, line=line))

    def doubt(self, message: str, line: int | None = None) -> None:
        """An error in our own content, a warning in a company's."""
        (self.error if self.strict else self.warn)(message, line)

    def refuse(self, message: str, line: int | None = None) -> Refused:
        """Note a reason and give what to raise when nothing more can be checked."""
        self.error(message, line)
        return Refused()

    def stop_if_wrong(self) -> None:
        """Raise when the file is refused already."""
        if self.errors:
            raise Refused
