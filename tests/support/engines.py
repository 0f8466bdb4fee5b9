"""Real servers for tests, started on 127.0.0.1 and stopped by whoever started them.

    with running("elasticsearch8") as server:    # or elasticsearch9, opensearch
        server.url, server.version, server.pid

The fixtures of the same names (engines_plugin) start one server for a whole test run. A server ends with ``stop``,
at the exit of Python, and when the process it was started for is gone, however that ended.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engines_build import RECIPES, Built, EngineError, EngineMissing, built, cache_folder

__all__ = ["EngineError", "EngineMissing", "Server", "running", "start", "stop", "stop_all"]

START_TIMEOUT = 180.0
STOP_TIMEOUT = 20.0
RECORD_TIMEOUT = 90.0
LOGS_KEPT = 9

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Server:
    """A server that answers; ``folder`` holds its data and goes with it, ``log`` stays."""

    engine: str
    url: str
    version: str
    pid: int
    log: str
    folder: str
    recorded: str = ""


@contextlib.contextmanager
def running(engine: str) -> Iterator[Server]:
    """One server for a ``with`` block; raises EngineMissing, or EngineError with the tail of the log."""
    server = start(engine)
    try:
        yield server
    finally:
        stop(server)


def start(engine: str, *, owner: int | None = None) -> Server:
    """Starts an empty server and waits until it answers; ``owner`` is the process it shall not outlive."""
    ready_to_start = built(RECIPES[engine])
    folder = Path(tempfile.mkdtemp(prefix=f"tracehound-{engine}-"))
    log = _log(engine)
    ready = folder / "ready"
    part = None
    if not ready_to_start.archive.exists():
        part = ready_to_start.folder / f"classes.{folder.name}.part"
    command = _command(ready_to_start, folder, ready, owner or os.getpid(), part)
    with log.open("wb") as out:
        # In a session of its own: Ctrl-C reaches the tests first, and they stop it in order.
        child = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    partial = Server(engine, "", "", child.pid, str(log), str(folder), str(part or ""))
    try:
        url = _wait(engine, child, ready, log)
        with urllib.request.urlopen(url, timeout=30) as answer:
            version = json.load(answer)["version"]["number"]
    except BaseException:
        stop(partial)
        raise
    return Server(engine, url, version, child.pid, str(log), str(folder), str(part or ""))


def _command(ready_to_start: Built, folder: Path, ready: Path, owner: int, part: Path | None) -> list[str]:
    settings = (f"-Dhome={folder / 'home'}", f"-Dready={ready}", f"-Downer.pid={owner}")
    return ready_to_start.java(*settings, archive=part)


def _wait(engine: str, child: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    deadline = time.monotonic() + START_TIMEOUT
    while not ready.exists():
        late = time.monotonic() > deadline
        if late or child.poll() is not None:
            what = f"did not answer within {START_TIMEOUT:.0f} s" if late else "ended while it started"
            tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-30:])
            raise EngineError(f"{engine} {what}; the end of {log}:\n{tail}")
        time.sleep(0.05)
    return ready.read_text("utf-8").strip()


def stop(server: Server) -> None:
    """Ends the server, hard when it does not end by itself, and removes its data. May be called twice."""
    child = _children.pop(server.pid, None)
    if alive(server, child):
        _signal(server.pid, signal.SIGTERM)
        deadline = time.monotonic() + (RECORD_TIMEOUT if server.recorded else STOP_TIMEOUT)
        while alive(server, child) and time.monotonic() < deadline:
            time.sleep(0.05)
        if alive(server, child):
            _signal(server.pid, signal.SIGKILL)
    if child:
        child.wait(10)
    if server.recorded:
        _keep_archive(Path(server.recorded), whole=bool(server.url))
    shutil.rmtree(server.folder, ignore_errors=True)


def _keep_archive(part: Path, *, whole: bool) -> None:
    # Java writes it when the process ends, so it is whole only now.
    if whole and part.exists():
        part.replace(part.parent / "classes.jsa")
    part.unlink(missing_ok=True)


def alive(server: Server, child: subprocess.Popen[bytes] | None = None) -> bool:
    """Whether the process runs and is still the server; one that waits to be collected does not run."""
    if child:
        return child.poll() is None
    process = Path(f"/proc/{server.pid}")
    if process.parent.joinpath("self").exists():
        try:
            if process.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
            return server.folder.encode() in process.joinpath("cmdline").read_bytes()
        except OSError:
            return False
    try:
        os.kill(server.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _log(engine: str) -> Path:
    folder = cache_folder() / "logs"
    folder.mkdir(exist_ok=True)
    old = sorted(folder.glob(f"{engine}-*.log"), key=lambda path: path.name)
    for path in old[: -LOGS_KEPT or None]:
        path.unlink(missing_ok=True)
    return folder / f"{engine}-{time.time_ns()}-{os.getpid()}.log"


@atexit.register
def _stop_children() -> None:
    for child in list(_children.values()):
        child.terminate()
    for child in list(_children.values()):
        try:
            child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            child.kill()


def shared(engine: str, folder: Path, owner: int) -> Server:
    """The server of a test run: the first worker to ask starts it, ``stop_all`` at the run's end stops it."""
    import fcntl

    with (folder / f"{engine}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = folder / f"{engine}.json"
        if note.exists():
            server = Server(**json.loads(note.read_text("utf-8")))
            if not alive(server):
                raise EngineError(f"{engine} ended during the tests; see {server.log}")
            return server
        server = start(engine, owner=owner)
        # It outlives the worker that started it.
        _outlive(server, owner)
        note.write_text(json.dumps(asdict(server)), "utf-8")
        return server


def _outlive(server: Server, owner: int) -> None:
    if owner != os.getpid():
        # Python warns of a child that is dropped while it runs; this one is somebody else's now.
        _children.pop(server.pid).returncode = 0


def stop_all(folder: Path) -> None:
    """Stops what ``shared`` started in this folder, in any process."""
    for note in folder.glob("*.json"):
        stop(Server(**json.loads(note.read_text("utf-8"))))
        note.unlink()
