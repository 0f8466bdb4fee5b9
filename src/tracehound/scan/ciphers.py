"""Ciphers of letters: rotated, mirrored, replaced, turned round, set apart, and Morse code."""

from __future__ import annotations

import re
import string

MIN_PIECE = 6

_SPACED = re.compile(rb"(?:(?<![A-Za-z])[A-Za-z][ ._*-]{1,3}){5,}[A-Za-z](?![A-Za-z])")
_MORSE = re.compile(rb"(?:[.-]{1,6}(?: ?/ ?| {1,3}|\n)){8,}[.-]{0,6}")


def _rotated(letters: str, by: int) -> str:
    return letters[by:] + letters[:by]


_ROT13 = bytes.maketrans(
    string.ascii_letters.encode(),
    (_rotated(string.ascii_lowercase, 13) + _rotated(string.ascii_uppercase, 13)).encode(),
)
_ATBASH = bytes.maketrans(
    string.ascii_letters.encode(), (string.ascii_lowercase[::-1] + string.ascii_uppercase[::-1]).encode()
)
# 1 stands for i and for l: both are read.
_LEET = bytes.maketrans(b"013457@$!|", b"oieastasii")
_LEET_L = bytes.maketrans(b"013457@$!|", b"oleastasil")


def rot13_text(data: bytes) -> bytes:
    return data.translate(_ROT13)


def atbash_text(data: bytes) -> bytes:
    return data.translate(_ATBASH)


def leet_text(data: bytes) -> bytes:
    return data.translate(_LEET) + b"\n" + data.translate(_LEET_L)


def reversed_text(data: bytes) -> bytes:
    """The text back to front, and each of its words back to front."""
    backwards = data[::-1]
    words = b" ".join(reversed(backwards.split()))
    return backwards + b"\n" + words


def spaced_text(data: bytes) -> bytes:
    """Single letters set apart: three blanks or a double one separate words."""
    found = []
    for match in _SPACED.finditer(data):
        words = re.split(rb" {2,}|[._*-] | [._*-] ?", match.group())
        found.append(b" ".join(re.sub(rb"[^A-Za-z]", b"", word) for word in words))
    joined = b" ".join(found)
    return joined + b"\n" + joined.replace(b" ", b"")


MORSE_CODES = {
    "a": ".-",
    "b": "-...",
    "c": "-.-.",
    "d": "-..",
    "e": ".",
    "f": "..-.",
    "g": "--.",
    "h": "....",
    "i": "..",
    "j": ".---",
    "k": "-.-",
    "l": ".-..",
    "m": "--",
    "n": "-.",
    "o": "---",
    "p": ".--.",
    "q": "--.-",
    "r": ".-.",
    "s": "...",
    "t": "-",
    "u": "..-",
    "v": "...-",
    "w": ".--",
    "x": "-..-",
    "y": "-.--",
    "z": "--..",
    "0": "-----",
    "1": ".----",
    "2": "..---",
    "3": "...--",
    "4": "....-",
    "5": ".....",
    "6": "-....",
    "7": "--...",
    "8": "---..",
    "9": "----.",
}
_MORSE_LETTERS = {code.encode(): letter.encode() for letter, code in MORSE_CODES.items()}


def morse_text(data: bytes) -> bytes:
    found = []
    for match in _MORSE.finditer(data):
        words = re.split(rb" ?/ ?| {2,}|\n", match.group())
        found.append(
            b" ".join(b"".join(_MORSE_LETTERS.get(code, b"") for code in word.split()) for word in words)
        )
    return b"\n".join(piece for piece in found if len(piece) >= MIN_PIECE)
