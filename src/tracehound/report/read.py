"""What the report shows, read from the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import orjson

from tracehound import store

LEVELS = {1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical"}

EVENTS = "events WHERE NOT (class_uid = 2004 AND ai.source = 'tracehound')"
HOURS = f"""
SELECT epoch_ms(date_trunc('hour', time)) AS hour, ai.source AS source, count(DISTINCT metadata.uid) AS n
FROM {EVENTS} GROUP BY ALL ORDER BY ALL"""
MODELS = f"""
SELECT ai.model.name AS name, max(ai.model.provider) AS provider, max(ai.model.status) AS status,
       max(ai.model.origin) AS origin, count(DISTINCT metadata.uid) AS calls, sum(ai.tokens.total) AS tokens,
       sum(ai.cost_usd) AS cost, count(DISTINCT ai.principal) AS principals
FROM {EVENTS} AND ai.activity = 'inference' AND ai.model.name IS NOT NULL GROUP BY 1 ORDER BY calls DESC, name"""
AGENTS = f"""
SELECT coalesce(ai.agent.name, ai.mcp.server) AS name, max(ai.service) AS service,
       count(DISTINCT metadata.uid) AS events,
       count(DISTINCT metadata.uid) FILTER (ai.activity IN ('tool_call', 'tool_result')) AS tools,
       count(DISTINCT ai.session_uid) AS sessions, list(DISTINCT ai.tool.name) AS names,
       count(DISTINCT ai.principal) AS principals
FROM {EVENTS} AND coalesce(ai.agent.name, ai.mcp.server) IS NOT NULL GROUP BY 1 ORDER BY events DESC, name"""
PRINCIPALS = f"""
SELECT ai.principal AS name, count(DISTINCT metadata.uid) AS events, list(DISTINCT ai.source) AS sources,
       count(DISTINCT ai.model.name) AS models, sum(ai.tokens.total) AS tokens
FROM {EVENTS} AND ai.principal IS NOT NULL GROUP BY 1 ORDER BY events DESC, name"""
FINDINGS = """
SELECT epoch_ms(time) AS time, severity_id, activity_id, count, finding_info, evidences,
       remediation.desc AS todo, ai
FROM findings ORDER BY time, activity_id"""
IDS = f"""
SELECT metadata.uid AS uid, epoch_ms(time) AS time, metadata.original_event_uid AS original,
       metadata.correlation_uid AS correlation, api.request.uid AS request, trace.uid AS trace,
       trace.span.uid AS span, ai.session_uid AS session, metadata.sequence AS sequence, ai.source AS source,
       ai.principal AS principal, ai.activity AS activity, api.operation AS operation, status, status_detail,
       ai.model.name AS model, ai.tool.name AS tool, ai.guardrail.action AS guardrail, ai.signals AS signals,
       ai.prompt_text AS prompt, ai.response_text AS response, ai.tool.arguments_text AS arguments,
       ai.tool.result_text AS result, src_endpoint.ip AS ip, ai.destinations AS destinations
FROM {EVENTS} ORDER BY time"""


@dataclass(slots=True)
class Finding:
    """One finding: the last state of it, whatever updates came."""

    uid: str
    time: int
    level: str
    title: str
    area: str
    principal: str
    count: int
    matched: dict[str, Any]
    todo: list[str]
    desc: str
    tags: list[str]
    events: list[str]
    sources: list[str]


@dataclass(slots=True)
class Data:
    """All tables of the report."""

    hours: list[dict[str, Any]]
    models: list[dict[str, Any]]
    agents: list[dict[str, Any]]
    principals: list[dict[str, Any]]
    findings: list[Finding]
    events: list[dict[str, Any]]
    sources: dict[str, int] = field(default_factory=dict)


def load(folder: Path) -> Data:
    """Read everything in a handful of queries."""
    with store.connect(folder) as link:
        findings = _findings(_rows(link, FINDINGS))
        hours = _rows(link, HOURS)
        data = Data(
            hours,
            _rows(link, MODELS),
            _rows(link, AGENTS),
            _rows(link, PRINCIPALS),
            findings,
            _rows(link, IDS),
        )
    for row in hours:
        data.sources[row["source"]] = data.sources.get(row["source"], 0) + row["n"]
    _count_findings(data)
    return data


def _rows(link: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    result = link.execute(sql)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _findings(rows: Iterable[dict[str, Any]]) -> list[Finding]:
    latest: dict[str, Finding] = {}
    for row in rows:
        info, ai = row["finding_info"], row["ai"]
        uid = info["uid"]
        if uid in latest:  # an update: only the count is news
            latest[uid].count = max(latest[uid].count, row["count"] or 1)
            continue
        evidences = orjson.loads(row["evidences"]) if row["evidences"] else []
        latest[uid] = Finding(
            uid, row["time"], LEVELS.get(row["severity_id"], "informational"), info["title"],
            (info["types"] or ["other"])[0], ai["principal"] or "", row["count"] or 1,
            evidences[0].get("data", {}) if evidences else {}, (row["todo"] or "").splitlines(), info["desc"] or "",
            _tags(info), [event["uid"] for event in _json(info["related_events"])], info["data_sources"] or [],
        )  # fmt: skip
    return list(latest.values())


def _tags(info: dict[str, Any]) -> list[str]:
    techniques = [f"{t['technique']['uid']} {t['technique'].get('name', '')}".strip()
                  for t in _json(info["attacks"]) if "technique" in t]  # fmt: skip
    risks = [f"{tag['name']} {tag.get('value', '')}".strip() for tag in _json(info["tags"])]
    return techniques + risks


def _json(value: Any) -> list[dict[str, Any]]:
    found = orjson.loads(value) if isinstance(value, str) else value
    return found or []


def _count_findings(data: Data) -> None:
    """Add to each principal how many findings name it, worst first."""
    for row in data.principals:
        own = [finding for finding in data.findings if finding.principal == row["name"]]
        row["findings"] = len(own)
        row["worst"] = max((list(LEVELS.values()).index(f.level) for f in own), default=-1)
    data.principals.sort(key=lambda row: (-row["worst"], -row["findings"], -row["events"]))
