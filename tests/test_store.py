"""The store: typed columns, nothing lost, the same events once."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ocsf_events import GOOD

from tracehound import store
from tracehound.errors import StoreError

Event = dict[str, Any]
CALL = GOOD["model call"]


def changed(**attributes: Any) -> Event:
    return copy.deepcopy(CALL) | attributes


def write(folder: Path, events: list[Event]) -> None:
    with store.Writer(folder) as writer:
        writer.add(events)


def ask(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    return store.query(folder, sql)[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_layout_by_class_and_day(folder: Path) -> None:
    write(folder, list(GOOD.values()))
    parts = {path.parent.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert parts == {f"class_uid={event['class_uid']}/day=2024-11-24" for event in GOOD.values()}
    assert not list(folder.rglob("*.tmp"))
    assert ask(folder, "SELECT count(*) FROM events") == [(len(GOOD),)]


def test_values_come_back_as_they_were(folder: Path) -> None:
    write(folder, [CALL])
    sql = """SELECT epoch_ms(time), ai.tokens.total, ai.cost_usd, ai.signals, src_endpoint.ip, api.response.code,
                    actor.user.email_addr, unmapped->>'$.deep', resources->>'$[0].name', metadata.profiles
             FROM events"""
    (row,) = ask(folder, sql)
    assert row == (
        CALL["time"], 15, 1.0, ["prompt.injection.instruction_override"], "2001:db8::1", 200, "alice@example.com",
        '{"null":null}', "g1", CALL["metadata"]["profiles"],
    )  # fmt: skip


MISFITS = {
    "unknown attribute": ({"colour": "red"}, "colour", '"red"'),
    "unknown inside": ({"actor": {"mood": [1]}}, "actor.mood", "[1]"),
    "text where an object belongs": ({"actor": "alice"}, "actor", '"alice"'),
    "object where a text belongs": ({"message": {"a": 1}}, "message", '{"a":1}'),
    "text where a number belongs": ({"duration": "840"}, "duration", '"840"'),
    "truth where a number belongs": ({"duration": True}, "duration", "true"),
    "number beyond 64 bits": ({"duration": 2**63}, "duration", "9223372036854775808"),
    "list where a value belongs": ({"message": ["a"]}, "message", '["a"]'),
    "value where a list belongs": ({"ai": {"signals": "one"}}, "ai.signals", '"one"'),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_no_column_can_hold_is_unmapped(case: str, folder: Path) -> None:
    attributes, path, wanted = MISFITS[case]
    write(folder, [changed(**attributes)])
    assert ask(folder, f"SELECT (unmapped->'$.\"{path}\"')::VARCHAR FROM events") == [(wanted,)]
    assert ask(folder, "SELECT unmapped->>'$.deep' FROM events") == [('{"null":null}',)], (
        "what was there stays"
    )


def test_unmapped_that_is_no_object(folder: Path) -> None:
    write(folder, [changed(unmapped=["a", 1])])
    assert ask(folder, "SELECT unmapped::VARCHAR FROM events") == [('["a",1]',)]


def test_the_same_events_again_replace_themselves(folder: Path) -> None:
    for _ in range(2):
        write(folder, [CALL])
    write(folder, [CALL, changed(metadata=CALL["metadata"] | {"uid": "other"})])
    assert ask(folder, "SELECT count(*), count(DISTINCT metadata.uid) FROM events") == [(3, 2)]


def test_findings_are_those_of_ours(folder: Path) -> None:
    theirs, ours = copy.deepcopy(GOOD["our finding"]), copy.deepcopy(GOOD["our finding"])
    ours["ai"]["source"] = "tracehound"
    ours["metadata"]["uid"] = "ours"
    write(folder, [theirs, ours])
    assert ask(folder, "SELECT metadata.uid FROM findings") == [("ours",)]


def test_many_events_make_several_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROWS_A_FILE", 10)
    write(folder, [changed(metadata=CALL["metadata"] | {"uid": str(n)}) for n in range(25)])
    assert len(list(folder.rglob("*.parquet"))) == 3
    assert ask(folder, "SELECT count(*) FROM events") == [(25,)]


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no events are stored there"):
        store.query(tmp_path, "SELECT 1")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        store.Writer(tmp_path / "file" / "store")


def test_it_reads_only(folder: Path) -> None:
    write(folder, [CALL])
    with store.connect(folder) as link, pytest.raises(Exception, match="locked"):
        link.execute("SET enable_external_access = true")
    for sql in ("COPY (SELECT 1) TO 'x.csv'", "SELECT 1; SELECT 2", ""):
        with pytest.raises(StoreError, match="one SELECT"):
            store.query(folder, sql)
    with pytest.raises(StoreError, match="the query was refused"):
        store.query(folder, "SELECT * FROM read_text('/etc/hostname')")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
    | st.text("aé\U0001f600", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=2), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(
    attributes=st.dictionaries(
        st.sampled_from(
            ["actor", "ai", "duration", "message", "resources", "unmapped", "cloud", "x", "trace"]
        ),
        JSON,
        max_size=4,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_event_makes_a_row_that_arrow_takes(attributes: dict[str, Any]) -> None:
    import pyarrow as pa

    made = store.row(changed(**attributes))
    table = pa.Table.from_pylist([made], schema=store.arrow_schema())
    assert table.num_rows == 1
    assert made.keys() <= store.columns().keys()
