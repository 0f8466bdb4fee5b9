"""ILM and ISM before a server that has neither: policies are checked, kept and shown as their documentation says.

    with FaultProxy(server.url) as proxy:
        life = Lifecycle(); proxy.plan = life
        ... life.policies, life.problems ...

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-ilm-put-lifecycle
https://docs.opensearch.org/latest/im-plugin/ism/policies/
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fault_proxy import Fault, Request, Say, Send

Json = dict[str, Any]
TIME = re.compile(r"\d+(d|h|m|s|ms|micros|nanos)")
SIZE = re.compile(r"\d+(b|kb|mb|gb|tb|pb)")
TIMES = {"max_age", "min_age", "min_index_age", "min_rollover_age"}
SIZES = {"max_size", "max_primary_shard_size", "min_size", "min_primary_shard_size"}
COUNTS = {"max_docs", "min_docs", "min_doc_count", "max_primary_shard_docs", "min_primary_shard_docs"}
ILM_ACTIONS = {
    "hot": {
        "rollover",
        "set_priority",
        "readonly",
        "shrink",
        "forcemerge",
        "searchable_snapshot",
        "downsample",
    },
    "warm": {"set_priority", "readonly", "allocate", "migrate", "shrink", "forcemerge", "downsample"},
    "cold": {"set_priority", "readonly", "searchable_snapshot", "allocate", "migrate", "downsample"},
    "frozen": {"searchable_snapshot"},
    "delete": {"wait_for_snapshot", "delete"},
}
ISM_ACTIONS = {
    "rollover",
    "delete",
    "read_only",
    "replica_count",
    "force_merge",
    "index_priority",
    "close",
    "snapshot",
}
ISM_CONDITIONS = {"min_index_age", "min_rollover_age", "min_doc_count", "min_size", "cron"}
LIFECYCLE = "/_component_template/logs-tracehound@lifecycle"


class Lifecycle:
    """A plan for ``FaultProxy``; ``flavour`` is ``elasticsearch`` or ``opensearch``."""

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.policies: dict[str, Json] = {}
        self.problems: list[str] = []
        self.order: list[str] = []
        self._component: Json | None = None
        self._seq = 0

    def __call__(self, request: Request) -> Fault:
        path = urlsplit(request.path).path
        if request.method == "PUT":
            self.order.append(path)
        if self.flavour == "elasticsearch":
            if path == LIFECYCLE:
                return self._lifecycle(request)
            if path == "/_ilm/status":
                return Say(200, {"operation_mode": "RUNNING"})
            if path.startswith("/_ilm/policy/"):
                return self._ilm(request, path.rpartition("/")[2])
        elif path == "/_plugins/_ism/policies":
            return Say(200, {"policies": list(self.policies.values()), "total_policies": len(self.policies)})
        elif path.startswith("/_plugins/_ism/policies/"):
            return self._ism(request, path.rpartition("/")[2])
        return None

    def _lifecycle(self, request: Request) -> Fault:
        """The server behind does not know ``index.lifecycle``: it gets an empty component, and we remember ours."""
        if request.method == "PUT":
            self._component = json.loads(request.body)
            return Send({**self._component, "template": {}})
        if request.method == "GET" and self._component is not None:
            one = {"name": "logs-tracehound@lifecycle", "component_template": self._component}
            return Say(200, {"component_templates": [one]})
        self._component = None
        return None

    def _ilm(self, request: Request, name: str) -> Fault:
        if request.method == "PUT":
            policy = json.loads(request.body)["policy"]
            said = list(self._ilm_problems(policy))
            if said:
                self.problems += said
                return Say(400, {"error": {"type": "illegal_argument_exception", "reason": "; ".join(said)}})
            version = self.policies.get(name, {}).get("version", 0) + 1
            shown = copy.deepcopy(policy)
            if "delete" in shown["phases"]:
                shown["phases"]["delete"]["actions"]["delete"] = {"delete_searchable_snapshot": True}
            self.policies[name] = {
                "version": version,
                "modified_date": "2026-11-24T00:00:00.000Z",
                "policy": shown,
            }
            return Say(200, {"acknowledged": True})
        if name not in self.policies:
            return Say(404, {"error": {"type": "resource_not_found_exception", "reason": name}})
        if request.method == "DELETE":
            del self.policies[name]
            return Say(200, {"acknowledged": True})
        used = {"indices": [], "data_streams": [], "composable_templates": []}
        return Say(200, {name: {**self.policies[name], "in_use_by": used}})

    @staticmethod
    def _ilm_problems(policy: Json) -> Any:
        yield from (f"unknown: {name}" for name in policy.keys() - {"phases", "_meta"})
        for name, phase in policy["phases"].items():
            yield from (f"{name}: unknown {key}" for key in phase.keys() - {"min_age", "actions"})
            if not TIME.fullmatch(phase.get("min_age", "0ms")):
                yield f"{name}: min_age {phase['min_age']}"
            yield from (
                f"{name}: no action {key}" for key in phase["actions"].keys() - ILM_ACTIONS.get(name, set())
            )
            yield from _conditions(phase["actions"].get("rollover", {}), TIMES | SIZES | COUNTS)

    def _ism(self, request: Request, name: str) -> Fault:
        there = self.policies.get(name)
        if request.method == "GET":
            return (
                Say(200, there)
                if there
                else Say(404, {"error": {"type": "status_exception", "reason": "no"}})
            )
        if request.method == "DELETE":
            self.policies.pop(name, None)
            return Say(200, {"result": "deleted"})
        given = parse_qs(urlsplit(request.path).query)
        if there and given.get("if_seq_no") != [str(there["_seq_no"])]:
            return Say(
                409, {"error": {"type": "version_conflict_engine_exception", "reason": "document exists"}}
            )
        policy = json.loads(request.body)["policy"]
        said = list(self._ism_problems(policy))
        if said:
            self.problems += said
            return Say(400, {"error": {"type": "illegal_argument_exception", "reason": "; ".join(said)}})
        self._seq += 1
        self.policies[name] = {
            "_id": name, "_version": self._seq, "_seq_no": self._seq, "_primary_term": 1,
            "policy": {**_shown(policy), "policy_id": name, "last_updated_time": 1, "error_notification": None},
        }  # fmt: skip
        return Say(200 if there else 201, self.policies[name])

    @staticmethod
    def _ism_problems(policy: Json) -> Any:
        known = {"description", "default_state", "states", "ism_template", "error_notification"}
        yield from (f"unknown: {name}" for name in policy.keys() - known)
        names = [state["name"] for state in policy["states"]]
        if policy["default_state"] not in names:
            yield "default_state"
        for state in policy["states"]:
            for action in state["actions"]:
                yield from (f"no action {key}" for key in action.keys() - ISM_ACTIONS)
                yield from _conditions(action.get("rollover", {}), TIMES | SIZES | COUNTS)
            for way in state["transitions"]:
                if way["state_name"] not in names:
                    yield f"no state {way['state_name']}"
                yield from _conditions(way.get("conditions", {}), ISM_CONDITIONS)
        for one in policy.get("ism_template", ()):
            yield from ("a dot begins the pattern" for p in one["index_patterns"] if p.startswith("."))


def _shown(policy: Json) -> Json:
    """A policy of ISM as it is read back: with what has defaults."""
    made = copy.deepcopy(policy)
    for state in made["states"]:
        for action in state["actions"]:
            if "rollover" in action:
                action["rollover"]["copy_alias"] = False
            action["retry"] = {"count": 3, "backoff": "exponential", "delay": "1m"}
    for one in made.get("ism_template", ()):
        one["last_updated_time"] = 1
    return made


def _conditions(given: Json, known: set[str]) -> Any:
    for name, value in given.items():
        if name not in known:
            yield f"no condition {name}"
        elif (name in TIMES and not TIME.fullmatch(str(value))) or (
            name in SIZES and not SIZE.fullmatch(str(value))
        ):
            yield f"{name}: {value}"
