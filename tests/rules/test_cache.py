"""Rule sets from the cache are what the loader makes; whatever changes or is spoilt is made anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tracehound.errors import RuleError
from tracehound.matcher.condition import Leaf
from tracehound.matcher.leaves import Number, Text
from tracehound.rules import RuleSet, cache, load_rules, loader, stored
from tracehound.rules.known import filled_fields

RULE = """\
title: A rule
id: 6f1f3c0e-90a7-4a73-8a0e-0000000000{number:02}
level: low
logsource: {{product: ai}}
detection:
  sel: {detection}
  condition: sel
"""
CORRELATION = """\
title: Several
id: 6f1f3c0e-90a7-4a73-8a0e-000000000099
level: high
correlation:
  type: event_count
  rules: [base]
  group-by: [ai.principal]
  timespan: 5m
  condition: {gte: 3}
  generate: true
---
title: Base
name: base
id: 6f1f3c0e-90a7-4a73-8a0e-000000000098
level: low
logsource: {product: ai}
detection: {sel: {ai.tool.name: x}, condition: sel}
"""
DETECTIONS = [
    "{ai.tool.name|re|i: 'a+b', src_endpoint.ip|cidr: [10.0.0.0/8, 'fd00::/8'], src_endpoint.ip: '::1'}",
    "{ai.tokens.total|gt: 5, ai.cost_usd|lte: 0.5, ai.tool.name|cased|contains: 'A*b?', time|hour: 3}",
    "{ai.tool.name|fieldref: ai.principal, ai.session_uid: null, ai.agent.name|exists: true}",
    "{ai.tool.name|expand: '%known%'}",
    "{ai.tool.nmae: x}",
]

Load = Callable[[], RuleSet]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack with every kind of test, a correlation that raises its base rule too, a list and a wrong rule."""
    for number, detection in enumerate(DETECTIONS):
        write(tmp_path, number, detection)
    file = tmp_path / "detections/x/several/several_of_them.yml"
    file.parent.mkdir()
    file.write_text(CORRELATION)
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/known.txt").write_text("one\ntwo\n")
    return tmp_path


def write(root: Path, number: int, detection: str) -> None:
    file = root / f"detections/x/rule_{number}/a_rule_with_number_{number}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(RULE.format(number=number, detection=detection))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """A cache folder of the test's own, and a list that grows whenever rules are made anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    calls: list[int] = []
    plain = loader.load_rules

    def counted(*args: Any, **options: Any) -> RuleSet:
        calls.append(1)
        return plain(*args, **options)

    monkeypatch.setattr(loader, "load_rules", counted)
    return calls


@pytest.fixture
def load(pack: Path) -> Load:
    return lambda: load_rules([pack], own=pack / "nothing")


def plain(rules: RuleSet) -> tuple[Any, ...]:
    """What can be compared: without pySigma's objects, errors as words."""

    def bare(rule: Any) -> Any:
        link = rule.correlation
        link = link and replace(link, base=tuple(bare(base) for base in link.base))
        return replace(rule, sigma=None, correlation=link)

    errors = [(str(e), e.file, e.line) for e in (*rules.errors, *rules.warnings)]
    return tuple(map(bare, rules.rules)), errors, dict(rules.lists)


def kept() -> list[Path]:
    return sorted(cache.database_cache.default_folder("rules").glob("*.rules"))


def test_the_cache_gives_what_the_loader_makes(load: Load, made: list[int]) -> None:
    first, second = load(), load()
    assert len(made) == 1
    assert len(first.rules) == 6
    assert len(first.errors) == 1
    assert plain(first) == plain(second)


def test_our_own_rules_survive(made: list[int]) -> None:
    rules = load_rules(filled=filled_fields())
    assert plain(rules) == plain(load_rules(filled=filled_fields()))
    assert len(made) == 1


def test_base_rules_are_the_same_objects_again(load: Load, made: list[int]) -> None:
    load()
    rules = load()
    correlation = next(rule for rule in rules if rule.correlation)
    assert correlation.correlation is not None
    assert any(rule is correlation.correlation.base[0] for rule in rules)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a rule's text": lambda root: write(root, 0, "{ai.tool.name: y}"),
    "a new rule": lambda root: write(root, 7, "{ai.tool.name: y}"),
    "a rule gone": lambda root: (root / "detections/x/rule_0/a_rule_with_number_0.yml").unlink(),
    "a list": lambda root: (root / "lists/known.txt").write_text("three\n"),
    "a filter": lambda root: (root / "filters").mkdir() or (root / "filters/f.yml").write_text("title: f\n"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_made_anew(load: Load, made: list[int], pack: Path, change: str) -> None:
    load()
    CHANGES[change](pack)
    assert plain(load()) == plain(loader.load_rules([pack], own=pack / "nothing"))
    assert len(made) == 3  # the two loads, and the comparison


def test_settings_and_code_are_part_of_the_key(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [cache.key([pack], None, None), cache.key([pack], {"a": ["b"]}, None), cache.key([pack], None, [])]
    keys += [cache.key([pack], {"a": ["b", "c"]}, None), cache.key([pack, pack], None, None)]
    monkeypatch.setattr(cache, "_code", lambda: iter(["other"]))
    keys.append(cache.key([pack], None, None))
    assert len(set(keys)) == len(keys)


def test_fields_of_ones_own_are_not_kept(pack: Path, made: list[int]) -> None:
    load_rules([pack], fields={}, own=pack / "nothing")
    assert not kept()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:-1],
        lambda raw: b"",
        lambda raw: raw.replace(b"Leaf", b"Loaf", 1),
        lambda raw: signed(b"[]"),
        lambda raw: signed(b'{"table": [["Rule"]], "rules": [], "errors": [], "warnings": [], "lists": {}}'),
        lambda raw: signed(
            b'{"table": [["Popen", "x"]], "rules": [], "errors": [], "warnings": [], "lists": {}}'
        ),
        lambda raw: signed(b"not json"),
        lambda raw: signed(
            b'{"table": [], "rules": [["rule", 5]], "errors": [], "warnings": [], "lists": {}}'
        ),
    ],
    ids=[
        "cut",
        "empty",
        "changed",
        "other JSON",
        "too few values",
        "foreign class",
        "no JSON",
        "no such rule",
    ],
)
def test_a_spoilt_cache_is_made_anew(load: Load, made: list[int], spoil: Callable[[bytes], bytes]) -> None:
    first = load()
    (file,) = kept()
    file.write_bytes(spoil(file.read_bytes()))
    assert plain(load()) == plain(first)
    assert len(made) == 2
    assert plain(load()) == plain(first)
    assert len(made) == 2


def signed(payload: bytes) -> bytes:
    return cache.sha256(payload).digest() + payload


def test_what_others_could_have_written_is_not_read(load: Load, made: list[int]) -> None:
    load()
    (file,) = kept()
    file.chmod(0o666)
    load()
    assert len(made) == 2


def test_few_rule_sets_are_kept(load: Load, made: list[int], pack: Path) -> None:
    for number in range(cache.KEPT + 3):
        write(pack, 0, f"{{ai.tool.name: y{number}}}")
        load()
    assert len(kept()) == cache.KEPT


def test_a_folder_that_cannot_be_written_is_no_error(
    load: Load, made: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(load().rules) == 6


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_json_would_change_is_not_stored(value: float) -> None:
    rules = RuleSet((Leaf("f", Number(value)),))  # type: ignore[arg-type]
    with pytest.raises(stored.UnstorableError):
        stored.dump(rules)


def test_values_come_back_as_they_were() -> None:
    leaf = Leaf("f", Text(("a", 0, 1, "\u0130"), cased=True))
    numbers = tuple(Leaf("f", Number(n)) for n in (5, 5.0, -(1 << 70), 1e-07))
    read = stored.load(stored.dump(RuleSet((leaf, *numbers), (RuleError("why", file="f.yml", line=3),))))  # type: ignore[arg-type]
    assert read.rules == (leaf, *numbers)
    assert [type(n.test.number) for n in read.rules[1:]] == [int, float, int, float]  # type: ignore[union-attr,attr-defined]
    assert str(read.errors[0]) == "f.yml:3: why"
