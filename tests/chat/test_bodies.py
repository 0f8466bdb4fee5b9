"""Bodies of model APIs: what they send, what comes back, what it costs in tokens, and what stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracehound.chat import converse
from tracehound.chat.bodies import answered, documents, sent
from tracehound.chat.usage import tokens

REQUESTS: dict[str, tuple[dict[str, Any], str | None, dict[str, Any]]] = {
    "chat": ({"messages": [{"role": "user", "content": "x"}], "max_tokens": 5}, "x", {"max_tokens": 5}),
    "responses": ({"input": "x", "instructions": "s", "store": True}, "x", {"store": True}),
    "embeddings": ({"input": ["x", "y"], "model": "m"}, "x\ny", {"model": "m"}),
    "gemini": ({"contents": [{"role": "user", "parts": [{"text": "x"}]}]}, "x", {}),
    "titan": ({"inputText": "x", "textGenerationConfig": {"topP": 1}}, "x", {"textGenerationConfig": {"topP": 1}}),
    "titan image": ({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "x", "negativeText": "y"}}, "x\ny",
                    {"taskType": "TEXT_IMAGE", "textToImageParams": {}}),
    "claude text": ({"prompt": "\n\nHuman: x\n\nAssistant:"}, "x", {}),
    "cohere chat": ({"message": "x", "chat_history": [{"role": "USER", "message": "a"},
                                                      {"role": "CHATBOT", "message": "b"}]}, "x", {}),
    "cohere embed": ({"texts": ["x", "y"], "input_type": "search_query"}, "x\ny", {"input_type": "search_query"}),
    "cohere rerank": ({"query": "x", "documents": ["d"]}, "x", {}),
    "stability": ({"text_prompts": [{"text": "x", "weight": 1}], "init_image": "aW1n"}, "x",
                  {"text_prompts": [{"weight": 1}]}),
    "managed prompt": ({"promptVariables": {"topic": {"text": "x"}}}, "x", {"promptVariables": {"topic": {}}}),
    "hugging face": ({"inputs": "x", "parameters": {"top_k": 1}}, "x", {"parameters": {"top_k": 1}}),
    "wrong types": ({"messages": 5, "prompt": {"a": 1}, "inputText": None}, None,
                    {"messages": 5, "prompt": {"a": 1}, "inputText": None}),
    "nothing": ({}, None, {}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "prompt", "left"), REQUESTS.values(), ids=REQUESTS)
def test_request(body: dict[str, Any], prompt: str | None, left: dict[str, Any]) -> None:
    body = copy.deepcopy(body)
    request = sent(body)
    assert converse(request.messages, system=request.system, tools=request.tools).prompt == prompt
    assert body == left


def test_system_and_tools_of_a_request() -> None:
    for body in (
        {"system": "s", "tools": [{"name": "f"}]},
        {"preamble": "s", "toolConfig": {"tools": [{"name": "f"}]}},
    ):
        request = sent(dict(body))
        talk = converse(request.messages, system=request.system, tools=request.tools)
        assert [direction for direction, _, _ in talk.texts] == ["system", "tool_description"]


def test_documents_of_a_request_are_no_prompt() -> None:
    talk = converse(sent({"message": "x", "documents": [{"title": "t", "snippet": "d"}]}).messages)
    assert talk.prompt == "x"
    assert ("document", "t\nd", False) in talk.texts


ANSWERS: dict[str, tuple[dict[str, Any], str | None, dict[str, Any]]] = {
    "chat": ({"choices": [{"index": 0, "message": {"content": "x"}, "logprobs": {"a": 1}}]}, "x",
             {"choices": [{"index": 0}]}),
    "completion": ({"choices": [{"text": "x"}]}, "x", {"choices": [{}]}),
    "responses": ({"output": [{"type": "message", "content": [{"type": "output_text", "text": "x"}]}]}, "x", {}),
    "anthropic": ({"content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn"}, "x",
                  {"stop_reason": "end_turn"}),
    "converse": ({"output": {"message": {"role": "assistant", "content": [{"text": "x"}]}}}, "x", {"output": {}}),
    "claude text": ({"completion": "x", "stop": "y"}, "x", {"stop": "y"}),
    "titan": ({"results": [{"outputText": "x", "completionReason": "FINISH"}]}, "x",
              {"results": [{"completionReason": "FINISH"}]}),
    "llama": ({"generation": "x", "stop_reason": "stop"}, "x", {"stop_reason": "stop"}),
    "mistral": ({"outputs": [{"text": "x", "stop_reason": "stop"}]}, "x", {"outputs": [{"stop_reason": "stop"}]}),
    "cohere": ({"text": "x", "chat_history": [{"role": "USER", "message": "q"}]}, "x", {}),
    "cohere, prompt again": ({"generations": [{"text": "x"}], "prompt": "q"}, "x", {"generations": [{}]}),
    "ai21": ({"completions": [{"data": {"text": "x", "tokens": [1]}}], "prompt": {"text": "q", "tokens": [1]}}, "x",
             {"completions": [{"data": {}}], "prompt": {}}),
    "gemini": ({"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}]}, "x",
               {"candidates": [{"finishReason": "STOP"}]}),
    "ollama": ({"message": {"role": "assistant", "content": "x"}, "done": True}, "x", {"done": True}),
    "transcript": ({"text": "x"}, "x", {}),
    "image": ({"data": [{"b64_json": "aW1n", "revised_prompt": "x"}]}, "x", {"data": [{}]}),
    "vectors": ({"embedding": [0.1], "data": [{"embedding": [0.1], "index": 0}]}, None, {"data": [{"index": 0}]}),
    "wrong types": ({"choices": 1, "output": 2, "content": 3, "data": "x"}, None,
                    {"choices": 1, "output": 2, "content": 3, "data": "x"}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "text", "left"), ANSWERS.values(), ids=ANSWERS)
def test_answer(body: dict[str, Any], text: str | None, left: dict[str, Any]) -> None:
    body = copy.deepcopy(body)
    assert converse(None, answered(body)).response == text
    assert body == left


def test_what_a_search_found() -> None:
    body = {
        "results": [{"document": {"text": "a"}, "relevance_score": 1}, {"snippet": "b"}],
        "data": [{"content": [{"type": "text", "text": "c"}], "score": 0.5}],
    }
    assert documents(body) == ["a", "b", "c"]
    assert body == {"results": [{"relevance_score": 1}, {}], "data": [{"score": 0.5}]}


COUNTS: dict[str, tuple[dict[str, Any], tuple[int | None, int | None, int | None]]] = {
    "openai": ({"usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}}, (5, 2, 7)),
    "openai, cached are in it": ({"usage": {"prompt_tokens": 50, "completion_tokens": 2, "total_tokens": 52,
                                            "cache_read_input_tokens": 40}}, (50, 2, 52)),
    "anthropic, cached are apart": ({"usage": {"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": 40,
                                               "cache_creation_input_tokens": 3}}, (48, 2, None)),
    "converse, cached are apart": ({"usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 47,
                                              "cacheReadInputTokens": 40}}, (45, 2, 47)),
    "gemini": ({"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7}},
               (5, 2, 7)),
    "llama": ({"prompt_token_count": 5, "generation_token_count": 2}, (5, 2, None)),
    "titan": ({"inputTextTokenCount": 5, "results": [{"tokenCount": 2}]}, (5, 2, None)),
    "cohere": ({"meta": {"billed_units": {"input_tokens": 5, "output_tokens": 2}}}, (5, 2, None)),
    "bedrock stream": ({"amazon-bedrock-invocationMetrics": {"inputTokenCount": 5, "outputTokenCount": 2}},
                       (5, 2, None)),
    "texts": ({"usage": {"prompt_tokens": "5", "completion_tokens": "two"}}, (5, None, None)),
    "negative": ({"usage": {"prompt_tokens": -5}}, (None, None, None)),
    "none": ({"usage": []}, (None, None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("body", "wanted"), COUNTS.values(), ids=COUNTS)
def test_tokens(body: dict[str, Any], wanted: tuple[int | None, ...]) -> None:
    assert tuple(tokens(copy.deepcopy(body)).values()) == wanted


KEYS = ["messages", "prompt", "input", "texts", "documents", "chat_history", "message", "choices",
        "content", "output", "text", "results", "data", "usage", "completions", "textToImageParams",
        "text_prompts", "tool_calls", "candidates", "meta", "inputText", "prompt_tokens", "tool_results",
        "embedding"]  # fmt: skip
BODY = st.dictionaries(
    st.sampled_from(KEYS),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        max_leaves=12,
    ),
)


@given(BODY)
def test_any_body_is_read_without_error(body: dict[str, Any]) -> None:
    request = sent(copy.deepcopy(body))
    converse(request.messages, system=request.system, tools=request.tools)
    answer = copy.deepcopy(body)
    tokens(answer)
    assert all(isinstance(text, str) for text in documents(answer))
    converse(None, answered(answer))
