"""Elasticsearch 8.19 and newer, and OpenSearch: events, rules and boards.

The parts import each other relatively, and are imported when their verb is used.
"""

from __future__ import annotations

from tracehound.targets import Target

TARGET = Target(
    "elastic",
    __name__,
    {
        "settings": "settings:ElasticSettings",
        "push": "push:open_sender",
        "deploy": "deploy:deployment",
        "rollback": "rollout:back",
        "build": "boards:build",
        "verify": "verify:verifier",
        "backtest": "backtest:backtester",
        "doctor": "roles:describe",
    },
)
