"""Tags: ``attack.t1567``, ``atlas.aml.t0051.000``, ``owasp.llm01-2025``, ``owasp.asi01``.

Ids of ATLAS and OWASP are checked against the lists in ``data/``; ATT&CK ids by their form, its tactics by
name. OWASP's LLM list moved its numbers between editions, so a tag carries the year.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from tracehound.errors import nearest

SIGMA_NAMESPACES = frozenset({"car", "cve", "d3fend", "detection", "stp", "tlp"})
"""Namespaces of the Sigma specification whose values are not checked here."""

_ATTACK_TECHNIQUE = re.compile(r"t[0-9]{4}(\.[0-9]{3})?")
_ATTACK_OTHER = re.compile(r"[gs][0-9]{4}")


@cache
def facts(name: str) -> dict[str, Any]:
    """One of the data files: ``atlas``, ``attack``, ``owasp``."""
    text = files("tracehound.rules").joinpath("data", f"{name}.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


@dataclass(slots=True)
class Tags:
    """Ids taken out of tags, and what is wrong with the others."""

    attack: list[str] = field(default_factory=list)
    attack_tactics: list[str] = field(default_factory=list)
    atlas: list[str] = field(default_factory=list)
    owasp: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    """(tag, reason) of tags that are refused."""
    foreign: list[str] = field(default_factory=list)
    """Tags of namespaces that neither Sigma nor Tracehound knows."""


def read_tags(tags: Iterable[str]) -> Tags:
    """Sort tags by namespace and check them."""
    found = Tags()
    for tag in tags:
        namespace, _, name = tag.partition(".")
        reader = _READERS.get(namespace)
        if tag != tag.lower():
            found.wrong.append((tag, f"tags are lower case: {tag.lower()!r}"))
        elif reader is not None:
            reader(tag, name, found)
        elif namespace not in SIGMA_NAMESPACES:
            found.foreign.append(tag)
    return found


def _attack(tag: str, name: str, found: Tags) -> None:
    tactics = facts("attack")["tactics"]
    if _ATTACK_TECHNIQUE.fullmatch(name):
        found.attack.append(name.upper())
    elif name in tactics:
        found.attack_tactics.append(name)
    elif not _ATTACK_OTHER.fullmatch(name):
        hint = nearest(name, tactics) or "; write attack.t1567, attack.t1567.002 or attack.exfiltration"
        found.wrong.append((tag, f"no ATT&CK technique or tactic{hint}"))


def _atlas(tag: str, name: str, found: Tags) -> None:
    techniques = facts("atlas")["techniques"]
    if name.upper() in techniques:
        found.atlas.append(name.upper())
    else:
        hint = nearest(name.upper(), techniques)
        found.wrong.append((tag, f"no technique of ATLAS {facts('atlas')['version']}{hint.lower()}"))


def _owasp(tag: str, name: str, found: Tags) -> None:
    risks = {risk.lower().replace(":", "-"): risk for risk in facts("owasp")["risks"]}
    if name in risks:
        found.owasp.append(risks[name])
    else:
        found.wrong.append((tag, f"no risk of the OWASP lists{nearest(name, risks)}"))


_READERS = {"attack": _attack, "atlas": _atlas, "owasp": _owasp}
