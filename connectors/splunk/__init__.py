"""Splunk Enterprise and Splunk Cloud: events by HEC, apps by file, objects over REST.

The parts import each other relatively, and are imported when their verb is used.
"""

from __future__ import annotations

from tracehound.targets import Target

TARGET = Target(
    "splunk",
    __name__,
    {
        "settings": "settings:SplunkSettings",
        "push": "push:open_sender",
        "deploy": "deploy:deployment",
        "build": "build:build",
        "verify": "verify:verifier",
        "backtest": "backtest:backtester",
        "doctor": "doctor:describe",
        "checks": "doctor:checks",
    },
)
