"""Delivery against a target in memory: nothing lost, bounds held, the position never ahead."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracehound.delivery import Answer, Backoff, Batcher, Delivery, Document, Rejection, TransportError
from tracehound.delivery.model import Limits
from tracehound.errors import ConfigError, TargetError


def documents(count: int, size: int = 10, start: int = 0) -> list[Document]:
    return [Document(f"u{n}", "route", b"x" * size) for n in range(start, start + count)]


class Target:
    """Keeps what it is sent; ``behave`` may raise or answer before it does."""

    def __init__(self, behave: Callable[[Target, Sequence[Document]], Answer | None] | None = None) -> None:
        self.kept: Counter[str] = Counter()
        self.requests: list[list[str]] = []
        self.behave = behave
        self.lock = threading.Lock()

    def send(self, documents: Sequence[Document]) -> Answer:
        with self.lock:
            self.requests.append([d.uid for d in documents])
            answer = self.behave(self, documents) if self.behave else None
            if answer is None:
                answer = Answer()
            left = {*answer.retry, *(r.place for r in answer.rejected)}
            self.kept.update(d.uid for n, d in enumerate(documents) if n not in left)
            return answer


def deliver(
    target: Target, given: Sequence[Document], limits: Limits | None = None, **options: Any
) -> tuple[Delivery, list[tuple[str, str]]]:
    letters: list[tuple[str, str]] = []
    with Delivery(
        target,
        lambda document, said: letters.append((document.uid, said.reason)),
        limits or Limits(documents=10, bytes=1000, in_flight=3),
        wait=lambda _seconds: None,
        **options,
    ) as delivery:
        for n, document in enumerate(given):
            delivery.put([document])
            delivery.mark(n)
    return delivery, letters


@given(
    st.lists(st.integers(0, 300), max_size=80),
    st.integers(1, 9),
    st.integers(1, 500),
    st.integers(0, 20),
)
def test_batches_keep_order_bounds_and_everything(
    sizes: list[int], most: int, most_bytes: int, overhead: int
) -> None:
    given_ = [Document(str(n), "r", b"x" * size) for n, size in enumerate(sizes)]
    batcher = Batcher(Limits(documents=most, bytes=most_bytes, overhead=overhead))
    batches = []
    for n, document in enumerate(given_):
        batches += batcher.add([document])
        batcher.mark(n)
    rest = batcher.rest()
    batches += [rest] if rest else []
    assert [d for batch in batches for d in batch.documents] == given_
    assert [batch.number for batch in batches] == list(range(len(batches)))
    for batch in batches:
        size = sum(len(d.body) + overhead for d in batch.documents)
        assert batch.size == size
        assert len(batch.documents) <= most
        assert size <= most_bytes or len(batch.documents) == 1
        # A mark is never in a batch before the documents that it covers.
        assert all(mark <= int(batch.documents[-1].uid) for mark in batch.marks)
    assert [mark for batch in batches for mark in batch.marks] == list(range(len(given_)))


@given(st.lists(st.lists(st.integers(0, 50), max_size=12)))
def test_batches_do_not_depend_on_how_documents_come(pieces: list[list[int]]) -> None:
    def cut(groups: list[list[Document]]) -> list[list[Document]]:
        batcher = Batcher(Limits(documents=4, bytes=120, overhead=5))
        found = [batch.documents for group in groups for batch in batcher.add(group)]
        rest = batcher.rest()
        return [*found, *([rest.documents] if rest else [])]

    numbered = [[Document("", "", b"x" * size) for size in piece] for piece in pieces]
    assert cut(numbered) == cut([[d] for piece in numbered for d in piece])


def test_everything_arrives_once_and_the_position_is_the_last() -> None:
    target = Target()
    delivery, letters = deliver(target, documents(1005))
    assert set(target.kept) == {f"u{n}" for n in range(1005)}
    assert set(target.kept.values()) == {1}
    assert (delivery.totals.sent, delivery.totals.duplicates, letters) == (1005, 0, [])
    assert delivery.position == 1004


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_any_mixture_of_trouble_loses_nothing(seed: int, count: int) -> None:
    chance = random.Random(seed)

    def trouble(_: Target, sent: Sequence[Document]) -> Answer | None:
        kind = chance.random()
        if kind < 0.2:
            raise TransportError("connection reset")
        if kind < 0.3 and len(sent) > 1:
            raise TransportError("413", too_large=True)
        places = list(range(len(sent)))
        chance.shuffle(places)
        cut = chance.randint(0, len(places))
        again, refused = places[:cut], [n for n in places[cut:] if chance.random() < 0.2]
        known = [n for n in places[cut:] if n not in refused and chance.random() < 0.3]
        return Answer(len(known), [Rejection(n, "mapping", "no") for n in refused], again, "429")

    target = Target(trouble)
    delivery, letters = deliver(target, documents(count), Limits(documents=5, bytes=200, in_flight=2))
    assert {*target.kept, *(uid for uid, _ in letters)} == {f"u{n}" for n in range(count)}
    assert set(target.kept).isdisjoint(uid for uid, _ in letters)
    assert delivery.totals.delivered + delivery.totals.rejected.total() == count
    assert delivery.position == count - 1


def test_the_position_never_runs_ahead() -> None:
    """The first batch is held back while later ones are delivered: the position waits for it."""
    release, seen = threading.Event(), threading.Event()

    class Slow(Target):
        def send(self, documents: Sequence[Document]) -> Answer:
            if documents[0].uid == "u0":
                release.wait(10)
            answer = super().send(documents)
            if documents[0].uid == "u20":
                seen.set()
            return answer

    target = Slow()
    limits = Limits(documents=10, in_flight=3)
    delivery = Delivery(target, lambda *_: None, limits, position="start")
    for n, document in enumerate(documents(31)):
        delivery.put([document])
        delivery.mark(n)
    assert seen.wait(10)
    assert delivery.position == "start"
    release.set()
    delivery.close()
    assert delivery.position == 30


def test_a_caller_waits_while_the_target_is_away_and_memory_is_bounded() -> None:
    away = threading.Event()

    class Away(Target):
        def send(self, documents: Sequence[Document]) -> Answer:
            if not away.wait(0.01):
                raise TransportError("refused")
            return super().send(documents)

    target, taken = Away(), 0
    limits = Limits(documents=10, in_flight=2)
    with Delivery(target, lambda *_: None, limits, wait=lambda _s: away.wait(0.01)) as delivery:

        def feed() -> None:
            nonlocal taken
            for document in documents(500):
                delivery.put([document])
                taken += 1

        feeder = threading.Thread(target=feed)
        feeder.start()
        feeder.join(0.5)
        held = taken
        away.set()
        feeder.join(10)
    assert held <= (2 * limits.in_flight + 1) * limits.documents
    assert sum(target.kept.values()) == 500


def test_what_cannot_be_mended_ends_the_run_and_keeps_the_position() -> None:
    def refuse(target: Target, sent: Sequence[Document]) -> Answer | None:
        if sent[0].uid == "u20":
            raise TransportError("401", retry=False, error=ConfigError("the key has expired"))
        return None

    target = Target(refuse)
    delivery = Delivery(target, lambda *_: None, Limits(documents=10, in_flight=1))

    def run() -> None:
        for n, document in enumerate(documents(200)):
            delivery.put([document])
            delivery.mark(n)
        delivery.close()

    with pytest.raises(ConfigError, match="expired"):
        run()
    assert set(target.kept) == {f"u{n}" for n in range(20)}
    assert delivery.position == 19


def test_it_gives_up_when_nothing_moves_for_long() -> None:
    now = iter(range(0, 10_000, 50))
    target = Target(lambda *_: (_ for _ in ()).throw(TransportError("connection refused")))
    delivery = Delivery(
        target,
        lambda *_: None,
        Limits(in_flight=1, patience=300),
        wait=lambda _s: None,
        clock=lambda: float(next(now)),
    )
    delivery.put(documents(3))
    with pytest.raises(TargetError, match="connection refused"):
        delivery.close()


def test_one_document_that_is_too_large_is_a_dead_letter() -> None:
    def limit(_: Target, sent: Sequence[Document]) -> Answer | None:
        if sum(len(d.body) for d in sent) > 100:
            raise TransportError("413 Payload Too Large", too_large=True)
        return None

    target = Target(limit)
    given_ = [*documents(30), Document("big", "r", b"x" * 500), *documents(30, start=30)]
    delivery, letters = deliver(target, given_, Limits(documents=100, in_flight=1))
    assert letters == [("big", "too_large")]
    assert len(target.kept) == 60
    assert delivery.totals.rejected == {"too_large": 1}


def test_a_failing_dead_letter_ends_the_run() -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "dead.ndjson")

    target = Target(lambda _t, _s: Answer(rejected=[Rejection(0, "mapping", "no")]))
    delivery = Delivery(target, full, Limits(in_flight=1), position="before")
    delivery.put(documents(1))
    delivery.mark("after")
    with pytest.raises(OSError, match="No space"):
        delivery.close()
    assert delivery.position == "before"


@given(st.integers(0, 10_000), st.floats(0, 0.999), st.one_of(st.none(), st.floats(-5, 10_000)))
def test_backoff_is_bounded_and_obeys(attempt: int, chance: float, asked: float | None) -> None:
    backoff = Backoff(base=0.5, cap=30, chance=lambda: chance)
    delay = backoff.delay(attempt, asked)
    floor = min(max(asked or 0, 0), backoff.most_asked)
    assert floor <= delay <= floor + min(30, 0.5 * 2 ** min(attempt, 10))


def test_backoff_grows_and_spreads() -> None:
    seeded = Backoff(chance=random.Random(7).random)
    means = [sum(seeded.delay(n) for _ in range(500)) / 500 for n in range(8)]
    assert means == sorted(means)
    assert len({seeded.delay(5) for _ in range(100)}) == 100


def test_a_batch_that_is_not_full_is_sent_after_a_time() -> None:
    """Who reads a log that is slow is not kept waiting for its last events."""
    target, sent = Target(), threading.Event()
    target.behave = lambda *_: sent.set()
    limits = Limits(documents=10, in_flight=2, linger=0.3)
    with Delivery(target, lambda *_: None, limits) as delivery:
        delivery.put(documents(3))
        delivery.mark("three")
        assert sent.wait(10)
        assert target.requests == [["u0", "u1", "u2"]]
        delivery.put(documents(2, start=3))
    assert len(target.requests) == 2
    assert target.kept.total() == 5
    assert delivery.position == "three"


def test_time_and_count_together_lose_nothing_and_keep_the_order_of_positions() -> None:
    target = Target()
    limits = Limits(documents=7, in_flight=3, linger=0.0)
    with Delivery(target, lambda *_: None, limits) as delivery:
        for n in range(400):
            delivery.put(documents(1, start=n))
            delivery.mark(n)
    assert target.kept == dict.fromkeys((f"u{n}" for n in range(400)), 1)
    assert delivery.position == 399
