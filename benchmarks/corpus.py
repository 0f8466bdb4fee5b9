"""The corpus: raw records of all eight sources in their vendors' shapes, drawn from a fixed seed.

Real multi-turn conversations: each turn repeats what was said before it, and no conversation repeats another one's
texts. Over the whole mixture a record has about 5 KB, of which about 70 % is text. Shapes are the sample day's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson
from benchmarks.prose import Prose

from tracehound.demo.generate.benign import cloud, connections, gateway, organisation, traffic
from tracehound.demo.generate.clock import START
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import uuid
from tracehound.demo.generate.people import SERVICES, staff
from tracehound.demo.generate.shapes import agent, bedrock, cloudtrail, litellm
from tracehound.demo.generate.shapes.claude_code import Session
from tracehound.demo.generate.shapes.litellm_call import MODELS, Call

SEED = 20_261_118
SHARES = {
    "litellm": 15, "aws_bedrock_invocation": 41, "otel_genai": 30, "claude_code": 5, "aws_cloudtrail": 3,
    "mcp": 3, "ocsf": 2, "openai_audit": 1,
}  # fmt: skip
"""Of a hundred records, how many come from each source; the names are those of the normalizers."""
ASKED, ANSWERED, SYSTEM = 480, 900, 600
"""Mean characters of a question, of an answer and of a system prompt."""
CHATS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")


class SeededDay(Day):
    """A day whose generators depend on a seed of ours."""

    seed = SEED

    def rng(self, name: str) -> Random:
        return Random(f"{self.seed}/{name}")


@dataclass
class Corpus:
    """Lines of JSON by source; ``records`` counts what envelopes hold."""

    lines: dict[str, list[bytes]] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all lines."""
        return sum(len(line) for lines in self.lines.values() for line in lines)

    @property
    def count(self) -> int:
        """Records of all sources."""
        return sum(self.records.values())

    def mixed(self) -> list[bytes]:
        """The lines of all sources in one order, drawn once: runs of a source, as log shippers deliver."""
        blocks = [
            lines[at : at + 25] for _, lines in sorted(self.lines.items()) for at in range(0, len(lines), 25)
        ]
        Random(SEED).shuffle(blocks)
        return [line for block in blocks for line in block]

    def write(self, path: Path) -> None:
        """All lines into one file."""
        path.write_bytes(b"\n".join(self.mixed()) + b"\n")


def build(count: int, seed: int = SEED) -> Corpus:
    """About ``count`` records; equal arguments give equal bytes."""
    corpus = Corpus()
    for source, share in SHARES.items():
        wanted = max(1, count * share // 100)
        lines, records = [], 0
        for data, held in MAKERS[source](seed):
            lines.append(orjson.dumps(data))
            records += held
            if records >= wanted:
                break
        corpus.lines[source], corpus.records[source] = lines, records
    return corpus


def ten_turn_chats(count: int, seed: int = SEED) -> list[bytes]:
    """About ``count`` records of gateway chats of ten turns each, of about 5 KB."""
    rng = Random(f"{seed}/ten turns")
    made: list[bytes] = []
    while len(made) < count:
        made += [orjson.dumps(record) for record in _chat(rng, 10, 110, 250, 250)]
    return made


def _litellm(seed: int) -> Iterator[tuple[Record, int]]:
    rng = Random(f"{seed}/litellm")
    while True:
        for record in _chat(rng, rng.choice((1, 1, 2, 3, 4, 5)), ASKED, ANSWERED, SYSTEM):
            yield record, 1


def _chat(rng: Random, turns: int, asked: int, answered: int, system: int) -> Iterator[Record]:
    prose = Prose(rng)
    one = rng.choice(list(staff().values()))
    said: list[Record] = [{"role": "system", "content": prose.text(system)}]
    session, when = uuid(rng), START + rng.randrange(86_000_000) / 1000
    model = MODELS[rng.choice(CHATS)]
    for _ in range(turns):
        said = [*said, {"role": "user", "content": prose.text(asked)}]
        call = Call(when, gateway.employee(one), model, said, session, stream=rng.random() < 0.7)
        answer = prose.text(answered)
        record = litellm.completion(rng, call, answer)
        yield record
        said = [*said, {"role": "assistant", "content": answer}]
        when = record["endTime"] + rng.uniform(5, 90)


def _bedrock(seed: int) -> Iterator[tuple[Record, int]]:
    rng = Random(f"{seed}/bedrock")
    prose = Prose(rng)
    while True:
        one, when = SERVICES["claims-triage"], START + rng.randrange(86_000_000) / 1000
        operation = rng.choice(("Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"))
        call = bedrock.Invocation(when, one.arn, bedrock.profile("us-east-1"), operation, "", "")
        call.system = prose.text(SYSTEM)
        for _ in range(rng.choice((1, 2, 4, 6))):
            call.prompt, call.answer = prose.text(ASKED), prose.text(ANSWERED)
            call.request = uuid(rng)
            shape = bedrock.converse if operation.startswith("Converse") else bedrock.messages
            yield shape(rng, call), 1
            call.before = [*call.before, (call.prompt, call.answer)]
            call.when += rng.uniform(5, 90)


def _otel(seed: int) -> Iterator[tuple[Record, int]]:
    rng = Random(f"{seed}/otel")
    prose = Prose(rng)
    while True:
        day = Day()
        made = agent.Agent(
            f"{prose.name()}-agent", "agt_" + uuid(rng)[:8], "2.8.1", rng.choice(CHATS), "openai",
            "api.openai.com", prose.text(SYSTEM),
        )  # fmt: skip
        tools = [
            agent.Tool(
                f"get_{prose.name()}", {"query": prose.text(60), "limit": rng.randrange(50)}, prose.text(1400)
            )
            for _ in range(rng.choice((1, 2, 2, 3)))
        ]
        when = START + rng.randrange(86_000_000) / 1000
        run = agent.Run(made, when, prose.text(ASKED * 3), tools, prose.text(ANSWERED), made.name)
        agent.play(day, rng, run)
        for row in day.rows[agent.SOURCE]:
            yield row.data, row.holds


def _claude_code(seed: int) -> Iterator[tuple[Record, int]]:
    rng = Random(f"{seed}/claude code")
    prose = Prose(rng)
    while True:
        day = Day()
        run = Session(day, rng, rng.choice(list(staff().values())), START + rng.randrange(80_000_000) / 1000)
        for _ in range(rng.randrange(1, 5)):
            run.ask(prose.text(700))
            for _ in range(rng.randrange(1, 6)):
                run.think()
                path = f"/home/{prose.name()}/src/{prose.name()}.py"
                if rng.random() < 0.5:
                    command = f"grep -rn '{prose.text(40)}' {path}"
                    run.use("Bash", {"command": command, "description": prose.text(60)})
                else:
                    run.use("Write", {"file_path": path, "content": prose.text(2500)})
            run.think(prose.text(ANSWERED * 2))
        run.flush()
        for row in day.rows["claude_code"]:
            yield row.data, row.holds


def _cloudtrail(seed: int) -> Iterator[tuple[Record, int]]:
    """The trail's records of model calls, and of a cloud's ordinary day."""
    rng = Random(f"{seed}/cloudtrail")
    ordinary = _ordinary("cloudtrail", seed)
    logs = _bedrock(seed)
    for data, held in ordinary:
        yield data, held
        log, _ = next(logs)
        when = START + rng.randrange(86_000_000) / 1000
        yield cloudtrail.invoked(rng, cloudtrail.workload(rng, SERVICES["claims-triage"], when), log, when), 1


def _ordinary(source: str, seed: int) -> Iterator[tuple[Record, int]]:
    """One source of the sample day's ordinary parts, day after day with another seed."""
    number = 0
    while True:
        yield from _day(source, f"{seed}/{number}")
        number += 1


@cache
def _day(source: str, seed: str) -> list[tuple[Record, int]]:
    part: Any = {"cloudtrail": cloud, "mcp": connections, "proxy_ocsf": traffic, "openai_audit": organisation}
    day = SeededDay()
    day.seed = seed  # type: ignore[assignment]
    part[source].build(day)
    return [(row.data, row.holds) for row in day.rows[source]]


def _mcp(seed: int) -> Iterator[tuple[Record, int]]:
    """Calls and results, with results as long as pages and files are."""
    rng = Random(f"{seed}/mcp")
    prose = Prose(rng)
    for data, held in _ordinary("mcp", seed):
        yield json.loads(json.dumps(data), object_hook=lambda part: _longer(part, prose)), held


def _longer(part: Record, prose: Prose) -> Record:
    if part.get("type") == "text" and isinstance(part.get("text"), str):
        part["text"] = f"{part['text']}\n{prose.text(1500)}"
    return part


def _named(name: str) -> Callable[[int], Iterator[tuple[Record, int]]]:
    return lambda seed: _ordinary(name, seed)


MAKERS: dict[str, Callable[[int], Iterator[tuple[Record, int]]]] = {
    "litellm": _litellm, "aws_bedrock_invocation": _bedrock, "otel_genai": _otel, "claude_code": _claude_code,
    "aws_cloudtrail": _cloudtrail, "mcp": _mcp, "ocsf": _named("proxy_ocsf"),
    "openai_audit": _named("openai_audit"),
}  # fmt: skip


def text_share(lines: list[bytes]) -> float:
    """Which part of the bytes is running text: strings of over 40 characters with several words."""

    def words(value: Any) -> int:
        if isinstance(value, str):
            if value[:2] in ("[{", '{"'):
                try:
                    return words(orjson.loads(value))
                except orjson.JSONDecodeError:
                    pass
            return len(value.encode()) if len(value) > 40 and value.count(" ") > 4 else 0
        if isinstance(value, dict):
            return sum(map(words, value.values()))
        return sum(map(words, value)) if isinstance(value, list) else 0

    return sum(words(orjson.loads(line)) for line in lines) / sum(map(len, lines))
