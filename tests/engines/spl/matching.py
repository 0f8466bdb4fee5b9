"""How the search command compares a field's values with a literal.

Source: Search Reference, search: ``=`` and ``!=`` compare texts ("1" is not "1.0") without case;
``< > <= >=`` compare two numbers by size and anything else lexicographically; ``*`` is the only
wildcard and cannot be escaped; an address block matches the addresses in it.
"""

import ipaddress
import math
import operator
import re
from collections.abc import Callable
from typing import Any

from spl.errors import SplError

ValueTest = Callable[[str], bool]
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def number(text: str) -> float | None:
    """The finite number that a text is, or None."""
    if not text or text[0] not in "+-.0123456789" or not NUMBER.fullmatch(text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def equals(literal: str, cased: bool = False) -> ValueTest:
    """A test of one value against a literal with wildcards or an address block."""
    network = _network(literal)
    if network is not None and not cased:
        return _in_block(network, literal)
    fold = _same if cased else str.lower
    if "*" not in literal:
        wanted = fold(literal)
        return lambda value: fold(value) == wanted
    if not literal.strip("*"):
        return lambda value: True
    parts = [re.escape(fold(part)) for part in re.split(r"\*+", literal)]
    pattern = re.compile(".*?".join(parts), re.DOTALL)
    return lambda value: pattern.fullmatch(fold(value)) is not None


def ordered(op: str, literal: str) -> ValueTest:
    """A test of one value by size (two numbers) or lexicographically (UTF-8)."""
    compare, wanted = ORDER[op], number(literal)

    def test(value: str) -> bool:
        size = number(value)
        if size is not None and wanted is not None:
            return compare(size, wanted)
        return compare(value.encode("utf-8", "surrogatepass"), literal.encode("utf-8", "surrogatepass"))

    return test


def _same(text: str) -> str:
    return text


def _network(literal: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if "/" not in literal:
        return None
    try:
        return ipaddress.ip_network(literal)
    except ValueError:
        pass
    try:
        ipaddress.ip_network(literal, strict=False)
    except ValueError:
        return None
    raise SplError(f"{literal!r}: a block with host bits set is not documented; give the network's address")


def _in_block(network: ipaddress.IPv4Network | ipaddress.IPv6Network, literal: str) -> ValueTest:
    def test(value: str) -> bool:
        if value == literal:
            raise SplError(f"a value that is itself the block {literal}: its match is not documented")
        return in_network(network, value)

    return test


def in_network(network: ipaddress.IPv4Network | ipaddress.IPv6Network, value: str) -> bool:
    """Whether a text is an address of the block; other texts are not."""
    try:
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False
