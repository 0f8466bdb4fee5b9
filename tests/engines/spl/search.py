"""The search command: terms joined by an implied AND, where OR binds tighter than AND.

Source: Search Reference, search; Search Manual, "Boolean expressions" and "Difference between != and NOT".
"""

import re
from collections.abc import Callable

from spl.errors import SplError
from spl.events import Row
from spl.matching import ValueTest, equals, ordered
from spl.options import Options
from spl.reading import Token, TokenReader
from spl.scan import Stage, quoted, unescape
from spl.times import resolve

RowTest = Callable[[Row], bool]
TOKEN = re.compile(r"\s*(?:(?P<op>!=|<=|>=|=|<|>)|(?P<mark>[(),])|(?P<word>[^\s\"'(),=!<>|\[\]\\`]+))")
RESERVED = {"AND", "OR", "NOT", "IN", "AS", "XOR"}
UNSUPPORTED = {
    "eventtype", "tag", "savedsearch", "savedsplunk", "hosttag", "eventtypetag", "splunk_server",
    "starttime", "endtime", "timeformat", "_index_earliest", "_index_latest",
}  # fmt: skip


def tokens(stage: Stage, skip: int) -> list[Token]:
    """The tokens of a search command's arguments, which begin ``skip`` characters into the stage.

    Their kinds are op, mark, word and text (it was quoted).
    """
    text, at, found = stage.text, skip, []
    while text[at:].strip():
        while text[at].isspace():
            at += 1
        if text[at] == '"':
            end = quoted(text, at)
            found.append(Token("text", unescape(text[at + 1 : end - 1]), at))
            at = end
            continue
        match = TOKEN.match(text, at)
        if match is None:
            raise stage.refuse(f"{text[at]!r} must stand in double quotes", at)
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return [*found, Token("end", "", len(text))]


class SearchParser(TokenReader):
    """Recursive descent over one search command; ``test`` is what it compiles to."""

    def __init__(self, stage: Stage, skip: int, options: Options, now: Callable[[], float]) -> None:
        super().__init__(stage, tokens(stage, skip))
        self.options, self.now = options, now

    def parse(self) -> RowTest:
        """The whole command; no terms at all keeps every event."""
        if self.peek().kind == "end":
            return lambda row: True
        test = self.conjunction(top=True)
        if self.peek().kind != "end":
            raise self.refuse(f"unexpected {self.peek().value!r}")
        return test

    def is_word(self, word: str) -> bool:
        return self.peek().kind == "word" and self.peek().value == word

    def conjunction(self, top: bool = False) -> RowTest:
        parts = [self.disjunction(top)]
        while True:
            if self.is_word("AND"):
                self.take()
            elif self.peek().kind == "end" or (self.peek().kind == "mark" and self.peek().value == ")"):
                return _all(parts)
            parts.append(self.disjunction(top))

    def disjunction(self, top: bool) -> RowTest:
        begin = self.i
        parts = [self.negation(top)]
        while self.is_word("OR"):
            if top and any(t.value in ("earliest", "latest") for t in self.tokens[begin : self.i]):
                raise self.refuse("earliest and latest under OR are not in the subset")
            self.take()
            parts.append(self.negation(False))
        return _any(parts)

    def negation(self, top: bool) -> RowTest:
        if self.is_word("NOT"):
            self.take()
            inner = self.nested(lambda: self.negation(False))
            return lambda row: not inner(row)
        if self.peek().kind == "mark" and self.peek().value == "(":
            opening = self.take()
            inner = self.nested(lambda: self.conjunction(top))
            if self.take().value != ")":
                raise self.refuse("a parenthesis is not closed", opening)
            return inner
        return self.term(top)

    def nested(self, parse: Callable[[], RowTest]) -> RowTest:
        self.depth += 1
        if self.depth > 80:
            raise self.refuse("nested too deeply")
        try:
            return parse()
        finally:
            self.depth -= 1

    def term(self, top: bool) -> RowTest:
        name, after = self.take(), self.peek()
        if name.kind not in ("word", "text"):
            raise self.refuse("a term is missing here", name)
        if name.kind == "word" and name.value in RESERVED:
            raise self.refuse(f"{name.value} is an operator; quote it as a value", name)
        if after.kind == "word" and after.value == "IN" and self.tokens[self.i + 1].value == "(":
            return self.membership(self.field(name))
        if after.kind != "op":
            if name.kind == "word" and name.value == "*":
                return lambda row: True
            if name.value in ("and", "or", "not", "in"):
                raise self.refuse("operators of search are written in capitals", name)
            raise self.refuse("keywords and phrases on _raw are not in the subset", name)
        op = self.take().value
        if name.value in ("earliest", "latest"):
            return self.time_term(name, op, top)
        return self.comparison(self.field(name), op)

    def field(self, name: Token) -> str:
        if "*" in name.value:
            raise self.refuse("wildcards in field names are not in the subset", name)
        if name.value in UNSUPPORTED or "::" in name.value:
            raise self.refuse(f"the modifier {name.value!r} is not in the subset", name)
        return name.value

    def value(self) -> tuple[str, bool]:
        """A literal, and whether it compares with case."""
        token = self.take()
        if token.kind == "word" and token.value in ("CASE", "TERM") and self.peek().value == "(":
            if token.value == "TERM":
                raise self.refuse("TERM() is not in the subset", token)
            self.take()
            inner = self.take()
            if inner.kind not in ("word", "text") or self.take().value != ")":
                raise self.refuse("CASE() takes one value", token)
            return inner.value, True
        if token.kind not in ("word", "text"):
            raise self.refuse("a value is missing here", token)
        if token.kind == "word" and token.value in RESERVED:
            raise self.refuse(f"{token.value} is a keyword; quote it as a value", token)
        return token.value, False

    def equal(self) -> ValueTest:
        token = self.peek()
        literal, cased = self.value()
        try:
            return equals(literal, cased)
        except SplError as problem:
            raise self.refuse(problem.reason, token) from None

    def comparison(self, field: str, op: str) -> RowTest:
        if op == "=":
            return has_value(field, self.equal())
        if op == "!=":
            return has_other(field, self.equal())
        token = self.peek()
        literal, cased = self.value()
        if "*" in literal or cased:
            raise self.refuse(f"wildcards and CASE() with {op} are not documented", token)
        return has_value(field, ordered(op, literal))

    def membership(self, field: str) -> RowTest:
        self.take()
        self.take()
        tests = [self.equal()]
        while self.peek().value == "," and self.peek().kind == "mark":
            self.take()
            tests.append(self.equal())
        if self.take().value != ")":
            raise self.refuse("the list of IN wants commas between values and a closing parenthesis")
        return has_value(field, lambda value: any(test(value) for test in tests))

    def time_term(self, name: Token, op: str, top: bool) -> RowTest:
        literal, _ = self.value()
        if op != "=" or not top:
            raise self.refuse("earliest and latest stand with = and under AND only", name)
        if self.options.time_terms == "ignore":
            return lambda row: True
        if resolve(literal, 0.0) is None:
            raise self.refuse(f"the time modifier {literal!r} is not in the subset", name)

        def test(row: Row) -> bool:
            bound, times = resolve(literal, self.now()), row.get("_time")
            if bound is None or not times:
                return False
            time = float(times[0])
            return time >= bound if name.value == "earliest" else time < bound

        return test


def has_value(field: str, test: ValueTest) -> RowTest:
    """True when any value of the field passes; an absent field has none."""

    def check(row: Row) -> bool:
        values = row.get(field)
        return values is not None and any(map(test, values))

    return check


def has_other(field: str, test: ValueTest) -> RowTest:
    """``!=``: the field is there and does not have the value."""

    def check(row: Row) -> bool:
        values = row.get(field)
        if not values:
            return False
        hits = sum(map(test, values))
        if 0 < hits < len(values):
            raise SplError(f"{field}!= on several values of which some match: not documented; use NOT")
        return hits == 0

    return check


def _all(parts: list[RowTest]) -> RowTest:
    if len(parts) == 1:
        return parts[0]
    return lambda row: all(part(row) for part in parts)


def _any(parts: list[RowTest]) -> RowTest:
    if len(parts) == 1:
        return parts[0]
    return lambda row: any(part(row) for part in parts)
