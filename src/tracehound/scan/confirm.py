"""Second looks at what an expression found: checksums, entropy, documentation keys, context words.

They run on hits only. A step gets the value (group 1 of the expression, else the whole match) as text and
says whether it is real. ``stdnum:<module>`` asks that module of python-stdnum.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import importlib.util
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

from tracehound.errors import nearest
from tracehound.scan.matching import Expression

Step = Callable[[str], bool]
CONTEXT_BEFORE, CONTEXT_AFTER = 96, 48

_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(value: str) -> bool:
    """A payment card number: 13 to 19 digits of a known issuer range with the right check digit."""
    digits = [ord(c) - 48 for c in value if c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    total = sum(digits[-1::-2]) + sum(_LUHN_DOUBLED[d] for d in digits[-2::-2])
    return total % 10 == 0 and _issuer(digits)


def _issuer(digits: list[int]) -> bool:
    """Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro, Mir."""
    size = len(digits)
    four = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    two = four // 100
    if digits[0] == 4:
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


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


_PLACEHOLDERS = re.compile(
    r"example|sample|placeholder|changeme|change_me|change-me|dummy|your[-_ ]?|insert|replace"
    r"|my[-_]?(?:key|token|secret|pass)"
    r"|redacted|xxxx|\*\*\*|\.\.\.|…|<[^>]*>|\$\{|\{\{|%\(|todo|fixme|fake|not[-_]?real|test[-_]?(?:key|token|secret)"
    r"|0123456789|1234567890|abcdefgh|deadbeef|aaaaaaa|0000000|qwerty|lorem|foobar",
    re.IGNORECASE,
)


def real(value: str) -> bool:
    """Not a documentation key or a placeholder (``...EXAMPLE``, ``your-key-here``, ``xxxx``)."""
    return not _PLACEHOLDERS.search(value) and len(set(value)) >= min(6, len(value))


def random_strict(value: str) -> bool:
    """As random as a generated key: high entropy, letters and digits, no placeholder."""
    return (
        real(value)
        and entropy(value) >= min(3.6, math.log2(max(2, len(value))) * 0.82)
        and any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
    )


def random_loose(value: str) -> bool:
    """Random enough for a key whose prefix already says what it is."""
    return real(value) and entropy(value) >= 2.8


def random_hex(value: str) -> bool:
    """Hexadecimal digits as a generated key has them."""
    return real(value) and entropy(value) >= 2.9 and any(c in "abcdefABCDEF" for c in value)


_PASSWORD_WORDS = re.compile(
    r"^(?:string|none|null|nil|true|false|password|passwd|secret|token|required|optional|undefined|env|value"
    r"|username|user|input|text|hidden|field|str|int|bool|bytes|any|object|type|key|self|this|args?|kwargs|default|self)\b",
    re.IGNORECASE,
)


def password(value: str) -> bool:
    """A literal password, not a word of code, a variable or a placeholder."""
    if len(value) < 8 or not real(value) or _PASSWORD_WORDS.match(value):
        return False
    classes = sum(
        any(test(c) for c in value)
        for test in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    )
    return classes >= 3 and not re.search(r"[()\[\]{}]|^[$%@&/]|^\w+\.\w+|::|->|\\", value)


def url_password(value: str) -> bool:
    """The password of a URL: anything but a placeholder or a variable."""
    return (
        len(value) >= 4
        and not _PLACEHOLDERS.search(value)
        and not re.search(r"^[$%<{\[:]|[{}$<>]", value)
        and value.lower() not in _COMMON_PASSWORDS
    )


_COMMON_PASSWORDS = frozenset(
    {
        *("password", "passwd", "pass", "secret", "postgres", "root", "admin", "user", "guest", "mysql"),
        *("redis", "mongo", "test", "dev", "pwd", "example", "token"),
    }
)


def jwt(value: str) -> bool:
    """A JSON Web Token: its header decodes to an object with an algorithm."""
    header = value.split(".", 1)[0]
    try:
        decoded = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return False
    return isinstance(decoded, dict) and ("alg" in decoded or "enc" in decoded)


_PEM_PLACEHOLDERS = re.compile(
    r"example|sample|placeholder|your[-_ ]|insert|redacted|xxxx|\*\*\*|\.\.\.|…|<[^>]*>|\$\{|\{\{",
    re.IGNORECASE,
)


def private_key(value: str) -> bool:
    """A PEM block with a body, not a heading quoted in a text.

    Runs of one letter prove nothing here: every OpenSSH key begins with zeros, ``AAAAAAA`` in base64.
    """
    return len(set(value)) >= 12 and not _PEM_PLACEHOLDERS.search(value[:200])


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
    if not local or len(value) > 254 or ".." in value or _EXAMPLE_DOMAINS.search(domain):
        return False
    return local not in _ROLE_ACCOUNTS and not domain.rpartition(".")[2].isdigit()


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


def external_url(value: str) -> bool:
    """A query that carries data to a host that is not this machine and no documentation example."""
    return not re.search(
        r"//(?:[\w.-]+\.)?(?:localhost|127\.0\.0\.1|shields\.io|badge\.fury\.io)\b|//[^/]*badge",
        value,
        re.IGNORECASE,
    )


STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        luhn, real, random_strict, random_loose, random_hex, password, url_password, jwt, private_key,
        iban, us_ssn, email, phone, us_phone, birth_date, external_url,
    )
}  # fmt: skip


def refuse(name: str) -> str:
    """Why ``name`` is no confirm step; empty when it is one."""
    if name.startswith("stdnum:"):
        return "" if _stdnum(name) is not None else f"{name!r}: python-stdnum has no such module"
    if name in STEPS:
        return ""
    return f"{name!r} is no confirm step{nearest(name, STEPS)}; valid: {', '.join(sorted(STEPS))}, stdnum:<module>"


def confirmed(names: Iterable[str], value: str) -> bool:
    """Whether every step says yes."""
    for name in names:
        step = STEPS.get(name) or _stdnum(name)
        if step is None or not step(value):
            return False
    return True


@lru_cache(maxsize=128)
def _stdnum(name: str) -> Step | None:
    module_name = name.removeprefix("stdnum:")
    if not re.fullmatch(r"[a-z0-9_]+(?:\.[a-z0-9_]+)?", module_name):
        return None
    try:
        if importlib.util.find_spec(f"stdnum.{module_name}") is None:
            return None
    except ModuleNotFoundError:
        return None
    check = getattr(importlib.import_module(f"stdnum.{module_name}"), "is_valid", None)
    return (
        None
        if check is None
        else lambda value: bool(check(value)) and len(set(re.sub(r"\W", "", value))) >= 3
    )


def words_expression(words: tuple[str, ...]) -> Expression:
    """Any of ``words`` anywhere: what must hold for ``in_context`` to be worth asking."""
    escaped = (b"".join(b"\\x%02x" % byte for byte in word.encode()) for word in words)
    return Expression(b"(?:" + b"|".join(escaped) + b")", cased=False)


@lru_cache(maxsize=1024)
def _word_finder(words: tuple[str, ...]) -> re.Pattern[bytes]:
    body = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9])(?:{body})(?![a-z0-9])".encode())


def in_context(words: tuple[str, ...], lowered: bytes, start: int, end: int) -> bool:
    """Whether one of ``words`` stands near ``lowered[start:end]``: 96 bytes before, 48 after."""
    if not words:
        return True
    finder = _word_finder(words)
    before = lowered[max(0, start - CONTEXT_BEFORE) : start]
    after = lowered[end : end + CONTEXT_AFTER]
    return finder.search(before) is not None or finder.search(after) is not None
