"""``tracehound push``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from tracehound.cli import _shared as shared
from tracehound.cli import _targets as targets

if TYPE_CHECKING:
    from tracehound.config import Settings
    from tracehound.deadletter import DeadLetters
    from tracehound.delivery import Delivery, Document, Rejection, Sender, Totals
    from tracehound.matcher.state import StateDir

PART = "push"
REPEAT = 10.0
"""Seconds after which a trouble that lasts is said again."""


@click.command("push")
@targets.target_options
@shared.input_options
@click.option(
    "--state", "state_folder", type=click.Path(path_type=Path, file_okay=False),
    help="Remember here what was delivered: an interrupted push goes on where it was.",
)  # fmt: skip
@click.option(
    "--checkpoint-every", "every", type=click.FloatRange(0), default=2.0, show_default=True,
    help="Seconds between two notes in --state.",
)  # fmt: skip
@click.option(
    "--setup", is_flag=True, help="Put the templates of the events first, where they are missing (elastic)."
)
@shared.config_options
@click.pass_context
def command(
    ctx: click.Context, target: str, places: tuple[str, ...], source: str | None, dead_letter: Path | None,
    validate: bool, state_folder: Path | None, every: float, setup: bool, config: Path | None,
    packs: tuple[Path, ...],
) -> None:  # fmt: skip
    """Send raw logs or OCSF events to a target.

    Records become events as with `normalize`. Each event is delivered at least once, under an id that is the same
    in every run, so that Elastic keeps it once, and Splunk's searches count it once. What the target refuses goes
    to the dead letter with its reason and can be pushed again from there. While the target is away, push waits.

    Secrets are read from the environment (TRACEHOUND_ELASTIC_API_KEY, TRACEHOUND_SPLUNK_HEC_TOKEN), a file or the
    keyring.

    \b
    Example:
      tracehound push elastic --url https://es:9200 --state ./state --dead-letter dead.ndjson logs/
      tracehound push elastic dead.ndjson
      tracehound push splunk --hec-url https://splunk:8088 --state ./state logs/
    """
    from tracehound.connectors import input_connector
    from tracehound.deadletter import DeadLetters
    from tracehound.errors import ConfigError
    from tracehound.matcher.state import StateDir

    settings = shared.settings_of(config, packs)
    found_target, reached = targets.target_of(target, settings)
    found = tuple(input_connector("file").find(places))
    shared.keep_inputs(found, dead_letter=dead_letter)
    workers = ctx.meta.get(shared.WORKERS, 1)
    if state_folder and workers > 1:
        raise ConfigError(
            "--state: a push with several --workers cannot say how far it came; leave one of them out"
        )
    sender = found_target.part("push")(reached, setup, _say)
    dead = DeadLetters(dead_letter)
    try:
        with StateDir(state_folder) if state_folder else nullcontext() as state:
            run = Push(sender, settings, dead, state, every)
            run.all(found, source=source, validate=validate, workers=workers)
    finally:
        sender.close()
        code = shared.report_dead(dead)
    ctx.exit(code)


def _say(line: str) -> None:
    click.echo(f"tracehound: {shared.printable(line)}", err=True)


class Push:
    """One run: feeds the delivery, keeps the checkpoint, says how it goes."""

    def __init__(
        self, sender: Sender, settings: Settings, dead: DeadLetters, state: StateDir | None, every: float
    ) -> None:
        self._sender, self._settings, self._dead, self._state, self._every = (
            sender,
            settings,
            dead,
            state,
            every,
        )
        self._key = blake2b(sender.identity.encode(), digest_size=8).hexdigest()
        self._parts: dict[str, Any] = state.load() if state else {}
        self._saved: Any = self._parts.get(PART, {}).get(self._key)
        self._noted = time.monotonic()
        self._said = 0.0

    def all(self, found: Sequence[str], *, source: str | None, validate: bool, workers: int) -> None:
        """Push all inputs; raises what ends the run, after noting how far it came."""
        from tracehound.delivery import Delivery
        from tracehound.delivery.feed import Feed

        saved = self._saved or {}
        feed = Feed(
            self._settings, self._dead, source=source, validate=validate, positions=saved.get("positions")
        )
        if saved.get("join"):
            feed.join.load(saved["join"])
        started = time.monotonic()
        delivery = Delivery(
            self._sender.transport, self._reject, self._sender.limits, told=self._told, position=self._saved
        )
        try:
            with delivery, shared.progress(tuple(found), "push") as advance:
                for batch in self._batches(feed, found, advance, workers):
                    delivery.put(self._sender.documents(batch))
                    self._note(delivery, feed)
                delivery.mark(self._position(feed))
        finally:
            self._save(delivery.position)
            _summary(delivery.totals, self._sender.place, time.monotonic() - started)

    def _batches(
        self, feed: Any, found: Sequence[str], advance: Callable[[int], None], workers: int
    ) -> Iterator[list[Any]]:
        if workers > 1:
            for batch in shared.event_batches(feed, found, advance):
                yield [orjson.loads(line) for line in batch]
        else:
            from tracehound.workers import settle_memory

            settle_memory()
            yield from feed.run_by_time(feed.streams(found, advance))

    def _position(self, feed: Any) -> Any:
        from tracehound.scan import scanner_for

        mask = scanner_for(self._settings.packs).redact if self._settings.privacy.redact else str
        return {"positions": feed.reached(), "join": feed.join.dump(mask)} if self._state else None

    def _note(self, delivery: Delivery, feed: Any) -> None:
        """From time to time: where reading stands, and on disk what is delivered."""
        now = time.monotonic()
        if self._state and now - self._noted >= self._every:
            self._noted = now
            delivery.mark(self._position(feed))
            self._save(delivery.position)

    def _save(self, position: Any) -> None:
        if self._state is None or position is None or position is self._saved:
            return
        self._dead.flush()
        self._saved = position
        self._parts[PART] = {**self._parts.get(PART, {}), self._key: position}
        self._state.save(self._parts)

    def _reject(self, document: Document, said: Rejection) -> None:
        from tracehound.record import Record

        record = Record({}, document.route, raw=self._sender.original(document))
        self._dead.add(record, f"rejected_{said.reason}", said.message)

    def _told(self, totals: Totals) -> None:
        now = time.monotonic()
        if totals.trouble and now - self._said >= REPEAT:
            self._said = now
            _say(f"waiting: {totals.trouble}")


def _summary(totals: Totals, place: str, seconds: float) -> None:
    known = f", {totals.duplicates:,} of them were there already" if totals.duplicates else ""
    refused = f"; {totals.rejected.total():,} refused" if totals.rejected else ""
    rate = totals.delivered / seconds if seconds > 0 else 0
    _say(f"{totals.delivered:,} event(s) delivered{known}{refused}; {place}; {seconds:.1f} s, {rate:,.0f}/s")
