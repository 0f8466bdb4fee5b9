"""``benchmarks`` lies beside the tests and is no part of the package."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))
