"""The ``tracehound:`` key of a rule, checked by its published JSON Schema (``tracehound.schema.json``)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from tracehound.errors import nearest
from tracehound.rules.documents import Document
from tracehound.rules.fields import FieldCheck, FieldReport
from tracehound.rules.model import Baseline, Suppress, seconds
from tracehound.rules.report import Report

KEY = "tracehound"


def schema() -> dict[str, Any]:
    """The published JSON Schema."""
    text = files("tracehound.rules").joinpath("tracehound.schema.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def read_extras(document: Document, check: FieldCheck, report: Report) -> dict[str, Any]:
    """The arguments that the key gives to ``Rule``; what is wrong goes to the report."""
    raw = document.data.get(KEY)
    if raw is None:
        return {}
    problems = sorted(_validator().iter_errors(raw), key=lambda e: [str(p) for p in e.absolute_path])
    for problem in problems:
        report.error(_explain(problem), document.line(KEY, *problem.absolute_path, *_unknown(problem)[:1]))
    if problems:
        return {}
    return _extras(raw, document, check, report)


def _extras(raw: dict[str, Any], document: Document, check: FieldCheck, report: Report) -> dict[str, Any]:
    def known(names: list[str], *place: str) -> tuple[str, ...]:
        for name in names:
            found = FieldReport()
            check.name(name, found)
            for _, why in found.wrong:
                report.error(f"{name} {why}", document.line(KEY, *place))
        return tuple(names)

    extras: dict[str, Any] = {}
    misses = raw.get("misses", [])
    extras["misses"] = (misses,) if isinstance(misses, str) else tuple(misses)
    extras["triage"] = tuple(raw.get("triage", ()))
    if "risk_entity" in raw:
        extras["risk_entity"] = known([raw["risk_entity"]], "risk_entity")[0]
    if "suppress" in raw:
        by = known(raw["suppress"].get("by", []), "suppress", "by")
        extras["suppress"] = Suppress(by, seconds(raw["suppress"]["for"]))
    if "baseline" in raw:
        base = raw["baseline"]
        by_names = [base["by"]] if isinstance(base["by"], str) else base["by"]
        extras["baseline"] = Baseline(
            base["type"],
            known([base["of"]], "baseline", "of")[0],
            known(by_names, "baseline", "by"),
            seconds(base["over"]),
            base["level"],
            seconds(base.get("learn", base["over"])),
        )
    return extras


def _explain(problem: ValidationError) -> str:
    place = ".".join([KEY, *(str(p) for p in problem.absolute_path)])
    if problem.validator == "additionalProperties" and isinstance(problem.schema, dict):
        valid = list(problem.schema.get("properties", {}))
        unknown = _unknown(problem)
        return f"{place}: unknown key {unknown[0]!r}{nearest(unknown[0], valid) or _one_of(valid)}"
    if problem.validator == "enum":
        valid = [str(v) for v in cast(list[Any], problem.validator_value)]
        return f"{place}: {str(problem.instance)[:60]!r} is none of {', '.join(valid)}"
    if problem.validator == "required":
        return f"{place}: {problem.message}"
    if problem.validator == "pattern" and str(problem.validator_value).endswith("[smhdw]$"):
        return f"{place}: write a time such as 30m, 24h or 7d"
    if problem.validator == "pattern":
        return f"{place}: {str(problem.instance)[:60]!r} has not the right form ({problem.validator_value})"
    return f"{place}: {problem.message[:200]}"


def _unknown(problem: ValidationError) -> list[str]:
    """The keys that an object has too many."""
    if problem.validator != "additionalProperties" or not isinstance(problem.schema, dict):
        return []
    return sorted(set(cast(dict[str, Any], problem.instance)) - set(problem.schema.get("properties", {})))


def _one_of(valid: list[str]) -> str:
    return f"; valid are {', '.join(valid)}"
