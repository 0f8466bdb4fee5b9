"""Examples in pattern files, with slots for what should not stand there in plain.

``{alnum:36}`` is 36 random characters, so no file of ours holds anything that looks like a live key;
``{tags|text}``, ``{selectors|text}``, ``{bits|text}`` and ``{braille|text}`` hide a text the way
attackers do; ``{repeat:500|text}`` repeats one.
"""

from __future__ import annotations

import random
import re
import string

from tracehound.scan.hidden import BRAILLE_LETTERS

_ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "lower": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "low32": string.ascii_lowercase + "234567",
    "hex": "0123456789abcdef",
    "digits": string.digits,
    "letters": string.ascii_letters,
    "b64": string.ascii_letters + string.digits + "+/",
}
_RANDOM = re.compile(r"\{(" + "|".join(_ALPHABETS) + r"):(\d{1,4})\}")
_HIDING = re.compile(r"\{(tags|selectors|bits|braille)\|([^}]*)\}")
_REPEAT = re.compile(r"\{repeat:(\d{1,5})\|([^}]*)\}")
_CELLS = {letter: cell for cell, letter in BRAILLE_LETTERS.items()}


def expand_example(text: str) -> str:
    """The example with its slots filled; the same text gives the same characters each time."""
    source = random.Random(text)

    def fill(slot: re.Match[str]) -> str:
        return "".join(source.choices(_ALPHABETS[slot.group(1)], k=int(slot.group(2))))

    text = _RANDOM.sub(fill, text)
    text = _HIDING.sub(lambda slot: _hide(slot.group(1), slot.group(2)), text)
    return _REPEAT.sub(lambda slot: slot.group(2) * int(slot.group(1)), text)


def _hide(way: str, message: str) -> str:
    if way == "tags":
        return "".join(chr(0xE0000 + ord(c)) for c in message)
    if way == "selectors":
        return "".join(chr(0xE0100 + b - 16) if b >= 16 else chr(0xFE00 + b) for b in message.encode())
    if way == "bits":
        return "".join("\u200c" if bit == "1" else "\u200b" for b in message.encode() for bit in f"{b:08b}")
    return "".join(_CELLS.get(c, "\u2800") for c in message)
