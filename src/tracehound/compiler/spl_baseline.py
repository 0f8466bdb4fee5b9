"""First-seen baselines in SPL: the rule's search, and the search that keeps what was seen in a lookup.

The lookup ``tracehound_seen_<rule>`` has a row for each value that an entity showed, and one for the entity itself
(``value`` is ``*``; values begin with ``v:``): ``by1`` .. the entity in lower case, ``first`` and ``last`` in epoch
milliseconds. ``first`` is the beginning of the time in which the value (or entity) was never away for as long as
``over``: so a value is new at an event if it is not known to have been shown before it, whether the search that
keeps the lookup has seen that event already or not. Both searches may run in any order and over times that
overlap, and read events twice.

A row of the rule's search is an event with values that its entity did not show before: ``_time``, the fields of
``by`` (arrays with ``{}``) in lower case, ``first_seen`` (the values, in lower case), ``known_since`` (of the
entity, seconds) and ``metadata.uid``.

At first the lookup is empty: the companion ``keep`` is run once over as long as ``over``, then on a schedule, over
at least the time since it ran last and the lateness, which together are shorter than ``over``. Without that first
run an entity's first event begins its time of learning, as in the embedded engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracehound.compiler import conditions
from tracehound.compiler.model import Companion, Said
from tracehound.compiler.spl import evaluated, spl_field
from tracehound.compiler.spl_rows import MAX_VALUES, base_search, folded, is_array, named
from tracehound.rules import Rule
from tracehound.rules.model import Baseline
from tracehound.schema import fields

MAX_ROWS = 500_000
"""So many rows are kept, those that were seen last; as many values as the embedded engine remembers."""
DAY = 86_400_000
STREAMED = (
    "Splunk's pages leave open whether streamstats without a window looks back over more than 10,000 rows: beyond "
    "so many events in the time searched, a value may be raised at more than its first event"
)
KEPT = "what the embedded engine learned from its own memory or from --baseline-from is not in the lookup: seed it"


def baseline(rule: Rule) -> Said:
    """A first-seen baseline: the rule's search, with the searches that seed and keep its lookup."""
    if rule.baseline is None:
        raise ValueError(f"rule {rule.id} is no baseline")
    table = lookup_of(rule)
    keep = "\n".join(_keep(rule, rule.baseline, table))
    over = rule.baseline.seconds
    purpose = f"keeps the lookup {table}; run it once over the last {over} s to fill it, then on schedule"
    query = "\n".join(_search(rule, rule.baseline, table))
    return Said(query, (STREAMED, KEPT), (Companion("keep", keep, purpose),), (table,))


def lookup_of(rule: Rule) -> str:
    """The name of a rule's lookup."""
    return f"tracehound_seen_{re.sub(r'[^a-z0-9]+', '_', rule.path.stem.lower()).strip('_')}"


def _shown(rule: Rule, kept: Baseline, more: tuple[str, ...] = ()) -> Iterator[str]:
    """The events that the rule selects, with entity and values."""
    search, whole = base_search([rule])
    yield search
    if not whole:
        yield f"| where {conditions.expression(rule)}"
    yield "| dedup metadata.uid keepempty=t"
    keys = [f"th_key{place}" for place in range(1, len(kept.by) + 1)]
    said = [f"{key}={_entity(name)}" for key, name in zip(keys, kept.by, strict=True)]
    yield f"| eval th_t=round(_time * 1000), th_value={folded(kept.of)}, {', '.join(said)}"
    yield f"| where {' AND '.join(f'isnotnull({name})' for name in ('th_value', *keys))}"
    also = [named(spl_field(name)) for name in ("metadata.uid", *more)]
    yield f"| fields {', '.join(['_time', 'th_t', 'th_value', *keys, *also])}"
    yield "| fields - _raw"


def _entity(name: str) -> str:
    """One field of an entity; an array as a whole."""
    said = f"lower({evaluated(name)})"
    return f'mvjoin(mvsort({said}), ", ")' if is_array(name) else said


def _search(rule: Rule, kept: Baseline, table: str) -> Iterator[str]:
    over, learn = kept.seconds * 1000, (kept.learn or kept.seconds) * 1000
    also = _named_by(rule)
    keys = [f"th_key{place}" for place in range(1, len(kept.by) + 1)]
    who = " ".join(keys)
    entity = " ".join(f"by{place} AS {key}" for place, key in enumerate(keys, 1))
    yield from _shown(rule, kept, also)
    yield "| sort 0 th_t"
    yield "| streamstats count AS th_n"
    yield f"| mvexpand th_value limit={MAX_VALUES}"
    yield '| eval th_shown="v:".th_value, th_any="*"'
    yield f"| lookup {table} {entity} value AS th_shown OUTPUT first AS th_first last AS th_last"
    yield f"| lookup {table} {entity} value AS th_any OUTPUT first AS th_since last AS th_there"
    yield f"| streamstats current=f max(th_t) AS th_before BY {who} th_value"
    yield f"| streamstats current=f max(th_t) AS th_seen BY {who}"
    yield f"| eval th_back=if(isnull(th_seen) OR th_t - th_seen>={over}, 1, 0)"
    yield f"| streamstats sum(th_back) AS th_stay BY {who}"
    yield f"| streamstats min(th_t) AS th_start BY {who} th_stay"
    yield f"| eval th_start=if(th_since<th_start AND th_start - th_there<{over}, th_since, th_start)"
    yield f"| eval th_known=if(th_first<th_t AND th_t - th_last<{over}, 1, 0)"
    yield f"| where th_known=0 AND (isnull(th_before) OR th_t - th_before>={over}) AND th_t - th_start>={learn}"
    yield f"| eventstats values(th_value) AS first_seen BY {who} th_n"
    yield "| dedup th_n"
    yield "| eval known_since=th_start / 1000"
    names = [named(spl_field(name)) for name in also]
    uid = [] if "metadata.uid" in kept.by else ["metadata.uid"]
    yield f"| table _time, {', '.join([*keys, 'first_seen', 'known_since', *names, *uid])}"
    renamed = (f"{key} AS {named(name)}" for key, name in zip(keys, kept.by, strict=True))
    yield f"| rename {', '.join(renamed)}"


def _named_by(rule: Rule) -> tuple[str, ...]:
    """Fields that are not of the entity and that a finding is named by."""
    wanted = [rule.risk_entity, *(rule.suppress.by if rule.suppress else ())]
    by = rule.baseline.by if rule.baseline else ()
    return tuple(n for n in dict.fromkeys(wanted) if n in fields() and n not in (*by, "metadata.uid"))


def _keep(rule: Rule, kept: Baseline, table: str) -> Iterator[str]:
    """Add what was shown to the lookup; drop what was not for longer than the rule looks back."""
    over = kept.seconds * 1000
    keys = [f"th_key{place}" for place in range(1, len(kept.by) + 1)]
    by = [f"by{place}" for place in range(1, len(kept.by) + 1)]
    yield from _shown(rule, kept)
    yield '| eval th_value=mvappend("*", mvmap(th_value, "v:".th_value))'
    yield f"| mvexpand th_value limit={MAX_VALUES + 1}"
    yield f"| stats min(th_t) AS th_first max(th_t) AS th_last BY {' '.join(keys)} th_value"
    renamed = (f"{key} AS {name}" for key, name in zip(keys, by, strict=True))
    yield f"| rename {', '.join(renamed)}, th_value AS value"
    yield f"| inputlookup append=t {table}"
    oldest = "min(first) AS first max(last) AS last"
    yield f"| stats min(th_first) AS th_first max(th_last) AS th_last {oldest} BY {' '.join(by)} value"
    cases = (
        "isnull(th_first), first",
        "isnull(first) OR th_first - last>=" + str(over) + ", th_first",
        "true(), min(first, th_first)",
    )
    yield f"| eval first=case({', '.join(cases)})"
    yield "| eval last=max(coalesce(last, th_last), coalesce(th_last, last))"
    yield f"| where last>now() * 1000 - {over + DAY}"
    yield f"| sort {MAX_ROWS} -last"
    yield f"| table {', '.join(by)}, value, first, last"
    yield f"| outputlookup {table}"
