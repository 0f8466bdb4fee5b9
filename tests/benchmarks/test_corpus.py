"""The corpus is what the benchmark says it is, and the same every time."""

from __future__ import annotations

from benchmarks import corpus
from benchmarks.document import document
from benchmarks.figures import Figure

from tracehound.config import Settings
from tracehound.connectors import Stream
from tracehound.deadletter import DeadLetters
from tracehound.pipeline import Pipeline


def test_equal_seeds_give_equal_bytes() -> None:
    assert corpus.build(120).mixed() == corpus.build(120).mixed()
    assert corpus.build(120, seed=1).mixed() != corpus.build(120, seed=2).mixed()
    assert corpus.ten_turn_chats(20) == corpus.ten_turn_chats(20)


def test_size_and_share_of_text() -> None:
    made = corpus.build(600)
    assert 4500 < made.size / made.count < 6000
    assert 0.6 < corpus.text_share(made.mixed()) < 0.8


def test_every_record_is_known_and_every_source_is_there() -> None:
    import io

    made = corpus.build(300)
    dead = DeadLetters(None)
    pipeline = Pipeline(Settings(), dead)
    lines = io.BytesIO(b"\n".join(made.mixed()))
    list(pipeline.run([Stream("-", lines.read, lambda: None)]))
    assert len(dead) == 0
    assert set(pipeline.counts.by_source) == set(corpus.SHARES) == set(pipeline.registry.by_name)
    assert pipeline.counts.records == made.count


def test_turns_repeat_what_was_said() -> None:
    first, second = (line.decode() for line in corpus.ten_turn_chats(10)[:2])
    said = first.partition('"content":"')[2].partition('"')[0]
    assert len(said) > 50
    assert said in second


def test_the_page_tells_each_figure() -> None:
    found = [
        Figure("a", "met", 1.0, "×", "beside | it", 2),
        Figure("a", "missed", 3.0, "×", "", 2),
        Figure("b", "not run", None, "µs", "why"),
    ]
    assert [one.verdict for one in found] == ["met", "missed", "not run"]
    page = document({"machine": "m", "quick": True, "figures": [one.as_json() for one in found]})
    assert "| missed | 3.00 × | at most 2 | **missed** |" in page
    assert "beside \\| it" in page
