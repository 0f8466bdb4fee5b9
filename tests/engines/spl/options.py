"""The points that Splunk leaves undocumented, or to a site's settings: chosen by whoever runs a search."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """How to treat what the documentation does not settle; the defaults refuse rather than guess.

    ``json_null``: JSON null becomes the text ``null`` (seen, not documented), or no field.
    ``empty_text``: a JSON ``""`` becomes an empty value, or no field.
    ``kv_maxchars``: [kv] maxchars of limits.conf; a longer JSON text is refused, None lifts the limit.
    ``time_terms``: earliest= and latest= are applied to ``_time``, or ignored.
    ``window_edge``: whether an event exactly ``time_window`` away is inside; not documented.
    """

    json_null: Literal["text", "absent"] = "text"
    empty_text: Literal["value", "absent"] = "value"
    kv_maxchars: int | None = 10_240
    time_terms: Literal["apply", "ignore"] = "apply"
    window_edge: Literal["refuse", "inside", "outside"] = "refuse"
