"""Story 4: a developer and an accountant paste what must not leave the company."""

from random import Random

from tracehound.demo.generate import fakes
from tracehound.demo.generate.benign.gateway import SOURCE, employee
from tracehound.demo.generate.clock import at
from tracehound.demo.generate.day import Day
from tracehound.demo.generate.ids import uuid
from tracehound.demo.generate.people import Person, access_key, named
from tracehound.demo.generate.prompts import system
from tracehound.demo.generate.shapes import litellm
from tracehound.demo.generate.shapes.claude_code import Session
from tracehound.demo.generate.shapes.litellm_call import MODELS, Call
from tracehound.demo.generate.stories.story import Story
from tracehound.demo.generate.stories.words import words


def build(day: Day) -> None:
    """Write the story's records."""
    rng = day.rng("story/secret_in_prompt")
    story = Story("secret_in_prompt")
    victor, emil = named("Victor Hale"), named("Emil Tanner")
    keys = {
        "module": "tariff",
        "KEY": access_key(rng),
        "SECRET": fakes.secret_key(rng),
        "TOKEN": fakes.github_token(rng),
        "PASSWORD": "kT4-" + fakes.secret_key(rng)[:14].replace("/", "x").replace("+", "y"),
    }
    paste(
        day,
        rng,
        story,
        victor,
        "09:35:14",
        ("env", "env_answer"),
        keys,
        "A developer pastes an .env file with cloud keys.",
    )
    terminal(day, rng, story, victor)
    data = {"CARD1": fakes.card(rng), "CARD2": fakes.card(rng), "IBAN1": fakes.iban(rng)}
    what = "An accountant pastes clients' cards and bank accounts."
    paste(day, rng, story, emil, "16:20:48", ("clients", "clients_answer"), data, what)
    story.close(day)


def paste(
    day: Day,
    rng: Random,
    story: Story,
    one: Person,
    clock: str,
    names: tuple[str, str],
    slots: dict[str, str],
    what: str,
) -> None:
    """One call of the assistant with what was pasted, and its answer."""
    prompt, answer = (words("secrets", name, **slots) for name in names)
    messages = [{"role": "system", "content": system("office")}, {"role": "user", "content": prompt}]
    call = Call(at(clock), employee(one), MODELS["gpt-4o"], messages, uuid(rng), stream=True)
    record = litellm.completion(rng, call, answer)
    day.add(SOURCE, record["endTime"], record)
    story.step(SOURCE, call.when, what, litellm.ids(record))


def terminal(day: Day, rng: Random, story: Story, one: Person) -> None:
    """The private key in Claude Code's prompt."""
    run = Session(day, rng, one, at("10:31:40"))
    asked = run.ask(words("secrets", "deploy", PEM=fakes.private_key(rng)))
    story.step(
        "claude_code", run.now, "The same developer pastes his private SSH key into Claude Code.", asked
    )
    run.think(words("secrets", "deploy_answer"))
    run.flush()
