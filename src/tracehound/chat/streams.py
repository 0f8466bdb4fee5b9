"""A streamed answer, logged as the list of its chunks, put together into the body that a plain call returns.

Chunks of Anthropic Messages, Bedrock Converse and Nova, OpenAI chat and Responses, Titan, Llama, Mistral and Cohere
are told apart by their keys. What a chunk has besides text stays: numbers and ids of the last chunk that has them.
"""

from __future__ import annotations

from typing import Any

TEXT_KEYS = ("outputText", "generation", "completion", "text")
"""Where models that stream plain text put it: Titan, Llama, Claude's text completions, Cohere."""
FINAL_RESPONSE = ("response.completed", "response.failed", "response.incomplete", "response.done")
ANTHROPIC = frozenset(("type", "index", "delta", "message", "content_block"))
CONVERSE = frozenset((
    "messageStart", "messageStop", "metadata", "contentBlockStart", "contentBlockDelta", "contentBlockStop",
))  # fmt: skip
MERGED = ("usage", "amazon-bedrock-trace")
"""Objects of which later chunks add to earlier ones."""


def assembled(chunks: list[Any]) -> dict[str, Any]:
    """One body; what is no object, such as the closing text ``[DONE]``, is left out."""
    made = _Assembly()
    for chunk in chunks:
        if isinstance(chunk, dict):
            made.add(chunk)
    return made.finish()


class _Assembly:
    def __init__(self) -> None:
        self.body: dict[str, Any] = {}
        self.blocks: dict[Any, dict[str, Any]] = {}
        self.choices: dict[Any, dict[str, Any]] = {}
        self.texts: dict[str, list[str]] = {}
        self.converse = False

    def add(self, chunk: dict[str, Any]) -> None:
        kind = chunk.get("type")
        if kind == "content_block_delta":
            self._block_delta(chunk.get("index"), chunk.get("delta"))
            if not chunk.keys() <= ANTHROPIC:
                self._rest(chunk, ANTHROPIC)
        elif kind in FINAL_RESPONSE and isinstance(chunk.get("response"), dict):
            self.body |= chunk["response"]
        elif isinstance(kind, str) and kind.startswith("response."):
            return  # deltas: the final response repeats them
        elif isinstance(kind, str) and self._anthropic(kind, chunk):
            self._rest(chunk, ANTHROPIC)
        elif not (self._converse(chunk) or self._openai(chunk)):
            self._plain(chunk)

    def _anthropic(self, kind: str, chunk: dict[str, Any]) -> bool:
        if kind == "message_start":
            message = chunk.get("message")
            if isinstance(message, dict):
                self._rest(message, frozenset(("content",)))
        elif kind == "content_block_start":
            block = chunk.get("content_block")
            self.blocks[_key(chunk.get("index"))] = dict(block) if isinstance(block, dict) else {}
        elif kind == "message_delta":
            delta = chunk.get("delta")
            if isinstance(delta, dict):
                self._rest(delta, frozenset())
        elif kind not in ("content_block_stop", "message_stop", "ping", "error"):
            return False
        return True

    def _block_delta(self, index: Any, delta: Any) -> None:
        if not isinstance(delta, dict):
            return
        block = self.blocks.get(_key(index))
        if block is None:
            block = self.blocks[_key(index)] = {"type": "text"}
        for key, value in delta.items():
            if key == "partial_json":
                _append(block, "_json", value)
            elif key in ("text", "thinking"):
                _append(block, key, value)

    def _converse(self, chunk: dict[str, Any]) -> bool:
        """Chunks of Converse and Nova: each has one key that names it."""
        if CONVERSE.isdisjoint(chunk):
            return False
        start, delta = chunk.get("contentBlockStart"), chunk.get("contentBlockDelta")
        known = False
        for key in ("messageStart", "messageStop", "metadata"):
            if isinstance(chunk.get(key), dict):
                self._rest(chunk[key], frozenset(("role",)))
                known = True
        if isinstance(start, dict):
            inner = start.get("start")
            self.blocks[_key(start.get("contentBlockIndex"))] = dict(inner) if isinstance(inner, dict) else {}
        if isinstance(delta, dict) and isinstance(delta.get("delta"), dict):
            self._converse_delta(delta.get("contentBlockIndex"), delta["delta"])
        known = known or any(isinstance(part, dict) for part in (start, delta, chunk.get("contentBlockStop")))
        if known:
            self.converse = True
            self._rest(chunk, CONVERSE)
        return known

    def _converse_delta(self, index: Any, delta: dict[str, Any]) -> None:
        block = self.blocks.setdefault(_key(index), {})
        _append(block, "text", delta.get("text"))
        if isinstance(delta.get("toolUse"), dict):
            use = block.setdefault("toolUse", {})
            if isinstance(use, dict):
                _append(use, "input", delta["toolUse"].get("input"))
        if isinstance(delta.get("reasoningContent"), dict):
            thought = block.setdefault("reasoningContent", {})
            if isinstance(thought, dict):
                _append(thought, "text", delta["reasoningContent"].get("text"))

    def _openai(self, chunk: dict[str, Any]) -> bool:
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return False
        for choice in choices:
            if isinstance(choice, dict):
                made = self.choices.setdefault(_key(choice.get("index")), {"message": {"role": "assistant"}})
                self._choice(made, choice)
        self._rest(chunk, frozenset(("choices",)))
        return True

    def _choice(self, made: dict[str, Any], choice: dict[str, Any]) -> None:
        message = made["message"]
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = {"content": choice.get("text")}
        for key in ("content", "refusal", "reasoning_content"):
            _append(message, key, delta.get(key))
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                _merge_call(message.setdefault("tool_calls", []), call)
        known = ("delta", "text", "message")
        made |= {key: value for key, value in choice.items() if key not in known and value is not None}

    def _plain(self, chunk: dict[str, Any]) -> None:
        """Chunks with the text under one key, or in a list of outputs or generations."""
        for key in TEXT_KEYS:
            if isinstance(chunk.get(key), str):
                self.texts.setdefault(key, []).append(chunk[key])
        listed: tuple[str, ...] = ()
        for key in ("outputs", "generations", "results"):
            if isinstance(chunk.get(key), list):
                listed = (*listed, key)
                for part in chunk[key]:
                    text = part.get("text", part.get("outputText")) if isinstance(part, dict) else None
                    if isinstance(text, str):
                        self.texts.setdefault("completion", []).append(text)
                    if isinstance(part, dict):
                        self._rest(part, frozenset(("text", "outputText")))
        self._rest(chunk, frozenset((*TEXT_KEYS, *listed)))

    def _rest(self, data: dict[str, Any], known: frozenset[str]) -> None:
        if data.keys() <= known:
            return
        for key, value in data.items():
            if key in known or value is None:
                continue
            self.body[key] = _merged(self.body[key], value) if key in MERGED and key in self.body else value

    def finish(self) -> dict[str, Any]:
        for block in self.blocks.values():
            if "_json" in block:
                block["input"] = block.pop("_json")
        content = [block for _, block in sorted(self.blocks.items(), key=lambda item: str(item[0]).zfill(9))]
        if content and self.converse:
            self.body["output"] = {"message": {"role": "assistant", "content": content}}
        elif content:
            self.body["content"] = content
        if self.choices:
            self.body["choices"] = list(self.choices.values())
        for key, texts in self.texts.items():
            self.body[key] = "".join(texts)
        return self.body


def _merged(old: Any, new: Any) -> Any:
    """Objects and lists of both chunks; of two values the later one."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: _merged(old[key], value) if key in old else value for key, value in new.items()}
    return old + new if isinstance(old, list) and isinstance(new, list) else new


def _append(target: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, str):
        old = target.get(key)
        target[key] = old + value if isinstance(old, str) else value


def _merge_call(calls: list[dict[str, Any]], call: dict[str, Any]) -> None:
    """Parts of a tool call carry its index; only the first has its id and name."""
    place = call.get("index")
    found = next((c for c in calls if c.get("index") == place), None)
    if found is None:
        found = {"index": place, "function": {}}
        calls.append(found)
    found |= {key: value for key, value in call.items() if key != "function" and value is not None}
    function = call.get("function")
    if isinstance(function, dict):
        _append(found["function"], "name", function.get("name"))
        _append(found["function"], "arguments", function.get("arguments"))


def _key(index: Any) -> Any:
    return index if isinstance(index, (int, str)) else 0
