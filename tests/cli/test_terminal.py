"""Tables on a real terminal: text of a log is shown and never obeyed."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from commands import EXE, INJECTION, gateway_call

COLUMNS, LINES = 160, 50
OUR_OWN = re.compile(r"\x1b\[[0-9;]*m")  # colours of our own table; and of the progress bar on stderr, below
HOSTILE = {
    "ANSI colour": "\x1b[31mred\x1b[0m",
    "OSC title": "\x1b]0;owned\x07",
    "OSC link": "\x1b]8;;https://collect.example\x1b\\click\x1b]8;;\x1b\\",
    "C1 control": "\x9b31mred\x9d0;owned\x9c",
    "cursor up": "\x1b[5A\x1b[2K",
    "carriage return": "harmless\rmedium  Nothing to see",
    "backspace": "evil\b\b\b\bgood",
    "RTL override": "\u202egpj.exe",
    "isolates": "\u2066a\u2069",
    "zero width": "a\u200bb\ufeffc",
    "tag characters": "\U000e0041\U000e0042",
    "line separator": "a\u2028b",
    "markup of rich": "[bold red]x[/] [link=https://collect.example]y[/link] :skull:",
    "bell": "\x07\x00\x7f",
    "formula": '=HYPERLINK("https://collect.example")',
}


def on_terminal(*arguments: object, cwd: Path) -> tuple[int, str]:
    """Exit code, and all that the terminal got: standard output and error are the same terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    command = [str(EXE), *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, cwd=cwd, env=environment
    ) as done:
        os.close(theirs)
        got = b""
        try:
            while block := os.read(ours, 65536):
                got += block
        except OSError:  # the other side has closed
            pass
        code = done.wait(timeout=120)
    os.close(ours)
    return code, got.decode().replace("\r\n", "\n")


def assert_harmless(shown: str) -> None:
    text = OUR_OWN.sub("", shown)
    wrong = {char for char in text if not (char.isprintable() or char == "\n")}
    assert wrong == set()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log whose every text is hostile, and a pack whose rule finds it."""
    folder = tmp_path_factory.mktemp("terminal")
    calls = []
    for number, bad in enumerate(HOSTILE.values()):
        who = {"user_api_key_user_email": f"{bad}@example.com", "user_api_key_user_id": bad}
        calls.append(gateway_call(f"{INJECTION} {bad}", uid=f"c{number}", metadata=who))
    (folder / "log.jsonl").write_text("".join(json.dumps(call) + "\n" for call in calls))
    subprocess.run(
        [EXE, "new", "rule", "attempt", "--pack", "pack"], cwd=folder, check=True, capture_output=True
    )
    rule = folder / "pack" / "detections" / "applications" / "attempt" / "attempt.yml"
    rule.write_text(rule.read_text().replace("for: 1h", "for: 1s"))
    return folder


@pytest.fixture(scope="module")
def detected(kept: Path) -> tuple[int, str]:
    """What ``detect`` wrote to a terminal while it filled a store."""
    options = ("--pack", "pack", "--rule", "attempt", "--store", "store")
    return on_terminal("detect", "log.jsonl", *options, cwd=kept)


def test_findings(detected: tuple[int, str]) -> None:
    code, shown = detected
    assert code == 0
    assert_harmless(shown)
    plain = OUR_OWN.sub("", shown)
    assert plain.splitlines()[0].split() == ["time", "(UTC)", "level", "finding", "principal", "events"]
    assert plain.count("Attempt") == len(HOSTILE)
    for said in (
        "\\x1b[31mred",
        "\\x1b]0;owned",
        "\\x9b31mred",
        "\\u202egpj.exe",
        "\\U000e0041",
        "\\x0dmedium",
    ):
        assert said in plain
    assert "[link=https://collect.example]" in plain
    assert "=hyperlink(" in plain


def test_rows_of_a_query(kept: Path, detected: tuple[int, str]) -> None:
    assert detected[0] == 0
    sql = "SELECT ai.prompt_text, ai.principal, '\x1b[1m' AS \"\x1b[2m\" FROM events"
    code, shown = on_terminal("hunt", sql, "--store", "store", cwd=kept)
    assert code == 0
    assert_harmless(shown)


def test_explanations_of_tests(kept: Path) -> None:
    events = kept / "pack" / "detections" / "applications" / "attempt" / "events"
    bad = "".join(HOSTILE.values())
    (events / "match_hostile.json").write_text(
        json.dumps(gateway_call(INJECTION + bad, model=f"gpt-4o{bad}"))
    )
    code, shown = on_terminal("test", "attempt", "--explain", "--pack", "pack", cwd=kept)
    assert code == 1, "the model has another name now"
    assert_harmless(shown)
    assert "\\x1b[31mred" in shown


def test_lines_are_not_for_eyes_and_stay_what_they_are(kept: Path) -> None:
    """JSON escapes control characters itself: a reader of the lines gets the very text."""
    code, shown = on_terminal(
        "detect", "log.jsonl", "--pack", "pack", "--rule", "attempt", "--format", "ndjson", cwd=kept
    )
    assert code == 0
    assert "\x1b" not in shown
    principals = {json.loads(line)["ai"]["principal"] for line in shown.strip().split("\n")}
    for case in ("ANSI colour", "formula"):
        assert any(HOSTILE[case].lower() in principal for principal in principals)
