"""Turn OTLP protobuf bodies into OTLP/JSON lines and prove that nothing changed; runs in a venv.

Arguments: FOLDER of ``NNN.traces`` and ``NNN.logs`` (bodies as received), and the stem of the files to write.
OTLP/JSON is protobuf's JSON with two exceptions: traceId and spanId are hex, and enums are integers
(https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
"""

import base64
import json
import sys
from pathlib import Path

from google.protobuf.json_format import MessageToDict, ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId", "spanId", "parentSpanId"}
KINDS = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}


def convert(value, ids):
    """Copy a decoded message with ``ids`` applied to its trace and span ids."""
    if isinstance(value, list):
        return [convert(item, ids) for item in value]
    if isinstance(value, dict):
        return {k: ids(v) if k in IDS else convert(v, ids) for k, v in value.items()}
    return value


def to_hex(text):
    return base64.b64decode(text).hex()


def to_base64(text):
    return base64.b64encode(bytes.fromhex(text)).decode()


def main():
    folder, stem = Path(sys.argv[1]), sys.argv[2]
    for kind, message_type in KINDS.items():
        lines = []
        for body in sorted(folder.glob(f"*.{kind}")):
            message = message_type.FromString(body.read_bytes())
            value = convert(MessageToDict(message, use_integers_for_enums=True), to_hex)
            back = ParseDict(convert(value, to_base64), message_type())
            if back != message:
                raise SystemExit(f"{body.name}: the JSON does not read back as what was received")
            lines.append(json.dumps(value, ensure_ascii=False))
        if lines:
            Path(f"{stem}_{kind}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
