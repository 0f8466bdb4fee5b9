"""A panel's question in SPL.

    query(panel)             # rows: ``_time`` (with an interval), the groups under their fields' names, ``value``
    charted(panel, names)    # the same for a picture: a column for each series over time, names that people read
    numbers(panels, names)   # several single numbers over the same events in one search

The range of time is the search's own (``earliest``, ``latest``), which the board sets. A condition may be followed
by ``where``; what a board adds (``extra``) stands behind it, before anything is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracehound.boards.esql import column
from tracehound.boards.interval import MOST, automatic
from tracehound.boards.model import By, PanelSpec
from tracehound.boards.panel import Panel
from tracehound.compiler import conditions
from tracehound.compiler.leaves import type_of
from tracehound.compiler.spl import INDEX_MACRO, spl_field

UID = '"metadata.uid"'
GROUP = "th_key_"


def query(panel: Panel, span: tuple[int, int] | None = None) -> str:
    """The search; ``span`` (start, end in epoch milliseconds) is put into it, and ``auto`` chosen for it.

    Without one, the search is the board's own, and Splunk chooses the step for ``auto``.
    """
    spec = panel.spec
    keys = _keys(spec)
    when = f"earliest={span[0] / 1000:.3f} latest={span[1] / 1000:.3f} " if span else ""
    lines = [f"{INDEX_MACRO} {when}{conditions.condition(panel.rule, 'splunk')}", *_taken(spec, keys)]
    over = ["_time"] if spec.interval else []
    if over:
        lines.append(f"| bin {_step(spec, span)}")
    by = f" BY {' '.join([*over, *keys])}" if over or keys else ""
    lines.append(f"| stats {_measure(spec)} AS value{by}")
    if keys and over:
        total = "sum" if spec.measure.adds_up else "max"
        lines += [
            f"| eventstats {total}(value) AS th_total BY {keys[0]}",
            f"| sort 0 -num(th_total){_ties(spec, keys)}",
            f"| streamstats dc({keys[0]}) AS th_rank",
            f"| where th_rank <= {spec.top}",
        ]
    elif keys:
        lines += _largest(spec, keys)
    if over:
        lines.append(f"| sort 0 +num(_time){_ties(spec, keys)}")
    names = [column(by) for by in spec.by]
    lines += [f'| rename {key} AS "{name}"' for key, name in zip(keys, names, strict=True)]
    lines.append("| table " + " ".join([*over, *(f'"{name}"' for name in names), "value"]))
    return "\n".join(lines)


def base(panel: Panel, extra: Sequence[str] = ()) -> str:
    """The events that a panel is about, as they are stored: one that is stored twice is there twice."""
    return "\n".join([f"{INDEX_MACRO} {conditions.condition(panel.rule, 'splunk')}", *extra])


def shared(panels: Sequence[Panel], extra: Sequence[str] = ()) -> str:
    """One row for each event that these panels are about, all with the same filter, with all fields they read."""
    names = dict.fromkeys(
        name
        for panel in panels
        for name in [*(by.field for by in panel.spec.by), panel.spec.measure.field]
        if name
    )
    taken = "".join(f" values({_plain(name)}) AS {_plain(name)}" for name in names)
    return "\n".join([base(panels[0], extra), f"| stats min(_time) AS _time{taken} BY {UID}"])


def charted(panel: Panel, names: Sequence[str], total: str) -> str:
    """What follows ``base`` or ``shared``: ``names`` are the columns of the groups, ``total`` that of the number.

    Over time: ``timechart``, which fills steps without events, and a column for each of the largest series. Groups
    by two fields without time: a column for each value of the second one, where the picture is bars.
    """
    spec = panel.spec
    keys = _keys(spec)
    lines = _taken(spec, keys)
    if spec.interval:
        lines.append(_timechart(spec, keys, total))
        return "\n".join(lines + (["| fillnull value=0"] if spec.measure.adds_up else []))
    lines.append(f"| stats {_measure(spec)} AS value BY {' '.join(keys)}")
    lines += _largest(spec, keys)
    if spec.kind == "bar" and len(keys) == 2:
        lines += [f"| xyseries {keys[0]} {keys[1]} value", f'| rename {keys[0]} AS "{names[0]}"']
        return "\n".join([*lines, f'| table "{names[0]}" *'])
    renamed = [*zip(keys, names, strict=True), ("value", total)]
    lines.append("| rename " + ", ".join(f'{key} AS "{name}"' for key, name in renamed))
    return "\n".join([*lines, "| table " + " ".join(f'"{name}"' for _, name in renamed)])


def numbers(panels: Sequence[Panel], names: Sequence[str], extra: Sequence[str] = ()) -> str:
    """The numbers of panels with the same filter and without groups, one column each, in one row."""
    taken, said = [], []
    for number, (panel, name) in enumerate(zip(panels, names, strict=True), 1):
        measure, at = panel.spec.measure, f"th_value_{number}"
        if measure.field:
            how = "values" if measure.how == "distinct" else "max"
            taken.append(f"{how}({_plain(measure.field)}) AS {at}")
        said.append(f"{_measure(panel.spec, at)} AS {name}")
    lines = [base(panels[0], extra), f"| stats {' '.join(taken or ['count'])} BY {UID}"]
    return "\n".join([*lines, f"| stats {' '.join(said)}"])


def _keys(spec: PanelSpec) -> list[str]:
    return [f"{GROUP}{number}" for number in range(1, len(spec.by) + 1)]


def _timechart(spec: PanelSpec, keys: list[str], total: str) -> str:
    step = f"span={spec.seconds}s" if spec.seconds else f"bins={MOST}"
    if not keys:
        return f'| timechart {step} {_measure(spec)} AS "{total}"'
    others = f"BY {keys[0]} useother=f usenull=f"
    if spec.measure.adds_up:
        return f"| timechart limit={spec.top} {step} {_measure(spec)} {others}"
    return f"| timechart {step} {_measure(spec)} {others} where max in top{spec.top}"


def _largest(spec: PanelSpec, keys: list[str]) -> list[str]:
    return [f"| sort 0 -num(value){_ties(spec, keys)}", f"| head {spec.top}"]


def _ties(spec: PanelSpec, keys: list[str]) -> str:
    return "".join(f", +{_order(by)}({key})" for by, key in zip(spec.by, keys, strict=True))


def _taken(spec: PanelSpec, keys: list[str]) -> list[str]:
    """One row for each event and group, with what is measured."""
    measure = spec.measure
    renamed = {by.field: key for by, key in zip(spec.by, keys, strict=True)}
    group = [UID, *map(_plain, renamed)]
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
        names = [UID, *keys, *(["th_value"] if measure.how == "distinct" else [])]
        lines.append(f"| stats {' '.join(again)} BY {' '.join(names)}")
    return lines


def _order(by: By) -> str:
    return "num" if type_of(by.field) == "long" else "str"


def _plain(field: str) -> str:
    return f'"{spl_field(field)}"'


def _measure(spec: PanelSpec, of: str = "th_value") -> str:
    measure = spec.measure
    if measure.percentile:
        return f"exactperc{measure.percentile}({of})"
    return {"count": "count", "distinct": f"dc({of})"}.get(measure.how) or f"{measure.how}({of})"


def _step(spec: PanelSpec, span: tuple[int, int] | None) -> str:
    if spec.seconds is None and span is None:
        return f"bins={MOST} _time"
    return f"_time span={spec.seconds or automatic(*(span or (0, 0)))}s"
