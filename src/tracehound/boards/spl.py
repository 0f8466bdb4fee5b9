"""A panel's question in SPL.

The range of time is the search's own (``earliest``, ``latest``), which the board sets. Columns: ``_time`` (with an
interval), the groups under their fields' names, ``value``.
"""

from __future__ import annotations

from tracehound.boards.esql import column
from tracehound.boards.interval import MOST, automatic
from tracehound.boards.model import By, PanelSpec
from tracehound.boards.panel import Panel
from tracehound.compiler import conditions
from tracehound.compiler.leaves import type_of
from tracehound.compiler.spl import INDEX_MACRO, spl_field


def query(panel: Panel, span: tuple[int, int] | None = None) -> str:
    """The search; ``span`` (start, end in epoch milliseconds) is put into it, and ``auto`` chosen for it.

    Without one, the search is the board's own, and Splunk chooses the step for ``auto``.
    """
    spec = panel.spec
    keys = [f"th_key_{number}" for number in range(1, len(spec.by) + 1)]
    when = f"earliest={span[0] / 1000:.3f} latest={span[1] / 1000:.3f} " if span else ""
    lines = [f"{INDEX_MACRO} {when}{conditions.condition(panel.rule, 'splunk')}", *_taken(spec, keys)]
    over = ["_time"] if spec.interval else []
    if over:
        lines.append(f"| bin {_step(spec, span)}")
    by = f" BY {' '.join([*over, *keys])}" if over or keys else ""
    lines.append(f"| stats {_measure(spec)} AS value{by}")
    ties = "".join(f", +{_order(by)}({key})" for by, key in zip(spec.by, keys, strict=True))
    if keys and over:
        total = "sum" if spec.measure.adds_up else "max"
        lines += [
            f"| eventstats {total}(value) AS th_total BY {keys[0]}",
            f"| sort 0 -num(th_total){ties}",
            f"| streamstats dc({keys[0]}) AS th_rank",
            f"| where th_rank <= {spec.top}",
        ]
    elif keys:
        lines += [f"| sort 0 -num(value){ties}", f"| head {spec.top}"]
    if over:
        lines.append(f"| sort 0 +num(_time){ties}")
    names = [column(by) for by in spec.by]
    lines += [f'| rename {key} AS "{name}"' for key, name in zip(keys, names, strict=True)]
    lines.append("| table " + " ".join([*over, *(f'"{name}"' for name in names), "value"]))
    return "\n".join(lines)


def _taken(spec: PanelSpec, keys: list[str]) -> list[str]:
    """One row for each event and group, with what is measured."""
    measure = spec.measure
    renamed = {by.field: key for by, key in zip(spec.by, keys, strict=True)}
    group = ['"metadata.uid"', *map(_plain, renamed)]
    values = ["min(_time) AS _time"]
    lines = []
    if measure.how == "distinct":
        renamed[measure.field] = "th_value"
        group.append(_plain(measure.field))
    elif measure.field:
        values.append(f"max({_plain(measure.field)}) AS th_value")
    lines.append(f"| stats {' '.join(values)} BY {' '.join(group)}")
    if len(values) > 1:
        lines.append("| where isnotnull(th_value)")
    lines += [f"| rename {_plain(field)} AS {name}" for field, name in renamed.items()]
    for key, by in zip(keys, spec.by, strict=True):
        if by.part:
            lines.append(f'| eval {key}=mvindex(split({key}, "."), {by.part - 1})')
            lines.append(f'| where isnotnull({key}) AND {key}!=""')
    if any(by.part for by in spec.by):
        again = ["min(_time) AS _time", *(["max(th_value) AS th_value"] if len(values) > 1 else [])]
        names = ['"metadata.uid"', *keys, *(["th_value"] if measure.how == "distinct" else [])]
        lines.append(f"| stats {' '.join(again)} BY {' '.join(names)}")
    return lines


def _order(by: By) -> str:
    return "num" if type_of(by.field) == "long" else "str"


def _plain(field: str) -> str:
    return f'"{spl_field(field)}"'


def _measure(spec: PanelSpec) -> str:
    measure = spec.measure
    if measure.percentile:
        return f"exactperc{measure.percentile}(th_value)"
    return {"count": "count", "distinct": "dc(th_value)"}.get(measure.how) or f"{measure.how}(th_value)"


def _step(spec: PanelSpec, span: tuple[int, int] | None) -> str:
    if spec.seconds is None and span is None:
        return f"bins={MOST} _time"
    return f"_time span={spec.seconds or automatic(*(span or (0, 0)))}s"
