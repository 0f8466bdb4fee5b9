"""Sending events: batches to the HTTP Event Collector, and what becomes of each.

An event that Splunk refuses is found by ``invalid-event-number`` and sent alone: only what is refused alone is a
dead letter, since the number is one further for some codes. Splunk's documentation does not say what became of the
events before it. People who measured it found them indexed, and with an ``ackId`` in the refusal where the token
has acknowledgement: then they are waited for. Without, nobody vouches for them, and they are sent again, once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from tracehound.delivery import Answer, Document, Rejection, TransportError
from tracehound.delivery.model import Limits
from tracehound.errors import ConfigError, TargetError

from .acks import Acks, Waiting, has_acks
from .events import Encoder, original
from .hec import HEALTHY, INDEX_CODE, UNHEALTHY, Hec, Reply, UncertainError
from .settings import SplunkSettings

ACKED = 4
"""With acknowledgement, so many batches wait for each request that may be on its way: it takes seconds."""
REASONS = {5: "no_data", 6: "format", 12: "no_event", 13: "blank", 15: "fields"}
BODY = attrgetter("body")
Taken = tuple[Reply, Waiting | None]


class HecTransport:
    """``Transport`` of delivery. ``acks``: whether to wait until events are indexed; None: as each answer has it.

    ``uncertain`` counts the events that were sent again though Splunk may have had them.
    """

    def __init__(self, hec: Hec, acks: bool | None = None) -> None:
        self.hec = hec
        self._wanted = hec.settings.acks != "never" and acks is not False
        self._needed = acks is True
        self.acks = Acks(hec, hec.settings.ack_timeout)
        self.uncertain = 0

    def send(self, documents: Sequence[Document]) -> Answer:
        """One request, or several where an event is refused. Raises ``TransportError``."""
        largest = self.hec.settings.max_event_bytes
        if len(documents) == 1 and len(documents[0].body) > largest:
            size = len(documents[0].body)
            message = f"{size:,} bytes; at most {largest:,} are sent (targets.splunk.max_event_bytes)"
            return Answer(rejected=[Rejection(0, "too_large", message)])
        try:
            reply, waiting = self.post(documents)
            if not reply.taken:
                return _Isolation(self, documents).run(reply, waiting)
            if waiting is not None:
                self.acks.wait(waiting)
            return Answer()
        except UncertainError:
            self.uncertain += len(documents)
            raise

    def post(self, documents: Sequence[Document]) -> Taken:
        """An answer that is yes, or is about an event. Raises ``TransportError`` for others."""
        channel = self.hec.channel
        reply = self.hec.post(b"\n".join(map(BODY, documents)), channel)
        if not reply.taken and not reply.refuses_event:
            raise self.hec.problem(reply)
        number = reply.found.get("ackId")
        if self._wanted and type(number) is int:
            return reply, self.acks.add(number, channel)
        if self._needed and reply.taken:
            error = ConfigError(
                f"{self.hec.url}: the token has no indexer acknowledgement any more; run it again to go on without"
            )
            raise TransportError(str(error), retry=False, error=error)
        return reply, None

    def close(self) -> None:
        """Nothing is waited for any more."""
        self.acks.close()


class _Isolation:
    """A batch of which Splunk refuses an event: finds it, and sends the rest."""

    def __init__(self, transport: HecTransport, documents: Sequence[Document]) -> None:
        self._transport, self._documents = transport, documents
        self._open = set(range(len(documents)))
        self._rejected: list[Rejection] = []
        self._waiting: list[tuple[range, Waiting]] = []

    def run(self, reply: Reply, waiting: Waiting | None) -> Answer:
        """What became of all of them; ``reply`` is to the whole batch."""
        answer = Answer()
        try:
            self._send(0, len(self._documents), (reply, waiting))
        except TransportError as error:
            self._failed(self._open, error, answer)
        again = set(self._open)
        for part, one in self._waiting:
            try:
                self._transport.acks.wait(one)
            except TransportError as error:
                self._failed(part, error, answer)
                again.update(part)
        answer.rejected, answer.retry = self._rejected, sorted(again)
        return answer

    def _send(self, start: int, stop: int, known: Taken | None = None) -> bool:
        """Deliver a part; whether Splunk took it whole."""
        whole = True
        while start < stop:
            try:
                reply, waiting = known or self._transport.post(self._documents[start:stop])
            except TransportError as error:
                if not error.too_large:
                    raise
                return self._halves(start, stop, error)
            known = None
            if reply.taken:
                self._settle(range(start, stop), waiting)
                return whole
            whole = False
            if stop - start == 1:
                self._refused(start, reply)
                return False
            start = self._around(start, stop, reply, waiting)
        return whole

    def _around(self, start: int, stop: int, reply: Reply, waiting: Waiting | None) -> int:
        """Deliver a refused part up to and with the suspect; where the rest begins."""
        place = (start + stop) // 2 if reply.place is None else start + min(reply.place, stop - start - 1)
        guilty = not self._send(place, place + 1)
        if guilty and waiting is not None:
            self._settle(range(start, place), waiting)
        else:
            self._transport.uncertain += place - start
            self._send(start, place)
        return place + 1

    def _halves(self, start: int, stop: int, error: TransportError) -> bool:
        if stop - start == 1:
            self._reject(start, "too_large", error.reason)
        else:
            middle = (start + stop) // 2
            self._send(start, middle)
            self._send(middle, stop)
        return False

    def _refused(self, place: int, reply: Reply) -> None:
        hec = self._transport.hec
        said = hec.settings.hide(str(reply))
        if reply.code == INDEX_CODE:
            index = self._documents[place].route.partition(" ")[0]
            error = ConfigError(
                f"{hec.url}: {said}: make the index {index}, and let the token write to it (indexes), or set "
                "targets.splunk.index to another; what was not delivered is not lost: run it again"
            )
            raise TransportError(str(error), retry=False, error=error)
        self._reject(place, REASONS.get(reply.code, "refused"), said)

    def _reject(self, place: int, reason: str, said: str) -> None:
        self._open.discard(place)
        self._rejected.append(Rejection(place, reason, said))

    def _settle(self, part: range, waiting: Waiting | None) -> None:
        self._open.difference_update(part)
        if waiting is not None:
            self._waiting.append((part, waiting))

    def _failed(self, places: Collection[int], error: TransportError, answer: Answer) -> None:
        """These are to be sent again."""
        if not error.retry:
            raise error
        if isinstance(error, UncertainError):
            self._transport.uncertain += len(places)
        answer.why, answer.after = error.reason, error.after


class SplunkSender:
    """What ``push`` needs of this target."""

    def __init__(
        self, hec: Hec, acks: bool | None = None, say: Callable[[str], None] = lambda _line: None
    ) -> None:
        settings = hec.settings
        self._hec, self._say = hec, say
        self.transport = HecTransport(hec, acks)
        self._encoder = Encoder(settings)
        indexes = ", ".join(dict.fromkeys((settings.index, *settings.indexes.values())))
        self.place = f"{hec.url}, index {indexes}, {'with' if acks else 'without'} acknowledgement"
        self.identity = "\n".join(
            ["splunk", hec.url, settings.index, *(f"{k}={v}" for k, v in sorted(settings.indexes.items()))]
        )
        self.limits = Limits(
            settings.batch_documents,
            min(settings.batch_bytes, settings.max_event_bytes),
            settings.in_flight * (ACKED if acks else 1),
            settings.patience,
            1,
            settings.batch_seconds,
        )

    def documents(self, events: Iterable[Mapping[str, Any]]) -> Iterable[Document]:
        """The events, encoded."""
        return self._encoder.documents(events)

    def original(self, document: Document) -> bytes:
        """The event of a document, for the dead letter."""
        return original(document)

    def close(self) -> None:
        """End the connections, and say what is worth knowing of the run."""
        self.transport.close()
        self._hec.close()
        if self._encoder.cut:
            self._say(
                f"{self._encoder.cut:,} event(s) have fields that Splunk will not extract whole, since they are "
                "longer than it reads; each names them in tracehound.cut{}"
            )
        if self.transport.uncertain:
            self._say(
                f"{self.transport.uncertain:,} event(s) were sent again, since no answer came: some may be there "
                "twice, with the same metadata.uid"
            )


def open_sender(settings: SplunkSettings, setup: bool, say: Callable[[str], None]) -> SplunkSender:
    """Connect, see that the collector is well and takes the token, and give the sender.

    ``say`` takes words for people. Raises ``ConfigError`` and ``TargetError``.
    """
    if setup:
        raise ConfigError(
            "--setup: not for splunk: the indexes and sourcetypes come with the app TA-tracehound "
            "(tracehound build splunk), the HEC token from an admin (tracehound doctor splunk prints both)"
        )
    hec = Hec(settings)
    try:
        if not settings.verify_tls:
            say("verify_tls is false: any certificate is taken, and whoever is between reads the token")
        acks = connect(hec, say)
        _look_at_indexes(settings, say)
    except TransportError as error:
        hec.close()
        raise error.error or TargetError(error.reason) from None
    except BaseException:
        hec.close()
        raise
    return SplunkSender(hec, acks, say)


def _look_at_indexes(settings: SplunkSettings, say: Callable[[str], None]) -> None:
    """Say which indexes are missing, where the management port is set and our user may look.

    A token without a list of indexes takes events for any name, and Splunk drops those for an index that is not
    there; the collector does not tell.
    """
    if not settings.url or not (settings.secret("token") or settings.secret("password")):
        return
    from .rest import Rest

    try:
        rest = Rest(settings)
        for name in dict.fromkeys((settings.index, *settings.indexes.values())):
            if rest.entry(rest.path("data/indexes", name, app="")) is None:
                say(
                    f"{settings.url}: knows no index {name}; where the token has no list of indexes, Splunk drops "
                    "events for an index that does not exist"
                )
    except (ConfigError, TargetError) as error:
        say(f"whether the indexes exist was not looked at: {error}")


def connect(hec: Hec, say: Callable[[str], None]) -> bool:
    """See that the collector is there and the token good; whether to wait for acknowledgements."""
    health = hec.health()
    if health.code in UNHEALTHY:
        say(f"{hec.url}: {health.text}: sending waits until it is better")
    elif health.code not in HEALTHY and (health.status != 200 or health.code >= 0):
        raise hec.problem(health)
    wanted = hec.settings.acks
    try:
        found = has_acks(hec)
    except TransportError as error:
        if not error.retry or wanted == "always":
            raise
        say(f"{error.reason}: whether there is acknowledgement is not known")
        return False
    if wanted == "always" and not found:
        raise ConfigError(
            f"{hec.url}: the token has no indexer acknowledgement, and acks is always; set useACK = true for the "
            "token, or acks to auto"
        )
    return found and wanted != "never"
