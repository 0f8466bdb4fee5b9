"""What stays between events is bounded, and takes the memory that its bounds count: objects and bytes, not RSS."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from tracehound import join
from tracehound.config import Settings
from tracehound.connectors import Stream
from tracehound.deadletter import DeadLetters
from tracehound.join import Join, offer
from tracehound.matcher import order
from tracehound.matcher.order import Order
from tracehound.pipeline import Pipeline
from tracehound.plain import Squeezer, pack
from tracehound.scan import scanner_for
from tracehound.scan.memo import Memo
from tracehound.scan.model import EMPTY

Event = dict[str, Any]


def event(number: int) -> Event:
    """Much like the others, with a text and ids of its own."""
    return {
        "time": 1_790_000_000_000 + number,
        "type_uid": 600399,
        "metadata": {"uid": f"{number * 7919 % 2**64:032x}"},
        "actor": {"user": {"name": f"user {number % 50}", "email_addr": f"u{number % 50}@example.com"}},
        "src_endpoint": {"ip": f"192.0.2.{number % 250}", "hostname": "desk.example.com"},
        "api": {"operation": "tools/call", "service": {"name": "files"}},
        "ai": {"session_uid": f"session {number}", "source": "mcp", "tool": {"name": f"tool {number % 9}"}},
    }


def held(fill: Callable[[], None]) -> int:
    """The bytes that Python's allocators hold more for it afterwards."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    fill()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


def test_what_waits_takes_what_is_counted() -> None:
    waiting = Order()
    waiting.add(0, {0: (0,)}, event(0))
    taken = held(lambda: [waiting.add(n, {0: (0,)}, event(n)) for n in range(1, 2000)].clear())
    assert taken < 1.25 * waiting._size


def test_offers_take_what_is_counted() -> None:
    memory = Join()
    memory.run([offer(event(0), "key", 0)])
    taken = held(lambda: [memory.run([offer(event(n), "key", n)]) for n in range(1, 2000)].clear())
    assert taken < 1.25 * memory._size


def test_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join, "MAX_BYTES", 50_000)
    monkeypatch.setattr(order, "MAX_BYTES", 50_000)
    memory, waiting = Join(), Order()
    for n in range(1000):
        memory.run([offer(event(n), "key", n)])
        waiting.add(n, {0: (0,)}, event(n))
        list(waiting.ready(-1))
    assert 0 < memory._size <= 50_000
    assert 0 < waiting._size <= 50_000
    assert memory.forgotten > 800


def test_the_memo_forgets_what_was_not_asked_for() -> None:
    memo = Memo(100)
    keys = [("prompt", n.to_bytes(16, "big")) for n in range(1000)]
    for number, key in enumerate(keys):
        memo.put(key, EMPTY)
        assert len(memo) <= 100
        assert memo.get(keys[0]) is EMPTY  # asked for all the time
        assert memo.get(keys[max(0, number - 20)]) is EMPTY  # of late
    assert memo.get(keys[500]) is None
    assert memo.get(("response", keys[-1][1])) is None
    memo.clear()
    assert len(memo) == 0


def test_squeezed_values_come_back() -> None:
    squeezer = Squeezer()
    values: list[Any] = [event(1), [1, None, "x"], {}, "half \ud800", 2**70]
    small = [squeezer.small(pack(value)) for value in values]
    assert [squeezer.value(one) for one in small] == values
    with pytest.raises(ValueError, match="nothing"):
        Squeezer().value(small[0])


def test_objects_do_not_grow_with_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner_for(()), "_memo", Memo(64))
    monkeypatch.setattr(join, "MAX_BYTES", 10_000)
    pipeline = Pipeline(Settings(), DeadLetters(None), clock=lambda: 1_795_000_000_000)
    counts = [objects_after(pipeline, part) for part in range(6)]
    assert pipeline.counts.events > 1000
    assert max(counts[3:]) - counts[2] < 100


def objects_after(pipeline: Pipeline, part: int) -> int:
    """How many containers are held after 200 more records, none of which was seen before."""
    data = b"\n".join(lines(part * 200, 200))
    parts = [data]
    for _ in pipeline.run([Stream("-", lambda _size: parts.pop() if parts else b"", lambda: None)]):
        pass
    gc.collect()
    return len(gc.get_objects())


def lines(first: int, count: int) -> Iterator[bytes]:
    """Calls of a gateway, and of tools with the offers that they make."""
    for number in range(first, first + count):
        said = [
            {"role": "system", "content": f"You serve person {number}."},
            {"role": "user", "content": f"What of number {number}? My key is AKIA{number:016d}."},
        ]
        yield orjson.dumps(
            {
                "id": f"chatcmpl-{number}", "call_type": "acompletion", "model": f"gpt-{number % 9}",
                "startTime": 1_790_000_000 + number, "endTime": 1_790_000_001 + number,
                "custom_llm_provider": "openai", "messages": said, "session_id": f"session {number}",
                "metadata": {"user_api_key_user_email": f"u{number}@example.com"},
                "response": {"choices": [{"message": {"role": "assistant", "content": f"It is {number}."}}]},
            }
        )  # fmt: skip
        yield orjson.dumps(
            {
                "jsonrpc": "2.0", "id": number, "method": "tools/call", "sessionId": f"session {number}",
                "params": {"name": "read_file", "arguments": {"path": f"/data/{number}"}},
            }
        )  # fmt: skip
