"""Runs in the oracle's own environment: one JSON case a line in, one JSON answer a line out.

In: ``{"rules": [Sigma documents], "columns": {name: type}, "events": [flat objects]}``.
Out: ``{"rows": [numbers of the events]}`` for a rule, ``{"rows": [[...], ...]}`` with whole rows for a
correlation, or ``{"error": "..."}``.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from typing import Any

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection


def answer(case: dict[str, Any]) -> dict[str, Any]:
    backend = sqliteBackend(timestamp_field="time", timestamp_format="unix_ms", event_id_field="uid")
    queries = backend.convert(SigmaCollection.from_dicts(case["rules"]))
    database = sqlite3.connect(":memory:")
    database.create_function("regexp", 2, lambda p, v: v is not None and re.search(p, str(v)) is not None)
    names = list(case["columns"])
    columns = ", ".join(f'"{n}" {kind}' for n, kind in case["columns"].items())
    database.execute(f"CREATE TABLE logs (row INTEGER, {columns})")
    marks = ", ".join("?" * (len(names) + 1))
    for number, event in enumerate(case["events"]):
        row = [number, *(event.get(n) for n in names)]
        database.execute(f"INSERT INTO logs VALUES ({marks})", row)
    rows: list[Any] = []
    for query in queries:
        cursor = database.execute(query)
        heads = [d[0] for d in cursor.description]
        for found in cursor:
            rows.append(found[heads.index("row")] if "row" in heads else dict(zip(heads, found, strict=True)))
    database.close()
    return {"rows": rows}


for line in sys.stdin:
    try:
        said = answer(json.loads(line))
    except Exception as error:  # noqa: BLE001 - whatever goes wrong here is the answer
        said = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
