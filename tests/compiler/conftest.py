"""The command line, run by its entry point."""

from commands import tracehound

__all__ = ["tracehound"]
