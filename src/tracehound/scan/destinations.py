"""Host names in the URLs of a text, as an analyst would search for them."""

from __future__ import annotations

import re

MAX_DESTINATIONS = 32
_MAX_URLS = 2_000

# The slashes (a literal, so that the search is quick), at most one user part, then the host. What stands
# before the slashes is checked afterwards.
_HOST = re.compile(
    r"//(?:[^\s/?#@\"'<>()\[\]]{1,256}@)?"
    r"(\[[0-9a-fA-F:.]{2,45}\]|[^\s/?#@:\"'<>()\[\]{}|\\^`,;!$%&*+=~]{1,253})"
)
_BEFORE = frozenset(":(\"'=<[")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*\.?")


def destinations(text: str) -> tuple[str, ...]:
    """Up to 32 hosts, sorted, lower case, international names in their ``xn--`` form, without port or user."""
    if "//" not in text:
        return ()
    found: set[str] = set()
    for count, match in enumerate(_HOST.finditer(text)):
        at = match.start()
        host = _clean(match.group(1)) if at and text[at - 1] in _BEFORE else ""
        if host:
            found.add(host)
        if len(found) >= MAX_DESTINATIONS or count >= _MAX_URLS:
            break
    return tuple(sorted(found))


def _clean(host: str) -> str:
    """The host as DNS would see it; empty for what cannot be one (templates, single words)."""
    if host.startswith("["):
        return host[1:-1].lower()
    host = host.rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    if "." not in host and host != "localhost":
        return ""
    return host if _NAME.fullmatch(host) else ""
