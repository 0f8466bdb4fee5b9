"""Settings of the target splunk: from where, what is refused, and secrets that do not show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tracehound.config import Settings
from tracehound.errors import ConfigError
from tracehound.targets import target, target_settings

TOKEN = "11111111-2222-4333-8444-555555555555"


def made(
    values: dict[str, Any] | None = None,
    flags: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
) -> Any:
    return target_settings(
        target("splunk"), Settings(targets={"splunk": values or {}}), flags or {}, environ or {}
    )


def test_defaults() -> None:
    found = made()
    assert (found.app, found.owner, found.sharing) == ("tracehound", "nobody", "app")
    assert (found.index, found.verify_index, found.acks) == ("tracehound", "tracehound_verify", "auto")
    assert found.verify_tls


def test_flag_before_environment_before_file() -> None:
    environ = {"TRACEHOUND_SPLUNK_HEC_URL": "https://env:8088", "TRACEHOUND_SPLUNK_URL": "https://env:8089"}
    values = {"hec_url": "https://file:8088", "url": "https://file:8089", "index": "from_file"}
    found = made(values, {"hec_url": "https://flag:8088"}, environ)
    assert (found.hec_url, found.url, found.index) == ("https://flag:8088", "https://env:8089", "from_file")


def test_a_repeatable_flag_given_once_is_one_address() -> None:
    assert made(flags={"url": ("https://splunk:8089",)}).url == "https://splunk:8089"
    with pytest.raises(ConfigError, match="url"):
        made(flags={"url": ("https://a:8089", "https://b:8089")})


def test_indexes_by_class() -> None:
    for values, environ in (
        ({"indexes": {"api_activity": "calls"}}, {}),
        ({}, {"TRACEHOUND_SPLUNK_INDEXES": "api_activity=calls"}),
    ):
        found = made(values, environ=environ)
        assert (found.index_of("api_activity"), found.index_of("authentication")) == ("calls", "tracehound")


WRONG = {
    "a password in the address": ({"hec_url": "https://a:b@splunk:8088"}, "user name or password"),
    "the whole path": ({"hec_url": "https://splunk:8088/services/collector"}, "address alone"),
    "no address": ({"hec_url": "splunk:8088"}, "https://host:8088"),
    "an index in capitals": ({"index": "AI"}, "lower-case"),
    "an index with a star": ({"index": "ai*"}, "lower-case"),
    "an index in quotes": ({"index": 'a" OR index=_internal'}, "lower-case"),
    "an unknown class": ({"indexes": {"api_activty": "x"}}, "did you mean 'api_activity'"),
    "the verify index is the events'": ({"verify_index": "tracehound"}, "another index"),
    "a certificate without its key": ({"client_cert": "a.pem"}, "belong together"),
    "a version that Splunk does not order": ({"app_version": "1.4"}, "1.4.0"),
    "a version with a leading zero": ({"app_version": "1.04.0"}, "leading zeros"),
    "an app with a slash": ({"app": "../search"}, "letters, digits"),
    "a secret in the file": ({"hec_token": TOKEN}, "hec_token_file"),
    "a setting of Elastic": ({"kibana_url": "https://kibana"}, "unknown setting"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(name: str) -> None:
    values, wanted = WRONG[name]
    with pytest.raises(ConfigError, match=wanted) as caught:
        made(values)
    assert TOKEN not in str(caught.value)


def test_secrets_come_from_the_environment_or_a_file_and_do_not_show(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    for found in (
        made(environ={"TRACEHOUND_SPLUNK_HEC_TOKEN": TOKEN}),
        made({"hec_token_file": str(file)}),
    ):
        secret = found.secret("hec_token")
        assert secret.reveal() == TOKEN
        assert TOKEN not in f"{found!r} {found} {secret!r} {found.model_dump()}"
        assert found.hide(f"no {TOKEN}") == "no ***"
