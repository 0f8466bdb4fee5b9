"""Boards as Kibana takes them: saved objects for 8.19 and newer, and bodies of the Dashboards API for 9.5.

    ndjson(boards)                       # lines for Kibana's import: the data view, then the boards
    wanted_objects(boards, api=False)    # the same, one by one, for what installs them

All ids are made from names, so that a second install replaces the first. Saved objects are written in the form of
the oldest Kibana that is supported, since newer forms do not import into an older one. OpenSearch has no ES|QL, and
so no boards of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import orjson

from tracehound.boards import Board, load_boards
from tracehound.boards.panel import NAMESPACE, Panel, uid_of
from tracehound.boards.words import places
from tracehound.compiler.esql import INDEX
from tracehound.config import Settings
from tracehound.deploy import Part

from . import dashboards_api, lens

VIEW = str(uuid5(NAMESPACE, "kibana/data-view"))
VIEW_NAME = "Tracehound events"
CORE, DASHBOARD, DATA_VIEW = "8.8.0", "10.2.0", "8.0.0"
"""Versions of the forms: core's, those of dashboards and data views; 8.19 reads them, newer ones migrate them."""
KUERY = {"query": "", "language": "kuery"}


@dataclass(frozen=True, slots=True)
class BoardObject:
    """One object that has to be there: ``key`` is its id in Kibana, ``version`` a hash of its body."""

    kind: str
    """``kibana_data_view`` (POST /api/data_views/data_view), ``kibana_saved_object`` (a line for
    /api/saved_objects/_import), ``kibana_dashboard`` (PUT /api/dashboards/{key})."""
    key: str
    body: dict[str, Any]

    @property
    def version(self) -> str:
        """Changes with the body."""
        return sha256(orjson.dumps(self.body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def wanted_objects(boards: Iterable[Board], *, api: bool = False) -> list[BoardObject]:
    """The data view and one object for each board, in the order of installing; ``api`` for Kibana 9.5 and newer."""
    made = [BoardObject("kibana_data_view", VIEW, view_request())]
    for board in boards:
        if api:
            made.append(BoardObject("kibana_dashboard", board.uid, dashboards_api.body(board, VIEW)))
        else:
            made.append(BoardObject("kibana_saved_object", board.uid, saved_object(board)))
    return made


def build(app: Settings, refused: Callable[[str], object]) -> Iterator[tuple[str, bytes]]:
    """Files by name, for ``tracehound build``; ``refused`` hears of boards that cannot be built."""
    found = load_boards(app.packs, lists=app.lists)
    for error in found.errors:
        refused(str(error))
    yield "kibana-boards.ndjson", ndjson(found.boards)
    for board in found.boards:
        body = orjson.dumps(dashboards_api.body(board, VIEW), option=orjson.OPT_INDENT_2)
        yield f"kibana-dashboards-api/{board.uid}.json", body + b"\n"


def parts(there: Any) -> list[Part]:
    """What is deployed to a Kibana (``deploy.Elastic``)."""
    from . import boards_deploy

    return boards_deploy.parts(there.kibana, there.app)


def ndjson(boards: Sequence[Board]) -> bytes:
    """A file for Stack Management, Saved Objects, Import."""
    lines = [data_view(), *(saved_object(board) for board in boards)]
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def view_request() -> dict[str, Any]:
    """The body that makes the data view, or replaces it."""
    return {
        "data_view": {
            "id": VIEW,
            "title": INDEX,
            "name": VIEW_NAME,
            "timeFieldName": "@timestamp",
            "allowNoIndex": True,
        },
        "override": True,
    }


def data_view() -> dict[str, Any]:
    """The data view as a saved object."""
    return {
        "type": "index-pattern",
        "id": VIEW,
        "attributes": {
            "title": INDEX,
            "name": VIEW_NAME,
            "timeFieldName": "@timestamp",
            "sourceFilters": "[]",
            "fieldFormatMap": "{}",
            "fieldAttrs": "{}",
            "runtimeFieldMap": "{}",
            "allowNoIndex": True,
        },
        "references": [],
        "managed": False,
        "coreMigrationVersion": CORE,
        "typeMigrationVersion": DATA_VIEW,
    }


def saved_object(board: Board) -> dict[str, Any]:
    """A board as a saved object."""
    spec = board.spec
    panels = [_panel(panel, place) for panel, place in zip(board.panels, places(spec), strict=True)]
    options = {
        "useMargins": True, "syncColors": False, "syncCursor": True, "syncTooltips": False,
        "hidePanelTitles": False,
    }  # fmt: skip
    made = {
        "title": spec.title,
        "description": spec.description,
        "panelsJSON": _json(panels),
        "optionsJSON": _json(options),
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json({"filter": [], "query": KUERY})},
        "timeRestore": True,
        "timeFrom": f"now-{spec.range}",
        "timeTo": "now",
        "version": 1,
    }
    if spec.controls:
        made["controlGroupInput"] = _controls(board)
    return {
        "type": "dashboard",
        "id": board.uid,
        "attributes": made,
        "references": [*_links(board), *_control_links(board)],
        "managed": False,
        "coreMigrationVersion": CORE,
        "typeMigrationVersion": DASHBOARD,
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _panel(panel: Panel, place: tuple[int, int, int, int]) -> dict[str, Any]:
    x, y, width, height = place
    grid = dashboards_api.GRID
    config: dict[str, Any] = {
        "attributes": lens.attributes(panel),
        "enhancements": {"dynamicActions": {"events": _events(panel)}},
        "syncColors": False,
        "syncCursor": True,
        "syncTooltips": False,
        "filters": [],
        "query": KUERY,
    }
    if panel.spec.kind == "metric":
        config["hidePanelTitles"] = True
    return {
        "type": "lens",
        "panelIndex": panel.uid,
        "gridData": {"x": x * grid, "y": y, "w": width * grid, "h": height, "i": panel.uid},
        "embeddableConfig": config,
    }


def _event_uid(panel: Panel) -> str:
    return str(uuid5(UUID(panel.uid), "drilldown"))


def _events(panel: Panel) -> list[dict[str, Any]]:
    """What a click opens; a link to another panel needs none, since a click filters the whole board."""
    link = panel.spec.drilldown
    if link is None or link.panel:
        return []
    if link.board:
        action = {
            "factoryId": "DASHBOARD_TO_DASHBOARD_DRILLDOWN",
            "name": "Open the board",
            "config": {"useCurrentFilters": True, "useCurrentDateRange": True, "openInNewTab": False},
        }
    else:
        action = {
            "factoryId": "OPEN_IN_DISCOVER_DRILLDOWN",
            "name": "Open in Discover",
            "config": {"openInNewTab": False},
        }
    return [{"eventId": _event_uid(panel), "triggers": ["FILTER_TRIGGER"], "action": action}]


def _links(board: Board) -> list[dict[str, str]]:
    return [
        {
            "type": "dashboard",
            "id": uid_of(panel.spec.drilldown.board),
            "name": f"{panel.uid}:drilldown:DASHBOARD_TO_DASHBOARD_DRILLDOWN:{_event_uid(panel)}:dashboardId",
        }
        for panel in board.panels
        if panel.spec.drilldown and panel.spec.drilldown.board
    ]


def _control_uid(board: Board, field: str) -> str:
    return str(uuid5(UUID(board.uid), f"control/{field}"))


def _controls(board: Board) -> dict[str, Any]:
    """Lists of values above the board; what is chosen filters every panel."""
    panels = {
        _control_uid(board, field): {
            "type": "optionsListControl",
            "order": number,
            "width": "medium",
            "grow": True,
            "explicitInput": {
                "id": _control_uid(board, field),
                "dataViewId": VIEW,
                "fieldName": field,
                "title": field,
                "searchTechnique": "wildcard",
                "selectedOptions": [],
                "sort": {"by": "_count", "direction": "desc"},
            },
        }
        for number, field in enumerate(board.spec.controls)
    }
    heeds = {
        "ignoreFilters": False,
        "ignoreQuery": False,
        "ignoreTimerange": False,
        "ignoreValidations": False,
    }
    return {
        "chainingSystem": "HIERARCHICAL",
        "controlStyle": "oneLine",
        "ignoreParentSettingsJSON": _json(heeds),
        "panelsJSON": _json(panels),
        "showApplySelections": False,
    }


def _control_links(board: Board) -> list[dict[str, str]]:
    return [
        {
            "type": "index-pattern",
            "id": VIEW,
            "name": f"controlGroup_{_control_uid(board, field)}:optionsListDataView",
        }
        for field in board.spec.controls
    ]
