"""The table of fields: every dotted path that a rule, a mapping, a column or the documentation may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo as PydanticField

from tracehound.schema.base import Kind, Model, OneOf
from tracehound.schema.constants import LONG_TEXTS

FieldType = Literal["keyword", "text", "ip", "long", "double", "boolean", "date", "json"]

_SCALARS: dict[Any, FieldType] = {str: "keyword", int: "long", float: "double", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One leaf of the schema.

    ``array``: an event may hold several values, because the leaf or an object above it is an array.
    ``within``: the paths above (or the leaf's own) that are arrays, outermost first.
    ``enum``: the closed set, value -> caption. ``classes``: class uids that have it.
    ``text``: a long text, which our own rules do not test. ``date`` values are epoch milliseconds.
    """

    path: str
    type: FieldType
    array: bool
    doc: str
    enum: Mapping[int | str, str] | None
    classes: tuple[int, ...]
    text: bool
    within: tuple[str, ...] = ()
    unit: str = ""
    example: Any = None
    profile: str = ""


@cache
def fields() -> Mapping[str, FieldInfo]:
    """All leaves by dotted path: OCSF's in the order of their classes, then ``ai``; made once."""
    from tracehound.schema.ocsf.classes import MODELS  # the models take a quarter second to build

    found: dict[str, FieldInfo] = {}
    for class_uid, model in MODELS.items():
        for leaf in _leaves(model, class_uid):
            before = found.get(leaf.path)
            found[leaf.path] = leaf if before is None else _merged(before, leaf)
    return dict(sorted(found.items(), key=lambda item: (item[0].startswith("ai."), item[0])))


def _merged(one: FieldInfo, other: FieldInfo) -> FieldInfo:
    """The same path in two classes: same type, the captions of both."""
    if (one.type, one.within) != (other.type, other.within):
        raise TypeError(f"{one.path} is {one.type} in one class and {other.type} in another")
    enum = None
    if one.enum is not None and other.enum is not None:
        enum = dict(one.enum)
        for value, caption in other.enum.items():
            known = enum.setdefault(value, caption)
            if caption not in known.split(" / "):
                enum[value] = f"{known} / {caption}"
    profile = one.profile if one.profile == other.profile else ""
    return replace(one, enum=enum, classes=one.classes + other.classes, profile=profile)


def _leaves(
    model: type[Model], class_uid: int, prefix: str = "", within: tuple[str, ...] = ()
) -> Iterator[FieldInfo]:
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        path = prefix + (info.alias or name)
        annotation, notes, many = _opened(info)
        inside = (*within, path) if many else within
        if isinstance(annotation, type) and issubclass(annotation, Model):
            leaves = _leaves(annotation, class_uid, f"{path}.", inside)
            yield from (leaf for leaf in leaves if _listed(leaf.path.removeprefix(f"{path}."), extra))
            continue
        if "x-listed" in extra:
            continue
        yield FieldInfo(
            path=path,
            type=_type(annotation, notes),
            array=bool(inside),
            doc=info.description or "",
            enum=_enum(annotation, notes, path, class_uid),
            classes=(class_uid,),
            text=path in LONG_TEXTS,
            within=inside,
            unit=str(extra.get("x-unit", "")),
            example=info.examples[0] if info.examples else None,
            profile=str(extra.get("x-profile", "")),
        )


def _listed(path: str, extra: Mapping[str, Any]) -> bool:
    """Whether the attribute that leads here lists the leaf: all of them, or some by name."""
    names = extra.get("x-listed")
    return names is None or any(path == name or path.startswith(f"{name}.") for name in names)


def _opened(info: PydanticField) -> tuple[Any, list[Any], bool]:
    """The type of one value, the notes on it, and whether there are several."""
    annotation, notes, many = info.annotation, list(info.metadata), False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            notes += more
        elif get_origin(annotation) is list:
            (annotation,) = get_args(annotation)
            many = True
        else:
            return annotation, notes, many


def _type(annotation: Any, notes: list[Any]) -> FieldType:
    for note in notes:
        if isinstance(note, Kind):
            return note.name
    if get_origin(annotation) is Literal:
        return _SCALARS[type(get_args(annotation)[0])]
    return _SCALARS[annotation]


def _enum(annotation: Any, notes: list[Any], path: str, class_uid: int) -> Mapping[int | str, str] | None:
    for note in notes:
        if isinstance(note, OneOf):
            return note.table
    if path == "class_uid":
        from tracehound.schema.constants import CLASSES

        return {class_uid: CLASSES[class_uid].name}
    if get_origin(annotation) is Literal:
        return {value: str(value) for value in get_args(annotation)}
    return None
