"""Story 5: models and services that nobody approved."""

from random import Random

from tracehound.demo.generate import fakes
from tracehound.demo.generate.benign.gateway import SOURCE as GATEWAY
from tracehound.demo.generate.benign.gateway import employee
from tracehound.demo.generate.clock import at
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import uuid
from tracehound.demo.generate.people import Person, named, team
from tracehound.demo.generate.shapes import bedrock, cloudtrail, litellm, litellm_failure, traffic
from tracehound.demo.generate.shapes.bedrock import Invocation
from tracehound.demo.generate.shapes.litellm_call import Call, Model
from tracehound.demo.generate.shapes.traffic import SOURCE, Desk
from tracehound.demo.generate.stories.story import Story
from tracehound.demo.generate.stories.words import words

DEEPSEEK = Model(
    "deepseek-chat",
    "deepseek/deepseek-chat",
    "deepseek",
    "https://api.deepseek.com/beta",
    2.7e-07,
    1.1e-06,
    65_536,
)
FINE_TUNE = Model(
    "ft:gpt-4o-mini-2024-07-18:personal:lanes:Bz31kQ9x",
    "openai/ft:gpt-4o-mini-2024-07-18:personal:lanes:Bz31kQ9x",
    "openai",
    "https://api.openai.com/v1/",
    3e-07,
    1.2e-06,
)
R1 = "us.deepseek.r1-v1:0"
SERVER = "10.20.12.107"
WEIGHTS = "https://huggingface.co/quietmill/harbor-uncensored-8b-GGUF/resolve/main/harbor-8b.Q4_K_M.gguf"
POE = f"https://poe.com/api/gql_POST?note={fakes.FORMULA.replace(' ', '')}"
# clock, who, method, address, bytes sent, bytes received
VISITS = (
    ("11:46:02", "Dominic Sayre", "GET", "https://chatgpt.com/", 0, 210_000),
    ("11:47:31", "Dominic Sayre", "POST", "https://chatgpt.com/backend-api/files", 3_870_000, 900),
    ("11:48:09", "Dominic Sayre", "POST", "https://chatgpt.com/backend-api/conversation", 21_400, 64_000),
    (
        "11:57:40",
        "Dominic Sayre",
        "POST",
        "https://chat.deepseek.com/api/v0/file/upload_file",
        1_940_000,
        700,
    ),
    ("11:58:22", "Dominic Sayre", "POST", "https://chat.deepseek.com/api/v0/chat/completion", 9_100, 31_000),
    (
        "14:08:15",
        "Anouk Visscher",
        "POST",
        "https://gemini.google.com/_/BardChatUi/data/batchexecute",
        744_000,
        22_000,
    ),
    ("14:11:37", "Anouk Visscher", "POST", POE, 12_300, 9_000),
    (
        "14:19:05",
        "Anouk Visscher",
        "GET",
        "https://www.perplexity.ai/search?q=nordhavn<script>alert(1)</script>",
        0,
        180_000,
    ),
)


def build(day: Day) -> None:
    """Write the story's records."""
    rng = day.rng("story/shadow_ai")
    story = Story("unapproved_model_shadow_ai")
    scientist = named("Tomasz Wilk")
    guesses(day, rng, story, scientist)
    gateway(day, rng, story, scientist)
    cloud(day, rng, story, scientist)
    consumer(day, rng, story)
    burst(day, rng, story, named("Dominic Sayre"))
    weights(day, rng, story, named("Victor Hale"))
    local(day, rng, story, named("Victor Hale"))
    story.close(day)


def gateway(day: Day, rng: Random, story: Story, one: Person) -> None:
    """Two models behind the gateway that are on no list."""
    plan = (
        (
            "08:52:20",
            DEEPSEEK,
            "forecast",
            "A data scientist sends lane margins to deepseek-chat through the gateway.",
        ),
        ("08:57:41", DEEPSEEK, "forecast", "He asks again, with more of the table."),
        ("09:14:03", FINE_TUNE, "strategy", "He uses a personal fine-tune that nobody knows."),
    )
    for clock, model, name, what in plan:
        messages = [{"role": "user", "content": words("shadow", name)}]
        caller = employee(one, "python-requests/2.32.3")
        call = Call(at(clock), caller, model, messages, uuid(rng))
        record = litellm.completion(rng, call, words("shadow", f"{name}_answer"))
        day.add(GATEWAY, record["endTime"], record)
        story.step(GATEWAY, call.when, what, litellm.ids(record))


def guesses(day: Day, rng: Random, story: Story, one: Person) -> None:
    """Names of models that the gateway does not have, one of them a payload."""
    refused = []
    for number, name in enumerate(("deepseek-reasoner", "grok-4", "harbor-uncensored" + fakes.IMAGE)):
        messages = [{"role": "user", "content": "hello"}]
        call = Call(at("08:47:02") + number * 19, employee(one, "python-requests/2.32.3"), DEEPSEEK, messages)
        record = litellm_failure.unknown_model(rng, call, name)
        day.add(GATEWAY, record["endTime"], record)
        refused.append(litellm.ids(record))
    story.step(GATEWAY, at("08:47:02"), "He tries names of models that the gateway does not have.", *refused)


def cloud(day: Day, rng: Random, story: Story, one: Person) -> None:
    """The same through Bedrock."""
    trail, logs = [], []
    for clock in ("09:31:10", "09:33:52", "09:40:27"):
        when = at(clock)
        who = cloudtrail.employee(rng, one, when)
        call = Invocation(
            when, one.arn, R1, "Converse", words("shadow", "forecast"), words("shadow", "forecast_answer")
        )
        log = day.add("bedrock_invocation", when, bedrock.converse(rng, call))
        record = day.add("cloudtrail", when, cloudtrail.invoked(rng, who, log, when))
        logs.append({"request_id": log["requestId"]})
        trail.append({"event_id": record["eventID"], "request_id": record["requestID"]})
    story.step("bedrock_invocation", at("09:31:10"), "DeepSeek-R1 in Bedrock, with the same margins.", *logs)
    story.step("cloudtrail", at("09:31:10"), "CloudTrail shows the console session behind it.", *trail)


def consumer(day: Day, rng: Random, story: Story) -> None:
    """Consumer assistants from the office, with uploads."""
    for clock, name, method, url, sent, received in VISITS:
        when, desk = at(clock), Desk.of(named(name))
        host = url.split("/")[2]
        asked = day.add(SOURCE, when - 0.2, traffic.dns(rng, when - 0.2, desk, host))
        event = traffic.http(
            rng, when, desk, method, url, sent=sent, received=received, category="Generative AI"
        )
        day.add(SOURCE, when, event)
        size = f", {sent / 1_000_000:.1f} MB sent" if sent > 500_000 else ""
        story.step(SOURCE, when, f"{name} uses {host}{size}.", traffic.ids(asked), traffic.ids(event))


def burst(day: Day, rng: Random, story: Story, one: Person) -> None:
    """A long chat: a dozen requests within ten minutes."""
    seen, when = [], at("11:49:00")
    for _ in range(12):
        when += rng.uniform(14, 44)
        url = "https://chatgpt.com/backend-api/conversation"
        sent, received = rng.randrange(14_000, 41_000), rng.randrange(8_000, 90_000)
        event = traffic.http(
            rng, when, Desk.of(one), "POST", url, sent=sent, received=received, category="Generative AI"
        )
        seen.append(traffic.ids(day.add(SOURCE, when, event)))
    story.step(SOURCE, at("11:49:00"), f"{one.name} chats on: twelve requests in a few minutes.", *seen)


def weights(day: Day, rng: Random, story: Story, owner: Person) -> None:
    """The weights of a model, from a public hub."""
    when, agent = at("12:22:18"), "ollama/0.12.6"
    got = traffic.http(
        rng,
        when,
        Desk.of(owner),
        "GET",
        WEIGHTS,
        sent=0,
        received=4_920_000_000,
        agent=agent,
        category="Generative AI",
    )
    day.add(SOURCE, when, got)
    story.step(SOURCE, when, f"{owner.name} downloads the weights of an unknown model.", traffic.ids(got))


def local(day: Day, rng: Random, story: Story, owner: Person) -> None:
    """A model server on a desk that answers the office."""
    seen: list[Record] = []
    for number, one in enumerate(team("engineering")[:4]):
        for turn in range(3):
            when = at("13:10:00") + number * 610 + turn * 47.5
            visitor = Desk.of(one)
            flow = traffic.network(
                rng,
                when,
                visitor,
                SERVER,
                11434,
                sent=rng.randrange(2_000, 90_000),
                received=rng.randrange(4_000, 60_000),
            )
            seen.append(traffic.ids(day.add(SOURCE, when, flow)))
        chat = traffic.http(
            rng,
            when + 1,
            visitor,
            "POST",
            f"http://{SERVER}:11434/api/chat",
            sent=18_000,
            received=9_400,
            agent="ollama-python/0.6.0 " + fakes.ANSI,
        )
        chat["dst_endpoint"] |= {"ip": SERVER, "hostname": owner.host}
        seen.append(traffic.ids(day.add(SOURCE, when + 1, chat)))
    story.step(
        SOURCE, at("13:10:00"), "Four desks talk to a model server on port 11434 that nobody approved.", *seen
    )
