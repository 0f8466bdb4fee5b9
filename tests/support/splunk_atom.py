"""Answers of the management port: Atom XML, which splunklib reads, and JSON.

Pages: REST API User Manual, "Using the REST API reference" (output_mode, paging), "Atom Feed response"; REST API
Tutorials. XML writes Booleans as 1 and 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from splunk_errors import RefusedError
from splunk_http import Answer

UPDATED = "1970-01-01T00:00:00+00:00"
GENERATOR = {"build": "000000000000", "version": "10.0.0"}
XML = "text/xml; charset=UTF-8"
SPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
)


@dataclass
class Entry:
    """One object as it is shown. ``path`` is that of the object itself, unescaped parts joined by ``/``."""

    name: str
    path: tuple[str, ...]
    content: Mapping[str, Any]
    acl: Mapping[str, Any] | None = None
    author: str = "system"
    actions: Sequence[str] = ("list", "edit")
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def href(self) -> str:
        """A slash in a name is escaped twice, as Splunk does, since clients unescape links once."""
        return "/" + "/".join(quote(part, safe="").replace("%2F", "%252F") for part in self.path)

    def links(self) -> dict[str, str]:
        found = {"alternate": self.href}
        for action in self.actions:
            plain = action in ("list", "edit", "remove")
            found[action] = self.href if plain else f"{self.href}/{action}"
        return found


def feed(
    title: str,
    entries: Sequence[Entry],
    *,
    json: bool,
    status: int = 200,
    total: int | None = None,
    offset: int = 0,
    count: int = 30,
    base: str = "",
) -> Answer:
    """A collection, or one object, which is a feed of one entry."""
    total = len(entries) if total is None else total
    if json:
        paging = {"total": total, "perPage": count if count > 0 else max(total, 1), "offset": offset}
        body = {
            "links": {"create": f"{base}/_new"},
            "origin": base,
            "updated": UPDATED,
            "generator": GENERATOR,
            "entry": [_json_entry(one) for one in entries],
            "paging": paging,
            "messages": [],
        }
        return Answer(status, body)
    head = f"<title>{escape(title)}</title><id>{escape(base)}</id><updated>{UPDATED}</updated>"
    head += f'<generator build="{GENERATOR["build"]}" version="{GENERATOR["version"]}"/>'
    head += "<author><name>Splunk</name></author>"
    head += f"<opensearch:totalResults>{total}</opensearch:totalResults>"
    head += f"<opensearch:itemsPerPage>{count}</opensearch:itemsPerPage>"
    head += f"<opensearch:startIndex>{offset}</opensearch:startIndex><s:messages/>"
    text = f"<feed {SPACES}>{head}{''.join(_xml_entry(one) for one in entries)}</feed>"
    return Answer(status, _document(text), XML)


def entry_alone(entry: Entry, *, json: bool, status: int = 200) -> Answer:
    """A search job: in XML its entry is no part of a feed."""
    if json:
        return feed(entry.name, [entry], json=True, status=status)
    text = _xml_entry(entry).replace("<entry>", f"<entry {SPACES}>", 1)
    return Answer(status, _document(text), XML)


def plain(values: Mapping[str, str], *, json: bool, status: int = 200) -> Answer:
    """``<response>`` with a few values: a session key, a search id."""
    if json:
        return Answer(status, dict(values))
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
    return Answer(status, _document(f"<response>{inner}</response>"), XML)


def refused(error: RefusedError, *, json: bool) -> Answer:
    """The messages of an error."""
    headers = {"WWW-Authenticate": 'Basic realm="/splunk"'} if error.status == 401 else {}
    if json:
        messages = [{"type": error.kind, "text": error.text}]
        return Answer(error.status, {"messages": messages}, headers=headers)
    text = f'<msg type="{error.kind}">{escape(error.text)}</msg>'
    body = _document(f"<response><messages>{text}</messages></response>")
    return Answer(error.status, body, XML, headers)


def _document(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode("utf-8", "xmlcharrefreplace")


def _json_entry(entry: Entry) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": entry.name,
        "id": entry.href,
        "updated": UPDATED,
        "links": entry.links(),
        "author": entry.author,
        "content": dict(entry.content),
    }
    if entry.acl is not None:
        made["acl"] = dict(entry.acl)
        made["content"].setdefault("eai:acl", None)
    if entry.fields:
        made["fields"] = dict(entry.fields)
    return made


def _xml_entry(entry: Entry) -> str:
    links = "".join(f'<link href={quoteattr(to)} rel="{rel}"/>' for rel, to in entry.links().items())
    content = dict(entry.content)
    content.pop("eai:acl", None)
    if entry.acl is not None:
        content["eai:acl"] = entry.acl
    if entry.fields:
        names = {"required": "requiredFields", "optional": "optionalFields", "wildcard": "wildcardFields"}
        content["eai:attributes"] = {names[kind]: list(found) for kind, found in entry.fields.items()}
    return (
        f"<entry><title>{escape(entry.name)}</title><id>{escape(entry.href)}</id><updated>{UPDATED}</updated>{links}"
        f"<author><name>{escape(entry.author)}</name></author>"
        f'<content type="text/xml">{_value(content)}</content></entry>'
    )


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        keys = (f"<s:key name={quoteattr(str(name))}>{_value(item)}</s:key>" for name, item in value.items())
        return f"<s:dict>{''.join(keys)}</s:dict>"
    if isinstance(value, list | tuple):
        return f"<s:list>{''.join(f'<s:item>{_value(item)}</s:item>' for item in value)}</s:list>"
    if value is True or value is False:
        return str(int(value))
    text = "" if value is None else str(value)
    return f"<![CDATA[{text}]]>" if "\n" in text and "]]>" not in text else escape(text)
