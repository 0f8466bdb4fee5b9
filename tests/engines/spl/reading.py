"""Tokens and the reading of a list of them: what the parsers of searches and of expressions share."""

from dataclasses import dataclass

from spl.errors import SplError
from spl.scan import Stage


@dataclass(frozen=True)
class Token:
    """``kind`` says what it is, the last one is an end; ``at`` counts from the stage's start."""

    kind: str
    value: str
    at: int


class TokenReader:
    """A place in the tokens of a stage, the last of which is an end that is never passed."""

    def __init__(self, stage: Stage, tokens: list[Token]) -> None:
        self.stage, self.tokens = stage, tokens
        self.i = self.depth = 0

    def peek(self) -> Token:
        return self.tokens[self.i]

    def take(self) -> Token:
        token = self.tokens[self.i]
        self.i += token.kind != "end"
        return token

    def refuse(self, reason: str, token: Token | None = None) -> SplError:
        return self.stage.refuse(reason, (token or self.peek()).at)
