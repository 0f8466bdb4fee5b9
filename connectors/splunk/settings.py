"""How Splunk is reached: HEC for events, the management port for searches, macros, lookups and boards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator

from tracehound.errors import ConfigError, nearest
from tracehound.schema.constants import CLASSES
from tracehound.secrets import refuse_credentials
from tracehound.targets import TargetSettings

INDEX = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
VERSION = re.compile(r"(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){2}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
CLASS_NAMES = tuple(info.key for info in CLASSES.values())


def _single(value: object) -> object:
    """A repeatable flag that was given once."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _pairs(value: object) -> object:
    """``class=index`` pairs of a flag or variable as the mapping that a file has."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        return value
    return dict(str(part).strip().partition("=")[::2] for part in parts)


Address = Annotated[str | None, BeforeValidator(_single)]


class SplunkSettings(TargetSettings):
    """``targets: splunk:``; secrets (``hec_token``, ``token``, ``password``) are beside it."""

    SECRETS: ClassVar[tuple[str, ...]] = ("hec_token", "token", "password")

    hec_url: Address = Field(
        None, description="Address of the HTTP Event Collector, such as https://splunk:8088."
    )
    url: Address = Field(None, description="Address of the management port, such as https://splunk:8089.")
    hec_token_file: Path | None = Field(None, description="File with the token of the HTTP Event Collector.")
    hec_token_keyring: str | None = Field(None, description="Keyring entry with that token: SERVICE/USER.")
    token_file: Path | None = Field(None, description="File with the authentication token for url.")
    token_keyring: str | None = Field(
        None, description="Keyring entry with the authentication token: SERVICE/USER."
    )
    username: str | None = Field(None, description="User name, where a password is used instead of a token.")
    password_file: Path | None = Field(None, description="File with the password.")
    password_keyring: str | None = Field(None, description="Keyring entry with the password: SERVICE/USER.")
    ca_certs: Path | None = Field(None, description="CA certificates (PEM) that sign the server's.")
    client_cert: Path | None = Field(None, description="Our certificate (PEM), where the server wants one.")
    client_key: Path | None = Field(None, description="The key of our certificate (PEM).")
    verify_tls: bool = Field(True, description="false: any certificate is taken. For tests only.")
    app: str = Field("tracehound", description="App that the searches, macros, lookups and boards are in.")
    app_version: str | None = Field(
        None,
        description="Version of the apps that `build` writes, such as 1.4.0; without it, Tracehound's own.",
    )
    owner: str = Field("nobody", description="Owner of these objects; nobody: the app itself.")
    sharing: Literal["app", "global", "user"] = Field("app", description="Who sees these objects.")
    index: str = Field("tracehound", description="Index of the events.")
    indexes: Annotated[dict[str, str], BeforeValidator(_pairs)] = Field(
        default_factory=dict,
        description="Another index for some classes of events: class name, such as api_activity -> index.",
    )
    verify_index: str = Field(
        "tracehound_verify", description="Index for test events of `verify`; no rule looks into it."
    )
    enterprise_security: bool = Field(
        False,
        description="Rules that hit make findings and risk of Enterprise Security, which must be there.",
    )
    host: str | None = Field(
        None, description="Field host of all events; without it, the host that an event tells."
    )
    source: str | None = Field(
        None, description="Field source of all events; without it, tracehound:<log source>."
    )
    acks: Literal["auto", "always", "never"] = Field(
        "auto", description="Wait until indexers acknowledge: auto: where the HEC token has it."
    )
    ack_timeout: float = Field(
        300.0,
        gt=0,
        le=3600,
        description="Seconds after which a batch that was not acknowledged is sent again.",
    )
    timeout: float = Field(60.0, gt=0, le=3600, description="Seconds to wait for one answer.")
    batch_documents: int = Field(2000, ge=1, le=20_000, description="Most events in one request.")
    batch_bytes: int = Field(
        800_000, ge=10_000, le=90_000_000,
        description="Most bytes in one request, before compression.",
    )  # fmt: skip
    batch_seconds: float = Field(
        5.0, ge=0, description="Seconds after which a request is sent though it is not full."
    )
    max_event_bytes: int = Field(
        5_000_000, ge=10_000, le=90_000_000, description="A larger event becomes a dead letter."
    )
    in_flight: int = Field(4, ge=1, le=64, description="Requests at once.")
    compress: bool = Field(True, description="Send requests gzipped.")
    patience: float = Field(
        900.0, ge=0, description="Seconds without any progress before a push gives up; 0: never."
    )

    @field_validator("url", "hec_url")
    @classmethod
    def _url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            checked = refuse_credentials(url, "url")
        except ConfigError as error:
            raise ValueError(str(error).removeprefix("url: ").replace(":9200", ":8088")) from None
        if urlsplit(checked).path.startswith("/services"):
            raise ValueError("without /services/...: the address alone, https://host:8088")
        return checked

    @field_validator("index", "verify_index")
    @classmethod
    def _index(cls, name: str) -> str:
        return _index_name(name)

    @field_validator("indexes")
    @classmethod
    def _indexes(cls, indexes: dict[str, str]) -> dict[str, str]:
        for name, index in indexes.items():
            if name not in CLASS_NAMES:
                raise ValueError(f"{name}: no such class of events{nearest(name, CLASS_NAMES)}")
            _index_name(index)
        return indexes

    @field_validator("app_version")
    @classmethod
    def _version(cls, version: str | None) -> str | None:
        if version is not None and not VERSION.fullmatch(version):
            raise ValueError("three numbers up to 999, such as 1.4.0, without leading zeros")
        return version

    @field_validator("app", "owner")
    @classmethod
    def _name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("letters, digits, _ . and - only, at most 80")
        return name

    @model_validator(mode="after")
    def _together(self) -> SplunkSettings:
        if bool(self.client_cert) != bool(self.client_key):
            raise ValueError("client_cert and client_key belong together")
        if self.verify_index in (self.index, *self.indexes.values()):
            raise ValueError("verify_index must be another index than those of the events")
        return self

    def index_of(self, class_name: str) -> str:
        """The index of a class of events, by its name in schema addresses (``api_activity``)."""
        return self.indexes.get(class_name, self.index)


def _index_name(name: str) -> str:
    if not INDEX.fullmatch(name) or "kvstore" in name:
        raise ValueError(
            f"{name!r}: an index is named with lower-case letters, digits, _ and -, begins with a letter or digit, "
            "and does not contain kvstore"
        )
    return name
