"""The entry point: help, exit codes, streams, and that nothing heavy is loaded to say a few words."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from commands import EXE, UNKNOWN, Run, parse

from tracehound.cli import app

VERBS = [
    "apply", "backtest", "build", "compile", "demo", "detect", "doctor", "hunt", "new", "normalize", "plan", "push",
    "remove", "schema", "test", "verify",
]  # fmt: skip
HEAVY = ("pydantic", "duckdb", "hyperscan", "pyarrow", "rich", "sigma", "jinja2")


def verb(name: str) -> click.Command:
    command = app.get_command(click.Context(app), name)
    assert command is not None
    return command


def test_verbs() -> None:
    assert app.list_commands(click.Context(app)) == VERBS


@pytest.mark.parametrize("name", VERBS)
def test_help_has_examples_that_are_right_use(name: str, tracehound: Run) -> None:
    ran = tracehound(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    commands = examples(name)
    assert any(command.startswith(f"tracehound {name}") for command in commands)
    for command in commands:
        parse(command)


def examples(name: str) -> list[str]:
    """The calls of tracehound under Example; a line that is indented more goes on with the one before."""
    _, _, text = inspect.cleandoc(verb(name).help or "").partition("Example:\n")
    joined = re.sub(r"\n {3,}", " ", text)
    return [call.strip() for line in joined.splitlines() for call in re.findall(r"tracehound [^|>]+", line)]


@pytest.mark.parametrize("name", VERBS)
def test_every_option_and_verb_has_help(name: str) -> None:
    for parameter in verb(name).params:
        if isinstance(parameter, click.Option) and parameter.name != "form":
            assert parameter.help, f"{name} {parameter.opts}"
    assert verb(name).help


def test_help_loads_nothing_heavy() -> None:
    script = f"""
import sys
sys.argv = ["tracehound", *sys.argv[1:]]
from tracehound.cli import main
try:
    main()
finally:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    for arguments in (["--help"], ["--version"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
        )
        assert done.stderr.strip() == "[]"


def test_version(process: Run) -> None:
    ran = process("--version")
    assert ran.code == 0
    assert re.fullmatch(r"tracehound, version \d+\.\d+\.\d+\S*\n", ran.out)


def test_data_on_stdout_words_on_stderr(process: Run, logs: Path) -> None:
    logs.write_text(logs.read_text() + '{"nobody": "knows"}\n{"cut": \n')
    ran = process("normalize", logs, "--dead-letter", "dead.ndjson")
    assert ran.code == 1
    assert len(ran.lines) == 3
    assert all(event["class_uid"] == 6003 for event in ran.lines)
    assert "2 record(s) could not become events; they are in dead.ndjson" in ran.err
    assert "unknown_source" in ran.err


def test_reads_standard_input(process: Run, logs: Path) -> None:
    by_file, by_pipe = process("normalize", logs), process("normalize", stdin=logs.read_bytes())
    assert (by_pipe.code, by_pipe.err) == (0, "")
    assert by_pipe.out == by_file.out != ""


def test_reader_that_goes_away_is_no_error(tmp_path: Path, logs: Path) -> None:
    big = tmp_path / "big.jsonl"
    big.write_text(logs.read_text() * 700)
    command = f"'{EXE}' normalize '{big}' | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


WRONG_USE = {
    "no verb": ([], "Usage: tracehound"),
    "no such verb": (["detct"], "no such verb: detct (did you mean 'detect'?)"),
    "no such option": (["detect", "--pakc", "x"], "--pack"),
    "no such level": (["detect", "--level", "hig"], "informational"),
    "no such schema": (["schema", "elsatic"], "elastic"),
    "no query": (["hunt"], "Missing argument"),
    "no such file": (["normalize", "no-log.jsonl"], "no-log.jsonl: no such file or folder"),
    "no such normalizer": (["normalize", "--source", "litelm", "LOGS"], "did you mean 'litellm'?"),
    "no such pack": (["detect", "--pack", "no-pack", "LOGS"], "pack no-pack: no such folder"),
    "no such rule": (["detect", "--pack", "PACK", "--rule", "atempt", "LOGS"], "did you mean 'attempt'?"),
    "no such configuration": (["detect", "--config", "no.yml", "LOGS"], "no.yml: cannot be read: No such file"),
    "output into no folder": (["normalize", "LOGS", "-o", "no/events"], "no/events: No such file"),
    "dead letters into no folder": (["normalize", "UNKNOWN", "--dead-letter", "no/d"], "no/d: No such file"),
    "store is a file": (["detect", "--pack", "PACK", "LOGS", "--store", "LOGS/store"], "cannot be made"),
    "no store": (["hunt", "SELECT 1", "--store", "no-store"], "no events are stored there"),
    "name of a rule": (["new", "rule", "../x", "--pack", "PACK"], "small letters"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_USE)
def test_wrong_use(case: str, tracehound: Run, logs: Path, pack: Path, tmp_path: Path) -> None:
    unknown = tmp_path / "unknown.jsonl"
    unknown.write_text(str(UNKNOWN).replace("'", '"'))
    arguments, said = WRONG_USE[case]
    for name, path in (("LOGS", logs), ("PACK", pack), ("UNKNOWN", unknown)):
        arguments = [argument.replace(name, str(path)) for argument in arguments]
    ran = tracehound(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert said in ran.err
    assert "Traceback" not in ran.err


WRONG_CONFIG = {
    "unknown key": ("lateness: 60\nprivcy: {}\n", ":2: privcy: unknown setting (did you mean 'privacy'?)"),
    "unknown key inside": (
        "privacy:\n  redact: true\n  promt: hash\n",
        ":3: privacy.promt: unknown setting (did you mean 'prompt'?)",
    ),
    "wrong value": (
        "privacy: {prompt: keep}\n",
        ":1: privacy.prompt: Input should be 'store', 'hash' or 'drop'",
    ),
    "wrong type": (
        "lists:\n  hosts:\n    - a\n    - [b]\n",
        ":4: lists.hosts.1: Input should be a valid string",
    ),
    "out of bounds": ("\nlateness: -1\n", ":2: lateness: Input should be greater than or equal to 0"),
    "no YAML": ("privacy: {\n", ":2: is not YAML"),
    "no mapping": ("- privacy\n", ": the top level must be a mapping"),
    "set twice": ("lateness: 1\nlateness: 2\n", ":2: lateness is set twice"),
    "no such pack": ("packs: [elsewhere]\n", "elsewhere: no such folder"),
}


@pytest.mark.parametrize("case", WRONG_CONFIG)
def test_wrong_configuration(case: str, tracehound: Run, logs: Path, tmp_path: Path) -> None:
    text, said = WRONG_CONFIG[case]
    (tmp_path / "tracehound.yml").write_text(text)
    ran = tracehound("detect", logs)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_names_in_errors_are_shown_not_obeyed(tracehound: Run) -> None:
    ran = tracehound("normalize", "\x1b[31m\u202elog")
    assert ran.code == 2
    assert "\\x1b[31m\\u202elog" in ran.err
    assert "\x1b" not in ran.err
