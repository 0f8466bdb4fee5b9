"""Story 6: a platform administrator's stolen session switches logging, guardrail and limits off."""

from random import Random
from typing import Any

from tracehound.demo.generate import fakes
from tracehound.demo.generate.clock import at
from tracehound.demo.generate.day import ACCOUNT, Day, Record
from tracehound.demo.generate.ids import base62
from tracehound.demo.generate.people import ORGANISATION, Person, named
from tracehound.demo.generate.shapes import cloudtrail
from tracehound.demo.generate.shapes.bedrock import GUARDRAIL, SONNET
from tracehound.demo.generate.shapes.cloudtrail import Action
from tracehound.demo.generate.shapes.openai_audit import SOURCE, Browser, api_key, event, session
from tracehound.demo.generate.stories.story import Story

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
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:guardrail/{GUARDRAIL}"
    hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
    weaker = {
        "guardrailIdentifier": GUARDRAIL,
        "name": hidden,
        "description": hidden,
        "blockedInputMessaging": hidden,
        "contentPolicyConfig": {
            "filtersConfig": [{"type": "PROMPT_ATTACK", "inputStrength": "NONE", "outputStrength": "NONE"}]
        },
    }
    updated = {
        "guardrailId": GUARDRAIL,
        "guardrailArn": arn,
        "version": "DRAFT",
        "updatedAt": "2026-11-18T16:52:37.118Z",
    }
    plan: tuple[tuple[str, str, Any, Any, bool, str], ...] = (
        (
            "16:48:10",
            "GetModelInvocationLoggingConfiguration",
            None,
            None,
            True,
            "From a new address the session looks at the logging settings.",
        ),
        (
            "16:49:26",
            "DeleteModelInvocationLoggingConfiguration",
            None,
            None,
            False,
            "It deletes the logging of model invocations.",
        ),
        (
            "16:51:02",
            "GetGuardrail",
            {"guardrailIdentifier": GUARDRAIL},
            None,
            True,
            "It reads the guardrail.",
        ),
        (
            "16:52:37",
            "UpdateGuardrail",
            weaker,
            updated,
            False,
            "It sets the guardrail's filter against prompt attacks to NONE.",
        ),
        (
            "16:58:44",
            "DeleteGuardrail",
            {"guardrailIdentifier": GUARDRAIL},
            None,
            False,
            "It deletes the guardrail.",
        ),
    )
    for clock, name, request, response, read, what in plan:
        action = Action(at(clock), name, request, response, read=read)
        story.step(TRAIL, action.when, what, trail(day, rng, who, action))
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
    stranger, account = "user-" + base62(rng, 24), "svcacct_" + base62(rng, 20)
    key = "key_" + base62(rng, 16)
    me = session(one, ABROAD)
    robot = api_key(key, account=account)
    name = "office " + fakes.SVG
    assignment = f"role_assignment_role-api-organization-owner__api-organization__{ORGANISATION}_{stranger}"
    plan: tuple[tuple[str, str, Record, Record | None, str, str], ...] = (
        (
            "17:10:02",
            "login.succeeded",
            me,
            None,
            "",
            "The same person logs in to OpenAI from the same new address.",
        ),
        (
            "17:11:48",
            "ip_allowlist.config.deactivated",
            me,
            {"configs": [{"id": "ipallow_" + base62(rng, 12), "name": name}]},
            "",
            "The address allowlist is switched off.",
        ),
        (
            "17:13:20",
            "rate_limit.updated",
            me,
            {
                "id": "rl-gpt-4o",
                "changes_requested": {
                    "max_requests_per_1_minute": 30_000,
                    "max_tokens_per_1_minute": 150_000_000,
                },
            },
            "harbor",
            "The limits of gpt-4o are raised a hundredfold.",
        ),
        (
            "17:15:33",
            "invite.sent",
            me,
            {
                "id": "invite-" + base62(rng, 20),
                "data": {"email": "ops-team@parcel-mirror.example", "role": "owner"},
            },
            "",
            "A stranger is invited as owner.",
        ),
        (
            "17:19:09",
            "role.assignment.created",
            me,
            {
                "id": assignment,
                "principal_id": stranger,
                "principal_type": "user",
                "resource_id": ORGANISATION,
                "resource_type": "api.organization",
            },
            "",
            "The stranger receives the owner's role.",
        ),
        (
            "17:21:40",
            "service_account.created",
            me,
            {"id": account, "data": {"role": "owner"}},
            "internal",
            "A service account with the owner's role is created.",
        ),
        (
            "17:22:14",
            "api_key.created",
            me,
            {"id": key, "data": {"scopes": ["api.all"]}},
            "internal",
            "An unrestricted key is created for it.",
        ),
        (
            "17:24:55",
            "api_key.created",
            robot,
            {"id": "key_" + base62(rng, 16), "data": {"scopes": ["api.management.write", "api.all"]}},
            "internal",
            "The new key is used at once, to create another.",
        ),
        (
            "17:25:30",
            "project.updated",
            robot,
            {
                "id": "proj_b3NfYw8KpVqJ5xTzL0mHsGdi",
                "changes_requested": {"title": fakes.HTML + fakes.FORMULA},
            },
            "internal",
            "It renames a project to a payload for whoever lists the projects.",
        ),
    )
    for clock, kind, actor, details, project, what in plan:
        record = day.add(SOURCE, at(clock), event(rng, at(clock), kind, actor, details, project))
        story.step(SOURCE, at(clock), what, {"id": record["id"]})
