"""Puts this folder on the path, so that its modules find each other."""

import sys
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)
SPL = str(Path(__file__).resolve().parent.parent / "engines")
for folder in (HERE, SPL):
    if folder not in sys.path:
        sys.path.append(folder)
