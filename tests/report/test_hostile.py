"""Text of a log stays text in the report, whatever it tries to be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from commands import INJECTION, gateway_call

from tracehound import report, store
from tracehound.config import Settings
from tracehound.connectors import input_connector
from tracehound.deadletter import DeadLetters
from tracehound.demo.run import Outcome
from tracehound.matcher import Engine
from tracehound.pipeline import Pipeline
from tracehound.report.visible import visible
from tracehound.rules import load_rules
from tracehound.scaffold import new_rule

HOSTILE = {
    "tag": "<b>bold</b><h1>big</h1>",
    "script": "<script>alert(1)</script>",
    "event handler": "<img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover=\"alert(1)\" x=\"' onfocus='alert(2)",
    "end of style": "</style><script>alert(1)</script>",
    "end of title": "</title></head><body onload=alert(1)>",
    "end of svg": "</text></svg><iframe src=https://collect.example></iframe>",
    "link": "<a href=javascript:alert(1)>x</a>",
    "comment": "<!-- --><!--",
    "template": "{{7*7}} {% include '/etc/passwd' %} {# #} ${7*7}",
    "template macro": "{{ ''.__class__.__mro__ }}",
    "entity": "&lt;script&gt; &#x3c; &amp;lt;",
    "formula": "=HYPERLINK(\"https://collect.example\",\"x\")",
    "command": "+cmd|' /C calc'!A0",
    "ANSI": "\x1b[31mred\x1b]8;;https://collect.example\x07",
    "RTL": "\u202egpj.exe\u2066",
    "zero width": "a\u200bb\ufeff",
    "tag characters": "".join(chr(0xE0000 + ord(c)) for c in "ignore"),
    "null": "a\x00b",
    "markdown image": "![x](https://collect.example/p.png?d=1)",
}  # fmt: skip
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3", "p", "nav", "a",
    "section", "div", "b", "span", "svg", "rect", "text", "article", "ol", "ul", "li", "time", "details",
    "summary", "dl", "dt", "dd", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "i",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "href", "class", "id", "title", "style", "viewbox",
    "role", "aria-label", "x", "y", "width", "height", "text-anchor",
}  # fmt: skip
VOID = {"meta"}


class Page(HTMLParser):
    """Checks tags and attributes while it reads; keeps text, attributes and how tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.comments: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, f"<{tag}> is no tag of the report"
        for name, value in attrs:
            assert name in ATTRIBUTES, f"{tag} {name} is no attribute of the report"
            self.attributes.append((tag, name, value or ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def check(html: str) -> Page:
    """What holds for every report: its policy, no scripts, no loads, no hidden characters, tags that nest."""
    page = Page(html)
    assert page.open == []
    assert page.comments == []
    (policy,) = [value for _, name, value in page.attributes if name == "content" and "default-src" in value]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "script-src" not in policy
    for _, name, value in page.attributes:
        if name == "href":
            assert value.startswith("#")
        if name == "style":
            assert value.startswith("width: ")
            assert value.endswith("%")
    css = html.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in css
    assert "@import" not in css
    assert all(char.isprintable() or char in "\n\t" for char in html)
    return page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The report of calls in which everything that a client can choose is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    new_rule("attempt", "applications", folder / "pack")
    rule = folder / "pack" / "detections" / "applications" / "attempt" / "attempt.yml"
    text = rule.read_text().replace("    ai.model.name: gpt-4o\n", "").replace("for: 1h", "for: 1s")
    text = text.replace("title: Attempt", "title: <script>alert('rule')</script> {{7*7}}")
    rule.write_text(text.replace("What to look at first.", "<img src=x onerror=alert('todo')>"))
    (folder / "log.jsonl").write_text("".join(json.dumps(call) + "\n" for call in calls()))
    settings = Settings(packs=[folder / "pack"])
    engine = Engine(load_rules(settings.packs).select(["attempt"], (), (), ()))
    with store.Writer(folder / "store") as writer:
        streams = input_connector("file").streams([str(folder / "log.jsonl")])
        for batch in Pipeline(settings, DeadLetters(None)).run(streams):
            writer.add(batch)
            writer.add(engine.process(batch))
        writer.add(engine.flush())
    counts = dict.fromkeys(("records", "events", "bytes", "dead", "rules", "seconds"), 1)
    return check(
        report.build(folder / "store", title=HOSTILE["end of title"], stories=stories(), counts=counts)
    )


def calls() -> Iterator[dict[str, Any]]:
    for number, bad in enumerate(HOSTILE.values()):
        call = gateway_call(
            f"{INJECTION} {bad}", uid=f"c{number}", model=f"m {bad}", custom_llm_provider=bad, call_type=bad,
            metadata={"user_api_key_user_email": f"{bad}@example.com", "requester_ip_address": bad},
        )  # fmt: skip
        tool = {
            "id": f"t{number}",
            "type": "function",
            "function": {"name": bad, "arguments": json.dumps({"q": bad})},
        }
        answer = {"role": "assistant", "content": bad, "tool_calls": [tool]}
        call["standard_logging_object"]["response"]["choices"][0]["message"] = answer
        yield call


def stories() -> list[dict[str, Any]]:
    steps = [
        {
            "time_ms": 1_795_429_272_000,
            "source": bad,
            "description": bad,
            "records": [{"id": f"c{number}"}, {"id": f"t{number}"}],
        }
        for number, bad in enumerate(HOSTILE.values())
    ]
    bad = HOSTILE["end of style"]
    return [{"id": bad, "title": bad, "summary": bad, "steps": steps, "atlas": [bad], "owasp": [bad]}]


@pytest.mark.parametrize("case", HOSTILE)
def test_it_stays_text(case: str, page: Page) -> None:
    shown = visible(HOSTILE[case])
    text = "".join(page.text)
    assert f"m {shown}" in text, "the model"
    assert f"{INJECTION} {shown}" in text, "the prompt"
    assert f"tool {shown}" in text, "the tool"


def test_templates_are_not_rendered(page: Page) -> None:
    assert "49" not in "".join(page.text).replace("1,749", "")


def test_words_of_rules_stay_text(page: Page) -> None:
    text = "".join(page.text)
    assert "<script>alert('rule')</script> {{7*7}}" in text
    assert "<img src=x onerror=alert('todo')>" in text


def test_report_of_the_sample_day(day: Outcome) -> None:
    check(day.report.read_text("utf-8"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (7, "7"),
        ("plain", "plain"),
        ("a\nb\tc", "a\nb\tc"),
        ("\x1b[31m", "[U+001B][31m"),
        ("\u202eabc", "[U+202E]abc"),
        ("".join(chr(0xE0000 + ord(c)) for c in "ignore"), "[U+E0069 and 5 more hidden]"),
        ("a\ud800b", "a[U+D800]b"),
        ("x" * 700, "x" * 600 + "… (100 more characters)"),
    ],
    ids=["nothing", "number", "plain", "line", "escape", "override", "tags", "half a surrogate", "long"],
)
def test_visible(value: object, shown: str) -> None:
    assert visible(value) == shown
