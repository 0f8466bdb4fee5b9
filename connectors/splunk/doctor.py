"""The least that the HEC token and the deploying user need, and whether the collector is there.

Capabilities are those of authorize.conf.spec; the role was never tried on a real Splunk.
https://help.splunk.com/en/splunk-enterprise/administer/admin-manual/10.4/configuration-file-reference/10.4.5-configuration-file-reference/authorize.conf
"""

from __future__ import annotations

from collections.abc import Iterator

from tracehound.delivery import TransportError
from tracehound.errors import TracehoundError

from .hec import HEALTHY, Hec
from .push import connect
from .settings import SplunkSettings

CAPABILITIES = {
    "search": "verify, backtest",
    "schedule_search": "apply: saved searches run on a schedule",
    "edit_search_schedule_window": "apply: and may be put off a little (schedule_window)",
    "output_file": "verify: baselines write their lookups (outputlookup)",
}
"""Capability -> the verbs that need it."""

Check = tuple[str, bool, str]


def describe(settings: SplunkSettings | None = None) -> str:
    """The token and the role as stanzas that can be pasted."""
    found = settings or SplunkSettings()
    indexes = [*dict.fromkeys((found.index, *found.indexes.values())), found.verify_index]
    return "\n".join([*_token(found, indexes), "", *_role(indexes), "", *_access(found), ""])


def _token(settings: SplunkSettings, indexes: list[str]) -> Iterator[str]:
    yield "# inputs.conf: the HEC token that `tracehound push splunk` uses (TRACEHOUND_SPLUNK_HEC_TOKEN)."
    yield "# Splunk Cloud: Settings > Data inputs > HTTP Event Collector, without indexer acknowledgement."
    yield "[http://tracehound]"
    yield "disabled = 0"
    yield "token = <a new GUID>"
    yield "# Indexes that it may write to. Without this list, Splunk says yes to events for an index that does not"
    yield "# exist, and drops them."
    yield f"indexes = {','.join(indexes)}"
    yield f"index = {settings.index}"
    yield "# Splunk answers when events are indexed, not when they have arrived. Behind a load balancer only with"
    yield "# sticky sessions."
    yield f"useACK = {'false' if settings.acks == 'never' else 'true'}"


def _role(indexes: list[str]) -> Iterator[str]:
    yield "# authorize.conf: the role for `tracehound plan, apply, verify, backtest, remove splunk`"
    yield "# (TRACEHOUND_SPLUNK_TOKEN). It inherits from none."
    yield "[role_tracehound_deploy]"
    width = max(map(len, CAPABILITIES))
    for name, why in CAPABILITIES.items():
        yield f"# {why}"
        yield f"{name:<{width}} = enabled"
    yield f"srchIndexesAllowed = {';'.join(indexes)}"
    yield "srchIndexesDefault ="
    yield "srchJobsQuota = 6"
    yield "# Not in it: making the app (edit_local_apps). Install the package once, or let an administrator apply."
    yield "# `verify` removes its test events where the user also has the role can_delete; else they go with the"
    yield f"# retention of {indexes[-1]}."


def _access(settings: SplunkSettings) -> Iterator[str]:
    yield f"# {settings.app}/metadata/local.meta: who may change the app's objects."
    yield "[]"
    yield "access = read : [ * ], write : [ admin, sc_admin, tracehound_deploy ]"


def checks(settings: SplunkSettings) -> Iterator[Check]:
    """Whether the collector answers, is healthy, and takes the token; nothing where no address is set."""
    if not settings.hec_url:
        return
    try:
        hec = Hec(settings)
    except TracehoundError as error:
        yield "HTTP Event Collector", False, str(error)
        return
    try:
        health = hec.health()
        well = health.code in HEALTHY or (health.status == 200 and health.code < 0)
        yield "HTTP Event Collector", well, settings.hide(f"{hec.url}: {health}")
        said: list[str] = []
        acks = connect(hec, said.append)
        yield "HEC token", True, "; ".join([f"taken, {'with' if acks else 'without'} acknowledgement", *said])
    except TransportError as error:
        yield "HEC token", False, str(error.error or error.reason)
    except TracehoundError as error:
        yield "HEC token", False, str(error)
    finally:
        hec.close()
