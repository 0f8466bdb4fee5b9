"""A panel as Kibana's Lens shows it: an ES|QL query and a picture, in the form of Kibana 8.19.

The form is that of by-value Lens panels as Kibana itself saves them, with the data source ``textBased``.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from tracehound.boards import PanelSpec, esql
from tracehound.boards.panel import Panel
from tracehound.boards.words import about, measure_label, whole
from tracehound.compiler.esql import INDEX
from tracehound.compiler.leaves import type_of

AD_HOC = "3d1f4d7e-7d31-5d4f-8f5e-6a1c2b0e9a55"
"""The id of the view on the index pattern that lives inside each panel, as ES|QL panels have it."""
TYPES = {
    "keyword": ("string", "keyword"), "ip": ("ip", "ip"), "boolean": ("boolean", "boolean"),
    "long": ("number", "long"),
}  # fmt: skip
PICTURES = {"metric": "lnsMetric", "table": "lnsDatatable", "pie": "lnsPie"}
COLOURS = {
    "assignments": [],
    "specialAssignments": [{"rule": {"type": "other"}, "color": {"type": "loop"}, "touched": False}],
    "paletteId": "default",
    "colorMode": {"type": "categorical"},
}


def attributes(panel: Panel) -> dict[str, Any]:
    """The attributes of a by-value Lens panel."""
    spec = panel.spec
    layer = _uid(panel, "layer")
    query = {"esql": esql.query(panel)}
    columns = _columns(panel)
    source = {
        "index": AD_HOC,
        "query": query,
        "columns": columns,
        "allColumns": columns,
        "timeField": esql.TIME,
    }
    reference = {
        "type": "index-pattern",
        "id": AD_HOC,
        "name": f"textBasedLanguages-datasource-layer-{layer}",
    }
    return {
        "title": spec.title,
        "description": about(spec),
        "visualizationType": PICTURES.get(spec.kind, "lnsXY"),
        "type": "lens",
        "references": [],
        "state": {
            "visualization": _picture(panel, layer),
            "query": query,
            "filters": [],
            "datasourceStates": {"textBased": {"layers": {layer: source}}},
            "internalReferences": [reference],
            "adHocDataViews": {AD_HOC: _view()},
        },
    }


def series(spec: PanelSpec) -> str:
    """Lens's and the API's word for lines, areas and bars; bars without time lie, so that names can be read."""
    if spec.kind != "bar":
        return {"line": "line", "area": "area_stacked"}[spec.kind]
    if spec.interval:
        return "bar_stacked"
    return "bar_horizontal_stacked" if len(spec.by) > 1 else "bar_horizontal"


def _view() -> dict[str, Any]:
    return {
        "id": AD_HOC,
        "title": INDEX,
        "name": INDEX,
        "timeFieldName": esql.TIME,
        "type": "esql",
        "sourceFilters": [],
        "fieldFormats": {},
        "runtimeFieldMap": {},
        "allowNoIndex": False,
        "allowHidden": False,
    }


def _uid(panel: Panel, name: str) -> str:
    return str(uuid5(UUID(panel.uid), name))


def _columns(panel: Panel) -> list[dict[str, Any]]:
    spec = panel.spec
    made = []
    if spec.interval:
        made.append(_column(panel, esql.TIME, "Time", ("date", "date")))
    for by in spec.by:
        kind = TYPES["keyword"] if by.part else TYPES[type_of(by.field)]
        made.append(_column(panel, esql.column(by), by.title, kind))
    label = spec.title if spec.kind == "metric" else measure_label(spec)
    number = _column(panel, "value", label, ("number", "long" if whole(spec) else "double"))
    params: dict[str, Any] = {"decimals": 0 if whole(spec) else 2, "compact": spec.kind == "metric"}
    if spec.unit:
        params["suffix"] = f" {spec.unit}"
    number |= {"inMetricDimension": True, "params": {"format": {"id": "number", "params": params}}}
    return [*made, number]


def _column(panel: Panel, name: str, label: str, kind: tuple[str, str]) -> dict[str, Any]:
    return {
        "columnId": _uid(panel, name),
        "fieldName": name,
        "label": label,
        "customLabel": True,
        "meta": {"type": kind[0], "esType": kind[1]},
    }


def _picture(panel: Panel, layer: str) -> dict[str, Any]:
    spec = panel.spec
    head = {"layerId": layer, "layerType": "data"}
    groups = [_uid(panel, esql.column(by)) for by in spec.by]
    value = _uid(panel, "value")
    if spec.kind == "metric":
        return {**head, "metricAccessor": value, "showBar": False}
    if spec.kind == "table":
        columns = [{"columnId": uid, "isTransposed": False, "isMetric": False, "oneClickFilter": True}
                   for uid in groups]  # fmt: skip
        number = {"columnId": value, "isTransposed": False, "isMetric": True, "alignment": "right"}
        return {**head, "columns": [*columns, number], "paging": {"size": 10, "enabled": True}}
    if spec.kind == "pie":
        pie = {
            **head, "colorMapping": COLOURS, "primaryGroups": groups, "metrics": [value],
            "numberDisplay": "value", "categoryDisplay": "default", "legendDisplay": "default",
            "legendPosition": "right", "nestedLegend": False, "emptySizeRatio": 0.3,
        }  # fmt: skip
        return {"shape": "donut", "layers": [pie]}
    over = [_uid(panel, esql.TIME)] if spec.interval else []
    axis, *split = [*over, *groups]
    drawn = {
        **head, "seriesType": series(spec), "accessors": [value], "xAccessor": axis, "colorMapping": COLOURS,
        **({"splitAccessor": split[0]} if split else {}),
    }  # fmt: skip
    return {
        "layers": [drawn],
        "preferredSeriesType": series(spec),
        "legend": {"isVisible": bool(split), "position": "right"},
        "valueLabels": "hide",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": False, "yRight": False},
    }
