"""Models: the company's lists on every form of a name, and what the catalogue knows."""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocsf_events import model_call

from tracehound import enrichers
from tracehound.config import Settings
from tracehound.errors import ContentError

ENRICHER = next(one for one in enrichers.load() if one.name == "models")
MODULE = importlib.import_module("tracehound.enrichers.models")


def run(event: dict[str, Any], **models: list[str]) -> dict[str, Any]:
    """The event after the enricher."""
    event = copy.deepcopy(event)
    ENRICHER.build(Settings.model_validate({"models": models}))([event])
    return event


def model(name: Any, product: dict[str, Any] | None = None, **models: list[str]) -> dict[str, Any]:
    """``ai.model`` of an event that names this model."""
    event = {"ai": {"model": {"name": name}}, "metadata": {"product": product or {}}}
    made: dict[str, Any] = run(event, **models)["ai"]["model"]
    return made


FORMS = [
    "gpt-4o",
    "GPT-4o",
    "openai/gpt-4o",
    "azure/gpt-4o-2024-08-06",
    "openrouter/openai/gpt-4o",
    "gpt-4o-2024-08-06",
]


@pytest.mark.parametrize("name", FORMS)
def test_one_entry_approves_every_form(name: str) -> None:
    assert model(name, approved=["gpt-4o"])["status"] == "approved"
    assert model(name, unapproved=["GPT-4O"])["status"] == "unapproved"
    assert model(name, approved=["gpt-4"])["status"] == "unknown"


def test_a_fine_tune_is_as_bad_as_its_base_but_not_as_good() -> None:
    name = "ft:gpt-4o-2024-08-06:acme::abc123"
    assert model(name, approved=["gpt-4o"])["status"] == "unknown"
    assert model(name, approved=["ft:gpt-4o*:acme:*"])["status"] == "approved"
    assert model(name, unapproved=["gpt-4o"])["status"] == "unapproved"


BEDROCK = [
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "arn:aws:bedrock:eu-central-1:444455556666:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "claude-sonnet-4-5@20250929",
]


@pytest.mark.parametrize("name", BEDROCK)
@pytest.mark.parametrize("listed", ["claude-sonnet-4-5", "claude-sonnet-*", "*sonnet*"])
def test_one_entry_approves_every_route(name: str, listed: str) -> None:
    assert model(name, approved=[listed])["status"] == "approved"


STATUS: dict[str, tuple[str, dict[str, list[str]], str]] = {
    "no lists": ("gpt-4o", {}, "unknown"),
    "on both": ("gpt-4o", {"approved": ["gpt-*"], "unapproved": ["gpt-4o"]}, "unapproved"),
    "pattern with the maker": (
        "anthropic.claude-3-haiku-20240307-v1:0",
        {"approved": ["anthropic.*"]},
        "approved",
    ),
    "not a beginning": ("gpt-4o-mini", {"approved": ["gpt-4o"]}, "unknown"),
    "tag of a local model": ("llama3.1:8b", {"approved": ["llama3.1"]}, "approved"),
    "one tag only": ("llama3.1:70b", {"approved": ["llama3.1:8b"]}, "unknown"),
    "an upload does not borrow the name": ("someone/llama3.1", {"approved": ["llama3.1"]}, "unknown"),
    "nor behind a registry": ("hf.co/someone/llama3.1", {"approved": ["llama3.1"]}, "unknown"),
    "a refused name is refused in any namespace": (
        "someone/deepseek-r1",
        {"unapproved": ["deepseek-*"]},
        "unapproved",
    ),
    "regex signs are plain": ("gpt-4x1", {"approved": ["gpt-4.1"]}, "unknown"),
}


@pytest.mark.parametrize(("name", "lists", "expected"), STATUS.values(), ids=STATUS.keys())
def test_status(name: str, lists: dict[str, list[str]], expected: str) -> None:
    assert model(name, **lists)["status"] == expected


KNOWN = {
    "gpt-4o-2024-08-06": ("openai", "US", "proprietary"),
    "gpt-oss:20b": ("openai", "US", "apache-2.0"),
    "us.anthropic.claude-3-5-sonnet-20240620-v1:0": ("anthropic", "US", "proprietary"),
    "publishers/google/models/gemini-2.5-pro": ("google", "US", "proprietary"),
    "google/gemma-3-27b-it": ("google", "US", "gemma"),
    "meta.llama3-3-70b-instruct-v1:0": ("meta", "US", "llama3.3"),
    "meta-llama/Llama-3.1-8B-Instruct": ("meta", "US", "llama3.1"),
    "llama3:8b": ("meta", "US", "llama3"),
    "mistral.mixtral-8x7b-instruct-v0:1": ("mistral", "FR", "apache-2.0"),
    "mistral-large-latest": ("mistral", "FR", None),
    "deepseek.r1-v1:0": ("deepseek", "CN", "mit"),
    "deepseek-ai/DeepSeek-V3": ("deepseek", "CN", "deepseek"),
    "Qwen/Qwen3-32B": ("alibaba", "CN", "apache-2.0"),
    "amazon.nova-pro-v1:0": ("amazon", "US", "proprietary"),
    "cohere.command-r-plus-v1:0": ("cohere", "CA", "cc-by-nc-4.0"),
    "ai21.jamba-1-5-large-v1:0": ("ai21", "IL", None),
    "moonshotai/kimi-k2-instruct": ("moonshot", "CN", "modified-mit"),
    "phi4:14b": ("microsoft", "US", "mit"),
    "luminous-base": ("aleph_alpha", "DE", "proprietary"),
    "invoice-extract-prod": (None, None, None),
    "llama3x": ("meta", None, None),
}


@pytest.mark.parametrize(("name", "expected"), KNOWN.items())
def test_catalogue(name: str, expected: tuple[str | None, str | None, str | None]) -> None:
    found = model(name)
    assert (found.get("provider"), found.get("origin"), found.get("license")) == expected


def test_what_the_log_says_stays() -> None:
    event = {"ai": {"model": {"name": "gpt-4o", "provider": "azure", "origin": "EU"}}, "ai_model": {}}
    found = run(event)["ai"]["model"]
    assert (found["provider"], found["origin"]) == ("azure", "EU")


def test_a_provider_that_was_unknown_is_filled_in_both_places(ocsf_problems: Any) -> None:
    event = model_call()
    event["ai"]["model"] = {"name": "gpt-4o"}
    event["ai_model"] = {"name": "gpt-4o", "ai_provider": "Unknown"}
    made = run(event)
    assert made["ai"]["model"]["provider"] == made["ai_model"]["ai_provider"] == "openai"
    assert ocsf_problems(made) == []


SOFTWARE: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an old Ollama": ({"name": "Ollama", "version": "0.1.33"}, ["CVE-2024-37032", "CVE-2024-45436"]),
    "the version that mends it": ({"name": "Ollama", "version": "v0.1.34"}, ["CVE-2024-45436"]),
    "a new one": ({"name": "Ollama", "version": "0.12.6"}, []),
    "before it came in": ({"name": "vLLM", "version": "0.7.3"}, ["CVE-2025-48956", "CVE-2025-59425"]),
    "four parts": ({"name": "vLLM", "version": "0.10.1.1"}, ["CVE-2025-59425"]),
    "a suffix": ({"name": "LiteLLM Proxy", "version": "1.83.0-stable"}, ["CVE-2026-49468"]),
    "no version": ({"name": "Ollama"}, []),
    "no version at all": ({"name": "Ollama", "version": "latest"}, []),
    "another product": ({"name": "Ollama Web", "version": "x0.1"}, []),
    "wrong types": ({"name": ["Ollama"], "version": {"a": 1}}, []),
}


@pytest.mark.parametrize(("product", "expected"), SOFTWARE.values(), ids=SOFTWARE.keys())
def test_vulnerabilities_of_what_serves(product: dict[str, Any], expected: list[str]) -> None:
    assert model("llama3", product).get("known_vulnerabilities", []) == expected


@pytest.mark.parametrize("name", ["baller423/goober2", "hf.co/Baller423/goober2", "glockr1/ballr7:latest"])
def test_uploads_known_as_malicious(name: str) -> None:
    assert model(name)["known_vulnerabilities"] == ["malicious-upload"]


@pytest.mark.parametrize(
    "ai", [{}, {"model": None}, {"model": "gpt-4o"}, {"model": {"name": 5}}, {"model": {}}]
)
def test_events_without_a_model_stay(ai: dict[str, Any]) -> None:
    assert run({"ai": ai})["ai"] == ai


def test_the_status_of_a_service_stays() -> None:
    event = {"ai": {"model": {"provider": "openai", "status": "unapproved"}}}
    assert run(event, approved=["*"]) == event


def test_the_catalogue_is_large() -> None:
    families = MODULE.catalogue().families
    assert len(set(families.values())) >= 100
    assert len(families) >= 500
    assert all(name == name.lower() for name in families)


@pytest.mark.parametrize(
    "text",
    ["families: [{provider: x, names: [a, b]}, {provider: y, names: [a]}]\nmalicious: []\nsoftware: []",
     "families: [{names: [a]}]\nmalicious: []\nsoftware: []", "families: []", "[]"],
)  # fmt: skip
def test_a_broken_catalogue_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "models.yml"
    file.write_text(text, "utf-8")
    monkeypatch.setattr(MODULE, "CATALOGUE", file)
    with pytest.raises(ContentError):
        MODULE.catalogue.__wrapped__()


@given(st.text(max_size=60) | st.from_regex(r"[a-z./:@-]{0,40}", fullmatch=True))
def test_any_name_has_forms(name: str) -> None:
    for trust in (False, True):
        forms = MODULE.variants(name, trust_all=trust)
        assert forms[0] == name.strip().lower()
        assert len(forms) == len(set(forms))
    MODULE.family(name)
    MODULE.version(name)
