"""The names that a pattern may give as its ``detector``."""

from __future__ import annotations

from tracehound.scan.decoding import DECODERS

HIDDEN = (
    "unicode_tags", "variation_selectors", "bidi_override", "bidi_control", "zero_width", "zero_width_hint",
    "stacked_marks", "homoglyph", "styled_letters", "braille", "blank_flood",
)  # fmt: skip
"""Read from the raw text (``hidden.py``)."""

HIDDEN_TEXT = "hidden_text"
"""An encoding gave sentences, whatever they say."""

BUDGET = "budget"
"""There was more encoded text than the scanner decodes."""

DETECTORS = (*HIDDEN, HIDDEN_TEXT, BUDGET, *DECODERS)
