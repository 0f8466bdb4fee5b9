"""Saved searches of the Splunk stand-in: names of their settings in files and over REST, and what is refused.

Pages: savedsearches.conf.spec 10.0; REST API Reference, "saved/searches": four settings have other names
there, wildcards are ``action.*``, ``args.*``, ``dispatch.*``, ``display.*``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from splunk_errors import RefusedError

REST_NAMES = {
    "enableSched": "is_scheduled",
    "counttype": "alert_type",
    "relation": "alert_comparator",
    "quantity": "alert_threshold",
}
DISPATCH = (
    "allow_partial_results auto_cancel auto_pause buckets earliest_time index_earliest index_latest "
    "indexedRealtime indexedRealtimeMinSpan indexedRealtimeOffset latest_time lookups max_count max_time "
    "rate_limit_retry reduce_freq rt_backfill rt_maximum_span sample_ratio spawn_process time_format ttl"
)
SUMMARIZE = (
    "command cron_schedule hash max_concurrent max_disabled_buckets max_summary_ratio max_summary_size "
    "max_time normalized_hash suspend_period timespan workload_pool"
)
ALERT = (
    "digest_mode display_view expires managedBy severity suppress suppress.fields suppress.group_name "
    "suppress.period track"
)
PLAIN = (
    "alert_condition allow_skew auto_summarize calculate_alert_required_fields_in_search counttype "
    "cron_schedule defer_scheduled_searchable_idxc description disabled dispatchAs displayview "
    "embed.enabled enableSched is_visible max_concurrent precalculate_required_fields_for_alerts quantity "
    "realtime_schedule relation request.ui_dispatch_app request.ui_dispatch_view "
    "restart_on_searchpeer_add run_n_times run_on_startup schedule_as schedule_priority schedule_window "
    "search skip_scheduled_realtime_idxc vsid workload_pool durable.backfill_type durable.lag_time "
    "durable.max_backfill_intervals durable.track_time_type"
)
KEYS = frozenset(
    [
        *PLAIN.split(),
        *(f"dispatch.{name}" for name in DISPATCH.split()),
        *(f"auto_summarize.{name}" for name in SUMMARIZE.split()),
        *(f"alert.{name}" for name in ALERT.split()),
    ]
)
"""Keys of the file, but those that begin with one of ``OPEN``."""
OPEN = ("action.", "args.", "display.", "auto_summarize.dispatch.")
BOOLEANS = {
    "alert.digest_mode", "alert.suppress", "auto_summarize", "disabled", "is_scheduled", "is_visible",
    "realtime_schedule", "restart_on_searchpeer_add", "run_on_startup", "dispatch.lookups",
    "dispatch.spawn_process", "dispatch.allow_partial_results", "embed.enabled",
}  # fmt: skip
NUMBERS = {"alert.severity", "dispatch.buckets", "dispatch.max_count", "dispatch.max_time", "max_concurrent"}
DEFAULTS = {
    "actions": "", "alert.digest_mode": "1", "alert.expires": "24h", "alert.managedBy": "",
    "alert.severity": "3", "alert.suppress": "0", "alert.suppress.fields": "", "alert.suppress.group_name":
    "", "alert.suppress.period": "", "alert.track": "0", "alert_comparator": "", "alert_condition": "",
    "alert_threshold": "", "alert_type": "always", "allow_skew": "0", "cron_schedule": "", "description":
    "", "disabled": "0", "dispatch.auto_cancel": "0", "dispatch.buckets": "0", "dispatch.earliest_time": "",
    "dispatch.latest_time": "", "dispatch.lookups": "1", "dispatch.max_count": "500000",
    "dispatch.max_time": "0", "dispatch.ttl": "2p", "dispatchAs": "owner", "is_scheduled": "0",
    "is_visible": "1", "max_concurrent": "1", "realtime_schedule": "1", "request.ui_dispatch_app": "",
    "request.ui_dispatch_view": "", "run_n_times": "0", "run_on_startup": "0", "schedule_priority":
    "default", "schedule_window": "0", "search": "", "workload_pool": "",
}  # fmt: skip
CHOICES = {
    "alert_type": {"always", "custom", "number of events", "number of hosts", "number of sources"},
    "alert_comparator": {"", "greater than", "less than", "equal to", "not equal to", "drops by", "rises by"},
    "alert.severity": {"1", "2", "3", "4", "5", "6"},
    "schedule_priority": {"default", "higher", "highest"},
    "dispatchAs": {"user", "owner"},
    "schedule_as": {"auto", "classic", "prjob"},
}
TRUTH = {"0", "1", "true", "false", "t", "f", "yes", "no"}
PERIOD = re.compile(
    r"\d+(s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hrs|hour|hours|d|day|days)?"
)
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
STEP = re.compile(r"(\*|\d+(?:-\d+)?)(?:/(\d+))?")


def known(name: str) -> bool:
    """Whether savedsearches.conf has a key."""
    return name in KEYS or name.startswith(OPEN)


def check(name: str, values: Mapping[str, str]) -> None:
    """The values of a saved search by their names in REST. Raises a 400."""
    if not values.get("search", "").strip():
        raise RefusedError(400, "The following required arguments are missing: search.")
    for key, allowed in CHOICES.items():
        if values.get(key, next(iter(allowed))) not in allowed:
            raise _invalid(key, values[key])
    for key in BOOLEANS & set(values):
        if values[key].lower() not in TRUTH:
            raise _invalid(key, values[key])
    scheduled = values.get("is_scheduled", "0").lower() in ("1", "true")
    cron = values.get("cron_schedule", "")
    if (scheduled or cron) and not cron_right(cron):
        raise RefusedError(400, f"In handler 'savedsearch': Invalid cron_schedule=\"{cron}\"")
    suppressed = values.get("alert.suppress", "0").lower() in ("1", "true")
    period = values.get("alert.suppress.period", "")
    if (suppressed or period) and not PERIOD.fullmatch(period):
        raise _invalid("alert.suppress.period", period)
    digest = values.get("alert.digest_mode", "1").lower() in ("1", "true")
    if suppressed and not digest and not values.get("alert.suppress.fields"):
        said = "alert.suppress.fields must be specified when alert.digest_mode is disabled"
        raise RefusedError(400, f"In handler 'savedsearch': {said}")
    compared, threshold = values.get("alert_type", "always") != "always", values.get("alert_threshold", "")
    if compared and values.get("alert_type") != "custom" and not re.fullmatch(r"\d+%?", threshold):
        raise _invalid("alert_threshold", threshold)


def cron_right(text: str) -> bool:
    """Five fields of numbers, ranges, lists and steps within their bounds; no names."""
    fields = text.split()
    return len(fields) == len(BOUNDS) and all(
        all(_part(part, low, high) for part in field.split(","))
        for field, (low, high) in zip(fields, BOUNDS, strict=True)
    )


def _part(part: str, low: int, high: int) -> bool:
    found = STEP.fullmatch(part)
    if found is None or found[2] == "0":
        return False
    numbers = [] if found[1] == "*" else [int(one) for one in found[1].split("-")]
    return all(low <= one <= high for one in numbers) and numbers == sorted(numbers)


def _invalid(key: str, value: str) -> RefusedError:
    return RefusedError(400, f"In handler 'savedsearch': Invalid value '{value}' for argument '{key}'")
