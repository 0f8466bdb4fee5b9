"""The least that an API key or user needs, per verb, as role definitions."""

from __future__ import annotations

import json
from typing import Any

STREAMS = ["logs-tracehound.*-*"]
DEPLOYED = [*STREAMS, "tracehound.verify-*"]
"""``verify`` keeps its test events where no rule looks."""

ROLES: dict[str, dict[str, Any]] = {
    "tracehound_push": {
        "cluster": ["monitor"],
        "indices": [{"names": STREAMS, "privileges": ["create_doc", "auto_configure"]}],
    },
    "tracehound_deploy": {
        "cluster": ["monitor", "manage_index_templates", "manage_ilm"],
        "indices": [
            {
                "names": DEPLOYED,
                "privileges": ["create_doc", "auto_configure", "read", "view_index_metadata", "manage"],
            }
        ],
        "applications": [
            {
                "application": "kibana-.kibana",
                "privileges": [
                    "feature_siem.all",
                    "feature_securitySolutionRulesV1.all",
                    "feature_dashboard.all",
                    "feature_indexPatterns.all",
                    "feature_savedObjectsManagement.all",
                ],
                "resources": ["space:default"],
            }
        ],
    },
}
"""Bodies of ``PUT /_security/role/NAME`` (Elasticsearch). ``push`` uses the first; ``push --setup``, ``apply``,
``verify``, ``backtest`` and ``remove`` the second."""

OPENSEARCH_ROLES: dict[str, dict[str, Any]] = {
    "tracehound_push": {
        "cluster_permissions": ["cluster:monitor/main", "indices:data/write/bulk"],
        "index_permissions": [
            {
                "index_patterns": STREAMS,
                "allowed_actions": ["indices:data/write/*", "create_index", "indices:admin/mapping/auto_put"],
            }
        ],
    },
    "tracehound_deploy": {
        "cluster_permissions": [
            "cluster:monitor/main", "indices:data/write/bulk", "manage_data_streams",
            "cluster:admin/component_template/*", "indices:admin/index_template/*",
            "cluster:admin/opendistro/ism/policy/*",
        ],
        "index_permissions": [{"index_patterns": DEPLOYED, "allowed_actions": ["indices_all"]}],
    },
}  # fmt: skip
"""Bodies of ``PUT /_plugins/_security/api/roles/NAME`` (OpenSearch)."""


def describe() -> str:
    """The roles as requests that can be pasted."""
    parts = [f"PUT /_security/role/{name}\n{json.dumps(body, indent=2)}" for name, body in ROLES.items()]
    parts += [
        f"PUT /_plugins/_security/api/roles/{name}\n{json.dumps(body, indent=2)}"
        for name, body in OPENSEARCH_ROLES.items()
    ]
    return "\n\n".join(parts)
