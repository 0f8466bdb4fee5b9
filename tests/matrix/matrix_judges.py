"""The judges: each says which events of the matrix a rule's query finds.

``Verdicts`` are by rule the ids found, or a ``Refused`` with the reason. A language that has no words for a rule
(``CannotSayError``) gives no entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any

from engines_eql import eql_matches
from engines_index import Index, QueryError
from matrix_fields import NUMERIC, Event
from matrix_rules import Case
from spl.engine import Event as SplEvent
from spl.engine import Options, SplError, run

from tracehound.compiler import conditions
from tracehound.compiler.esql import INDEX
from tracehound.compiler.leaves import CannotSayError
from tracehound.compiler.spl import INDEX_MACRO
from tracehound.config import Settings
from tracehound.matcher.condition import holds
from tracehound.matcher.glob import ONE
from tracehound.matcher.leaves import Regex, Text
from tracehound.matcher.setup import engine_for
from tracehound.matcher.values import decimal
from tracehound.schema import fields


@dataclass(frozen=True)
class Refused:
    """The judge did not take the query, or could not judge an event with it."""

    reason: str


Answer = frozenset[str] | Refused
Verdicts = dict[str, Answer]
KNOWN = fields()
MACROS = {"tracehound_index": "index=*"}
# Undocumented in Splunk, and kept from being asked: the connector sends no nulls, and rule fields come before
# the texts that could push them out of what is extracted.
SPLUNK = Options(json_null="absent", kv_maxchars=None)


_compiled: dict[tuple[str, str], str | CannotSayError] = {}


def uid(event: Event) -> str:
    return str(event["metadata"]["uid"])


def compiled(case: Case, language: str) -> str | CannotSayError:
    """The whole query, or why there is none."""
    key = (case.name, language)
    if key not in _compiled:
        _compiled[key] = _compile(case, language)
    return _compiled[key]


def _compile(case: Case, language: str) -> str | CannotSayError:
    try:
        if case.kind != "base":
            return conditions.query(case.rule, language)
        # What a correlation rests on is not converted by itself; its condition is a piece of the whole query.
        piece = conditions.condition(case.rule, language)
        return {
            "esql": f"FROM {INDEX} METADATA _id, _index, _version\n| WHERE {piece}",
            "eql": f"any where {piece}",
            "splunk": f"{INDEX_MACRO} {piece}",
        }.get(language, piece)
    except CannotSayError as error:
        return error


def queries(cases: Iterable[Case], language: str) -> dict[str, str]:
    """By rule the query, where there is one."""
    found = ((case.name, compiled(case, language)) for case in cases)
    return {name: query for name, query in found if isinstance(query, str)}


def plain(cases: Iterable[Case], events: Sequence[Event]) -> dict[str, frozenset[str]]:
    """The plain meaning of the conditions: what all others are compared with."""
    return {
        case.name: frozenset(uid(event) for event in events if holds(case.condition, event)) for case in cases
    }


def embedded(cases: Sequence[Case], events: Sequence[Event]) -> Verdicts:
    """The embedded engine, all rules at once: a finding per rule and event."""
    names = {case.rule.id: case.name for case in cases}
    found: dict[str, set[str]] = {name: set() for name in names.values()}
    engine = engine_for([case.rule for case in cases], Settings())
    for finding in [*engine.process(list(events)), *engine.flush()]:
        info = finding["finding_info"]
        (evidence,) = info["related_events"]
        found[names[info["analytic"]["uid"]]].add(evidence["uid"])
    return {name: frozenset(ids) for name, ids in found.items()}


def lucene(index: Index, asked: dict[str, str]) -> Verdicts:
    """A server's ``query_string``, under both default operators: a query must not lean on one."""
    both = [index.lucene_many(list(asked.values()), operator=operator) for operator in ("OR", "AND")]
    found: Verdicts = {}
    for name, one, other in zip(asked, *both, strict=True):
        found[name] = (
            _answer(one) if one == other else Refused(f"depends on the default operator: {asked[name]}")
        )
    return found


def kql(index: Index, asked: dict[str, str]) -> Verdicts:
    """A server's ``kql`` query."""
    return dict(zip(asked, map(_answer, index.kql_many(list(asked.values()))), strict=True))


def esql(index: Index, asked: dict[str, str]) -> Verdicts:
    """A server's ES|QL."""
    said = [f"{query}\n| KEEP _id" for query in asked.values()]
    return dict(zip(asked, map(_answer, index.esql_many(said)), strict=True))


def _answer(answer: frozenset[str] | QueryError) -> Answer:
    return Refused(answer.reason) if isinstance(answer, QueryError) else answer


def indexed(value: Any, path: str = "") -> Any:
    """An event as Elasticsearch's mapping reads it: a number of a text, an IPv4 address of one mapped to IPv6."""
    if isinstance(value, dict):
        return {key: indexed(item, f"{path}.{key}" if path else key) for key, item in value.items()}
    if isinstance(value, list):
        return [indexed(item, path) for item in value]
    kind = KNOWN[path].type if path in KNOWN else ""
    if isinstance(value, str) and kind in NUMERIC:
        return decimal(value)
    if isinstance(value, str) and kind == "boolean":
        return value.lower() == "true"
    if isinstance(value, str) and kind == "ip":
        number = ip_address(value)
        return str(getattr(number, "ipv4_mapped", None) or number)
    return value


def odd(char: str) -> bool:
    """Whether the case of a letter is more than a pair: İ, ı, ſ, the Kelvin sign, ß, Σ."""
    lower, upper = char.lower(), char.upper()
    return char == "Σ" or char.casefold() != lower or upper.lower() != lower or lower.upper() != upper


@cache
def _odd_fields(language: str) -> dict[str, frozenset[str]]:
    """By event of the matrix the fields with a text that the judge of a language says nothing about."""
    return {}


def unsaid(case: Case, events: Sequence[Event], language: str) -> frozenset[str]:
    """Events that a judge of ours or of Python's says nothing about, for one rule.

    Splunk does not document how it compares letters whose case is more than a pair, and the library for EQL does it
    as Python; that library also drops a line end at the end of a text.
    """
    known = _odd_fields(language)
    read = frozenset(case.fields())
    found = set()
    for event in events:
        name = uid(event)
        if name not in known:
            known[name] = frozenset(path for path, text in _texts(event) if _strange(text, language))
        if not read.isdisjoint(known[name]):
            found.add(name)
    return frozenset(found)


def _strange(text: str, language: str) -> bool:
    if language == "eql" and "\n" in text:
        return True
    return not text.isascii() and any(map(odd, text))


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, str):
        yield path, value


def beyond(case: Case, language: str) -> str:
    """Why the judge of EQL or SPL says nothing about a rule; empty: it does."""
    for leaf in case.leaves():
        if language == "eql" and isinstance(leaf.test, Regex):
            return "the library compares without case"
        if not isinstance(leaf.test, Text):
            continue
        if language == "eql" and leaf.test.cased:
            return "the library compares without case"
        if language == "eql" and ONE in leaf.test.parts:
            return "the library knows no wildcard for a single character"
        if not leaf.test.cased and any(map(odd, "".join(p for p in leaf.test.parts if isinstance(p, str)))):
            return "letters whose case is more than a pair are not documented"
    return ""


def eql(events: Sequence[Event], asked: dict[str, str]) -> Verdicts:
    """Elastic's library for EQL."""
    import eql as library

    events = [indexed(event) for event in events]
    ids = [uid(event) for event in events]
    found: Verdicts = {}
    for name, query in asked.items():
        try:
            hits = eql_matches(query, events)
        except library.EqlError as error:
            found[name] = Refused(str(error))
            continue
        found[name] = frozenset(ids[at] for (at,) in hits)
    return found


def splunk(events: Sequence[Event], asked: dict[str, str]) -> Verdicts:
    """Our evaluator of SPL."""
    given = [SplEvent(event, event["time"] / 1000) for event in events]
    found: Verdicts = {}
    for name, query in asked.items():
        try:
            rows = run(query, given, macros=MACROS, options=SPLUNK)
        except SplError as error:
            found[name] = Refused(str(error))
            continue
        found[name] = frozenset(row["metadata.uid"][0] for row in rows)
    return found


def differences(
    expected: dict[str, frozenset[str]],
    found: Verdicts,
    asked: dict[str, str],
    events: Sequence[Event],
    cases: Iterable[Case],
    judge: str,
    left_out: Mapping[str, frozenset[str]] | None = None,
) -> list[str]:
    """For each rule judged otherwise: rule, judge, query, an event and both verdicts, in words."""
    by_id = {uid(event): event for event in events}
    by_name = {case.name: case for case in cases}
    said: list[str] = []
    for name, answer in found.items():
        if isinstance(answer, Refused):
            said.append(f"{judge}: {name}: refused: {answer.reason}\n    {asked.get(name, '')}")
            continue
        wrong = sorted((expected[name] ^ answer) - (left_out or {}).get(name, frozenset()))
        if wrong:
            event = by_id[wrong[0]]
            read = {field: _read(event, field) for field in by_name[name].fields()}
            said.append(
                f"{judge}: {name}: {len(wrong)} events, such as {wrong[0]} with {read!r}: "
                f"embedded says {wrong[0] in expected[name]}, {judge} {wrong[0] in answer}\n"
                f"    {asked.get(name, '')}"
            )
    return said


def _read(event: Any, path: str) -> Any:
    if isinstance(event, list):
        return [_read(item, path) for item in event]
    for at, step in enumerate(path.split(".")):
        if isinstance(event, list):
            return [_read(item, ".".join(path.split(".")[at:])) for item in event]
        event = event.get(step) if isinstance(event, dict) else None
    return event
