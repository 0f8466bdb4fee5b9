"""The day under construction: records per source, stories, and the files they end in."""

import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tracehound.demo.generate.clock import DATE, START

Record = dict[str, Any]
SEED = "halden-freight/2026-11-18"
ACCOUNT = "111122223333"

# One file per source, or per six hours where the vendor delivers many small files.
FILES = {
    "litellm": "litellm.jsonl.gz",
    "bedrock_invocation": "bedrock_invocation.json.gz",
    "otel_traces": "otel_traces.jsonl.gz",
    "otel_logs": "otel_logs.jsonl.gz",
    "claude_code": "claude_code.jsonl.gz",
    "mcp": "mcp.jsonl.gz",
    "openai_audit": "openai_audit.json.gz",
    "proxy_ocsf": "proxy_ocsf.ndjson.gz",
}
TRAIL = "cloudtrail"
# The logs lie in a folder of their own, so that it can be read as a whole.
LOGS = "logs"


@dataclass
class Row:
    """One delivered unit (a line, or one element of an envelope) and how many records it holds."""

    when: float
    order: int
    data: Record
    holds: int = 1


@dataclass
class Day:
    """Everything the generator has written so far."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    stories: list[Record] = field(default_factory=list)

    def rng(self, name: str) -> Random:
        """A generator of its own for each part, so that a change in one leaves the others as they are."""
        return Random(f"{SEED}/{name}")

    def add(self, source: str, when: float, data: Record, holds: int = 1) -> Record:
        """Put a record into the day at epoch seconds ``when``."""
        self.rows[source].append(Row(when, len(self.rows[source]), data, holds))
        return data

    def counts(self) -> dict[str, int]:
        """Records per source; a batch of spans or log records counts each of them."""
        return {source: sum(row.holds for row in rows) for source, rows in self.rows.items()}

    def sorted(self, source: str) -> list[Record]:
        """The source's records in the order of time."""
        return [row.data for row in sorted(self.rows[source], key=lambda row: (row.when, row.order))]

    def trails(self) -> dict[str, list[Record]]:
        """CloudTrail's records by delivered file: one per region and six hours."""
        files: dict[str, list[Record]] = defaultdict(list)
        for row in sorted(self.rows[TRAIL], key=lambda row: (row.when, row.order)):
            quarter = int((row.when - START) // 21_600)
            region = row.data["awsRegion"]
            mark = Random(f"{SEED}/{region}/{quarter}").randbytes(8).hex()
            name = (
                f"{ACCOUNT}_CloudTrail_{region}_{DATE.replace('-', '')}T{quarter * 6:02d}00Z_{mark}.json.gz"
            )
            files[name].append(row.data)
        return files

    def write(self, out: Path) -> None:
        """Write the logs into ``logs/`` and the stories' index beside it; the bytes depend on the records only."""
        logs = out / LOGS
        (logs / TRAIL).mkdir(parents=True, exist_ok=True)
        for stale in (logs / TRAIL).glob("*.json.gz"):
            stale.unlink()
        for source, name in FILES.items():
            records = self.sorted(source)
            if source == "openai_audit":
                records = [audit_page(list(reversed(records)))]
            zipped(logs / name, (dumps(record) + "\n" for record in records))
        for name, records in self.trails().items():
            zipped(logs / TRAIL / name, [dumps({"Records": records})])
        index = {"date": DATE, "company": "Halden Freight", "stories": self.stories}
        (out / "stories.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8", newline="\n")


def audit_page(records: list[Record]) -> Record:
    """The list object of OpenAI's API, newest first."""
    return {
        "object": "list",
        "data": records,
        "first_id": records[0]["id"],
        "last_id": records[-1]["id"],
        "has_more": False,
    }


def dumps(record: Record) -> str:
    """Compact JSON in UTF-8."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def zipped(path: Path, parts: Iterable[str]) -> None:
    """Gzip without name or time in its header, so that equal content gives equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as stream:
        for part in parts:
            stream.write(part.encode())
    path.write_bytes(buffer.getvalue())
