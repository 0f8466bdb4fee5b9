"""What a span or log record tells of: a model call, a tool's run, a retrieval, an agent's step, or none."""

from __future__ import annotations

from typing import Any

from tracehound.otel.fields import Attributes, only, text

from .events import MESSAGE_EVENTS
from .vercel import INNER_CALLS

INFERENCE, RETRIEVAL, ACCESS, TOOL = "inference", "retrieval", "access", "tool_call"
APPROVAL, MESSAGE, OTHER = "approval", "message", "other"

OPERATIONS = {
    "chat": INFERENCE, "text_completion": INFERENCE, "generate_content": INFERENCE, "embeddings": INFERENCE,
    "completion": INFERENCE, "embedding": INFERENCE, "response": INFERENCE, "responses": INFERENCE,
    "image_generation": INFERENCE, "speech": INFERENCE, "transcription": INFERENCE, "rerank": RETRIEVAL,
    "messages": INFERENCE, "call_llm": INFERENCE,
    "chat.completions": INFERENCE, "text.completions": INFERENCE,  # Semantic Kernel
    "execute_tool": TOOL, "retrieval": RETRIEVAL, "search_memory": RETRIEVAL,
}  # fmt: skip
"""By ``gen_ai.operation.name``; any other (``invoke_agent``, ``create_agent``...) is access."""
OPENINFERENCE = {
    "LLM": INFERENCE, "EMBEDDING": INFERENCE, "TOOL": TOOL, "RETRIEVER": RETRIEVAL, "RERANKER": RETRIEVAL,
}  # fmt: skip
"""By ``openinference.span.kind``; CHAIN, AGENT, GUARDRAIL, EVALUATOR, PROMPT and others are access."""
OPENLLMETRY = {"tool": TOOL}
"""By ``traceloop.span.kind``; workflow, task and agent are access."""
LANGFUSE = {"generation": INFERENCE, "embedding": INFERENCE, "tool": TOOL, "retriever": RETRIEVAL}
EVENTS = {
    "gen_ai.client.inference.operation.details": INFERENCE,
    "gen_ai.evaluation.result": ACCESS,
}
APPROVALS = ("tool_decision", "tool.blocked_on_user")
VECTOR_STORES = {
    "chroma", "chromadb", "pinecone", "qdrant", "weaviate", "milvus", "lancedb", "marqo", "vespa", "pgvector",
    "turbopuffer", "faiss",
}  # fmt: skip
AI_PREFIXES = (
    "gen_ai.", "llm.", "openinference.", "traceloop.", "ai.", "mcp.", "langfuse.", "gcp.vertex.agent.",
    "embedding.", "retrieval.", "codex.", "gemini_cli.", "tool_", "pydantic_ai.",
)  # fmt: skip
AI_SERVICES = ("codex", "gemini", "claude", "qwen")
TOOL_NAMES = ("gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name", "function_name")
PAYLOADS = ("request_payload", "response_payload")
"""What Amazon Bedrock AgentCore logs of a call of an agent, in the body of its records."""
SIGNS_OF_A_CALL = (
    "gen_ai.response.id", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "gen_ai.input.messages",
    "gen_ai.prompt.0.content", "gen_ai.response.finish_reasons", "gen_ai.response.model",
)  # fmt: skip


def classify(log: dict[str, Any], attributes: Attributes, event_name: str | None) -> tuple[str, str]:
    """The kind, and the name of the operation; what said it is taken out."""
    name = event_name or (log["name"] if isinstance(log.get("name"), str) and log["name"] else None)
    if event_name in MESSAGE_EVENTS:
        only(attributes, "gen_ai.operation.name")
        return MESSAGE, event_name
    kind, operation = _said(attributes)
    if kind is None:
        kind = _guessed(log, attributes, event_name or name)
    return kind, operation or name or _request(attributes)


def _said(attributes: Attributes) -> tuple[str | None, str | None]:
    method = attributes.get("mcp.method.name")
    operation = only(attributes, "gen_ai.operation.name")
    if isinstance(method, str) and method:
        kind = TOOL if method == "tools/call" or operation == "execute_tool" else ACCESS
        return kind, method
    if operation is not None:
        text(attributes, ("openinference.span.kind", "traceloop.span.kind", "llm.request.type"))
        return OPERATIONS.get(operation.lower(), ACCESS), operation
    said = only(attributes, "openinference.span.kind")
    if said is not None:
        return OPENINFERENCE.get(said.upper(), ACCESS), said
    said = only(attributes, "ai.operationId")
    if said is not None:
        kind = TOOL if said == "ai.toolCall" else INFERENCE if said.endswith(INNER_CALLS) else ACCESS
        return kind, said
    said = only(attributes, "llm.request.type")
    if said is not None:
        return OPERATIONS.get(said.lower(), INFERENCE), said
    said = only(attributes, "traceloop.span.kind")
    if said is not None:
        kind = OPENLLMETRY.get(said.lower(), ACCESS)
        name = attributes.get("traceloop.entity.name")
        if kind == TOOL:
            return kind, name if isinstance(name, str) else said
        return kind, only(attributes, "traceloop.entity.name") or said
    if any(key in attributes for key in PAYLOADS):
        return ACCESS, only(attributes, "aws.operation.name")
    said = only(attributes, "langfuse.observation.type")
    return (None, None) if said is None else (LANGFUSE.get(said.lower(), ACCESS), said)


def _guessed(log: dict[str, Any], attributes: Attributes, name: str | None) -> str:
    """By names and attributes that only one kind has."""
    if name in EVENTS:
        return EVENTS[name]
    if name is not None and name.endswith(APPROVALS):
        return APPROVAL
    if any(
        isinstance(inner := attributes.get(key), dict) and "messages" in inner for key in ("input", "output")
    ):
        return ACCESS  # Amazon's agents log what was said beside their spans
    if any(isinstance(attributes.get(key), str) for key in TOOL_NAMES):
        return TOOL
    if any(key in attributes for key in SIGNS_OF_A_CALL):
        return INFERENCE
    if any(str(attributes.get(key)).lower() in VECTOR_STORES for key in ("db.system.name", "db.system")):
        return RETRIEVAL
    if any(key.startswith(AI_PREFIXES) for key in attributes) or (name or "").startswith(AI_PREFIXES):
        return ACCESS
    resource = log.get("resource")
    service = resource.get("service.name") if isinstance(resource, dict) else None
    return ACCESS if isinstance(service, str) and service.startswith(AI_SERVICES) else OTHER


def _request(attributes: Attributes) -> str:
    method, route = (attributes.get(key) for key in ("http.request.method", "http.route"))
    return " ".join(str(part) for part in (method, route) if part) or "Unknown"
