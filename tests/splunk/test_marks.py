"""Marks in texts and views, and settings in one form."""

from __future__ import annotations

import pytest
from tracehound.connectors.splunk import marks

from tracehound.deploy import Mark


def test_marks_go_through_text() -> None:
    mark = marks.new_mark({"search": "a", "alert.suppress.fields": "x", "empty": ""}, 7)
    assert marks.search_mark(marks.search_text(mark)) == mark
    assert set(mark.digests) == {"search", "alert.suppress.fields"}
    mark = marks.new_mark({"definition": "index=a", "description": "What it is."}, 1)
    assert marks.mark_in(marks.signed("What it is.", mark)) == mark
    assert marks.unsigned(marks.signed("What it is.", mark)) == "What it is."


VIEWS = [
    ("a description", "<dashboard><label>A</label><description>B &amp; C</description><row/></dashboard>"),
    ("none", '<dashboard version="2">\n  <label>A</label>\n  <row/>\n</dashboard>'),
    ("an empty one", "<form><label>A</label><description/><row/></form>"),
    ("no label", "<dashboard><row/></dashboard>"),
]


@pytest.mark.parametrize("xml", [row[1] for row in VIEWS], ids=[row[0] for row in VIEWS])
def test_views_are_signed_and_stay_the_same(xml: str) -> None:
    signed = marks.signed_view(xml, 3)
    mark = marks.view_mark(signed)
    assert mark is not None
    assert mark.version == 3
    assert marks.view_body(signed) == marks.view_body(xml)
    assert marks.signed_view(signed, 3) == signed
    assert marks.view_mark(xml) is None


SAME = [
    ("truth", True, "1"),
    ("truth as text", "True", "1"),
    ("a number", 5, "5"),
    ("line ends", "a \r\nb ", "a\nb"),
    ("nothing", None, ""),
]


@pytest.mark.parametrize(("value", "text"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_values_in_one_form(value: object, text: str) -> None:
    assert marks.text_of(value) == text


def test_a_mark_of_others_is_none() -> None:
    assert marks.search_mark("escu") is None
    assert marks.mark_in("by hand (tracehound)") is None
    assert marks.search_mark(Mark(1, {"a": "12345"}).text()) is not None
