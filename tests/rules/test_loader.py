"""Loading packs: what a rule becomes, which pack wins, and what is refused with file, line and reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tracehound.errors import RuleError

PATH = "detections/models/unapproved_model_used/unapproved_model_used.yml"


def test_a_rule_with_everything(write: Any, load: Any, rule_text: str) -> None:
    text = rule_text + (
        "status: test\nreferences: [https://example.com/a]\nfalsepositives: [New projects]\n"
        "tags: [attack.t1567.002, attack.exfiltration, atlas.aml.t0051.000, owasp.llm01-2025, owasp.asi01]\n"
        "tracehound:\n  misses: What no catalogue knows.\n  triage: [Ask the owner, Block the key]\n"
        "  risk_entity: ai.principal\n  suppress: {by: [ai.principal, ai.model.name], for: 90m}\n"
    )
    ruleset = load(write(PATH, text))
    assert not ruleset.errors
    assert not ruleset.warnings
    (rule,) = ruleset
    assert (rule.title, rule.level, rule.area, rule.service) == (
        "Unapproved model",
        "medium",
        "models",
        "gateway",
    )
    assert rule.attack == ("T1567.002",)
    assert rule.attack_tactics == ("exfiltration",)
    assert rule.atlas == ("AML.T0051.000",)
    assert rule.owasp == ("LLM01:2025", "ASI01")
    assert rule.misses == ("What no catalogue knows.",)
    assert rule.triage == ("Ask the owner", "Block the key")
    assert rule.suppress is not None
    assert (rule.suppress.by, rule.suppress.seconds) == (("ai.principal", "ai.model.name"), 5400)
    assert rule.fields == ("ai.model.status", "ai.service")
    assert rule.falsepositives == ("New projects",)
    assert len(rule.version) == 12
    assert rule.folder.name == "unapproved_model_used"
    assert ruleset.find("unapproved_model_used") is rule


def test_a_later_pack_wins_by_id(write: Any, load: Any, rule_text: str) -> None:
    first = write(PATH, rule_text, "one")
    second = write("detections/x/other_name/other_name.yml", rule_text.replace("medium", "high"), "two")
    assert [r.level for r in load(first, second)] == ["high"]
    assert [r.level for r in load(second, first)] == ["medium"]


def test_an_id_twice_in_one_pack_is_refused(write: Any, load: Any, rule_text: str) -> None:
    write(PATH, rule_text)
    pack = write("detections/models/zz_again/zz_again.yml", rule_text)
    ruleset = load(pack)
    assert len(ruleset) == 1
    assert "is that of unapproved_model_used.yml too" in str(ruleset.errors[0])
    assert ruleset.errors[0].line == 2


def test_a_broken_rule_keeps_no_other_from_loading(write: Any, load: Any, rule_text: str) -> None:
    write("detections/models/aa_broken/aa_broken.yml", "title: [")
    ruleset = load(write(PATH, rule_text))
    assert [r.title for r in ruleset] == ["Unapproved model"]
    assert len(ruleset.errors) == 1


def test_our_own_content_is_held_to_more(write: Any, load: Any, rule_text: str) -> None:
    text = rule_text.replace("description: A model that the company does not approve.\n", "")
    text = text.replace("ai.model.status: unapproved", "message|contains: x\n    ai.model.name|re: x\n")
    text += "tags: [acme.x]\n"
    own = write(PATH, text)
    as_pack, as_own = load(own), load(own=own)
    assert len(as_pack) == 1
    assert [str(w).rpartition(": ")[2] for w in as_pack.warnings] == [
        "tag acme.x: tag acme.x has a namespace that Sigma does not know".rpartition(": ")[2]
    ]
    assert not as_own.rules
    said = " ".join(str(e) for e in as_own.errors)
    for word in ("no description", "long text message", "regular expression"):
        assert word in said


def test_a_field_that_nothing_fills(write: Any, load: Any, rule_text: str) -> None:
    pack = write(PATH, rule_text)
    ruleset = load(pack, filled={"ai.principal"})
    assert "ai.model.status is filled by no normalizer" in str(ruleset.warnings[0])
    assert len(ruleset) == 1
    assert not load(own=pack, filled={"ai.principal"}).rules
    assert not load(own=pack, filled={"ai.model.status"}).errors


def test_embedded_only_rules_say_why(write: Any, load: Any, rule_text: str) -> None:
    cases = {
        "ai.prompt_text|contains: x": "tests the long text ai.prompt_text",
        "unmapped.vendor.field: x": "tests the long text unmapped.vendor.field",
        "'|contains': x": "searches keywords",
    }
    for item, why in cases.items():
        pack = write(PATH, rule_text.replace("ai.model.status: unapproved", item))
        ruleset = load(pack)
        assert [r.embedded_only for r in ruleset] == [(why,)], (item, ruleset.errors)


def test_selecting(write: Any, load: Any, rule_text: str) -> None:
    write(PATH, rule_text + "tags: [atlas.aml.t0051.000, owasp.llm01-2025]\n")
    other = rule_text.replace("0001", "0002").replace("medium", "high").replace("Unapproved", "Other")
    ruleset = load(write("detections/agents/other_thing/other_thing.yml", other))
    assert [r.title for r in ruleset.select(areas=["agents"])] == ["Other model"]
    assert [r.title for r in ruleset.select(levels=["high"])] == ["Other model"]
    assert [r.title for r in ruleset.select(tags=["atlas.aml.t0051"])] == ["Unapproved model"]
    assert [r.title for r in ruleset.select(tags=["owasp.llm01"])] == ["Unapproved model"]
    assert len(ruleset.select(rules=["other_thing"], areas=["models"])) == 0
    assert len(ruleset.select()) == 2


SEL = "ai.model.status: unapproved"
REFUSED: list[tuple[str, str, str, str, int | None]] = [
    ("not YAML", "title: Unapproved", "title: [", "is not YAML", 2),
    ("key twice", "level: medium", "level: medium\nlevel: low", "'level' is there twice", 5),
    ("alias", SEL, "ai.model.status: &a unapproved\n    ai.model.name: *a", "aliases are refused", 11),
    ("unknown field", SEL, "ai.model.stats: x", "(did you mean 'ai.model.status'?)", 10),
    ("object", SEL, "ai.model: x", "is an object; name one of its fields", 10),
    ("unknown modifier", SEL, "ai.model.name|contain: x", "(did you mean 'contains'?)", 10),
    ("selection misspelt", "condition: selection", "condition: selektion", "(did you mean 'selection'?)", 11),
    ("condition broken", "condition: selection", "condition: selection and", "Expected", 11),
    ("condition of nothing", "condition: selection", "condition: 1 of other*", "selects none", 11),
    ("old pipe", "condition: selection", "condition: selection | count() > 3", "deprecated", 11),
    ("no level", "level: medium\n", "", "has no level", 1),
    ("level", "level: medium", "level: urgent", "is none of informational, low", 4),
    ("no id", "id: 6f1f3c0e-90a7-4a73-8a0e-000000000001\n", "", "has no id", 1),
    ("id", "-000000000001", "-1", "is no UUID", 2),
    ("no title", "title: Unapproved model\n", "", "has no title", 1),
    ("key misspelt", "description:", "desciption:", "(did you mean 'description'?)", 3),
    ("product", "product: ai", "product: windows", "product 'windows'", 5),
    ("service", "service: gateway", "service: gatway", "(did you mean 'gateway'?)", 5),
    ("category", "service: gateway", "category: proxy", "category has no meaning", 5),
    (
        "tag atlas",
        "level: medium",
        "level: medium\ntags: [atlas.aml.t0051.900]",
        "(did you mean 'aml.t0051.00",
        5,
    ),
    ("tag owasp", "level: medium", "level: medium\ntags: [owasp.llm01]", "no risk of the OWASP lists", 5),
    (
        "tag attack",
        "level: medium",
        "level: medium\ntags: [attack.exfiltrate]",
        "(did you mean 'exfiltration'?)",
        5,
    ),
    ("tag upper case", "level: medium", "level: medium\ntags: [attack.T1567]", "'attack.t1567'", 5),
    ("contains on an address", SEL, "src_endpoint.ip|contains: '10.'", "no string modifiers", 10),
    ("regex on an address", SEL, "src_endpoint.ip|re: '10'", "no string modifiers", 10),
    ("wildcard on an address", SEL, "src_endpoint.ip: '10.*'", "no string modifiers", 10),
    ("no address", SEL, "src_endpoint.ip: localhost", "'localhost' is none", 10),
    ("network with host bits", SEL, "src_endpoint.ip|cidr: 10.0.0.1/8", "has host bits set", 8),
    ("text on a number", SEL, "ai.tokens.total: many", "has type long", 10),
    ("contains on a number", SEL, "ai.tokens.total|contains: '1'", "has type long", 10),
    ("gt on text", SEL, "ai.model.name|gt: 5", "want numbers", 10),
    ("boolean", SEL, "ai.text_truncated: maybe", "is true or false", 10),
    ("hour of a word", SEL, "ai.model.name|hour: 5", "not a time", 10),
    ("value outside a closed set", SEL, "ai.model.status: unaproved", "(did you mean 'unapproved'?)", 10),
    ("number beyond exactness", SEL, "ai.tokens.total: 9007199254740993", "write it in quotes", 10),
    ("bad regex", SEL, "ai.model.name|re: '('", "invalid", 8),
    ("placeholder without a list", SEL, "ai.model.name|expand: '%models%'", "has no list", 10),
    ("extra key", "level: medium", "level: medium\ntracehound:\n  triag: [x]", "(did you mean 'triage'?)", 6),
    (
        "extra time",
        "level: medium",
        "level: medium\ntracehound:\n  suppress: {for: 5 minutes}",
        "write a time such as",
        6,
    ),
    (
        "extra field",
        "level: medium",
        "level: medium\ntracehound:\n  risk_entity: ai.principle",
        "'ai.principal'",
        6,
    ),
    (
        "extra baseline",
        "level: medium",
        "level: medium\ntracehound:\n  baseline: {type: rare}",
        "'rare' is none of",
        6,
    ),
    ("several rules", "title: Unapproved", "title: A\n---\ntitle: Unapproved", "one file, one rule", None),
    ("global action", "title: Unapproved", "action: global\ntitle: Unapproved", "not part of Sigma 2", 1),
    ("key that is no text", "level: medium", "level: medium\n1: x", "plain text", 5),
    ("deep nesting", SEL, "ai.model.name: " + "[" * 40 + "]" * 40, "nested deeper", 10),
    ("list of lists", SEL, "ai.model.name: [[x]]", "Unsupported type", 8),
    (
        "detection is text",
        "  selection:\n    ai.model.status: unapproved\n  condition: selection",
        "  x",
        "detection",
        None,
    ),
    ("a date that is none", "level: medium", "level: medium\ndate: 2026-13-45", "is not YAML", None),
    ("long condition", "condition: selection", "condition: " + "not " * 1500 + "selection", "too long", 11),
]


@pytest.mark.parametrize(
    ("old", "new", "reason", "line"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(
    write: Any, load: Any, rule_text: str, old: str, new: str, reason: str, line: int | None
) -> None:
    assert old in rule_text
    ruleset = load(write(PATH, rule_text.replace(old, new, 1)))
    assert not ruleset.rules
    said = [str(e) for e in ruleset.errors]
    assert any(reason in s for s in said), said
    assert all(PATH.rpartition("/")[2] in s for s in said)
    if line is not None:
        assert line in [e.line for e in ruleset.errors], said


BYTES = [
    ("empty", b"", "is empty"),
    ("only a comment", b"# nothing\n", "is empty"),
    ("no UTF-8", b"title: \xff\n", "is not UTF-8"),
    ("too large", b"title: " + b"x" * 300_000, "is larger than 256 KB"),
    ("control characters", b"title: \x00\n", "is not YAML"),
    ("a list", b"- title: x\n", "must be a mapping"),
    ("text", b"just words\n", "must be a mapping"),
    ("python tag", b"title: !!python/object/apply:os.system [ls]\n", "is not YAML"),
]


@pytest.mark.parametrize(("raw", "reason"), [b[1:] for b in BYTES], ids=[b[0] for b in BYTES])
def test_files_that_are_no_rules(write: Any, load: Any, raw: bytes, reason: str) -> None:
    ruleset = load(write(PATH, raw))
    assert not ruleset.rules
    assert [reason in str(e) for e in ruleset.errors] == [True], [str(e) for e in ruleset.errors]


def test_a_yaml_bomb_is_refused_before_it_grows(write: Any, load: Any) -> None:
    levels = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9) if i else 'x'}]\n" for i in range(12))
    ruleset = load(write(PATH, levels))
    assert "aliases are refused" in str(ruleset.errors[0])


def test_an_unreadable_file(write: Any, load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = write(PATH, "title: x")

    def denied(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    ruleset = load(pack)
    assert "cannot be read: Permission denied" in str(ruleset.errors[0])


def test_backtracking_patterns_are_warned_of(write: Any, load: Any, rule_text: str) -> None:
    ruleset = load(
        write(PATH, rule_text.replace("ai.model.status: unapproved", "ai.model.name|re: 'a(?=b)'"))
    )
    assert len(ruleset) == 1
    assert isinstance(ruleset.warnings[0], RuleError)
    assert "backtracking" in str(ruleset.warnings[0])
