"""Story 1: a visitor attacks the clients' chat; the guardrail stops eight tries, the ninth goes through."""

from random import Random

from tracehound.demo.generate import fakes
from tracehound.demo.generate.benign.gateway import SOURCE, workload
from tracehound.demo.generate.clock import at
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import uuid
from tracehound.demo.generate.people import SERVICES
from tracehound.demo.generate.prompts import system
from tracehound.demo.generate.shapes import bedrock, cloudtrail, litellm, litellm_failure
from tracehound.demo.generate.shapes.bedrock import Invocation, profile
from tracehound.demo.generate.shapes.litellm_call import MODELS, Call
from tracehound.demo.generate.stories.story import Story
from tracehound.demo.generate.stories.words import words

VISITOR = "visitor-66613"

# clock, text, policy that stopped it ("" = only flagged), what the step says
TRIES = (
    ("10:42:07", "probe", "system_prompt_extraction", "The visitor asks for the system prompt; blocked."),
    ("10:43:31", "override", "prompt_injection", '"Ignore all previous instructions"; blocked.'),
    ("10:45:12", "persona", "jailbreak", "A persona without rules; blocked."),
    ("10:47:50", "delimiter", "prompt_injection", "Forged chat delimiters; blocked."),
    ("10:50:36", "encoded", "encoded_payload", "The same order in base64; blocked."),
    (
        "11:03:02",
        "invisible",
        "",
        "The same order in invisible Unicode tags; only flagged, the model declines.",
    ),
    ("11:09:26", "german", "prompt_injection", "The same order in German; blocked."),
    ("11:14:12", "leet", "prompt_injection", "The same order in leetspeak; blocked."),
)


def build(day: Day) -> None:
    """Write the story's records."""
    rng = day.rng("story/direct_injection")
    story = Story("direct_injection")
    session = "harbor-" + uuid(rng)
    slots = {
        "BASE64": fakes.base64_text(words("direct", "encoded_inside")),
        "TAGS": fakes.tag_characters(words("direct", "invisible_inside")),
    }
    for clock, name, policy, what in TRIES:
        call = ask(at(clock), session, [{"role": "user", "content": words("direct", name, **slots)}])
        if policy:
            record = litellm_failure.blocked(rng, call, policy)
        else:
            call.guardrail = litellm.guardrail(call.when, "guardrail_flagged", "flag: hidden_characters")
            record = litellm.completion(rng, call, words("direct", "refusal"))
        day.add(SOURCE, record["endTime"], record)
        story.step(SOURCE, call.when, what, litellm.ids(record))
    forged(day, rng, story)
    transcript = play(day, rng, story, session)
    triage(day, rng, story, transcript)
    story.close(day)


def forged(day: Day, rng: Random, story: Story) -> None:
    """One more try under a visitor's name that is markup itself."""
    call = ask(at("11:16:58"), "harbor-" + uuid(rng), [{"role": "user", "content": words("direct", "probe")}])
    call.caller.end_user = f"{VISITOR}{fakes.SVG}"
    record = litellm_failure.blocked(rng, call, "system_prompt_extraction")
    day.add(SOURCE, record["endTime"], record)
    story.step(
        SOURCE, call.when, "The widget's visitor id is forged to hold markup; blocked.", litellm.ids(record)
    )


def play(day: Day, rng: Random, story: Story, session: str) -> list[Record]:
    """The two turns that succeed; returns what was said."""
    numbers = {f"IBAN{n}": fakes.iban(rng) for n in (1, 2, 3)}
    said: list[Record] = [{"role": "user", "content": words("direct", "story")}]
    acts = (
        (
            "11:21:44",
            "story_answer",
            "Dressed up as a play it passes; the answer holds the system prompt and its code.",
        ),
        (
            "11:25:09",
            "records_answer",
            "With the code the chat reads out other clients' contacts and bank accounts.",
        ),
    )
    for clock, name, what in acts:
        call = ask(at(clock), session, list(said))
        call.guardrail = litellm.guardrail(call.when, "success", "allow")
        answer = words("direct", name, **numbers)
        record = litellm.completion(rng, call, answer)
        day.add(SOURCE, record["endTime"], record)
        story.step(SOURCE, call.when, what, litellm.ids(record))
        said += [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": words("direct", "records")},
        ]
    return said


def triage(day: Day, rng: Random, story: Story, said: list[Record]) -> None:
    """Later the claims desk's triage sends the transcript to Bedrock, whose guardrail steps in."""
    one, when = SERVICES["claims-triage"], at("11:40:33")
    text = "\n".join(f"{message['role']}: {message['content']}" for message in said[:2])
    prompt = f"Sort this chat into claim, complaint or question and give one line of summary.\n\n{text}"
    answer = "Sorry, the content policy of Halden Freight does not allow this."
    call = Invocation(when, one.arn, profile("us-east-1"), "Converse", prompt, answer, maximum=200)
    call.request = uuid(rng)
    log = day.add("bedrock_invocation", when, bedrock.blocked(rng, call, "Instruction override"))
    who = cloudtrail.workload(rng, one, when)
    record = day.add("cloudtrail", when, cloudtrail.invoked(rng, who, log, when))
    what = "The triage job forwards the transcript; Bedrock's guardrail stops it."
    story.step("bedrock_invocation", when, what, {"request_id": log["requestId"]})
    story.step(
        "cloudtrail",
        when,
        "CloudTrail's record of the same request.",
        {"event_id": record["eventID"], "request_id": record["requestID"]},
    )


def ask(when: float, session: str, messages: list[Record]) -> Call:
    """A call of the clients' chat; the browser's name carries a terminal sequence."""
    agent = "HarborWidget/4.2 " + fakes.ANSI
    caller = workload(SERVICES["harbor-chat"], VISITOR, agent)
    opening: Record = {"role": "system", "content": system("support")}
    return Call(when, caller, MODELS["gpt-4o-mini"], [opening, *messages], session)
