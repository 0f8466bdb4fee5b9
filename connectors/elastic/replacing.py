"""A rule whose type in Kibana changes. Kibana cannot change it, so the rule is deleted and created anew.

What analysts made of it goes along: exceptions, actions, whether it is on, their tags, and the fields they edited.
What they wrote in the old type's language (query, filters, indices) cannot, and keeps the rule as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracehound.deploy import Found, Wanted
from tracehound.deploy.plan import edited
from tracehound.errors import TargetError

OF_THE_TYPE = (
    "type", "query", "language", "index", "data_view_id", "filters", "new_terms_fields", "history_window_start",
    "threshold", "saved_id", "timestamp_field", "event_category_override", "tiebreaker_field",
)  # fmt: skip
"""Fields that mean something for one type only."""
ANSWERED = frozenset(
    {"id", "immutable", "rule_source", "revision", "created_at", "created_by", "updated_at", "updated_by",
     "execution_summary", "outcome", "alias_target_id", "alias_purpose"}
)  # fmt: skip
"""What Kibana answers and does not take."""


def note(old: str, new: str) -> str:
    """For ``plan``."""
    return (
        f"Kibana cannot change a rule's type ({old}, now {new}): it is deleted and created anew with its "
        "exceptions, actions and switch; its alerts stay, the history of its runs does not"
    )


def replacement(
    wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str]
) -> dict[str, Any]:
    """The new rule's fields, but for id, version and tags. Raises ``TargetError`` where an edit would be lost."""
    theirs = [name for name in edited(found) if name in OF_THE_TYPE and name not in (*fields, *dropped)]
    theirs += ["filters"] if found.raw.get("filters") else []
    if theirs:
        raise TargetError(
            f"is of type {found.raw['type']} and should be {fields['type']}, and an analyst edited "
            f"{', '.join(theirs)}: left as it is; `apply --overwrite` takes ours (filters have to be taken away "
            "in Kibana first)"
        )
    whole = {
        name: value
        for name, value in found.raw.items()
        if name not in (*ANSWERED, *OF_THE_TYPE, *dropped) and value is not None
    }
    return whole | {name: wanted.body[name] for name in OF_THE_TYPE if name in wanted.body} | dict(fields)


def replaced(
    before: Mapping[str, Any], after: Mapping[str, Any], ask: Callable[..., Any], place: str
) -> None:
    """Delete and create; the old rule comes back where the new one is refused."""
    ask("DELETE", place, query={"rule_id": after["rule_id"]}, missing_ok=True)
    try:
        ask("POST", place, after)
    except TargetError as error:
        old = {name: value for name, value in before.items() if name not in ANSWERED and value is not None}
        try:
            ask("POST", place, old)
        except TargetError as worse:
            raise TargetError(f"{error}; and the rule before it is not taken any more: {worse}") from error
        raise TargetError(f"{error}; the rule is there again as it was") from error
