"""Other programs on the same work, in a virtual environment of their own that is thrown away.

Each is a short script that prints microseconds. What cannot be installed or run is reported as not run.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import orjson
from benchmarks import corpus
from benchmarks.corpus_rules import ai_rules
from benchmarks.figures import Figure
from benchmarks.path import NOW, RULES, stream
from benchmarks.prose import Prose

from tracehound.config import Settings
from tracehound.deadletter import DeadLetters
from tracehound.pipeline import Pipeline

SECTION = "peers"
TIMEOUT = 240


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: what to install, and the script that measures it (``FILE`` is its only argument)."""

    name: str
    packages: tuple[str, ...]
    unit: str
    data: str
    script: str


TIMER = """
import json, sys, time
def least(work, rounds=3):
    found = []
    for _ in range(rounds):
        start = time.process_time(); work(); found.append(time.process_time() - start)
    return min(found) * 1e6
data = json.load(open(sys.argv[1]))
"""
SQLITE = (
    TIMER
    + """
import sqlite3
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
def flat(value, path=""):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{path}.{key}" if path else key)
    else:
        yield path, value if isinstance(value, (str, int, float)) else json.dumps(value)
rows = [dict(flat(event)) for event in data["events"]]
columns = sorted({key for row in rows for key in row} | set(data["fields"]))
def load():
    link = sqlite3.connect(":memory:")
    link.execute("CREATE TABLE logs (" + ", ".join(f'"{c}" TEXT COLLATE NOCASE' for c in columns) + ")")
    marks = ", ".join("?" * len(columns))
    link.executemany(f"INSERT INTO logs VALUES ({marks})", [[row.get(c) for c in columns] for row in rows])
    return link
queries = []
for rule in data["rules"]:
    try:
        for sql in sqliteBackend().convert(SigmaCollection.from_dicts([rule])):
            queries.append(sql.replace("<TABLE_NAME>", "logs"))
    except Exception:
        pass
link = load()
good = []
for sql in queries:
    try:
        link.execute(sql).fetchall(); good.append(sql)
    except sqlite3.Error:
        pass
spent = least(load) + least(lambda: [link.execute(sql).fetchall() for sql in good])
print(json.dumps({"us": spent / len(rows), "note": f"{len(good)} of {len(data['rules'])} rules ran"}))
"""
)
SECRETS = (
    TIMER
    + """
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import default_settings
texts = data["texts"]
with default_settings():
    spent = least(lambda: [list(scan_line(text)) for text in texts], 1)
print(json.dumps({"us": spent / len(texts), "note": f"{len(texts)} texts, its default plugins"}))
"""
)
PRESIDIO = (
    TIMER
    + """
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine
class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
        self.nlp = {"en": spacy.blank("en")}
    def load(self): pass
    def is_loaded(self): return True
engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
texts = data["texts"][:20]
spent = least(lambda: [engine.analyze(text=text, language="en") for text in texts], 1)
print(json.dumps({"us": spent / len(texts), "note": "20 texts, blank spaCy model, no names"}))
"""
)
MAPPER = (
    TIMER
    + """
import importlib.metadata
import ocsf_mapper
version = importlib.metadata.version("ocsf-mapper")
print(json.dumps({"error": f"ocsf-mapper {version} installs, but has no mapping of these sources"}))
"""
)
PEERS = (
    Peer(
        "SQLite, as Zircolite does it", ("pysigma", "pysigma-backend-sqlite"), "µs an event", "events", SQLITE
    ),
    Peer("detect-secrets", ("detect-secrets",), "µs a text of 4 KB", "texts", SECRETS),
    Peer("Presidio", ("presidio-analyzer",), "µs a text of 4 KB", "texts", PRESIDIO),
    Peer("ocsf-mapper", ("ocsf-mapper",), "µs a record", "texts", MAPPER),
)  # fmt: skip


def peers(count: int, *, install: bool) -> Iterator[Figure]:
    """Each peer's figure; without ``install`` none is run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if install:
            for kind, content in _data(count).items():
                (folder / f"{kind}.json").write_bytes(orjson.dumps(content))
        for peer in PEERS:
            if not install:
                yield Figure(SECTION, peer.name, None, peer.unit, "not run: --peers installs and runs it")
                continue
            told = _run(peer, folder)
            yield Figure(SECTION, peer.name, told.get("us"), peer.unit, told.get("note") or told["error"])
    rsigma = shutil.which("rsigma")
    note = f"{rsigma}: measured by benchmarks/matching.py" if rsigma else "not run: no rsigma on the path"
    yield Figure(SECTION, "rsigma", None, "µs an event", note)


def _data(count: int) -> dict[str, object]:
    """The work: enriched events with rules, and texts."""
    pipeline = Pipeline(Settings(), DeadLetters(None), clock=lambda: NOW)
    events = [event for batch in pipeline.run([stream(corpus.build(count).mixed())]) for event in batch]
    prose = Prose(Random(corpus.SEED))
    rules = ai_rules(RULES)
    fields = {key.partition("|")[0] for rule in rules for key in _keys(rule["detection"])}
    texts = [(prose.text(6200) + " " * 10)[:4096] for _ in range(40)]
    return {"events": {"events": events, "rules": rules, "fields": sorted(fields)}, "texts": {"texts": texts}}


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict):
                yield from _keys(item)
            elif key != "condition":
                yield key
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _run(peer: Peer, folder: Path) -> dict[str, Any]:
    """Install and run one peer; ``error`` says why there is no figure."""
    place = folder / peer.packages[-1]
    python = place / "bin" / "python"
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    try:
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, capture_output=True
        )
        install = [uv, "pip", "install", "-q", "-p", str(python), *peer.packages]
        subprocess.run(install, check=True, capture_output=True, timeout=TIMEOUT)
        script = folder / f"{place.name}.py"
        script.write_text(peer.script, "utf-8")
        command = [str(python), str(script), str(folder / f"{peer.data}.json")]
        done = subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT)
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"error": f"not run: took more than {TIMEOUT} s"}
    except (subprocess.CalledProcessError, OSError, ValueError, IndexError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        return {"error": "not run: " + said.decode("utf-8", "replace").strip().splitlines()[-1][:120]}
    return told
