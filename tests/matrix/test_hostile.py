"""Hostile values in rules: each query finds the event that holds the value, no other, and is never refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import matrix_judges as judges
import pytest
from engines import Server
from engines_index import Index
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from matrix_events import SEED, SKELETON
from matrix_fields import Event, with_field
from matrix_judges import Refused, Verdicts
from matrix_mutants import Mutant
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT
from sigma.types import SigmaCasedString, SigmaString, SpecialChars

from tracehound.compiler.leaves import CannotSayError
from tracehound.matcher.condition import holds

FIELD, OTHER = "ai.tool.name", "ai.session_uid"
PIECES = [
    '"', "'", "\\", "`", '"""', "\n", "\r\n", "\t", "\x00", "\x1f", "\x7f", "\x85", "\u2028", "\u200d", "\ufeff",
    "(", ")", "[", "]", "{", "}", "<", ">", ":", "/", "*", "?", "~", "^", "!", "&&", "||", "+", "-", "=", "|", "#",
    "$x$", "%", "@", ",", ";", " ", "  ", "\u3000", "\u00a0", "AND", "OR", "NOT", "and", "or", "not", "TO", "IN",
    "| delete", "| where true()", "*:*", "_exists_:", "a", "b", "x1", "0", "é", "🦊", "𐐀", "Пар", "\\u0041", "\\n",
    '" or "', '") OR (', "'] | stats count", "// comment", "/* c */", "[search index=*]", "10.0.0.0/8",
    "null", "true",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12
)
Shape = tuple[str, str, bool]
shapes = st.tuples(st.sampled_from(["equals", "startswith", "endswith", "contains"]), texts, st.booleans())
BATCH = 40
EXAMPLES = 8
steady = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)


def rule(number: int, shape: Shape) -> Mutant:
    """A rule with the value in it, or one that negates it beside a term that is true."""
    how, text, negated = shape
    value = SigmaString()
    before = (SpecialChars.WILDCARD_MULTI,) if how in ("endswith", "contains") else ()
    after = (SpecialChars.WILDCARD_MULTI,) if how in ("startswith", "contains") else ()
    value.s = [*before, text, *after]
    leaf = ConditionFieldEqualsValueExpression(FIELD, value)
    there = ConditionFieldEqualsValueExpression(OTHER, SigmaString("there"))
    tree = ConditionAND([there, ConditionNOT([leaf])]) if negated else ConditionAND([there, leaf])
    return Mutant(f"v{number}", f"{how} {text!r}", tree, number)


def events_of(shapes_: list[Shape]) -> list[Event]:
    """For each value an event that holds it, one a character longer, one without the last one, one around."""
    found: dict[str, Event] = {}
    for _, text, _ in shapes_:
        for value in (text, text + "x", "x" + text, text[:-1], f"m{text}n", text.replace("\\", "\\\\")):
            event = with_field(with_field(SKELETON, FIELD, [value]), OTHER, ["there"])
            event["metadata"] = {"uid": f"h{len(found)}"}
            found.setdefault(value, event)
    return list(found.values())


def check(
    shapes_: list[Shape], language: str, run: Callable[[list[Event], dict[str, str]], Verdicts]
) -> None:
    """Judge a batch of values in one language."""
    rules = [rule(number, shape) for number, shape in enumerate(shapes_)]
    events = events_of(shapes_)
    asked, skipped = {}, 0
    for one in rules:
        try:
            asked[one.name] = one.query(language)
        except CannotSayError:
            skipped += 1
    found = run(events, asked)
    for one in rules:
        if one.name not in found:
            continue
        answer = found[one.name]
        assert not isinstance(answer, Refused), f"{one.name}: {answer}\n{asked[one.name]}"
        wanted = {judges.uid(e) for e in events if holds(one.condition(), e) and not strange(e, language)}
        answered = {judges.uid(e) for e in events if judges.uid(e) in answer and not strange(e, language)}
        assert answered == wanted, f"{one.name}\n{asked[one.name]}"
    assert skipped < len(rules)


def strange(event: Event, language: str) -> bool:
    """Whether a judge in this process says nothing about an event (letters with odd case, for EQL line ends)."""
    text = event["ai"]["tool"]["name"]
    if language not in ("splunk", "eql"):
        return False
    return any(map(judges.odd, text)) or (language == "eql" and "\n" in text)


@pytest.fixture(scope="module")
def on(elasticsearch8: Server) -> Iterator[Callable[[list[Event]], Index]]:
    made: list[Index] = []

    def load(events: list[Event]) -> Index:
        while made:
            made.pop().delete()
        made.append(Index.create(elasticsearch8))
        made[-1].load(events)
        return made[-1]

    yield load
    while made:
        made.pop().delete()


batches = st.lists(shapes, min_size=BATCH, max_size=BATCH)


@pytest.mark.parametrize(
    ("language", "ask"), [("lucene", judges.lucene), ("kql", judges.kql), ("esql", judges.esql)]
)
def test_on_elasticsearch(
    language: str, ask: Callable[[Index, dict[str, str]], Verdicts], on: Callable[[list[Event]], Index]
) -> None:
    @seed(SEED)
    @steady
    @given(batches)
    def run(values: list[Shape]) -> None:
        check(values, language, lambda events, asked: ask(on(events), asked))

    run()


def test_on_opensearch(opensearch: Server) -> None:
    @seed(SEED)
    @steady
    @given(batches)
    def run(values: list[Shape]) -> None:
        def ask(events: list[Event], asked: dict[str, str]) -> Verdicts:
            with Index.create(opensearch) as index:
                index.load(events)
                return judges.lucene(index, asked)

        check(values, "lucene", ask)

    run()


@pytest.mark.parametrize(("language", "ask"), [("splunk", judges.splunk), ("eql", judges.eql)])
def test_in_this_process(language: str, ask: Callable[[list[Event], dict[str, str]], Verdicts]) -> None:
    @seed(SEED)
    @steady
    @given(batches)
    def run(values: list[Shape]) -> None:
        plain = [
            s for s in values if not any(map(judges.odd, s[1])) and (language != "eql" or "\n" not in s[1])
        ]
        check(plain or [("equals", "a", False)], language, ask)

    run()


def test_the_grammar_of_spl_takes_them(splcheck: Callable[[list[str]], list[str | None]]) -> None:
    @seed(SEED)
    @settings(steady, max_examples=4)
    @given(batches)
    def run(values: list[Shape]) -> None:
        # The checker ends queries with NUL and quotes them in lines: what prints on one line can be asked.
        plain = [shape for shape in values if shape[1].isascii() and shape[1].isprintable()]
        rules = [rule(number, shape) for number, shape in enumerate(plain)]
        queries = [one.query("splunk").replace("`tracehound_index`", "index=ai") for one in rules]
        assert [p for p in zip(splcheck(queries), queries, strict=True) if p[0]] == []

    run()


@pytest.mark.parametrize("language", ["lucene", "kql", "esql", "eql", "splunk"])
def test_half_characters_are_refused(language: str) -> None:
    for cls in (SigmaString, SigmaCasedString):
        value = cls()
        value.s = ["a\ud800b"]
        one = Mutant("half", "", ConditionFieldEqualsValueExpression(FIELD, value), 0)
        with pytest.raises(CannotSayError, match="half of a character"):
            one.query(language)
