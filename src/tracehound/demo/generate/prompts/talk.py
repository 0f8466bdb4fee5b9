"""Templates of conversations, filled in with the company's clients, ports and numbers.

``<<port>>`` is a slot that keeps its value through one conversation; ``[[a|b]]`` is a free choice.
"""

import re
from random import Random

Turn = tuple[str, str]
Talk = tuple[Turn, ...]

SLOT = re.compile(r"<<(\w+)>>")
CHOICE = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)

VALUES = {
    "client": (
        "Brandvik Timber",
        "Castellane Wines",
        "Orrin & Daughters",
        "Pellworm Dairy",
        "Tessaro Ceramics",
        "Lowmoor Engineering",
        "Vantaa Paper",
        "Quillon Instruments",
        "Almeria Citrus",
        "Nordhavn Seafood",
        "Kessler Antriebe",
        "Maison Verlaine",
        "Harrow Gate Foods",
        "Skagen Furniture",
        "Biel Precision",
    ),
    "port": (
        "Rotterdam",
        "Hamburg",
        "Gdansk",
        "Valencia",
        "Antwerp",
        "Felixstowe",
        "Genoa",
        "Le Havre",
        "Gothenburg",
        "Bilbao",
        "Piraeus",
        "Aarhus",
    ),
    "city": ("Lyon", "Krakow", "Stuttgart", "Malmo", "Turin", "Leeds", "Zaragoza", "Basel", "Ghent", "Brno"),
    "goods": (
        "refrigerated fruit",
        "machine parts",
        "bottled wine",
        "ceramic tiles",
        "paper rolls",
        "frozen fish",
        "flat-pack furniture",
        "laboratory glass",
        "textiles",
        "medical devices",
    ),
    "colleague": ("Maren", "Tobias", "Ines", "Callum", "Noor", "Greta", "Emil", "Clara", "Yusuf", "Katja"),
    "module": ("tariff", "booking", "tracking", "customs", "invoicing", "slot_planner", "carrier_sync"),
    "table": ("shipments", "bookings", "invoices", "legs", "carriers", "tariff_lines"),
    "day": ("Thursday", "Friday", "Monday", "next Tuesday", "Wednesday afternoon", "the 24th"),
}


def value(rng: Random, slot: str) -> str:
    """A value for one slot."""
    match slot:
        case "ref":
            return f"HF-2026-{rng.randrange(100000, 199999)}"
        case "ticket":
            return f"OPS-{rng.randrange(2100, 7900)}"
        case "box":
            return f"HLDU {rng.randrange(410000, 479999)}"
        case "n":
            return str(rng.randrange(3, 48))
        case "big":
            return f"{rng.randrange(1, 60)},{rng.randrange(100, 999)}"
        case "sum":
            return f"EUR {rng.randrange(2, 96)},{rng.randrange(100, 999)}.{rng.randrange(10, 99)}"
        case "pct":
            return f"{rng.randrange(1, 24)}.{rng.randrange(1, 9)}"
        case "week":
            return str(rng.randrange(44, 53))
        case _:
            return rng.choice(VALUES[slot])


def fill(rng: Random, talk: Talk) -> Talk:
    """Fill a conversation in: the same slot has the same value in all its turns."""
    known: dict[str, str] = {}

    def slot(match: re.Match[str]) -> str:
        name = match[1]
        if name not in known:
            known[name] = value(rng, name)
        return known[name]

    def text(template: str) -> str:
        chosen = CHOICE.sub(lambda match: rng.choice(match[1].split("|")), template)
        return SLOT.sub(slot, chosen)

    return tuple((text(user), text(answer)) for user, answer in talk)
