"""Secrets: read from the environment, a file or the keyring, and never shown.

A ``Secret`` hides its value from ``repr``, ``str``, formatting, JSON and pickles; only ``reveal()`` gives it.
``hide`` takes the values out of a text that others made (an error of a library, an answer of a server).
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from tracehound.errors import ConfigError

SHOWN = "***"
MAX_BYTES = 65_536
SHORTEST = 4
"""A value below this many characters is not looked for in texts: it would blot out ordinary words."""


class Secret:
    """One secret text."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value, for the one place that sends it."""
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({SHOWN!r})"

    def __str__(self) -> str:
        return SHOWN

    def __format__(self, form: str) -> str:
        return SHOWN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written into pickles")


def find_secret(
    name: str,
    environ: Mapping[str, str],
    variable: str,
    file: Path | None,
    keyring: str | None,
) -> Secret | None:
    """The secret ``name`` from the first place that is set: variable, file, keyring (``SERVICE/USER``).

    None where none of them is. Raises ``ConfigError``, without the value, where a place is set and has no secret.
    """
    if environ.get(variable):
        return _checked(environ[variable], f"the environment variable {variable}")
    if file is not None:
        return _from_file(name, file)
    if keyring is not None:
        return _from_keyring(name, keyring)
    return None


def _from_file(name: str, file: Path) -> Secret:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ConfigError(f"{name}_file {file}: is larger than any secret ({MAX_BYTES:,} bytes)")
        text = content.decode()
    except OSError as error:
        raise ConfigError(f"{name}_file {file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{name}_file {file}: is not UTF-8 text") from None
    return _checked(text, f"{name}_file {file}")


def _from_keyring(name: str, place: str) -> Secret:
    service, slash, user = place.partition("/")
    if not (service and slash and user):
        raise ConfigError(f"{name}_keyring {place}: write SERVICE/USER")
    try:
        keyring: Any = importlib.import_module("keyring")
        broken: type[Exception] = importlib.import_module("keyring.errors").KeyringError
    except ImportError:
        raise ConfigError(
            f"{name}_keyring {place}: the package keyring is not installed; pip install keyring"
        ) from None
    try:
        value = keyring.get_password(service, user)
    except broken as error:
        raise ConfigError(f"{name}_keyring {place}: {type(error).__name__}: is the keyring open?") from None
    if not value:
        raise ConfigError(
            f"{name}_keyring {place}: the keyring has no such entry; keyring set {service} {user}"
        )
    return _checked(value, f"{name}_keyring {place}")


def _checked(value: str, where: str) -> Secret:
    """One line of printable text: it goes into a header."""
    value = value.strip()
    if not value:
        raise ConfigError(f"{where}: is empty")
    if not value.isprintable():
        raise ConfigError(f"{where}: holds more than one line, or characters that no secret has")
    return Secret(value)


def hide(text: str, secrets: Iterable[Secret | None]) -> str:
    """The text without the values of these secrets, plain or in base64 (as headers carry them)."""
    for secret in secrets:
        value = secret.reveal() if secret is not None else ""
        if len(value) >= SHORTEST:
            encoded = base64.b64encode(value.encode()).decode()
            text = text.replace(value, SHOWN).replace(encoded, SHOWN)
    return text


def refuse_credentials(url: str, what: str) -> str:
    """The URL, when it has no ``user:password@``; the error does not repeat it."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{what}: is no URL (https://host:9200)") from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ConfigError(
            f"{what}: holds a user name or password; secrets are read from the environment, a file or the keyring"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ConfigError(f"{what}: must look like https://host:9200")
    return url.rstrip("/")
