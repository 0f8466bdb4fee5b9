"""The condition of a single-event rule in a language: the piece that all queries are built from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sigma.conversion.state import ConversionState
from sigma.rule import SigmaRule

from tracehound.compiler.backends import BACKENDS
from tracehound.compiler.prepare import prepared
from tracehound.rules import Rule


@lru_cache(maxsize=8)
def backend(language: str) -> Any:
    """Our pySigma backend for a language."""
    return BACKENDS[language]()


def tree(rule: Rule) -> Any:
    """pySigma's condition of a rule, its log source in it. The rule comes from ``rules.loader``, not the cache."""
    return prepared_rule(rule).detection.parsed_condition[0].parsed


def condition(rule: Rule, language: str) -> str:
    """The condition alone (``KQL("...")``, ``field:value AND ...``). Raises ``CannotSayError``."""
    return str(backend(language).convert_condition(tree(rule), ConversionState()))


def expression(rule: Rule) -> str:
    """The condition as an expression of SPL's ``eval`` and ``where``; true or false, never null."""
    return str(backend("splunk").expression(tree(rule), ConversionState()))


def query(rule: Rule, language: str) -> str:
    """The whole query of a single-event rule."""
    found = backend(language).convert_rule(prepared_rule(rule))
    return str(found[0])


def prepared_rule(rule: Rule) -> SigmaRule:
    """A copy of pySigma's rule as a backend takes it."""
    if not isinstance(rule.sigma, SigmaRule):
        raise TypeError(f"{rule.title} is no single-event rule with pySigma's object")
    return prepared(rule.sigma)
