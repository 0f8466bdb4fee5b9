"""Record what a LiteLLM proxy 1.106.2 logs: StandardLoggingPayload by callback and by the built-in webhook.

``python tests/recorders/litellm_proxy.py OUTDIR [--venv DIR]``

The proxy runs on loopback with three virtual keys, four guardrails and an MCP server
(``litellm_parts/``) before ``fake_upstream.py``; ``litellm_parts/traffic.py`` is its client. Written:

- ``litellm_callback.jsonl``: one ``{"kind", "standard_logging_object"}`` per line, from a CustomLogger
- ``litellm_payload.jsonl``: the bare payload per line, every eighth of the same calls
- ``litellm_webhook_N.json``: bodies as the ``generic_api`` callback posted them (JSON arrays), the
  smallest three
"""

from __future__ import annotations

import json
import secrets
import shutil
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import kit
from fake_upstream import Upstream

PARTS = kit.HERE / "litellm_parts"
BODIES: list[bytes] = []


class Webhook(BaseHTTPRequestHandler):
    """Keeps the bodies that are posted to it."""

    def log_message(self, format: str, *args: object) -> None:
        """Keep the recorder's terminal quiet."""

    def do_POST(self) -> None:
        BODIES.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def prepare(work: Path, python: Path, upstream: str) -> None:
    """Put the configuration and the modules it names into the proxy's folder."""
    for part in ("plugins.py", "tracking_server.py"):
        shutil.copy(PARTS / part, work)
    config = (PARTS / "config.yaml").read_text().replace("UPSTREAM", upstream).replace("PYTHON", str(python))
    (work / "config.yaml").write_text(config)


def record(python: Path, work: Path) -> list[str]:
    """Run the proxy and its traffic; returns the lines of the callback."""
    seen = work / "calls.jsonl"
    with kit.serving(Upstream) as upstream, kit.serving(Webhook) as webhook:
        prepare(work, python, upstream)
        port = kit.free_port()
        env = kit.clean_environment(
            work,
            LITELLM_MASTER_KEY=f"sk-{secrets.token_hex(16)}",
            RECORD_FILE=str(seen),
            GENERIC_LOGGER_ENDPOINT=webhook,
            LITELLM_LOCAL_MODEL_COST_MAP="True",
            LITELLM_TELEMETRY="False",
            LITELLM_ENABLE_MCP_STDIO="true",
            DEFAULT_FLUSH_INTERVAL_SECONDS="4",
            PYTHONPATH=str(work),
        )
        command = [
            python.parent / "litellm",
            "--config",
            "config.yaml",
            "--host",
            "127.0.0.1",
            "--port",
            port,
        ]
        with kit.child(command, work, env, work / "proxy.log") as process:
            kit.wait_for(f"http://127.0.0.1:{port}/health/liveliness", process, work / "proxy.log")
            kit.run([python, PARTS / "traffic.py", f"http://127.0.0.1:{port}"], work, env)
            time.sleep(8)  # the webhook sends every few seconds
    return seen.read_text(encoding="utf-8").splitlines()


def main() -> None:
    args = kit.arguments(__doc__ or "")
    with kit.software("litellm", args.venv) as python, kit.workdir() as work:
        lines = record(python, work)
        scrub = kit.Scrub((python.parent.parent, "/opt/litellm"), (work, "/srv/gateway"))
        kit.write_lines(args.outdir / "litellm_callback.jsonl", lines, scrub)
        payloads = [json.loads(line)["standard_logging_object"] for line in lines]
        kit.write_lines(args.outdir / "litellm_payload.jsonl", payloads[::8], scrub)
        for number, body in enumerate(sorted(BODIES, key=len)[:3], 1):
            path = args.outdir / f"litellm_webhook_{number}.json"
            path.write_text(scrub(body.decode()), encoding="utf-8")
        sys.stderr.write(f"webhook: {len(BODIES)} bodies, the smallest three kept\n")


if __name__ == "__main__":
    main()
