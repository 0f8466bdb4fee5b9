"""AI services by domain, and the company's word on them."""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
from typing import Any

import pytest
from normalized import cases, normalized, records

from tracehound import enrichers
from tracehound.config import Settings
from tracehound.errors import ContentError
from tracehound.normalizers import registry

ENRICHER = next(one for one in enrichers.load() if one.name == "services")
MODULE = importlib.import_module("tracehound.enrichers.services")


def run(event: dict[str, Any], **services: list[str]) -> dict[str, Any]:
    """The event after the enricher."""
    event = {"class_uid": 4002, "metadata": {}, "ai": {}} | copy.deepcopy(event)
    ENRICHER.build(Settings.model_validate({"services": services}))([event])
    return event


def http(host: Any, **more: Any) -> dict[str, Any]:
    return {"http_request": {"url": {"hostname": host}}} | more


def said(event: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Provider, category, status."""
    model = event["ai"].get("model", {})
    labels = [label.partition(":")[2] for label in event["metadata"].get("labels", [])]
    return model.get("provider"), labels[0] if labels else None, model.get("status")


HOSTS = {
    "chat.openai.com": ("openai", "chat"),
    "api.openai.com": ("openai", "api"),
    "ws.chatgpt.com": ("openai", "chat"),
    "CLAUDE.AI": ("anthropic", "chat"),
    "api.anthropic.com.": ("anthropic", "api"),
    "api.deepseek.com:443": ("deepseek", "api"),
    "deepseek.com": ("deepseek", "platform"),
    "gemini.google.com": ("google", "chat"),
    "generativelanguage.googleapis.com": ("google", "api"),
    "europe-west4-aiplatform.googleapis.com": ("google", "api"),
    "bedrock-runtime.eu-central-1.amazonaws.com": ("amazon", "api"),
    "vpce-0a1b.bedrock-runtime.us-east-1.vpce.amazonaws.com": ("amazon", "api"),
    "orders-gw.gateway.bedrock-agentcore.us-west-2.amazonaws.com": ("amazon", "agent"),
    "contoso.openai.azure.com": ("azure", "api"),
    "copilot.microsoft.com": ("microsoft", "chat"),
    "api.individual.githubcopilot.com": ("github_copilot", "coding"),
    "huggingface.co": ("huggingface", "model_hub"),
    "api-inference.huggingface.co": ("huggingface", "api"),
    "registry.ollama.ai": ("ollama", "model_hub"),
    "openrouter.ai": ("openrouter", "relay"),
    "ark.cn-beijing.volces.com": ("bytedance", "api"),
    "grok.com": ("xai", "chat"),
    "api2.cursor.sh": ("cursor", "coding"),
    "www.midjourney.com": ("midjourney", "image"),
}


@pytest.mark.parametrize(("host", "expected"), HOSTS.items())
def test_known_hosts(host: str, expected: tuple[str, str]) -> None:
    assert said(run(http(host))) == (*expected, "unknown")


@pytest.mark.parametrize(
    "host",
    ["example.com", "notopenai.com", "openai.com.evil.example", "xchatgpt.com", "s3.eu-central-1.amazonaws.com",
     "maps.googleapis.com", "203.0.113.4", "com", "", "..", "[::1]", "a" * 300, 5, None, ["chatgpt.com"]],
)  # fmt: skip
def test_other_hosts(host: Any) -> None:
    assert said(run(http(host))) == (None, None, None)


WHERE: dict[str, tuple[dict[str, Any], list[str] | None, str | None]] = {
    "address": (http("api.openai.com"), ["api.openai.com"], "openai"),
    "whole address": (
        {"http_request": {"url": {"url_string": "https://u:p@Claude.ai:443/new?q=1"}}},
        ["claude.ai"],
        "anthropic",
    ),
    "address without scheme": (
        {"http_request": {"url": {"url_string": "claude.ai/new"}}},
        ["claude.ai"],
        "anthropic",
    ),
    "SNI": (
        {"tls": {"sni": "chatgpt.com"}, "dst_endpoint": {"ip": "203.0.113.1"}},
        ["chatgpt.com"],
        "openai",
    ),
    "query": (
        {"query": {"hostname": "poe.com."}, "dst_endpoint": {"hostname": "resolver.corp"}},
        ["poe.com"],
        "poe",
    ),
    "front and host": (
        http("api.deepseek.com", tls={"sni": "cdn.example"}),
        ["api.deepseek.com", "cdn.example"],
        "deepseek",
    ),
    "other end": ({"dst_endpoint": {"hostname": "suno.com"}}, ["suno.com"], "suno"),
    "domain of the other end": ({"dst_endpoint": {"domain": "suno.com"}}, ["suno.com"], "suno"),
    "alias in the answer": (
        {
            "query": {"hostname": "ai.corp.example"},
            "answers": [{"type": "CNAME", "rdata": "x.openai.azure.com"}],
        },
        ["ai.corp.example"],
        "azure",
    ),
    "an address record": (
        {"query": {"hostname": "a.example"}, "answers": [{"type": "A", "rdata": "1.1.1.1"}]},
        ["a.example"],
        None,
    ),
    "address only": ({"dst_endpoint": {"ip": "203.0.113.9", "port": 443}}, None, None),
    "local server": ({"dst_endpoint": {"ip": "10.0.0.9", "port": 11434}}, None, "ollama"),
    "local server by address": (
        {"http_request": {"url": {"hostname": "gpu1", "port": 11434}}},
        ["gpu1"],
        "ollama",
    ),
    "punycode": (http("Bücher.example"), ["xn--bcher-kva.example"], None),
    "no other class": (http("chatgpt.com", class_uid=6003), None, None),
    "wrong types": (
        {"http_request": [], "tls": 5, "query": "x", "dst_endpoint": {"port": "11434"}, "answers": {"a": 1}},
        None,
        None,
    ),
    "bad address": ({"http_request": {"url": {"url_string": "http://[broken"}}}, None, None),
}


@pytest.mark.parametrize(("event", "destinations", "provider"), WHERE.values(), ids=WHERE.keys())
def test_where_the_host_stands(
    event: dict[str, Any], destinations: list[str] | None, provider: str | None
) -> None:
    made = run(event)
    assert made["ai"].get("destinations") == destinations
    assert said(made)[0] == provider


STATUS = {
    "nothing said": ("chatgpt.com", {}, "unknown"),
    "approved": ("chatgpt.com", {"approved": ["ChatGPT.com"]}, "approved"),
    "below an approved domain": ("eu.api.openai.com", {"approved": ["openai.com"]}, "approved"),
    "written with a star": ("chat.deepseek.com", {"unapproved": ["*.deepseek.com"]}, "unapproved"),
    "the longer one": (
        "api.openai.com",
        {"approved": ["api.openai.com"], "unapproved": ["openai.com"]},
        "approved",
    ),
    "both": ("poe.com", {"approved": ["poe.com"], "unapproved": ["poe.com"]}, "unapproved"),
    "a host we do not know": ("ai.vendor.example", {"unapproved": ["vendor.example"]}, "unapproved"),
    "not a part of a label": ("notpoe.com", {"approved": ["poe.com"]}, None),
}


@pytest.mark.parametrize(("host", "services", "status"), STATUS.values(), ids=STATUS.keys())
def test_the_word_of_the_company(host: str, services: dict[str, list[str]], status: str | None) -> None:
    assert said(run(http(host), **services))[2] == status


def test_labels_of_others_stay_and_ours_comes_once() -> None:
    event = run(http("chatgpt.com", metadata={"labels": ["branch:7"]}))
    assert event["metadata"]["labels"] == ["branch:7", "ai_service_category:chat"]
    assert run(event)["metadata"]["labels"] == event["metadata"]["labels"]


def test_the_catalogue_is_large_and_each_domain_matches_itself() -> None:
    known = MODULE.catalogue()
    assert len(known) >= 300
    domains = MODULE.Domains(known)
    for domain, service in known.items():
        assert domains.find(domain.replace("*", "x"))[1] == service


@pytest.mark.parametrize("text", ["- {provider: x, toys: [a.com]}", "- {provider: x, api: [no_domain]}",
                                  "- {provider: x, api: [a.com]}\n- {provider: y, api: [a.com]}"])  # fmt: skip
def test_a_broken_catalogue_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "services.yml"
    file.write_text(text, "utf-8")
    monkeypatch.setattr(MODULE, "CATALOGUE", file)
    with pytest.raises(ContentError):
        MODULE.catalogue.__wrapped__()


@pytest.mark.parametrize("path", cases("ocsf"), ids=lambda path: path.stem)
def test_events_stay_right(path: Path, ocsf_problems: Any) -> None:
    for data in records(path):
        events = normalized(registry().by_name["ocsf"], data)
        ENRICHER.build(Settings())(events)
        assert [problem for event in events for problem in ocsf_problems(event)] == []
