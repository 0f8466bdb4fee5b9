"""Broken pattern files are refused with file, line, reason and the nearest valid name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracehound.errors import PatternError
from tracehound.scan import Scanner, loading

GOOD = "family: custom\npatterns:\n  - id: one\n    description: One\n    expression: 'abc'\n"
KIND = "family: custom\nkinds: {k: {about: K, confidence: review}}\npatterns:\n"

BROKEN = [
    ("no YAML", "family: [custom\n", 2, "no YAML"),
    ("no mapping", "- a\n- b\n", 1, "a pattern file is a mapping"),
    ("no family", "patterns: []\n", 1, "'family' has to be a text"),
    ("unknown family", "family: injections\n", 1, "did you mean 'injection'?"),
    ("unknown top key", "family: custom\npattern: []\n", 2, "did you mean 'patterns'?"),
    ("unknown key", GOOD + "    expresion: x\n", 6, "unknown key 'expresion' (did you mean 'expression'?)"),
    ("key twice", GOOD + "    expression: x\n", 6, "'expression' stands twice"),
    (
        "id twice",
        GOOD + "  - {id: one, description: D, expression: x}\n",
        6,
        "id 'one' stands twice, first in line 3",
    ),
    (
        "bad id",
        "family: custom\npatterns:\n  - {id: One-1, description: D, expression: x}\n",
        3,
        "[a-z0-9_]+",
    ),
    (
        "no expression",
        "family: custom\npatterns:\n  - {id: one, description: D}\n",
        3,
        "needs an 'expression' or",
    ),
    (
        "no description",
        "family: custom\npatterns:\n  - {id: one, expression: x}\n",
        3,
        "'description' has to be a text",
    ),
    ("look-ahead", GOOD.replace("abc", "a(?=b)"), 5, "look-around is not supported"),
    ("look-behind", GOOD.replace("abc", "(?<!a)b"), 5, "look-around is not supported"),
    ("back-reference", GOOD.replace("abc", "(a)\\1"), 5, "back-references are not supported"),
    ("inline flag", GOOD.replace("abc", "(?i)a"), 5, "only (...) and (?:...) groups"),
    ("upper case", GOOD.replace("abc", "Abc"), 5, "write it in lower case, or set 'cased: true'"),
    ("class not ASCII", GOOD.replace("abc", "[é]"), 5, "a class holds single bytes"),
    ("open class", GOOD.replace("abc", "[a"), 5, "is not closed"),
    ("POSIX class", GOOD.replace("abc", "[[:alpha:]]"), 5, "POSIX classes are not supported"),
    ("unknown escape", GOOD.replace("abc", "\\pL"), 5, "\\p is not supported"),
    ("invisible", GOOD.replace("'abc'", '"a\\u200Bb"'), 5, "U+200B is taken out of the text"),
    ("possessive", GOOD.replace("abc", "a++"), 5, "possessive"),
    ("large repeat", GOOD.replace("abc", "a{2000}"), 5, "repeats above 1000"),
    ("unbalanced", GOOD.replace("abc", "(abc"), 3, "one: "),
    ("nothing to repeat", GOOD.replace("abc", "*a"), 3, "one: "),
    ("matches nothing", GOOD.replace("abc", "a*"), 3, "one: "),
    ("undefined piece", GOOD.replace("abc", "%{few}"), 5, "%{few} is not defined"),
    ("nearest piece", "define: {gap: x}\n" + GOOD.replace("abc", "%{gaps}"), 6, "(did you mean 'gap'?)"),
    ("confirm", GOOD + "    confirm: luhm\n", 6, "(did you mean 'luhn'?)"),
    ("stdnum", GOOD + "    confirm: 'stdnum:br.cfp'\n", 6, "python-stdnum has no such module"),
    ("stdnum escape", GOOD + "    confirm: 'stdnum:..os'\n", 6, "python-stdnum has no such module"),
    ("direction", GOOD + "    directions: [promt]\n", 6, "(did you mean 'prompt'?)"),
    ("gate", GOOD + "    gate: digits\n", 3, "gate 'digits' is not defined"),
    ("gate and requires", GOOD + "    gate: g\n    requires: x\n", 7, "not both"),
    ("detector", GOOD + "    detector: base46\n", 6, "(did you mean 'base64'?)"),
    ("weight", GOOD + "    weight: 101\n", 6, "no whole number from 0 to 100"),
    ("weight as text", GOOD + "    weight: high\n", 6, "no whole number from 0 to 100"),
    ("cased", GOOD + "    cased: maybe\n", 6, "'cased' is true or false"),
    ("confidence", GOOD + "    confidence: hihg\n", 6, "(did you mean 'high'?)"),
    ("match", GOOD + "    match: [1]\n", 6, "a text or a list of texts"),
    ("switched off", "family: custom\npatterns:\n  - {id: one, enabled: false}\n", 3, "there is none"),
    (
        "two confidences",
        KIND + "  - {id: one, kind: k, confidence: high}\n",
        4,
        "kind 'k' is of confidence review",
    ),
    ("deep", "family: custom\nkinds: " + "{a: " * 20 + "1" + "}" * 20 + "\n", 2, "nested too deeply"),
]


@pytest.mark.parametrize(("text", "line", "reason"), [pytest.param(*rest, id=name) for name, *rest in BROKEN])
@pytest.mark.parametrize("engine", ["hyperscan", "re2"])
def test_broken_file_is_refused(
    text: str, line: int | None, reason: str, engine: str, tmp_path: Path
) -> None:
    file = tmp_path / "acme.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PatternError) as caught:
        Scanner.load([tmp_path], engine=engine, cache=tmp_path / "cache")
    assert caught.value.file == str(file)
    assert caught.value.line == line
    assert reason in str(caught.value)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(PatternError, match="no such folder"):
        loading.load([tmp_path / "none"])


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"family: \xff")
    with pytest.raises(PatternError, match="cannot be read"):
        loading.load([tmp_path])


def test_kinds_may_stand_in_a_later_file(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("family: custom\npatterns:\n  - {id: one, kind: k, expression: x}\n")
    (tmp_path / "b.yml").write_text(
        "family: custom\nkinds: {k: {about: Later, confidence: review, weight: 7}}\n"
    )
    pattern = loading.load([tmp_path]).patterns["one"]
    assert (pattern.description, pattern.confidence, pattern.weight) == ("Later", "review", 7)


def test_every_kind_of_ours_is_used() -> None:
    from tracehound.content import content_dir

    loaded = loading.load([content_dir("enrichers") / "patterns"])
    assert {p.label for p in loaded.patterns.values()} == set(loaded.kinds)
    assert len(loaded.patterns) >= 300
    assert all(p.reference or p.family in ("secret", "pii") for p in loaded.patterns.values())
