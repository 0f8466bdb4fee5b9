"""Fetches the attackers' texts and puts the payloads into them."""

from typing import Any

from tracehound.demo.generate import fakes
from tracehound.demo.generate.prompts import texts
from tracehound.demo.generate.tables import resolve

PAYLOADS = {
    "HTML": fakes.HTML,
    "IMAGE": fakes.IMAGE,
    "SVG": fakes.SVG,
    "ANSI": fakes.ANSI + fakes.LINK,
    "FORMULA": fakes.FORMULA,
    "DDE": fakes.DDE,
    "CSV": fakes.CSV,
    "MARKDOWN": fakes.MARKDOWN,
    "OVERRIDE": fakes.OVERRIDE,
}


def words(group: str, name: str, **slots: str) -> str:
    """One text of ``attacks.yml`` with its payloads."""
    return put(str(texts("attacks")[group][name]), **slots)


def put(text: str, **slots: str) -> str:
    """Replace ``<<SLOT>>`` by payloads and by what the story gives."""
    return str(resolve(text, PAYLOADS | slots))


def several(group: str, name: str) -> list[str]:
    """A list of texts with their payloads."""
    listed: list[Any] = texts("attacks")[group][name]
    return [put(str(one)) for one in listed]
