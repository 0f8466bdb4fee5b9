"""What is known of the model that an event names: approved or not, maker, country, licence, vulnerabilities.

``ai.model.status`` is the company's word, from ``models.approved`` and ``models.unapproved`` of the configuration:
names, or patterns with ``*``, compared without case. A pattern may name the model as the log does or without what
stands around its name: the ARN, a region (``eu.``), the maker (``anthropic.``, ``openai/``), a date or version at
the end. Who is on both lists is ``unapproved``, who is on none is ``unknown``. A namespace that nobody vouches for
(``someone/llama3``) is taken off for ``unapproved`` only, so that an upload does not borrow an approved name.

``ai.model.origin``, ``license`` and a provider that the log lacks come from ``models.yml``. Vulnerabilities are of
the software that serves the model, where the log says its version, and uploads that were published as malicious.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tracehound.config import Settings
from tracehound.enrichers import Enrich, Enricher, Event
from tracehound.errors import ContentError
from tracehound.models import MAKERS, SERVING, bedrock_name, maker

CATALOGUE = Path(__file__).with_suffix(".yml")
REMEMBERED = 16_384
# Who stands before a slash without being somebody's own namespace: makers, and what serves or routes.
VOUCHED = frozenset(MAKERS) | frozenset(SERVING) | frozenset(
    {"accounts", "azure", "bedrock", "converse", "databricks", "deepinfra", "fireworks", "fireworks_ai"}
    | {"foundation-model", "github_copilot", "global", "groq", "hf.co", "huggingface", "huggingface.co"}
    | {"inference-profile", "library", "litellm_proxy", "lm_studio", "models", "nvidia_nim", "ollama", "openrouter"}
    | {"perplexity", "publishers", "registry.ollama.ai", "replicate", "together_ai", "vllm", "watsonx"}
)  # fmt: skip
# What may follow a name and says no other model: a date, a version, "latest", Bedrock's "-v1:0", a tag.
SUFFIX = re.compile(
    r"(?:[-@_](?:20\d{2}-?\d{2}-?\d{2}|\d{4}|v\d+(?:\.\d+)?|latest|preview|exp)|:[\w.-]+|-v\d+:\d+(?::\w+)?)$"
)
FINE_TUNED = re.compile(r"ft:([^:]+)")
VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")


class Family(NamedTuple):
    """What the catalogue says of a family of models."""

    provider: str
    origin: str | None = None
    license: str | None = None


@dataclass(frozen=True, slots=True)
class Weakness:
    """A vulnerability of software: versions from ``since`` on, before ``fixed``."""

    id: str
    since: tuple[int, ...]
    fixed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``models.yml``: family by the beginning of its names, identifiers by upload, weaknesses by software."""

    families: dict[str, Family]
    malicious: dict[str, list[str]]
    software: dict[str, list[Weakness]]


@cache
def catalogue() -> Catalogue:
    """The file beside this module; a ContentError names the entry that is wrong."""
    raw = yaml.load(CATALOGUE.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    families: dict[str, Family] = {}
    try:
        for entry in raw["families"]:
            family = Family(entry["provider"], entry.get("origin"), entry.get("license"))
            for name in entry["names"]:
                if families.setdefault(name, family) is not family:
                    raise ContentError(f"{name!r} is there twice", file=CATALOGUE)
        malicious = {name: entry["identifiers"] for entry in raw["malicious"] for name in entry["names"]}
        software: dict[str, list[Weakness]] = {}
        for entry in raw["software"]:
            weakness = Weakness(entry["id"], version(entry.get("since", "0")), version(entry["fixed"]))
            software.setdefault(entry["name"], []).append(weakness)
    except (KeyError, TypeError, AttributeError) as error:
        raise ContentError(f"an entry lacks {error} or has another shape", file=CATALOGUE) from error
    return Catalogue(families, malicious, software)


def variants(name: str, *, trust_all: bool = False) -> list[str]:
    """A name as the log has it, then without what stands around it, lower case, the longest first.

    ``trust_all`` takes off namespaces of anybody, not only of makers and of what serves models, and takes a
    fine-tune for its base model: neither may inherit the approval of a name.
    """
    text = name.strip().lower()
    found = [text]

    def add(form: str) -> str:
        if form and form not in found:
            found.append(form)
        return form

    if text.startswith("arn:"):
        text = add(text.rpartition("/")[2])
    tuned = FINE_TUNED.match(text)
    if tuned:
        if not trust_all:
            return found
        text = add(tuned[1])
    while "/" in text:
        space, _, rest = text.partition("/")
        if not (trust_all or space in VOUCHED):
            break
        text = add(rest)
    text = add(bedrock_name(text))
    vendor, dot, rest = text.partition(".")
    if dot and vendor in MAKERS:
        text = add(rest)
    while shorter := SUFFIX.sub("", text):
        if shorter == text:
            break
        text = add(shorter)
    return found


def version(text: Any) -> tuple[int, ...]:
    """``v1.83.0-stable`` -> ``(1, 83, 0)``; empty for what is no version."""
    found = VERSION.match(str(text).strip().lower())
    return tuple(int(part) for part in found[1].split(".")[:6]) if found and len(found[1]) < 40 else ()


def family(name: str) -> Family | None:
    """The family with the longest name that any form of the model's name begins with."""
    families = catalogue().families
    best = ""
    for form in variants(name, trust_all=True):
        for end in range(len(form), len(best), -1):
            if form[:end] in families and not (end < len(form) and form[end].isalnum()):
                best = form[:end]
                break
    return families.get(best)


class _Lists:
    """The company's lists: names exactly, patterns one by one."""

    def __init__(self, patterns: Iterable[str]) -> None:
        cleaned = {pattern.strip().lower() for pattern in patterns}
        self._names = {pattern for pattern in cleaned if "*" not in pattern}
        self._patterns = [
            re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
            for pattern in sorted(cleaned)
            if "*" in pattern
        ]

    def has(self, forms: list[str]) -> bool:
        return any(
            form in self._names or any(pattern.fullmatch(form) for pattern in self._patterns)
            for form in forms
        )


class _Known(NamedTuple):
    """What the enricher writes for one name."""

    status: str
    family: Family | None
    provider: str | None
    malicious: tuple[str, ...]


def build(settings: Settings) -> Enrich:
    """What is known of a model is remembered, for the 16,384 names last seen."""
    approved, unapproved = _Lists(settings.models.approved), _Lists(settings.models.unapproved)

    @lru_cache(REMEMBERED)
    def look_up(name: str) -> _Known:
        status = "unknown"
        if unapproved.has(variants(name, trust_all=True)):
            status = "unapproved"
        elif approved.has(variants(name)):
            status = "approved"
        forms = variants(name)
        malicious = [one for form in forms for one in catalogue().malicious.get(form, ())]
        found = family(name)
        return _Known(status, found, maker(name) or (found.provider if found else None), tuple(malicious))

    def enrich(events: list[Event]) -> None:
        for event in events:
            model = event["ai"].get("model")
            if isinstance(model, dict):
                name = model.get("name")
                _enrich(event, model, look_up(name) if isinstance(name, str) and name else None)

    return enrich


def _enrich(event: Event, model: dict[str, Any], known: _Known | None) -> None:
    weaknesses = list(known.malicious) if known else []
    if known:
        model["status"] = known.status
        if known.family:
            if known.family.origin:
                model.setdefault("origin", known.family.origin)
            if known.family.license:
                model.setdefault("license", known.family.license)
        if known.provider and not model.get("provider"):
            model["provider"] = known.provider
            ocsf = event.get("ai_model")
            if isinstance(ocsf, dict) and ocsf.get("ai_provider") == "Unknown":
                ocsf["ai_provider"] = known.provider
        weaknesses += _of_software(event)
    if weaknesses:
        model["known_vulnerabilities"] = sorted({*model.get("known_vulnerabilities", ()), *weaknesses})


def _of_software(event: Event) -> list[str]:
    product = (event.get("metadata") or {}).get("product")
    if (
        not isinstance(product, dict)
        or not isinstance(product.get("name"), str)
        or not product.get("version")
    ):
        return []
    return list(_weaknesses(product["name"].lower(), str(product["version"])))


@lru_cache(1024)
def _weaknesses(product: str, said: str) -> tuple[str, ...]:
    running = version(said)
    software = next((name for name in catalogue().software if product.split()[:1] == [name]), None)
    if not running or software is None:
        return ()
    return tuple(one.id for one in catalogue().software[software] if one.since <= running < one.fixed)


ENRICHER = Enricher(
    "models",
    40,
    build,
    (
        "ai.model.status",
        "ai.model.provider",
        "ai.model.origin",
        "ai.model.license",
        "ai.model.known_vulnerabilities",
        "ai_model.ai_provider",
    ),
)
