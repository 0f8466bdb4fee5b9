"""Index templates of others that would take our data streams away from ours.

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
    """Which templates do so, in words; empty: none. Raises ``ConfigError`` where they may not be read.

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
        return ""
    return (
        f"index template {', '.join(sorted(names))} goes before ours ({PRIORITY}) and gives our events another "
        "mapping, so that rules see nothing: lower its priority, or take logs-tracehound.* out of its patterns"
    )
