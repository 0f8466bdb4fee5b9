"""Values of logs, checked to be what OCSF asks of an attribute: addresses, e-mail addresses, URLs."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

_EMAIL = re.compile(r"[\w!#-'*-/=?^`{-~-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+")
_PORT = re.compile(r"(?P<host>\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:.]+\]):\d+")


def ip(value: Any) -> str | None:
    """An IPv4 or IPv6 address without port, brackets and zone; the first of a list such as X-Forwarded-For."""
    return _address(value) if isinstance(value, str) else None


@lru_cache(maxsize=8192)
def _address(value: str) -> str | None:
    text = value.partition(",")[0].strip()
    found = _PORT.fullmatch(text)
    text = (found["host"] if found else text).strip("[]").partition("%")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def ips(value: Any) -> list[str]:
    """All addresses of a comma-separated list."""
    parts = value.split(",") if isinstance(value, str) else []
    return [found for part in parts if (found := ip(part))]


def email(value: Any) -> str | None:
    """The text where it is an e-mail address, as OCSF writes one."""
    if isinstance(value, str) and _EMAIL.fullmatch(value) and len(value) <= 320:
        return value
    return None


def endpoint(value: Any) -> dict[str, Any]:
    """``https://api.example.com:8443/v1`` -> host name (or address) and port; empty for anything else."""
    if not isinstance(value, str) or "://" not in value:
        return {}
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return {}
    if not host:
        return {}
    address = ip(host)
    return {"ip": address, "hostname": None if address else host, "port": port}


def get(data: Any, key: str, default: Any = None) -> Any:
    """The value of a key where ``data`` is an object that has it; logs may have anything in its place."""
    return data.get(key, default) if isinstance(data, dict) else default
