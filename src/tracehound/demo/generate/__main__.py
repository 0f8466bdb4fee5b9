"""Command line: write the sample day into a folder."""

import sys
from pathlib import Path

from tracehound.demo.generate.build import write_day


def main(arguments: list[str]) -> int:
    """Write the day into the one folder named; 2 on wrong use."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m tracehound.demo.generate OUTDIR\n")
        return 2
    day = write_day(Path(arguments[0]))
    for source, count in sorted(day.counts().items()):
        sys.stderr.write(f"{source:24} {count:6}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
