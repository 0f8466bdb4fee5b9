"""Every pattern that ships finds its own ``match`` examples and leaves its ``pass`` examples alone."""

from __future__ import annotations

import pytest

from tracehound.content import content_dir
from tracehound.scan import Pattern, Scanner
from tracehound.scan.examples import expand_example

SCANNER = Scanner.load([content_dir("enrichers") / "patterns"], memo=False)
CASES = [pytest.param(p, id=f"{p.family}-{p.id}") for p in SCANNER.patterns.values()]


def ids_found(pattern: Pattern, example: str) -> set[str]:
    return {hit.pattern_id for hit in SCANNER.scan(expand_example(example), min(pattern.directions)).hits}


@pytest.mark.parametrize("pattern", CASES)
def test_examples(pattern: Pattern) -> None:
    assert pattern.match, "a pattern without an example cannot be checked"
    missed = [example for example in pattern.match if pattern.id not in ids_found(pattern, example)]
    wrong = [example for example in pattern.passes if pattern.id in ids_found(pattern, example)]
    assert (missed, wrong) == ([], [])
