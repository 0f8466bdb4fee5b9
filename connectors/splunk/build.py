"""``tracehound build splunk``: the apps as folders, and as packages to upload."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tracehound.compiler.cache import compiled
from tracehound.compiler.conf_text import can_hold
from tracehound.config import Settings
from tracehound.rules import filled_fields, load_rules
from tracehound.targets import target, target_settings

from .app import packages
from .settable import texts


def build(app: Settings, refused: Callable[[str], object]) -> Iterator[tuple[str, bytes]]:
    """Files by name; ``refused`` hears of rules and boards that cannot be built.

    The same content and settings give the same bytes.
    """
    settings = target_settings(target("splunk", app.packs), app)
    found = load_rules(app.packs, lists=app.lists, filled=filled_fields())
    done = compiled(found.rules, "splunk", app.packs, app.lists)
    for error in (*found.errors, *(error for _, error in done.errors)):
        refused(str(error))
    for gap in done.gaps:
        refused(f"{gap.rule.title}: {gap.reason}")
    rules = []
    for query in done.queries:
        if all(can_hold(text) for text in texts(query)):
            rules.append(query.rule)
        else:
            refused(f"{query.rule.path}: a value holds a control character, which no .conf file can hold")
    for package in packages(settings, app, rules, refused):
        for path, content in sorted(package.files.items()):
            yield f"{package.name}/{path}", content
        yield package.file_name, package.archive()
