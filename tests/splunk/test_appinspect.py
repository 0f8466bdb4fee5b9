"""The apps under Splunk's own checks: AppInspect for Splunk Cloud, ``slim validate`` and ``ksconf check``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from splunk_apps import apps, write

APPS = ("tracehound", "TA-tracehound", "tracehound_indexes")
EXPLAINED = {
    "check_collections_conf": "No action required",
    "check_hostnames_and_ips": "tracehound_approved.csv",
}
"""Warnings and what each is of: baselines need collections; a list of the company's own servers holds addresses."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(apps(), tmp_path_factory.mktemp("built"))


@pytest.mark.parametrize("tag", ["cloud", "private_victoria"])
@pytest.mark.parametrize("name", APPS)
def test_appinspect(built: Path, splunk_app_checks: Any, name: str, tag: str) -> None:
    (package,) = built.glob(f"{name}-*.tar.gz")
    unexplained = [
        said
        for said in splunk_app_checks.appinspect(package, tag)
        if said.result != "warning"
        or not all(EXPLAINED.get(said.check, "\0") in message for message in said.messages)
    ]
    assert unexplained == []


@pytest.mark.parametrize("name", APPS)
def test_slim(built: Path, splunk_app_checks: Any, name: str) -> None:
    assert splunk_app_checks.slim_says(built / name) == ""


@pytest.mark.parametrize("name", APPS)
def test_ksconf(built: Path, splunk_app_checks: Any, name: str) -> None:
    files = [path for kind in ("conf", "meta") for path in sorted((built / name).rglob(f"*.{kind}"))]
    assert len(files) >= 3
    assert splunk_app_checks.ksconf_says(files) == ""
