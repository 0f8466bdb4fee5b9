"""The ``ai`` object: what OCSF 1.8.0 has no place for, under one root (extension ``ai_security``).

Scalar leaves in nested objects; arrays only where the type says so. Words that are enumerated are closed
sets: a new one is a change of the schema.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tracehound.schema.base import Int, Model, Text, attr, must
from tracehound.schema.constants import (
    Activity,
    ApprovalDecision,
    GuardrailAction,
    ModelStatus,
    Service,
    ToolPhase,
    ToolStatus,
)

Count = Annotated[Int, Field(ge=0)]


class AiAgent(Model):
    """The agent that acts."""

    name: str = attr("Name of the agent or agent framework.", example="support-triage")
    uid: str = attr("Identifier of the agent or of this run of it.", example="AGENT12345")
    type: str = attr("Kind of agent, in the source's words.", example="claude-code")
    parent_uid: str = attr("Identifier of the agent that started this one.", example="AGENT00001")


class AiModel(Model):
    """The model: name, provider and version from the log, the rest from the model catalogue."""

    name: str = attr("Model as the log names it.", example="anthropic.claude-3-5-sonnet-20240620-v1:0")
    provider: str = attr("Who offers the model, lower case.", example="anthropic")
    version: str = attr("Version of the model, where the log has it apart from the name.", example="20240620")
    status: ModelStatus = attr("Whether the company's list of models approves it.", example="unapproved")
    origin: str = attr("Country the developer of the model sits in, ISO 3166-1 alpha-2.", example="US")
    license: str = attr("Licence of the weights, as the catalogue has it.", example="apache-2.0")
    known_vulnerabilities: list[str] = attr(
        "Identifiers of published vulnerabilities of the model or what serves it.", example=["CVE-2024-37032"]
    )


class AiTool(Model):
    """The tool that is called, and what is known of the call."""

    name: str = attr("Name of the tool or function.", example="execute_sql")
    type: str = attr("Kind of tool, in the source's words.", example="function")
    server: str = attr("Server or plugin that offers the tool.", example="postgres-mcp")
    phase: ToolPhase = attr(
        "requested: a model asks for the call; executed: it was run; result: its result was seen.",
        example="executed",
    )
    arguments_text: Text = attr("Arguments of the call as text, masked and cut as configured.")
    result_text: Text = attr("Result of the call as text, masked and cut as configured.")
    status: ToolStatus = attr("How the call ended.", example="success")


class AiMcp(Model):
    """Model Context Protocol."""

    server: str = attr("Name of the MCP server.", example="github-mcp-server")
    method: str = attr("JSON-RPC method.", example="tools/call")
    transport: str = attr("How client and server speak.", example="stdio")


class AiGuardrail(Model):
    """What a guardrail decided."""

    action: GuardrailAction = attr(
        "What the guardrail did; of several verdicts the strictest.", example="blocked"
    )
    policy: str = attr("Policy or guardrail that decided.", example="gr-prod-7 / PROMPT_ATTACK")
    provider: str = attr("Product that runs the guardrail.", example="aws_bedrock")


class AiApproval(Model):
    """Whether somebody let the agent act."""

    decision: ApprovalDecision = attr("What was decided.", example="auto_approved")
    source: str = attr("Who or what decided, in the source's words.", example="config")


class AiTokens(Model):
    """Tokens of a model call."""

    prompt: Count = attr("Tokens that went in, cached ones included.", unit="tokens", example=1250)
    completion: Count = attr("Tokens that came out.", unit="tokens", example=312)
    total: Count = attr("Tokens in and out.", unit="tokens", example=1562)


class Ai(Model):
    """Everything about AI that OCSF 1.8.0 does not name."""

    service: Service = must(
        "Kind of log the event comes from; what a rule's `logsource.service` selects.", example="gateway"
    )
    source: str = must("Name of the normalizer that made the event.", example="litellm")
    activity: Activity = must("What happened.", example="inference")
    principal: str = attr(
        "Who answers for it, canonical and lower case: ARN, e-mail and key hash of one person are one value.",
        example="alice@example.com",
    )
    session_uid: str = attr("Conversation or agent run that the event belongs to.", example="sess-7f3a")
    agent: AiAgent = attr("The agent that acts.")
    model: AiModel = attr("The model that is called, on every class of event.")
    prompt_text: Text = attr(
        "New user text since the last assistant message, as the privacy setting leaves it."
    )
    response_text: Text = attr("What the model answered, as the privacy setting leaves it.")
    prompt_hash: str = attr(
        "Hash of the new user text before it was cut or dropped.", example="9f86d081884c7d65"
    )
    response_hash: str = attr("Hash of the answer before it was cut or dropped.", example="60303ae22b998861")
    text_truncated: bool = attr("True when a stored text was cut to the configured length.", example=True)
    signals: list[str] = attr(
        "Labels of what is in the new part: direction.family.kind.",
        example=["prompt.injection.instruction_override"],
    )
    context_signals: list[str] = attr(
        "Labels of what is in the conversation before the new part.", example=["system.secret.aws_access_key"]
    )
    signal_count: Count = attr("Number of labels in `signals`.", example=1)
    risk_score: Annotated[Int, Field(ge=0, le=100)] = attr(
        "Weight of the signals together, 0 to 100.", example=70
    )
    tool: AiTool = attr("The tool that is called.")
    mcp: AiMcp = attr("MCP server and method.")
    guardrail: AiGuardrail = attr("Verdict of a guardrail.")
    approval: AiApproval = attr("Approval of a tool call.")
    destinations: list[str] = attr(
        "Domains named in text and tool arguments, lower case.", example=["paste.example.net"]
    )
    tokens: AiTokens = attr("Tokens of the call.")
    cost_usd: Annotated[float, Field(ge=0)] = attr("What the call cost.", unit="US dollars", example=0.0123)
