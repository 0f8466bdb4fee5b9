"""Boards read from ``dashboards/*.yml`` of our content and of packs; a later pack's board replaces one by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid5

from pydantic import BaseModel, ValidationError

from tracehound.boards.filters import Checks, check_fields, panel_rule
from tracehound.boards.model import BoardSpec, By, Drilldown, Measure, PanelSpec
from tracehound.boards.panel import NAMESPACE, Board, Panel
from tracehound.boards.say import SAYS
from tracehound.compiler.leaves import CannotSayError
from tracehound.content import content_root
from tracehound.errors import RuleError, nearest
from tracehound.rules.documents import Document, parse, read_text
from tracehound.rules.lists import load_lists
from tracehound.rules.report import Refused, Report

FOLDER = "dashboards"


@dataclass(frozen=True, slots=True)
class Boards:
    """All boards, and what was refused."""

    boards: tuple[Board, ...] = ()
    errors: tuple[RuleError, ...] = ()
    warnings: tuple[RuleError, ...] = ()


def load_boards(
    packs: Sequence[Path] = (),
    *,
    lists: Mapping[str, Sequence[str]] | None = None,
    own: Path | None = None,
) -> Boards:
    """The boards of our content and of ``packs``; ``lists`` are those of the configuration.

    Never raises for what a file holds: a refused board is in ``errors`` with file, line and reason.
    """
    first = own or content_root()
    known, list_errors = load_lists([first, *packs], lists)
    boards: dict[str, Board] = {}
    reports: list[Report] = []
    for root in (first, *packs):
        for path in sorted((root / FOLDER).glob("*.yml")):
            report = Report(path, strict=root is first)
            reports.append(report)
            board = _load(path, report, known)
            if board is not None:
                boards[board.name] = board
    for report in reports:
        _check_links([b for b in boards.values() if b.path == report.path], boards, report)
    refused = {str(report.path) for report in reports if report.errors}
    return Boards(
        tuple(board for board in boards.values() if str(board.path) not in refused),
        tuple(list_errors) + tuple(error for report in reports for error in report.errors),
        tuple(warning for report in reports for warning in report.warnings),
    )


def _load(path: Path, report: Report, lists: Mapping[str, Sequence[str]]) -> Board | None:
    try:
        text = read_text(path)
        documents = parse(text, path)
        if len(documents) != 1:
            raise report.refuse("one file, one board")
        document = documents[0]
        _refuse_halves(document, report)
        spec = _spec(document, report)
        version = sha256(text.encode()).hexdigest()[:12]
        checks = Checks(lists, report, document, version)
        for number, name in enumerate(spec.controls):
            check_fields(checks, [name], ("controls", number))
        panels = tuple(_panel(panel, number, path.stem, checks) for number, panel in enumerate(spec.panels))
        report.stop_if_wrong()
    except RuleError as error:
        report.errors.append(error)
        return None
    except Refused:
        return None
    return Board(path.stem, spec, tuple(p for p in panels if p), path, version)


def _refuse_halves(document: Document, report: Report) -> None:
    """Half a character (a lone surrogate) and NUL: no target takes them."""
    for place, line in document.lines.items():
        for text in (_at(document.data, place), place[-1] if place else ""):
            if isinstance(text, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
                report.error("holds text that cannot be stored (NUL, or half a character)", line)
    report.stop_if_wrong()


def _panel(spec: PanelSpec, number: int, board: str, checks: Checks) -> Panel | None:
    place = ("panels", number)
    check_fields(checks, [by.field for by in spec.by], (*place, "by"))
    if spec.measure.field:
        check_fields(
            checks, [spec.measure.field], (*place, "measure"), numeric=spec.measure.how != "distinct"
        )
    try:
        rule = panel_rule(spec, place, str(uuid5(NAMESPACE, f"{board}/{spec.id}")), checks)
    except Refused:
        return None
    panel = Panel(spec, rule, board)
    for language, says in SAYS.items():
        try:
            says(panel)
        except CannotSayError as error:
            line = checks.document.line(*place, "filter")
            checks.report.error(f"panel {spec.id}: {language}: {error.message}", line)
            return None
    return panel


def _spec(document: Document, report: Report) -> BoardSpec:
    try:
        return BoardSpec.model_validate(document.data)
    except ValidationError as error:
        for problem in error.errors()[:20]:
            place = tuple(problem["loc"])
            report.error(_words(dict(problem), document), document.line(*place))
        raise Refused from error


def _words(problem: dict[str, Any], document: Document) -> str:
    """pydantic's complaint with the panel's id, and the nearest valid name."""
    place = tuple(problem["loc"])
    where = ".".join(str(step) for step in place)
    panel = _at(document.data, place[:2]) if place[:1] == ("panels",) and len(place) > 1 else None
    if isinstance(panel, dict) and isinstance(panel.get("id"), str):
        where = ".".join([f"panel {panel['id'][:60]}", *(str(step) for step in place[2:])])
    said = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        valid = _keys(place)
        said = "unknown key" + (nearest(str(place[-1]), valid) or f"; valid are {', '.join(valid)}")
    elif problem["type"] == "literal_error":
        given = str(problem["input"])[:60]
        valid = _literals(problem)
        said = f"{given!r} is none of {', '.join(valid)}{nearest(given, valid)}"
    elif problem["type"] == "missing":
        said = "is missing"
    return f"{where}: {said}" if where else said


def _literals(problem: Mapping[str, Any]) -> list[str]:
    """The words that a closed set takes, from pydantic's own words."""
    text = str(problem.get("ctx", {}).get("expected", "")).replace(" or ", ", ")
    return [word.strip("' ") for word in text.split(",")]


def _keys(place: Sequence[Any]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "panels": PanelSpec, "by": By, "measure": Measure, "drilldown": Drilldown,
    }  # fmt: skip
    named = [models[step] for step in place[:-1] if step in models]
    return list((named[-1] if named else BoardSpec).model_fields)


def _at(data: Any, place: Sequence[Any]) -> Any:
    for step in place:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _check_links(found: Sequence[Board], boards: Mapping[str, Board], report: Report) -> None:
    """Drill-downs lead to boards and panels that are there."""
    for board in found:
        for name, line_of, valid in _links(board, boards):
            if name not in valid:
                lines = parse(read_text(board.path), board.path)[0]
                hint = nearest(name, valid) or f"; there are {', '.join(sorted(valid))}"
                report.error(f"drilldown leads to {name!r}, which is not there{hint}", lines.line(*line_of))


def _links(board: Board, boards: Mapping[str, Board]) -> Iterator[tuple[str, tuple[Any, ...], list[str]]]:
    for number, panel in enumerate(board.spec.panels):
        place = ("panels", number, "drilldown")
        if panel.drilldown and panel.drilldown.board:
            yield panel.drilldown.board, (*place, "board"), list(boards)
        if panel.drilldown and panel.drilldown.panel:
            yield panel.drilldown.panel, (*place, "panel"), [one.id for one in board.spec.panels]
