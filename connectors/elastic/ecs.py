"""An OCSF event with the ECS fields that Kibana Security works with, by ``ecs_table``.

The event itself stays as it is: what is added lies in dicts of its own. Some ECS names are OCSF's too
(``user.name`` is who logs in there, and who acts here): ``shared()`` lists those that may get a value on an event
whose OCSF attribute of that name is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from . import ecs_table as table

Event = Mapping[str, Any]
Steps = tuple[str, ...]

MODULE = "tracehound"
FINDING_CLASSES = frozenset((2002, 2003, 2004, 2006))
ALERT_CLASSES = frozenset((2004, 2006))
NANOSECONDS = 1_000_000
OUTCOMES = {1: "success", 2: "failure"}


Node = tuple[tuple[str, Any, tuple[Steps, ...], tuple[str, ...]], ...]
"""Per key of a dict: the node below, or the fields that its value is copied to and the arrays it is added to."""


def _tree(prefix: str = "") -> Node:
    """The sources of the table as a tree, in the table's order, so that the first of several is met first."""
    keys: dict[str, None] = {}
    for _, source in (*table.COPIED, *table.COLLECTED):
        if source.startswith(prefix):
            keys.setdefault(source[len(prefix) :].partition(".")[0])
    return tuple(_branch(f"{prefix}{key}", key) for key in keys)


def _branch(path: str, key: str) -> tuple[str, Any, tuple[Steps, ...], tuple[str, ...]]:
    copied = tuple(tuple(f.split(".")) for f, source in table.COPIED if source == path and f != source)
    collected = tuple(f.partition(".")[2] for f, source in table.COLLECTED if source == path)
    return key, _tree(f"{path}.") or None, copied, collected


ROOT = _tree()
OWN_ROOTS = frozenset(
    field.partition(".")[0]
    for field in (*table.MADE, *(field for field, _ in (*table.COPIED, *table.COLLECTED)))
) - {*table.SHARED_ROOTS, *(field.partition(".")[0] for field in table.SAME)}
"""First steps of ECS fields that OCSF has no attribute for."""


@cache
def published() -> dict[str, str]:
    """The published ECS fields that we fill: name -> type."""
    found: dict[str, Any] = orjson.loads(Path(__file__).with_name("ecs_fields.json").read_bytes())
    fields: dict[str, str] = found["fields"]
    return fields


@cache
def version() -> str:
    """The version of ECS that the table is written for."""
    return str(orjson.loads(Path(__file__).with_name("ecs_fields.json").read_bytes())["version"])


def with_ecs(event: Event, dataset: str, namespace: str) -> dict[str, Any]:
    """A document: the event and its ECS fields. ``event`` is not changed."""
    document = dict(event)
    if not OWN_ROOTS.isdisjoint(event):
        _aside(document)
    related: dict[str, list[Any]] = {}
    _walk(event, ROOT, document, related)
    if related:
        document["related"] = related
    _made(event, document)
    made = document["event"]
    made["module"], made["dataset"] = MODULE, dataset
    document["data_stream"] = {"type": "logs", "dataset": dataset, "namespace": namespace}
    document["ecs"] = {"version": version()}
    return document


def _aside(document: dict[str, Any]) -> None:
    """An attribute of others at a name that ECS needs goes to ``unmapped``: OCSF does not know it."""
    rest = document.get("unmapped")
    rest = dict(rest) if type(rest) is dict else {} if rest is None else {"unmapped": rest}
    for name in OWN_ROOTS.intersection(document):
        rest[name] = document.pop(name)
    document["unmapped"] = rest


def _walk(value: Event, node: Node, document: dict[str, Any], related: dict[str, list[Any]]) -> None:
    get = value.get
    for key, below, copied, collected in node:
        found = get(key)
        if found is None:
            continue
        if below is not None:
            if type(found) is dict:
                _walk(found, below, document, related)
            continue
        if found == "" or type(found) is dict:
            continue
        for steps in copied:
            _put(document, steps, found)
        for name in collected:
            _collect(related, name, found)


def _put(document: dict[str, Any], steps: Steps, value: Any) -> None:
    """Set a field that is not there yet; dicts on the way are copied where they may be the event's."""
    if len(steps) == 1:
        document.setdefault(steps[0], value)
        return
    root = steps[0]
    node = document.get(root)
    if node is None:
        node = document[root] = {}
    elif root in table.SHARED_ROOTS:
        if type(node) is not dict:
            return
        node = document[root] = dict(node)
    for step in steps[1:-1]:
        inner = node.get(step)
        if inner is not None and type(inner) is not dict:
            return
        node[step] = node = dict(inner) if inner else {}
    if steps[-1] not in node:
        node[steps[-1]] = value


def _collect(related: dict[str, list[Any]], name: str, value: Any) -> None:
    values = related.setdefault(name, [])
    for one in value if type(value) is list else (value,):
        if one not in values and type(one) is not dict:
            values.append(one)


def _number(event: Event, name: str) -> int:
    """A number of an event; 0 where it is none."""
    value = event.get(name)
    return value if type(value) is int else 0


def _under(event: Event, *names: str) -> Any:
    """A value below objects; None where one of them is missing or none."""
    value: Any = event
    for name in names:
        value = value.get(name) if type(value) is dict else None
    return value


def _made(event: Event, document: dict[str, Any]) -> None:
    """What is computed: the words of categories, the outcome, the duration, threats."""
    class_uid = _number(event, "class_uid")
    made = document.setdefault("event", {})
    made["kind"] = "alert" if class_uid in ALERT_CLASSES else "event"
    made["category"] = list(table.CATEGORIES.get(class_uid, ()))
    activity = table.TYPES.get(class_uid, {}).get(_number(event, "activity_id"))
    made["type"] = [activity or table.USUAL_TYPE.get(class_uid, "info")]
    verdict = table.VERDICTS.get(_number(event, "disposition_id"))
    if verdict and class_uid in table.VERDICT_CLASSES:
        made["type"].append(verdict)
    if class_uid not in FINDING_CLASSES:
        made["outcome"] = OUTCOMES.get(_number(event, "status_id"), "unknown")
    duration = event.get("duration")
    if type(duration) is int:
        made["duration"] = duration * NANOSECONDS
    named = _under(event, "ai", "activity")
    operation = table.OPERATIONS.get(named) if type(named) is str else None
    if operation:
        _put(document, ("gen_ai", "operation", "name"), operation)
        call = _under(event, "api", "request", "uid") if operation == "execute_tool" else None
        if call:
            _put(document, ("gen_ai", "tool", "call", "id"), call)
    attacks = event.get("attacks") or _under(event, "finding_info", "attacks")
    if type(attacks) is list:
        _threats(document, attacks)
    hashes = _under(event, "file", "hashes")
    if type(hashes) is list:
        values = [value for one in hashes if type(value := _under({"": one}, "", "value")) is str and value]
        if values:
            document["related"] = {**document.get("related", {}), "hash": values}


def _threats(document: dict[str, Any], attacks: list[Any]) -> None:
    """Tactics and techniques of ATT&CK and ATLAS, each once, in the order of the event."""
    places = {
        "tactic": ("threat", "tactic"),
        "technique": ("threat", "technique"),
        "sub_technique": ("threat", "technique", "subtechnique"),
    }
    for key, path in places.items():
        found = [one[key] for one in attacks if type(one) is dict and type(one.get(key)) is dict]
        for source, name in (("uid", "id"), ("name", "name")):
            values = list(dict.fromkeys(v for one in found if type(v := one.get(source)) is str and v))
            if values:
                _put(document, (*path, name), values)


@cache
def _ocsf() -> dict[str, tuple[int, ...]]:
    """Every OCSF path, and the classes that have it; objects too."""
    from tracehound.schema import fields  # pydantic models: not needed to encode

    found: dict[str, set[int]] = {}
    for path, info in fields().items():
        steps = path.split(".")
        for count in range(1, len(steps) + 1):
            found.setdefault(".".join(steps[:count]), set()).update(info.classes)
    return {path: tuple(sorted(classes)) for path, classes in found.items()}


def own_fields() -> dict[str, str]:
    """The ECS fields that OCSF has no attribute for: name -> type. They are added to the mapping."""
    return {name: kind for name, kind in published().items() if name not in _ocsf()}


def shared() -> tuple[str, ...]:
    """ECS fields that are OCSF attributes too, and are filled from another one."""
    return tuple(sorted({field for field, source in table.COPIED if field != source and field in _ocsf()}))


def wider(fields: Iterable[str]) -> str:
    """What is to be known of a query on these fields; empty: nothing."""
    names = sorted(set(fields).intersection(shared()))
    if not names:
        return ""
    return (
        f"{', '.join(names)}: on Elastic also filled where OCSF has no such attribute (from actor.user, from "
        "http_request.url), so that the rule may match more than elsewhere; a class_uid in it tells them apart"
    )


def without_ecs(document: dict[str, Any]) -> dict[str, Any]:
    """The OCSF event of a document that was read back: what its class has no attribute for, and is ECS, goes."""
    class_uid = document.get("class_uid")
    for name in published():
        if name in table.SAME or class_uid in _ocsf().get(name, ()):
            continue
        _take(document, name.split("."))
    return document


def _take(node: dict[str, Any], path: list[str]) -> None:
    """Remove one field, and what is empty above it."""
    inner = node.get(path[0])
    if len(path) == 1:
        node.pop(path[0], None)
    elif type(inner) is dict:
        _take(inner, path[1:])
        if not inner:
            del node[path[0]]
