"""Record what OpenTelemetry instrumentations of the OpenAI client export, as OTLP/JSON.

``python tests/recorders/otel_genai.py OUTDIR [--venv DIR]``

One program (``otel_parts/traffic.py``: chats, tool calls, agents, HTTP spans) runs once per instrumentation
against ``fake_upstream.py``. Its OTLP/HTTP protobuf is received as a collector would receive it and turned
into OTLP/JSON, one ExportTraceServiceRequest or ExportLogsServiceRequest a line: ``otel_NAME_traces.jsonl``,
``otel_NAME_logs.jsonl`` for each NAME of ``WAYS``. The JSON is read back and compared with what was received.
"""

from __future__ import annotations

import gzip
import itertools
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import kit
from fake_upstream import Upstream

PARTS = kit.HERE / "otel_parts"
CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"

# name of the recording: (requirements, instrumentation in traffic.py, environment)
WAYS: dict[str, tuple[str, str, dict[str, str]]] = {
    "openai_v2_default": ("otel", "openai_v2", {CONTENT: "true"}),
    "openai_v2_latest": (
        "otel",
        "openai_v2",
        {
            CONTENT: "SPAN_AND_EVENT",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
            "BAGGAGE_ON_SPANS": "1",
        },
    ),
    "openinference": ("otel", "openinference", {}),
    "openllmetry": ("otel", "openllmetry", {"TRACELOOP_TRACE_CONTENT": "true", "BAGGAGE_ON_SPANS": "1"}),
    "openllmetry_2025": ("otel_2025", "openllmetry", {"TRACELOOP_TRACE_CONTENT": "true"}),
    "openllmetry_events": ("otel", "openllmetry_events", {"TRACELOOP_TRACE_CONTENT": "true"}),
}


def collector(folder: Path) -> type[BaseHTTPRequestHandler]:
    """Build a handler that keeps the bodies posted to /v1/traces and /v1/logs in ``folder``."""
    numbers = itertools.count(1)

    class Collector(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Keep the recorder's terminal quiet."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            kind = self.path.rpartition("/")[2]
            (folder / f"{next(numbers):03d}.{kind}").write_bytes(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Collector


def record(name: str, python: Path, outdir: Path) -> None:
    """Run the program under one instrumentation and write its files."""
    _, way, settings = WAYS[name]
    with kit.workdir() as work, kit.serving(Upstream) as upstream:
        bodies = work / "bodies"
        bodies.mkdir()
        env = kit.clean_environment(work, **settings)
        with kit.serving(collector(bodies)) as address:
            kit.run([python, PARTS / "traffic.py", way, upstream, address], work, env)
        kit.run([python, PARTS / "to_json.py", bodies, work / f"otel_{name}"], work, env)
        scrub = kit.Scrub((python.parent.parent, "/opt/app"), (PARTS, "/srv/app"), (work, "/srv/run"))
        for path in sorted(work.glob("otel_*.jsonl")):
            kit.write_lines(outdir / path.name, path.read_text(encoding="utf-8").splitlines(), scrub)


def main() -> None:
    args = kit.arguments(__doc__ or "")
    for requirements in sorted({way[0] for way in WAYS.values()}):
        folder = args.venv / requirements if args.venv else None
        with kit.software(requirements, folder) as python:
            for name, way in WAYS.items():
                if way[0] == requirements:
                    record(name, python, args.outdir)


if __name__ == "__main__":
    main()
