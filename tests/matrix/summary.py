"""docs/matrix.md, made of what the tests of the matrix found (``summary.json``; see test_zz_summary.py).

Other tests add a part: a module of this folder that is named in ``PARTS`` and has ``page() -> str`` (Markdown with
a heading of second level) and ``gaps() -> list[tuple[str, str, str]]`` (language, rule, reason).
"""

# ruff: noqa: E501
# The lines of the page are as long as they are.
from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from matrix_defects import DEFECTS

PARTS = ("windows_summary",)
NAMES = {"lucene": "Lucene", "kql": "KQL", "esql": "ES&#124;QL", "eql": "EQL", "splunk": "SPL"}
Data = dict[str, Any]


def gaps(data: Data) -> list[tuple[str, str, str]]:
    """All named gaps: language, rule, reason."""
    found = [
        (NAMES[language], rule, why)
        for language, rules in data["gaps"].items()
        for rule, why in rules.items()
    ]
    for part in _parts():
        found += part.gaps()
    return found


def page(data: Data) -> str:
    """The whole page."""
    said = [_head(data), _judges(data), _checked(data), _gaps(data), _teeth(data), _limits(data)]
    return "\n".join([*said, *(part.page() for part in _parts())]).rstrip() + "\n"


def _parts() -> list[Any]:
    return [importlib.import_module(name) for name in PARTS if importlib.util.find_spec(name)]


def _head(data: Data) -> str:
    counts = data["counts"]
    return f"""# One verdict on every engine

This page is made by the tests of `tests/matrix` (`pytest tests/matrix --update-goldens`); a test holds it to what they
find. For every rule and every event, each judge says what the embedded engine says.

- Rules: {counts["ours"]} of ours, {counts["bases"]} that our correlations and baselines rest on, {counts["probes"]} \
probes (`tests/matrix/probes.yml`) that ask for every kind of test in hostile words.
- Events: {counts["events"]:,}. {counts["recorded"]:,} come from the rules' own test records, {counts["near"]:,} \
near-misses were made ({counts["near_matching"]:.0%} match the rule they were made for), and {counts["flips"]:,} pairs \
of events differ in one test only.
- Leaf tests: {counts["leaves"]:,}. Each is turned both ways alone, but for {len(counts["not_alone"])} that cannot be:
{_list(counts["not_alone"])}
"""


def _judges(data: Data) -> str:
    lines = [
        "## The judges",
        "",
        "| judge | rules | pairs of rule and event | left out | disagreements |",
        "|---|---|---|---|---|",
    ]
    for one in data["judges"].values():
        name = one["judge"].replace("ES|QL", NAMES["esql"])
        lines.append(
            f"| {name} | {one['rules']:,} | {one['pairs']:,} | {one['left_out']:,} | {one['disagreements']:,} |"
        )
    return "\n".join(lines) + "\n"


def _checked(data: Data) -> str:
    lines = ["| checked | queries | refused |", "|---|---|---|"]
    lines += [
        f"| {name.replace('|', '&#124;')} | {of:,} | {wrong:,} |"
        for name, (of, wrong) in data["checked"].items()
    ]
    return (
        "\n".join(lines)
        + "\n\nThe index macro is put in before the grammar sees a search: it takes none in back-quotes.\n"
    )


def _gaps(data: Data) -> str:
    lines = [
        "## What a language cannot say",
        "",
        "None of our rules. Of the probes, each refused with field and reason:",
        "",
        "| language | rule | reason |",
        "|---|---|---|",
    ]
    lines += [f"| {language} | {rule} | {_cell(why)} |" for language, rule, why in gaps(data)]
    return "\n".join(lines) + "\n"


def _teeth(data: Data) -> str:
    lines = [
        "## Teeth",
        "",
        "Mutated queries (term dropped, AND for OR, NOT removed, value cut, wildcard dropped, number changed) that the",
        "events tell from the right ones:",
        "",
        "| judge | mutants | caught |",
        "|---|---|---|",
    ]
    for name, (caught, of) in data["teeth"].items():
        lines.append(f"| {name.replace('|', '&#124;')} | {of:,} | {caught / of:.1%} |")
    return "\n".join(lines) + "\n"


def _limits(data: Data) -> str:
    return f"""## What is not judged here

- Splunk itself. The evaluator is our own, written from Splunk's documentation; it is not Splunk. It is given no JSON
  nulls, since the connector sends none, and no limit of extracted characters.
- Letters whose case is more than a pair (İ, ı, ſ, the Kelvin sign, ß, Σ): Splunk does not document them, and the
  library for EQL compares them as Python does. Elasticsearch and OpenSearch are judged on them.
- In EQL: `cased`, regular expressions and `?`, and texts with line ends, which the library cannot tell.
- Texts longer than 8,191 characters, which Elastic does not index.
- KQL as Kibana's own parser reads it: a written `*`, `?` or backslash behind a wildcard is said as Elasticsearch's
  parser wants it.
- Values of other types than the schema's, but for numbers and booleans written as text.

{len(DEFECTS)} defects of pySigma's own backends are shown on these engines (`tests/matrix/test_defects.py`).
"""


def _list(items: dict[str, str]) -> str:
    return "\n".join(f"  - {_cell(name)}: {why}" for name, why in items.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("\n", " ")
