"""What a story leaves behind for the report: its head, its steps, and the ids of its records."""

from dataclasses import dataclass, field

from tracehound.demo.generate.clock import iso, millis
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.tables import table


@dataclass
class Story:
    """One attack while it is being written."""

    id: str
    steps: list[Record] = field(default_factory=list)

    def step(self, source: str, when: float, what: str, *records: Record) -> None:
        """Add a step; each record is a dict of the vendor's ids by which it is found in its file."""
        self.steps.append(
            {
                "time": iso(when),
                "time_ms": millis(when),
                "source": source,
                "description": what,
                "records": list(records),
            }
        )

    def close(self, day: Day) -> None:
        """Put the story into the day's index, its steps in the order of time."""
        steps = sorted(self.steps, key=lambda step: step["time_ms"])
        day.stories.append(
            {"id": self.id}
            | table(__package__, "stories.yml")[self.id]
            | {"start_ms": steps[0]["time_ms"], "end_ms": steps[-1]["time_ms"], "steps": steps}
        )
