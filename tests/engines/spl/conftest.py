"""Puts the folder above on the path, so that the evaluator is imported as ``spl``."""

import sys
from pathlib import Path

ENGINES = str(Path(__file__).resolve().parent.parent)
if ENGINES not in sys.path:
    sys.path.insert(0, ENGINES)
