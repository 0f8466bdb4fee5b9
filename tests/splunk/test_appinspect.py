"""The apps under Splunk's own checks: AppInspect for Splunk Cloud, ``slim validate`` and ``ksconf check``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from splunk_apps import apps, our_apps, write

from tracehound.config import Settings

APPS = ("tracehound", "TA-tracehound", "tracehound_indexes")
EXPLAINED = {
    "check_collections_conf": "No action required",
    "check_hostnames_and_ips": "tracehound_approved.csv",
}
"""Warnings and what each is of: baselines need collections; a list of the company's own servers holds addresses."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(our_apps(), tmp_path_factory.mktemp("built"))


@pytest.mark.parametrize("tag", ["cloud", "private_victoria"])
@pytest.mark.parametrize("name", APPS)
def test_appinspect(built: Path, splunk_app_checks: Any, name: str, tag: str) -> None:
    (package,) = built.glob(f"{name}-*.tar.gz")
    assert unexplained(splunk_app_checks.appinspect(package, tag)) == []


def test_appinspect_of_the_app_for_enterprise_security(splunk_app_checks: Any, tmp_path: Path) -> None:
    values = {"enterprise_security": True, "app": "ai_watch", "indexes": {"dns_activity": "ai-dns"}}
    folder = write(apps(Settings(targets={"splunk": values})), tmp_path)
    (package,) = folder.glob("ai_watch-*.tar.gz")
    assert unexplained(splunk_app_checks.appinspect(package, "cloud")) == []
    (indexes,) = folder.glob("tracehound_indexes-*.tar.gz")
    assert unexplained(splunk_app_checks.appinspect(indexes, "cloud")) == []


def unexplained(said: list[Any]) -> list[Any]:
    """All but the warnings that are known."""
    return [
        one
        for one in said
        if one.result != "warning"
        or not all(EXPLAINED.get(one.check, "\0") in message for message in one.messages)
    ]


@pytest.mark.parametrize("name", APPS)
def test_slim(built: Path, splunk_app_checks: Any, name: str) -> None:
    assert splunk_app_checks.slim_says(built / name) == ""


@pytest.mark.parametrize("name", APPS)
def test_ksconf(built: Path, splunk_app_checks: Any, name: str) -> None:
    files = [path for kind in ("conf", "meta") for path in sorted((built / name).rglob(f"*.{kind}"))]
    assert len(files) >= 3
    assert splunk_app_checks.ksconf_says(files) == ""
