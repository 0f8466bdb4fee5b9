"""Characters that a model reads and a person does not see: found in the raw text, before it is folded.

Each detector names what it saw; where the characters carry a message, the message is handed back
to be scanned as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import re2

from tracehound.scan import fold


@dataclass(frozen=True, slots=True)
class Finding:
    """``detector`` is what patterns name; ``shown`` describes it in words; ``message`` is what was hidden."""

    detector: str
    shown: str
    message: str = ""


class _Search:
    """``re`` behind a look by RE2 over UTF-8, which says ten times faster that there is nothing.

    RE2 itself is slow to list many matches.
    """

    def __init__(self, expression: str) -> None:
        self._look: Any = re2.compile(expression.encode())
        self._find = re.compile(expression)

    def findall(self, text: str) -> list[str]:
        if self._look.search(text.encode("utf-8", "surrogatepass")) is None:
            return []
        return self._find.findall(text)


_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{2,6}\U000e007f")
_TAGS = re.compile("[\U000e0001-\U000e007f]+")
_SELECTORS = _Search("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_OVERRIDES = re.compile("[\u202d\u202e]")
_ISOLATES = re.compile("[\u202a\u202b\u2066-\u2068]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_INSIDE_WORD = _Search(
    "[A-Za-z][\u200b-\u200d\u2060-\u2064\u180e\u034f\u115f\u1160\u3164\uffa0\ufeff]+[A-Za-z]"
)
_INVISIBLE_RUN = _Search("[\u200b-\u200f\u2060-\u2064\ufeff\u180e\u034f]{6,}")
_MARKS = _Search("[\u0300-\u036f]{3,}")
_STYLED_LETTERS = (
    "[\uff21-\uff3a\uff41-\uff5a\u24b6-\u24e9\U0001d400-\U0001d7ff\U0001f130-\U0001f189\u1d00-\u1d2b]"
)
_STYLED_SIGN, _STYLED = re.compile(_STYLED_LETTERS), _Search(_STYLED_LETTERS)
_BLANKS, _EMPTY_LINES = " " * 400, "\n" * 120
_BRAILLE = re.compile("[\u2801-\u283f]{2,}")


def inspect(text: str, signs: str | None = None) -> list[Finding]:
    """What is hidden in ``text``; linear in its length, and one quick look for most texts.

    ``signs`` are its ``fold.beyond_ascii_signs``, for a caller that has them.
    """
    found = _blank_flood(text)
    if text.isascii():
        return found
    if signs is None:
        signs = fold.beyond_ascii_signs(text)
    for telltale, detector in _DETECTORS:
        if telltale.search(signs):
            finding = detector(text)
            if finding is not None:
                found.append(finding)
    return found


def _blank_flood(text: str) -> list[Finding]:
    if _BLANKS in text or _EMPTY_LINES in text:
        return [Finding("blank_flood", "hundreds of blanks or empty lines in a row")]
    return []


def _tags(text: str) -> Finding | None:
    visible = _FLAG.sub("", text)  # the flags of England, Scotland and Wales are written with tags
    message = "".join(
        chr(ord(c) - 0xE0000) for run in _TAGS.findall(visible) for c in run if 0xE0020 <= ord(c) < 0xE007F
    )
    count = sum(len(run) for run in _TAGS.findall(visible))
    return Finding("unicode_tags", f"{count} tag characters", message) if count else None


def _selectors(text: str) -> Finding | None:
    runs = _SELECTORS.findall(text)
    if not runs:
        return None
    raw = bytes(_selector_byte(c) for run in runs for c in run)
    return Finding("variation_selectors", f"{len(raw)} variation selectors", raw.decode("utf-8", "replace"))


def _selector_byte(char: str) -> int:
    code = ord(char)
    return code - 0xFE00 if code < 0xE0100 else code - 0xE0100 + 16


def _bidi(text: str) -> Finding | None:
    overrides = len(_OVERRIDES.findall(text))
    if overrides:
        return Finding("bidi_override", f"{overrides} direction overrides")
    isolates = len(_ISOLATES.findall(text))
    if isolates and not _RIGHT_TO_LEFT.search(text):
        return Finding("bidi_control", f"{isolates} direction marks in left-to-right text")
    return None


def _zero_width(text: str) -> Finding | None:
    inside = len(_INSIDE_WORD.findall(text))
    runs = _INVISIBLE_RUN.findall(text)
    if inside >= 3 or runs:
        return Finding(
            "zero_width", f"{inside} words split and {len(runs)} runs of invisible characters", _bits(runs)
        )
    return Finding("zero_width_hint", f"{inside} words split by an invisible character") if inside else None


def _bits(runs: list[str]) -> str:
    """The text that two kinds of invisible characters spell in eights, if they do."""
    longest = max(runs, key=len, default="")
    kinds = sorted(set(longest))
    if len(kinds) != 2 or len(longest) < 16:
        return ""
    for zero in kinds:
        bits = "".join("0" if c == zero else "1" for c in longest[: 8 * 4096])
        raw = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8))
        if all(32 <= b < 127 or b in (9, 10, 13) for b in raw):
            return raw.decode("ascii")
    return ""


def _zalgo(text: str) -> Finding | None:
    stacks = len(_MARKS.findall(text))
    return Finding("stacked_marks", f"{stacks} letters under three or more accents") if stacks >= 3 else None


def _homoglyphs(text: str) -> Finding | None:
    words = fold.mixed_words(text)
    if not words:
        return None
    shown = ", ".join(word.translate(fold.LOOKALIKES) for word in words[:3])
    return Finding("homoglyph", f"{len(words)} words in mixed alphabets: {shown}")


def _styled(text: str) -> Finding | None:
    styled = _STYLED.findall(text)
    wide = sum(1 for c in styled if "\uff21" <= c <= "\uff5a")
    if wide and re.search("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]", text):
        styled = styled[wide:]  # full-width letters are everyday signs in East Asian text
    if len(styled) < 8:
        return None
    sample = unicodedata.normalize("NFKC", "".join(styled[:12]))
    return Finding("styled_letters", f"{len(styled)} styled letters: {sample}")


BRAILLE_LETTERS = {
    chr(0x2800 + dots): letter
    for letter, dots in zip(
        "abcdefghijklmnopqrstuvxyzw",
        (1, 3, 9, 25, 17, 11, 27, 19, 10, 26, 5, 7, 13, 29, 21, 15, 31, 23, 14, 30, 37, 39, 45, 61, 53, 58),
        strict=True,
    )
}


_BRAILLE_TABLE = str.maketrans(
    {chr(code): BRAILLE_LETTERS.get(chr(code), "") for code in range(0x2801, 0x2900)} | {"\u2800": " "}
)
_CELLS_AND_BLANKS = re.compile("[ \u2800-\u28ff]+")


def _braille(text: str) -> Finding | None:
    runs = _BRAILLE.findall(text)
    count = sum(len(run) for run in runs)
    if count < 12:
        return None
    message = "".join(_CELLS_AND_BLANKS.findall(text)).translate(_BRAILLE_TABLE)
    return Finding("braille", f"{count} Braille cells", message)


# A detector reads the text only when one of its characters is there.
_DETECTORS: tuple[tuple[re.Pattern[str], Callable[[str], Finding | None]], ...] = (
    (re.compile("[\U000e0001-\U000e007f]"), _tags),
    (re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]"), _selectors),
    (re.compile("[\u202a-\u202e\u2066-\u2068]"), _bidi),
    (re.compile("[\u200b-\u200f\u2060-\u2064\u180e\u034f\u115f\u1160\u3164\uffa0\ufeff]"), _zero_width),
    (re.compile("[\u0300-\u036f]"), _zalgo),
    (re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u058f]"), _homoglyphs),
    (_STYLED_SIGN, _styled),
    (re.compile("[\u2801-\u283f]"), _braille),
)
