"""The collections of the management port that are stanzas of files: what each knows, needs and shows.

Pages: REST API Reference, "Knowledge endpoint descriptions" (data/transforms/lookups, data/lookup-table-
files, data/ui/views, saved/eventtypes), "Configuration endpoint descriptions" (configs/conf-*, which takes
any key), "KV store endpoint descriptions" (storage/collections/config), "Search endpoint descriptions"
(saved/searches); macros.conf.spec, transforms.conf.spec, collections.conf.spec.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import splunk_searches
from splunk_errors import RefusedError, unknown_argument

MACRO_NAME = re.compile(r"[\w:.\- ]+(?:\((\d+)\))?")
COLLECTION_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
TRUE, FALSE = ("1", "true", "t", "yes"), ("0", "false", "f", "no")


@dataclass(frozen=True)
class Kind:
    """A collection. ``known``: its arguments, None takes any; ``open``: beginnings of further ones."""

    path: tuple[str, ...]
    conf: str
    noun: str = "object"
    known: frozenset[str] | None = None
    open: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    booleans: frozenset[str] = frozenset({"disabled"})
    numbers: frozenset[str] = frozenset()
    rest_names: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[str, Mapping[str, str]], None] = lambda _name, _values: None
    among: Callable[[Mapping[str, str]], bool] = lambda _content: True

    def arguments(self, said: Mapping[str, str], *, new: bool) -> dict[str, str]:
        """Arguments of a request as keys of the file. Raises a 400."""
        values = {name: value for name, value in said.items() if name != "name"}
        for name in values:
            shipped_only = name in self.rest_names
            known = self.known is None or name in self.known or name.startswith(self.open or ("\0",))
            if shipped_only or not known:
                raise unknown_argument(name)
        absent = [name for name in ("name", *self.required) if new and not said.get(name)]
        if absent:
            raise RefusedError(400, f"The following required arguments are missing: {', '.join(absent)}.")
        back = {rest: name for name, rest in self.rest_names.items()}
        return {back.get(name, name): value for name, value in values.items()}

    def shown(self, content: Mapping[str, str]) -> dict[str, Any]:
        """The content of an entry: defaults, names of REST, Booleans and numbers as such."""
        named = {self.rest_names.get(name, name): value for name, value in content.items()}
        return {name: self._typed(name, value) for name, value in sorted({**self.defaults, **named}.items())}

    def named(self, content: Mapping[str, str]) -> dict[str, str]:
        """The same as texts, for checks."""
        return {self.rest_names.get(name, name): value for name, value in content.items()}

    def _typed(self, name: str, value: str) -> Any:
        if name in self.booleans and value.lower() in (*TRUE, *FALSE):
            return value.lower() in TRUE
        return int(value) if name in self.numbers and value.isdigit() else value


def _macro(name: str, values: Mapping[str, str]) -> None:
    called = MACRO_NAME.fullmatch(name)
    if called is None:
        raise RefusedError(400, f"Invalid macro name: {name}")
    arguments = [one for one in values.get("args", "").split(",") if one.strip()]
    if int(called[1] or 0) != len(arguments):
        said = f"Macro name '{name}' does not match the number of arguments: {len(arguments)}"
        raise RefusedError(400, f"In handler 'macros': {said}")


def _collection(name: str, values: Mapping[str, str]) -> None:
    if not COLLECTION_NAME.fullmatch(name):
        raise RefusedError(400, f"Invalid collection name: {name}")
    for key, value in values.items():
        if key.startswith("field.") and value not in ("array", "number", "bool", "string", "cidr", "time"):
            raise RefusedError(400, f"Invalid type for {key}: {value}")


def _lookup(name: str, values: Mapping[str, str]) -> None:
    if values.get("external_type") == "kvstore":
        absent = [key for key in ("collection", "fields_list") if not values.get(key)]
    else:
        absent = [] if values.get("filename") else ["filename"]
    if absent:
        raise RefusedError(400, f"The following required arguments are missing: {', '.join(absent)}.")


def _view(name: str, values: Mapping[str, str]) -> None:
    try:
        root = ElementTree.fromstring(values["eai:data"])
    except ElementTree.ParseError as problem:
        raise RefusedError(400, f"XML is not well-formed: {problem}") from None
    if root.tag not in ("dashboard", "form", "view"):
        raise RefusedError(400, f"Unknown root of a view: {root.tag}")


def is_lookup(content: Mapping[str, str]) -> bool:
    """Whether a stanza of transforms.conf is a lookup definition."""
    return bool(content.get("filename") or content.get("external_type") or content.get("external_cmd"))


LOOKUP_KEYS = (
    "allow_caching batch_index_query case_sensitive_match check_permission collection default_match "
    "disabled external_cmd external_type fields_list filename filter match_type max_ext_batch max_matches "
    "max_offset_secs min_matches min_offset_secs reverse_lookup_honor_case_sensitive_match time_field "
    "time_format type"
)
MACRO_KEYS = frozenset(["definition", "args", "description", "disabled", "errormsg", "iseval", "validation"])
COLLECTION_KEYS = frozenset(
    ["disabled", "enforceTypes", "profilingEnabled", "profilingThresholdMs", "replicate", "type"]
)
EVENTTYPE_KEYS = frozenset(["color", "description", "disabled", "priority", "search", "tags"])
KINDS = (
    Kind(
        ("saved", "searches"),
        "savedsearches",
        "saved search",
        known=frozenset(
            {splunk_searches.REST_NAMES.get(key, key) for key in splunk_searches.KEYS}
            | {"actions", "next_scheduled_time", "qualifiedSearch"}
        ),
        open=splunk_searches.OPEN,
        required=("search",),
        defaults=splunk_searches.DEFAULTS,
        booleans=frozenset(splunk_searches.BOOLEANS),
        numbers=frozenset(splunk_searches.NUMBERS),
        rest_names=splunk_searches.REST_NAMES,
        check=splunk_searches.check,
    ),
    *(
        Kind(
            path,
            "macros",
            "macro",
            known=MACRO_KEYS,
            required=("definition",),
            defaults={"disabled": "0", "iseval": "0"},
            booleans=frozenset({"disabled", "iseval"}),
            check=_macro,
        )
        for path in (("admin", "macros"), ("data", "macros"))
    ),
    Kind(
        ("storage", "collections", "config"),
        "collections",
        "collection",
        known=COLLECTION_KEYS,
        open=("field.", "accelerated_fields."),
        defaults={"disabled": "0", "enforceTypes": "false", "replicate": "false", "type": "undefined"},
        check=_collection,
    ),
    Kind(
        ("data", "transforms", "lookups"),
        "transforms",
        "lookup",
        known=frozenset(LOOKUP_KEYS.split()),
        defaults={"disabled": "0", "type": "file"},
        check=_lookup,
        among=is_lookup,
    ),
    Kind(
        ("data", "ui", "views"),
        "views",
        "view",
        known=frozenset({"eai:data"}),
        required=("eai:data",),
        defaults={"disabled": "0", "eai:type": "views", "isVisible": "1"},
        booleans=frozenset({"disabled", "isDashboard", "isVisible"}),
        check=_view,
    ),
    Kind(("data", "ui", "nav"), "nav", "nav", known=frozenset({"eai:data"}), required=("eai:data",)),
    Kind(
        ("saved", "eventtypes"),
        "eventtypes",
        "eventtype",
        known=EVENTTYPE_KEYS,
        required=("search",),
        defaults={"disabled": "0", "priority": "1"},
    ),
)


def kind_of(parts: tuple[str, ...]) -> tuple[Kind, tuple[str, ...]] | None:
    """The collection that a path is in, and what follows it."""
    if len(parts) > 1 and parts[0] == "configs" and parts[1].startswith("conf-"):
        conf = parts[1].removeprefix("conf-")
        return Kind(parts[:2], conf, defaults={"disabled": "0"}), parts[2:]
    for kind in KINDS:
        if parts[: len(kind.path)] == kind.path:
            return kind, parts[len(kind.path) :]
    return None


def view_content(content: Mapping[str, str]) -> dict[str, str]:
    """What Splunk reads out of a view's XML beside it: label, description, kind."""
    try:
        root = ElementTree.fromstring(content.get("eai:data", ""))
    except ElementTree.ParseError:
        return dict(content)
    found = {"rootNode": root.tag, "isDashboard": "1" if root.tag in ("dashboard", "form") else "0"}
    for tag in ("label", "description"):
        text = root.findtext(tag)
        if text:
            found[tag] = text.strip()
    if root.get("version"):
        found["version"] = str(root.get("version"))
    return {**content, **found}
