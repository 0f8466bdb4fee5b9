"""Story 1: a visitor attacks the clients' chat; the guardrail stops eight tries, the ninth goes through."""

from random import Random

from tracehound.demo.generate import fakes
from tracehound.demo.generate.benign.gateway import SOURCE, workload
from tracehound.demo.generate.clock import at
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import uuid
from tracehound.demo.generate.people import SERVICES
from tracehound.demo.generate.prompts import system
from tracehound.demo.generate.shapes import litellm
from tracehound.demo.generate.shapes.litellm_call import MODELS, Call
from tracehound.demo.generate.stories.story import Story
from tracehound.demo.generate.stories.words import words

VISITOR = "visitor-66613"

# clock, text, policy that stopped it ("" = only flagged), what the step says
TRIES = (
    ("10:42:07", "probe", "system_prompt_extraction", "The visitor asks for the system prompt; blocked."),
    ("10:44:31", "override", "prompt_injection", '"Ignore all previous instructions"; blocked.'),
    ("10:47:55", "persona", "jailbreak", "A persona without rules; blocked."),
    ("10:52:18", "delimiter", "prompt_injection", "Forged chat delimiters; blocked."),
    ("10:58:40", "encoded", "encoded_payload", "The same order in base64; blocked."),
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
            record = litellm.blocked(rng, call, policy)
        else:
            call.guardrail = litellm.guardrail(call.when, "guardrail_flagged", "flag: hidden_characters")
            record = litellm.completion(rng, call, words("direct", "refusal"))
        day.add(SOURCE, record["endTime"], record)
        story.step(SOURCE, call.when, what, litellm.ids(record))
    play(day, rng, story, session)
    story.close(day)


def play(day: Day, rng: Random, story: Story, session: str) -> None:
    """The two turns that succeed."""
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


def ask(when: float, session: str, messages: list[Record]) -> Call:
    """A call of the clients' chat; the browser's name carries a terminal sequence."""
    agent = "HarborWidget/4.2 " + fakes.ANSI
    caller = workload(SERVICES["harbor-chat"], VISITOR, agent)
    opening: Record = {"role": "system", "content": system("support")}
    return Call(when, caller, MODELS["gpt-4o-mini"], [opening, *messages], session)
