"""Three ways: what we want, what is there, what we applied; in a target that is a dict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracehound.deploy import (
    Change,
    Found,
    LeftOut,
    Mark,
    Part,
    TakenError,
    Wanted,
    apply,
    plan,
    removal,
)
from tracehound.errors import ConfigError, TargetError


class Shelf:
    """A target in memory; ``on_write`` may raise, or change what is there."""

    kind = "thing"

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.writes: list[str] = []
        self.on_write: Callable[[str], object] = lambda key: None
        self.before_get: Callable[[str], object] = lambda key: None

    def find(self, keys: Sequence[str]) -> list[Found]:
        return [self._found(key) for key in self.things]

    def get(self, key: str) -> Found | None:
        self.before_get(key)
        return self._found(key) if key in self.things else None

    def create(self, wanted: Wanted, mark: Mark) -> None:
        self.on_write(wanted.key)
        if wanted.key in self.things:
            raise TakenError(wanted.key)
        self.things[wanted.key] = {**wanted.body, **wanted.initial, "_mark": mark.text()}
        self.writes.append(wanted.key)

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        self.on_write(wanted.key)
        thing = self.things[wanted.key]
        for name in dropped:
            del thing[name]
        thing.update(fields, _mark=mark.text())
        self.writes.append(wanted.key)

    def remove(self, found: Found) -> str:
        self.on_write(found.key)
        self.things.pop(found.key, None)
        return ""

    def _found(self, key: str) -> Found:
        thing = self.things[key]
        body = {k: v for k, v in thing.items() if not k.startswith("_")}
        return Found(self.kind, key, key, body, Mark.parse(thing.get("_mark")))


def wanted(key: str = "a", version: int = 1, **body: Any) -> Wanted:
    return Wanted("thing", key, key, body, version)


def deployed(shelf: Shelf, *things: Wanted, **options: Any) -> list[Change]:
    changes = plan([Part(shelf, things)], **options)
    done, error = apply(changes, overwrite=options.get("overwrite", False))
    assert error is None
    assert all(one.status in ("done", "kept") for one in done)
    return changes


def edit(shelf: Shelf, key: str = "a", **fields: Any) -> None:
    shelf.things[key].update(fields)


ABSENT = object()
MERGES = [
    # what we applied, what is there, what we want -> action, what is there then, kept, conflicts
    ("nothing changed", "q1", "q1", "q1", "unchanged", "q1", (), ()),
    ("ours changed", "q1", "q1", "q2", "update", "q2", (), ()),
    ("theirs changed", "q1", "mine", "q1", "unchanged", "mine", ("x",), ()),
    ("both changed", "q1", "mine", "q2", "conflict", "mine", (), ("x",)),
    ("both to the same", "q1", "q2", "q2", "update", "q2", (), ()),
    ("ours is new", ABSENT, ABSENT, "q1", "update", "q1", (), ()),
    ("ours is new, theirs was there", ABSENT, "mine", "q1", "conflict", "mine", (), ("x",)),
    ("ours goes", "q1", "q1", ABSENT, "update", ABSENT, (), ()),
    ("ours goes, theirs changed", "q1", "mine", ABSENT, "conflict", "mine", (), ("x",)),
    ("they took it away", "q1", ABSENT, "q1", "unchanged", ABSENT, ("x",), ()),
    ("they took it away, ours changed", "q1", ABSENT, "q2", "conflict", ABSENT, (), ("x",)),
    ("empty is absent", [], ABSENT, [], "unchanged", ABSENT, (), ()),
]


@pytest.mark.parametrize(
    ("applied", "there", "ours", "action", "then", "kept", "conflicts"),
    [row[1:] for row in MERGES],
    ids=[row[0] for row in MERGES],
)
def test_a_field_three_ways(
    applied: Any, there: Any, ours: Any, action: str, then: Any, kept: tuple[str, ...], conflicts: tuple[str, ...]
) -> None:  # fmt: skip
    shelf = Shelf()
    deployed(shelf, wanted(**({} if applied is ABSENT else {"x": applied})))
    thing = shelf.things["a"]
    thing.pop("x", None)
    if there is not ABSENT:
        thing["x"] = there
    after = wanted(**({} if ours is ABSENT else {"x": ours}))
    (change,) = plan([Part(shelf, [after])])
    assert (change.action, change.kept, change.conflicts) == (action, kept, conflicts)
    deployed(shelf, after)
    assert shelf.things["a"].get("x", ABSENT) == then
    writes = list(shelf.writes)
    (again,) = deployed(shelf, after)
    assert not again.writes
    assert shelf.writes == writes
    assert again.conflicts == conflicts, "a conflict is said until it is settled"


VALUES = st.sampled_from([None, "", [], "a", "b", 1, ["a"], {"a": 1}])
BODIES = st.dictionaries(st.sampled_from("xyz"), VALUES)


@given(st.lists(st.tuples(BODIES, BODIES), max_size=5))
def test_analysts_values_survive_any_number_of_versions(steps: list[tuple[Any, Any]]) -> None:
    shelf = Shelf()
    theirs: dict[str, Any] = {}
    deployed(shelf, wanted(x="a", y="b"))
    for number, (ours, edits) in enumerate(steps):
        edit(shelf, **edits)
        theirs |= edits
        after = wanted(version=number, **ours)
        deployed(shelf, after)
        (again,) = plan([Part(shelf, [after])])
        assert not again.writes
        for name in again.kept + again.conflicts:
            assert name not in theirs or shelf.things["a"].get(name) == theirs[name]
        for name, value in ours.items():
            if name not in again.kept + again.conflicts and value:
                assert shelf.things["a"][name] == value
        theirs = {name: theirs[name] for name in theirs if name in again.kept + again.conflicts}


def test_overwrite_takes_back_what_was_edited() -> None:
    shelf = Shelf()
    deployed(shelf, wanted(x="q1", y="1"))
    edit(shelf, x="mine", y="mine")
    deployed(shelf, wanted(x="q2", y="1"), overwrite=True)
    assert (shelf.things["a"]["x"], shelf.things["a"]["y"]) == ("q2", "1")


def test_initial_fields_are_the_analysts() -> None:
    shelf = Shelf()
    one = Wanted("thing", "a", "a", {"x": 1}, initial={"enabled": False})
    deployed(shelf, one)
    edit(shelf, enabled=True)
    deployed(shelf, Wanted("thing", "a", "a", {"x": 2}, initial={"enabled": False}))
    assert shelf.things["a"]["enabled"] is True
    assert shelf.things["a"]["x"] == 2


def test_what_is_not_ours_is_never_touched() -> None:
    shelf = Shelf()
    shelf.things = {"a": {"x": "theirs"}, "b": {"x": 1, "_mark": "tracehound:9:1:"}}
    changes = deployed(shelf, wanted(x="ours"), wanted("b", x=2))
    assert [change.action for change in changes] == ["foreign", "foreign"]
    assert not removal([Part(shelf)])
    assert shelf.writes == []


def test_orphans_go_unless_edited() -> None:
    shelf = Shelf()
    deployed(shelf, wanted("a", x=1), wanted("b", x=1), wanted("c", x=1))
    edit(shelf, "c", x=2)
    changes = deployed(shelf, wanted("a", x=1))
    assert {change.key: change.action for change in changes} == {
        "a": "unchanged", "b": "orphaned", "c": "conflict",
    }  # fmt: skip
    assert list(shelf.things) == ["a", "c"]


def test_a_choice_of_objects_makes_no_orphans() -> None:
    shelf = Shelf()
    deployed(shelf, wanted("a", x=1), wanted("b", x=1))
    (change,) = plan([Part(shelf, [wanted("a", x=1)], complete=False)])
    assert change.key == "a"
    assert [one.key for one in removal([Part(shelf, [wanted("a", x=1)], complete=False)])] == ["a"]


def test_what_a_target_lacks_is_no_orphan_and_said() -> None:
    shelf = Shelf()
    deployed(shelf, wanted("a", x=1))
    (change,) = plan([Part(shelf, [], [LeftOut("thing", "a", "A", "no licence")])])
    assert (change.action, change.reason) == ("left out", "no licence")


def test_an_edit_between_plan_and_apply_is_noticed() -> None:
    shelf = Shelf()
    deployed(shelf, wanted(x="q1", y="1"))
    changes = plan([Part(shelf, [wanted(x="q2", y="2")])])
    edit(shelf, x="mine")
    (done,), _ = apply(changes)
    assert (done.status, done.reason) == ("done", "changed since the plan")
    assert (shelf.things["a"]["x"], shelf.things["a"]["y"]) == ("mine", "2")


def test_an_orphan_edited_between_plan_and_apply_stays() -> None:
    shelf = Shelf()
    deployed(shelf, wanted(x="q1"))
    changes = plan([Part(shelf, [])])
    edit(shelf, x="mine")
    (done,), _ = apply(changes)
    assert done.status == "kept"
    assert "a" in shelf.things


def test_somebody_creates_it_first() -> None:
    shelf = Shelf()
    changes = plan([Part(shelf, [wanted(x=1)])])
    raced = []

    def race(key: str) -> None:
        if not raced:
            raced.append(key)
            shelf.things[key] = {"x": "theirs"}

    shelf.on_write = race
    (done,), _ = apply(changes)
    assert (done.status, done.change.action) == ("kept", "foreign")
    assert shelf.things["a"] == {"x": "theirs"}


def test_one_that_fails_keeps_no_other_from_being_written() -> None:
    shelf = Shelf()

    def fail(key: str) -> None:
        if key == "b":
            raise TargetError("b is refused")

    shelf.on_write = fail
    things = [wanted(key, x=1) for key in "abc"]
    done, error = apply(plan([Part(shelf, things)]))
    assert error is None
    assert {one.change.key: one.status for one in done} == {"a": "done", "b": "failed", "c": "done"}
    shelf.on_write = lambda key: None
    changes = deployed(shelf, *things)
    assert {one.key: one.action for one in changes} == {"a": "unchanged", "b": "create", "c": "unchanged"}


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_login_that_ends_stops_everything(at_once: int) -> None:
    shelf = Shelf()
    things = [wanted(f"{n:02}", x=1) for n in range(30)]

    def expire(key: str) -> None:
        if len(shelf.writes) >= 5:
            raise ConfigError("401: the key has expired")

    shelf.on_write = expire
    done, error = apply(plan([Part(shelf, things)]), at_once=at_once)
    assert error is not None
    assert len(done) == 30
    statuses = [one.status for one in done]
    assert statuses.count("done") == len(shelf.writes) >= 5
    assert "not tried" in statuses
    shelf.on_write = lambda key: None
    deployed(shelf, *things)
    assert len(shelf.things) == 30


@pytest.mark.parametrize("stop_at", range(6))
def test_killed_at_any_write_and_run_again(stop_at: int) -> None:
    shelf = Shelf()
    things = [wanted(f"{n}", x=1, y=2) for n in range(6)]

    def kill(key: str) -> None:
        if key == str(stop_at):
            raise KeyboardInterrupt

    shelf.on_write = kill
    with pytest.raises(KeyboardInterrupt):
        apply(plan([Part(shelf, things)]), at_once=1)
    shelf.on_write = lambda key: None
    deployed(shelf, *things)
    assert sorted(shelf.writes) == [f"{n}" for n in range(6)]
    assert all(not one.writes for one in plan([Part(shelf, things)]))


def test_remove_says_what_was_edited_and_takes_only_ours() -> None:
    shelf = Shelf()
    deployed(shelf, wanted("a", x=1), wanted("b", x=1))
    edit(shelf, "b", x=2)
    shelf.things["c"] = {"x": 1}
    changes = removal([Part(shelf)])
    assert {one.key: one.kept for one in changes} == {"a": (), "b": ("x",)}
    apply(changes)
    assert list(shelf.things) == ["c"]
    assert removal([Part(shelf)]) == []


MARKS = st.builds(
    Mark,
    st.integers(0, 999_999_999),
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.from_regex(r"[A-Za-z0-9_-]{5}", fullmatch=True)
    ),
)


@given(MARKS)
def test_a_mark_is_read_as_it_was_written(mark: Mark) -> None:
    codes = {name: chr(ord("a") + place) for place, name in enumerate(sorted(mark.digests)[:26])}
    assert Mark.parse(mark.text()) == mark
    if len(mark.digests) <= 26:
        assert Mark.parse(mark.text(codes), codes) == mark


@pytest.mark.parametrize(
    "text", ["", "tracehound", "tracehound:1", "tracehound:2:1:", "x tracehound:1:1:", None, 3]
)
def test_what_is_no_mark(text: object) -> None:
    assert Mark.parse(text) is None
