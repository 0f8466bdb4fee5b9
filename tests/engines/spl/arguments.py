"""The arguments of commands other than search, where and eval: words, options ``name=value``, lists of fields."""

import re
from dataclasses import dataclass, field

from spl.errors import SplError
from spl.scan import Stage, quoted, unescape

WORD = re.compile(r"[^\s,()=\"'|\\`]+")
TRUE = {"t", "true", "1"}
FALSE = {"f", "false", "0"}


@dataclass
class Args:
    """A cursor over a stage's text, behind the command's name."""

    stage: Stage
    at: int
    end: int = field(default=0)

    def __post_init__(self) -> None:
        self.end = self.end or len(self.stage.text)
        self.skip()

    def skip(self) -> None:
        while self.at < self.end and self.stage.text[self.at].isspace():
            self.at += 1

    def done(self) -> bool:
        return self.at >= self.end

    def refuse(self, reason: str) -> SplError:
        return self.stage.refuse(reason, min(self.at, len(self.stage.text)))

    def mark(self, char: str) -> bool:
        """Step over a punctuation mark if it is next."""
        if self.done() or self.stage.text[self.at] != char:
            return False
        self.at += 1
        self.skip()
        return True

    def expect(self, char: str) -> None:
        if not self.mark(char):
            raise self.refuse(f"{char!r} is missing")

    def word(self, what: str = "a name") -> str:
        """A bare or quoted word."""
        text = self.stage.text
        if self.done():
            raise self.refuse(f"{what} is missing")
        if text[self.at] == '"':
            end = quoted(text, self.at)
            if end < 0:
                raise self.refuse("a quotation mark is not closed")
            value = unescape(text[self.at + 1 : end - 1])
            self.at = end
        elif text[self.at] == "'":
            end = text.find("'", self.at + 1)
            if end < 0:
                raise self.refuse("a quotation mark is not closed")
            value = text[self.at + 1 : end]
            self.at = end + 1
        else:
            match = WORD.match(text, self.at, self.end)
            if match is None:
                raise self.refuse(f"{what} is missing before {text[self.at]!r}")
            value = match[0]
            self.at = match.end()
        self.skip()
        return value

    def keyword(self, *words: str) -> bool:
        """Step over one of the given words (any case) if it is next."""
        match = WORD.match(self.stage.text, self.at, self.end)
        if match is None or match[0].lower() not in words:
            return False
        self.at = match.end()
        self.skip()
        return True

    def option(self) -> str | None:
        """The name of the option ``name=`` that is next, stepped over; None when no option is next."""
        match = re.compile(r"([a-z_]+)\s*=\s*").match(self.stage.text, self.at, self.end)
        if match is None:
            return None
        self.at = match.end()
        return match[1]

    def flag(self) -> bool:
        value = self.word("true or false").lower()
        if value not in TRUE | FALSE:
            raise self.refuse(f"{value!r} is neither true nor false")
        return value in TRUE

    def count(self) -> int:
        value = self.word("a number")
        if not value.isascii() or not value.isdigit():
            raise self.refuse(f"{value!r} is no whole number")
        return int(value)

    def fields(self, wildcards: bool = False) -> list[str]:
        """The field names up to the end, with commas or spaces between them."""
        names: list[str] = []
        while not self.done():
            names.append(self.word("a field"))
            if "*" in names[-1] and not wildcards:
                raise self.refuse("a wildcard is not allowed here")
            if self.mark(",") and self.done():
                raise self.refuse("a field is missing behind the comma")
        return names

    def matching(self) -> int:
        """The offset of the parenthesis that closes the one just stepped over."""
        text, at, depth = self.stage.text, self.at, 1
        while at < self.end:
            if text[at] == '"':
                at = quoted(text, at)
                if at < 0:
                    break
                continue
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            if depth == 0:
                return at
            at += 1
        raise self.refuse("a parenthesis is not closed")
