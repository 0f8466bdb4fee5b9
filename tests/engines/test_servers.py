"""The servers start, take events with our mapping, and find the events that a query means."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engines import Server, alive, running
from engines_index import Index, QueryError, Table

from tracehound.config import Settings
from tracehound.ruletest import RuleTester

Event = dict[str, Any]
Predicate = Callable[[Event], bool]

DETECTIONS = Path(__file__).parent.parent.parent / "detections"
RULES = (
    "agents/agent_contacts_drop_host",
    "agents/mcp_tool_description_poisoned",
    "agents/secret_in_tool_result",
    "applications/bedrock_long_term_key_from_outside",
    "applications/prompt_attack_blocked",
    "applications/secret_in_prompt",
    "configuration/bedrock_guardrail_deleted",
    "models/shadow_ai_service_used",
)
SERVERS = ("elasticsearch8", "elasticsearch9", "opensearch")
ELASTIC = SERVERS[:2]


def values(event: Event, path: str) -> list[Any]:
    """The values of a field, through arrays."""
    found: list[Any] = [event]
    for step in path.split("."):
        inside = [value[step] for value in found if isinstance(value, dict) and step in value]
        found = [
            item for value in inside for item in (value if isinstance(value, (list, tuple)) else [value])
        ]
    return [value for value in found if value is not None]


def has(path: str, *wanted: str) -> Predicate:
    return lambda event: any(str(value).lower() in wanted for value in values(event, path))


CASES: dict[str, tuple[Predicate, str, str]] = {
    "a value, without case": (
        has("ai.service", "gateway"),
        "ai.service.caseless:GateWay",
        "ai.service.caseless: GateWay",
    ),
    "a value, with case": (lambda event: False, "ai.service:GateWay", "ai.service: GateWay"),
    "one of an array": (
        has("ai.signals", "prompt.secret.aws_access_key"),
        'ai.signals.caseless:"Prompt.Secret.AWS_Access_Key"',
        'ai.signals.caseless: "Prompt.Secret.AWS_Access_Key"',
    ),
    "a pattern on an array": (
        lambda event: any(".secret." in value for value in values(event, "ai.signals")),
        "ai.signals.caseless:*.Secret.*",
        "ai.signals.caseless: *.Secret.*",
    ),
    "not, also where it is absent": (
        lambda event: not has("ai.signals", "prompt.secret.aws_access_key")(event),
        "*:* AND NOT ai.signals.caseless:prompt.secret.aws_access_key",
        "not ai.signals.caseless: prompt.secret.aws_access_key",
    ),
    "absent": (
        lambda event: not values(event, "ai.tool.name"),
        "*:* AND NOT _exists_:ai.tool.name",
        "not ai.tool.name: *",
    ),
    "cidr": (
        lambda event: any(value.startswith("203.0.113.") for value in values(event, "src_endpoint.ip")),
        'src_endpoint.ip:"203.0.113.0/24"',
        'src_endpoint.ip: "203.0.113.0/24"',
    ),
    "a number": (
        lambda event: event["class_uid"] >= 6003,
        "class_uid:>=6003",
        "class_uid >= 6003",
    ),
}


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Events of rules' own test records."""
    tester = RuleTester(Settings())
    found: list[Event] = []
    for rule in RULES:
        for path in sorted((DETECTIONS / rule / "events").glob("*_*.json*")):
            made, problem = tester.events_of(path)
            assert not problem
            found += made
    assert len(found) >= 20
    return found


@pytest.fixture(scope="module")
def indexes(request: pytest.FixtureRequest, events: list[Event]) -> Iterator[Callable[[str], Index]]:
    made: dict[str, Index] = {}

    def index(engine: str) -> Index:
        if engine not in made:
            made[engine] = Index.create(request.getfixturevalue(engine))
            made[engine].load(events, ids=names(events))
        return made[engine]

    yield index
    for one in made.values():
        one.delete()


def names(events: list[Event]) -> list[str]:
    """Ids of our own: files of one rule may hold the same record, changed."""
    return [f"n{number}" for number in range(len(events))]


def wanted(events: list[Event], predicate: Predicate) -> frozenset[str]:
    return frozenset(name for name, event in zip(names(events), events, strict=True) if predicate(event))


def test_the_cases_find_something(events: list[Event]) -> None:
    for name, (predicate, *_) in CASES.items():
        found = wanted(events, predicate)
        assert len(found) < len(events), name
        assert found or name == "a value, with case", name


@pytest.mark.parametrize("engine", SERVERS)
def test_lucene(engine: str, indexes: Callable[[str], Index], events: list[Event]) -> None:
    index = indexes(engine)
    for operator in ("OR", "AND"):
        answers = index.lucene_many([lucene for _, lucene, _ in CASES.values()], operator=operator)
        found = dict(zip(CASES, answers, strict=True))
        assert found == {name: wanted(events, case[0]) for name, case in CASES.items()}


@pytest.mark.parametrize("engine", ELASTIC)
def test_kql(engine: str, indexes: Callable[[str], Index], events: list[Event]) -> None:
    found = dict(zip(CASES, indexes(engine).kql_many([kql for *_, kql in CASES.values()]), strict=True))
    assert found == {name: wanted(events, case[0]) for name, case in CASES.items()}


def test_esql(indexes: Callable[[str], Index], events: list[Event]) -> None:
    queries = [
        f'FROM logs-tracehound.*-* METADATA _id | WHERE KQL("""{kql}""") | KEEP _id'
        for *_, kql in CASES.values()
    ]
    found = dict(zip(CASES, indexes("elasticsearch8").esql_many(queries), strict=True))
    assert found == {name: wanted(events, case[0]) for name, case in CASES.items()}


def test_esql_counts_each_uid_once(indexes: Callable[[str], Index], events: list[Event]) -> None:
    source = 'FROM logs-tracehound.*-* | WHERE KQL("ai.service.caseless: *")'
    index = indexes("elasticsearch8")
    uids = frozenset(event["metadata"]["uid"] for event in events)
    assert len(uids) < len(events)
    assert index.esql(f"{source} | KEEP metadata.uid") == uids
    counted = index.esql_table(f"{source} | STATS BY metadata.uid | STATS n = COUNT(*)")
    assert counted == Table(("n",), ((len(uids),),))


@pytest.mark.parametrize("engine", SERVERS)
def test_a_refused_query_leaves_the_others_alone(engine: str, indexes: Callable[[str], Index]) -> None:
    broken, whole, wrong = indexes(engine).lucene_many(["ai.service:(", "*:*", "class_uid:many"])
    assert isinstance(broken, QueryError)
    assert broken.status == 400
    assert isinstance(whole, frozenset)
    assert isinstance(wrong, QueryError), "a word is no number: an error, not a miss"
    assert "many" in wrong.reason


def test_refused_esql_and_kql(indexes: Callable[[str], Index]) -> None:
    index = indexes("elasticsearch8")
    unknown = index.esql("FROM logs-tracehound.*-* | WHERE nosuch == 1")
    assert isinstance(unknown, QueryError)
    assert "Unknown column [nosuch]" in unknown.reason
    assert isinstance(index.kql("ai.service: ("), QueryError)


@pytest.mark.parametrize("engine", SERVERS)
def test_data_stream(engine: str, request: pytest.FixtureRequest, events: list[Event]) -> None:
    with Index.create(request.getfixturevalue(engine), data_stream=True) as index:
        index.load(events, ids=names(events))
        everything = frozenset(names(events))
        assert index.dsl({"match_all": {}}) == everything
        if engine == "elasticsearch8":
            assert index.esql(f"FROM {index.name} METADATA _id | KEEP _id") == everything


@pytest.mark.parametrize("engine", SERVERS)
def test_what_the_mapping_does_not_know_is_kept_and_costs_nothing(
    engine: str, request: pytest.FixtureRequest, events: list[Event]
) -> None:
    strange = events[0] | {"src_endpoint": {"ip": "no address"}, "status_id": "many", "own": {"a": 1}}
    strange["unmapped"] = {"a": {"b": ["x" * 40_000, 1, None]}, "c": "d"}
    with Index.create(request.getfixturevalue(engine)) as index:
        index.load([strange], ids=["1"])
        assert index.lucene_many(["metadata.uid:*", "own.a:1", "_exists_:src_endpoint.ip"]) == [
            frozenset("1"),
            frozenset(),
            frozenset(),
        ]


def test_splcheck(splcheck: Callable[[list[str]], list[str | None]]) -> None:
    right = [
        'index=ai ai.service="gateway"\n| stats dc(metadata.uid) as n by ai.principal',
        'a="x" | bin _time span=5m',
    ]
    wrong = ['a="x', 'a="x" OR', "a=1 | search OR b=2"]
    assert splcheck(right) == [None, None]
    assert all(splcheck(wrong))
    assert splcheck([]) == []


@pytest.mark.parametrize("version", ["8.19", "9.3", "9.4", "9.5"])
def test_esql_problems(version: str, esql_problems: Callable[..., list[str | None]]) -> None:
    source = "FROM logs-* METADATA _id | WHERE "
    fine, unknown, wrong = esql_problems(
        [
            f'{source} KQL("ai.service.caseless: x") | STATS n = COUNT(*) BY ai.principal.caseless',
            f"{source} nosuch == 1",
            f'{source} class_uid == "x"',
        ],
        version=version,
    )
    assert fine is None
    assert unknown
    assert "nosuch" in unknown
    assert wrong


def test_stopped_by_its_block(elasticsearch8: Server) -> None:
    with running("elasticsearch8") as server:
        assert server.url != elasticsearch8.url
        assert server.version.startswith("8.19.")
        assert alive(server)
    assert not alive(server)
    assert not Path(server.folder).exists()
    assert Path(server.log).exists()


def test_ends_when_its_owner_is_killed(elasticsearch8: Server) -> None:
    code = """
import engines, time
server = engines.start("elasticsearch8")
print(server.pid, server.folder, flush=True)
time.sleep(300)
"""
    path = Path(__file__).parent.parent / "support"
    environment = {**os.environ, "PYTHONPATH": str(path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        pid, folder = owner.stdout.readline().decode().split()
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    left = Server("elasticsearch8", "", "", int(pid), "", folder)
    deadline = time.monotonic() + 30
    while alive(left) and time.monotonic() < deadline:
        time.sleep(0.1)
    shutil.rmtree(folder)
    assert not alive(left)
