"""What the Kibana stub knows of data views, saved objects and the Dashboards API.

As of the real one: creating a saved object, overwriting too, sets both of its times, saving it in the editor the
second only; the Dashboards API gives a board back with defaults filled in. Where the published document is at hand,
each body is checked against it by the checker that lies beside it.
"""

from __future__ import annotations

import copy
import importlib.util
import itertools
import json
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]
DOCUMENTS = Path(__file__).parents[3] / "shared" / "engines" / "kibana-api"
DASHBOARDS = DOCUMENTS / "kibana-dashboards-2026-05.trimmed.json"
VIEWS, SAVED, BOARDS = "/api/data_views/data_view", "/api/saved_objects", "/api/dashboards"
OPTIONS = {
    "hide_panel_titles": False, "hide_panel_borders": False, "use_margins": True, "auto_apply_filters": True,
    "sync_colors": False, "sync_cursor": True, "sync_tooltips": False,
}  # fmt: skip
_clock = itertools.count(1)


class NoRouteError(Exception):
    """Nothing that is known here."""


def tick() -> str:
    """A time later than all before."""
    return f"2026-01-01T00:00:{next(_clock) % 60:02d}.{next(_clock):09d}Z"


def route(
    saved: dict[tuple[str, str], Json], method: str, path: str, query: Json, body: Any
) -> tuple[int, Any]:
    """Status and answer. Raises ``NoRouteError``."""
    if path == VIEWS or path.startswith(f"{VIEWS}/"):
        return _views(saved, method, path.removeprefix(VIEWS).strip("/"), body)
    if path == f"{SAVED}/_find":
        return 200, _find(saved, query)
    if path == f"{SAVED}/_bulk_delete":
        return 200, {"statuses": [_deleted(saved, one) for one in body]}
    if path.startswith(f"{SAVED}/"):
        return _saved(saved, method, *path.removeprefix(f"{SAVED}/").split("/", 1), query, body)
    if path == BOARDS or path.startswith(f"{BOARDS}/"):
        return _boards(saved, method, path.removeprefix(BOARDS).strip("/"), query, body)
    raise NoRouteError


def edit(saved: dict[tuple[str, str], Json], kind: str, key: str, **attributes: Any) -> None:
    """Somebody saves the object in Kibana."""
    one = saved[kind, key]
    one["attributes"] |= attributes
    one["updated_at"] = tick()


def _views(saved: dict[tuple[str, str], Json], method: str, key: str, body: Any) -> tuple[int, Any]:
    if method == "POST" and key:
        if ("index-pattern", key) not in saved:
            return 404, {"message": "Not Found"}
        saved["index-pattern", key]["attributes"] |= body["data_view"]
        return 200, {"data_view": copy.deepcopy(saved["index-pattern", key]["attributes"])}
    if method == "POST":
        view = body["data_view"]
        if ("index-pattern", view["id"]) in saved and not body.get("override"):
            return 400, {"message": "Duplicate data view"}
        saved["index-pattern", view["id"]] = {"attributes": dict(view)}
        return 200, {"data_view": view}
    if ("index-pattern", key) not in saved:
        return 404, {"message": "Not Found"}
    if method == "DELETE":
        del saved["index-pattern", key]
        return 200, None
    return 200, {"data_view": copy.deepcopy(saved["index-pattern", key]["attributes"])}


def _find(saved: dict[tuple[str, str], Json], query: Json) -> Json:
    all_ = [{"id": key, **copy.deepcopy(one)} for (kind, key), one in saved.items() if kind == query["type"]]
    page, size = int(query["page"]), int(query["per_page"])
    return {"total": len(all_), "page": page, "saved_objects": all_[(page - 1) * size : page * size]}


def _deleted(saved: dict[tuple[str, str], Json], one: Json) -> Json:
    gone = saved.pop((one["type"], one["id"]), None)
    return one | ({"success": True} if gone else {"success": False, "error": {"statusCode": 404}})


def _saved(
    saved: dict[tuple[str, str], Json], method: str, kind: str, key: str, query: Json, body: Any
) -> tuple[int, Any]:
    there = (kind, key) in saved
    if method == "POST":
        if there and query.get("overwrite") != "true":
            return 409, {"message": "Saved object conflict"}
        problems = saved_problems(kind, body)
        if problems:
            return 400, {"message": "; ".join(problems)}
        now = tick()
        saved[kind, key] = {**copy.deepcopy(body), "created_at": now, "updated_at": now, "version": now}
    elif not there:
        return 404, {"message": "Not Found"}
    return 200, {"id": key, "type": kind, **copy.deepcopy(saved[kind, key])}


def saved_problems(kind: str, body: Json) -> list[str]:
    """What is wrong with a board as a saved object: JSON inside it, references, ids that do not fit."""
    if kind != "dashboard":
        return []
    attributes = body["attributes"]
    panels = json.loads(attributes["panelsJSON"])
    names = [panel["panelIndex"] for panel in panels]
    said = ["two panels of one id"] if len(set(names)) < len(names) else []
    said += [f"{p['panelIndex']}: grid" for p in panels if p["gridData"]["i"] != p["panelIndex"]]
    for name in ("optionsJSON",):
        json.loads(attributes[name])
    controls = json.loads(attributes.get("controlGroupInput", {}).get("panelsJSON", "{}"))
    wanted = {f"controlGroup_{name}:optionsListDataView" for name in controls}
    given = {reference["name"] for reference in body["references"]}
    return said + [f"no reference {name}" for name in sorted(wanted - given)]


def _boards(
    saved: dict[tuple[str, str], Json], method: str, key: str, query: Json, body: Any
) -> tuple[int, Any]:
    if not key:
        all_ = [
            {"id": name, "data": {k: one["data"].get(k) for k in ("title", "description")}, "meta": {}}
            for (kind, name), one in saved.items()
            if kind == "api-dashboard"
        ]
        page, size = int(query["page"]), int(query["per_page"])
        return 200, {"total": len(all_), "page": page, "dashboards": all_[(page - 1) * size : page * size]}
    if method == "PUT":
        problems = board_problems(body)
        if problems:
            return 400, {"message": "; ".join(problems)}
        saved["api-dashboard", key] = {"data": _filled(body)}
    elif ("api-dashboard", key) not in saved:
        return 404, {"message": "Not Found"}
    elif method == "DELETE":
        del saved["api-dashboard", key]
        return 200, {}
    data = copy.deepcopy(saved["api-dashboard", key]["data"])
    return 200, {"id": key, "data": data, "meta": {"version": "1"}}


def _filled(body: Json) -> Json:
    made = copy.deepcopy(body)
    made |= {"options": OPTIONS, "access_control": {"access_mode": "default"}}
    for panel in made["panels"]:
        panel["config"].setdefault("filters", [])
        panel["config"].setdefault("sampling", 1)
    return made


@cache
def _checker() -> Any:
    spec = importlib.util.spec_from_file_location("check_dashboard", DOCUMENTS / "check_dashboard.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves the document open
        made = module.DashboardChecker(str(DASHBOARDS))
    _maybe(made.s)
    return made


def _maybe(schemas: Json) -> None:
    """``x-oas-optional`` says that a schema may be left out, which ``required`` beside it does not know."""
    optional = {f"#/components/schemas/{name}" for name, one in schemas.items() if one.get("x-oas-optional")}

    def left_out(one: Json) -> bool:
        return one.get("$ref") in optional or bool(one.get("x-oas-optional"))

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            inner = node.get("properties")
            if isinstance(inner, dict) and isinstance(node.get("required"), list):
                node["required"] = [name for name in node["required"] if not left_out(inner.get(name, {}))]
                if not node["required"]:
                    del node["required"]
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(schemas)


def board_problems(body: Json) -> list[str]:
    """What the published document says against a body; nothing where it is not at hand."""
    return list(_checker().check(body)) if DASHBOARDS.is_file() else []
