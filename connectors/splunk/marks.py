"""Where objects in Splunk carry our mark, in app files and over REST alike.

- A saved search: the key ``action.tracehound.mark``. ``saved/searches`` takes and shows any ``action.*``, and the
  editors of Splunk Web leave keys alone that they do not show.
- A macro: at the end of its ``description``, which Splunk Web's form of macros does not show.
- A view: at the end of the ``description`` of its XML, which its editor keeps.
- KV store collections and lookup definitions have no free field: a name that we want, in our app, is the mark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from tracehound.deploy import Mark, digest
from tracehound.deploy.plan import NOTHING

MARK = "action.tracehound.mark"
OWN = "tracehound_seen_"
"""How the names of the lookups of rules begin; one that no rule wants any more is taken out."""
INITIAL = ("disabled",)
"""What only a new search is given: whether it is on is the analysts' from then on."""
REST_NAMES = {
    "enableSched": "is_scheduled",
    "counttype": "alert_type",
    "relation": "alert_comparator",
    "quantity": "alert_threshold",
}
"""Keys of savedsearches.conf -> what ``saved/searches`` calls them."""
_TRUTH = {"true": "1", "false": "0"}
_SIGNED = re.compile(r"\s*\((tracehound:\d+:\d+:[A-Za-z0-9_.*\-]*)\)\s*$")
_DESCRIPTION = re.compile(r"<description>(.*?)</description>|<description\s*/>", re.DOTALL)
_LABEL = re.compile(r"</label>\s*")
_HEAD = re.compile(r"<(?:dashboard|form)\b[^>]*>")


def with_mark(settings: Mapping[str, str], version: int) -> dict[str, str]:
    """A stanza of ``savedsearches.conf`` with its mark. ``version``: of the rule, by its lock file."""
    return {**settings, MARK: search_text(new_mark(search_body(settings), version))}


def new_mark(body: Mapping[str, str], version: int) -> Mark:
    """The mark of a new object."""
    return Mark(version, {name: d for name, value in body.items() if (d := digest(value)) != NOTHING})


def search_body(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings that are merged, under the names of REST, each in one form."""
    return {
        REST_NAMES.get(name, name): text_of(value)
        for name, value in settings.items()
        if name not in (MARK, *INITIAL)
    }


def text_of(value: object) -> str:
    """A setting in one form: Splunk shows truth as ``true``, ``1`` or JSON, and ends no line with a blank."""
    if isinstance(value, bool):
        return str(int(value))
    text = "" if value is None else str(value)
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return _TRUTH.get(text.lower(), "\n".join(lines).strip())


def search_text(mark: Mark) -> str:
    """A mark as the value of its key: names without dots, which part its fields."""
    return Mark(mark.version, {name.replace(".", "-"): one for name, one in mark.digests.items()}).text()


def search_mark(text: object) -> Mark | None:
    """The mark of a saved search."""
    found = Mark.parse(text)
    return found and Mark(found.version, {name.replace("-", "."): d for name, d in found.digests.items()})


def signed(description: str, mark: Mark) -> str:
    """A description with a mark at its end."""
    return f"{unsigned(description)} ({mark.text()})".strip()


def unsigned(description: object) -> str:
    """A description without it."""
    return _SIGNED.sub("", description) if isinstance(description, str) else ""


def mark_in(description: object) -> Mark | None:
    """The mark at the end of a description."""
    found = _SIGNED.search(description) if isinstance(description, str) else None
    return Mark.parse(found[1]) if found else None


def macro_body(definition: str, description: str, args: str = "") -> dict[str, str]:
    """The settings of a macro that are merged."""
    body = {"definition": text_of(definition), "description": text_of(description), "args": args}
    return {name: value for name, value in body.items() if value}


def macro_description(definition: str, description: str, version: int = 1, args: str = "") -> str:
    """What an app's macros.conf has as the description of a macro."""
    return signed(description, new_mark(macro_body(definition, description, args), version))


def view_body(xml: str) -> dict[str, str]:
    """A view without its mark."""
    return {"view": unsigned_view(xml)}


def signed_view(xml: str, version: int = 1, mark: Mark | None = None) -> str:
    """A view with its mark, as an app's ``data/ui/views`` has it."""
    bare = unsigned_view(xml)
    made = mark or new_mark(view_body(bare), version)
    found = _DESCRIPTION.search(bare)
    text = escape(f"({made.text()})")
    if found:
        inner = f"{found[1] or ''} {text}".strip()
        return f"{bare[: found.start()]}<description>{inner}</description>{bare[found.end() :]}"
    place = _LABEL.search(bare) or _HEAD.search(bare)
    if place is None:
        raise ValueError("a view has neither a label nor a dashboard or form around it")
    return f"{bare[: place.end()]}<description>{text}</description>{bare[place.end() :]}"


def unsigned_view(xml: str) -> str:
    """A view without its mark; a description that held nothing else goes too."""
    found = _DESCRIPTION.search(xml)
    if found is None:
        return xml.strip()
    inner = unsigned(found[1] or "").strip()
    middle = f"<description>{inner}</description>" if inner else ""
    return (xml[: found.start()] + middle + xml[found.end() :]).strip()


def view_mark(xml: str) -> Mark | None:
    """The mark of a view."""
    found = _DESCRIPTION.search(xml)
    return mark_in(found[1]) if found else None
