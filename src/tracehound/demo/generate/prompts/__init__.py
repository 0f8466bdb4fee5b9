"""What people write and what models answer on the sample day; the texts are in the YAML files here."""

from random import Random
from typing import Any

from tracehound.demo.generate.prompts.talk import Talk, fill
from tracehound.demo.generate.tables import table


def texts(kind: str) -> dict[str, Any]:
    """The texts of one kind: office, code, support, security, world, documents, developer, attacks."""
    loaded: dict[str, Any] = table(__package__, f"{kind}.yml")
    return loaded


def system(kind: str) -> str:
    """The system prompt that goes with a kind of conversation."""
    return str(texts(kind)["system"])


def talk(rng: Random, kind: str) -> Talk:
    """One conversation of a kind, filled in."""
    return prepared(rng, texts(kind)["talks"])


def foreign(rng: Random, language: str) -> Talk:
    """One conversation in German, French, Spanish or Japanese."""
    return prepared(rng, texts("world")["talks_by_language"][language])


def prepared(rng: Random, talks: list[list[dict[str, str]]]) -> Talk:
    """Choose and fill in."""
    chosen = rng.choice(talks)
    return fill(rng, tuple((turn["user"], turn["assistant"]) for turn in chosen))


def review(rng: Random) -> tuple[str, str]:
    """A diff and the remark of a reviewer."""
    chosen = rng.choice(texts("code")["reviews"])
    return fill(rng, ((chosen["change"], chosen["remark"]),))[0]


def retrieval(rng: Random) -> tuple[str, str, str, str]:
    """A question, the pages found (as one text), the title that answers it, and the answer."""
    data = texts("documents")
    chosen = rng.choice(data["questions"])
    others = [title for title in data["pages"] if title != chosen["page"]]
    titles = [chosen["page"], *rng.sample(others, 2)]
    pages = "\n\n".join(f"[{title}]\n{data['pages'][title]}" for title in titles)
    return chosen["question"], pages, chosen["page"], chosen["answer"]
