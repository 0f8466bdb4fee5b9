"""Packs written to a temporary folder, and a small schema to check their rules against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tracehound.rules import RuleSet, load_rules

RULE_ID = "6f1f3c0e-90a7-4a73-8a0e-000000000001"
RULE = f"""title: Unapproved model
id: {RULE_ID}
description: A model that the company does not approve.
level: medium
logsource:
  product: ai
  service: gateway
detection:
  selection:
    ai.model.status: unapproved
  condition: selection
"""


@dataclass(frozen=True)
class Field:
    type: str
    enum: dict[str, str] | None = None


FIELDS = {
    "ai.service": Field("keyword"),
    "ai.principal": Field("keyword"),
    "ai.model.name": Field("keyword"),
    "ai.model.status": Field("keyword", {"approved": "", "unapproved": "", "unknown": ""}),
    "ai.tool.name": Field("keyword"),
    "ai.tool.status": Field("keyword"),
    "ai.signals": Field("keyword"),
    "ai.prompt_text": Field("text"),
    "ai.tokens.total": Field("long"),
    "ai.text_truncated": Field("boolean"),
    "message": Field("text"),
    "src_endpoint.ip": Field("ip"),
    "time": Field("date"),
    "unmapped": Field("json"),
}

Write = Callable[..., Path]
Load = Callable[..., RuleSet]


@pytest.fixture
def rule_text() -> str:
    return RULE


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write one file of a pack; gives the pack's folder."""

    def run(path: str, text: str | bytes, pack: str = "pack") -> Path:
        file = tmp_path / pack / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        return tmp_path / pack

    return run


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load packs without our own content, against the small schema."""

    def run(*packs: Path, **options: Any) -> RuleSet:
        empty = tmp_path / "nothing"
        empty.mkdir(exist_ok=True)
        return load_rules(packs, **({"fields": FIELDS, "own": empty} | options))

    return run
