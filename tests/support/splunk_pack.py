"""A pack with one rule whose window is judged when it closes, made from a record of our own tests."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from tracehound.content import content_root

RULE = """\
title: One Guardrail Deleted And No Other
id: 5d0a8e4c-0d5d-4f51-8a0a-4f3f9f6f0c11
name: one_guardrail_deleted
status: experimental
description: A guardrail is deleted.
author: Tests
date: 2026-11-24
logsource:
    product: ai
    service: cloud_audit
detection:
    selection:
        api.operation: DeleteGuardrail
    condition: selection
level: informational
---
title: Few Guardrails Deleted
id: 0f0f9d3b-7f0e-4c40-9b0e-0f3d5d4b8e22
status: experimental
description: Fewer than two guardrails are deleted within ten minutes of the first.
author: Tests
date: 2026-11-24
correlation:
    type: event_count
    rules:
        - one_guardrail_deleted
    group-by:
        - ai.principal
    timespan: 10m
    condition:
        lt: 2
level: medium
tracehound:
    suppress:
        by: [ai.principal]
        for: 1h
    misses:
        - Nothing
    triage:
        - Look
"""


def closing_pack(folder: Path) -> Path:
    """Writes the pack; gives its folder."""
    rule = folder / "detections" / "applications" / "few_guardrails_deleted"
    (rule / "events").mkdir(parents=True)
    (rule / "few_guardrails_deleted.yml").write_text(RULE, "utf-8")
    (file,) = content_root().glob("detections/*/bedrock_guardrail_deleted/events/match_by_hand.json")
    record = json.loads(file.read_text("utf-8"))
    at = datetime.fromisoformat(record["eventTime"])
    later = {
        **record,
        "eventTime": f"{at + timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}",
        "eventID": "11111111-2222-4333-8444-555555555555",
        "requestID": "11111111-2222-4333-8444-666666666666",
    }
    (rule / "events" / "match_alone.json").write_text(json.dumps([record]), "utf-8")
    (rule / "events" / "pass_two.json").write_text(json.dumps([record, later]), "utf-8")
    return folder
