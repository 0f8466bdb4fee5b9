"""Splunk's Common Information Model: which events are in which data model, and its fields from OCSF.

Fields are made when searching (``EVAL-`` of props.conf, all from the event's own fields, in no order). Three of
them are attributes of OCSF too. ``severity`` stays OCSF's (``High``), since rules and boards count it by its words.
``action`` and ``status`` have CIM's word where both are the same but for their case, and both words where they
differ (``blocked`` and ``Denied``, ``200`` and ``Success``), so that neither a rule nor a data model loses its own.

The data models: https://help.splunk.com/en/data-management/common-information-model
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracehound.schema.constants import CLASSES
from tracehound.schema.generate.splunk import sourcetype, splunk_props


@dataclass(frozen=True, slots=True)
class EventType:
    """Events of one data model. ``condition`` narrows those of the classes; all of them where it is empty."""

    name: str
    model: str
    tags: tuple[str, ...]
    classes: tuple[int, ...]
    condition: str = ""

    @property
    def search(self) -> str:
        """What the event type finds; the sourcetype keeps it off all events of others."""
        types = [f'sourcetype="{sourcetype(uid)}"' for uid in self.classes]
        said = types[0] if len(types) == 1 else f"({' OR '.join(types)})"
        return f"{said} {self.condition}".strip()


DATA_LOSS = ("pii", "secret")
_LEAKS = " OR ".join(
    f'"ai.signals{{}}"="{where}.{what}.*"'
    for where in ("prompt", "response", "tool_call")
    for what in DATA_LOSS
)
EVENT_TYPES = (
    EventType("tracehound_alert", "Alerts", ("alert",), (2003, 2004)),
    EventType("tracehound_authentication", "Authentication", ("authentication",), (3002,), "activity_id=1"),
    EventType(
        "tracehound_change", "Change", ("change",), (6003, 6005),
        'ai.service="cloud_audit" (activity_name="Create" OR activity_name="Update" OR activity_name="Delete")',
    ),
    EventType("tracehound_dlp_finding", "Data Loss Prevention", ("dlp", "incident"), (2006,)),
    EventType("tracehound_dlp", "Data Loss Prevention", ("dlp", "incident"), (6003,), f"({_LEAKS})"),
    EventType("tracehound_web", "Web", ("web",), (4002,)),
    EventType("tracehound_network", "Network Traffic", ("network", "communicate"), (4001,)),
    EventType("tracehound_dns", "Network Resolution", ("network", "resolution", "dns"), (4003,)),
)  # fmt: skip


def _first(*names: str) -> str:
    """The first of these fields that the event has."""
    return f"coalesce({', '.join(repr(name) for name in names)})"


_USER = ("ai.principal", "actor.user.email_addr", "actor.user.name", "actor.user.uid")
_SRC = ("src_endpoint.ip", "src_endpoint.hostname", "src_endpoint.name", "device.hostname", "device.ip")
_DEST = ("dst_endpoint.hostname", "dst_endpoint.ip", "dst_endpoint.name")
_OUTCOME = 'case(status_id=1, "success", status_id=2, "failure")'
_COMMON = {
    "vendor_product": "mvjoin(mvdedup(mvappend('metadata.product.vendor_name', 'metadata.product.name')), \" \")",
    "app": "coalesce('metadata.product.name', 'ai.service')",
    "user": _first(*_USER),
    "src": _first(*_SRC),
    "vendor_account": "'cloud.account.uid'",
    "vendor_region": "'cloud.region'",
}
_FINDING = {
    "id": "coalesce('finding_info.uid', 'metadata.uid')",
    "description": "coalesce('finding_info.desc', 'finding_info.title')",
    "signature": "coalesce('finding_info.title', 'finding_info.uid')",
    "signature_id": "coalesce('finding_info.analytic.uid', 'finding_info.uid')",
    "dest": "coalesce(mvindex('resources{}.name', 0), mvindex('resources{}.uid', 0), 'device.hostname')",
}
_PASSED = 'case(disposition_id=1 OR action_id=1, "allowed", action_id=2 OR disposition_id=2, "blocked")'
_TRAFFIC = {
    "dest": _first(*_DEST),
    "dest_ip": "'dst_endpoint.ip'",
    "dest_port": "'dst_endpoint.port'",
    "src_ip": "'src_endpoint.ip'",
    "src_port": "'src_endpoint.port'",
    "bytes": "coalesce('traffic.bytes', 'traffic.bytes_in' + 'traffic.bytes_out')",
    "bytes_in": "'traffic.bytes_in'",
    "bytes_out": "'traffic.bytes_out'",
    "transport": "lower('connection_info.protocol_name')",
    "category": "'ai.model.status'",
}


def _both(word: str, own: str) -> str:
    """CIM's word, and OCSF's beside it where it is another one."""
    return f"if(lower({own})={word}, {word}, mvappend({word}, {own}))"


_CHANGED = (
    'activity_name="Create", "created", activity_name="Update", "modified", activity_name="Delete", "deleted"'
)
_GUARDED = '\'ai.guardrail.action\'="blocked", "blocked", \'ai.guardrail.action\'="modified", "modified"'
_API = {
    "action": _both(f'case({_CHANGED}, {_GUARDED}, true(), "allowed")', "action"),
    "dest": "coalesce('dst_endpoint.hostname', 'api.service.name', 'ai.model.provider')",
    "command": "'api.operation'",
    "change_type": "'ai.service'",
    "object": "coalesce(mvindex('resources{}.name', 0), mvindex('resources{}.uid', 0), 'ai.model.name')",
    "object_id": "mvindex('resources{}.uid', 0)",
    "object_category": (
        "coalesce(mvindex('resources{}.type', 0), if(isnotnull('ai.model.name'), \"model\", null()))"
    ),
    "result": "coalesce('api.response.message', 'api.response.error')",
    "result_id": "'api.response.code'",
    "status": f"coalesce({_both(_OUTCOME, 'status')}, status)",
    "user_agent": "'http_request.user_agent'",
    "dlp_type": "if(isnotnull('ai.signals{}'), \"ai\", null())",
    "category": "mvdedup(mvmap('ai.signals{}', mvindex(split('ai.signals{}', \".\"), 1)))",
    "signature": "'ai.signals{}'",
}
FIELDS: dict[int, dict[str, str]] = {
    2003: {**_COMMON, **_FINDING, "type": '"alert"'},
    2004: {**_COMMON, **_FINDING, "type": '"alert"'},
    2006: {
        **_COMMON, **_FINDING, "dlp_type": '"ai"',
        "action": f"coalesce({_both(_PASSED, 'action')}, action)",
        "category": "'data_security.category'",
        "object": "coalesce('databucket.name', mvindex('resources{}.name', 0))",
    },
    3002: {
        **_COMMON, "dest": _first(*_DEST, "service.name", "api.service.name"),
        "action": f"coalesce({_both(_OUTCOME, 'action')}, action)",
        "user": _first("user.email_addr", "user.name", "user.uid", *_USER),
        "authentication_method": "auth_protocol", "signature": "coalesce('api.operation', activity_name)",
        "reason": "status_detail", "user_agent": "'http_request.user_agent'",
    },
    4001: {**_COMMON, **_TRAFFIC, "action": f"coalesce({_both(_PASSED, 'action')}, action)"},
    4002: {
        **_COMMON, **_TRAFFIC, "action": f"coalesce({_both(_PASSED, 'action')}, action)",
        "status": "mvappend(coalesce('http_response.code', http_status), status)",
        "http_method": "'http_request.http_method'", "http_user_agent": "'http_request.user_agent'",
        "http_referrer": "'http_request.referrer'", "http_content_type": "'http_response.content_type'",
        "url": "'http_request.url.url_string'", "uri_path": "'http_request.url.path'",
        "uri_query": "'http_request.url.query_string'",
        "url_domain": "coalesce('http_request.url.hostname', 'dst_endpoint.hostname')",
    },
    4003: {
        **_COMMON, **_TRAFFIC, "query": "'query.hostname'", "record_type": "'query.type'",
        "answer": "'answers{}.rdata'", "reply_code": "rcode", "reply_code_id": "rcode_id",
        "message_type": 'case(activity_id=1, "Query", activity_id=2, "Response")',
    },
    6003: {**_COMMON, **_API},
    6005: {**_COMMON, **_API},
}  # fmt: skip


def props(fields: Mapping[int, Mapping[str, str]] = FIELDS) -> str:
    """props.conf: what the schema says of our sourcetypes, and the fields of the data models."""
    text = splunk_props()
    for uid, made in fields.items():
        head = f"[{sourcetype(uid)}]"
        begin = text.index(head)
        end = text.find("\n[", begin)
        end = len(text) if end < 0 else end
        lines = [f"EVAL-{name} = {said}" for name, said in made.items()]
        stanza = text[begin:end].rstrip() + "\n# Fields of the Common Information Model.\n" + "\n".join(lines)
        text = text[:begin] + stanza + "\n" + text[end:]
    return text


def event_types() -> Iterator[tuple[str, dict[str, str]]]:
    """Stanzas of eventtypes.conf."""
    for one in EVENT_TYPES:
        yield one.name, {"search": one.search}


def tags() -> Iterator[tuple[str, dict[str, str]]]:
    """Stanzas of tags.conf."""
    for one in EVENT_TYPES:
        yield f"eventtype={one.name}", dict.fromkeys(one.tags, "enabled")


def table() -> str:
    """The mapping as a table of docs/splunk.md."""
    lines = ["| data model | event type, tags | events | fields |", "|---|---|---|---|"]
    for one in EVENT_TYPES:
        names = sorted({name for uid in one.classes for name in FIELDS[uid]})
        classes = ", ".join(f"{CLASSES[uid].name} ({uid})" for uid in one.classes)
        which = f"{classes}: `{one.condition}`" if one.condition else classes
        said = f"`{one.name}`: {', '.join(one.tags)}"
        lines.append(f"| {one.model} | {said} | {which} | {', '.join(names)} |")
    return "\n".join(lines) + "\n"
