"""A CA of the tests and what it signs, by the openssl of the machine."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Authority:
    """A CA: ``ca`` is its certificate; ``made`` signs others."""

    folder: Path
    ca: Path

    @classmethod
    def new(cls, folder: Path, name: str = "ca") -> Authority:
        """Skips the test where there is no openssl."""
        if not shutil.which("openssl"):
            pytest.skip("openssl is not on this machine")
        made = folder / f"{name}.pem"
        files = ("-keyout", made.with_suffix(".key"), "-out", made)
        limits = (
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        )
        subject = ("-subj", f"/CN=Tests {name}")
        _run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *subject, *limits)
        return cls(folder, made)

    def made(self, name: str, alternative: str = "IP:127.0.0.1", days: int = 2) -> Path:
        """A PEM with key and certificate; ``.crt`` and ``.key`` lie beside it. ``days=0``: it has ended."""
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        more = self.folder / f"{name}.ext"
        more.write_text(f"subjectAltName={alternative}\nextendedKeyUsage=serverAuth,clientAuth\n")
        _run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        signer = ("-CA", self.ca, "-CAkey", self.ca.with_suffix(".key"), "-CAcreateserial", "-extfile", more)
        _run("x509", "-req", "-in", request, *signer, "-days", str(days), "-out", certificate)
        both = self.folder / f"{name}.both.pem"
        both.write_bytes(key.read_bytes() + certificate.read_bytes())
        return both


def _run(*command: object) -> None:
    subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)
