"""Each input beside its golden: the events that it becomes, read by a person when they change.

Inputs written in the vendor's shape lie in tests/data/normalizers/SOURCE; records of tests/data/recorded that show
something of their own are named here. ``--update-goldens`` rewrites.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from normalized import DATA, all_events, cases, check_golden, normalized
from recordings import recorded

from tracehound.normalizers import registry

CASES = [
    (folder.name, path) for folder in sorted(DATA.iterdir()) if folder.is_dir() for path in cases(folder.name)
]
RECORDED = {
    "litellm": {
        "end_user": ("litellm_callback.jsonl", 0),
        "service_key_german": ("litellm_callback.jsonl", 2),
        "streamed": ("litellm_callback.jsonl", 5),
        "third_turn": ("litellm_callback.jsonl", 10),
        "parallel_tool_calls": ("litellm_callback.jsonl", 11),
        "tool_results": ("litellm_callback.jsonl", 12),
        "injection_in_tool_result": ("litellm_callback.jsonl", 15),
        "guardrail_blocked": ("litellm_callback.jsonl", 17),
        "guardrail_flagged": ("litellm_callback.jsonl", 19),
        "guardrail_down": ("litellm_callback.jsonl", 21),
        "guardrail_masked": ("litellm_callback.jsonl", 22),
        "rate_limited": ("litellm_callback.jsonl", 26),
        "provider_filter": ("litellm_callback.jsonl", 29),
        "unknown_model": ("litellm_callback.jsonl", 31),
        "revoked_key": ("litellm_callback.jsonl", 32),
        "embeddings": ("litellm_callback.jsonl", 33),
        "responses_api": ("litellm_callback.jsonl", 35),
        "image": ("litellm_callback.jsonl", 36),
        "anthropic_messages": ("litellm_callback.jsonl", 38),
        "mcp_list": ("litellm_callback.jsonl", 39),
        "mcp_call": ("litellm_callback.jsonl", 40),
        "bare_payload": ("litellm_payload.jsonl", 1),
        "webhook": ("litellm_webhook_1.json", 0),
    },
    "otel_genai": {
        "current_parallel_tool_calls": ("otel_openai_v2_latest_traces.jsonl", 8),
        "current_tool_results": ("otel_openai_v2_latest_traces.jsonl", 9),
        "current_rate_limited": ("otel_openai_v2_latest_traces.jsonl", 4),
        "current_tool_run": ("otel_openai_v2_latest_traces.jsonl", 22),
        "current_agent": ("otel_openai_v2_latest_traces.jsonl", 20),
        "current_log_event": ("otel_openai_v2_latest_logs.jsonl", 12),
        "http_server": ("otel_openai_v2_latest_traces.jsonl", 6),
        "previous_user_message": ("otel_openai_v2_default_logs.jsonl", 1),
        "previous_choice": ("otel_openai_v2_default_logs.jsonl", 15),
        "previous_tool_message": ("otel_openai_v2_default_logs.jsonl", 19),
        "openinference_chat": ("otel_openinference_traces.jsonl", 0),
        "openinference_embeddings": ("otel_openinference_traces.jsonl", 12),
        "openllmetry_chat": ("otel_openllmetry_traces.jsonl", 18),
        "openllmetry_2025_tool_results": ("otel_openllmetry_2025_traces.jsonl", 9),
        "mcp_server_span": ("otel_mcp_sdk_traces.jsonl", 30),
    },
    "claude_code": {
        "user_prompt": ("claude_code_logs.jsonl", 5),
        "shell_accepted": ("claude_code_logs.jsonl", 6),
        "api_request": ("claude_code_logs.jsonl", 8),
        "tool_result": ("claude_code_logs.jsonl", 11),
    },
    "mcp": {
        "initialized": ("mcp_http.jsonl", 1),
        "tool_list": ("mcp_stdio.jsonl", 4),
        "tool_call": ("mcp_http.jsonl", 5),
        "discovered": ("mcp_stdio_modern.jsonl", 1),
    },
}


@pytest.mark.parametrize(("source", "path"), CASES, ids=[f"{source}-{path.stem}" for source, path in CASES])
def test_written_case(source: str, path: Path, request: pytest.FixtureRequest) -> None:
    check_golden(path, all_events(registry().by_name[source], path), request)


@pytest.mark.parametrize(
    ("source", "name"), [(source, name) for source, named in RECORDED.items() for name in named]
)
def test_recorded_case(source: str, name: str, request: pytest.FixtureRequest) -> None:
    file, index = RECORDED[source][name]
    record: dict[str, Any] = recorded(file)[index]
    events = normalized(registry().by_name[source], record, index * 1000)
    check_golden(DATA / source / f"recorded_{name}.json", events, request)


def test_every_golden_has_its_input() -> None:
    inputs = {path.with_name(f"{path.name.partition('.')[0]}.golden.json") for _, path in CASES}
    inputs |= {
        DATA / source / f"recorded_{name}.golden.json" for source, named in RECORDED.items() for name in named
    }
    known = {folder.name for folder in DATA.iterdir()} & set(registry().by_name)
    goldens = {path for source in known for path in (DATA / source).glob("*.golden.json")}
    assert goldens - inputs == set()
