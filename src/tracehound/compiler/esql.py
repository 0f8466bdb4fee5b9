"""ES|QL: the whole condition as one ``KQL("...")`` or ``QSTR("...")``: right for arrays, and without case."""

from __future__ import annotations

from typing import Any, ClassVar

from sigma.backends.elasticsearch.elasticsearch_esql import ESQLBackend
from sigma.conditions import ConditionAND, ConditionNOT, ConditionOR
from sigma.conversion.state import ConversionState

from tracehound.compiler.kql import TracehoundKqlBackend
from tracehound.compiler.leaves import CannotSayError, SaysLeaves, leaf_of, quoted_line, type_of
from tracehound.compiler.lucene import TracehoundLuceneBackend, caseless
from tracehound.matcher.condition import Related, walk
from tracehound.schema import fields

INDEX = "logs-tracehound.*"
RELATIONS = {"equals": "{0} == {1}", "startswith": "STARTS_WITH({0}, {1})", "endswith": "ENDS_WITH({0}, {1})"}


class TracehoundEsqlBackend(SaysLeaves, ESQLBackend):
    """pySigma's ES|QL backend, mended (docs/compiler.md, "Defects of the backends")."""

    name: ClassVar[str] = "Tracehound ES|QL"
    identifier = "tracehound_esql"
    language = "ES|QL"
    or_word, not_word = "or", "not"
    state_defaults: ClassVar[dict[str, str]] = {"index": INDEX, "metadata": "_id, _index, _version"}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kql, self._lucene = TracehoundKqlBackend(), TracehoundLuceneBackend()

    def convert_condition(self, cond: Any, state: ConversionState) -> Any:
        """``KQL("...")`` for all that KQL can say, else ``QSTR("...")``; around them what compares two fields."""
        if _compares_fields(cond):
            return super().convert_condition(cond, state)
        try:
            return f"KQL({quoted_line(str(self._kql.convert_condition(cond, state)))})"
        except CannotSayError:
            return f"QSTR({quoted_line(str(self._lucene.convert_condition(cond, state)))})"

    def related(self, node: Related) -> str:
        """Two fields that hold one value each."""
        if node.how not in RELATIONS:
            raise CannotSayError("ES|QL cannot ask whether a field contains another one", node.field)
        known = fields()
        for name in (node.field, node.other):
            if known[name].array:
                raise CannotSayError(f"ES|QL compares single values, and {name} is an array", name)
        if type_of(node.field) != type_of(node.other):
            raise CannotSayError(f"ES|QL compares fields of one type; {node.other} has another", node.field)
        said = RELATIONS[node.how].format(caseless(node.field), caseless(node.other))
        return f"COALESCE({said}, false)"

    def finalize_query_default(self, rule: Any, query: str, index: int, state: ConversionState) -> str:
        """``FROM`` the events of all classes; the metadata lets Kibana tell an event it alerted on before."""
        return (
            f"FROM {self.state_defaults['index']} METADATA {self.state_defaults['metadata']}\n| WHERE {query}"
        )


def _compares_fields(cond: Any) -> bool:
    if isinstance(cond, ConditionAND | ConditionOR | ConditionNOT):
        return any(_compares_fields(arg) for arg in cond.args)
    return any(isinstance(item, Related) for item in walk(leaf_of(cond)))
