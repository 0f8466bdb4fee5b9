"""Our backends by language, and pySigma's own that they stand in for."""

from __future__ import annotations

from typing import Any

from sigma.backends.elasticsearch.elasticsearch_eql import EqlBackend
from sigma.backends.elasticsearch.elasticsearch_esql import ESQLBackend
from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.backends.splunk.splunk import SplunkBackend

from tracehound.compiler.eql import TracehoundEqlBackend
from tracehound.compiler.esql import TracehoundEsqlBackend
from tracehound.compiler.kql import TracehoundKqlBackend
from tracehound.compiler.lucene import TracehoundLuceneBackend
from tracehound.compiler.spl import TracehoundSplunkBackend

BACKENDS: dict[str, type[Any]] = {
    "splunk": TracehoundSplunkBackend,
    "esql": TracehoundEsqlBackend,
    "kql": TracehoundKqlBackend,
    "lucene": TracehoundLuceneBackend,
    "eql": TracehoundEqlBackend,
}
MENDED: dict[str, type[Any]] = {
    SplunkBackend.name: TracehoundSplunkBackend,
    ESQLBackend.name: TracehoundEsqlBackend,
    LuceneBackend.name: TracehoundLuceneBackend,
    EqlBackend.name: TracehoundEqlBackend,
}
"""pySigma tells a pipeline which backend runs by that backend's name."""
