"""Identifiers in the vendors' forms, drawn from a seeded generator."""

import hashlib
from random import Random

HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def draw(rng: Random, alphabet: str, length: int) -> str:
    """``length`` characters of an alphabet."""
    return "".join(rng.choice(alphabet) for _ in range(length))


def hexes(rng: Random, length: int) -> str:
    """A hexadecimal string: trace ids have 32, span ids 16."""
    return draw(rng, HEX, length)


def uuid(rng: Random) -> str:
    """A random UUID (version 4)."""
    raw = hexes(rng, 32)
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-{rng.choice('89ab')}{raw[17:20]}-{raw[20:]}"


def base62(rng: Random, length: int) -> str:
    """Letters and digits, as in OpenAI's and Anthropic's ids."""
    return draw(rng, BASE62, length)


def base32(rng: Random, length: int) -> str:
    """Upper-case letters and 2-7, as in AWS's ids."""
    return draw(rng, BASE32, length)


def digest(text: str) -> str:
    """SHA-256 in hexadecimal: LiteLLM names keys and deployments by it."""
    return hashlib.sha256(text.encode()).hexdigest()
