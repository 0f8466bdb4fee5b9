"""The mark that an object of ours carries: owner, version, and what each field was when we last applied it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

OWNER = "tracehound"
FORM = 1
LENGTH = 5
"""Characters of a digest (30 bits): an edit goes unseen once in a thousand million. With 24 bits two values of
one field of our own rules met."""
_TEXT = re.compile(rf"{OWNER}:{FORM}:(\d{{1,9}}):([A-Za-z0-9_.*\-]*)")


def digest(value: Any) -> str:
    """Of a JSON value. What is empty counts as absent, so that defaults that a server adds are no edit."""
    bare = _bare(value)
    raw = orjson.dumps(None if empty(bare) else bare, option=orjson.OPT_SORT_KEYS)
    return base64.urlsafe_b64encode(sha256(raw).digest()).decode()[:LENGTH]


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: bare for k, item in value.items() if not empty(bare := _bare(item))}
    if isinstance(value, list | tuple):
        return [_bare(item) for item in value]
    return value


def empty(value: Any) -> bool:
    """Whether a value says nothing."""
    return value is None or value in ("", [], {}, ())


@dataclass(frozen=True, slots=True)
class Mark:
    """``digests``: field -> digest of the value that we last applied."""

    version: int
    digests: Mapping[str, str] = field(default_factory=dict)

    def text(self, codes: Mapping[str, str] | None = None) -> str:
        """One line for a tag or a description; ``codes`` shortens the fields' names, in which are no dots."""
        known = codes or {}
        parts = sorted(known.get(name, name) + one for name, one in self.digests.items())
        return f"{OWNER}:{FORM}:{self.version}:" + ".".join(parts)

    @classmethod
    def parse(cls, text: object, codes: Mapping[str, str] | None = None) -> Mark | None:
        """The mark that a text is; None where it is none of ours."""
        found = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return None
        names = {code: name for name, code in (codes or {}).items()}
        parts = [part for part in found[2].split(".") if len(part) > LENGTH]
        return cls(int(found[1]), {names.get(p[:-LENGTH], p[:-LENGTH]): p[-LENGTH:] for p in parts})

    @classmethod
    def among(cls, texts: Iterable[object], codes: Mapping[str, str] | None = None) -> Mark | None:
        """The first mark among some texts, such as tags."""
        return next((mark for text in texts if (mark := cls.parse(text, codes)) is not None), None)
