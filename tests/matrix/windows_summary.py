"""The part of docs/matrix.md on windows: what each language says of every shape of correlation and baseline.

Made of the shapes themselves; that the queries agree is what test_windows_{spl,esql,eql}.py show.
"""

# ruff: noqa: E501
# The lines of the page are as long as they are.
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from window_shapes import SHAPES, Shape
from window_streams import own_streams, rule_of, streams_of
from window_streams_more import MORE, more_streams

from tracehound.compiler import NotInLanguageError, eql_sequences, esql_windows, spl_windows
from tracehound.compiler.model import Said
from tracehound.rules import Rule

LANGUAGES = {"SPL": spl_windows, "ES&#124;QL": esql_windows, "EQL": eql_sequences}
JUDGES = {
    "SPL": "our evaluator, written from Splunk's documentation",
    "ES&#124;QL": "Elasticsearch 8.19.21",
    "EQL": "PyPI eql",
}


def _said(language: str, rule: Rule) -> Said:
    module = LANGUAGES[language]
    say: Callable[[Rule], Said] = module.baseline if rule.baseline is not None else module.correlation
    return say(rule)


def _answers(language: str) -> dict[str, Said | str]:
    """For each shape the query, or why there is none."""
    found: dict[str, Said | str] = {}
    for shape in SHAPES:
        try:
            found[shape.name] = _said(language, rule_of(shape.rule))
        except NotInLanguageError as gap:
            found[shape.name] = str(gap)
    return found


def gaps() -> list[tuple[str, str, str]]:
    """None for the list of single events: windows have their own, by reason."""
    return []


def _reasons() -> list[str]:
    """A line for each language and reason, with the shapes it is about."""
    lines = []
    for language in LANGUAGES:
        why: dict[str, list[str]] = {}
        for name, answer in _answers(language).items():
            if isinstance(answer, str):
                why.setdefault(answer, []).append(name)
        lines += [
            f"| {language} | {reason.replace('|', '&#124;')} | {len(names)} | {', '.join(names[:4])}{' ...' if len(names) > 4 else ''} |"
            for reason, names in why.items()
        ]
    return lines


def page() -> str:
    """The part as Markdown."""
    own = list(own_streams())
    shapes: tuple[Shape, ...] = SHAPES
    shared = sum(1 for shape in shapes for _ in streams_of(shape))
    more = sum(1 for shape in MORE for _ in more_streams(shape))
    lines = [
        "## Correlations and baselines",
        "",
        f"{len({stream.path for stream in own})} rules of ours on {len(own)} recorded files, and {len(shapes)} shapes of rules (every type and operator, chains, aliases, arrays, baselines) on {shared:,} streams of events: in order, out of order, late, stored twice, exactly a timespan apart, without the key, in other case. SPL is tried on {len(MORE)} more shapes and {more:,} more streams. Each stream's completing events are those of the embedded engine.",
        "",
        "| language | judge | shapes | said | of them approximate in something named | gaps |",
        "|---|---|---|---|---|---|",
    ]
    for language, judge in JUDGES.items():
        answers = _answers(language)
        said = [answer for answer in answers.values() if isinstance(answer, Said)]
        approximate = sum(bool(answer.approximate) for answer in said)
        lines.append(
            f"| {language} | {judge} | {len(answers)} | {len(said)} | {approximate} | {len(answers) - len(said)} |"
        )
    lines += [
        "",
        "KQL and Lucene have no correlations; a baseline is a `new_terms` rule of Kibana there.",
        "",
    ]
    lines += ["What is approximate, as `approximate` in the JSON says it:", ""]
    for language in LANGUAGES:
        texts = Counter(
            re.sub(r"\b\d{6,} s\b", "N s", text)
            for answer in _answers(language).values()
            if isinstance(answer, Said)
            for text in answer.approximate
        )
        lines += [f"- {language}, {count} shapes: {text}." for text, count in texts.items()]
    lines += ["", "| language | why it is not said | shapes | such as |", "|---|---|---|---|", *_reasons()]
    return "\n".join(lines) + "\n"
