"""Versions of rules: the lock file of our content, and how an entry changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tracehound.content import content_root
from tracehound.errors import RuleError
from tracehound.rules import Rule, load_rules, lock


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return list(load_rules(own=content_root()))


def test_our_lock_file_is_up_to_date(rules: list[Rule]) -> None:
    entries = lock.read(content_root())
    assert lock.updated(entries, rules) == entries, "write it anew: tracehound test --lock"


def test_new_rule_begins_at_one(rules: list[Rule]) -> None:
    one = rules[0]
    assert lock.updated({}, [one]) == {one.id: {"name": one.folder.name, "version": 1, "hash": one.version}}


def test_changed_rule_gets_the_next_version(rules: list[Rule]) -> None:
    entries = lock.updated({}, rules[:2])
    changed = replace(rules[0], version="0" * 12)
    after = lock.updated(entries, [changed, rules[1]])
    assert after[changed.id]["version"] == 2
    assert after[rules[1].id] == entries[rules[1].id]
    assert lock.updated(after, [changed, rules[1]]) == after


def test_id_of_a_rule_that_was_taken_out_is_not_used_again(rules: list[Rule]) -> None:
    entries = lock.updated(lock.updated({}, rules[:2]), rules[1:2])
    assert entries[rules[0].id]["retired"] is True
    with pytest.raises(RuleError, match="was taken out; give the rule a new one"):
        lock.updated(entries, rules[:2])


@pytest.mark.parametrize(
    "text", ["[]", '{"rules": {"a": {}}}', '{"rules": 1}', "{", '{"rules": {"a": {"version": true}}}']
)
def test_broken_lock_file_is_named(tmp_path: Path, text: str) -> None:
    lock.path(tmp_path).parent.mkdir()
    lock.path(tmp_path).write_text(text)
    with pytest.raises(RuleError, match=r"lock file|cannot be read"):
        lock.read(tmp_path)


def test_later_pack_gives_the_version(tmp_path: Path, rules: list[Rule]) -> None:
    roots = [tmp_path / "ours", tmp_path / "theirs"]
    for number, root in enumerate(roots, 1):
        lock.path(root).parent.mkdir(parents=True)
        lock.write(root, {rules[0].id: {"name": "x", "version": number, "hash": "h"}})
    assert lock.versions(roots) == {rules[0].id: 2}
    assert lock.versions([*roots, tmp_path / "none"]) == {rules[0].id: 2}
