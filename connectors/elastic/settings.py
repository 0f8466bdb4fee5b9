"""How Elasticsearch, OpenSearch and Kibana are reached, and how events are sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from tracehound.errors import ConfigError
from tracehound.secrets import refuse_credentials
from tracehound.targets import TargetSettings

NAMESPACE = re.compile(r"[a-z0-9][a-z0-9_.]{0,99}")
SPACE = re.compile(r"[a-z0-9_-]{1,100}")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Lifecycle(BaseModel):
    """When a backing index is rolled over, and when it goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rollover_age: str = Field(
        "30d", pattern=r"^\d+[dhm]$", description="A new backing index after this time."
    )
    rollover_size: str = Field(
        "50gb",
        pattern=r"^\d+(b|kb|mb|gb|tb)$",
        description="A new backing index at this size of its largest shard.",
    )
    delete_after: str | None = Field(
        "90d", pattern=r"^\d+[dhm]$", description="Events go this long after the rollover; null: never."
    )


class ElasticSettings(TargetSettings):
    """``targets: elastic:``; secrets (``api_key``, ``password``) are beside it."""

    SECRETS: ClassVar[tuple[str, ...]] = ("api_key", "password")

    url: Annotated[list[str], BeforeValidator(_listed)] = Field(
        default_factory=list, description="Address of the cluster, or of several of its nodes."
    )
    cloud_id: str | None = Field(None, description="Elastic Cloud's id of the deployment, instead of url.")
    username: str | None = Field(
        None, description="User name, where a password is used instead of an API key."
    )
    api_key_file: Path | None = Field(None, description="File with the API key (its encoded form).")
    api_key_keyring: str | None = Field(None, description="Keyring entry with the API key: SERVICE/USER.")
    password_file: Path | None = Field(None, description="File with the password.")
    password_keyring: str | None = Field(None, description="Keyring entry with the password: SERVICE/USER.")
    ca_certs: Path | None = Field(None, description="CA certificates (PEM) that sign the server's.")
    client_cert: Path | None = Field(None, description="Our certificate (PEM), where the server wants one.")
    client_key: Path | None = Field(None, description="The key of our certificate (PEM).")
    fingerprint: str | None = Field(
        None, description="SHA-256 fingerprint of the server's certificate, instead of ca_certs."
    )
    verify_tls: bool = Field(True, description="false: any certificate is taken. For tests only.")
    kibana_url: str | None = Field(None, description="Address of Kibana, for rules and boards.")
    kibana_space: str = Field("default", description="Kibana space for rules and boards.")
    namespace: str = Field("default", description="Last part of the data streams' names.")
    timeout: float = Field(60.0, gt=0, le=3600, description="Seconds to wait for one answer.")
    batch_documents: int = Field(1000, ge=1, le=20_000, description="Most events in one request.")
    batch_bytes: int = Field(
        5_000_000, ge=10_000, le=90_000_000, description="Most bytes in one request, before compression."
    )
    in_flight: int = Field(4, ge=1, le=64, description="Requests at once.")
    compress: bool = Field(True, description="Send requests gzipped.")
    patience: float = Field(
        900.0, ge=0, description="Seconds without any progress before a push gives up; 0: never."
    )
    shards: int = Field(1, ge=1, le=1024, description="Primary shards of a backing index.")
    replicas: int = Field(1, ge=0, le=10, description="Copies of each shard.")
    lifecycle: Lifecycle = Field(Lifecycle(), description="When backing indices are rolled over and go.")

    @field_validator("url")
    @classmethod
    def _urls(cls, urls: list[str]) -> list[str]:
        return [_url(url, "url") for url in urls]

    @field_validator("kibana_url")
    @classmethod
    def _kibana(cls, url: str | None) -> str | None:
        return _url(url, "kibana_url") if url else None

    @field_validator("namespace")
    @classmethod
    def _namespace(cls, name: str) -> str:
        if not NAMESPACE.fullmatch(name):
            raise ValueError("lower-case letters, digits, _ and . only, at most 100, no hyphen")
        return name

    @field_validator("kibana_space")
    @classmethod
    def _space(cls, name: str) -> str:
        if not SPACE.fullmatch(name):
            raise ValueError("lower-case letters, digits, _ and - only")
        return name

    @model_validator(mode="after")
    def _together(self) -> ElasticSettings:
        if self.url and self.cloud_id:
            raise ValueError("url and cloud_id exclude each other")
        if bool(self.client_cert) != bool(self.client_key):
            raise ValueError("client_cert and client_key belong together")
        return self


def _url(url: str, what: str) -> str:
    try:
        return refuse_credentials(url, what)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix(f"{what}: ")) from None
