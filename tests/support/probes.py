"""The table of probe rules (``tests/matcher/probes.yaml``), and the page that is made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "tests" / "matcher" / "probes.yaml"
PAGE = ROOT / "docs" / "matching.md"
START, END = "<!-- probes -->", "<!-- end of probes -->"

PROBES: list[dict[str, Any]] = yaml.safe_load(TABLE.read_text("utf-8"))


def document(probe: dict[str, Any]) -> dict[str, Any]:
    """The probe's rule as a Sigma document."""
    rule = probe["rule"]
    section = rule if "condition" in rule else {"sel": rule, "condition": "sel"}
    return {
        "title": probe["name"],
        "id": "6f1f3c0e-90a7-4a73-8a0e-000000000001",
        "level": "low",
        "logsource": {"product": "ai"},
        "detection": section,
    }


def flat(probe: dict[str, Any]) -> bool:
    """Whether the event is one row of scalars."""
    return not any(isinstance(value, dict | list) for value in probe["event"].values())


def table() -> str:
    """The probes as Markdown."""
    lines = [
        "| probe | section | detection | event | matches | rsigma | SQLite |",
        "|---|---|---|---|---|---|---|",
    ]
    for probe in PROBES:
        others = [_word(probe.get(peer)) for peer in ("rsigma", "sqlite")]
        if not flat(probe):
            others[1] = "cannot say"
        note = f" ({probe['ours']})" if "ours" in probe else ""
        cells = [probe["name"] + note, probe["spec"], _code(probe["rule"]), _code(probe["event"])]
        lines.append("| " + " | ".join([*cells, _word(probe["verdict"]), *others]) + " |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with the table of today."""
    head, _, rest = text.partition(START)
    return f"{head}{START}\n{table()}{END}{rest.partition(END)[2]}"


def _code(value: Any) -> str:
    return "`" + json.dumps(value, ensure_ascii=False).replace("|", "\\|") + "`"


def _word(verdict: Any) -> str:
    return {True: "yes", False: "no", None: "same", "error": "refuses"}[verdict]
