"""What every recorder needs: a venv of its own, free ports, children that are stopped by pid, clean files.

The recorders run real software offline and write down what it logs. Each is run as
``python tests/recorders/NAME.py OUTDIR [--venv DIR]`` with nothing but the standard library; the software
itself is installed, pinned by ``requirements/*.txt``, into a venv in DIR (kept) or in a temporary folder
(removed), never into the interpreter that runs the script. Only this installation uses the network.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def arguments(description: str) -> argparse.Namespace:
    """Read OUTDIR and ``--venv`` from the command line; OUTDIR is created."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("outdir", type=Path, help="folder that receives the recorded files")
    parser.add_argument("--venv", type=Path, help="folder for the software (kept); default: a temporary one")
    args = parser.parse_args()
    args.outdir.mkdir(parents=True, exist_ok=True)
    return args


@contextlib.contextmanager
def software(name: str, folder: Path | None) -> Iterator[Path]:
    """Yield the python of a venv with ``requirements/NAME.txt``; a temporary one is removed at the end."""
    place = (folder or Path(tempfile.mkdtemp(prefix=f"record-{name}-"))).resolve()
    python = place / "bin" / "python"
    done = place / f".installed-{name}"
    try:
        if not done.exists():
            venv.create(place, with_pip=True)
            wanted = HERE / "requirements" / f"{name}.txt"
            subprocess.run([python, "-m", "pip", "install", "-q", "-r", wanted], check=True)
            done.touch()
        yield python
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def workdir() -> Iterator[Path]:
    """Yield a temporary folder with a short, neutral name."""
    with tempfile.TemporaryDirectory(prefix="record-") as name:
        yield Path(name)


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """Return an environment without anything of this machine but PATH, so that nothing of it is recorded."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }


@contextlib.contextmanager
def child(command: list[Any], cwd: Path, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the background and stop it by its pid at the end; its output goes to ``log``."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=env, stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run(command: list[Any], cwd: Path, env: dict[str, str]) -> None:
    """Run a program to its end; its failure ends the recording with its output shown."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True)
    sys.stderr.write(done.stdout)
    if done.returncode:
        raise SystemExit(f"{command[0]} {command[1]} failed ({done.returncode}):\n{done.stderr}")


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> None:
    """Return when ``url`` answers 200; end with the program's log if it died or took too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.3)
    raise SystemExit(f"{url} did not answer; the program's log ends with:\n{log.read_text()[-3000:]}")


class QuietServer(ThreadingHTTPServer):
    """A server that takes a client's leaving early as normal: time-outs are recorded on purpose."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve ``handler`` on 127.0.0.1 in a thread; yields ``http://127.0.0.1:PORT``."""
    server = QuietServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Scrub:
    """Replaces what belongs to this machine (folders, host name, account name) in recorded text.

    Nothing else of a record is touched, so that it stays what the software wrote.
    """

    def __init__(self, *pairs: tuple[Path | str, str]) -> None:
        self.pairs = [(str(old), new) for old, new in pairs]
        self.pairs += [(sys.base_prefix, "/usr"), (str(Path.home()), "/home/user")]
        host = socket.gethostname()
        if len(host) > 3 and host != "localhost":
            self.pairs.append((host, "gateway-01"))

    def __call__(self, text: str) -> str:
        for old, new in self.pairs:
            if len(old) > 3:  # never "/" or so
                text = text.replace(old, new)
        return text


def write_lines(path: Path, records: Iterable[Any], scrub: Scrub) -> None:
    """Write one JSON value per line; a str is taken as a line that is JSON already."""
    lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
    path.write_text("".join(scrub(line) + "\n" for line in lines), encoding="utf-8")
    sys.stderr.write(f"{path.name}: {len(lines)} lines, {path.stat().st_size} bytes\n")
