"""The company's own agents on an ordinary day: invoices, claims, the wiki on OpenInference, event logs."""

import json
from random import Random

from tracehound.demo.generate.clock import nanos, office_time
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import base62, hexes
from tracehound.demo.generate.people import team
from tracehound.demo.generate.prompts import retrieval, system, talk, texts
from tracehound.demo.generate.prompts.talk import VALUES, Talk, fill
from tracehound.demo.generate.shapes import otlp
from tracehound.demo.generate.shapes.agent import Agent, Run, Tool, play
from tracehound.demo.generate.shapes.litellm import tokens

INVOICES = Agent(
    "invoice-agent",
    "agt_5f1c7a90",
    "2.8.1",
    "gpt-4o",
    "openai",
    "api.openai.com",
    "You process supplier invoices. Read the mail, compare with the order, book or ask a human.",
)
CLAIMS = Agent(
    "claims-agent",
    "agt_22d0e8b4",
    "1.4.0",
    "claude-sonnet-4-5-20250929",
    "anthropic",
    "api.anthropic.com",
    "You prepare claims for the desk: collect the papers, write a note. You decide nothing.",
)

READ_MAIL = "Read one message of the invoices mailbox"
GET_ORDER = "Look up a purchase order"
BOOK = "Book an invoice for payment"
NOTE = "Write a note into the claim"


def build(day: Day) -> None:
    """Fill in the agents' ordinary day."""
    rng = day.rng("agents")
    for _ in range(42):
        invoice(day, rng)
    for _ in range(20):
        claim(day, rng)
    for _ in range(70):
        wiki(day, rng)
    for _ in range(45):
        chat_events(day, rng)


def invoice(day: Day, rng: Random) -> None:
    """One supplier's invoice: mail, order, booking."""
    supplier, amount = rng.choice(VALUES["client"]), f"{rng.randrange(120, 9800)}.{rng.randrange(10, 99)}"
    number, order = f"R-{rng.randrange(10000, 99999)}", f"PO-{rng.randrange(30000, 39999)}"
    message = f"in-{rng.randrange(100000, 999999)}"
    body = (
        f"Dear Halden Freight team,\n\nplease find attached our invoice {number} over EUR {amount} for order "
        f"{order}.\nTerms: 30 days net.\n\nKind regards\nAccounts, {supplier}"
    )
    tools = [
        Tool(
            "read_mail",
            {"message_id": message},
            {"from": supplier, "subject": f"Invoice {number}", "body": body},
            READ_MAIL,
        ),
        Tool(
            "get_purchase_order",
            {"order": order},
            {"order": order, "supplier": supplier, "amount": amount},
            GET_ORDER,
        ),
    ]
    answer = f"Invoice {number} of {supplier} matches {order} and is booked: EUR {amount}."
    match rng.random():
        case chance if chance < 0.12:
            tools[1] = Tool("get_purchase_order", {"order": order}, None, GET_ORDER, "TimeoutError")
            answer = f"Order {order} could not be read; invoice {number} waits for a colleague."
        case chance if chance < 0.3:
            tools.append(
                Tool(
                    "ask_human",
                    {"question": f"{number}: amount differs from {order}"},
                    "asked",
                    "Ask a clerk",
                )
            )
            answer = f"The amount of {number} differs from {order}; Greta has been asked."
        case _:
            tools.append(
                Tool("book_invoice", {"number": number, "amount": amount}, {"status": "booked"}, BOOK)
            )
    play(
        day, rng, Run(INVOICES, office_time(rng), f"Process message {message}.", tools, answer, INVOICES.name)
    )


def claim(day: Day, rng: Random) -> None:
    """One claim: the record, the delivery note, a note for the desk."""
    ticket, ref = f"OPS-{rng.randrange(2100, 7900)}", f"HF-2026-{rng.randrange(100000, 199999)}"
    clerk = rng.choice(team("support"))
    goods = rng.choice(VALUES["goods"])
    tools = [
        Tool(
            "get_claim", {"ticket": ticket}, {"ticket": ticket, "ref": ref, "goods": goods, "state": "open"}
        ),
        Tool("get_delivery_note", {"ref": ref}, f"Delivery note {ref}: signed, remark: one box wet."),
        Tool("write_note", {"ticket": ticket, "text": f"Papers for {ref} complete."}, {"ok": True}, NOTE),
    ]
    run = Run(
        CLAIMS,
        office_time(rng),
        f"Prepare claim {ticket}.",
        tools,
        f"{ticket} is ready for the desk.",
        clerk.email,
    )
    play(day, rng, run)


def wiki(day: Day, rng: Random) -> None:
    """The wiki assistant runs on OpenInference: a retriever span and a model span in one chain."""
    asked, pages, title, answer = retrieval(rng)
    one = rng.choice(team("operations", "sales", "support", "people"))
    trace, chain, when = hexes(rng, 32), hexes(rng, 16), office_time(rng)
    scope = {"name": "openinference.instrumentation.langchain", "version": "0.1.66"}
    shared: Record = {"session.id": "wiki-" + hexes(rng, 12), "user.id": one.email}
    found: Record = {
        "openinference.span.kind": "RETRIEVER",
        "input.value": asked,
        "retrieval.documents.0.document.id": title.lower().replace(" ", "-"),
        "retrieval.documents.0.document.content": texts("documents")["pages"][title],
        "retrieval.documents.0.document.score": round(rng.uniform(0.6, 0.95), 3),
    }
    prompt = f"Pages:\n\n{pages}\n\nQuestion: {asked}"
    ended = when + 0.3 + rng.expovariate(1.2)
    llm = inference(rng, prompt, answer)
    kind = {"openinference.span.kind": "CHAIN", "input.value": asked, "output.value": answer}
    top = otlp.span(rng, trace, "", "RetrievalQA", otlp.INTERNAL, when, ended + 0.02, kind | shared)
    top["spanId"] = chain
    batch = [
        otlp.span(rng, trace, chain, "VectorStoreRetriever", otlp.INTERNAL, when, when + 0.2, found | shared),
        otlp.span(rng, trace, chain, "ChatOpenAI", otlp.INTERNAL, when + 0.21, ended, llm | shared),
        top,
    ]
    day.add(
        "otel_traces", ended, otlp.spans(otlp.resource("wiki-assistant", "3.2.0"), scope, batch), len(batch)
    )


def inference(rng: Random, prompt: str, answer: str) -> Record:
    """Attributes of OpenInference's LLM span."""
    asked = [{"role": "system", "content": texts("documents")["system"]}, {"role": "user", "content": prompt}]
    given, made = tokens(prompt) + 40, tokens(answer)
    llm: Record = {
        "openinference.span.kind": "LLM",
        "llm.system": "openai",
        "llm.provider": "openai",
        "llm.model_name": "gpt-4o-mini",
        "llm.invocation_parameters": json.dumps({"model": "gpt-4o-mini", "temperature": 0}),
        "input.value": json.dumps({"model": "gpt-4o-mini", "messages": asked}),
        "input.mime_type": "application/json",
        "output.value": json.dumps({"id": "chatcmpl-" + base62(rng, 29), "choices": [{"message": answer}]}),
        "output.mime_type": "application/json",
        "llm.token_count.prompt": given,
        "llm.token_count.completion": made,
        "llm.token_count.total": given + made,
    }
    for number, message in enumerate(asked):
        llm[f"llm.input_messages.{number}.message.role"] = message["role"]
        llm[f"llm.input_messages.{number}.message.content"] = message["content"]
    llm["llm.output_messages.0.message.role"] = "assistant"
    llm["llm.output_messages.0.message.content"] = answer
    return llm


def chat_events(day: Day, rng: Random) -> None:
    """The intranet's chat: a span without content, and its content in log events of the same trace."""
    turns: Talk = talk(rng, "office") if rng.random() < 0.6 else fill(rng, talk(rng, "code"))
    user, answer = turns[0]
    trace, when = hexes(rng, 32), office_time(rng)
    ended = when + 0.6 + tokens(answer) * 0.012
    given: Record = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.response.id": "chatcmpl-" + base62(rng, 29),
        "gen_ai.usage.input_tokens": tokens(user) + 60,
        "gen_ai.usage.output_tokens": tokens(answer),
        "enduser.id": rng.choice(team("operations", "finance", "legal")).email,
    }
    made = otlp.span(rng, trace, hexes(rng, 16), "chat gpt-4o", otlp.CLIENT, when, ended, given)
    scope = {"name": "opentelemetry.instrumentation.openai_v2", "version": "2.4b0"}
    place = otlp.resource("intranet-chat", "5.0.2")
    day.add("otel_traces", ended, otlp.spans(place, scope, [made]))
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
    said = [
        ("gen_ai.system.message", {"content": system("office")}),
        ("gen_ai.user.message", {"content": user}),
        ("gen_ai.choice", choice),
    ]
    batch: list[Record] = []
    for number, (name, body) in enumerate(said):
        moment = ended if number == 2 else when + 0.001 * number
        batch.append(
            {
                "timeUnixNano": nanos(moment),
                "observedTimeUnixNano": nanos(moment + 0.001),
                "eventName": name,
                "body": otlp.value(body),
                "attributes": otlp.attributes({"gen_ai.system": "openai"}),
                "traceId": trace,
                "spanId": made["spanId"],
                "flags": 1,
            }
        )
    day.add("otel_logs", ended, otlp.logs(place, scope, batch), len(batch))
