"""Blocks of addresses in SPL, and texts that a base search would read otherwise."""

from __future__ import annotations

import pytest

from tracehound.compiler.spl import NeedsWhereError, TracehoundSplunkBackend, networks
from tracehound.matcher.compile import network
from tracehound.matcher.leaves import Cidr, Number, Text


@pytest.mark.parametrize(
    ("written", "blocks"),
    [
        ("10.0.0.0/8", ["10.0.0.0/8", "::ffff:a00:0/104"]),
        ("2001:db8::/32", ["2001:db8::/32"]),
        ("::/0", ["0.0.0.0/0", "::/0"]),
        ("::ffff:0:0/96", ["0.0.0.0/0", "::ffff:0:0/96"]),
    ],
)
def test_blocks(written: str, blocks: list[str]) -> None:
    from ipaddress import ip_network

    assert networks(Cidr(written, *network(ip_network(written)))) == blocks


@pytest.mark.parametrize("text", ["a*b", "`id`", "10.0.0.0/8", "10.0.0.1/8"])
def test_texts_that_need_where(text: str) -> None:
    backend = TracehoundSplunkBackend()
    with pytest.raises(NeedsWhereError):
        backend._terms.leaf("ai.tool.name", Text((text,)))


def test_doubles_are_compared_by_size() -> None:
    backend = TracehoundSplunkBackend()
    assert backend._terms.leaf("ai.cost_usd", Number(5)) == "(ai.cost_usd>=5 ai.cost_usd<=5)"
