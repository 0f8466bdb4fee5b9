"""Correlations of every type as rules, an engine over one of them, and its findings in the definition's shape."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import yaml

from tracehound.matcher import Engine
from tracehound.rules import RuleSet, load_rules

T0 = 1_764_000_000_000
SPAN, LATENESS = 10_000, 20
TYPES = {"st": "keyword", "who": "keyword", "tool": "keyword", "n": "double", "ai.service": "keyword"}
FIELDS: Any = {name: SimpleNamespace(type=kind) for name, kind in TYPES.items()}
ONE, TWO = ["one"], ["one", "two"]
EXPRESSIONS = {
    "one and two": ("and", 0, 1),
    "one or two": ("or", 0, 1),
    "one and not two": ("and", 0, ("not", 1)),
    "(one or two) and not (one and two)": ("and", ("or", 0, 1), ("not", ("and", 0, 1))),
}


def spec(kind: str, op: str = "gte", count: int = 2, base: Any = ONE, by: Any = ("who",), **more: Any) -> Any:
    return {"kind": kind, "op": op, "count": count, "base": base, "by": list(by), "span": SPAN, **more}


MANY = spec("event_count", count=2)
SHAPES: dict[str, Any] = {
    "event_count": spec("event_count", count=3),
    "event_count gt": spec("event_count", "gt", 1, TWO),
    "event_count of all": spec("event_count", count=4, by=()),
    "event_count by two": spec("event_count", by=("who", "tool")),
    "event_count lt": spec("event_count", "lt", 3),
    "event_count lte": spec("event_count", "lte", 2, TWO),
    "event_count eq": spec("event_count", "eq", 2),
    "event_count neq": spec("event_count", "neq", 1),
    "value_count": spec("value_count", count=2, fields=["tool"]),
    "value_count of two": spec("value_count", count=3, fields=["tool", "n"]),
    "value_count eq": spec("value_count", "eq", 1, TWO, fields=["tool"]),
    "value_sum": spec("value_sum", "gt", 5, field="n"),
    "value_sum lt": spec("value_sum", "lt", 3, TWO, field="n"),
    "value_avg": spec("value_avg", "gte", 2, field="n"),
    "value_avg lt": spec("value_avg", "lt", 1, field="n"),
    "value_median": spec("value_median", "gt", 1, TWO, field="n"),
    "value_percentile": spec("value_percentile", "gte", 3, field="n", percentile=90),
    "value_percentile lte": spec("value_percentile", "lte", 2, TWO, field="n", percentile=25),
    "temporal": spec("temporal", base=TWO),
    "temporal of one": spec("temporal", "eq", 1, TWO),
    "temporal of three": spec("temporal", "gte", 2, ["one", "two", "three"]),
    "temporal_ordered": spec("temporal_ordered", base=TWO),
    "temporal_ordered of three": spec("temporal_ordered", "gte", 3, ["three", "one", "two"]),
    "temporal_ordered two of three": spec("temporal_ordered", "gt", 1, ["two", "one", "three"]),
    "temporal_ordered lt": spec("temporal_ordered", "lt", 2, TWO),
    **{f"temporal {text}": spec("temporal", "gte", 1, TWO, expression=e, text=text)
       for text, e in EXPRESSIONS.items()},
    "chain": spec("temporal_ordered", base=[MANY, "two"]),
    "chain by less": spec("temporal", base=[spec("event_count", by=("who", "tool")), "two"]),
    "chain by more": spec("event_count", base=[spec("event_count", count=2, by=())], by=("tool",)),
    "chain of the same rule": spec("temporal", base=[MANY, "one"]),
    "chain on a close": spec("temporal_ordered", base=[spec("event_count", "eq", 1), "two"]),
    "chain that closes": spec("event_count", "lt", 3, base=[MANY]),
    "chain of three": spec("event_count", base=[spec("temporal", base=[MANY, "two"])]),
    "chain that adds": spec("value_sum", "gte", 4, base=[MANY], field="n"),
}  # fmt: skip


def documents(shape: Any, name: str = "top") -> list[dict[str, Any]]:
    """A correlation as Sigma documents, those it rests on after it; base rules are added by ``rules_of``."""
    names, below = [], []
    for number, base in enumerate(shape["base"]):
        if isinstance(base, str):
            names.append(base)
        else:
            names.append(f"{name}_{number}")
            below += documents(base, names[-1])
    condition: Any = {shape["op"]: shape["count"]}
    if "fields" in shape:
        condition["field"] = shape["fields"] if len(shape["fields"]) > 1 else shape["fields"][0]
    if "field" in shape:
        condition["field"] = shape["field"]
    if "percentile" in shape:
        condition["percentile"] = shape["percentile"]
    section = {"type": shape["kind"], "rules": names, "timespan": f"{shape['span'] // 1000}s"}
    section |= {"condition": shape.get("text", condition)} | (
        {"group-by": shape["by"]} if shape["by"] else {}
    )
    return [{"title": name, "name": name, "correlation": section}, *below]


@cache
def rules_of(name: str) -> RuleSet:
    made = documents(SHAPES[name])
    made[0] |= {"id": "6f1f3c0e-90a7-4a73-8a0e-000000000001", "level": "low"}
    used = {base for d in made for base in d["correlation"]["rules"]} & {"one", "two", "three"}
    for base in sorted(used):
        detection = {"sel": {"st": base}, "condition": "sel"}
        made.append({"title": base, "name": base, "logsource": {"product": "ai"}, "detection": detection})
    with TemporaryDirectory() as folder:
        file = Path(folder) / "detections/x/the_rule_of_x/the_rule_of_x.yml"
        file.parent.mkdir(parents=True)
        file.write_text(yaml.safe_dump_all(made))
        ruleset = load_rules([Path(folder)], fields=FIELDS, own=Path(folder) / "nothing")
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    return ruleset


def engine_of(name: str, **options: Any) -> Engine:
    return Engine(rules_of(name), now_ms=lambda: T0, **({"lateness": LATENESS, "early": False} | options))


def whole(event: dict[str, Any]) -> dict[str, Any]:
    return event | {
        "metadata": {"uid": event["uid"]},
        "type_uid": 1,
        "ai": {"service": "agent", "source": "x"},
    }


def said(found: list[dict[str, Any]], name: str) -> list[tuple[Any, ...]]:
    """Findings in the shape of the definition: (time, group, events when raised, events when closed)."""
    raised: dict[str, list[Any]] = {}
    for finding in found:
        uid = finding["finding_info"]["uid"]
        if finding["activity_id"] == 1:
            assert uid not in raised
            data = finding["evidences"][0]["data"]
            group = tuple(str(data[by]).lower() for by in SHAPES[name]["by"])
            raised[uid] = [finding["time"], group, finding["count"], finding["count"]]
        else:
            raised[uid][3] = finding["count"]
    return sorted(map(tuple, raised.values()))
