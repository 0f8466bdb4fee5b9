"""pySigma's sqlite backend on the table of probe rules, where an event is one row of scalars."""

from __future__ import annotations

from typing import Any

import probes


def test_sqlite_says_what_the_table_says(sqlite_oracle: Any) -> None:
    for probe in filter(probes.flat, probes.PROBES):
        event = probe["event"]
        columns = dict.fromkeys(["f", "g", "h", *event], "COLLATE NOCASE")
        case = {"rules": [probes.document(probe)], "columns": columns, "events": [event]}
        said = sqlite_oracle.ask(case)
        expected = probe.get("sqlite", probe["verdict"])
        if expected == "error":
            assert "error" in said, probe["name"]
        else:
            assert said == {"rows": [0] if expected else []}, probe["name"]
