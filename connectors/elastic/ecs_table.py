"""Which ECS field is filled from which OCSF attribute: the one table, and the words for categories.

Elastic Common Schema 9.3.0, https://www.elastic.co/docs/reference/ecs. Names and types are checked against
``ecs_fields.json``. Where a field has several sources the first that the event has is taken.
"""

from __future__ import annotations

COPIED: tuple[tuple[str, str], ...] = (
    ("@timestamp", "time"),
    ("event.id", "metadata.uid"),
    ("event.code", "metadata.event_code"),
    ("event.created", "metadata.logged_time"),
    ("event.provider", "metadata.product.name"),
    ("event.severity", "severity_id"),
    ("event.risk_score", "ai.risk_score"),
    ("event.reason", "status_detail"),
    ("event.start", "start_time"),
    ("event.end", "end_time"),
    ("event.url", "finding_info.src_url"),
    ("event.action", "api.operation"),
    ("event.action", "activity_name"),
    # Who: the user that logs in, else the one that acts.
    ("user.name", "user.name"),
    ("user.id", "user.uid"),
    ("user.email", "user.email_addr"),
    ("user.full_name", "user.full_name"),
    ("user.domain", "user.domain"),
    ("user.name", "actor.user.name"),
    ("user.id", "actor.user.uid"),
    ("user.email", "actor.user.email_addr"),
    ("user.full_name", "actor.user.full_name"),
    ("user.domain", "actor.user.domain"),
    # Where from and where to.
    ("source.ip", "src_endpoint.ip"),
    ("source.address", "src_endpoint.ip"),
    ("source.address", "src_endpoint.hostname"),
    ("source.port", "src_endpoint.port"),
    ("source.domain", "src_endpoint.hostname"),
    ("source.domain", "src_endpoint.domain"),
    ("source.as.number", "src_endpoint.autonomous_system.number"),
    ("source.geo.country_iso_code", "src_endpoint.location.country"),
    ("destination.ip", "dst_endpoint.ip"),
    ("destination.address", "dst_endpoint.ip"),
    ("destination.address", "dst_endpoint.hostname"),
    ("destination.port", "dst_endpoint.port"),
    ("destination.domain", "dst_endpoint.hostname"),
    ("destination.domain", "dst_endpoint.domain"),
    ("destination.as.number", "dst_endpoint.autonomous_system.number"),
    ("destination.geo.country_iso_code", "dst_endpoint.location.country"),
    ("network.protocol", "app_protocol_name"),
    ("network.transport", "connection_info.protocol_name"),
    ("network.bytes", "traffic.bytes"),
    ("host.name", "device.name"),
    ("host.name", "device.hostname"),
    ("host.hostname", "device.hostname"),
    ("host.id", "device.uid"),
    ("host.ip", "device.ip"),
    ("host.os.name", "device.os.name"),
    ("host.os.version", "device.os.version"),
    ("cloud.account.id", "cloud.account.uid"),
    ("cloud.availability_zone", "cloud.zone"),
    ("cloud.project.id", "cloud.project_uid"),
    # What ran, what was asked for.
    ("process.command_line", "process.cmd_line"),
    ("process.entity_id", "process.uid"),
    ("process.executable", "process.path"),
    ("process.executable", "process.file.path"),
    ("process.exit_code", "exit_code"),
    ("process.parent.name", "process.parent_process.name"),
    ("process.parent.pid", "process.parent_process.pid"),
    ("process.parent.command_line", "process.parent_process.cmd_line"),
    ("file.extension", "file.ext"),
    ("http.request.method", "http_request.http_method"),
    ("http.request.id", "http_request.uid"),
    ("http.request.referrer", "http_request.referrer"),
    ("http.version", "http_request.version"),
    ("http.response.status_code", "http_response.code"),
    ("user_agent.original", "http_request.user_agent"),
    ("url.full", "http_request.url.url_string"),
    ("url.domain", "http_request.url.hostname"),
    ("url.path", "http_request.url.path"),
    ("url.query", "http_request.url.query_string"),
    ("url.scheme", "http_request.url.scheme"),
    ("url.port", "http_request.url.port"),
    ("url.full", "url.url_string"),
    ("url.query", "url.query_string"),
    ("dns.question.name", "query.hostname"),
    ("dns.question.type", "query.type"),
    ("dns.response_code", "rcode"),
    ("trace.id", "trace.uid"),
    ("span.id", "trace.span.uid"),
    # The model and the agent.
    ("gen_ai.system", "ai.model.provider"),
    ("gen_ai.request.model", "ai.model.name"),
    ("gen_ai.usage.input_tokens", "ai.tokens.prompt"),
    ("gen_ai.usage.output_tokens", "ai.tokens.completion"),
    ("gen_ai.agent.id", "ai.agent.uid"),
    ("gen_ai.agent.name", "ai.agent.name"),
    ("gen_ai.tool.name", "ai.tool.name"),
    ("gen_ai.tool.type", "ai.tool.type"),
    # A finding's rule.
    ("rule.id", "finding_info.analytic.uid"),
    ("rule.name", "finding_info.analytic.name"),
    ("rule.version", "finding_info.analytic.version"),
    ("rule.description", "finding_info.analytic.desc"),
)

COLLECTED: tuple[tuple[str, str], ...] = (
    ("related.user", "user.name"),
    ("related.user", "user.uid"),
    ("related.user", "user.email_addr"),
    ("related.user", "actor.user.name"),
    ("related.user", "actor.user.uid"),
    ("related.user", "actor.user.email_addr"),
    ("related.user", "ai.principal"),
    ("related.ip", "src_endpoint.ip"),
    ("related.ip", "dst_endpoint.ip"),
    ("related.ip", "device.ip"),
    ("related.hosts", "src_endpoint.hostname"),
    ("related.hosts", "dst_endpoint.hostname"),
    ("related.hosts", "device.hostname"),
    ("related.hosts", "query.hostname"),
    ("related.hosts", "ai.destinations"),
)
"""Every value of these goes into the array, each once."""

SAME: tuple[str, ...] = (
    "cloud.account.name", "cloud.provider", "cloud.region", "file.mime_type", "file.name", "file.path", "file.size",
    "message", "process.name", "process.pid", "process.working_directory",
)  # fmt: skip
"""ECS fields whose name and meaning OCSF has too: nothing is to be done."""

SHARED_ROOTS = frozenset(("cloud", "file", "process", "trace", "url", "user"))
"""First steps of ECS fields that are OCSF objects too."""

MADE: tuple[str, ...] = (
    "data_stream.dataset", "data_stream.namespace", "data_stream.type", "ecs.version", "event.category",
    "event.dataset", "event.duration", "event.kind", "event.module", "event.outcome", "event.type",
    "gen_ai.operation.name", "gen_ai.tool.call.id", "related.hash",
    "threat.tactic.id", "threat.tactic.name", "threat.technique.id", "threat.technique.name",
    "threat.technique.subtechnique.id", "threat.technique.subtechnique.name",
)  # fmt: skip
"""ECS fields that ``ecs.py`` computes."""

CATEGORIES: dict[int, tuple[str, ...]] = {
    1007: ("process",),
    2002: ("vulnerability",),
    2003: ("configuration",),
    2004: ("intrusion_detection",),
    2006: ("intrusion_detection",),
    3002: ("authentication",),
    4001: ("network",),
    4002: ("web", "network"),
    4003: ("network",),
    6003: ("api",),
    6005: ("database",),
}
"""class_uid -> ``event.category``."""

TYPES: dict[int, dict[int, str]] = {
    1007: {1: "start", 2: "end"},
    3002: {1: "start", 2: "end"},
    4001: {1: "start", 2: "end"},
    4002: {},
    4003: {},
    6003: {1: "creation", 2: "access", 3: "change", 4: "deletion"},
    6005: {1: "access", 2: "change", 3: "change", 4: "access"},
}
"""class_uid -> activity_id -> ``event.type``."""

USUAL_TYPE: dict[int, str] = {4001: "connection", 4002: "access", 4003: "protocol", 6005: "access"}
"""``event.type`` of other activities; ``info`` for classes that are not here."""

VERDICT_CLASSES = frozenset((4001, 4002, 4003, 6003))
"""Classes whose ``event.type`` says allowed or denied too."""
VERDICTS: dict[int, str] = {1: "allowed", 2: "denied"}
"""disposition_id -> ``event.type``."""

OPERATIONS: dict[str, str] = {"inference": "chat", "tool_call": "execute_tool", "tool_result": "execute_tool"}
"""ai.activity -> ``gen_ai.operation.name``."""
