"""Defects of pySigma's own backends that ours mend: a small rule, an event, and what each says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Section = dict[str, Any]
Values = dict[str, Any]


@dataclass(frozen=True)
class Defect:
    """``rule`` is a detection (or a section with a condition), ``event`` fields and values of an event.

    ``right`` is the verdict by Sigma's meaning; ``stock`` what pySigma's backend makes of it: the wrong verdict, or
    the beginning of why it or the engine refuses.
    """

    backend: str
    name: str
    rule: Section
    event: Values
    right: bool
    stock: bool | str


TWO: Values = {"ai.destinations": ["a.example", "b.example"]}
TRUE: Values = {"actor.session.is_mfa": True}
NET = "10.0.0.0/8"
BASH: Values = {"ai.tool.name": "Bash"}
DEFECTS = (
    Defect("lucene", "case counts on keyword fields", {"ai.tool.name": "bash"}, BASH, True, False),
    Defect(
        "lucene",
        "a part of a text: case counts on keyword fields",
        {"ai.tool.name|contains": "AS"},
        BASH,
        True,
        False,
    ),
    Defect(
        "lucene",
        "a regular expression is not searched but anchored",
        {"ai.tool.name|re": "a.h"},
        BASH,
        True,
        False,
    ),
    Defect("lucene", "`\\d` of a regular expression", {"ai.tool.name|re": "^\\D+$"}, BASH, True, "any"),
    Defect("lucene", "a boolean in capitals", {"actor.session.is_mfa": "True"}, TRUE, True, "any"),
    Defect("esql", "arrays: one of several values", {"ai.destinations": "b.example"}, TWO, True, False),
    Defect("esql", "case counts on keyword fields", {"ai.tool.name": "bash"}, BASH, True, False),
    Defect("esql", "`contains` counts case", {"ai.tool.name|contains": "AS"}, BASH, True, False),
    Defect(
        "esql",
        "a negation loses events without the field",
        {"sel": {"ai.tool.name": "Bash"}, "condition": "not sel"},
        {"ai.tool.status": "denied"},
        True,
        False,
    ),
    Defect(
        "esql",
        "a negation loses events with several values",
        {"sel": {"ai.destinations": "x.example"}, "condition": "not sel"},
        TWO,
        True,
        False,
    ),
    Defect("esql", "a number on a text field", {"ai.tool.name": 429}, {"ai.tool.name": "429"}, True, "any"),
    Defect("eql", "`exists`", {"ai.tool.name|exists": True}, BASH, True, "any"),
    Defect("eql", "numbers in a list", {"status_id": [1, 2]}, {"status_id": 2}, True, "any"),
    Defect("splunk", "one of an array", {"ai.destinations": "b.example"}, TWO, True, False),
    Defect(
        "splunk",
        "regular expressions on two dotted fields share one name: the second replaces the first",
        {"a": {"ai.tool.name|re": "^B"}, "b": {"ai.mcp.server|re": "^x"}, "condition": "a or b"},
        {"ai.tool.name": "Other", "ai.mcp.server": "yes"},
        False,
        "any",
    ),
    Defect(
        "splunk",
        "a regular expression and a negated one",
        {"a": {"ai.tool.name|re": "^B"}, "b": {"ai.mcp.server|re": "^x"}, "condition": "a and not b"},
        BASH,
        True,
        "any",
    ),
    Defect(
        "splunk",
        "a written `*` is not found",
        {"ai.tool.name": "a\\*b"},
        {"ai.tool.name": "a*b"},
        True,
        False,
    ),
    Defect(
        "splunk",
        "a text like a network is one",
        {"ai.tool.name": NET},
        {"ai.tool.name": "10.1.2.3"},
        False,
        True,
    ),
    Defect("splunk", "`cased`", {"ai.tool.name|cased": "bash"}, BASH, False, "any"),
    Defect("splunk", "a whole number and a fraction", {"ai.cost_usd": 5}, {"ai.cost_usd": 5.0}, True, False),
    Defect(
        "splunk",
        "IPv4 written as IPv6",
        {"src_endpoint.ip|cidr": NET},
        {"src_endpoint.ip": "::ffff:10.1.2.3"},
        True,
        False,
    ),
)


def page() -> str:
    """The table as Markdown, for docs/compiler.md."""
    import yaml

    lines = [
        "| backend | defect | rule | event | right | pySigma's own | ours |",
        "|---|---|---|---|---|---|---|",
    ]
    words = {True: "matches", False: "does not match"}
    for one in DEFECTS:
        shown = [
            "`"
            + yaml.safe_dump(part, default_flow_style=True, width=10_000).strip().replace("|", "\\|")
            + "`"
            for part in (one.rule, one.event)
        ]
        stock = words[one.stock] if isinstance(one.stock, bool) else "refuses, or is refused by the engine"
        right = words[one.right]
        lines.append(
            f"| {one.backend} | {one.name} | {shown[0]} | {shown[1]} | {right} | {stock} | {right} |"
        )
    return "\n".join(lines) + "\n"
