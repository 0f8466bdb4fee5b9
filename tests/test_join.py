"""The join: a response takes what its request offered, the memory is bounded and counts what it forgets."""

from __future__ import annotations

from typing import Any

import pytest

from tracehound.event import JOIN
from tracehound.join import OFFERED, Join, offer, want

Event = dict[str, Any]


def request(**attributes: Any) -> Event:
    return {
        "actor": {"user": {"name": "alice"}},
        "src_endpoint": {"ip": "192.0.2.1"},
        "api": {"operation": "tools/call", "request": {"uid": "7"}},
        "time": 1,
        "ai": {"session_uid": "s", "tool": {"name": "read", "server": "files", "arguments_text": "{}"}},
    } | attributes


def response(**attributes: Any) -> Event:
    return {
        "actor": {"app_name": "MCP"},
        "src_endpoint": {"svc_name": "MCP"},
        "api": {"operation": "Unknown"},
        "time": 2,
        "ai": {"tool": {"result_text": "ok"}},
    } | attributes


def test_response_takes_what_it_lacks() -> None:
    asked, answered = offer(request(), "s", 7), want(response(), "s", 7)
    Join().run([asked, answered])
    assert answered == {
        "actor": {"user": {"name": "alice"}},
        "src_endpoint": {"ip": "192.0.2.1"},
        "api": {"operation": "tools/call"},
        "time": 2,
        "ai": {"session_uid": "s", "tool": {"result_text": "ok", "name": "read", "server": "files"}},
    }
    assert asked == request(), "the request stays what it was"


def test_what_a_response_has_stays() -> None:
    own = response(actor={"user": {"name": "bob"}}, src_endpoint={"ip": "192.0.2.9"})
    answered = want(own, 1)
    Join().run([offer(request(), 1), answered])
    assert answered["actor"] == {"user": {"name": "bob"}}
    assert answered["src_endpoint"] == {"ip": "192.0.2.9"}


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [(("s", 7), ("s", 8)), (("s", 7), ("t", 7)), (("s", 7), ("s", "7")), (("s",), ("s", None))],
    ids=["id", "session", "type of the id", "no id"],
)
def test_other_keys_are_other_requests(offered: tuple[object, ...], wanted: tuple[object, ...]) -> None:
    answered = want(response(), *wanted)
    Join().run([offer(request(), *offered), answered])
    assert answered == response()


def test_marks_are_taken_away_whatever_happens() -> None:
    events = [offer(request(), 1), want(response(), 2), request()]
    Join().run(events)
    assert all(JOIN not in event for event in events)


def test_order_counts_and_batches_do_not() -> None:
    join, early, late = Join(), want(response(), 1), want(response(), 1)
    join.run([early, offer(request(), 1)])
    join.run([late])
    assert early == response()
    assert late["actor"] == {"user": {"name": "alice"}}


def test_a_newer_request_of_the_same_key_counts() -> None:
    answered = want(response(), 1)
    second = request(actor={"user": {"name": "carol"}})
    Join().run([offer(request(), 1), offer(second, 1), answered])
    assert answered["actor"] == {"user": {"name": "carol"}}


def test_memory_is_bounded_and_counts_what_it_forgets() -> None:
    join = Join(max_offers=2)
    join.run([offer(request(), n) for n in range(5)])
    assert join.forgotten == 3
    forgotten, kept = want(response(), 2), want(response(), 4)
    join.run([forgotten, kept])
    assert forgotten == response()
    assert kept["actor"] == {"user": {"name": "alice"}}


def test_two_responses_do_not_share_what_they_took() -> None:
    first, second = want(response(), 1), want(response(), 1)
    join = Join()
    join.run([offer(request(), 1), first, second])
    first["actor"]["user"]["name"] = "changed"
    assert second["actor"]["user"]["name"] == "alice"


def test_texts_are_never_offered() -> None:
    assert not [path for path in OFFERED if path[-1].endswith(("_text", "_hash"))]


def test_an_event_may_want_and_then_offer_for_a_whole_session() -> None:
    introduced = want(response(ai={"mcp": {"server": "files"}}), "s", 1)
    offer(introduced, "s", paths=(("actor",), ("ai", "mcp", "server")))
    later = want(response(ai={"mcp": {"method": "tools/call"}, "tool": {"name": "read"}}), "s")
    Join().run([offer(request(), "s", 1), introduced, later])
    assert later["actor"] == {"user": {"name": "alice"}}
    assert later["ai"] == {
        "mcp": {"method": "tools/call", "server": "files"},
        "tool": {"name": "read", "server": "files"},
    }
    assert later["api"] == {"operation": "Unknown"}
