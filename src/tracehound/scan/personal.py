"""Is a number or address of a person real? Checksums, ranges and plausibility."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_SEPARATORS = str.maketrans("", "", " -")
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")  # twice the digit, its own digits added up


def luhn(value: str) -> bool:
    """A payment card number: 13 to 19 digits of a known issuer range with the right check digit."""
    digits = value.translate(_SEPARATORS)
    if not (13 <= len(digits) <= 19 and digits.isascii() and digits.isdigit()):
        return False
    raw = digits.encode()
    total = sum(raw[-1::-2]) + sum(raw[-2::-2].translate(_DOUBLED)) - 48 * len(raw)
    return total % 10 == 0 and len(set(raw)) > 1 and _issuer(digits)


def _issuer(digits: str) -> bool:
    """Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro, Mir."""
    size, four = len(digits), int(digits[:4])
    two = four // 100
    if digits[0] == "4":
        return size in (13, 16, 19)
    if 51 <= two <= 55 or 2200 <= four <= 2720:
        return size == 16
    if two in (34, 37):
        return size == 15
    if two in (36, 38, 39) or 300 <= four // 10 <= 305:
        return size == 14
    if 3528 <= four <= 3589:
        return size == 16
    return two in (50, 56, 57, 58, 60, 62, 63, 64, 65, 67, 69, 81)


def iban(value: str) -> bool:
    """Country, length and the two check digits (ISO 13616)."""
    from stdnum import iban as module

    return bool(module.is_valid(value))


def us_ssn(value: str) -> bool:
    """Ranges the SSA never issues, and the numbers printed in leaflets, are left out."""
    digits = re.sub(r"\D", "", value)
    if len(digits) != 9 or digits in ("078051120", "219099999", "123456789", "111111111", "987654321"):
        return False
    area, group, serial = int(digits[:3]), int(digits[3:5]), int(digits[5:])
    return 0 < area < 900 and area != 666 and group > 0 and serial > 0


_EXAMPLE_DOMAINS = re.compile(
    r"(?:^|\.)(?:example|invalid|test|localhost|local|internal)$|(?:^|\.)example\.(?:com|org|net|edu)$"
    r"|^(?:domain|email|company|yourcompany|your-?domain|mycompany|acme|contoso|test)\.(?:com|org)$|\.(?:png|jpe?g|gif|svg|webp|css|js|py|sh|md)$"
)
_ROLE_ACCOUNTS = frozenset(
    {
        *("noreply", "no-reply", "donotreply", "info", "support", "hello", "contact", "sales", "admin"),
        *("webmaster", "postmaster", "security", "abuse", "help", "team", "git", "user", "username"),
        *("name", "email", "you", "me", "someone", "foo", "bar", "test", "example"),
    }
)


def email(value: str) -> bool:
    """An address of a person: no example domain, no file name, no role account."""
    local, _, domain = value.lower().rpartition("@")
    if not local or len(value) > 254 or ".." in value:
        return False
    return local not in _ROLE_ACCOUNTS and _mail_domain(domain)


@lru_cache(maxsize=4096)
def _mail_domain(domain: str) -> bool:
    return not _EXAMPLE_DOMAINS.search(domain) and not domain.rpartition(".")[2].isdigit()


def phone(value: str) -> bool:
    """A number people call: 8 to 15 digits in groups that no date, version, address or amount has."""
    digits = re.sub(r"\D", "", value)
    if not 8 <= len(digits) <= 15 or len(set(digits)) < 3:
        return False
    if re.fullmatch(r"(?:19|20)\d\d[-/. ]\d\d?[-/. ]\d\d?.*|\d\d?[-/. ]\d\d?[-/. ](?:19|20)\d\d.*", value):
        return False
    if re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", value) or re.fullmatch(r"\d+\.\d+", value):
        return False
    return digits not in ("0123456789", "1234567890", "12345678", "123456789")


def us_phone(value: str) -> bool:
    """North American numbering plan: area code and exchange start with 2 to 9."""
    digits = re.sub(r"\D", "", value)
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    if len(digits) != 10 or digits[0] in "01" or digits[3] in "01" or len(set(digits)) < 3:
        return False
    return not (digits[3:6] == "555" and digits[6:8] == "01")  # 555-01xx is kept for fiction


def birth_date(value: str) -> bool:
    """A day that exists, in a lifetime."""
    parts = [int(p) for p in re.findall(r"\d+", value)]
    if len(parts) != 3:
        return False
    for year, month, day in (
        (parts[0], parts[1], parts[2]),
        (parts[2], parts[1], parts[0]),
        (parts[2], parts[0], parts[1]),
    ):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        return 1900 <= found.year <= 2099
    return False
