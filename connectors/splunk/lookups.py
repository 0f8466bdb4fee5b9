"""Lookups: what baselines have seen (KV store), and the catalogues of models and services, with what is approved.

A catalogue is a lookup of the same name and fields whether it comes by file or over REST: an app brings it as CSV,
since a package cannot hold rows of a KV store; over REST it is a collection, since files cannot be sent there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tracehound.compiler.spl_baseline import lookup_of
from tracehound.config import Settings
from tracehound.content import content_dir, content_root
from tracehound.errors import ContentError
from tracehound.rules import Rule
from tracehound.rules.lists import load_lists

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of the KV store; ``settings`` are those of collections.conf."""

    name: str
    settings: dict[str, str]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A lookup definition. ``match`` are settings of transforms.conf beside where its rows are.

    ``rows`` is None where the rows are written by searches, and must not be touched.
    """

    name: str
    purpose: str
    fields: tuple[str, ...]
    match: dict[str, str]
    rows: tuple[Row, ...] | None = None

    def kv_store(self) -> dict[str, str]:
        """Settings of transforms.conf with the rows in the collection of the same name."""
        fields = ", ".join(("_key", *self.fields))
        return {"external_type": "kvstore", "collection": self.name, "fields_list": fields, **self.match}

    def file(self) -> dict[str, str]:
        """Settings of transforms.conf with the rows in a file."""
        return {"filename": f"{self.name}.csv", **self.match}


def lookups(app: Settings, rules: Iterable[Rule]) -> list[Lookup]:
    """All lookups: those of the baselines among ``rules``, then the catalogues."""
    seen = [_seen(rule) for rule in rules if rule.baseline is not None]
    return [*seen, *catalogues(app)]


def collections(found: Iterable[Lookup]) -> list[Collection]:
    """The collections that hold these lookups in a KV store."""
    return [Collection(one.name, dict(_collection(one))) for one in found]


def catalogues(app: Settings) -> list[Lookup]:
    """What is known of models and services, and the company's lists."""
    return [
        Lookup(
            "tracehound_models",
            "Well-known models: maker, the maker's country, licence. The first that fits is the closest.",
            ("model", "provider", "origin", "license"),
            {"match_type": "WILDCARD(model)", "max_matches": "1", "case_sensitive_match": "false"},
            tuple(_models()),
        ),
        Lookup(
            "tracehound_services",
            "AI services by domain: who offers them, and what for. The first that fits is the closest.",
            ("domain", "provider", "category"),
            {"match_type": "WILDCARD(domain)", "max_matches": "1", "case_sensitive_match": "false"},
            tuple(_services()),
        ),
        Lookup(
            "tracehound_approved",
            "What the company has approved or refused, as configured when this was made: models, services, lists.",
            ("kind", "value", "status"),
            {"match_type": "WILDCARD(value)", "case_sensitive_match": "false"},
            tuple(_approved(app)),
        ),
    ]


def _seen(rule: Rule) -> Lookup:
    by = rule.baseline.by if rule.baseline else ()
    entity = tuple(f"by{place}" for place in range(1, len(by) + 1))
    return Lookup(
        lookup_of(rule),
        f"What the baseline {rule.title!r} has seen; its search 'keep' writes it.",
        (*entity, "value", "first", "last"),
        {},
    )


def _collection(lookup: Lookup) -> Iterator[tuple[str, str]]:
    for name in lookup.fields:
        yield f"field.{name}", "number" if name in ("first", "last") else "string"
    if lookup.rows is None:
        keys = {name: 1 for name in lookup.fields if name not in ("first", "last")}
        yield "accelerated_fields.entity", json.dumps(keys)
    yield "replicate", "false"


def _models() -> Iterator[Row]:
    """The longest names first, as the enricher takes them."""
    rows = [
        (str(name), {key: str(entry.get(key, "")) for key in ("provider", "origin", "license")})
        for entry in _yaml("models")["families"]
        for name in entry["names"]
    ]
    for name, known in sorted(rows, key=lambda row: (-len(row[0]), row[0])):
        yield {"model": f"{name.rstrip('*').lower()}*", **known}


def _services() -> Iterator[Row]:
    """Each domain, and all below it; the one with most labels first."""
    rows = [
        (str(domain).lower(), str(entry["provider"]), str(category))
        for entry in _yaml("services")
        for category, domains in entry.items()
        if category != "provider"
        for domain in domains
    ]
    for domain, provider, category in sorted(rows, key=lambda row: (-row[0].count("."), row[0])):
        for form in (domain, f"*.{domain}"):
            yield {"domain": form, "provider": provider, "category": category}


def _approved(app: Settings) -> Iterator[Row]:
    for kind, known in (("model", app.models), ("service", app.services)):
        for status in ("approved", "unapproved"):
            for value in getattr(known, status):
                yield {"kind": kind, "value": value.lower(), "status": status}
    lists, _ = load_lists([content_root(), *app.packs], app.lists)
    for name, values in sorted(lists.items()):
        for value in values:
            yield {"kind": f"list:{name}", "value": value.lower(), "status": "listed"}


def _yaml(name: str) -> Any:
    """A catalogue of our enrichers. Raises ``ContentError``."""
    path = content_dir("enrichers") / f"{name}.yml"
    try:
        found = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError) as error:
        raise ContentError(f"cannot be read: {error}", file=path) from error
    if not isinstance(found, list | Mapping):
        raise ContentError("holds no catalogue", file=path)
    return found
