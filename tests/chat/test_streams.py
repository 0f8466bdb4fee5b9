"""Chunks of a streamed answer become the body that a plain call returns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracehound.chat import converse
from tracehound.chat.bodies import answered
from tracehound.chat.streams import assembled

STREAMS: dict[str, tuple[list[Any], str | None, list[tuple[str | None, str | None]]]] = {
    "anthropic": ([
        {"type": "message_start", "message": {"id": "m", "role": "assistant", "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "b"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "1", "name": "f"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"x"'}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": ":1}"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"}, "[DONE]",
    ], "ab", [("f", '{"x":1}')]),
    "converse": ([
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "a"}}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "b"}}},
        {"contentBlockStart": {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "1", "name": "f"}}}},
        {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"x":'}}}},
        {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "1}"}}}},
        {"messageStop": {"stopReason": "tool_use"}}, {"metadata": {"usage": {"inputTokens": 1}}},
    ], "ab", [("f", '{"x":1}')]),
    "openai": ([
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "a"}}]},
        {"choices": [{"index": 0, "delta": {"content": "b", "tool_calls": [
            {"index": 0, "id": "1", "function": {"name": "f", "arguments": '{"x"'}}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
                      "finish_reason": "tool_calls"}]},
    ], "ab", [("f", '{"x":1}')]),
    "openai, two calls": ([
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "1"}}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 1, "function": {"name": "g", "arguments": "2"}}]}}]},
    ], None, [("f", "1"), ("g", "2")]),
    "openai completion": ([{"choices": [{"text": "a"}]}, {"choices": [{"text": "b"}]}], "ab", []),
    "responses": ([
        {"type": "response.output_text.delta", "delta": "a"},
        {"type": "response.completed", "response": {"id": "r", "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "ab"}]}]}},
    ], "ab", []),
    "titan": ([{"outputText": "a"}, {"outputText": "b", "completionReason": "FINISH"}], "ab", []),
    "llama": ([{"generation": "a"}, {"generation": "b", "stop_reason": "stop"}], "ab", []),
    "mistral": ([{"outputs": [{"text": "a"}]}, {"outputs": [{"text": "b", "stop_reason": "stop"}]}], "ab", []),
    "cohere": ([{"text": "a"}, {"text": "b"}, {"is_finished": True}], "ab", []),
    "nothing": ([], None, []),
    "no objects": (["[DONE]", 5, None], None, []),
}  # fmt: skip


@pytest.mark.parametrize(("chunks", "text", "calls"), STREAMS.values(), ids=STREAMS)
def test_stream(chunks: list[Any], text: str | None, calls: list[tuple[str | None, str | None]]) -> None:
    talk = converse(None, answered(assembled(chunks)))
    assert talk.response == text
    assert [(call.name, call.arguments) for call in talk.calls] == calls


def test_what_is_no_text_stays() -> None:
    body = assembled(STREAMS["anthropic"][0])
    assert body["usage"] == {"input_tokens": 1, "output_tokens": 2}
    assert (body["id"], body["stop_reason"]) == ("m", "tool_use")
    assert assembled(STREAMS["titan"][0])["completionReason"] == "FINISH"
    assert assembled(STREAMS["mistral"][0])["stop_reason"] == "stop"


def test_traces_of_a_guardrail_add_up() -> None:
    chunks = [
        {"outputText": "a", "amazon-bedrock-trace": {"guardrail": {"input": {"g": 1}, "outputs": [1]}}},
        {"outputText": "b", "amazon-bedrock-trace": {"guardrail": {"outputs": [2]}}},
    ]
    assert assembled(chunks)["amazon-bedrock-trace"] == {"guardrail": {"input": {"g": 1}, "outputs": [1, 2]}}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6)
    | st.sampled_from(["message_start", "content_block_start", "content_block_delta", "message_delta"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["type", "index", "delta", "message", "content_block", "choices", "tool_calls", "function",
                         "text", "contentBlockDelta", "contentBlockStart", "contentBlockIndex", "start", "toolUse",
                         "input", "outputs", "metadata", "usage", "partial_json", "generation",
                         "reasoningContent", "arguments"]),
        inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(VALUES, max_size=6))
def test_any_chunks_are_read_without_error(chunks: list[Any]) -> None:
    converse(None, answered(assembled(chunks)))
