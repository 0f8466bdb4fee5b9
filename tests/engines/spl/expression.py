"""Eval expressions (where, eval, count(eval(..))): parsed into closures over a row.

Source: Search Reference, eval ("Operators"), where; Search Manual, "Types of expressions". Order: parentheses,
NOT, AND, OR, XOR; comparisons bind tighter than NOT; then ``+ -`` and ``.``, then ``* / %``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from spl.errors import SplError
from spl.events import Row
from spl.expression_tokens import string_literal, tokens
from spl.reading import Token, TokenReader
from spl.scan import Stage
from spl.values import Value, compare, single, size, text, truth

Expr = Callable[[Row], Value]
DEPTH = 40
LENGTH = 200
WORDS = {"and", "or", "not", "xor", "like", "in", "as", "by"}


@dataclass(frozen=True)
class Node:
    """A compiled expression, the fields it reads, and the text when it is a literal."""

    run: Expr
    fields: frozenset[str] = frozenset()
    literal: str | None = None
    name: str | None = None


@dataclass
class Call:
    """What a function's builder gets: its arguments and how to refuse."""

    name: str
    args: list[Node]
    refuse: Callable[[str], SplError]
    now: Callable[[], float]
    fields: frozenset[str] = field(default_factory=frozenset)


class ExprParser(TokenReader):
    """Recursive descent over a list of tokens; stops at the first token that is no part of the expression."""

    def __init__(self, stage: Stage, tokens: list[Token], now: Callable[[], float]) -> None:
        super().__init__(stage, tokens)
        self.now = now

    def is_op(self, *values: str) -> bool:
        return self.peek().kind == "op" and self.peek().value in values

    def is_word(self, word: str) -> bool:
        return self.peek().kind == "name" and self.peek().value.lower() == word

    def expect(self, value: str) -> None:
        if not self.is_op(value):
            raise self.refuse(f"{value!r} is missing before {self.peek().value!r}")
        self.take()

    def whole(self) -> Node:
        """The expression, which must use up all tokens."""
        node = self.expression()
        if self.peek().kind != "end":
            raise self.refuse(f"unexpected {self.peek().value!r}")
        return node

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > DEPTH:
            raise self.refuse("nested too deeply")
        node = self._chain("xor", lambda: self._chain("or", lambda: self._chain("and", self.negation)))
        self.depth -= 1
        return node

    def _chain(self, word: str, inner: Callable[[], Node]) -> Node:
        parts = [inner()]
        while self.is_word(word):
            self.take()
            parts.append(inner())
        return parts[0] if len(parts) == 1 else _logic(word, parts)

    def negation(self) -> Node:
        if self.is_word("not") or self.is_op("!"):
            self.take()
            self.depth += 1
            if self.depth > DEPTH:
                raise self.refuse("nested too deeply")
            inner = self.negation()
            self.depth -= 1

            def run(row: Row) -> Value:
                value = truth(inner.run(row))
                return None if value is None else not value

            return Node(run, inner.fields)
        return self.comparison()

    def comparison(self) -> Node:
        left = self.additive()
        if self.is_op("=", "==", "!=", "<", "<=", ">", ">="):
            op = self.take().value
            node = _comparison(op, left, self.additive())
            if self.is_op("=", "==", "!=", "<", "<=", ">", ">="):
                raise self.refuse("comparisons do not chain")
            return node
        if self.is_word("like"):
            token = self.take()
            return self.call("like", [left, self.additive()], token)
        if self.is_word("in"):
            token = self.take()
            self.expect("(")
            return self.call("in", [left, *self.arguments()], token)
        return left

    def additive(self) -> Node:
        node, kinds, begin = self.multiplicative(), set(), self.i
        while self.is_op("+", "-", "."):
            if self.i - begin > LENGTH:
                raise self.refuse("a calculation of this length is not in the subset")
            token = self.take()
            kinds.add("." if token.value == "." else "+")
            if len(kinds) > 1:
                raise self.refuse("'.' beside + or -: their order is not documented; use parentheses", token)
            other = self.multiplicative()
            if token.value == "." and node.name and other.name and self.tight(token):
                raise self.refuse(
                    "a dot joins two texts; a field's name with dots stands in single quotes", token
                )
            node = _arithmetic(token.value, node, other)
        return node

    def tight(self, token: Token) -> bool:
        around = self.stage.text[token.at - 1 : token.at + 2]
        return not any(char.isspace() or char == "'" for char in around)

    def multiplicative(self) -> Node:
        node, begin = self.unary(), self.i
        while self.is_op("*", "/", "%"):
            if self.i - begin > LENGTH:
                raise self.refuse("a calculation of this length is not in the subset")
            node = _arithmetic(self.take().value, node, self.unary())
        return node

    def unary(self) -> Node:
        sign = 1
        while self.is_op("-", "+"):
            sign *= -1 if self.take().value == "-" else 1
        node = self.primary()
        if sign == 1:
            return node
        zero = Node(lambda row: 0)
        return _arithmetic("-", zero, node)

    def primary(self) -> Node:
        token = self.take()
        if token.kind == "number":
            number = float(token.value)
            return Node(lambda row: number)
        if token.kind == "text":
            literal = string_literal(token.value)
            return Node(lambda row: literal, literal=literal)
        if token.kind == "op" and token.value == "(":
            node = self.expression()
            self.expect(")")
            return Node(node.run, node.fields, node.literal)
        if token.kind == "field":
            return field_node(token.value[1:-1])
        word = token.value.lower()
        if token.kind == "name" and (word not in WORDS or (word in ("like", "in") and self.is_op("("))):
            if self.is_op("("):
                self.take()
                return self.call(token.value, self.arguments(), token)
            if word in ("true", "false", "null"):
                raise self.refuse(f"write {word}(), the bare word could be a field", token)
            return field_node(token.value)
        raise self.refuse(f"a value is missing before {token.value!r}", token)

    def arguments(self) -> list[Node]:
        """Arguments up to and with the closing parenthesis."""
        found: list[Node] = []
        if self.is_op(")"):
            self.take()
            return found
        found.append(self.expression())
        while self.is_op(","):
            self.take()
            found.append(self.expression())
        self.expect(")")
        return found

    def call(self, name: str, args: list[Node], token: Token) -> Node:
        from spl.functions import build  # the functions need the nodes of this module

        fields = frozenset().union(*(arg.fields for arg in args))
        return build(Call(name, args, lambda reason: self.refuse(reason, token), self.now, fields))


def parse_expression(stage: Stage, at: int, end: int, now: Callable[[], float]) -> Node:
    """The expression that fills a stage between two offsets."""
    if not stage.text[at:end].strip():
        raise stage.refuse("an expression is missing", at)
    return ExprParser(stage, tokens(stage, at, end), now).whole()


def field_node(name: str) -> Node:
    """Reading a field: NULL, its text, or the list of its texts."""

    def run(row: Row) -> Value:
        values = row.get(name)
        if not values:
            return None
        return values[0] if len(values) == 1 else values

    return Node(run, frozenset({name}), name=name)


def _logic(word: str, parts: list[Node]) -> Node:
    """AND, OR or XOR of any number of conditions; the first that decides ends it."""
    fields = frozenset().union(*(part.fields for part in parts))
    runs = [part.run for part in parts]
    decided = word == "or"

    def decide(row: Row) -> Value:
        found: bool | None = not decided
        for run in runs:
            one = truth(run(row))
            if one is decided:
                return decided
            found = None if one is None else found
        return found

    def exactly_one(row: Row) -> Value:
        found = [truth(run(row)) for run in runs]
        return None if None in found else sum(one is True for one in found) % 2 == 1

    return Node(exactly_one if word == "xor" else decide, fields)


def _comparison(op: str, left: Node, right: Node) -> Node:
    what = f"{op} in where and eval"
    return Node(
        lambda row: compare(op, single(left.run(row), what), single(right.run(row), what)),
        left.fields | right.fields,
    )


def _arithmetic(op: str, left: Node, right: Node) -> Node:
    def run(row: Row) -> Value:
        one, two = single(left.run(row), op), single(right.run(row), op)
        if one is None or two is None:
            return None
        if op == ".":
            return f"{text(one, op)}{text(two, op)}"
        a, b = size(one, op), size(two, op)
        assert a is not None
        assert b is not None
        return calculate(op, a, b)

    return Node(run, left.fields | right.fields)


def calculate(op: str, a: float, b: float) -> float | None:
    """Doubles; a division by zero is NULL (stats, "Numeric calculations")."""
    if op in ("/", "%") and b == 0:
        return None
    if op == "%":
        return math.fmod(a, b)
    found = {"+": a + b, "-": a - b, "*": a * b}[op] if op != "/" else a / b
    if not math.isfinite(found):
        raise SplError(f"{op} leaves the range of numbers")
    return found
