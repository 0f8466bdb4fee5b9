"""pySigma's own validators, core and SigmaHQ's, over all rules, without network."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sigma.collection import SigmaCollection
from sigma.plugins import InstalledSigmaPlugins
from sigma.validation import SigmaValidator

from tracehound.content import content_dir

DOWNLOADS = {
    # They fetch ATT&CK, D3FEND or SigmaHQ's taxonomy when they run.
    "attacktag", "d3_fendtag", "sigmahq_category_event_id", "sigmahq_category_windows_provider_name",
    "sigmahq_fieldname_cast", "sigmahq_filename_prefix", "sigmahq_invalid_fieldname", "sigmahq_logsource_unknown",
    "sigmahq_redundant_field", "sigmahq_tags_techniques_without_tactics",
}  # fmt: skip
NOT_OURS = {
    "namespace_tag": "knows neither atlas nor owasp; tracehound.rules.tags checks ours",
    "sigmahq_unknown_field": "knows no key of tools; ours has its own JSON Schema",
    "sigmahq_correlation_filename_prefix": "SigmaHQ's own file names; our folders say what a rule is about",
}


def offline(*_: Any) -> None:
    raise OSError("a validator wants the network")


@pytest.fixture
def validators(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    pytest.importorskip("sigma.validators.sigmahq", reason="needs pysigma-validators-sigmahq")
    monkeypatch.setattr(socket.socket, "connect", offline)
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    return dict(InstalledSigmaPlugins.autodiscover().validators)


def test_what_is_left_out_exists(validators: dict[str, Any]) -> None:
    assert validators.keys() >= DOWNLOADS
    assert NOT_OURS.keys() <= validators.keys()


def test_sigma_check_accepts_the_rules() -> None:
    """The command itself, with the same validators left out."""
    left_out = [part for name in sorted(DOWNLOADS | NOT_OURS.keys()) for part in ("-x", name)]
    command = [str(Path(sys.executable).with_name("sigma")), "check", "-i", *left_out]
    said = subprocess.run(
        [*command, str(content_dir("detections"))],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert said.returncode == 0, said.stdout[-2000:] + said.stderr[-2000:]
    assert "Found 0 errors, 0 condition errors and 0 issues" in said.stdout + said.stderr


def test_no_validator_finds_anything(validators: dict[str, Any]) -> None:
    chosen = [kind for name, kind in validators.items() if name not in DOWNLOADS | NOT_OURS.keys()]
    assert len(chosen) > 60
    files = sorted(content_dir("detections").rglob("*.yml"))
    rules = SigmaCollection.load_ruleset(files)
    issues = SigmaValidator(chosen).validate_rules(iter(rules.rules))
    assert [f"{type(issue).__name__}: {[rule.title for rule in issue.rules]}" for issue in issues] == []
