"""Names that would break a query, a JSON text or a page: they are found, counted and shown as they are."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from boards_day import Day, by_esql, by_spl, by_sql, equal
from boards_made import board, load
from engines import Server
from engines_index import Index, QueryError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tracehound import store
from tracehound.boards import question
from tracehound.matcher.values import fold

BOARDS: Any = importlib.import_module("tracehound.connectors.elastic.boards")
SPAN = (1_794_960_000_000, 1_795_046_400_000)
NASTY = [
    "gpt-4o", "GPT-4O\u2028", 'a"b', "a'b", "a`b`", "a\\", "\\\\", '\\"', "*", "?", "a*b?c", "%", "_",
    "a_b%", "--", ";", "') OR 1=1 --", '") OR true OR KQL("', '" | LIMIT 0 | EVAL x="', "| delete",
    "`tracehound_index`", "$token$", "${x}", "{{event.value}}", "<script>alert(1)</script>",
    "[link](javascript:x)", "a\nb", "a\tb", "a\r\nb", " ", " a ", "null", "true", "1e5", "0x10", "-1",
    "NOT", "AND", "a:b", "a=b", "a b  c", "(a)", "{a}", "ß", "İ", "ΑΣ", "ı", "𝒢𝒫𝒯", "🦊", "a,b", "\u202eabc",
    "é", "e\u0301", "~", "^", "a/b/c", "arn:aws:bedrock:eu-west-1:1:x/y", "?_tstart", "$start", "||", "&&",
]  # fmt: skip


def event(number: int, name: str) -> dict[str, Any]:
    return {
        "class_uid": 6003,
        "time": SPAN[0] + number * 1000,
        "metadata": {"uid": f"uid-{number}"},
        "ai": {
            "service": "gateway",
            "source": "litellm",
            "activity": "inference",
            "model": {"name": name, "provider": "x"},
            "destinations": [name, "plain"],
        },
    }


def kept(folder: Path, names: list[str]) -> Day:
    events = [event(number, name) for number, name in enumerate(names)]
    with store.Writer(folder / "store") as writer:
        writer.add(events)
    return Day(events, folder / "store")


def written(name: str) -> str:
    """A text as a plain value of Sigma."""
    return name.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Day:
    return kept(tmp_path_factory.mktemp("nasty"), NASTY)


@pytest.fixture(scope="module")
def nasty_index(nasty: Day, elasticsearch8: Server) -> Any:
    with Index.create(elasticsearch8) as index:
        index.load(nasty.events)
        yield index


GROUPS: list[dict[str, Any]] = [
    {"by": "ai.model.name", "top": 1000},
    {"by": ["ai.model.name", "ai.destinations"], "top": 1000},
    {"by": "ai.model.name", "interval": "1h", "kind": "bar", "top": 1000},
    {"measure": {"distinct": "ai.destinations"}, "kind": "metric"},
]


@pytest.mark.parametrize("shape", GROUPS, ids=str)
def test_groups_keep_their_names(
    shape: dict[str, Any], nasty: Day, nasty_index: Index, tmp_path: Path
) -> None:
    (panel,) = board(tmp_path, shape).panels
    wanted = by_sql(nasty, panel, SPAN)
    if "by" in shape:
        assert {row[-2] if "interval" in shape else row[0] for row in wanted} == set(NASTY)
    found = by_esql(nasty_index, panel, SPAN)
    assert not isinstance(found, QueryError), found
    equal(panel, sorted(found), sorted(wanted))
    equal(panel, sorted(by_spl(nasty, panel, SPAN)), sorted(wanted))


def test_filters_find_them(nasty: Day, nasty_index: Index, tmp_path: Path) -> None:
    made = board(
        tmp_path, *({"kind": "metric", "filter": {"ai.model.name": written(name)}} for name in NASTY)
    )
    for name, panel in zip(NASTY, made.panels, strict=True):
        wanted = [(sum(fold(other) == fold(name) for other in NASTY),)]
        assert by_sql(nasty, panel, SPAN) == wanted, name
        assert by_esql(nasty_index, panel, SPAN) == wanted, name
        assert by_spl(nasty, panel, SPAN) == wanted, name


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(name="\x85", title="\x85", part="")
@given(name=TEXTS, title=TEXTS, part=st.sampled_from(["", "|contains", "|startswith", "|endswith"]))
def test_any_text(name: str, title: str, part: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    day = kept(folder, [name, f"x{name}", f"{name}y", "other"])
    made = board(
        folder,
        {"kind": "metric", "title": title, "filter": {f"ai.model.name{part}": written(name)}},
        {"by": {"field": "ai.model.name", "label": title}, "description": title, "empty": title},
        title=title,
        description=title,
    )
    inside = {
        "": lambda text: text == fold(name),
        "|contains": lambda text: fold(name) in text,
        "|startswith": lambda text: text.startswith(fold(name)),
        "|endswith": lambda text: text.endswith(fold(name)),
    }[part]
    wanted = sum(inside(fold(text)) for text in (name, f"x{name}", f"{name}y", "other"))
    metric, table = made.panels
    assert by_sql(day, metric, SPAN) == [(wanted,)]
    assert by_spl(day, metric, SPAN) == [(wanted,)]
    assert {row[0] for row in by_sql(day, table, SPAN)} == {name, f"x{name}", f"{name}y", "other"}
    assert question(metric, "esql").count("\n| STATS") == 2
    _, line = BOARDS.ndjson([made]).splitlines()
    saved = json.loads(line)
    assert saved["attributes"]["title"] == title
    shown = json.loads(saved["attributes"]["panelsJSON"])
    assert [one["embeddableConfig"]["attributes"]["title"] for one in shown] == [title, "A panel"]
    assert json.loads(json.dumps(BOARDS.wanted_objects([made], api=True)[1].body))["title"] == title


@pytest.mark.parametrize("text", ['"a\\0b"', '"a\\ud800b"'])
def test_what_cannot_be_stored_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    found = load(tmp_path, f"title: x\ndescription: {text}\npanels: []\n")
    assert not found.boards
    assert found.errors[0].line == 2
