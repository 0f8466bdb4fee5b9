"""What a search has around it: lookups, the clock, the options."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from spl.events import Row
from spl.options import Options

Command = Callable[[list[Row]], list[Row]]


@dataclass
class Lookup:
    """A lookup table, changed by outputlookup. ``kv`` is a KV store collection, else a CSV file.

    ``cased`` is case_sensitive_match of transforms.conf. Rows of a CSV have one text per field.
    """

    rows: list[Row] = field(default_factory=list)
    kv: bool = False
    cased: bool = True
    fields: list[str] | None = None

    def columns(self) -> list[str]:
        """The table's columns: as declared, else those that its rows have."""
        return self.fields or list(dict.fromkeys(name for row in self.rows for name in row))


@dataclass
class Context:
    """Filled anew for every run; commands keep a reference and read it when they run."""

    options: Options = field(default_factory=Options)
    lookups: dict[str, Lookup] = field(default_factory=dict)
    now: float | None = None
    earliest: float = 0.0
    latest: float | None = None

    def clock(self) -> float:
        return time.time() if self.now is None else self.now
