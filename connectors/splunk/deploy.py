"""What is deployed to Splunk: the app, lookups, macros, saved searches, boards; and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tracehound.compiler.conf_text import one_line
from tracehound.config import Settings
from tracehound.deploy import Absent, Deployment, LeftOut, Part, Wanted
from tracehound.errors import ConfigError, TargetError
from tracehound.rules import Rule, RuleSet

from . import boards, lookups, marks, objects_searches
from .events import sourcetype
from .macros import macros
from .objects_knowledge import Apps, Collections, Lookups, Macros, Views
from .objects_rows import APPLIED, APPLIED_SETTINGS, Rows, wanted_rows
from .rest import Rest
from .settable import Settable, settable
from .settings import SplunkSettings

OLDEST = (9, 0)
API_ACTIVITY = 6003
BY_HAND = (
    "write it with `tracehound build splunk -o DIR` and install the package (Splunk Cloud: Apps > Manage Apps > "
    "Install app from file, or the Admin Config Service)"
)
CLOSED = (
    "Splunk Cloud keeps {path} to itself: they come with the app's package, and are changed in Splunk Web"
)
SCHEDULES = ("schedule_search", "edit_search_schedule_window")


@dataclass
class Splunk:
    """A Splunk that answers."""

    settings: SplunkSettings
    app: Settings
    rest: Rest

    @cached_property
    def settable(self) -> Settable:
        """What a site may set, as macros; compiled once."""
        return settable(self.app)

    @cached_property
    def has_app(self) -> bool:
        """Whether the app is there. Splunk Cloud may not list apps: a namespace of none is answered 404."""
        if self.is_open(self.rest.path("apps/local", app="")):
            return Apps(self.rest).get(self.settings.app) is not None
        return self.rest.is_open(self.rest.path("saved/searches"))

    def is_open(self, path: str) -> bool:
        """Whether a collection can be had over REST."""
        return not self.rest.info.cloud or self.rest.is_open(path)

    @property
    def search_app(self) -> str:
        """The app in which searches are run by hand."""
        return self.settings.app if self.has_app else "search"

    def macro_definitions(self) -> dict[str, str]:
        """Our macros: as they are deployed, else as they would be."""
        made = {one.name: one.definition for one in macros(self.settings, self.app, self.settable)}
        deployed = Macros(self.rest)
        there = self.has_app and self.is_open(deployed.path())
        return {**made, **(deployed.definitions() if there else {})}


def connect(settings: SplunkSettings, app: Settings) -> Splunk:
    """Raises ``ConfigError`` and ``TargetError`` where it cannot be reached."""
    rest = Rest(settings)
    if rest.info.version and rest.info.version < OLDEST:
        raise ConfigError(f"{settings.url}: {rest.info}: at least {'.'.join(map(str, OLDEST))} is needed")
    return Splunk(settings, app, rest)


def deployment(
    settings: SplunkSettings, app: Settings, chosen: RuleSet, complete: bool, *, enabled: bool = False
) -> Deployment:
    """All that is wanted. ``complete``: ``chosen`` are all the rules; else they, and what they need."""
    there = connect(settings, app)
    searches = objects_searches.parts(there, chosen.rules, complete, enabled=enabled)
    texts = [str(one.body["search"]) for part in searches for one in part.wanted]
    if there.rest.info.cloud and not there.has_app:
        what = f"{settings.app}, and what is in it: {len(texts)} searches, macros, lookups, boards"
        missing = LeftOut("app", settings.app, what, f"Splunk Cloud takes apps as files: {BY_HAND}")
        return Deployment([Part(Apps(there.rest), left_out=[missing], complete=False)], list(_notes(there)))
    parts = [*app_part(there), *knowledge_parts(there, chosen.rules, None if complete else texts), *searches]
    if complete:
        parts += board_parts(there)
    return Deployment([_opened(there, part) for part in parts], list(_notes(there)))


def app_part(there: Splunk) -> list[Part]:
    """The app, where it is not there."""
    if there.has_app:
        return []
    name = there.settings.app
    return [Part(Apps(there.rest), [Wanted("app", name, name, {"app": "there"})], complete=False)]


def _opened(there: Splunk, part: Part) -> Part:
    """The part, or on Splunk Cloud that it cannot be had over REST."""
    path = getattr(part.objects, "path", None)
    if path is None or not part.wanted or there.is_open(path()):
        return part
    kind = part.objects.kind
    out = LeftOut(kind, "*", f"{len(part.wanted)} of them", CLOSED.format(path=path()))
    return Part(Absent(kind), left_out=[out])


def knowledge_parts(there: Splunk, rules: Sequence[Rule], texts: Sequence[str] | None) -> list[Part]:
    """Lookups and macros; with ``texts`` those that these searches name."""
    rest, complete = there.rest, texts is None
    found = lookups.lookups(there.app, rules)
    made = macros(there.settings, there.app, there.settable)
    if texts is not None:
        found = [one for one in found if any(one.name in text for text in texts)]
        made = [one for one in made if any(f"`{one.name}`" in text for text in texts)]
    if there.has_app and there.is_open(Lookups(rest, []).path()):
        brought = Lookups(rest, []).by_file([one.name for one in found])
        found = [one for one in found if one.name not in brought]
    catalogues = [wanted_rows(one) for one in found if one.rows is not None]
    collections = [_wanted("collection", one.name, one.settings) for one in lookups.collections(found)]
    if catalogues:
        collections.append(_wanted("collection", APPLIED, APPLIED_SETTINGS))
    defined = [_wanted("lookup", one.name, one.kv_store()) for one in found]
    said = [
        _wanted("macro", one.name, marks.macro_body(one.definition, one_line(one.description)))
        for one in made
    ]
    shared = not complete
    return [
        Part(Collections(rest, collections), collections, complete=complete, shared=shared),
        Part(Lookups(rest, defined), defined, complete=complete, shared=shared),
        Part(Rows(rest, catalogues), catalogues, complete=complete, shared=shared),
        Part(Macros(rest), said, complete=complete, shared=shared),
    ]


def _wanted(kind: str, name: str, body: Mapping[str, str]) -> Wanted:
    return Wanted(kind, name, name, {key: marks.text_of(value) for key, value in body.items()})


def board_parts(there: Splunk) -> list[Part]:
    """The boards of our content and of packs; what is refused is left out with the reason."""
    refused: list[str] = []
    found = boards.views(there.settings, there.app, refused.append)
    wanted = [Wanted("board", one.name, one.label, marks.view_body(one.xml)) for one in found]
    left_out = [LeftOut("board", why, why.partition(":")[0], why) for why in refused]
    return [Part(Views(there.rest), wanted, left_out)]


def _notes(there: Splunk) -> Iterator[str]:
    """What to know about this Splunk before anything is written."""
    settings, rest = there.settings, there.rest
    yield f"{rest.info}, app {settings.app}, owner {settings.owner}, shared: {settings.sharing}"
    lacking = [name for name in SCHEDULES if name not in rest.capabilities]
    if rest.capabilities and lacking:
        yield f"our user lacks {' and '.join(lacking)}: Splunk will refuse scheduled searches"
    props = rest.path("configs/conf-props", sourcetype(API_ACTIVITY), app=there.search_app)
    if not rest.info.cloud and _is_missing(rest, props):
        yield "the app TA-tracehound is not on this search head: without it, searches find no fields in the events"
    for name in dict.fromkeys([settings.index, *settings.indexes.values()]):
        if _is_missing(rest, rest.path("data/indexes", name, app="")):
            how = (
                "with the Admin Config Service or in Settings > Indexes"
                if rest.info.cloud
                else "on the indexers"
            )
            yield f"there is no index {name} that this search head knows: make it {how}; apply makes no indexes"


def _is_missing(rest: Rest, path: str) -> bool:
    """Whether something is not there; who may not look is told nothing."""
    try:
        return rest.entry(path) is None
    except (ConfigError, TargetError):
        return False
