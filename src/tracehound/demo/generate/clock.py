"""The day's clock: every time in the generator is a float of epoch seconds (UTC)."""

from datetime import UTC, datetime
from random import Random

DATE = "2026-11-18"
START = datetime(2026, 11, 18, tzinfo=UTC).timestamp()
# Share of the day's activity by hour (UTC): an office in two neighbouring time zones.
BY_HOUR = (1, 1, 1, 1, 1, 2, 6, 30, 60, 75, 80, 70, 45, 60, 78, 74, 58, 36, 18, 8, 4, 3, 2, 1)


def at(clock: str) -> float:
    """``14:03`` or ``14:03:22.5`` on the day -> epoch seconds."""
    hours, minutes, *seconds = clock.split(":")
    return START + int(hours) * 3600 + int(minutes) * 60 + (float(seconds[0]) if seconds else 0.0)


def office_time(rng: Random) -> float:
    """A moment drawn from the office's rhythm, to the millisecond."""
    hour = rng.choices(range(24), weights=BY_HOUR)[0]
    return START + hour * 3600 + rng.randrange(3_600_000) / 1000


def iso(when: float) -> str:
    """``2026-11-18T14:03:22Z``, as AWS writes times."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(when: float) -> str:
    """``2026-11-18T14:03:22.120Z``."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{millis(when) % 1000:03d}Z"


def http_date(when: float) -> str:
    """``Wed, 18 Nov 2026 14:03:22 GMT`` (the day is a Wednesday)."""
    return datetime.fromtimestamp(when, UTC).strftime("Wed, %d Nov %Y %H:%M:%S GMT")


def millis(when: float) -> int:
    """Epoch milliseconds."""
    return round(when * 1000)


def nanos(when: float) -> str:
    """Epoch nanoseconds as OTLP/JSON writes them: a string."""
    return str(round(when * 1_000_000) * 1000)
