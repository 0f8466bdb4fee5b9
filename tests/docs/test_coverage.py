"""What records hold is filled in their events, by counts on the raw records; else it is a known gap."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tracehound.docs.coverage import INPUTS, ITEMS, TRUTH, Coverage, count, leaves, numbers, records
from tracehound.normalizers import registry

ROOT = Path(__file__).parent.parent.parent
COUNTED = {made.source: made for made in count(ROOT)}
FILES = [
    (path.stem, name, said)
    for path in sorted((ROOT / TRUTH).glob("*.yml"))
    for name, said in yaml.safe_load(path.read_text("utf-8"))["files"].items()
]


def test_every_normalizer_is_counted() -> None:
    assert sorted(COUNTED) == sorted(registry().by_name)


@pytest.mark.parametrize("made", COUNTED.values(), ids=lambda made: made.source)
def test_what_is_held_is_filled(made: Coverage) -> None:
    missed = [(file, number, item) for file, number, item in made.missed if item not in made.gaps]
    assert missed == []


@pytest.mark.parametrize("made", COUNTED.values(), ids=lambda made: made.source)
def test_gaps_are_gaps(made: Coverage) -> None:
    for item in made.gaps:
        assert made.filled[item] < made.held[item], f"{item} is no gap any more"


@pytest.mark.parametrize(("source", "name", "said"), FILES, ids=[name for _, name, _ in FILES])
def test_truth_is_of_this_file(source: str, name: str, said: dict[str, str]) -> None:
    found = sum(1 for _ in records(ROOT / INPUTS / name))
    assert found == said["records"], "the file has changed: count its records again"
    assert set(said) <= {"records", *ITEMS}
    assert all(numbers(said, item) <= set(range(found)) for item in ITEMS)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [("all", {0, 1, 2, 3, 4}), ("", set()), ("2", {2}), ("0-2,4", {0, 1, 2, 4}), (3, {3})],
    ids=["all", "none", "one", "ranges", "number"],
)
def test_numbers(said: object, wanted: set[int]) -> None:
    assert numbers({"records": 5, "time": said}, "time") == wanted


def test_leaves() -> None:
    assert leaves({"a": [1, {"b": None, "c": ""}], "d": False, "e": {}}) == 2
