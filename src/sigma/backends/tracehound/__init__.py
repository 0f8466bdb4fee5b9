"""Tracehound's backends for Sigma's own tools: ``sigma convert -t tracehound_kql -p tracehound RULE``."""

from tracehound.compiler.eql import TracehoundEqlBackend
from tracehound.compiler.esql import TracehoundEsqlBackend
from tracehound.compiler.kql import TracehoundKqlBackend
from tracehound.compiler.lucene import TracehoundLuceneBackend
from tracehound.compiler.spl import TracehoundSplunkBackend

__all__ = [
    "TracehoundEqlBackend",
    "TracehoundEsqlBackend",
    "TracehoundKqlBackend",
    "TracehoundLuceneBackend",
    "TracehoundSplunkBackend",
]
