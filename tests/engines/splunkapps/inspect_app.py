"""Splunk AppInspect on a package: ``python inspect_app.py PACKAGE TAG REPORT`` writes its report as JSON.

Run by the Python of a venv that has AppInspect. It needs libmagic; where the system has none, that of the package
pylibmagic is used.
"""

from __future__ import annotations

import ctypes.util
import os
import sys
from pathlib import Path


def with_libmagic() -> None:
    """Let ``ctypes.util`` find the libmagic that came by pip."""
    if ctypes.util.find_library("magic") and not os.environ.get("TRACEHOUND_TEST_OWN_LIBMAGIC"):
        return
    import pylibmagic

    folder = Path(pylibmagic.__file__).parent
    os.environ["MAGIC"] = str(folder / "magic.mgc")
    library = next(path for path in (folder / "libmagic.so.1", folder / "libmagic.dylib") if path.exists())
    find = ctypes.util.find_library
    ctypes.util.find_library = lambda name: str(library) if name == "magic" else find(name)


def main(package: str, tag: str, report: str) -> None:
    """The exit code of AppInspect says what its report says too."""
    with_libmagic()
    from splunk_appinspect.main import execute

    sys.argv = ["splunk-appinspect", "inspect", package, "--mode", "test", "--included-tags", tag]
    sys.argv += ["--output-file", report]
    execute()


if __name__ == "__main__":
    main(*sys.argv[1:])
