"""What is kept of texts: store, hash, drop, masking, cutting, and nothing left elsewhere."""

from __future__ import annotations

import copy
import importlib
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from normalized import DATA, cases, normalized, records

from tracehound import enrichers
from tracehound.config import Privacy
from tracehound.event import TEXTS
from tracehound.normalizers import registry

ENRICHER = next(one for one in enrichers.load() if one.name == "privacy")
MODULE = importlib.import_module("tracehound.enrichers.privacy")
KEY = "AKIA" + "QWERTZUIOPASDFGH"
PROMPT = "Please summarise the quarterly harbour report for Fjordline and list open invoices."
ANSWER = "The harbour report names three open invoices, all of them older than sixty days."
ARGUMENTS = '{"command": "tar czf /tmp/reports.tgz /srv/reports && ls -la /tmp"}'
RESULT = "total 48 -rw-r--r-- 1 deploy deploy 48211 reports.tgz"


def redact(text: str) -> str:
    """Stands for the content scanner."""
    return re.sub(r"AKIA[A-Z]{16}", "AKIA****", text)


def run(event: dict[str, Any], **privacy: Any) -> dict[str, Any]:
    """The event after the enricher."""
    event = copy.deepcopy(event)
    MODULE.enrich_with(Privacy(**privacy), redact)([event])
    return event


def chat(**ai: Any) -> dict[str, Any]:
    return {"class_uid": 6003, "ai": {"prompt_text": PROMPT, "response_text": ANSWER} | ai}


def tool(**more: Any) -> dict[str, Any]:
    texts = {"name": "bash", "arguments_text": ARGUMENTS, "result_text": RESULT}
    return {"class_uid": 6003, "ai": {"tool": texts}} | more


def digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def test_store_keeps_texts_and_hashes_them() -> None:
    ai = run(chat())["ai"]
    assert (ai["prompt_text"], ai["response_text"]) == (PROMPT, ANSWER)
    assert (ai["prompt_hash"], ai["response_hash"]) == (digest(PROMPT), digest(ANSWER))
    assert "text_truncated" not in ai


def test_hash_keeps_the_hash_only() -> None:
    ai = run(chat(), prompt="hash", response="hash")["ai"]
    assert ai == {"prompt_hash": digest(PROMPT), "response_hash": digest(ANSWER)}


def test_drop_keeps_nothing() -> None:
    assert run(chat(), prompt="drop", response="drop")["ai"] == {}


def test_each_setting_is_its_own() -> None:
    ai = run(chat() | {"ai": chat()["ai"] | tool()["ai"]}, prompt="drop", tool="hash")["ai"]
    assert ai["response_text"] == ANSWER
    assert "prompt_text" not in ai
    assert ai["tool"] == {
        "name": "bash",
        "arguments_text": "sha256:" + digest(ARGUMENTS),
        "result_text": "sha256:" + digest(RESULT),
    }


def test_commands_and_queries_follow() -> None:
    event = tool(
        class_uid=1007,
        process={"uid": "t1", "cmd_line": "tar czf /tmp/reports.tgz", "parent_process": {"cmd_line": RESULT}},
        query_info={"query_string": PROMPT, "name": "Retrieve"},
    )
    hashed = run(event, tool="hash", prompt="hash")
    assert hashed["process"]["cmd_line"] == "sha256:" + digest("tar czf /tmp/reports.tgz")
    assert hashed["query_info"] == {"query_string": "sha256:" + digest(PROMPT), "name": "Retrieve"}
    dropped = run(event, tool="drop", prompt="drop")
    assert dropped["process"] == {"uid": "t1", "parent_process": {}}
    assert "query_info" not in dropped


def test_the_hash_is_of_the_whole_text_as_it_was() -> None:
    long = f"{KEY} " + "word " * 4000
    ai = run(chat(prompt_text=long), max_chars=64)["ai"]
    assert ai["prompt_hash"] == digest(long)
    assert ai["prompt_text"] == ("AKIA**** " + "word " * 20)[:64]
    assert ai["text_truncated"] is True


@pytest.mark.parametrize("at", [0, 40, 55, 63, 64, 8200, 8250, 8255])
def test_no_half_secret_at_a_cut(at: int) -> None:
    text = "x" * at + KEY + "y" * 9000
    kept = run(chat(prompt_text=text), max_chars=64)["ai"]["prompt_text"]
    assert len(kept) <= 64
    assert KEY[:8] not in kept


def test_no_half_secret_when_masking_shortens_what_comes_before() -> None:
    text = KEY * 100 + "z" * 6250 + KEY + "tail" * 5000
    kept = run(chat(prompt_text=text), max_chars=64)["ai"]["prompt_text"]
    assert "AKIAQ" not in kept


def test_without_redact_nothing_is_masked() -> None:
    event = chat(prompt_text=KEY)
    MODULE.enrich_with(Privacy(redact=False), None)([event])
    assert event["ai"]["prompt_text"] == KEY


SECRETS: dict[str, dict[str, Any]] = {
    "message": {"message": f"failed for {KEY}"},
    "parameters": {"api": {"operation": "x", "request": {"uid": "1", "data": {"a": [f"k={KEY}"]}}}},
    "error": {"api": {"operation": "x", "response": {"error_message": f"bad key {KEY}"}}},
    "address": {"http_request": {"url": {"url_string": f"https://a.example/?key={KEY}"}}},
    "header": {"http_request": {"http_headers": [{"name": "x-key", "value": KEY}]}},
    "label": {"resources": [{"uid": "r"}, {"uid": "s", "labels": [f"env.KEY={KEY}"]}]},
    "unmapped": {"unmapped": {"headers": {"x-key": KEY}}},
    "raw": {"raw_data": json.dumps({"key": KEY})},
}


@pytest.mark.parametrize("extra", SECRETS.values(), ids=SECRETS.keys())
def test_secrets_elsewhere_are_masked(extra: dict[str, Any]) -> None:
    text = json.dumps(run(chat() | extra, raw="store"))
    assert KEY not in text
    assert "AKIA****" in text


def test_what_is_remembered_as_clean_hides_no_secret() -> None:
    enrich = MODULE.enrich_with(Privacy(), redact)
    events = [chat() | {"unmapped": {"a": "eu-central-1", "b": [value]}} for value in ("harmless", KEY, KEY)]
    for event in events:
        enrich([event])
    assert [event["unmapped"]["b"][0] for event in events] == ["harmless", "AKIA****", "AKIA****"]


def test_raw_is_dropped_unless_asked_for() -> None:
    assert "raw_data" not in run(chat() | {"raw_data": PROMPT})
    assert run(chat() | {"raw_data": PROMPT}, raw="store")["raw_data"] == PROMPT


def test_unmapped_can_be_dropped() -> None:
    assert "unmapped" not in run(chat() | {"unmapped": {"a": 1}}, unmapped="drop")


REPEATED: dict[str, dict[str, Any]] = {
    "message": {"message": f"blocked: {PROMPT[:40]}"},
    "detail": {"status_detail": PROMPT[20:50]},
    "unmapped, deep": {"unmapped": {"a": [{"b": {"c": "title: " + PROMPT[7:30]}}]}},
    "as JSON": {"unmapped": {"body": json.dumps({"messages": [{"content": PROMPT}]})}},
    "parameters": {"api": {"operation": "x", "request": {"uid": "1", "data": {"text": PROMPT}}}},
    "label": {"resources": [{"uid": "r", "labels": ["text=" + PROMPT[:12]]}]},
}


@pytest.mark.parametrize("extra", REPEATED.values(), ids=REPEATED.keys())
def test_what_repeats_a_text_goes_with_it(extra: dict[str, Any]) -> None:
    event = run(
        chat() | extra | {"unmapped": extra.get("unmapped", {}) | {"kept": "eu-central-1"}},
        prompt="hash",
        response="drop",
    )
    assert shared(PROMPT, orjson.dumps(event).decode()) == []
    assert event["unmapped"]["kept"] == "eu-central-1"


@pytest.mark.parametrize(
    "prompt", ["Größe der Lieferung ist unbekannt, bitte prüfen", "请总结本季度的港口报告并列出所有未付发票"]
)
def test_repeated_as_escaped_json(prompt: str) -> None:
    event = chat(prompt_text=prompt) | {"unmapped": {"body": json.dumps({"p": prompt})}}
    assert run(event, prompt="drop")["unmapped"]["body"] == "[removed]"


def test_texts_to_scan_never_stay() -> None:
    event = chat() | {TEXTS: [("system", PROMPT, True)], "unmapped": {"copy": PROMPT[:30]}}
    assert TEXTS not in run(event)
    assert run(event | {"ai": {}}, prompt="drop")["unmapped"]["copy"] == "[removed]"
    assert run(event | {"ai": {}}, prompt="store")["unmapped"]["copy"] == PROMPT[:30]


def test_the_hash_of_half_a_character() -> None:
    assert run(chat(prompt_text="q \udfff"))["ai"]["prompt_hash"] == digest("q \udfff")


@pytest.mark.parametrize("value", [None, 5, "text", [], {}, [1, "x"], {"a": None}, True])
@pytest.mark.parametrize("key", ["api", "process", "query_info", "http_request", "resources", "unmapped"])
def test_wrong_types_are_left_alone(key: str, value: Any) -> None:
    assert run({"ai": {"prompt_text": PROMPT}, key: value}, prompt="hash")[key] == value


@given(st.text(alphabet="ab", min_size=12, max_size=60), st.text(alphabet="ab", max_size=60))
def test_repeats_finds_every_run_of_twelve(value: str, text: str) -> None:
    assert MODULE.repeats(value, text) is bool(shared(value, text))


def shared(one: str, other: str) -> list[str]:
    """Runs of 12 characters that both have."""
    return [one[at : at + 12] for at in range(len(one) - 11) if one[at : at + 12] in other]


def _inputs() -> Iterator[Any]:
    for folder in sorted(DATA.iterdir()) if DATA.is_dir() else ():
        if folder.name in registry().by_name:
            for path in cases(folder.name):
                yield pytest.param(folder.name, path, id=f"{folder.name}-{path.stem}")


@pytest.mark.parametrize("how", ["hash", "drop"])
@pytest.mark.parametrize(("source", "path"), list(_inputs()))
def test_no_text_of_any_source_stays(source: str, path: Path, how: str) -> None:
    normalizer = registry().by_name[source]
    for data in records(path):
        if not normalizer.matches(data):
            continue
        events = normalized(normalizer, data)
        texts = {text for event in events for _, text, _ in event.get(TEXTS, ())}
        MODULE.enrich_with(Privacy(prompt=how, response=how, tool=how), None)(events)
        kept = "\n".join(_free_words(event) for event in events)
        for text in texts:
            for form in (text, json.dumps(text)[1:-1]):
                assert shared(form, kept) == []


NAMED = {
    "": "actor ai_model cloud device dst_endpoint metadata src_endpoint trace user",
    "ai": "agent destinations guardrail mcp model principal",
    "ai.tool": "name server",
    "api": "operation service version",
    "resources": "name type uid",
}
"""Who, where, which tool, model or policy: a text may well speak of them."""


def _free_words(value: Any, path: str = "") -> str:
    """All strings of an event but captions and names, one a line."""
    if isinstance(value, dict):
        kept = [item for key, item in value.items() if key not in NAMED.get(path, "").split()]
        inner = [f"{path}.{key}".strip(".") for key in value if key not in NAMED.get(path, "").split()]
        return "\n".join(_free_words(item, at) for item, at in zip(kept, inner, strict=True))
    if isinstance(value, list):
        return "\n".join(_free_words(item, path) for item in value)
    return value if isinstance(value, str) and not path.endswith("_name") else ""
