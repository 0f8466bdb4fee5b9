"""Story 6: a platform administrator's stolen session switches logging, guardrail and limits off."""

from random import Random

from tracehound.demo.generate.clock import at
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import base62
from tracehound.demo.generate.people import ORGANISATION, Person, named
from tracehound.demo.generate.shapes import cloudtrail
from tracehound.demo.generate.shapes.bedrock import GUARDRAIL, SONNET
from tracehound.demo.generate.shapes.cloudtrail import Action
from tracehound.demo.generate.shapes.openai_audit import SOURCE, Browser, api_key, event, session
from tracehound.demo.generate.stories.story import Story
from tracehound.demo.generate.stories.words import PAYLOADS
from tracehound.demo.generate.tables import resolve, table

TRAIL = "cloudtrail"
INTRUDER = "198.51.100.44"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ABROAD = Browser(
    INTRUDER,
    AGENT,
    (
        ("country", "MD"),
        ("city", "Chisinau"),
        ("region", "Chisinau"),
        ("region_code", "CU"),
        ("asn", "64511"),
        ("latitude", "47.00556"),
        ("longitude", "28.85750"),
    ),
)


def build(day: Day) -> None:
    """Write the story's records."""
    rng = day.rng("story/controls_disabled")
    story = Story("controls_disabled")
    katja = named("Katja Rauch")
    cloud(day, rng, story, katja)
    organisation(day, rng, story, katja)
    story.close(day)


def cloud(day: Day, rng: Random, story: Story, one: Person) -> None:
    """Bedrock: look, switch off, use."""
    who = cloudtrail.employee(rng, one, at("16:46"), INTRUDER, AGENT)
    for row in resolve(table(__package__, "controls.yml")["cloud"], {"guardrail": GUARDRAIL}):
        when, read = at(row["clock"]), row.get("read", False)
        action = Action(when, row["name"], row.get("request"), row.get("response"), read=read)
        story.step(TRAIL, when, row["what"], trail(day, rng, who, action))
    host = "bedrock-runtime.us-east-1.amazonaws.com"
    used = [
        trail(day, rng, who, Action(at("17:03:15") + n * 21, "Converse", {"modelId": SONNET}, host=host))
        for n in range(12)
    ]
    story.step(TRAIL, at("17:03:15"), "Twelve invocations follow that no log holds any more.", *used)


def trail(day: Day, rng: Random, who: cloudtrail.Actor, what: Action) -> Record:
    """One record of the trail; returns its ids."""
    record = day.add(TRAIL, what.when, cloudtrail.event(rng, who, what))
    return {"event_id": record["eventID"], "request_id": record["requestID"]}


def organisation(day: Day, rng: Random, story: Story, one: Person) -> None:
    """The OpenAI organisation: allowlist, limits, roles, keys."""
    slots = PAYLOADS | {
        "organisation": ORGANISATION,
        "stranger": "user-" + base62(rng, 24),
        "account": "svcacct_" + base62(rng, 20),
        "key": "key_" + base62(rng, 16),
        "second": "key_" + base62(rng, 16),
        "invite": "invite-" + base62(rng, 20),
        "allowlist": "ipallow_" + base62(rng, 12),
    }
    me, robot = session(one, ABROAD), api_key(slots["key"], account=slots["account"])
    for row in resolve(table(__package__, "controls.yml")["organisation"], slots):
        when, actor = at(row["clock"]), robot if row.get("robot") else me
        record = event(rng, when, row["type"], actor, row.get("details"), row.get("project", ""))
        day.add(SOURCE, when, record)
        story.step(SOURCE, when, row["what"], {"id": record["id"]})
