"""What README shows works: its two commands, each call of tracehound, each link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import parse

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
CALLS = re.findall(r"^ {4}(?:\.venv/bin/)?(tracehound .*)$", README, re.MULTILINE) + [
    call.strip() for block in BLOCKS for call in re.findall(r"\.venv/bin/(tracehound [^&\n]*)", block)
]


def test_the_first_two_blocks_are_the_two_commands() -> None:
    demo, tests = BLOCKS[:2]
    for block in (demo, tests):
        assert block.count("\n") == 1, "one line, copied whole"
        assert block.startswith("python3 -m venv .venv && ")
    assert demo.rstrip().endswith("tracehound demo")
    assert ".venv/bin/pytest" in tests
    assert "[dev]" in tests


@pytest.mark.parametrize("call", CALLS)
def test_calls_are_right_use(call: str) -> None:
    parse(call.partition(" > ")[0])


@pytest.mark.parametrize(
    "page", [Path("README.md"), *(p.relative_to(ROOT) for p in (ROOT / "docs").glob("*.md"))], ids=str
)
def test_links_lead_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (ROOT / page).parent / path if path else ROOT / page
        assert found.exists(), f"{page}: {target}"
        if anchor and found.suffix == ".md":
            titles = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}
