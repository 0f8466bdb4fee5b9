"""What tests of deploying to Splunk share: rules, plans, the parts of a deployment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from splunk_http import Request
from splunk_stub import SplunkStub

from tracehound.compiler.conf import stanza_name
from tracehound.config import Settings
from tracehound.deploy import Change, Deployment, Done, apply, plan, removal
from tracehound.errors import ConfigError
from tracehound.rules import Rule, RuleSet
from tracehound.targets import target

SEARCH, MACRO = "saved search", "macro"
PATH = "/servicesNS/nobody/tracehound/saved/searches"
KV = ("tracehound", "nobody")
MODELS = "tracehound_models"


def chosen(rules: Sequence[Rule]) -> RuleSet:
    """Some rules as a set."""
    return RuleSet(tuple(rules))


def wanted(
    stub: SplunkStub, rules: Sequence[Rule], complete: bool = True, site: Settings | None = None, **more: Any
) -> Deployment:
    """What is wanted on this Splunk."""
    enabled = {"enabled": more.pop("enabled")} if "enabled" in more else {}
    made: Deployment = target("splunk").part("deploy")(
        stub.settings(**more), site or Settings(), chosen(rules), complete, **enabled
    )
    return made


def planned(stub: SplunkStub, rules: Sequence[Rule], complete: bool = True, **more: Any) -> list[Change]:
    """What would be done."""
    overwrite = bool(more.pop("overwrite", False))
    return plan(wanted(stub, rules, complete, **more).parts, overwrite=overwrite)


def actions(changes: Sequence[Change], *kinds: str) -> Counter[str]:
    """How many changes there are of each action, of some kinds."""
    return Counter(change.action for change in changes if not kinds or change.kind in kinds)


def deploy(stub: SplunkStub, rules: Sequence[Rule], complete: bool = True, **more: Any) -> list[Done]:
    """All that is wanted is written; nothing stops it."""
    overwrite = bool(more.get("overwrite", False))
    done, error = apply(planned(stub, rules, complete, **more), overwrite=overwrite)
    assert error is None, error
    return done


def take_out(
    stub: SplunkStub, rules: Sequence[Rule], complete: bool = True, **more: Any
) -> tuple[list[Done], ConfigError | None]:
    """What carries the mark is removed."""
    return apply(removal(wanted(stub, rules, complete, **more).parts))


def writes(splunk: SplunkStub) -> list[Request]:
    """The requests that change something, search jobs aside."""
    return [r for r in splunk.rest_requests if r.method != "GET" and "/search/" not in r.path]


def name_of(rule: Rule) -> str:
    """The name of a rule's saved search."""
    return stanza_name(rule)


def rows_of(splunk: SplunkStub, name: str) -> dict[str, dict[str, Any]]:
    """The rows of a collection by their keys."""
    found: dict[str, dict[str, Any]] = splunk.kv.documents((*KV, name))
    return found
