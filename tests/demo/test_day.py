"""The shipped sample day: what the generator writes, shape by shape, and that the stories can be found."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from tracehound import demo
from tracehound.config import load_settings
from tracehound.content import content_dir
from tracehound.demo.generate import fakes
from tracehound.demo.generate.__main__ import main
from tracehound.demo.generate.build import ORDINARY, STORIES, write_day
from tracehound.demo.generate.day import FILES, TRAIL, Day
from tracehound.demo.generate.people import SERVICES, staff

DAY = Path(next(iter(demo.__path__))) / "day"
LOGS = DAY / "logs"
START, END = 1794960000000, 1795046400000  # 2026-11-18 in epoch milliseconds
BUDGET = 1_500_000

# How many records each source holds at least and at most.
COUNTS = {
    "litellm": (900, 1000),
    "bedrock_invocation": (230, 270),
    "cloudtrail": (340, 420),
    "otel_traces": (700, 820),
    "otel_logs": (120, 150),
    "claude_code": (580, 700),
    "mcp": (260, 330),
    "openai_audit": (80, 100),
    "proxy_ocsf": (660, 740),
}
CLASSES = {4001: "network_activity", 4002: "http_activity", 4003: "dns_activity"}


@cache
def read(source: str) -> list[dict[str, Any]]:
    """All units of one source; CloudTrail's envelopes and OpenAI's page are opened."""
    if source == TRAIL:
        files = sorted((LOGS / TRAIL).glob("*.json.gz"))
        return [
            record for file in files for record in json.loads(gzip.decompress(file.read_bytes()))["Records"]
        ]
    text = gzip.decompress((LOGS / FILES[source]).read_bytes()).decode()
    if source == "openai_audit":
        return json.loads(text)["data"]
    return [json.loads(line) for line in text.splitlines()]


@cache
def stories() -> list[dict[str, Any]]:
    return json.loads((DAY / "stories.json").read_text("utf-8"))["stories"]


def spans(unit: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in unit["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            yield from scope["spans"]


def logs(unit: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in unit["resourceLogs"]:
        for scope in resource["scopeLogs"]:
            yield from scope["logRecords"]


def records(source: str) -> list[dict[str, Any]]:
    """Single records: batches of spans and log records are opened too."""
    match source:
        case "otel_traces":
            return [span for unit in read(source) for span in spans(unit)]
        case "otel_logs" | "claude_code":
            return [record for unit in read(source) for record in logs(unit)]
        case _:
            return read(source)


def attribute(record: dict[str, Any], key: str) -> Any:
    for pair in record["attributes"]:
        if pair["key"] == key:
            return next(iter(pair["value"].values()))
    return None


def contents(root: Path) -> dict[str, str]:
    """Name -> digest of the content, unzipped: another zlib may pack the same bytes in another way."""
    found = {}
    for file in sorted(root.rglob("*")):
        if file.is_file() and file.suffix in (".gz", ".json", ".yml"):
            raw = file.read_bytes()
            raw = gzip.decompress(raw) if file.suffix == ".gz" else raw
            found[file.relative_to(root).as_posix()] = hashlib.sha256(raw).hexdigest()
    return found


def test_the_shipped_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    write_day(tmp_path)
    assert contents(tmp_path) == contents(DAY)


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_day(tmp_path / name)
    one, two = (
        {f.name: f.read_bytes() for f in (tmp_path / n).rglob("*") if f.is_file()} for n in ("one", "two")
    )
    assert one == two
    assert all(raw[4:8] == b"\0\0\0\0" for name, raw in one.items() if name.endswith(".gz"))


def test_the_command_writes_the_day_and_refuses_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "litellm" in said.err
    assert (tmp_path / "stories.json").is_file()
    assert main([]) == 2


@pytest.mark.parametrize("source", COUNTS)
def test_each_source_holds_its_share(source: str) -> None:
    low, high = COUNTS[source]
    assert low <= len(records(source)) <= high


def test_the_day_is_small_enough_to_ship() -> None:
    assert sum(file.stat().st_size for file in DAY.rglob("*") if file.is_file()) < BUDGET


def moments(source: str) -> list[float]:
    """Epoch milliseconds of each record."""
    iso = re.compile(r"2026-11-1[789]T")
    match source:
        case "litellm":
            return [record["startTime"] * 1000 for record in read(source)]
        case "otel_traces":
            return [int(span["startTimeUnixNano"]) / 1e6 for span in records(source)]
        case "otel_logs" | "claude_code":
            return [int(record["timeUnixNano"]) / 1e6 for record in records(source)]
        case "mcp":
            return [record["ts"] * 1000 for record in read(source)]
        case "openai_audit":
            return [record["effective_at"] * 1000 for record in read(source)]
        case "proxy_ocsf":
            return [record["time"] for record in read(source)]
        case _:
            key = "eventTime" if source == TRAIL else "timestamp"
            assert all(iso.match(record[key]) and record[key][8:10] == "18" for record in read(source))
            return []


@pytest.mark.parametrize("source", COUNTS)
def test_everything_happens_on_the_day(source: str) -> None:
    # A conversation that starts late may run a little past midnight.
    assert all(START <= moment < END + 900_000 for moment in moments(source))


def test_the_day_has_the_office_s_rhythm() -> None:
    hours = [int(moment - START) // 3_600_000 for moment in moments("litellm") + moments("proxy_ocsf")]
    assert sum(7 <= hour < 19 for hour in hours) / len(hours) > 0.9


@pytest.mark.parametrize("class_uid", CLASSES)
def test_traffic_is_valid_ocsf(class_uid: int) -> None:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))
    events = [event for event in read("proxy_ocsf") if event["class_uid"] == class_uid]
    assert len(events) > 40
    for profiles in {tuple(event["metadata"]["profiles"]) for event in events}:
        validator = Draft202012Validator(schema.get_class_schema(CLASSES[class_uid], profiles=list(profiles)))
        for event in events:
            if tuple(event["metadata"]["profiles"]) == profiles:
                assert [error.message for error in validator.iter_errors(event)] == []


def test_litellm_records_have_the_payload_s_fields() -> None:
    first = set(read("litellm")[0])
    assert {"litellm_call_id", "status_fields", "metadata", "hidden_params", "guardrail_information"} <= first
    assert all(set(record) == first for record in read("litellm"))
    statuses = {record["status_fields"]["guardrail_status"] for record in read("litellm")}
    assert statuses == {"not_run", "success", "guardrail_flagged", "guardrail_intervened"}
    errors = {record["error_information"]["error_class"] for record in read("litellm")}
    assert {"RateLimitError", "Timeout", "BadRequestError", "HTTPException"} <= errors
    assert any(record["stream"] for record in read("litellm"))


def test_a_conversation_repeats_what_was_said() -> None:
    chats: dict[str, list[list[dict[str, Any]]]] = {}
    for record in read("litellm"):
        if record["session_id"] and record["status"] == "success":
            chats.setdefault(record["session_id"], []).append(record["messages"])
    longer = [turns for turns in chats.values() if len(turns) > 2 and "play" not in str(turns)]
    assert len(longer) > 40
    for turns in longer:
        for before, after in pairwise(turns):
            assert after[: len(before)] == before
            assert [message["role"] for message in after[len(before) :]] == ["assistant", "user"]


def test_each_invocation_has_its_record_in_the_trail() -> None:
    trail = {record["requestID"] for record in read(TRAIL)}
    assert {log["requestId"] for log in read("bedrock_invocation")} <= trail


def test_bedrock_logs_come_in_all_their_shapes() -> None:
    logs_ = read("bedrock_invocation")
    operations = {log["operation"] for log in logs_}
    assert operations == {"InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream"}
    assert any(isinstance(log["output"]["outputBodyJson"], list) for log in logs_)


def test_spans_of_a_run_hang_together() -> None:
    ids = {span["spanId"] for span in records("otel_traces")}
    assert len(ids) == len(records("otel_traces"))
    operations = {attribute(span, "gen_ai.operation.name") for span in records("otel_traces")}
    assert {"invoke_agent", "chat", "execute_tool"} <= operations
    kinds = {attribute(span, "openinference.span.kind") for span in records("otel_traces")}
    assert {"LLM", "CHAIN", "RETRIEVER"} <= kinds


def test_claude_code_events_count_up_within_a_session() -> None:
    seen: dict[str, list[int]] = {}
    for record in records("claude_code"):
        seen.setdefault(attribute(record, "session.id"), []).append(attribute(record, "event.sequence"))
    assert all(sorted(numbers) == list(range(len(numbers))) for numbers in seen.values())


def test_each_mcp_answer_has_its_request() -> None:
    asked = {
        (line["session_id"], line["message"]["id"]) for line in read("mcp") if "params" in line["message"]
    }
    answered = [line for line in read("mcp") if line["direction"] == "server->client"]
    assert all((line["session_id"], line["message"]["id"]) in asked for line in answered)


def find(source: str, wanted: dict[str, Any]) -> bool:
    """Whether a story's reference points to a record of its source."""
    match source:
        case "litellm":
            return any(record["litellm_call_id"] == wanted["litellm_call_id"] for record in read(source))
        case "bedrock_invocation":
            return any(record["requestId"] == wanted["request_id"] for record in read(source))
        case "cloudtrail":
            return any(record["eventID"] == wanted["event_id"] for record in read(source))
        case "otel_traces":
            known = {(span["traceId"], span["spanId"]) for span in records(source)}
            return {(wanted["trace_id"], span) for span in wanted["span_ids"]} <= known
        case "claude_code":
            want = (wanted["session_id"], wanted["event_sequence"], wanted["event_name"])
            keys = ("session.id", "event.sequence", "event.name")
            return any(tuple(attribute(record, key) for key in keys) == want for record in records(source))
        case "mcp":
            want = (wanted["session_id"], wanted["ts"])
            return any((line["session_id"], line["ts"]) == want for line in read(source))
        case "openai_audit":
            return any(record["id"] == wanted["id"] for record in read(source))
        case _:
            return any(record["metadata"]["uid"] == wanted["uid"] for record in read(source))


def test_there_are_six_stories_spread_over_minutes_or_hours() -> None:
    assert len({story["id"] for story in stories()}) == 6
    for story in stories():
        assert len(story["steps"]) >= 3
        assert story["end_ms"] - story["start_ms"] > 20 * 60_000
        assert story["start_ms"] >= START
        assert story["end_ms"] < END
        assert all(re.fullmatch(r"AML\.T\d{4}(\.\d{3})?", one) for one in story["atlas"])
        assert all(re.fullmatch(r"LLM\d\d:2025|ASI\d\d", one) for one in story["owasp"])


@pytest.mark.parametrize("number", range(6))
def test_every_step_of_a_story_is_found_in_its_file(number: int) -> None:
    for step in stories()[number]["steps"]:
        assert step["records"], step["description"]
        for record in step["records"]:
            assert find(step["source"], record), (step["description"], record)


@pytest.mark.parametrize(
    "payload",
    [
        fakes.HTML,
        fakes.IMAGE,
        fakes.SVG,
        fakes.ANSI,
        fakes.LINK,
        fakes.FORMULA,
        fakes.DDE,
        fakes.OVERRIDE,
        fakes.CSV,
    ],
    ids=["html", "image", "svg", "ansi", "link", "formula", "dde", "override", "csv"],
)
def test_the_stories_carry_payloads_for_whoever_displays_them(payload: str) -> None:
    everything = "\n".join(json.dumps(read(source), ensure_ascii=False) for source in COUNTS)
    once = json.dumps(payload, ensure_ascii=False)[1:-1]
    twice = json.dumps(once, ensure_ascii=False)[1:-1]
    assert once in everything or twice in everything


def test_the_settings_file_is_one_for_the_product() -> None:
    settings = load_settings(DAY / "approved.yml")
    assert "gpt-4o" in settings.models.approved
    assert "api.openai.com" in settings.services.approved
    assert set(settings.aliases) == {*staff(), *SERVICES}
    names = [name for names in settings.aliases.values() for name in names]
    assert len(names) == len(set(names))


def test_made_up_credentials_have_valid_form() -> None:
    stdnum = pytest.importorskip("stdnum")
    assert stdnum
    from random import Random

    from stdnum import iban, luhn

    rng = Random(7)
    for _ in range(20):
        assert luhn.is_valid(fakes.card(rng).replace(" ", ""))
        assert iban.is_valid(fakes.iban(rng))
    assert re.fullmatch(r"ghp_[0-9A-Za-z]{36}", fakes.github_token(rng))
    assert "PRIVATE KEY" in fakes.private_key(rng)


def prose(value: Any) -> Iterator[str]:
    """Texts that somebody wrote; ids and names are left out."""
    match value:
        case str():
            if value.count(" ") > 2:
                yield value
        case list():
            for item in value:
                yield from prose(item)
        case dict():
            for item in value.values():
                yield from prose(item)


@cache
def labels(stories_too: bool) -> set[tuple[str, str]]:
    """Source and label of what the scanner is sure of, in the ordinary day or in the stories."""
    scan = pytest.importorskip("tracehound.scan")
    scanner = scan.Scanner.load([content_dir("enrichers") / "patterns"])
    day = Day()
    for part in STORIES if stories_too else ORDINARY:
        part.build(day)
    found = set()
    for source, rows in day.rows.items():
        for text in {text for row in rows for text in prose(row.data)}:
            for direction in ("prompt", "response", "tool_result"):
                hits = scanner.scan(text, direction).hits
                found |= {(source, hit.label.partition(".")[2]) for hit in hits if hit.confidence == "high"}
    return found


def test_ordinary_work_reads_as_ordinary() -> None:
    dangerous = ("injection.", "jailbreak.", "secret.", "exfiltration.", "encoded.", "obfuscation.")
    assert {one for one in labels(stories_too=False) if one[1].startswith(dangerous)} == set()


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("litellm", "injection.instruction_override"),
        ("litellm", "injection.system_prompt_extraction"),
        ("litellm", "secret.aws_access_key"),
        ("litellm", "secret.github_token"),
        ("claude_code", "secret.private_key"),
        ("otel_traces", "injection.instruction_override"),
        ("mcp", "injection.tool_poisoning"),
    ],
)
def test_the_scanner_sees_the_stories(source: str, label: str) -> None:
    assert (source, label) in labels(stories_too=True)
