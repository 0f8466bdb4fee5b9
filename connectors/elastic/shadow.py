"""Index templates of others that would take our data streams away from ours, and indices in their place.

Of the templates that fit a new data stream the one with the highest priority is taken, alone. One of a company's
own for ``logs-*`` with a priority above ours would so give our events another mapping, and rules would see nothing.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from elasticsearch import Elasticsearch

from tracehound.schema.constants import CLASSES

from .client import request
from .events import stream_name
from .settings import ElasticSettings
from .templates import MAPPINGS, NAME, PRIORITY


def shadowing(client: Elasticsearch, settings: ElasticSettings) -> str:
    """What of this is there, in words; empty: nothing. Raises ``ConfigError`` where they may not be read.

    One that is composed of our mapping is somebody's way to add to it, and does no harm.
    """
    found = request(client, settings, "GET", "/_index_template", missing_ok=True) or {}
    streams = [stream_name(uid, settings.namespace) for uid in (*CLASSES, None)]
    names = []
    for one in found.get("index_templates", ()):
        template = one.get("index_template", {})
        ours = any(part.startswith(MAPPINGS) for part in template.get("composed_of") or ())
        patterns = template.get("index_patterns") or ()
        if one.get("name") == NAME or ours or (template.get("priority") or 0) <= PRIORITY:
            continue
        if any(fnmatchcase(stream, pattern) for stream in streams for pattern in patterns):
            names.append(f"{one['name']} (priority {template['priority']})")
    if not names:
        return _plain(client, settings, streams)
    return (
        f"index template {', '.join(sorted(names))} goes before ours ({PRIORITY}) and gives our events another "
        "mapping, so that rules see nothing: lower its priority, or take logs-tracehound.* out of its patterns"
    )


def _plain(client: Elasticsearch, settings: ElasticSettings, streams: list[str]) -> str:
    """Indices that have the name of a data stream of ours: somebody wrote there before there was a template."""
    found = request(client, settings, "GET", "/_resolve/index/logs-tracehound.*", missing_ok=True) or {}
    names = sorted({one["name"] for one in found.get("indices", ())}.intersection(streams))
    if not names:
        return ""
    return (
        f"{', '.join(names)}: is an index, where a data stream has to be: reindex it elsewhere, or remove it"
    )
