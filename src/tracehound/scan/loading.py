"""Pattern files -> checked patterns. A broken one is refused with file, line, reason and what would be valid.

A file holds one family: defaults, ``kinds`` (what each label means, its confidence and weight),
``define`` (pieces for ``%{name}``), ``gates`` and ``patterns``. Folders come in the order of the packs:
a later pattern, gate or kind of the same name wins, and ``{id: x, enabled: false}`` takes one out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tracehound.errors import PatternError, nearest
from tracehound.scan import confirm, yaml_lines
from tracehound.scan.expression import ExpressionError, expand, translate
from tracehound.scan.fold import fold
from tracehound.scan.model import DIRECTIONS, FAMILIES, Confidence, Gate, Pattern
from tracehound.scan.yaml_lines import Mapping

DIRECTION_GROUPS: dict[str, tuple[str, ...]] = {
    "all": DIRECTIONS,
    "untrusted": tuple(d for d in DIRECTIONS if d != "system"),
    "inbound": ("prompt", "tool_result", "tool_description", "document"),
    "outbound": ("response", "tool_call"),
}
FILE_KEYS = ("family", "about", "directions", "confidence", "weight", "reference", "kinds", "define", "gates")
KIND_KEYS = ("about", "confidence", "weight")
GATE_KEYS = ("id", "expression", "cased", "description")
PATTERN_KEYS = (
    "id", "kind", "expression", "requires", "cased", "directions", "confirm", "context", "gate", "detector",
    "weight", "confidence", "description", "reference", "match", "pass", "enabled",
)  # fmt: skip
CONFIDENCES = ("high", "review")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
_TOP_KEYS = (*FILE_KEYS, "patterns")


@dataclass(frozen=True, slots=True)
class Kind:
    """What one label means, without its direction; its confidence holds for all its patterns."""

    family: str
    name: str
    about: str
    confidence: Confidence
    weight: int


@dataclass(slots=True)
class PatternSet:
    """Everything loaded, by id (patterns, gates) and by label (kinds)."""

    patterns: dict[str, Pattern] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)


def load(folders: Sequence[Path]) -> PatternSet:
    """Read ``*.yml`` of each folder, in the order of their names; raises PatternError."""
    loaded = PatternSet()
    files: list[tuple[Path, Mapping]] = []
    for folder in folders:
        if not folder.is_dir():
            raise PatternError("no such folder of patterns", file=folder)
        files += [(path, yaml_lines.read(path)) for path in sorted(folder.glob("*.yml"))]
    for path, content in files:  # kinds first: a pack may add patterns to a kind of an earlier file
        _FileReader(path, content, loaded).read_kinds()
    for path, content in files:
        _FileReader(path, content, loaded).read_patterns()
    for pattern in loaded.patterns.values():
        if pattern.gate is not None and pattern.gate not in loaded.gates:
            reason = f"gate {pattern.gate!r} is not defined{nearest(pattern.gate, loaded.gates)}"
            raise PatternError(reason, file=pattern.file, line=pattern.line)
    return loaded


class _FileReader:
    """One pattern file; the methods raise PatternError with its name and the line."""

    def __init__(self, path: Path, content: Mapping, into: PatternSet) -> None:
        self.path, self.content, self.into = path, content, into
        self._known(content, _TOP_KEYS)
        self.family = self._text(content, "family", required=True)
        if self.family not in FAMILIES:
            raise self._error(content, "family", f"{self.family!r} is no family", self.family, FAMILIES)
        self.definitions = self._definitions()

    def read_kinds(self) -> None:
        kinds = self._part("kinds", Mapping)
        for name, entry in kinds.items():
            if not isinstance(entry, Mapping) or not _NAME.fullmatch(name):
                raise self._error(kinds, name, "a kind is a lower-case name with 'about'")
            self._known(entry, KIND_KEYS)
            self._add_kind(name, entry, self._text(entry, "about", required=True))

    def read_patterns(self) -> None:
        for entry in self._part("gates", list):
            self._gate(self._entry(entry, GATE_KEYS))
        for entry in self._part("patterns", list):
            self._pattern(self._entry(entry, PATTERN_KEYS))

    def _part(self, name: str, kind: type) -> Any:
        part = self.content.get(name)
        if part is None:
            return [] if kind is list else Mapping(0)
        if not isinstance(part, kind):
            raise self._error(self.content, name, f"'{name}' is a {'list' if kind is list else 'mapping'}")
        return part

    def _definitions(self) -> dict[str, str]:
        part = self._part("define", Mapping)
        done: dict[str, str] = {}
        for name, value in part.items():
            if not isinstance(value, str):
                raise self._error(part, name, "a definition is a piece of an expression, in quotes")
            try:
                done[name] = expand(value, done)
            except ExpressionError as error:
                raise self._error(part, name, str(error)) from None
        return done

    def _entry(self, entry: Any, keys: Sequence[str]) -> Mapping:
        if not isinstance(entry, Mapping):
            raise PatternError(f"{entry!r} is no entry with an 'id'", file=self.path)
        self._known(entry, keys)
        name = self._text(entry, "id", required=True)
        if not _NAME.fullmatch(name):
            raise self._error(entry, "id", f"id {name!r} has to match [a-z0-9_]+")
        return entry

    def _gate(self, entry: Mapping) -> None:
        cased = self._flag(entry, "cased", default=False)
        expression = self._expression(entry, cased=cased)
        if expression is None:
            raise self._error(entry, "id", "a gate needs an 'expression'")
        self.into.gates[entry["id"]] = Gate(entry["id"], expression, cased, self.path, entry.line)

    def _pattern(self, entry: Mapping) -> None:
        name = entry["id"]
        if not self._flag(entry, "enabled", default=True):
            if self.into.patterns.pop(name, None) is None:
                reason = f"{name!r} cannot be switched off: there is none"
                raise self._error(entry, "id", reason, name, self.into.patterns)
            return
        before = self.into.patterns.get(name)
        if before is not None and before.file == self.path:
            raise self._error(entry, "id", f"id {name!r} stands twice, first in line {before.line}")
        cased = self._flag(entry, "cased", default=False)
        kind = self._kind(entry)
        pattern = Pattern(
            id=name,
            family=self.family,
            kind=kind.name,
            confidence=kind.confidence,
            weight=self._weight(entry, kind.weight),
            directions=self._directions(entry),
            description=self._text(entry, "description") or kind.about,
            expression=self._expression(entry, cased=cased),
            cased=cased,
            confirm=self._confirm(entry),
            context=tuple(fold(word).lower() for word in self._texts(entry, "context")),
            gate=self._requirement(entry) or self._text(entry, "gate") or None,
            detector=self._detector(entry),
            reference=self._text(entry, "reference") or self._text(self.content, "reference"),
            match=self._texts(entry, "match"),
            passes=self._texts(entry, "pass"),
            file=self.path,
            line=entry.line,
        )
        if pattern.expression is None and pattern.detector is None:
            raise self._error(entry, "id", f"{name!r} needs an 'expression' or a 'detector'")
        self.into.patterns[name] = pattern

    def _kind(self, entry: Mapping) -> Kind:
        """The kind an entry names, or its id; one that is not described anywhere takes the entry's description."""
        name = self._text(entry, "kind") or entry["id"]
        if not _NAME.fullmatch(name):
            raise self._error(entry, "kind", f"kind {name!r} has to match [a-z0-9_]+")
        known = self.into.kinds.get(f"{self.family}.{name}")
        if known is None:
            return self._add_kind(name, entry, self._text(entry, "description", required=True))
        wanted = entry.get("confidence")
        if wanted is not None and wanted != known.confidence:
            reason = (
                f"kind {name!r} is of confidence {known.confidence}; a {wanted!r} pattern needs another kind"
            )
            raise self._error(entry, "confidence", reason)
        return known

    def _add_kind(self, name: str, entry: Mapping, about: str) -> Kind:
        said = entry if "confidence" in entry else self.content
        confidence = self._text(said, "confidence") or "high"
        if confidence not in CONFIDENCES:
            reason = f"confidence {confidence!r} is not valid"
            raise self._error(said, "confidence", reason, confidence, CONFIDENCES)
        weight = self._weight(entry, self._weight(self.content, 60))
        kind = Kind(self.family, name, about, cast(Confidence, confidence), weight)
        self.into.kinds[f"{self.family}.{name}"] = kind
        return kind

    def _weight(self, entry: Mapping, default: int) -> int:
        value = entry.get("weight", default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
            raise self._error(entry, "weight", f"weight {value!r} is no whole number from 0 to 100")
        return value

    def _directions(self, entry: Mapping) -> frozenset[str]:
        said = entry if "directions" in entry else self.content
        names = self._texts(said, "directions") or ("untrusted",)
        found: set[str] = set()
        for name in names:
            if name not in DIRECTIONS and name not in DIRECTION_GROUPS:
                valid = (*DIRECTIONS, *DIRECTION_GROUPS)
                raise self._error(said, "directions", f"{name!r} is no direction", name, valid)
            found.update(DIRECTION_GROUPS.get(name, (name,)))
        return frozenset(found)

    def _expression(self, entry: Mapping, key: str = "expression", *, cased: bool) -> bytes | None:
        source = self._text(entry, key)
        if not source:
            return None
        try:
            return translate(expand(source, self.definitions), cased=cased)
        except ExpressionError as error:
            raise self._error(entry, key, f"{entry['id']}: {error}") from None

    def _requirement(self, entry: Mapping) -> str:
        """A gate of the pattern's own: ``requires`` is what its expression cannot match without."""
        source = self._text(entry, "requires")
        if not source:
            return ""
        if "gate" in entry:
            raise self._error(entry, "requires", "a pattern has 'requires' or 'gate', not both")
        name = f"requires:{entry['id']}"
        expression = self._expression(entry, "requires", cased=False)
        self.into.gates[name] = Gate(name, expression or b"", False, self.path, entry.lines["requires"])
        return name

    def _confirm(self, entry: Mapping) -> tuple[str, ...]:
        names = self._texts(entry, "confirm")
        for name in names:
            reason = confirm.refuse(name)
            if reason:
                raise self._error(entry, "confirm", reason)
        return names

    def _detector(self, entry: Mapping) -> str | None:
        from tracehound.scan.detectors import DETECTORS  # it reads patterns itself

        name = self._text(entry, "detector")
        if name and name not in DETECTORS:
            raise self._error(entry, "detector", f"{name!r} is no detector", name, DETECTORS)
        return name or None

    def _text(self, entry: Mapping, key: str, *, required: bool = False) -> str:
        value = entry.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value:
            raise self._error(entry, key, f"{key!r} has to be a text")
        return value

    def _texts(self, entry: Mapping, key: str) -> tuple[str, ...]:
        value = entry.get(key)
        if value is None:
            return ()
        texts = value if isinstance(value, list) else [value]
        if not all(isinstance(text, str) and text for text in texts):
            raise self._error(entry, key, f"{key!r} has to be a text or a list of texts")
        return tuple(texts)

    def _flag(self, entry: Mapping, key: str, *, default: bool) -> bool:
        value = entry.get(key, default)
        if not isinstance(value, bool):
            raise self._error(entry, key, f"{key!r} is true or false")
        return value

    def _known(self, entry: Mapping, keys: Sequence[str]) -> None:
        for key in entry:
            if key not in keys:
                raise self._error(entry, key, f"unknown key {key!r}", key, keys)

    def _error(
        self, entry: Mapping, key: str, reason: str, name: str = "", valid: Iterable[str] = ()
    ) -> PatternError:
        names = list(valid)
        if names:
            shown = names if len(names) <= 20 else [*sorted(names)[:20], "..."]
            reason += nearest(name, names) + "; valid: " + ", ".join(shown)
        return PatternError(reason, file=self.path, line=entry.lines.get(key) or entry.line or None)
