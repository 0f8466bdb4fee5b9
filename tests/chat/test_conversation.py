"""New part and context of a conversation, in every dialect."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracehound.chat import Conversation, converse
from tracehound.chat.messages import as_text

USER = {"role": "user", "content": "first"}
ASSISTANT = {"role": "assistant", "content": "answer"}
AGAIN = {"role": "user", "content": "second"}

NEW_PART: dict[str, tuple[Any, str | None]] = {
    "a text": ("hello", "hello"),
    "a list of texts": (["a", "b"], "a\nb"),
    "json in a text": ('[{"role": "user", "content": "hi"}]', "hi"),
    "one turn": ([USER], "first"),
    "after the last answer": ([USER, ASSISTANT, AGAIN], "second"),
    "two user messages": ([USER, ASSISTANT, AGAIN, AGAIN], "second\nsecond"),
    "prefill is no answer": ([USER, {"role": "assistant", "content": "{"}], "first"),
    "prefill after turns": ([USER, ASSISTANT, AGAIN, {"role": "assistant", "content": "{"}], "second"),
    "only an answer": ([ASSISTANT], None),
    "anthropic blocks": ([{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image"}]}], "x"),
    "converse": ([{"role": "user", "content": [{"text": "x"}, {"image": {"format": "png"}}]}], "x"),
    "guarded": ([{"role": "user", "content": [{"guardContent": {"text": {"text": "x"}}}]}], "x"),
    "responses input": ([{"role": "user", "content": [{"type": "input_text", "text": "x"}]}], "x"),
    "gemini": ([{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": [{"text": "y"}]},
                {"role": "user", "parts": [{"text": "z"}]}], "z"),
    "semantic conventions": ([{"role": "user", "parts": [{"type": "text", "content": "x"}]}], "x"),
    "cohere history": ([{"role": "USER", "message": "x"}, {"role": "CHATBOT", "message": "y"},
                        {"role": "USER", "message": "z"}], "z"),
    "loose blocks": ([{"type": "text", "text": "x"}, {"type": "text", "text": "y"}], "x\ny"),
    "a role that nobody knows": ([{"role": "pirate", "content": "x"}], "x"),
    "spoken": ([{"role": "user", "content": None, "audio": {"transcript": "x"}}], "x"),
    "realtime": ([{"role": "user", "content": [{"type": "input_audio", "transcript": "x"}]}], "x"),
    "nothing": (None, None),
    "a number": (7, None),
}  # fmt: skip


@pytest.mark.parametrize(("messages", "prompt"), NEW_PART.values(), ids=NEW_PART)
def test_new_part(messages: Any, prompt: str | None) -> None:
    assert converse(messages).prompt == prompt


def test_what_came_before_is_context() -> None:
    talk = converse([{"role": "system", "content": "s"}, USER, ASSISTANT, AGAIN], "answer 2")
    assert talk.texts == [
        ("system", "s", True),
        ("prompt", "first", True),
        ("response", "answer", True),
        ("prompt", "second", False),
        ("response", "answer 2", False),
    ]


CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "openai": ({"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
               ("f", "{}", "1", "function", None)),
    "openai, old": ({"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
                    ("f", "{}", None, "function", None)),
    "openai, custom": ({"role": "assistant", "tool_calls": [{"id": "1", "custom": {"name": "f", "input": "x"}}]},
                       ("f", "x", "1", "function", None)),
    "responses": ([{"type": "function_call", "call_id": "1", "id": "fc", "name": "f", "arguments": "{}"}],
                  ("f", "{}", "1", "function", None)),
    "responses, mcp": ([{"type": "mcp_call", "id": "1", "name": "f", "arguments": "{}", "server_label": "s"}],
                       ("f", "{}", "1", "mcp", "s")),
    "responses, search": ([{"type": "web_search_call", "id": "1", "action": {"query": "q"}}],
                          ("web_search", '{"query":"q"}', "1", "builtin", None)),
    "responses, shell": ([{"type": "local_shell_call", "call_id": "1", "action": {"command": ["ls"]}}],
                         ("local_shell", '{"command":["ls"]}', "1", "builtin", None)),
    "anthropic": ([{"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}],
                  ("f", '{"a":1}', "1", "function", None)),
    "anthropic, by the server": ([{"type": "server_tool_use", "id": "1", "name": "web_search", "input": {}}],
                                 ("web_search", "{}", "1", "builtin", None)),
    "anthropic, mcp": ([{"type": "mcp_tool_use", "id": "1", "name": "f", "server_name": "s", "input": {}}],
                       ("f", "{}", "1", "mcp", "s")),
    "converse": ([{"toolUse": {"toolUseId": "1", "name": "f", "input": {"a": 1}}}],
                 ("f", '{"a":1}', "1", "function", None)),
    "gemini": ([{"functionCall": {"name": "f", "args": {"a": 1}}}], ("f", '{"a":1}', None, "function", None)),
    "gemini, code": ([{"executableCode": {"language": "PYTHON", "code": "1+1"}}],
                     ("code_execution", "1+1", None, "builtin", None)),
    "cohere": ({"role": "assistant", "tool_calls": [{"name": "f", "parameters": {"a": 1}}]},
               ("f", '{"a":1}', None, "function", None)),
    "semantic conventions": ([{"type": "tool_call", "id": "1", "name": "f", "arguments": {"a": 1}}],
                             ("f", '{"a":1}', "1", "function", None)),
    "openinference": ({"role": "assistant", "tool_calls": [{"tool_call": {"id": "1", "function": {
        "name": "f", "arguments": "{}"}}}]}, ("f", "{}", "1", "function", None)),
}  # fmt: skip


@pytest.mark.parametrize(("output", "wanted"), CALLS.values(), ids=CALLS)
def test_tool_call(output: Any, wanted: tuple[Any, ...]) -> None:
    (call,) = converse(None, output).calls
    assert (call.name, call.arguments, call.uid, call.type, call.server) == wanted


ASKED = {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": '{"a":1}'}}]}
RESULTS: dict[str, tuple[Any, str | None, bool | None]] = {
    "openai": ({"role": "tool", "tool_call_id": "1", "content": "ok"}, "ok", None),
    "openai, blocks": ({"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "ok"}]},
                       "ok", None),
    "openai, object": ({"role": "tool", "tool_call_id": "1", "content": {"a": 1}}, '{"a":1}', None),
    "anthropic": ({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "ok",
                                                "is_error": True}]}, "ok", True),
    "anthropic, picture": ({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [
        {"type": "text", "text": "ok"}, {"type": "image", "source": {"data": "aW1hZ2U="}}]}]}, "ok", None),
    "converse": ({"role": "user", "content": [{"toolResult": {"toolUseId": "1", "status": "success", "content": [
        {"json": {"a": 1}}, {"text": "ok"}]}}]}, '{"a":1}\nok', False),
    "responses": ({"type": "function_call_output", "call_id": "1", "output": "ok"}, "ok", None),
    "responses, failed": ({"type": "shell_call_output", "call_id": "1", "output": "no", "status": "incomplete"},
                          "no", True),
    "semantic conventions": ({"role": "tool", "parts": [{"type": "tool_call_response", "id": "1",
                                                         "response": {"a": 1}}]}, '{"a":1}', None),
    "gemini": ({"role": "function", "parts": [{"functionResponse": {"id": "1", "name": "f",
                                                                   "response": {"a": 1}}}]}, '{"a":1}', None),
    "empty": ({"role": "tool", "tool_call_id": "1", "content": ""}, None, None),
}  # fmt: skip


@pytest.mark.parametrize(("message", "text", "failed"), RESULTS.values(), ids=RESULTS)
def test_tool_result_knows_its_call(message: Any, text: str | None, failed: bool | None) -> None:
    (result,) = converse([USER, ASKED, message]).results
    assert (result.text, result.failed) == (text, failed)
    assert (result.name, result.arguments) == ("f", '{"a":1}')


def test_a_result_of_an_earlier_turn_is_context() -> None:
    talk = converse([USER, ASKED, {"role": "tool", "tool_call_id": "1", "content": "old"}, ASSISTANT, AGAIN])
    assert talk.results == []
    assert ("tool_result", "old", True) in talk.texts
    assert ("tool_call", '{"a":1}', True) in talk.texts


def test_what_the_api_ran_itself_has_call_and_result() -> None:
    talk = converse(
        None, [{"type": "mcp_call", "id": "1", "name": "f", "server_label": "s", "error": "down"}]
    )
    (result,) = talk.results
    assert (result.text, result.failed, result.server) == ("down", True, "s")
    assert [call.name for call in talk.calls] == ["f"]


DOCUMENTS: dict[str, Any] = {
    "anthropic": {"type": "document", "source": {"type": "text", "data": "page"}},
    "anthropic, blocks": {"type": "document", "source": {"type": "content", "content": [{"text": "page"}]}},
    "anthropic, search": {"type": "search_result", "content": [{"type": "text", "text": "page"}]},
    "converse": {"document": {"name": "n", "source": {"text": "page"}}},
    "converse, search": {"searchResult": {"content": [{"text": "page"}]}},
}


@pytest.mark.parametrize("block", DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents_are_apart_from_the_prompt(block: Any) -> None:
    talk = converse([{"role": "user", "content": [block, {"type": "text", "text": "sum up"}]}])
    assert talk.prompt == "sum up"
    assert ("document", "page", False) in talk.texts


@pytest.mark.parametrize(
    "block",
    [
        {"type": "document", "source": {"type": "base64", "data": "cGRm"}},
        {"document": {"source": {"bytes": "cGRm"}}},
        {"type": "input_audio", "input_audio": {"data": "cGRm"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cGRm"}},
    ],
)
def test_binary_content_is_left_out(block: Any) -> None:
    talk = converse([{"role": "user", "content": [block]}])
    assert talk.texts == []


REASONING: dict[str, Any] = {
    "anthropic": [{"type": "thinking", "thinking": "hm"}],
    "converse": [{"reasoningContent": {"reasoningText": {"text": "hm"}}}],
    "responses": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}],
    "deepseek": {"role": "assistant", "content": None, "reasoning_content": "hm"},
    "litellm": {"role": "assistant", "reasoning_content": "hm", "thinking_blocks": [
        {"type": "thinking", "thinking": "hm"}]},
    "gemini": [{"thought": True, "text": "hm"}],
}  # fmt: skip


@pytest.mark.parametrize("output", REASONING.values(), ids=REASONING)
def test_reasoning_is_no_answer(output: Any) -> None:
    talk = converse(None, output)
    assert talk.response is None
    assert talk.texts == [("response", "hm", True)]


def test_tool_definitions_are_scanned() -> None:
    for tools in (
        [{"name": "f", "description": "d"}],
        {"tools": [{"toolSpec": {"name": "f"}}]},
        '[{"name": "f"}]',
    ):
        ((direction, text, _),) = converse(None, tools=tools).texts
        assert direction == "tool_description"
        assert '"f"' in text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["role", "content", "type", "text", "parts", "tool_calls", "function", "name", "arguments", "toolUse",
             "toolResult", "source", "message", "id", "audio", "thinking_blocks", "output", "input", "document"]
        ),
        inner | st.sampled_from(["user", "assistant", "tool", "text", "tool_use", "function_call", "reasoning"]),
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@given(JSON, JSON, JSON, JSON)
@example(None, None, [None, ""], None)
def test_anything_is_read_without_error(messages: Any, output: Any, system: Any, tools: Any) -> None:
    talk = converse(messages, output, system=system, tools=tools)
    assert isinstance(talk, Conversation)
    assert all(isinstance(text, str) and text for _, text, _ in talk.texts)
    for call in talk.calls:
        assert all(part is None or isinstance(part, str) for part in (call.name, call.arguments, call.uid))
    for result in talk.results:
        assert all(part is None or isinstance(part, str) for part in (result.name, result.text, result.uid))


def test_what_no_json_can_say_is_text_all_the_same() -> None:
    assert as_text({"a": 2**70}) == "{'a': 1180591620717411303424}"
    assert as_text({"a": "\ud800"}) == "{'a': '\\ud800'}"
