"""The compiled searches with macros for what a site sets: lists behind ``|expand``, and counts of correlations.

A rule is compiled a second time with a mark for each list and a number that occurs nowhere else for its count;
where a mark stands as a value of the base search, the macro takes its place. What stands elsewhere cannot be a
macro: in ``where`` and ``eval`` a list becomes a regular expression for each value, and ``*`` or case that counts
is no term of the base search. Such a rule keeps its values as they are, and ``Settable.inlined`` names it: to
change them, change the list in the pack and build again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sigma.conditions import ConditionFieldEqualsValueExpression
from sigma.types import SigmaCIDRExpression, SigmaString

from tracehound.compiler.front import compile_rules
from tracehound.compiler.leaves import leaf_of, type_of
from tracehound.compiler.model import Query
from tracehound.compiler.spl import listed_values
from tracehound.config import Settings
from tracehound.errors import RuleError
from tracehound.matcher.condition import Leaf
from tracehound.rules import Rule, filled_fields
from tracehound.rules.documents import read_text
from tracehound.rules.loader import load_rules

COUNTED = ("event_count", "value_count", "value_sum", "value_avg", "value_percentile", "value_median")
COUNTS = (7919, 7907, 7901, 7883, 7879, 7877, 7873)
"""Numbers that stand for a count while compiling; below the longest window of streamstats, so that nothing else in
the search depends on them."""
SAYS = {
    "gte": "from so many on", "gt": "above", "lte": "up to", "lt": "below", "eq": "at exactly",
    "neq": "at anything but",
}  # fmt: skip
MARK = "\ue0f1tracehound-list-{}\ue0f1"
ADDRESS = "fd54:7261:6365:686f:756e:6469:6c73:{:x}"
"""The mark of a list of addresses, which only an address can be: a private one that nobody else has."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ue0f1]")
_NAMED = re.compile(r"%([^%\s]+)%")
_NAME = r'(?:"[^"\\]+"|[\w.]+)'
_LIST = re.compile(rf'({_NAME}) IN \(((?:"(?:[^"\\]|\\.)*"(?:, )?)+)\)')
_ONE = re.compile(rf'({_NAME})=("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class ListMacro:
    """A list of values that a site may change; ``definition`` is what stands between the brackets of ``IN``."""

    name: str
    macro: str
    definition: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """The count of a correlation that a site may change; ``says`` what it is compared with, in words."""

    title: str
    says: str
    macro: str
    definition: str


@dataclass(frozen=True, slots=True)
class Inlined:
    """A rule whose values could not become macros: the lists it uses, and whether its count is among it."""

    rule: Rule
    lists: tuple[str, ...]
    count: bool


@dataclass(slots=True)
class Settable:
    """Searches by rule id (the rule's own, then its companions) and the macros in them."""

    searches: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lists: list[ListMacro] = field(default_factory=list)
    thresholds: list[Threshold] = field(default_factory=list)
    inlined: list[Inlined] = field(default_factory=list)

    def with_macros(self, query: Query) -> Query:
        """A compiled rule, its searches with macros."""
        own, *beside = self.searches.get(query.rule.id, texts(query))
        pairs = zip(query.companions, beside, strict=True)
        return replace(query, query=own, companions=tuple(replace(c, query=text) for c, text in pairs))


def settable(app: Settings) -> Settable:
    """All rules of our content and the packs; rules that are refused are left out."""
    plain = load_rules(app.packs, lists=app.lists, filled=filled_fields())
    marks = _marks(plain.lists)
    marked = load_rules(
        app.packs, lists={name: [mark] for name, mark in marks.items()}, filled=filled_fields()
    )
    twins = {rule.id: rule for rule in marked}
    making = _Making(plain.lists, marks)
    for query in compile_rules(plain, "splunk").queries:
        making.add(query, twins.get(query.rule.id))
    return making.made


def texts(query: Query) -> tuple[str, ...]:
    """The rule's search, and those beside it."""
    return (query.query, *(companion.query for companion in query.companions))


def macro_names(prefix: str, names: Sequence[str]) -> dict[str, str]:
    """Names of macros: letters, digits and ``_``, each once."""
    found: dict[str, str] = {}
    for name in names:
        base = free = prefix + (re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "list")
        number = 2
        while free in found.values():
            free, number = f"{base}_{number}", number + 1
        found[name] = free
    return found


def definition(values: Sequence[str], name: str) -> str | None:
    """A list's values as they stand in ``name IN (...)``; None where the base search cannot say one of them."""
    said: list[str] = []
    for value in values:
        try:
            node = leaf_of(ConditionFieldEqualsValueExpression(name, _value(value, name)))
        except RuleError:
            return None
        found = listed_values(name, [node.test]) if isinstance(node, Leaf) else None
        if found is None or _CONTROL.search(value):
            return None
        said += found
    return ", ".join(dict.fromkeys(said))


def _value(value: str, name: str) -> SigmaString | SigmaCIDRExpression:
    """As ``|expand`` fills it in: a network is one on fields of addresses."""
    if type_of(name) == "ip" and "/" in value and not SigmaString(value).contains_special():
        return SigmaCIDRExpression(value)
    return SigmaString(value)


def _marks(lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """A mark for each list; of addresses an address, since no other would load."""
    found = {}
    for number, (name, values) in enumerate(sorted(lists.items()), 1):
        addresses = bool(values) and definition(values, "src_endpoint.ip") is not None
        found[name] = ADDRESS.format(number) if addresses else MARK.format(number)
    return found


def _with_count(text: str, number: int, macro: str) -> str:
    """A search with a macro for a number, also where it is counted in hundredths or millionths."""

    def placed(found: re.Match[str]) -> str:
        return f"`{macro}`" + (f" * 1{found[1]}" if found[1] else "")

    return re.sub(rf"\b{number}((?:00)*)\b", placed, text)


def _compiled(mark: str) -> str:
    """A mark as it stands in a search: an address as a block."""
    return mark if mark.startswith(MARK[0]) else f"{mark}/128"


class _Making:
    """Rule by rule: which of its values become macros."""

    def __init__(self, lists: Mapping[str, Sequence[str]], marks: Mapping[str, str]) -> None:
        self.made = Settable()
        self._lists, self._marks = lists, {f'"{_compiled(mark)}"': name for name, mark in marks.items()}
        self._names = macro_names("tracehound_list_", sorted(lists))
        self._definitions: dict[str, str] = {}
        self._taken: set[str] = set()

    def add(self, query: Query, twin: Rule | None) -> None:
        """Take in a rule; ``twin`` is the same rule with marks in its lists."""
        rule, plain = query.rule, texts(query)
        link = rule.correlation
        counted = link is not None and link.kind in COUNTED and link.count < COUNTS[-1]
        used = self._used(rule, twin)
        if not (counted or used):
            return
        wishes = [(bool(used), counted), (bool(used), False), (False, counted)]
        for lists, count in (wish for wish in wishes if any(wish)):
            source = twin if lists else rule
            found = self._place(rule, source, plain, count) if source is not None else None
            if found is not None:
                self.made.searches[rule.id] = found
                if (lists, count) != wishes[0]:
                    self.made.inlined.append(Inlined(rule, () if lists else used, counted and not count))
                return
        self.made.inlined.append(Inlined(rule, used, counted))

    def _used(self, rule: Rule, twin: Rule | None) -> tuple[str, ...]:
        """The lists whose mark is in the rule's searches; of a rule that takes no marks those that it names."""
        compiled = compile_rules([twin], "splunk").queries if twin is not None else ()
        if not compiled:
            named = set(_NAMED.findall(read_text(rule.path)))
            return tuple(name for name in self._marks.values() if name in named)
        text = "\n".join(texts(compiled[0]))
        return tuple(name for mark, name in self._marks.items() if mark[1:-1] in text)

    def _place(self, rule: Rule, twin: Rule, plain: Sequence[str], count: bool) -> tuple[str, ...] | None:
        """The searches with macros; None where a mark stands where no macro can."""
        number = next((n for n in COUNTS if not any(str(n + m) in t for t in plain for m in (0, 1))), 0)
        link = twin.correlation
        if count and link is not None:
            twin = replace(twin, correlation=replace(link, count=number))
        compiled = compile_rules([twin], "splunk").queries
        if not compiled:
            return None
        found = list(texts(compiled[0]))
        definitions = dict(self._definitions)
        placed = [self._with_lists(text, definitions) for text in found]
        if any(mark[1:-1] in text for text in placed for mark in self._marks):
            return None
        if count and link is not None:
            threshold = self._threshold(rule, number)
            said = number + (link.kind == "event_count" and link.op == "gt")
            after = [_with_count(text, said, threshold.macro) for text in placed]
            if after == placed or any(str(number) in text for text in after):
                return None
            self._taken.add(threshold.macro)
            self.made.thresholds.append(threshold)
            placed = after
        self._keep(definitions)
        return tuple(placed)

    def _with_lists(self, text: str, definitions: dict[str, str]) -> str:
        def in_list(found: re.Match[str]) -> str:
            values = re.findall(r'"(?:[^"\\]|\\.)*"', found[2])
            said = [self._macro(found[1], value, definitions) or value for value in values]
            return f"{found[1]} IN ({', '.join(said)})"

        def alone(found: re.Match[str]) -> str:
            macro = self._macro(found[1], found[2], definitions)
            return f"{found[1]} IN ({macro})" if macro else found[0]

        return _ONE.sub(alone, _LIST.sub(in_list, text))

    def _macro(self, name: str, value: str, definitions: dict[str, str]) -> str | None:
        """The macro in the place of a mark; None for another value, and where the list cannot be said so."""
        wanted = self._marks.get(value)
        if wanted is None:
            return None
        said = definition(self._lists[wanted], name.strip('"').replace("{}", ""))
        if said is None or definitions.setdefault(wanted, said) != said:
            return None
        return f"`{self._names[wanted]}`"

    def _threshold(self, rule: Rule, number: int) -> Threshold:
        link = rule.correlation
        if link is None:
            raise ValueError(f"rule {rule.id} is no correlation")
        own = next(iter(macro_names("tracehound_threshold_", [rule.path.stem]).values()))
        own = own if own not in self._taken else f"{own}_{rule.id[:8]}"
        more = link.kind == "event_count" and link.op == "gt"
        return Threshold(rule.title, SAYS["gte" if more else link.op], own, str(link.count + more))

    def _keep(self, definitions: dict[str, str]) -> None:
        for name in (name for name in definitions if name not in self._definitions):
            self.made.lists.append(ListMacro(name, self._names[name], definitions[name]))
        self._definitions = definitions
