"""Encoded payloads: from the folded text to the texts they hide, one small function per encoding.

A decoder gets bytes and gives the decoded pieces joined by line ends, or nothing. All are linear. They run
when a pattern's expression (a cheap trigger) matched, and the scanner bounds depth and bytes.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import string
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import re2

from tracehound.scan.ciphers import (
    MIN_PIECE,
    atbash_text,
    leet_text,
    morse_text,
    reversed_text,
    rot13_text,
    spaced_text,
)

Decoder = Callable[[bytes], bytes]
_FEW_RUNS = 8
MAX_JUDGED = 4096


def _fast(expression: bytes) -> Any:
    """RE2 over bytes: where a text has few pieces, it finds them about ten times faster than ``re``."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(expression, options)


_BASE64 = _fast(rb"[A-Za-z0-9+/_-]{16,}")
_BASE64_FULL_LINE = _fast(rb"[A-Za-z0-9+/]{40}")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]{40,80}={0,2}\r?")
_BASE32 = _fast(rb"(?:[A-Z2-7]{8}){2,}[A-Z2-7]{0,7}={0,6}")
_HEX = _fast(
    rb"(?:\\x[0-9a-fA-F]{2}){6,}|(?:0x[0-9a-fA-F]{2}[,;\t-\r ]{0,3}){6,}|(?:[0-9a-fA-F]{2}[ :,-]){7,}[0-9a-fA-F]{2}"
    rb"|(?:[0-9a-fA-F]{2}){10,}"
)
_BINARY = _fast(rb"(?:[01]{8}[ ,]?){6,}")
_DECIMAL = _fast(rb"(?:\b(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])\b[ ,;]{1,2}){7,}\d{2,3}")
_UNICODE_ESCAPE = re.compile(rb"(\\u\{?[0-9a-fA-F]{2,6}\}?)")
_CHARACTER_REFERENCE = re.compile(r"(&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?))")
_ASCII85 = _fast(rb"<~([!-uz\t-\r ]{10,})~>")
_LONG_WORD = _fast(rb"[^\t-\r ]{40,}")


def _only(kept: bytes) -> bytes:
    """A table that makes a blank of every byte but these."""
    return bytes(byte if byte in kept else 32 for byte in range(256))


_ALNUM = string.ascii_letters.encode() + string.digits.encode()
_BASE85_ALPHABET = _ALNUM + b"!#$%&()*+;<=>?@^_`{|}~-"
_BASE32_DIGITS = bytes.maketrans(
    string.ascii_uppercase.encode() + b"234567", string.digits.encode() + b"abcdefghijklmnopqrstuv"
)
_ONLY_BASE64, _ONLY_BASE32 = _only(_ALNUM + b"+/_-"), _only(string.ascii_uppercase.encode() + b"234567")
_TWO_DIGITS = re.compile(rb"[0-9a-fA-F]{2}")
_BASE85_SIGNS = b"!#$%&*+;<>?@^`{|}~"
# ASCII text in base64: three bytes below 128 leave few characters for the first three of each four.
_BASE64_TEXT = re.compile(
    rb"(?:[CDI-Za-f][A-JQ-Zg-nw-z0-3][AEIMQUYcgkosw048BFJNRVZdhlptx159][A-Za-z0-9+/_-]){4}"
)


def _printable(piece: bytes) -> bool:
    """Text rather than random bytes: valid UTF-8, hardly any control characters."""
    if piece.isascii():
        size, odd = len(piece), len(piece) - len(piece.translate(None, _CONTROL))
    else:
        try:
            text = piece.decode("utf-8")
        except UnicodeDecodeError:
            return False
        size, odd = len(text), sum(not (c.isprintable() or c in "\n\r\t") for c in text)
    return size >= MIN_PIECE and odd * 20 <= size


def is_prose(text: bytes) -> bool:
    """Sentences: at least four words of letters that make up most of the text."""
    words = re.findall(rb"[A-Za-z\x80-\xff]{2,}", text[:MAX_JUDGED])
    letters = sum(len(word) for word in words)
    return (
        len(words) >= 4
        and letters + len(words) >= 0.75 * min(len(text), MAX_JUDGED)
        and text[:MAX_JUDGED].count(b" ") >= 3
    )


def _pieces(pattern: Any, data: bytes, decode: Callable[[bytes], bytes]) -> bytes:
    return _decoded(
        (match.group(1) if pattern.groups else match.group() for match in pattern.finditer(data)), decode
    )


def _runs(pattern: Any, only: bytes | None, least: int, data: bytes) -> Iterator[bytes]:
    """The runs of at least ``least`` bytes that ``only`` leaves; what makes a blank of nothing else is None.

    RE2 is quick to find few runs and slow to list many: what comes after some is split.
    """
    for count, match in enumerate(pattern.finditer(data)):
        if count == _FEW_RUNS:
            rest = data[match.start() :]
            words = (rest.translate(only) if only else rest).split()
            yield from (word for word, size in zip(words, map(len, words), strict=True) if size >= least)
            return
        yield match.group()


def _decoded(runs: Iterable[bytes], decode: Callable[[bytes], bytes]) -> bytes:
    """What the runs hold. All of them: a bound on their number would hide what stands behind it."""
    known: dict[bytes, bytes] = {}  # a repeated run is decoded once
    found = []
    for run in runs:
        piece = known.get(run)
        if piece is None:
            try:
                piece = decode(run)
            except (ValueError, binascii.Error, OverflowError):
                piece = b""
            known[run] = piece = piece if _printable(piece) else b""
        if piece:
            found.append(piece)
    return b"\n".join(found)


def _one_base64(run: bytes) -> bytes:
    if not _BASE64_TEXT.search(run):
        return b""
    run = run.translate(_URL_SAFE, b"\r\n").rstrip(b"=")
    if len(run) % 4 == 1:
        run = run[:-1]
    head = base64.b64decode(run[:64] + b"=" * (-len(run[:64]) % 4))
    if not _mostly_text(head):  # pictures and archives are not worth decoding whole
        return b""
    return base64.b64decode(run + b"=" * (-len(run) % 4))


_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_CONTROL = bytes(b for b in range(32) if b not in (9, 10, 13)) + b"\x7f"


def _mostly_text(head: bytes) -> bool:
    return len(head.translate(None, _CONTROL)) * 20 >= len(head) * 19 and _utf8_start(head)


def _utf8_start(head: bytes) -> bool:
    return not head or head.decode("utf-8", "ignore").encode() == head or _cut_utf8(head)


def _cut_utf8(head: bytes) -> bool:
    return any(
        head[:-cut].decode("utf-8", "ignore").encode() == head[:-cut] for cut in (1, 2, 3) if len(head) > cut
    )


def base64_text(data: bytes) -> bytes:
    """Also over line ends: mail and PEM break base64 into lines of 64 or 76 characters."""
    joined = _joined_lines(data)
    text = _decoded(_runs(_BASE64, _ONLY_BASE64, 16, joined), _one_base64)
    if joined is data:
        return text
    # A line that only looks like base64, or holds another text, would spoil the next one: each is read alone too.
    lines = _decoded(_runs(_BASE64, _ONLY_BASE64, 16, data), _one_base64)
    return text if lines == text else text + b"\n" + lines


def _joined_lines(data: bytes) -> bytes:
    if b"\n" not in data or _BASE64_FULL_LINE.search(data) is None:
        return data
    lines = data.split(b"\n")
    full = [40 <= len(line) <= 80 and _BASE64_LINE.fullmatch(line) is not None for line in lines]
    if not any(full):
        return data
    joined = bytearray()
    for line, is_full in zip(lines, full, strict=True):
        joined += line.rstrip(b"\r") if is_full else line + b"\n"
    return bytes(joined)


def base32_text(data: bytes) -> bytes:
    def one(run: bytes) -> bytes:
        run = run.rstrip(b"=")
        run = run[: len(run) - 1] if len(run) % 8 in (1, 3, 6) else run
        bits = 5 * len(run)
        return (int(run.translate(_BASE32_DIGITS), 32) >> bits % 8).to_bytes(bits // 8, "big")

    return _decoded(_runs(_BASE32, _ONLY_BASE32, 16, data), one)


def base85_text(data: bytes) -> bytes:
    framed = _pieces(_ASCII85, data, lambda run: base64.a85decode(run)) if b"<~" in data else b""
    if framed:
        return framed
    long_words = (word.strip(b"\"'`,.") for word in _runs(_LONG_WORD, None, 40, data))
    return _decoded((word for word in long_words if _is_base85(word)), _one_base85)


def _is_base85(word: bytes) -> bool:
    return len(word) >= 40 and not word.translate(None, _BASE85_ALPHABET)


def _one_base85(run: bytes) -> bytes:
    if (len(run) - len(run.translate(None, _BASE85_SIGNS))) * 16 < len(run):
        return b""
    if not _utf8_start(base64.b85decode(run[:320])):  # most runs are none, and decoding is slow
        return b""
    if not is_prose(base64.b85decode(run[: MAX_JUDGED // 4 * 5])):  # decoding is slow, prose is rare
        return b""
    return base64.b85decode(run)


def hex_text(data: bytes) -> bytes:
    return _pieces(_HEX, data, lambda run: bytes.fromhex(_even(re.sub(rb"\\x|0x|[^0-9a-fA-F]", b"", run))))


def _even(digits: bytes) -> str:
    return digits[: len(digits) & ~1].decode("ascii")


def binary_text(data: bytes) -> bytes:
    def one(run: bytes) -> bytes:
        bits = re.sub(rb"[^01]", b"", run)
        return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8))

    return _pieces(_BINARY, data, one)


def decimal_text(data: bytes) -> bytes:
    return _pieces(_DECIMAL, data, lambda run: bytes(min(255, int(n)) for n in re.findall(rb"\d{2,3}", run)))


def url_text(data: bytes) -> bytes:
    first, *rest = data.replace(b"+", b" ").split(b"%")
    known = {part: _percent(part) for part in set(rest)}
    return first + b"".join(map(known.__getitem__, rest))


def _percent(part: bytes) -> bytes:
    """What stands after a percent sign, decoded if it begins with two digits."""
    if _TWO_DIGITS.match(part) is None:
        return b"%" + part
    return bytes((int(part[:2], 16),)) + part[2:]


def html_text(data: bytes) -> bytes:
    parts = _CHARACTER_REFERENCE.split(data.decode("utf-8", "replace"))
    known = {part: html.unescape(part) for part in set(parts[1::2])}
    parts[1::2] = map(known.__getitem__, parts[1::2])
    return "".join(parts).encode("utf-8", "replace")


def unicode_escape_text(data: bytes) -> bytes:
    parts = _UNICODE_ESCAPE.split(data)
    known = {part: _escaped(part) for part in set(parts[1::2])}
    parts[1::2] = map(known.__getitem__, parts[1::2])
    return b"".join(parts)


def _escaped(part: bytes) -> bytes:
    code = int(part[2:].strip(b"{}"), 16)
    return chr(code).encode("utf-8", "replace") if code < 0x110000 else b""


def quoted_printable_text(data: bytes) -> bytes:
    return binascii.a2b_qp(data)


def uu_text(data: bytes) -> bytes:
    found = []
    for line in data.split(b"\n"):
        if 9 <= len(line) <= 62:
            try:
                piece = binascii.a2b_uu(line)
            except binascii.Error:
                continue
            if _printable(piece):
                found.append(piece)
    return b"".join(found)


DECODERS: dict[str, Decoder] = {
    "base64": base64_text,
    "base32": base32_text,
    "base85": base85_text,
    "hex": hex_text,
    "binary": binary_text,
    "decimal": decimal_text,
    "url": url_text,
    "html": html_text,
    "unicode_escape": unicode_escape_text,
    "quoted_printable": quoted_printable_text,
    "uuencode": uu_text,
    "rot13": rot13_text,
    "atbash": atbash_text,
    "leetspeak": leet_text,
    "reversed": reversed_text,
    "spaced": spaced_text,
    "morse": morse_text,
}

WHOLE_TEXT = frozenset(
    {"url", "html", "unicode_escape", "quoted_printable", "rot13", "atbash", "leetspeak", "reversed"}
)
"""Decoders that rewrite the text as a whole: what was plain before is no news after."""
