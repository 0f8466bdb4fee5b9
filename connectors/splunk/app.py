"""The apps of this pack: ``tracehound`` for search heads, ``TA-tracehound`` for all, ``tracehound_indexes``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from xml.sax.saxutils import quoteattr

import tracehound
from tracehound.compiler.conf_text import one_line
from tracehound.config import Settings
from tracehound.content import content_root
from tracehound.rules import Rule, lock

from . import boards, cim, marks
from .lookups import Lookup, collections, lookups
from .macros import Macro, macros
from .package import HEAD, READ_BY_ALL, Package, app_conf, conf, icons, manifest
from .readme import add_on_readme, app_readme, indexes_readme
from .searches import saved_searches
from .settable import settable
from .settings import SplunkSettings

ADD_ON, INDEXES = "TA-tracehound", "tracehound_indexes"
MODELS = (
    "Alerts",
    "Authentication",
    "Change",
    "Data Loss Prevention",
    "Network Resolution",
    "Network Traffic",
    "Web",
)
MARK_SPEC = f"""\
[<stanza name>]

{marks.MARK} = <string>
* By which `tracehound apply splunk` knows its searches, and what an analyst edited. It is no alert action.
"""
TEST_EVENTS_KEPT = 86_400 * 3
"""Seconds after which the index of test events forgets them."""


def packages(
    settings: SplunkSettings, app: Settings, rules: Sequence[Rule], refused: Callable[[str], object]
) -> list[Package]:
    """All apps. ``refused`` hears of boards that cannot be built."""
    return [search_app(settings, app, rules, refused), add_on(settings), index_app(settings)]


def version_of(settings: SplunkSettings) -> str:
    """What Splunk compares with the installed app: the site's, since its pack changes without Tracehound."""
    return settings.app_version or tracehound.__version__


def search_app(
    settings: SplunkSettings, app: Settings, rules: Sequence[Rule], refused: Callable[[str], object]
) -> Package:
    """What people and the scheduler use: searches, macros, lookups, boards."""
    version = version_of(settings)
    placed = settable(app)
    found = lookups(app, rules)
    seen = [one for one in found if one.rows is None]
    views = boards.views(settings, app, refused)
    versions = lock.versions([content_root(), *app.packs])
    title, says = "Tracehound", "Detections on the use of AI: searches, boards and lookups."
    files = {
        "default/app.conf": app_conf(settings.app, version, title, says, visible=True),
        "default/macros.conf": conf(_macro(one) for one in macros(settings, app, placed)),
        "default/savedsearches.conf": conf(
            (one.name, marks.with_mark(one.settings, versions.get(one.rule.id, 1)))
            for one in saved_searches(settings, app, rules, placed)
        ),
        "README/savedsearches.conf.spec": MARK_SPEC.encode(),
        "default/collections.conf": conf((one.name, one.settings) for one in collections(seen)),
        "default/transforms.conf": conf(
            (one.name, one.kv_store() if one.rows is None else one.file()) for one in found
        ),
        "default/data/ui/nav/default.xml": navigation([view.name for view in views]),
        "metadata/default.meta": _rights(settings),
        "README.md": app_readme(settings, rules, found, placed),
        "app.manifest": manifest(settings.app, version, title, says, workloads=["_search_heads"]),
        **icons(),
    }
    for one in found:
        if one.rows is not None:
            files[f"lookups/{one.name}.csv"] = rows(one)
    for view in views:
        files[f"default/data/ui/views/{view.name}.xml"] = marks.signed_view(view.xml).encode()
    return Package(settings.app, version, files)


def _macro(one: Macro) -> tuple[str, dict[str, str]]:
    said = marks.macro_description(one.definition, one_line(one.description))
    return one.name, {"definition": one.definition, "description": said}


def add_on(settings: SplunkSettings) -> Package:
    """What machines need that take in events, and that search them: sourcetypes, and the data models of CIM."""
    version = version_of(settings)
    title, says = (
        "Tracehound Add-on",
        "Sourcetypes of OCSF events about AI, and their fields in Splunk's CIM.",
    )
    meta = [("", {"access": READ_BY_ALL, "export": "none"})]
    meta += [(kind, {"export": "system"}) for kind in ("props", "eventtypes", "tags")]
    files = {
        "default/app.conf": app_conf(ADD_ON, version, title, says, visible=False),
        "default/props.conf": (HEAD + "\n" + cim.props()).encode(),
        "default/eventtypes.conf": conf(cim.event_types()),
        "default/tags.conf": conf(cim.tags()),
        "metadata/default.meta": conf(meta),
        "README.md": add_on_readme(),
        "app.manifest": manifest(
            ADD_ON, version, title, says, models=MODELS,
            workloads=["_search_heads", "_indexers", "_forwarders"],
        ),
        **icons(),
    }  # fmt: skip
    return Package(ADD_ON, version, files)


def index_app(settings: SplunkSettings) -> Package:
    """The indexes, for who does not make them otherwise: on indexers of Splunk Enterprise."""
    version = version_of(settings)
    title, says = "Tracehound Indexes", "The indexes of Tracehound's events and of its test events."
    names = dict.fromkeys((settings.index, *settings.indexes.values()))
    stanzas = [(name, _index(name)) for name in names]
    test = {**_index(settings.verify_index), "frozenTimePeriodInSecs": str(TEST_EVENTS_KEPT)}
    files = {
        "default/app.conf": app_conf(INDEXES, version, title, says, visible=False),
        "default/indexes.conf": conf([*stanzas, (settings.verify_index, test)]),
        "metadata/default.meta": conf([("", {"access": READ_BY_ALL, "export": "system"})]),
        "README.md": indexes_readme(settings),
        "app.manifest": manifest(INDEXES, version, title, says, workloads=["_indexers"]),
        **icons(),
    }
    return Package(INDEXES, version, files)


def _index(name: str) -> dict[str, str]:
    """Paths as Splunk Cloud asks for them, and copies on all peers of a cluster; the rest is the site's."""
    return {
        "repFactor": "auto",
        "homePath": f"$SPLUNK_DB/{name}/db",
        "coldPath": f"$SPLUNK_DB/{name}/colddb",
        "thawedPath": f"$SPLUNK_DB/{name}/thaweddb",
    }


def _rights(settings: SplunkSettings) -> bytes:
    """Everybody may read, administrators may write; seen from other apps only where Enterprise Security must."""
    stanzas = [("", {"access": READ_BY_ALL, "export": "none"})]
    if settings.enterprise_security:
        kinds = ("savedsearches", "macros", "transforms", "lookups", "collections")
        stanzas += [(kind, {"export": "system"}) for kind in kinds]
    return conf(stanzas)


def navigation(views: Sequence[str]) -> bytes:
    """The bar of the app: boards first, then what Splunk has for every app."""
    lines = ['<nav search_view="search" color="#202C44">']
    for number, name in enumerate(views):
        default = ' default="true"' if number == 0 else ""
        lines.append(f"  <view name={quoteattr(name)}{default} />")
    lines += [f'  <view name="{name}" />' for name in ("search", "alerts", "reports", "dashboards")]
    return ("\n".join([*lines, "</nav>"]) + "\n").encode()


def rows(lookup: Lookup) -> bytes:
    """A lookup's rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, lookup.fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lookup.rows or ())
    return text.getvalue().encode()
