"""Plugins are found by name: modules and folders, ours and a pack's; broken ones are refused with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracehound import plugins
from tracehound.errors import ContentError
from tracehound.normalizers import Normalizer, Registry

MODULE = """
from tracehound.normalizers import Normalizer
{extra}
NORMALIZER = Normalizer("{name}", lambda data: "only_here" in data, lambda record: [], "P", "V", "gateway")
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_a_pack_adds_and_replaces_by_name(tmp_path: Path) -> None:
    write(tmp_path / "normalizers" / "ours.py", MODULE.format(name="ours", extra=""))
    write(tmp_path / "normalizers" / "litellm.py", MODULE.format(name="litellm", extra=""))
    registry = Registry.load([tmp_path])
    assert registry.by_name["ours"].vendor == "V"
    assert registry.by_name["litellm"].vendor == "V"
    assert "mcp" in registry.by_name


def test_a_folder_is_a_plugin_and_its_parts_import_each_other(tmp_path: Path) -> None:
    write(tmp_path / "normalizers" / "large" / "part.py", "X = 1\n")
    write(
        tmp_path / "normalizers" / "large" / "__init__.py",
        MODULE.format(name="large", extra="from .part import X"),
    )
    assert Registry.load([tmp_path]).by_name["large"].name == "large"


BROKEN = {
    "no constant": ("x = 1\n", "defines no NORMALIZER"),
    "another name": (MODULE.format(name="other", extra=""), "name it 'broken'"),
    "syntax": ("def (:\n", "broken.py:1: cannot be imported"),
    "import": ("import nowhere_to_be_found\n", "nowhere_to_be_found"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_broken(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path / "normalizers" / "broken.py", text)
    with pytest.raises(ContentError, match=message):
        plugins.load("normalizers", "NORMALIZER", Normalizer, [tmp_path])
