"""The OpenAI organisation on an ordinary day: logins, new colleagues, a project key."""

from random import Random

from tracehound.demo.generate.clock import at, office_time
from tracehound.demo.generate.day import Day
from tracehound.demo.generate.ids import base62
from tracehound.demo.generate.people import named, team
from tracehound.demo.generate.shapes.openai_audit import SOURCE, Browser, api_key, event, session
from tracehound.demo.generate.tables import resolve, table

DESK = Browser()


def build(day: Day) -> None:
    """Fill in the organisation's ordinary day."""
    rng = day.rng("organisation")
    members = team("engineering", "data", "platform", "security")
    for _ in range(44):
        login(day, rng)
    for _ in range(3):
        one, when = rng.choice(members), office_time(rng)
        reason = {"error_code": "invalid_credentials", "error_message": "The password is not correct."}
        day.add(SOURCE, when, event(rng, when, "login.failed", session(one, DESK), reason))
    settle(day, rng)


def settle(day: Day, rng: Random) -> None:
    """What the platform team settles, and the key that is rotated in the morning."""
    katja = session(named("Katja Rauch"), DESK)
    slots = {
        "ewa": named("Ewa Stolarz").openai_id,
        "liam": named("Liam Corrigan").openai_id,
        "invite": "invite-" + base62(rng, 20),
        "new": "key_" + base62(rng, 16),
        "old": "key_" + base62(rng, 16),
    }
    for row in resolve(table(__package__, "organisation.yml"), slots):
        when = at(row["clock"])
        made = event(rng, when, row["type"], katja, row["details"], row.get("project", ""))
        day.add(SOURCE, when, made)
    rotation = api_key("key_" + base62(rng, 16), named("Damian Frey"))
    details = {"id": "key_" + base62(rng, 16), "changes_requested": {"scopes": ["api.model.request"]}}
    when = at("06:00:12")
    day.add(SOURCE, when, event(rng, when, "api_key.updated", rotation, details, "harbor"))


def login(day: Day, rng: Random) -> None:
    """A login from the office and, mostly, the logout."""
    one, when = rng.choice(team("engineering", "data", "platform", "security", "support")), office_time(rng)
    day.add(SOURCE, when, event(rng, when, "login.succeeded", session(one, DESK)))
    if rng.random() < 0.6:
        when = min(when + rng.uniform(300, 14_000), at("23:50"))
        day.add(SOURCE, when, event(rng, when, "logout.succeeded", session(one, DESK)))
