"""Request and response bodies of model APIs: where each keeps messages, system text, tools and answer.

``sent``, ``answered`` and ``documents`` take what they find out of the body; parameters, ids and stop reasons stay,
and so become ``unmapped``. Vectors and images are dropped: they are bulk that nothing reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tracehound.chat.blocks import dicts, result_text
from tracehound.chat.templates import turns
from tracehound.record import take_str

MESSAGES = ("messages", "contents", "input", "inputs")
TEXTS = ("prompt", "inputText", "inputPrompt", "texts", "query", "text")
SYSTEM = ("system", "system_instruction", "systemInstruction", "instructions", "preamble")
TOOLS = ("tools", "functions", "toolConfig")
IMAGE_TASKS = (
    "textToImageParams", "imageVariationParams", "inPaintingParams", "outPaintingParams", "textToVideoParams",
    "colorGuidedGenerationParams", "backgroundRemovalParams", "singleEmbeddingParams", "multiShotManualParams",
)  # fmt: skip
ANSWER_TEXTS = (
    "completion", "generation", "outputText", "generated_text", "output_text", "text", "response", "message",
)  # fmt: skip
ECHOES = ("prompt", "texts", "inputText", "chat_history")
"""What an answer repeats of the request."""
ANSWER_LISTS = ("results", "outputs", "generations", "completions", "segments")
BULK = frozenset((
    "embedding", "embeddings", "embeddingsByType", "inputTextEmbeddings", "images", "image", "inputImage",
    "b64_json", "base64", "audio", "init_image", "mask_image", "maskImage", "encrypted_content",
))  # fmt: skip
_COHERE = ("chat_history", "documents", "tool_results", "message")
_REQUEST = BULK.union(
    MESSAGES,
    TEXTS,
    SYSTEM,
    TOOLS,
    IMAGE_TASKS,
    _COHERE,
    ("text_prompts", "negative_prompt", "promptVariables"),
)
"""All that ``sent`` looks for: most bodies of parameters have none of it."""
_IN_TEXTS = frozenset((*TEXTS, *IMAGE_TASKS, "text_prompts", "negative_prompt", "promptVariables"))
_ANSWER_TEXTS = frozenset((*ANSWER_TEXTS, *ANSWER_LISTS, "data", "prompt", "artifacts"))


@dataclass(slots=True)
class Sent:
    """What a request sends to the model, as ``tracehound.chat.converse`` takes it."""

    messages: Any = None
    system: Any = None
    tools: Any = None


def sent(body: dict[str, Any]) -> Sent:
    """Take messages, system text and tool definitions out of a request body."""
    if _REQUEST.isdisjoint(body):
        return Sent()
    found = Sent(system=_first(body, SYSTEM), tools=_first(body, TOOLS))
    messages: list[Any] = [] if body.keys().isdisjoint(_COHERE) else list(_cohere(body))
    for key in MESSAGES:
        if key in body and isinstance(body[key], (str, list, dict)) and body[key]:
            value = body.pop(key)
            if isinstance(value, str):
                value = turns(value)
            messages += value if isinstance(value, list) else [value]
    for text in () if _IN_TEXTS.isdisjoint(body) else _texts(body):
        written = turns(text)
        messages += written if isinstance(written, list) else [{"role": "user", "content": written}]
    if messages:
        texts = [message for message in messages if isinstance(message, str)]
        some = texts and len(texts) < len(messages)
        found.messages = [_as_message(message) for message in messages] if some else messages
    _drop_bulk(body)
    return found


def _as_message(message: Any) -> Any:
    return {"role": "user", "content": message} if isinstance(message, str) else message


def _first(body: dict[str, Any], keys: tuple[str, ...]) -> Any:
    for key in keys:
        if key in body and isinstance(body[key], (str, list, dict)) and body[key]:
            return body.pop(key)
    return None


def _texts(body: dict[str, Any]) -> Iterator[str]:
    for key in TEXTS:
        value = body.get(key)
        if isinstance(value, str) and value:
            yield body.pop(key)
        elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            yield from body.pop(key)
    for prompt in dicts(body.get("text_prompts")):  # Stability
        yield from _take(prompt, "text")
    yield from _take(body, "negative_prompt")
    variables = body.get("promptVariables")  # of a prompt that Bedrock manages
    for variable in variables.values() if isinstance(variables, dict) else ():
        yield from _take(variable, "text")
    for key in IMAGE_TASKS:
        task = body.get(key)
        if isinstance(task, dict):
            for name in ("text", "negativeText"):
                yield from _take(task, name)
            yield from _take(task.get("text"), "value")
            _drop_bulk(task)


def _take(data: Any, key: str) -> Iterator[str]:
    text = take_str(data, key)
    if text:
        yield text


def _cohere(body: dict[str, Any]) -> Iterator[Any]:
    """Cohere's Command R: history, documents and tool results beside one message."""
    if isinstance(body.get("chat_history"), list):
        yield from body.pop("chat_history")
    documents = body.get("documents")
    if isinstance(documents, list) and documents:
        body.pop("documents")
        yield {"role": "user", "content": [_cohere_document(document) for document in documents]}
    for result in dicts(body.get("tool_results")):
        call, outputs = result.pop("call", None), result.pop("outputs", None)
        name = call.get("name") if isinstance(call, dict) else None
        yield {
            "role": "tool",
            "name": name,
            "content": [{"type": "tool_result", "name": name, "content": outputs}],
        }
    if isinstance(body.get("message"), str) and body["message"]:
        yield {"role": "user", "content": body.pop("message")}


def _cohere_document(document: Any) -> Any:
    if isinstance(document, dict):
        texts = [value for value in document.values() if isinstance(value, str)]
        return {"type": "document", "text": "\n".join(texts)}
    return {"type": "document", "text": document}


def answered(body: dict[str, Any]) -> list[Any]:
    """Take the message or messages that came back out of a response body."""
    messages: list[Any] = []
    if "choices" in body:
        messages += _choices(body)
    if "candidates" in body:
        messages += _candidates(body)
    output = body.get("output")
    if isinstance(output, dict) and isinstance(output.get("message"), dict):
        messages.append({"role": "assistant"} | output.pop("message"))
    elif isinstance(output, list):
        messages.extend(body.pop("output"))
    elif isinstance(output, str) and output:
        messages.append({"role": "assistant", "content": body.pop("output")})
    content = body.get("content")
    if isinstance(content, (list, str)) and content:
        messages.append({"role": "assistant", "content": body.pop("content")})
    if isinstance(body.get("message"), dict):  # Cohere v2, Ollama
        messages.append({"role": "assistant"} | body.pop("message"))
    if not _ANSWER_TEXTS.isdisjoint(body):
        messages += [{"role": "assistant", "content": text} for text in _answer_texts(body)]
    if "tool_calls" in body and (calls := dicts(body["tool_calls"])):
        body.pop("tool_calls")
        messages.append({"role": "assistant", "tool_calls": calls})
    for key in ECHOES:
        if isinstance(body.get(key), (str, list)):
            del body[key]
    _drop_bulk(body)
    return messages


def documents(body: dict[str, Any]) -> list[str]:
    """Take the texts that a search or a ranking found out of its response."""
    found: list[str] = []
    if "results" not in body and "data" not in body:
        return found
    for part in (*dicts(body.get("results")), *dicts(body.get("data"))):
        for key in ("document", "snippet", "content"):
            value = part.get(key)
            text = (
                value
                if isinstance(value, str)
                else result_text(value)
                if isinstance(value, (dict, list))
                else None
            )
            if text:
                found.append(text)
                del part[key]
    return found


def _choices(body: dict[str, Any]) -> Iterator[Any]:
    for choice in dicts(body.get("choices")):
        if isinstance(choice.get("message"), dict):
            yield {"role": "assistant"} | choice.pop("message")
        elif isinstance(choice.get("text"), str):
            yield {"role": "assistant", "content": choice.pop("text")}
        choice.pop("logprobs", None)


def _candidates(body: dict[str, Any]) -> Iterator[Any]:
    for candidate in dicts(body.get("candidates")):
        if isinstance(candidate.get("content"), dict):
            yield {"role": "model"} | candidate.pop("content")


def _answer_texts(body: dict[str, Any]) -> Iterator[str]:
    for key in ANSWER_TEXTS:
        yield from _take_text(body, key)
    for key in ANSWER_LISTS:
        for part in dicts(body.get(key)):
            yield from _take_text(part, "outputText")
            yield from _take_text(part, "text")
            data = part.get("data")
            yield from _take_text(data, "text")  # AI21
            _drop_bulk(part)
            _drop_bulk(data)
    data = body.get("data")
    for part in dicts(data):
        yield from _take_text(part, "revised_prompt")
        _drop_bulk(part)
    _drop_ai21_tokens(body)
    for part in dicts(body.get("artifacts")):
        _drop_bulk(part)


def _drop_ai21_tokens(body: dict[str, Any]) -> None:
    """AI21's Jurassic answers with each token of prompt and completion once more."""
    prompt = body.get("prompt")
    for part in (prompt, *(p.get("data") for p in dicts(body.get("completions")))):
        if isinstance(part, dict):
            part.pop("tokens", None)
            part.pop("text", None)


def _take_text(data: Any, key: str) -> Iterator[str]:
    if isinstance(data, dict) and isinstance(data.get(key), str) and data[key]:
        yield data.pop(key)


def _drop_bulk(data: Any) -> None:
    for key in BULK.intersection(data) if isinstance(data, dict) else ():
        if isinstance(data[key], (list, dict, str)):
            del data[key]
