"""Near-misses: events beside those that match, by a table of small changes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from matrix_fields import ALWAYS, OTHERS, Event, info, many, usable, with_field, with_raw
from matrix_rules import Case
from matrix_solve import Choices

from tracehound.matcher.condition import holds
from tracehound.matcher.values import values_at

MATCHING = 0.5
"""The share of near-misses of a rule that match it, where enough of them do."""


@dataclass(frozen=True)
class Near:
    """An event made for a rule; ``kind`` is what was done."""

    case: str
    kind: str
    event: Event
    matches: bool


def texts(value: str) -> Iterator[tuple[str, str]]:
    """Changes of a text."""
    yield "upper case", value.upper()
    yield "lower case", value.lower()
    yield "swapped case", value.swapcase()
    yield "empty text", ""
    yield "cut at the end", value[:-1]
    yield "cut at the front", value[1:]
    yield "one more at the end", value + "x"
    yield "one more at the front", "x" + value
    yield "a space behind", value + " "
    yield "a newline behind", value + "\n"
    yield "a star behind", value + "*"
    yield "a star for it", "*"
    yield "a question mark inside", value[:1] + "?" + value[2:]
    yield "a backslash in front", "\\" + value
    yield "a backslash inside", value[:1] + "\\" + value[1:]
    yield "quotes around", f'"{value}"'
    yield "a wide letter", value[:1] + "ａ" + value[1:]
    yield "a combining accent", value + "\u0301"
    yield "a look-alike", value.translate(str.maketrans("aeoscpAEO", "аеоѕсрАЕО"))
    yield "dotless", value.replace("i", "ı").replace("I", "İ")
    yield "twice", value + value
    yield "a word before", "word " + value
    yield "another line", "line\n" + value + "\nline"


def others(value: Any, kind: str) -> Iterator[tuple[str, Any]]:
    """Changes of a value that is no text of a keyword field."""
    if kind == "boolean":
        yield "the other one", not value
        yield "as text", str(value).lower()
    elif kind == "ip":
        address = ip_address(value)
        yield "the next address", str(address + 1) if int(address) + 1 < 1 << address.max_prefixlen else value
        yield "written out", address.exploded
        yield "written out in capitals", address.exploded.upper()
        if address.version == 4:
            yield "as IPv6", f"::ffff:{address}"
            yield "in hexadecimal", str(ip_address(f"::ffff:{address}"))
    else:
        yield "one more", value + 1
        yield "one less", value - 1
        yield "negative", -value
        yield "ten times", value * 10
        if isinstance(value, int):
            yield "as text", str(value)
        elif kind == "double":
            yield "a little more", value + 0.5


def values_near(field: str, now: list[Any], rng: random.Random) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Other values for a field."""
    kind = info(field).type
    yield "missing", ()
    if now:
        at = rng.randrange(len(now))
        changes = texts(str(now[at])) if kind == "keyword" else others(now[at], kind)
        for name, value in changes:
            if usable(value, kind) or name == "as text":
                yield name, (*now[:at], value, *now[at + 1 :])
    other = OTHERS[kind]
    if many(field):
        yield "three values", (other[0], *now[:1], other[1])
        yield "three others", (other[0], other[1], other[0])
        yield "one of several", tuple(now[:1])
        yield "the last of three", (other[1], other[0], *now[-1:])
    yield "another value", (other[0],)
    yield "one more other", (other[1],)


def near(case: Case, matches: list[Event], wanted: int, rng: random.Random) -> list[Near]:
    """Near-misses of one rule, about half of which match it."""
    made: list[Near] = []
    choices = Choices(case)
    for event in matches:
        for field in case.fields():
            now = values_at(event, field) or list(_sample(choices, field, rng))
            for kind, values in values_near(field, now, rng):
                if field in ALWAYS and not (values and usable(values[0], info(field).type)):
                    continue
                changed = with_field(event, field, values)
                made.append(Near(case.name, kind, changed, holds(case.condition, changed)))
            for kind, raw in (("null", None), ("no values", [])) if field not in ALWAYS else ():
                if kind == "null" or field in info(field).within:
                    changed = with_raw(event, field, raw)
                    made.append(Near(case.name, kind, changed, holds(case.condition, changed)))
        other = event | {"class_uid": 6003 if event.get("class_uid") != 6003 else 3002}
        made.append(Near(case.name, "another class", other, holds(case.condition, other)))
    return _balanced(made, wanted, rng)


def _sample(choices: Choices, field: str, rng: random.Random) -> tuple[Any, ...]:
    """A value that some test of the field passes, for fields that a match does not have."""
    able = [v for v, row in choices.of.get(field, []) if any(row) and len(v) == 1]
    return rng.choice(able) if able else ()


def _balanced(made: list[Near], wanted: int, rng: random.Random) -> list[Near]:
    rng.shuffle(made)
    passing = [item for item in made if item.matches]
    failing = [item for item in made if not item.matches]
    most = min(len(passing), max(int(wanted * MATCHING), wanted - len(failing)))
    return passing[:most] + failing[: min(wanted - most, int(max(most, 4) / MATCHING * (1 - MATCHING)) + 1)]
