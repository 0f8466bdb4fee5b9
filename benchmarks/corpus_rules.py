"""Generated Sigma rules and events for measuring the matcher: AI events and endpoint events, from a fixed seed.

The rules have the shapes that SigmaHQ's endpoint rules and rules on AI events have (several selections,
``contains|all``, endings of paths, lists, filters, a few regular expressions, thresholds and networks), with
words that the events hold now and then. The AI events are the demo day's, normalized and enriched, each
varied in who, when, with which tool and model, and in its texts.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

Document = dict[str, Any]
Event = dict[str, Any]

SEED = 20_261_118
AI_BYTES = 3900

SYLLABLES = (
    "ba", "con", "da", "el", "for", "gen", "ha", "im", "jo", "ker", "lu", "mi", "nor", "op", "pra", "qui", "ra",
    "sen", "tu", "ven", "win", "xa", "zo", "per", "sta",
)  # fmt: skip
DIRECTIONS = ("prompt", "response", "tool_call", "tool_result", "system", "tool_description")
KINDS = ("injection", "jailbreak", "secret", "pii", "command", "exfiltration", "obfuscation", "encoded")
SERVICES = ("gateway", "agent", "cloud_audit", "network", "provider_audit")
PROVIDERS = ("anthropic", "openai", "amazon", "google", "mistral", "deepseek", "meta", "cohere")
FOLDERS = ("System32", "SysWOW64", "Temp", "Public", "AppData\\Local\\Temp", "ProgramData", "Downloads")
PROGRAMS = (
    "powershell", "cmd", "rundll32", "regsvr32", "mshta", "wscript", "cscript", "certutil", "bitsadmin",
    "schtasks", "reg", "net", "net1", "sc", "wmic", "msiexec", "svchost", "explorer", "chrome", "winword",
    "excel", "outlook", "teams", "onedrive", "notepad", "python", "node", "git", "java", "msbuild",
    "installutil", "curl", "ssh", "whoami", "nltest", "tasklist", "taskkill", "vssadmin", "wevtutil",
    "bcdedit", "esentutl", "hh", "control", "odbcconf",
)  # fmt: skip


class Words:
    """Pseudo-words and what is made of them; one vocabulary for rules and events, so that rules can hold."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.words = sorted({self._word() for _ in range(4000)})
        random.shuffle(self.words)
        self.labels = [f"{d}.{k}.{w}" for d in DIRECTIONS for k in KINDS for w in self.words[:6]]
        self.tools = [f"{a}_{b}" for a in self.words[10:70] for b in self.words[70:120]]
        self.models = [f"{p}.{w}-{n}" for p in PROVIDERS for w in self.words[120:130] for n in (1, 2, 3)]
        self.people = [
            f"{a}.{b}@{self.words[0]}.example" for a in self.words[130:160] for b in self.words[160:180]
        ]
        self.hosts = [f"api.{w}.{t}" for w in self.words[1000:3000] for t in ("example", "test")]
        self.phrases = [" ".join(random.sample(self.words, random.randint(2, 4))) for _ in range(2500)]
        self.switches = [f" {d}{w}" for w in self.words[400:900] for d in ("-", "/")]
        self.programs = [*PROGRAMS, *self.words[900:960]]

    def _word(self) -> str:
        return "".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 4)))

    def text(self, size: int, phrase: float = 0.01) -> str:
        """Running text of about so many characters, with one of the phrases of rules now and then."""
        parts: list[str] = []
        length = 0
        while length < size:
            part = self.pick(self.phrases) if self.random.random() < phrase else self.pick(self.words)
            parts.append(part)
            length += len(part) + 1
        return " ".join(parts)

    def pick(self, values: Sequence[str]) -> str:
        """One of them, the first ones far more often."""
        return values[int(len(values) * self.random.random() ** 3)]

    def some(self, values: Sequence[str], low: int, high: int) -> list[str]:
        """Some different ones, all alike often."""
        return self.random.sample(values, self.random.randint(low, high))

    def uid(self) -> str:
        return f"{self.random.getrandbits(128):032x}"


Shape = Callable[[Words], dict[str, Any]]


def _when(words: Words, first: dict[str, Any], *, filtered: float, other: dict[str, Any]) -> dict[str, Any]:
    """A detection section: one selection, or one with a filter."""
    if words.random.random() < filtered:
        return {"selection": first, "filter_known": other, "condition": "selection and not 1 of filter_*"}
    return {"selection": first, "condition": "selection"}


def _people(words: Words) -> dict[str, Any]:
    return {"ai.principal": words.some(words.people, 1, 4)}


def ai_signals(words: Words) -> dict[str, Any]:
    activity = words.random.choice(("inference", "tool_call", "retrieval"))
    first = {"ai.activity": activity, "ai.signals": words.some(words.labels, 1, 5)}
    return _when(words, first, filtered=0.4, other=_people(words))


def ai_tool(words: Words) -> dict[str, Any]:
    name = words.pick(words.tools)
    how = words.random.choice(
        ({"ai.tool.name": [name, *words.some(words.tools, 0, 3)]}, {"ai.tool.name|startswith": name[:-4]})
    )
    first = {"ai.activity": "tool_call", "ai.tool.status": words.random.choice(("success", "denied")), **how}
    return _when(words, first, filtered=0.3, other={"ai.agent.name": words.some(words.words, 1, 3)})


def ai_audit(words: Words) -> dict[str, Any]:
    verbs = ("Create", "Delete", "Put", "Update", "Get", "List")
    names = [words.random.choice(verbs) + word.title() for word in words.some(words.words[180:400], 1, 6)]
    first = {
        "metadata.product.name": words.random.choice(("CloudTrail", "Amazon Bedrock", "OpenAI API Platform"))
    }
    return _when(
        words,
        first | {"api.operation": names},
        filtered=0.5,
        other={"http_request.user_agent|contains": "console"},
    )


def ai_tokens(words: Words) -> dict[str, Any]:
    field = words.random.choice(
        ("ai.tokens.total", "ai.tokens.prompt", "ai.tokens.completion", "ai.risk_score")
    )
    first = {"ai.service": words.random.choice(SERVICES), f"{field}|gte": words.random.randint(50, 400_000)}
    return _when(words, first, filtered=0.3, other={"ai.model.name|startswith": words.pick(words.models)[:6]})


def ai_model(words: Words) -> dict[str, Any]:
    """Families of models by part of their name with a status that is rare, single ones with the usual status."""
    model, how = words.pick(words.models), words.random.choice(("", "|startswith", "|contains", "|endswith"))
    status = words.random.choices(("unapproved", "retired", "unknown"), (6, 3, 1))[0]
    how = "" if status == "unknown" else how
    part = (
        model if not how else model[: len(model) // 2] if how == "|startswith" else model[len(model) // 2 :]
    )
    other = {"ai.model.provider": list(words.random.sample(PROVIDERS, 3))}
    return _when(words, {f"ai.model.name{how}": part, "ai.model.status": status}, filtered=0.5, other=other)


def ai_network(words: Words) -> dict[str, Any]:
    if words.random.random() < 0.5:
        nets = [f"10.{words.random.randint(0, 255)}.{words.random.randint(0, 255)}.0/24" for _ in range(3)]
        return _when(
            words, {"src_endpoint.ip|cidr": nets, "ai.service": "gateway"}, filtered=0.2, other=_people(words)
        )
    hosts = [host[3:] for host in words.some(words.hosts, 1, 6)]
    return {"selection": {"dst_endpoint.hostname|endswith": hosts}, "condition": "selection"}


def ai_text(words: Words) -> dict[str, Any]:
    field = words.random.choice(("ai.prompt_text", "ai.response_text", "ai.tool.arguments_text"))
    if words.random.random() < 0.4:
        first: dict[str, Any] = {f"{field}|contains|all": words.some(words.phrases, 2, 3)}
    else:
        first = {f"{field}|contains": words.some(words.phrases, 2, 8)}
    return _when(words, first, filtered=0.3, other=_people(words))


def ai_pattern(words: Words) -> dict[str, Any]:
    a, b = words.some(words.words, 2, 2)
    field = words.random.choice(("ai.prompt_text", "ai.tool.arguments_text", "http_request.user_agent"))
    return {"selection": {f"{field}|re|i": rf"\b{a}\s+\w+\s+{b}\b"}, "condition": "selection"}


def ai_odd(words: Words) -> dict[str, Any]:
    """Two ways in one rule; absence, case, and a comparison of two fields."""
    second = words.random.choices(
        (
            {"ai.tool.name|cased|startswith": words.pick(words.tools).upper()[:6]},
            {"ai.session_uid": None, "ai.tool.name": words.pick(words.tools)},
            {"ai.agent.name|fieldref": "actor.user.name", "ai.tool.name|exists": True},
            {"http_request.user_agent|contains": words.pick(words.phrases).split()[0]},
        ),
        (5, 5, 1, 5),
    )[0]
    return {
        "selection_label": {"ai.signals|endswith": "." + words.random.choice(words.words[:60])},
        "selection_other": second,
        "condition": "1 of selection_*",
    }


AI_SHAPES: tuple[tuple[Shape, int], ...] = (
    (ai_signals, 24), (ai_tool, 20), (ai_audit, 16), (ai_tokens, 8), (ai_model, 9), (ai_network, 8),
    (ai_text, 9), (ai_pattern, 3), (ai_odd, 3),
)  # fmt: skip


def _image(words: Words, field: str = "Image") -> dict[str, Any]:
    return {f"{field}|endswith": [f"\\{p}.exe" for p in {words.pick(words.programs) for _ in range(3)}]}


def ep_command(words: Words) -> dict[str, Any]:
    first = _image(words)
    if words.random.random() < 0.5:
        first["CommandLine|contains|all"] = words.some(words.switches, 2, 4)
    else:
        first["CommandLine|contains"] = words.some(words.switches, 1, 8)
    known = {"ParentImage|endswith": f"\\{words.pick(words.programs)}.exe"}
    return _when(words, first, filtered=0.35, other=known)


def ep_original(words: Words) -> dict[str, Any]:
    """SigmaHQ's usual pair: the image or its original name, and the command line."""
    name = words.pick(words.programs)
    return {
        "selection_img": [{"Image|endswith": f"\\{name}.exe"}, {"OriginalFileName": f"{name}.exe"}],
        "selection_cli": {
            "CommandLine|windash|contains": ["-" + w[1:] for w in words.some(words.words, 1, 3)]
        },
        "condition": "all of selection_*",
    }


def ep_parent(words: Words) -> dict[str, Any]:
    first = {}
    for field in ("ParentImage", "Image"):
        first[f"{field}|endswith"] = [f"\\{p}.exe" for p in words.some(words.programs, 1, 2)]
    known = {"CommandLine|contains": words.some(words.switches, 1, 2), "User|contains": "SYSTEM"}
    return _when(words, first, filtered=0.5, other=known)


def ep_folder(words: Words) -> dict[str, Any]:
    folders = [f"\\{f}\\" for f in words.random.sample(FOLDERS, 2)]
    first = {"Image|contains": folders, "Company": words.some(words.words, 1, 2)}
    return _when(words, first, filtered=0.5, other={"IntegrityLevel": "Low"})


def ep_hash(words: Words) -> dict[str, Any]:
    return {"selection": {"Hashes|contains": [words.uid() for _ in range(6)]}, "condition": "selection"}


def ep_pattern(words: Words) -> dict[str, Any]:
    a, b = words.some(words.words, 2, 2)
    return {"selection": {"CommandLine|re": rf"[-/]{a}\s+.{{0,20}}{b}"}, "condition": "selection"}


def ep_inner(words: Words) -> dict[str, Any]:
    a, b = words.some(words.words, 2, 2)
    return {"selection": {"CommandLine": f"*{a}*{b}?*"}, "condition": "selection"}


ENDPOINT_SHAPES: tuple[tuple[Shape, int], ...] = (
    (ep_command, 40), (ep_original, 20), (ep_parent, 14), (ep_folder, 8), (ep_hash, 6), (ep_pattern, 6),
    (ep_inner, 6),
)  # fmt: skip


def _rules(
    words: Words, shapes: Sequence[tuple[Shape, int]], count: int, source: dict[str, str]
) -> list[Document]:
    makers, weights = zip(*shapes, strict=True)
    found = []
    for number in range(count):
        maker = words.random.choices(makers, weights)[0]
        found.append(
            {
                "title": f"Generated {maker.__name__} {number}",
                "id": str(UUID(int=words.random.getrandbits(128), version=4)),
                "level": "low",
                "logsource": source,
                "detection": maker(words),
            }
        )
    return found


def ai_rules(count: int, seed: int = SEED) -> list[Document]:
    """So many rules on AI events, as Sigma documents; the first ones are the same whatever the count."""
    return _rules(Words(Random(seed)), AI_SHAPES, count, {"product": "ai"})


def endpoint_rules(count: int, seed: int = SEED) -> list[Document]:
    """So many rules on process creation, as Sigma documents."""
    source = {"product": "windows", "category": "process_creation"}
    return _rules(Words(Random(seed)), ENDPOINT_SHAPES, count, source)


def ai_events(templates: Sequence[Event], seed: int, size: int = AI_BYTES) -> Iterator[Event]:
    """Variants of the templates without end, of about ``size`` bytes as JSON."""
    words = Words(Random(SEED))
    words.random.seed(seed)
    while True:
        yield _ai_event(words, copy.deepcopy(words.random.choice(templates)), size)


def _ai_event(words: Words, event: Event, size: int) -> Event:
    random, ai = words.random, event.setdefault("ai", {})
    event["time"] += random.randint(0, 86_400_000)
    event["metadata"]["uid"] = words.uid()
    ai["principal"], ai["session_uid"] = words.pick(words.people), words.uid()
    event["src_endpoint"] = {
        "ip": f"10.{random.randint(0, 40)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
    }
    if random.random() < 0.08:
        ai["signals"] = words.some(words.labels, 1, 3)
    if "tool" in ai:
        ai["tool"]["name"] = words.pick(words.tools)
        ai["tool"]["arguments_text"] = words.text(size // 6)
    if "model" in ai:
        ai["model"]["name"] = words.pick(words.models)
    if "tokens" in ai:
        ai["tokens"] = dict.fromkeys(ai["tokens"], int(random.lognormvariate(6, 1.2)))
    if "hostname" in event.get("dst_endpoint", {}):
        event["dst_endpoint"]["hostname"] = words.pick(words.hosts)
    room = max(200, int(random.lognormvariate(0, 0.5) * (size - 2913)))
    ai["prompt_text"], ai["response_text"] = words.text(room * 2 // 3), words.text(room // 3)
    return event


def endpoint_events(seed: int) -> Iterator[Event]:
    """Process creations without end, about 600 bytes each as JSON."""
    words = Words(Random(SEED))
    words.random.seed(seed)
    random = words.random
    while True:
        name, parent = words.pick(words.programs), words.pick(words.programs)
        image = f"C:\\Windows\\{random.choice(FOLDERS)}\\{name}.exe"
        count, clock = random.randint(1, 5), divmod(random.randrange(1440), 60)
        arguments = "".join(f"{words.pick(words.switches)} {words.pick(words.words)}" for _ in range(count))
        yield {
            "EventID": 1,
            "UtcTime": f"2026-11-18 {clock[0]:02}:{clock[1]:02}:{random.random() * 60:06.3f}",
            "ProcessGuid": words.uid(),
            "ProcessId": random.randint(4, 30_000),
            "Image": image,
            "OriginalFileName": f"{name}.exe" if random.random() < 0.8 else "-",
            "Company": words.pick(words.words),
            "CommandLine": f'"{image}"{arguments}',
            "CurrentDirectory": "C:\\Windows\\System32\\",
            "User": random.choice(("NT AUTHORITY\\SYSTEM", f"CORP\\{words.pick(words.people).split('@')[0]}")),
            "LogonId": hex(random.getrandbits(24)),
            "IntegrityLevel": random.choice(("High", "Medium", "Low", "System")),
            "Hashes": f"MD5={words.uid()}",
            "ParentImage": f"C:\\Windows\\{random.choice(FOLDERS)}\\{parent}.exe",
            "ParentCommandLine": f"{parent}.exe {words.pick(words.switches)}",
            "Computer": f"host-{random.randint(1, 400)}.corp.example",
        }  # fmt: skip


def demo_events() -> list[Event]:
    """The demo day's events: normalized, joined, enriched."""
    from tracehound.config import Settings
    from tracehound.connectors import input_connector
    from tracehound.deadletter import DeadLetters
    from tracehound.demo.run import logs
    from tracehound.pipeline import Pipeline

    pipeline = Pipeline(Settings(), DeadLetters(None))
    inputs = input_connector("file")
    streams = [inputs.streams([str(Path(log))]) for log in logs()]
    return [event for batch in pipeline.run_by_time(streams) for event in batch]
