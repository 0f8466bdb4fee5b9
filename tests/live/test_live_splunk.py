"""All verbs against a live Splunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from commands import Run

from tracehound.demo.run import logs


def test_from_an_empty_index_to_findings_and_back(live: Callable[[str], None], tracehound: Run) -> None:
    live("splunk")
    try:
        applied = tracehound("apply", "splunk", "--yes")
        assert applied.code == 0, applied.err
        planned = tracehound("plan", "splunk", "--format", "ndjson")
        assert set(Counter(one["action"] for one in planned.lines)) <= {"unchanged", "left out"}, planned.out
        pushed = tracehound("push", "splunk", *logs())
        assert pushed.code == 0, pushed.err
        verified = tracehound("verify", "splunk", "--format", "ndjson")
        assert verified.code == 0, verified.err
        assert Counter(one["status"] for one in verified.lines)["fired"] > 50
        tested = tracehound(
            "backtest", "splunk", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "ndjson"
        )
        assert tested.code == 0, tested.err
        assert any(one["alerts"] for one in tested.lines)
    finally:
        removed = tracehound("remove", "splunk", "--yes")
    assert removed.code == 0, removed.err
