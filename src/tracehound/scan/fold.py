"""Text -> the one form that is matched: compatibility forms, accents, look-alikes and hidden characters folded.

ASCII text is returned as it is (case is left to the matcher); the rest is folded run by run with a
bounded cache, since real text repeats its few accented letters and typographic signs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import re2

_RUN = re.compile("[^\x00-\x7f]+")
_ASCII = bytes(range(128))
MAX_CACHED_RUN, MAX_CACHED_RUNS = 64, 16_384
MAX_CHANGES, MAX_EDGE_WORDS, MAX_REPLACED_WORDS = 48, 64, 32
MAX_RUN = 256
_FEW_SIGNS = 12

# Taken out: combining accents, Arabic vowel signs and tatweel, and everything that shows nothing.
_DROPPED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u064b-\u0652\u0640\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]+"
)

# Letters and signs that compatibility decomposition leaves alone, as people type them without them.
_SPECIAL = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′ʹʻʼˈ‹›´", "'"),
        **dict.fromkeys("“”„‟″«»〝〞", '"'),
        **dict.fromkeys("‐‑‒–—―−⁃﹘", "-"),
        **dict.fromkeys("\u0085\u2028\u2029", "\n"),
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "ı": "i",
        "ħ": "h",
        "ŧ": "t",
        "⁄": "/",
        "∕": "/",
        "∶": ":",
        "⟨": "<",
        "⟩": ">",
        "〈": "<",
        "〉": ">",
        "《": "<",
        "》": ">",
        "【": "[",
        "】": "]",
        "「": "[",
        "」": "]",
        "。": ".",
        "、": ",",
        "·": ".",
        "•": "-",
        "ɑ": "a",
        "ɡ": "g",
        "ɩ": "i",
        "ᴀ": "a",
        "ʙ": "b",
        "ᴄ": "c",
        "ᴅ": "d",
        "ᴇ": "e",
        "ꜰ": "f",
        "ɢ": "g",
        "ʜ": "h",
        "ɪ": "i",
        "ᴊ": "j",
        "ᴋ": "k",
        "ʟ": "l",
        "ᴍ": "m",
        "ɴ": "n",
        "ᴏ": "o",
        "ᴘ": "p",
        "ʀ": "r",
        "ꜱ": "s",
        "ᴛ": "t",
        "ᴜ": "u",
        "ᴠ": "v",
        "ᴡ": "w",
        "ʏ": "y",
        "ᴢ": "z",
        # Squared and negative circled letters have no decomposition.
        **{chr(0x1F150 + i): chr(97 + i) for i in range(26)},
        **{chr(0x1F170 + i): chr(97 + i) for i in range(26)},
    }
)

# Cyrillic, Greek and Armenian letters that look like Latin ones, folded only in words that mix scripts.
_PAIRS = (
    "АA ВB ЕE ЅS ІI ЈJ КK МM НH ОO РP СC ТT УY ХX "
    "аa еe оo рp сc уy хx ѕs іi јj һh ԁd ԛq ԝw кk мm тt вb нh гr пn ьb "
    "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa βb εe νv οo ρp τt υu χx ιi κk γy ωw ηn "
    "օo ոn ս\u0075 հh ցg քp"
)
LOOKALIKES = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})
_LOOKALIKE_LETTERS = "".join(sorted({chr(c) for c in LOOKALIKES}))
_HAS_OTHER_SCRIPT = re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u058f]")
_LETTERS = f"A-Za-z{_LOOKALIKE_LETTERS}"
_WORD = re.compile(f"([{_LETTERS}]+)")
_NOT_ASCII_WORD = re.compile(f"(?<![{_LETTERS}])[A-Za-z]*+[{_LOOKALIKE_LETTERS}][{_LETTERS}]*+")
_LATIN = re.compile("[A-Za-z]")
# Where a Latin letter and a look-alike meet: no mixed word is without such a place. RE2 is ten times faster here.
_EDGE: Any = re2.compile(f"[{_LOOKALIKE_LETTERS}][A-Za-z]|[A-Za-z][{_LOOKALIKE_LETTERS}]".encode())


def fold(text: str, signs: str | None = None) -> str:
    """The form that is matched. ASCII keeps its case, all other letters become lower case.

    ``signs`` are the text's ``beyond_ascii_signs``, for a caller that has them.
    """
    if text.isascii():
        return text
    if signs is None:
        signs = beyond_ascii_signs(text)
    if _HAS_OTHER_SCRIPT.search(signs):
        text = _unmix(text, signs)
    changes = {sign: folded for sign in signs if (folded := _SIGNS[sign]) != sign}
    if None in changes.values():
        return "".join(_folded_runs(text))
    if len(changes) > MAX_CHANGES:
        return text.translate({ord(sign): folded for sign, folded in changes.items()})
    for sign, folded in changes.items():
        text = text.replace(sign, folded or "")
    return text


def beyond_ascii_signs(text: str) -> str:
    """Each character outside ASCII once (deleting bytes is much quicker than searching for them)."""
    raw = text.encode("utf-8", "surrogatepass")
    rest = raw.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    signs = ""
    while rest and len(signs) < _FEW_SIGNS:  # taking one sign out of all is quicker than looking at each
        signs += rest[0]
        rest = rest.replace(rest[0], "")
    return signs + "".join(set(rest))


def mixed_words(text: str, signs: str | None = None) -> list[str]:
    """Words of four letters and more that mix Latin letters with look-alikes (at most 64)."""
    if signs is None:
        signs = beyond_ascii_signs(text)
    if not _HAS_OTHER_SCRIPT.search(signs):
        return []
    visible = _visible(text, signs)
    if _EDGE.search(visible.encode("utf-8", "surrogatepass")) is None:
        return []
    found = []
    for match in _NOT_ASCII_WORD.finditer(visible):
        word = match.group()
        if len(word) >= 4 and _mixes(word) and _whole_word(visible, match.start(), match.end()):
            found.append(word)
            if len(found) == MAX_EDGE_WORDS:
                break
    return found


def _visible(text: str, signs: str) -> str:
    for sign in _DROPPED.findall(signs):
        for dropped in sign:
            text = text.replace(dropped, "")
    return text


def _mixes(word: str) -> bool:
    return not word.isascii() and _LATIN.search(word) is not None


def _whole_word(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalpha()) and not (end < len(text) and text[end].isalpha())


def _unmix(text: str, signs: str) -> str:
    """``text`` with its mixed words in Latin letters."""
    visible = _visible(text, signs)
    if _EDGE.search(visible.encode("utf-8", "surrogatepass")) is None:
        return text
    words = {word for word in set(_WORD.findall(visible)) if _mixes(word)}
    if len(words) > MAX_REPLACED_WORDS:
        parts = _WORD.split(visible)
        parts[1::2] = map(_latin, parts[1::2])
        return "".join(parts)
    for word in sorted(words, key=len, reverse=True):  # a shorter word may be part of a longer one
        visible = visible.replace(word, _latin(word))
    return visible


def _latin(word: str) -> str:
    return word.translate(LOOKALIKES) if _mixes(word) else word


def _fold_run(run: str) -> str:
    flat = _DROPPED.sub("", unicodedata.normalize("NFKD", _DROPPED.sub("", run.translate(_SPECIAL))))
    lowered = _DROPPED.sub("", unicodedata.normalize("NFKD", flat.translate(_SPECIAL).lower()))
    return unicodedata.normalize("NFC", lowered)


def _folded_runs(text: str) -> Iterator[str]:
    at = 0
    for match in _RUN.finditer(text):
        start, end = match.span()
        yield text[at:start]
        # In pieces: putting combining marks into their order takes the square of their number.
        for piece in range(start, end, MAX_RUN):
            yield _RUNS[text[piece : min(end, piece + MAX_RUN)]]
        at = end
    yield text[at:]


class _Runs(dict[str, str]):
    """Folded runs; started afresh when full, which real text never makes it."""

    def __missing__(self, run: str) -> str:
        if len(self) >= MAX_CACHED_RUNS:
            self.clear()
        folded = _fold_run(run)
        if len(run) <= MAX_CACHED_RUN:
            self[run] = folded
        return folded


class _Signs(dict[str, str | None]):
    """Single characters -> their folded form; None where it depends on the neighbours."""

    def __missing__(self, sign: str) -> str | None:
        folded: str | None = _fold_run(sign)
        if folded and (unicodedata.combining(sign) or "\u1100" <= sign <= "\u11ff"):
            folded = None
        self[sign] = folded
        return folded


_RUNS = _Runs()
_SIGNS = _Signs()


def fold_run(run: str) -> str:
    """The folded form of characters outside ASCII; what shows nothing becomes the empty string."""
    return _RUNS[run]
