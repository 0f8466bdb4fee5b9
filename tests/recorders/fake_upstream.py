"""A model provider on loopback: the OpenAI and Anthropic APIs as far as the recorders use them.

Paths under ``/fault/STATUS/`` answer with the vendor's error body; ``/fault/slow/`` answers after 5 seconds.
Shapes: https://platform.openai.com/docs/api-reference and https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

from fake_model import Reply, count_tokens, plain, reply_to

ERRORS = {
    400: (
        "The response was filtered due to the prompt triggering our content management policy.",
        "invalid_request_error",
        "content_filter",
    ),
    401: (
        "Incorrect API key provided: sk-harb****************4kQ2.",
        "invalid_request_error",
        "invalid_api_key",
    ),
    429: (
        (
            "Rate limit reached for gpt-4o-mini in organization org-harborline on tokens per min (TPM): "
            "Limit 200000, Used 198830, Requested 2410. Please try again in 372ms."
        ),
        "tokens",
        "rate_limit_exceeded",
    ),
    500: ("The server had an error while processing your request. Sorry about that!", "server_error", None),
}
ANTHROPIC_ERRORS = {
    401: ("authentication_error", "invalid x-api-key"),
    429: (
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 40,000 input tokens a minute.",
    ),
    500: ("api_error", "Internal server error"),
}


def uid(prefix: str) -> str:
    return prefix + secrets.token_hex(12)


def usage(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    asked, answered = count_tokens(body.get("messages")), count_tokens(reply.text or str(reply.tools))
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def tool_calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {"id": uid("call_"), "type": "function", "function": {"name": c.name, "arguments": c.text()}}
        for c in reply.tools
    ]


def offered(body: dict[str, Any]) -> set[str]:
    """Return the names of the offered tools: nested under ``function`` (OpenAI) or plain (Anthropic)."""
    return {(tool.get("function") or tool).get("name", "") for tool in body.get("tools") or []}


def chat(body: dict[str, Any]) -> dict[str, Any]:
    """POST /v1/chat/completions."""
    reply = reply_to(body["messages"], offered(body))
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.tools:
        message["tool_calls"] = tool_calls(reply)
    finish = "tool_calls" if reply.tools else "stop"
    return {
        "id": uid("chatcmpl-"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": dated(body["model"]),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": usage(body, reply),
        "service_tier": "default",
        "system_fingerprint": "fp_9d1c02e7ab",
    }


def dated(model: str) -> str:
    return {"gpt-4o": "gpt-4o-2024-08-06", "gpt-4o-mini": "gpt-4o-mini-2024-07-18"}.get(model, model)


def chat_stream(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed chat completion; tool arguments come in pieces."""
    reply = reply_to(body["messages"], offered(body))
    base = {
        "id": uid("chatcmpl-"),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": dated(body["model"]),
        "system_fingerprint": "fp_9d1c02e7ab",
    }
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "" if reply.text else None}]
    deltas += [{"content": word} for word in re.findall(r"\S+\s*", reply.text)]
    for index, call in enumerate(tool_calls(reply)):
        text = call["function"]["arguments"]
        head = {**call, "index": index, "function": {"name": call["function"]["name"], "arguments": ""}}
        deltas.append({"tool_calls": [head]})
        for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    for delta in deltas:
        yield {**base, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
    finish = "tool_calls" if reply.tools else "stop"
    yield {**base, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": finish}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**base, "choices": [], "usage": usage(body, reply)}


def embeddings(body: dict[str, Any]) -> dict[str, Any]:
    """POST /v1/embeddings: short vectors, so that recordings stay small."""
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = [
        {"object": "embedding", "index": i, "embedding": [0.0125, -0.034, 0.0071]} for i in range(len(texts))
    ]
    spent = count_tokens(texts)
    return {
        "object": "list",
        "data": data,
        "model": body["model"],
        "usage": {"prompt_tokens": spent, "total_tokens": spent},
    }


def images(body: dict[str, Any]) -> dict[str, Any]:
    """POST /v1/images/generations."""
    return {"created": int(time.time()), "data": [{"url": "https://images.modelhost.example/out/7f31.png"}]}


def responses(body: dict[str, Any]) -> dict[str, Any]:
    """POST /v1/responses: a message, or function calls as items of their own."""
    given = body["input"]
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else given
    asked = [{"role": "tool"} if m.get("type") == "function_call_output" else m for m in messages]
    reply = reply_to(asked, offered(body))
    output: list[dict[str, Any]] = [
        {
            "id": uid("fc_"),
            "type": "function_call",
            "status": "completed",
            "call_id": uid("call_"),
            "name": call.name,
            "arguments": call.text(),
        }
        for call in reply.tools
    ]
    if reply.text:
        part = {"type": "output_text", "text": reply.text, "annotations": []}
        message = {"id": uid("msg_"), "type": "message", "role": "assistant", "status": "completed"}
        output.append({**message, "content": [part]})
    asked_tokens, answered = (
        count_tokens(plain(asked[-1].get("content"))),
        count_tokens(reply.text or "tools"),
    )
    return {
        "id": uid("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "model": dated(body["model"]),
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": body.get("tools") or [],
        "usage": {
            "input_tokens": asked_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": answered,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": asked_tokens + answered,
        },
    }


def messages(body: dict[str, Any]) -> dict[str, Any]:
    """POST /v1/messages (Anthropic)."""
    reply = reply_to(body["messages"], offered(body))
    content: list[dict[str, Any]] = [{"type": "text", "text": reply.text}] if reply.text else []
    content += [
        {"type": "tool_use", "id": uid("toolu_"), "name": c.name, "input": c.arguments} for c in reply.tools
    ]
    return {
        "id": uid("msg_"),
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": "tool_use" if reply.tools else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": count_tokens(body["messages"]),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": count_tokens(reply.text or str(reply.tools)),
        },
    }


def messages_stream(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events of a streamed Anthropic message."""
    whole = messages(body)
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(whole["content"]):
        is_text = block["type"] == "text"
        head = {**block, "text": ""} if is_text else {**block, "input": {}}
        yield {"type": "content_block_start", "index": index, "content_block": head}
        delta = (
            {"type": "text_delta", "text": block["text"]}
            if is_text
            else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        )
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": whole["usage"]["output_tokens"]}}
    yield {"type": "message_stop"}


PLAIN = {
    "chat/completions": chat,
    "embeddings": embeddings,
    "images/generations": images,
    "responses": responses,
    "messages": messages,
}


class Upstream(BaseHTTPRequestHandler):
    """Routes by the end of the path; see the module's docstring."""

    protocol_version = "HTTP/1.1"
    project = "."  # what PROJECT in a reply stands for

    def log_message(self, format: str, *args: object) -> None:
        """Keep the recorder's terminal quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        path = self.path.partition("?")[0]
        if path.startswith("/fault/"):
            fault = path.split("/")[2]
            if fault != "slow":
                self.refuse(int(fault), anthropic=path.endswith("/messages"))
                return
            time.sleep(5)
        if path.endswith("/count_tokens"):
            self.answer(200, {"input_tokens": count_tokens(body.get("messages"))})
            return
        kind = path.partition("/v1/")[2]
        if body.get("stream") and kind in ("chat/completions", "messages"):
            self.stream(chat_stream(body) if kind == "chat/completions" else messages_stream(body), kind)
        elif kind in PLAIN:
            self.answer(200, PLAIN[kind](body))
        else:
            self.answer(404, {"error": {"message": f"no route {path}", "type": "invalid_request_error"}})

    def refuse(self, status: int, anthropic: bool) -> None:
        text, kind, code = ERRORS[status]
        if anthropic:
            kind, text = ANTHROPIC_ERRORS.get(status, ("invalid_request_error", text))
            error = {"type": kind, "message": text}
            self.answer(status, {"type": "error", "error": error, "request_id": uid("req_")})
            return
        self.answer(status, {"error": {"message": text, "type": kind, "param": None, "code": code}})

    def answer(self, status: int, value: dict[str, Any]) -> None:
        data = self.encode(value)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("x-request-id", uid("req_"))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def encode(self, value: dict[str, Any]) -> bytes:
        """Write JSON, with the paths that this run's replies name."""
        return json.dumps(value, ensure_ascii=False).replace("PROJECT", self.project).encode()

    def stream(self, events: Iterator[dict[str, Any]], kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n".encode() if kind == "messages" else b""
            self.wfile.write(name + b"data: " + self.encode(event) + b"\n\n")
        if kind == "chat/completions":
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True
