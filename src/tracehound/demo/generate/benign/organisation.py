"""The OpenAI organisation on an ordinary day: logins, new colleagues, a project key."""

from random import Random

from tracehound.demo.generate.clock import at, office_time
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import base62
from tracehound.demo.generate.people import named, team
from tracehound.demo.generate.shapes.openai_audit import SOURCE, Browser, api_key, event, session

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
    katja = session(named("Katja Rauch"), DESK)
    settled: list[tuple[str, str, Record, str]] = [
        (
            "08:41:10",
            "project.created",
            {
                "id": "proj_b3NfYw8KpVqJ5xTzL0mHsGdi",
                "data": {"name": "internal", "title": "Internal assistants"},
            },
            "",
        ),
        (
            "08:44:02",
            "user.added",
            {"id": named("Ewa Stolarz").openai_id, "data": {"role": "member"}},
            "internal",
        ),
        (
            "08:44:31",
            "user.added",
            {"id": named("Liam Corrigan").openai_id, "data": {"role": "member"}},
            "internal",
        ),
        (
            "09:20:47",
            "invite.sent",
            {
                "id": "invite-" + base62(rng, 20),
                "data": {"email": "tomasz.wilk@haldenfreight.example", "role": "reader"},
            },
            "",
        ),
        ("09:58:03", "invite.accepted", {"id": "invite-" + base62(rng, 20)}, ""),
        (
            "10:12:26",
            "api_key.created",
            {"id": "key_" + base62(rng, 16), "data": {"scopes": ["api.model.request"]}},
            "internal",
        ),
        (
            "14:35:55",
            "project.updated",
            {"id": "proj_b3NfYw8KpVqJ5xTzL0mHsGdi", "changes_requested": {"title": "Internal assistants"}},
            "internal",
        ),
        ("15:02:18", "api_key.deleted", {"id": "key_" + base62(rng, 16)}, "harbor"),
    ]
    for clock, kind, details, project in settled:
        day.add(SOURCE, at(clock), event(rng, at(clock), kind, katja, details, project))
    rotation = api_key("key_" + base62(rng, 16), named("Damian Frey"))
    details = {"id": "key_" + base62(rng, 16), "changes_requested": {"scopes": ["api.model.request"]}}
    day.add(
        SOURCE, at("06:00:12"), event(rng, at("06:00:12"), "api_key.updated", rotation, details, "harbor")
    )


def login(day: Day, rng: Random) -> None:
    """A login from the office and, mostly, the logout."""
    one, when = rng.choice(team("engineering", "data", "platform", "security", "support")), office_time(rng)
    day.add(SOURCE, when, event(rng, when, "login.succeeded", session(one, DESK)))
    if rng.random() < 0.6:
        when = min(when + rng.uniform(300, 14_000), at("23:50"))
        day.add(SOURCE, when, event(rng, when, "logout.succeeded", session(one, DESK)))
