"""Rules as detection rules of Kibana: one request each, merged field by field with what analysts made of them.

Kibana's own editor overwrites ``meta``, so the mark is a tag. Exceptions, actions and whether a rule is on are the
analysts': they are given at creation at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracehound.compiler import cache, kibana
from tracehound.compiler.model import Compilation, Query
from tracehound.config import Settings
from tracehound.content import content_root
from tracehound.deploy import Found, LeftOut, Mark, Part, Wanted
from tracehound.errors import TargetError
from tracehound.rules import Rule, RuleSet, lock

from .ecs import wider
from .kibana import Kibana
from .replacing import ANSWERED, note, replaced, replacement

KIND = "rule"
PLACE = "/api/detection_engine/rules"
PAGE = 500
CODES = {
    "name": "n", "description": "d", "risk_score": "r", "severity": "s", "interval": "i", "from": "f",
    "max_signals": "m", "author": "a", "tags": "t", "threat": "h", "false_positives": "p", "references": "e",
    "note": "g", "setup": "u", "required_fields": "q", "investigation_fields": "v", "type": "y", "query": "Q",
    "language": "l", "index": "x", "new_terms_fields": "w", "history_window_start": "W",
    "alert_suppression": "S", "related_integrations": "R",
}  # fmt: skip
"""The fields that are merged, and the letter that stands for each in the mark."""
OWN_TAGS = (kibana.TAG, "Area: ", "ATLAS: ", "OWASP: ")
LANGUAGES = ("kql", "lucene", "esql", "eql")
"""The first that can say a rule is taken."""
WINDOWS = frozenset({"esql", "eql"})
"""Those that can say correlations."""
_SPAN = re.compile(r"(now-)?(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parts(
    kibana_: Kibana, rules: RuleSet, app: Settings, complete: bool, enabled: bool = False
) -> list[Part]:
    """The detection rules that are wanted; what cannot be had, with the reason."""
    wanted, left_out = wanted_rules(rules.rules, app, suppression=kibana_.suppresses, enabled=enabled)
    objects = DetectionRules(kibana_)
    types = objects.types()
    for place, one in enumerate(wanted):
        old = types.get(one.key, one.body["type"])
        if old != one.body["type"]:
            wanted[place] = replace(one, notes=(*one.notes, note(old, one.body["type"])))
    return [Part(objects, wanted, left_out, complete)]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The query that is deployed for each rule, and why others have none."""

    queries: Mapping[str, Query]
    left_out: Sequence[LeftOut]


def best_queries(rules: Sequence[Rule], settings: Settings, languages: Sequence[str] = LANGUAGES) -> Compiled:
    """For each rule the language that suits Kibana best.

    One event: a ``query`` rule in KQL. A baseline: ``new_terms``. A correlation: ``esql``, which counts exactly;
    Kibana's ``threshold`` counts what a run sees, not a window of the rule, and its ``eql`` sequences neither count
    values nor numbers, so that they are taken only where ES|QL cannot say the rule.
    """
    names = [name for name in LANGUAGES if name in languages]
    compiled = {name: cache.compiled(rules, name, settings.packs, settings.lists) for name in names}
    said = {name: {q.rule.id: q for q in found.queries} for name, found in compiled.items()}
    queries: dict[str, Query] = {}
    left_out = []
    for rule in rules:
        fit = [name for name in names if rule.correlation is None or name in WINDOWS]
        found = next((said[name][rule.id] for name in fit if rule.id in said[name]), None)
        if found is not None:
            queries[rule.id] = found
        else:
            left_out.append(LeftOut(KIND, rule.id, rule.title, _why(rule, compiled)))
    return Compiled(queries, left_out)


def _why(rule: Rule, compiled: Mapping[str, Compilation]) -> str:
    """Why no language says a rule; ES|QL's reason, where there is one."""
    for found in [compiled[name] for name in ("esql", *compiled) if name in compiled]:
        for gap in found.gaps:
            if gap.rule.id == rule.id:
                return gap.reason
        for refused, error in found.errors:
            if refused.id == rule.id:
                return error.message
    return "correlations need ES|QL or EQL"


def wanted_rules(
    rules: Sequence[Rule], settings: Settings, *, suppression: bool, enabled: bool = False
) -> tuple[list[Wanted], Sequence[LeftOut]]:
    """The rules as they should be in Kibana."""
    versions = lock.versions([content_root(), *settings.packs])
    compiled = best_queries(rules, settings)
    made = []
    for rule in rules:
        query = compiled.queries.get(rule.id)
        if query is None:
            continue
        body = kibana.rule_object(query, settings.lateness, suppression=suppression)
        made.append(
            Wanted(
                KIND,
                rule.id,
                rule.title,
                comparable({name: body[name] for name in CODES if name in body}),
                versions.get(rule.id, 1),
                {"enabled": enabled, "to": "now"},
                tuple(_notes(query, body, suppression)),
            )
        )
    return made, compiled.left_out


def _notes(query: Query, body: Mapping[str, Any], suppression: bool) -> Iterator[str]:
    """Where the rule in Kibana says less than the rule in the pack."""
    rule = query.rule
    if said := wider(rule.fields):
        yield said
    yield from (query.approximate if body["type"] != "new_terms" else ())
    if rule.baseline is not None and rule.baseline.learn and body["type"] == "new_terms":
        days = rule.baseline.learn // 86_400
        yield f"Kibana's new_terms knows no learning time: a new entity is raised in its first {days} days too"
    by = kibana.suppressed_by(rule, str(body["type"]))
    if by and not suppression:
        yield "repeats are not put together: alert suppression needs a Platinum licence"
    elif rule.suppress is not None and rule.suppress.by and not by:
        yield "repeats are not put together: Kibana cannot do it by these fields"


def comparable(body: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's fields in one form: what Kibana or its editor writes in another way is no edit."""
    made = dict(body)
    for name in ("interval", "from", "history_window_start"):
        if name in made:
            made[name] = _in_seconds(str(made[name]))
    if made.get("required_fields"):
        made["required_fields"] = [
            {"name": one["name"], "type": one["type"]} for one in made["required_fields"]
        ]
    if "tags" in made:
        made["tags"] = sorted(tag for tag in made["tags"] if _is_own(tag))
    held = made.get("alert_suppression")
    if isinstance(held, Mapping) and isinstance(held.get("duration"), Mapping):
        value, unit = held["duration"]["value"], held["duration"]["unit"]
        made["alert_suppression"] = {
            **held, "duration": {"value": value * _SECONDS.get(unit, 1), "unit": "s"}
        }  # fmt: skip
    return made


def _in_seconds(text: str) -> str:
    found = _SPAN.fullmatch(text)
    return f"{found[1] or ''}{int(found[2]) * _SECONDS[found[3]]}s" if found else text


def _is_own(tag: object) -> bool:
    return isinstance(tag, str) and tag.startswith(OWN_TAGS) and Mark.parse(tag, CODES) is None


class DetectionRules:
    """The detection rules of a space that are nobody's prebuilt ones."""

    kind = KIND

    def __init__(self, kibana_: Kibana) -> None:
        self._kibana = kibana_
        self._listed: list[Found] | None = None

    def types(self) -> dict[str, str]:
        """The types of our rules that are there: what was listed for it serves the next ``find``."""
        self._listed = [found_rule(raw) for raw in self.all()]
        return {f.key: str(f.raw["type"]) for f in self._listed if f.mark is not None and "type" in f.raw}

    def find(self, keys: Sequence[str]) -> list[Found]:
        """All rules of the space that carry our mark, and those with these ids."""
        wanted = set(keys)
        listed = map(found_rule, self.all()) if self._listed is None else self._listed
        self._listed = None
        return [f for f in listed if f.mark is not None or f.key in wanted]

    def all(self) -> Iterator[dict[str, Any]]:
        """Every rule that is not Elastic's own."""
        page, seen = 1, 0
        while True:
            query = {
                "page": page,
                "per_page": PAGE,
                "filter": "alert.attributes.params.immutable: false",
                "sort_field": "created_at",
                "sort_order": "asc",
            }
            found = self._kibana.request("GET", f"{PLACE}/_find", query=query)
            yield from found["data"]
            page, seen = page + 1, seen + len(found["data"])
            if not found["data"] or seen >= found["total"]:
                return

    def get(self, key: str) -> Found | None:
        """One rule as it is now."""
        raw = self._kibana.request("GET", PLACE, query={"rule_id": key}, missing_ok=True)
        return None if raw is None else found_rule(raw)

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """A new rule, off unless asked otherwise."""
        body = {
            **_sent(wanted.body),
            **wanted.initial,
            "rule_id": wanted.key,
            "version": wanted.version,
            "tags": [*wanted.body.get("tags", ()), mark.text(CODES)],
        }
        self._kibana.request("POST", PLACE, body)

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """``PATCH`` leaves what it does not name; ``PUT`` of the whole where a field has to go; else a new rule."""
        theirs = [t for t in found.raw.get("tags", ()) if not _is_own(t) and Mark.parse(t, CODES) is None]
        ours = fields["tags"] if "tags" in fields else [] if "tags" in dropped else found.body.get("tags", ())
        changed = {
            **_sent(fields),
            "rule_id": wanted.key,
            "version": wanted.version,
            "tags": [*ours, *theirs, mark.text(CODES)],
        }
        if "type" in fields:
            after = replacement(wanted, found, _sent(fields), dropped)
            after["required_fields"] = comparable(after).get("required_fields", [])
            replaced(found.raw, after | changed, self._kibana.request, PLACE)
            return
        if not dropped:
            self._kibana.request("PATCH", PLACE, changed)
            return
        whole = {
            k: v for k, v in found.raw.items() if k not in ANSWERED and k not in dropped and v is not None
        }
        whole["required_fields"] = comparable(whole).get("required_fields", [])
        self._kibana.request("PUT", PLACE, {**whole, **changed})

    def remove(self, found: Found) -> str:
        """Gone already is good too."""
        self._kibana.request("DELETE", PLACE, query={"rule_id": found.key}, missing_ok=True)
        return ""


def _sent(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as Kibana takes them: an empty ``investigation_fields`` is refused."""
    return {k: v for k, v in fields.items() if not (k == "investigation_fields" and not v)}


def found_rule(raw: Mapping[str, Any]) -> Found:
    """A rule as Kibana shows it. Raises ``TargetError`` where it is none."""
    try:
        body = comparable({name: raw[name] for name in CODES if name in raw})
        mark = Mark.among(raw.get("tags", ()), CODES)
        return Found(KIND, raw["rule_id"], raw["name"], body, mark, str(raw.get("revision", "")), raw)
    except (KeyError, TypeError, AttributeError) as error:
        raise TargetError(f"Kibana shows a rule in a form that is not known: {error!r}") from error
