"""How well the content signals find attacks, and how often they are wrong, on labelled texts.

    python benchmarks/content_quality.py CORPORA_DIR [--show LABEL_PREFIX] [--set NAME]

CORPORA_DIR holds gzip NDJSON files, one row ``{text, label: attack | benign | oos, family}`` a line. Attacks
count as found when a hit of the attack families is there: ``high`` wants one of high confidence, ``any`` any.
The patterns were tuned on these very sets, so recall on sources never seen is lower.
"""

from __future__ import annotations

import argparse
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tracehound.scan import Scanner, Verdict, scanner_for

ATTACK_FAMILIES = ("injection", "jailbreak", "exfiltration", "obfuscation", "encoded", "command")
EVERYDAY = (
    "user_query",
    "support_ticket",
    "llm_response",
    "pii_text",
    "document_email",
    "document_table",
    "code_query",
)
HARD = (
    "security_docs", "prompt_docs", "prompt_docs_multilingual", "detection_rule", "code", "product_docs",
    "document_code", "cli_docs_multilingual", "tool_description", "agent_code_docs", "hard_negative_agent",
)  # fmt: skip
DIRECTIONS = {
    **dict.fromkeys(("indirect_injection", "indirect_task_hijack", "hard_negative_agent"), "tool_result"),
    **dict.fromkeys(("agent_threat", "agent_threat_paraphrase", "multilingual_agent_threat"), "tool_result"),
    "tool_description": "tool_description",
    "code": "document",
}


def rows(folder: Path, only: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name of the set, row) of every file."""
    for path in sorted(folder.glob("*.ndjson.gz")):
        name = path.name.removesuffix(".ndjson.gz")
        if only in (None, name):
            with gzip.open(path) as file:
                for line in file:
                    yield name, orjson.loads(line)


def tier(family: str) -> str:
    """T1 everyday text, T2 hard negatives, T3 system prompts and agent files, T4 texts that quote attacks."""
    if family in EVERYDAY:
        return "T1"
    if family in HARD:
        return "T2"
    return "T4" if family.endswith("quoting") else "T3"


def judge(verdict: Verdict) -> tuple[bool, bool]:
    """(a high-confidence attack hit, any attack hit)."""
    hits = [hit for hit in verdict.hits if hit.label.split(".")[1] in ATTACK_FAMILIES]
    return any(hit.confidence == "high" for hit in hits), bool(hits)


def measure(scanner: Scanner, folder: Path, only: str | None, show: str | None) -> None:
    found: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    secrets: Counter[str] = Counter()
    size = 0
    wrong: Counter[str] = Counter()
    for name, row in rows(folder, only):
        if row["label"] == "oos":
            continue
        family, text = row["family"], row["text"]
        verdict = scanner.scan(text, DIRECTIONS.get(family, "prompt"))
        high, any_hit = judge(verdict)
        group = "attack" if row["label"] == "attack" else tier(family)
        found[(group, family, name)].update(n=1, high=high, any=any_hit)
        if group != "attack":
            size += len(text)
            secrets.update(
                h.pattern_id for h in verdict.hits if ".secret." in h.label and h.confidence == "high"
            )
            wrong.update(
                f"{group} {h.confidence} {h.label.split('.', 1)[1]} {h.pattern_id}" for h in verdict.hits
            )
        if show and any(show in h.pattern_id for h in verdict.hits):
            shown = [h.masked for h in verdict.hits if show in h.pattern_id]
            print(f"{group}\t{name}\t{shown}")
        elif show == "missed" and group == "attack" and not any_hit:
            print(f"{name}\t{family}\t{text[:300]!r}")
    report(found)
    print(
        f"\nhigh-confidence secrets per MB of benign text: {sum(secrets.values()) / max(size, 1) * 1e6:.2f}"
    )
    print("\nmost frequent hits on benign text (tier, confidence, label, pattern)")
    for what, count in wrong.most_common(60):
        print(f"{count:6} {what}")


def report(found: dict[tuple[str, str, str], Counter[str]]) -> None:
    for title, at in (("by tier", 0), ("by family", 1), ("by set", 2)):
        sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for key, counts in found.items():
            sums[(key[0], key[at])].update(counts)
        print(f"\n{title:40} {'texts':>7} {'high %':>8} {'any %':>8}")
        for (group, name), counts in sorted(sums.items()):
            total = counts["n"]
            high, any_hit = (100 * counts[level] / total for level in ("high", "any"))
            print(f"{group + ' ' + name:40} {total:7} {high:8.2f} {any_hit:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--set", dest="only")
    parser.add_argument("--show", help="print texts on which a pattern of this name hits, or 'missed'")
    options = parser.parse_args()
    measure(scanner_for(), options.corpora, options.only, options.show)


if __name__ == "__main__":
    main()
