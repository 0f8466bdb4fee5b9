"""Search jobs of the Splunk stand-in: made, looked at, read, controlled. A search is run when its job is made.

Pages: REST API Reference, "Search endpoint descriptions" (search/v2/jobs, {search_id}, control, results,
events, export, saved/searches/{name}/dispatch); REST API Tutorials, "Creating searches using the REST API".
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spl.engine import SplError
from splunk_atom import Entry, entry_alone, feed, plain
from splunk_errors import RefusedError
from splunk_http import Answer
from splunk_objects import Space
from splunk_people import User
from splunk_results import columns, export, render
from splunk_run import Ran, Runner

ACTIONS = {
    "pause", "unpause", "finalize", "cancel", "touch", "setttl", "setpriority", "enablepreview",
    "disablepreview", "setworkloadpool", "save", "unsave",
}  # fmt: skip
ARGUMENTS = {
    "search", "adhoc_search_level", "allow_partial_results", "auto_cancel", "auto_finalize_ec",
    "auto_pause", "check_risky_command", "custom", "earliest_time", "enable_lookups", "exec_mode",
    "force_bundle_replication", "id", "index_earliest", "index_latest", "indexedRealtime",
    "indexedRealtimeOffset", "latest_time", "max_count", "max_time", "namespace", "now", "output_mode",
    "preview", "provenance", "reduce_freq", "reload_macros", "remote_server_list", "replay_speed",
    "replay_et", "replay_lt", "required_field_list", "reuse_max_seconds_ago", "rf", "rt_blocking",
    "rt_indexfilter", "rt_maxblocksecs", "rt_queue_size", "search_listener", "search_mode", "spawn_process",
    "status_buckets", "sync_bundle_replication", "time_format", "timeout", "workload_pool", "count",
    "offset", "segmentation", "f", "field_list", "search_level", "timeout_mode", "sample_ratio",
}  # fmt: skip
MAX_ROWS = 50_000
"""maxresultrows of limits.conf: so many results of a job can be read at most."""


@dataclass
class Job:
    """A search that ran. ``waits``: how often it is still RUNNING when it is asked for."""

    sid: str
    search: str
    user: User
    space: Space
    ran: Ran | None
    error: str = ""
    waits: int = 0
    finalized: bool = False
    ttl: int = 600
    made: float = field(default_factory=time.time)
    said: Mapping[str, str] = field(default_factory=dict)
    label: str = ""

    @property
    def state(self) -> str:
        if self.waits > 0:
            return "RUNNING"
        return "FAILED" if self.error else "DONE"

    def content(self) -> dict[str, Any]:
        """The properties of a job that clients read."""
        ran, done = self.ran, self.waits <= 0
        rows = len(ran.rows) if ran and done else 0
        failed = [{"type": "FATAL", "text": self.error}] if self.error and done else []
        return {
            "sid": self.sid,
            "search": self.search,
            "label": self.label,
            "dispatchState": self.state,
            "doneProgress": 1.0 if done else 0.5,
            "isDone": done,
            "isFailed": bool(self.error) and done,
            "isFinalized": self.finalized,
            "isPaused": False,
            "isPreviewEnabled": False,
            "isRealTimeSearch": False,
            "isSaved": False,
            "isSavedSearch": bool(self.label),
            "eventCount": ran.matched if ran and done else 0,
            "scanCount": ran.matched if ran and done else 0,
            "resultCount": rows,
            "eventAvailableCount": rows,
            "resultPreviewCount": rows,
            "reportSearch": self.search if ran and ran.transforming else "",
            "runDuration": 0.01,
            "ttl": self.ttl,
            "priority": 5,
            "messages": failed or (list(ran.messages) if ran else []),
            "request": dict(self.said),
        }


class Jobs:
    """All jobs; ``polls`` is how often a new one is RUNNING before it is done."""

    def __init__(self, runner: Runner) -> None:
        self.runner, self.polls = runner, 0
        self.kept: dict[str, Job] = {}
        self.cancelled: list[str] = []
        self._count = 0

    def make(
        self, said: Mapping[str, str], space: Space, user: User, label: str = "", now: float | None = None
    ) -> Job:
        """Dispatch a search. Raises a 400 where it cannot be parsed."""
        search = said.get("search", "")
        if not search.strip():
            raise RefusedError(400, "Empty search.", "FATAL")
        for name in said:
            if name not in ARGUMENTS and not name.startswith("custom."):
                raise RefusedError(400, f'Argument "{name}" is not supported by this handler.')
        max_count = int(said.get("max_count") or 500_000)
        ran, error = None, ""
        try:
            times = said.get("earliest_time", ""), said.get("latest_time", "")
            ran = self.runner.run(search, space, user, *times, now, max_count)
        except SplError as problem:
            error = str(problem)
        self._count += 1
        sid = said.get("id") or f"{int(time.time())}.{self._count}"
        job = Job(sid, search, user, space, ran, error, self.polls, said=dict(said), label=label)
        self.kept[sid] = job
        return job

    def get(self, sid: str, user: User, admin: bool) -> Job:
        job = self.kept.get(sid)
        if job is None or not (admin or job.user.name == user.name):
            raise RefusedError(404, "Unknown sid.", "FATAL")
        return job

    def create(self, said: Mapping[str, str], space: Space, user: User, json: bool) -> Answer:
        """POST search/jobs: ``exec_mode`` normal or blocking gives the id, oneshot the results."""
        job = self.make(said, space, user)
        mode = said.get("exec_mode", "normal")
        if mode == "oneshot":
            job.waits = 0
            del self.kept[job.sid]
            if job.error:
                raise RefusedError(400, job.error, "FATAL")
            return self.results(job, said)
        if mode == "blocking":
            job.waits = 0
        return plain({"sid": job.sid}, json=json, status=201)

    def entry(self, job: Job, json: bool) -> Answer:
        answer = entry_alone(self._entry(job), json=json)
        job.waits = max(0, job.waits - 1)
        return answer

    def listed(self, user: User, admin: bool, json: bool) -> Answer:
        found = [job for job in self.kept.values() if admin or job.user.name == user.name]
        return feed("jobs", [self._entry(job) for job in found], json=json, base="/services/search/jobs")

    @staticmethod
    def _entry(job: Job) -> Entry:
        acl = {
            "perms": {"read": [job.user.name], "write": [job.user.name]}, "owner": job.user.name,
            "modifiable": True, "sharing": "global", "app": job.space.app, "can_write": True, "ttl":
            str(job.ttl),
        }  # fmt: skip
        path = ("services", "search", "jobs", job.sid)
        return Entry(
            job.search,
            path,
            job.content(),
            acl,
            job.user.name,
            ("search.log", "events", "results", "control"),
        )

    def results(self, job: Job, said: Mapping[str, str]) -> Answer:
        """A page: ``count`` is 100 unless said, 0 is as many as there may be."""
        if job.waits > 0:
            return Answer(204)
        if job.ran is None:
            raise RefusedError(400, job.error or "the search has no results", "FATAL")
        offset, count = int(said.get("offset", 0)), int(said.get("count", 100))
        rows = job.ran.rows[:MAX_ROWS] if "max_count" not in said else job.ran.rows
        names = [one for name in ("f", "field_list") for one in said.get(name, "").split(",") if one]
        page = rows[offset : offset + count if count > 0 else None]
        if names:
            page = [{name: row[name] for name in names if name in row} for row in page]
        return render(page, columns(page), said.get("output_mode", "xml"), offset, job.ran.messages)

    def export(self, said: Mapping[str, str], space: Space, user: User) -> Answer:
        job = self.make(said, space, user)
        del self.kept[job.sid]
        if job.ran is None:
            raise RefusedError(400, job.error, "FATAL")
        return export(job.ran.rows, columns(job.ran.rows), said.get("output_mode", "xml"))

    def control(self, job: Job, action: str, said: Mapping[str, str], json: bool) -> Answer:
        if action not in ACTIONS:
            raise RefusedError(400, f"Invalid action: {action}")
        if action == "cancel":
            del self.kept[job.sid]
            self.cancelled.append(job.sid)
        if action == "finalize":
            job.finalized, job.waits = job.finalized or job.waits > 0, 0
        if action == "setttl":
            job.ttl = int(said.get("ttl", job.ttl))
        text = "Search job cancelled." if action == "cancel" else f"Search job {action}."
        if json:
            return Answer(200, {"messages": [{"type": "INFO", "text": text}]})
        return Answer(
            200,
            f'<response><messages><msg type="INFO">{text}</msg></messages></response>'.encode(),
            "text/xml",
        )
