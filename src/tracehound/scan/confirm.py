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
from functools import lru_cache

from tracehound.errors import nearest
from tracehound.scan.matching import Expression
from tracehound.scan.personal import birth_date, email, iban, luhn, phone, us_phone, us_ssn

Step = Callable[[str], bool]
CONTEXT_BEFORE, CONTEXT_AFTER = 96, 48


_N_LOG_N = [0.0, *(n * math.log2(n) for n in range(1, 257))]


def entropy(value: str) -> float:
    """Shannon entropy in bits per character, of the first 256 characters."""
    value = value[:256]
    size = len(value)
    return math.log2(size) - sum(map(_N_LOG_N.__getitem__, Counter(value).values())) / size if size else 0.0


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
    if len(value) < 8 or value.islower() or value.isalpha() or _PASSWORD_WORDS.match(value):
        return False
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return sum(any(map(kind, value)) for kind in kinds) >= 3 and not _CODE.search(value) and real(value)


_CODE = re.compile(r"[()\[\]{}]|^[$%@&/]|^\w+\.\w+|::|->|\\")


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


def basic_auth(value: str) -> bool:
    """The value of an HTTP basic header: user and a password that is no placeholder."""
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4)).decode("utf-8")
    except (ValueError, binascii.Error):
        return False
    user, separator, secret = decoded.partition(":")
    return bool(separator) and user.lower() not in _COMMON_PASSWORDS and url_password(secret)


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
        luhn, real, random_strict, random_loose, random_hex, password, url_password, basic_auth, jwt, private_key,
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
    """One of ``words`` anywhere in a text: what must hold for ``in_context`` to be worth asking."""
    escaped = (b"".join(b"\\x%02x" % byte for byte in word.encode()) for word in words)
    body = b"|".join(escaped)
    return Expression(b"(?:^|[^a-zA-Z0-9])(?:" + body + b")(?:[^a-zA-Z0-9]|$)", cased=False)


@lru_cache(maxsize=1024)
def _word_finder(words: tuple[str, ...]) -> re.Pattern[bytes]:
    body = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9])(?:{body})(?![a-z0-9])".encode())


def in_context(words: tuple[str, ...], lowered: bytes, start: int, end: int) -> bool:
    """Whether one of ``words`` stands near ``lowered[start:end]``: 96 bytes before, 48 after."""
    if not words:
        return True
    finder = _word_finder(words)
    limit = min(len(lowered), end + CONTEXT_AFTER)
    if finder.search(lowered, max(0, start - CONTEXT_BEFORE), start) is not None:
        return True
    found = finder.search(lowered, end, limit)
    return found is not None and not (found.end() == limit and lowered[limit : limit + 1].isalnum())
