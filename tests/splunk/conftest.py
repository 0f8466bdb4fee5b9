"""A stand-in for Splunk, fresh for each test, and one that speaks TLS."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from commands import tracehound
from splunk_stub import SplunkStub

__all__ = ["tracehound"]  # a fixture of other folders too


@pytest.fixture
def splunk() -> Iterator[SplunkStub]:
    """A Splunk with the indexes main, tracehound and tracehound_verify; its HEC token has no acknowledgement."""
    with SplunkStub() as stub:
        yield stub


@pytest.fixture
def splunk_acks() -> Iterator[SplunkStub]:
    """The same with a HEC token that has indexer acknowledgement."""
    with SplunkStub(acks=True) as stub:
        yield stub


@pytest.fixture
def splunk_with() -> Iterator[Callable[..., SplunkStub]]:
    """Makes one with arguments of SplunkStub."""
    with ExitStack() as stack:
        yield lambda **arguments: stack.enter_context(SplunkStub(**arguments))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key in one file; ``ca.pem`` beside it signed it."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not on this machine")
    folder = tmp_path_factory.mktemp("splunk-tls")

    def openssl(*arguments: Any) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    new = ("req", "-newkey", "rsa:2048", "-nodes")
    openssl(*new, "-x509", "-days", 2, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA")
    openssl(*new, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=127.0.0.1")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-out", "cert.pem")
    openssl("x509", "-req", "-days", 2, "-in", "request.pem", *signed)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


@pytest.fixture
def splunk_tls(certificate: Path) -> Iterator[SplunkStub]:
    """A Splunk that speaks TLS; its CA is ``certificate.with_name("ca.pem")``."""
    with SplunkStub(certificate=certificate) as stub:
        yield stub
