"""Finding Python content by its name: no list to edit, a later pack wins over an earlier one.

A plugin is a module ``NAME.py``, or, when it has grown past one, a folder ``NAME/`` with an ``__init__.py``
whose parts import each other relatively.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from tracehound.content import content_dir
from tracehound.errors import ContentError

T = TypeVar("T")


def files(kind: str, packs: Sequence[Path] = ()) -> list[Path]:
    """The plugins of one kind in our content and in these packs; of two with one name the later wins."""
    found: dict[str, Path] = {}
    for folder in (content_dir(kind), *(pack / kind for pack in packs)):
        for path in (*folder.glob("[!_.]*.py"), *folder.glob("[!_.]*/__init__.py")):
            found[name_of(path)] = path
    return [found[name] for name in sorted(found)]


def name_of(path: Path) -> str:
    """A plugin's name: its file's, or its folder's."""
    return path.parent.name if path.name == "__init__.py" else path.stem


def load(kind: str, constant: str, expected: type[T], packs: Sequence[Path] = ()) -> list[T]:
    """The constant of each module of one kind, checked: its type, and that it is named as its file."""
    found = []
    for path in files(kind, packs):
        plugin = getattr(_import(kind, path), constant, None)
        if not isinstance(plugin, expected):
            raise ContentError(f"defines no {constant} = {expected.__name__}(...)", file=path)
        name, wanted = getattr(plugin, "name", name_of(path)), name_of(path)
        if name != wanted:
            raise ContentError(f"{constant} is named {name!r}; name it {wanted!r}, as its file", file=path)
        found.append(plugin)
    return found


def module(kind: str, path: Path) -> ModuleType:
    """The module of a plugin, one of ``files``."""
    return _import(kind, path)


def _import(kind: str, path: Path) -> ModuleType:
    """Import ours as ``tracehound.<kind>.<name>``, a pack's under a name made from its folder."""
    folder = path.parent.parent if path.name == "__init__.py" else path.parent
    if folder == content_dir(kind):
        return importlib.import_module(f"tracehound.{kind}.{name_of(path)}")
    name = f"tracehound_pack_{sha256(str(folder).encode()).hexdigest()[:12]}_{name_of(path)}"
    if name in sys.modules:
        return sys.modules[name]
    inside = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise ContentError("cannot be imported as a Python module", file=path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError, AttributeError, TypeError, ValueError) as error:
        del sys.modules[name]
        line = getattr(error, "lineno", None)
        raise ContentError(f"cannot be imported: {error}", file=path, line=line) from error
    return module
