"""An ordinary day on the LiteLLM gateway: assistants, the clients' chat, retrieval, code review, tools."""

import json
from random import Random

from tracehound.demo.generate.clock import office_time
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import base62, uuid
from tracehound.demo.generate.people import SERVICES, Person, Service, staff, team
from tracehound.demo.generate.prompts import foreign, retrieval, review, system, talk, texts
from tracehound.demo.generate.prompts.talk import fill
from tracehound.demo.generate.shapes import litellm, litellm_failure
from tracehound.demo.generate.shapes.litellm_call import MODELS, Call, Caller

SOURCE = "litellm"
WEB_UI = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
ERROR_MIX = (
    ("RateLimitError",) * 5 + ("Timeout",) * 3 + ("BadRequestError",) * 3 + ("InternalServerError",) * 2
)

RATE_TOOL = {
    "type": "function",
    "function": {
        "name": "lookup_rate",
        "description": "Return the rate of a lane for a week.",
        "parameters": {
            "type": "object",
            "properties": {"lane": {"type": "string"}, "week": {"type": "integer"}},
            "required": ["lane", "week"],
        },
    },
}
TRACK_TOOL = {
    "type": "function",
    "function": {
        "name": "track_shipment",
        "description": "Return the last known position of a shipment.",
        "parameters": {"type": "object", "properties": {"ref": {"type": "string"}}, "required": ["ref"]},
    },
}


def employee(one: Person, agent: str = WEB_UI) -> Caller:
    """An employee with a key of his or her own."""
    alias = one.email.partition("@")[0]
    return Caller(one.key_hash, alias, one.email, one.email, one.team, one.address, agent)


def workload(one: Service, end_user: str | None = None, agent: str = "OpenAI/Python 2.54.0") -> Caller:
    """A key that belongs to a team and not to a user, with the end user behind it where there is one."""
    return Caller(one.key_hash, one.name, None, None, one.team, one.address, agent, end_user)


def build(day: Day) -> None:
    """Fill in the gateway's ordinary day."""
    rng = day.rng("gateway")
    for _ in range(150):
        assistant(day, rng)
    for _ in range(12):
        contract(day, rng)
    for _ in range(85):
        programming(day, rng)
    for number in range(110):
        chat(day, rng, f"visitor-{40_000 + number * 7 + rng.randrange(7)}")
    for _ in range(80):
        question(day, rng)
    for _ in range(40):
        pipeline(day, rng)
    for _ in range(22):
        tool_loop(day, rng)


def dialogue(day: Day, rng: Random, call: Call, turns: tuple[tuple[str, str], ...], pause: float) -> None:
    """A conversation: each turn repeats what was said before it."""
    said: list[Record] = list(call.messages)
    when = call.when
    for user, answer in turns:
        said = [*said, {"role": "user", "content": user}]
        turn = Call(when, call.caller, call.model, said, session=call.session, stream=call.stream)
        turn.parameters = dict(call.parameters)
        if call.guardrail is not None:
            turn.guardrail = litellm.guardrail(when, "success", "allow")
        if rng.random() < 0.035:
            failed = litellm_failure.failure(rng, turn, rng.choice(ERROR_MIX))
            day.add(SOURCE, failed["endTime"], failed)
            when = failed["endTime"] + rng.uniform(2, 9)
            turn = Call(when, call.caller, call.model, said, session=call.session, stream=call.stream)
            turn.guardrail = call.guardrail and litellm.guardrail(when, "success", "allow")
        record = litellm.completion(rng, turn, answer)
        day.add(SOURCE, record["endTime"], record)
        said = [*said, {"role": "assistant", "content": answer}]
        when = record["endTime"] + rng.uniform(0.4, 1.8) * pause


def assistant(day: Day, rng: Random) -> None:
    """The writing assistant in the browser; also the security team's honest questions."""
    one = rng.choice([person for person in staff().values() if person.team not in ("platform", "data")])
    if one.team == "security":
        turns = talk(rng, "security")
    elif one.language != "en" and rng.random() < 0.7:
        turns = foreign(rng, one.language)
    elif rng.random() < 0.06:
        turns = talk(rng, "security")
    else:
        turns = talk(rng, "office")
    model = MODELS[rng.choices(["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5"], weights=[5, 3, 3])[0]]
    opening = [{"role": "system", "content": system("office")}]
    call = Call(office_time(rng), employee(one), model, opening, uuid(rng), stream=rng.random() < 0.8)
    call.parameters = {"temperature": 0.4}
    dialogue(day, rng, call, turns, pause=45)


def contract(day: Day, rng: Random) -> None:
    """A long document to be summarised: thousands of tokens in, a few lines out."""
    one = rng.choice(team("legal", "finance", "sales"))
    clauses = [answer for _ in range(rng.randrange(25, 70)) for _, answer in talk(rng, "office")]
    pages = list(texts("documents")["pages"].values())
    text = "\n\n".join(f"{n}. {rng.choice([*clauses, *pages])}" for n in range(1, len(clauses)))
    messages: list[Record] = [
        {"role": "system", "content": system("office")},
        {"role": "user", "content": f"Summarise this annex in five lines.\n\n{text}"},
    ]
    model = MODELS[rng.choice(["claude-sonnet-4-5", "gpt-4o"])]
    call = Call(office_time(rng), employee(one), model, messages, uuid(rng), stream=True)
    answer = "\n".join(f"- {rng.choice(pages).split('. ')[0]}." for _ in range(5))
    record = litellm.completion(rng, call, answer)
    day.add(SOURCE, record["endTime"], record)


def programming(day: Day, rng: Random) -> None:
    """Developers asking from their editors."""
    one = rng.choice(team("engineering", "data", "platform"))
    agent = rng.choice(["OpenAI/JS 6.9.1", "OpenAI/Python 2.54.0", "continue/1.3.20"])
    model = MODELS[rng.choices(["gpt-4o", "claude-sonnet-4-5"], weights=[2, 3])[0]]
    opening = [{"role": "system", "content": system("code")}]
    call = Call(office_time(rng), employee(one, agent), model, opening, uuid(rng), stream=True)
    call.parameters = {"max_tokens": 2048}
    dialogue(day, rng, call, talk(rng, "code"), pause=70)


def chat(day: Day, rng: Random, visitor: str) -> None:
    """A client in the chat window of the web site, behind the guardrail."""
    caller = workload(SERVICES["harbor-chat"], visitor)
    opening = [{"role": "system", "content": system("support")}]
    call = Call(office_time(rng), caller, MODELS["gpt-4o-mini"], opening, "harbor-" + uuid(rng))
    call.guardrail = litellm.guardrail(call.when, "success", "allow")
    call.parameters = {"temperature": 0.2, "max_tokens": 400}
    turns = talk(rng, "support")
    if rng.random() < 0.35:  # a second concern in the same window
        turns += talk(rng, "support")
    dialogue(day, rng, call, turns, pause=30)


def question(day: Day, rng: Random) -> None:
    """Search in the wiki: one embedding, then the answer from the pages found."""
    one = rng.choice(list(staff().values()))
    asked, pages, _, answer = retrieval(rng)
    caller = workload(SERVICES["wiki-search"], one.email)
    trace = uuid(rng)
    when = office_time(rng)
    found = litellm.embedding(
        rng,
        Call(when, caller, MODELS["text-embedding-3-small"], [{"role": "user", "content": asked}]),
        [asked],
    )
    found["trace_id"] = trace
    day.add(SOURCE, found["endTime"], found)
    messages: list[Record] = [
        {"role": "system", "content": texts("documents")["system"]},
        {"role": "user", "content": f"Pages:\n\n{pages}\n\nQuestion: {asked}"},
    ]
    call = Call(found["endTime"] + 0.2, caller, MODELS["gpt-4o-mini"], messages, trace=trace)
    record = litellm.completion(rng, call, answer)
    day.add(SOURCE, record["endTime"], record)


def pipeline(day: Day, rng: Random) -> None:
    """The pipeline's key asks for a review of a change."""
    change, remark = review(rng)
    messages: list[Record] = [
        {"role": "system", "content": "Review the change. One remark, no praise."},
        {"role": "user", "content": f"```diff\n{change}\n```"},
    ]
    caller = workload(SERVICES["ci-model-eval"], agent="python-httpx/0.28.1")
    call = Call(office_time(rng), caller, MODELS["gpt-4o-mini"], messages, parameters={"temperature": 0})
    record = litellm.completion(rng, call, remark)
    if rng.random() < 0.08:
        record = litellm_failure.failure(
            rng, call, rng.choice(["RateLimitError", "ContextWindowExceededError"])
        )
    day.add(SOURCE, record["endTime"], record)


def tool_loop(day: Day, rng: Random) -> None:
    """The route planner lets the model call two functions and answers from what they return."""
    asked, answer = fill(
        rng,
        (
            (
                "Plan <<n>> pallets of <<goods>> from <<city>> to <<port>> for week <<week>>.",
                "By road on the Monday of week <<week>>, in <<port>> on the next day; <<sum>> in all.",
            ),
        ),
    )[0]
    caller = workload(SERVICES["route-planner"])
    trace, when = uuid(rng), office_time(rng)
    messages: list[Record] = [
        {"role": "system", "content": "Plan transports. Use the tools for rates and positions."},
        {"role": "user", "content": asked},
    ]
    ref = f"HF-2026-{rng.randrange(100000, 199999)}"
    wanted = [
        (
            "lookup_rate",
            {"lane": "RTM-LYS", "week": rng.randrange(47, 52)},
            {"rate": rng.randrange(80, 140), "per": "pallet"},
        ),
        ("track_shipment", {"ref": ref}, {"ref": ref, "position": "depot", "age_min": rng.randrange(2, 60)}),
    ]
    calls = [
        {
            "function": {"arguments": json.dumps(given), "name": name},
            "id": "call_" + base62(rng, 24),
            "type": "function",
        }
        for name, given, _ in wanted[: rng.choice([1, 2, 2])]
    ]
    call = Call(when, caller, MODELS["gpt-4o"], messages, trace=trace)
    call.parameters = {"tools": [RATE_TOOL, TRACK_TOOL]}
    record = litellm.completion(rng, call, None, calls)
    day.add(SOURCE, record["endTime"], record)
    results = [
        {"role": "tool", "tool_call_id": made["id"], "content": json.dumps(result)}
        for made, (_, _, result) in zip(calls, wanted, strict=False)
    ]
    messages = [*messages, {"role": "assistant", "content": None, "tool_calls": calls}, *results]
    call = Call(record["endTime"] + 0.6, caller, MODELS["gpt-4o"], messages, trace=trace)
    call.parameters = {"tools": [RATE_TOOL, TRACK_TOOL]}
    record = litellm.completion(rng, call, answer)
    day.add(SOURCE, record["endTime"], record)
