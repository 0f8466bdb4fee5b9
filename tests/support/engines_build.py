"""Recipes of tests/engines, built once into the cache folder of the user.

A recipe is a ``pom.xml`` that names the jars of a real server and a few Java files that start it. The jars are
fetched by Maven when a test first asks for the server; they are never part of the repository, sdist or wheel.
What is built lies under ``$XDG_CACHE_HOME/tracehound-tests/engines/NAME-HASH``, the hash made from the recipe and
the JDK, so a second run starts at once and a changed recipe is built anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ENGINES = Path(__file__).parent.parent / "engines"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
BUILD_TIMEOUT = 600
JDK_FOLDERS = (
    "/usr/lib/jvm/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/java/*",
    "/opt/jdk*",
)


class EngineMissing(Exception):  # noqa: N818 (a state of the machine, seldom an error)
    """What an engine needs is not on this machine; the text says what and where it was looked for."""


class EngineError(Exception):
    """An engine that is there did not start, or refused what a test cannot do without."""


@dataclass(frozen=True)
class Recipe:
    """What is built: ``folders`` of tests/engines hold the sources, the last one the ``pom.xml``."""

    name: str
    version: str
    folders: tuple[str, ...]
    main: str
    java: int
    heap: str = "1g"


ELASTICSEARCH8 = Recipe(
    "elasticsearch8", "8.19.21", ("java", "elasticsearch", "elasticsearch8"), "testengine.EsNode", 17
)
ELASTICSEARCH9 = Recipe(
    "elasticsearch9", "9.5.3", ("java", "elasticsearch", "elasticsearch9"), "testengine.EsNode", 21
)
OPENSEARCH = Recipe("opensearch", "3.8.0", ("java", "opensearch"), "testengine.OpenSearchNode", 21)
SPLCHECK = Recipe("splcheck", "9.4.1", ("splcheck",), "SplCheck", 17)
RECIPES = {recipe.name: recipe for recipe in (ELASTICSEARCH8, ELASTICSEARCH9, OPENSEARCH, SPLCHECK)}


@dataclass(frozen=True)
class Jdk:
    """A JDK and the number of its version."""

    home: Path
    major: int

    def tool(self, name: str) -> str:
        """Path of ``java``, ``javac``, ``jar``."""
        return str(self.home / "bin" / name)


@dataclass(frozen=True)
class Built:
    """A recipe that is ready to start."""

    recipe: Recipe
    jdk: Jdk
    folder: Path

    @property
    def archive(self) -> Path:
        """Classes as they lay in memory at the end of an earlier run: a start takes a third of the time."""
        return self.folder / "classes.jsa"

    def java(self, *options: str, archive: Path | None = None) -> list[str]:
        """The command line; ``archive`` is written at the end of this run, else the one there is gets used."""
        jars = [self.folder / "node.jar", *sorted((self.folder / "lib").glob("*.jar"))]
        command = [self.jdk.tool("java"), "-Xms128m", f"-Xmx{self.recipe.heap}"]
        command += [
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.awt.headless=true",
            "-Xlog:disable",
        ]
        if self.jdk.major >= 22:
            command.append("--enable-native-access=ALL-UNNAMED")
        if self.jdk.major >= 24:
            command.append("--sun-misc-unsafe-memory-access=allow")
        if archive:
            command.append(f"-XX:ArchiveClassesAtExit={archive}")
        elif self.archive.exists():
            command += [f"-XX:SharedArchiveFile={self.archive}", "-Xshare:auto"]
        return [*command, *options, "-cp", os.pathsep.join(map(str, jars)), self.recipe.main]


def cache_folder() -> Path:
    """Where everything that is built or fetched for tests lies."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(root) / "tracehound-tests" / "engines"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time for everybody who uses the same cache folder."""
    if os.name != "posix":
        raise EngineMissing("the engines of the tests start on Linux and macOS only")
    import fcntl

    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_jdk(minimum: int) -> Jdk:
    """The JDK that the environment names, else the oldest one that is new enough."""
    variables = ("JAVA_HOME_25", "JAVA_HOME_21", "JAVA_HOME")
    named = [Path(os.environ[name]) for name in variables if os.environ.get(name)]
    if javac := shutil.which("javac"):
        named.append(Path(javac).resolve().parent.parent)
    for jdk in filter(None, map(_jdk, named)):
        if jdk.major >= minimum:
            return jdk
    usual = [home for pattern in JDK_FOLDERS for home in sorted(Path("/").glob(pattern[1:]))]
    found = sorted(filter(None, map(_jdk, usual)), key=lambda jdk: jdk.major)
    for jdk in found:
        if jdk.major >= minimum:
            return jdk
    seen = ", ".join(sorted({str(jdk.major) for jdk in found})) or "none"
    raise EngineMissing(
        f"no JDK {minimum} or newer (found: {seen}; looked at {', '.join(variables)}, PATH and the usual folders)"
    )


def _jdk(home: Path) -> Jdk | None:
    if not (home / "bin" / "javac").exists():
        return None
    try:
        release = (home / "release").read_text("utf-8")
    except OSError:
        return None
    version = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', release, re.MULTILINE)
    return Jdk(home, int(version[1])) if version else None


def built(recipe: Recipe) -> Built:
    """Builds the recipe unless it was; raises EngineMissing without Maven, a JDK or the network."""
    jdk = find_jdk(recipe.java)
    sources = sorted(
        path
        for folder in recipe.folders
        for path in (ENGINES / folder).rglob("*")
        if path.suffix in {".java", ".xml"}
    )
    digest = hashlib.sha256((jdk.home / "release").read_bytes())
    for path in sources:
        digest.update(path.relative_to(ENGINES).as_posix().encode() + b"\0" + path.read_bytes())
    folder = cache_folder() / f"{recipe.name}-{digest.hexdigest()[:12]}"
    with locked(folder.name):
        if not (folder / "node.jar").exists():
            _build(recipe, jdk, folder, [str(path) for path in sources if path.suffix == ".java"])
    return Built(recipe, jdk, folder)


def _build(recipe: Recipe, jdk: Jdk, folder: Path, sources: list[str]) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise EngineMissing("Maven (mvn) is not on PATH")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(ENGINES / recipe.folders[-1] / "pom.xml", folder)
    environment = {**os.environ, "JAVA_HOME": str(jdk.home)}
    fetch = [maven, "-B", "-q", COPY_JARS, "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'lib'}"]
    _run(fetch, folder, EngineMissing(f"Maven could not fetch the jars of {recipe.name}"), environment)
    broken = EngineError(f"tests/engines/{recipe.folders[-1]} does not compile")
    classes = folder / "classes"
    compile_ = [jdk.tool("javac"), "--release", str(recipe.java), "-nowarn", "-cp", f"{folder / 'lib'}/*"]
    _run([*compile_, "-d", str(classes), *sources], folder, broken)
    # A class archive takes classes out of jars only.
    _run([jdk.tool("jar"), "cf", "node.part", "-C", str(classes), "."], folder, broken)
    (folder / "node.part").rename(folder / "node.jar")


def _run(
    command: list[str], folder: Path, error: Exception, environment: dict[str, str] | None = None
) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise type(error)(f"{error}: not done after {BUILD_TIMEOUT} s") from late
    if done.returncode:
        words = [line for line in (done.stdout + done.stderr).splitlines() if "error" in line.lower()]
        raise type(error)(f"{error}: {' '.join(words)[:600] or f'exit status {done.returncode}'}")
