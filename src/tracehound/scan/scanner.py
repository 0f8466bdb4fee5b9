"""Texts -> verdicts: one multi-pattern pass, a second look at what it found, hidden and encoded text included.

    text -> hidden characters read (raw) -> folded -> one pass over all expressions
         -> confirm steps on hits -> encoded payloads decoded and scanned again -> verdict

All of it is linear in the text. Each encoding is decoded once over the whole text, so that none can hide
behind another. What that gives is decoded again to ``MAX_DEPTH`` layers, and at most ``MIN_BUDGET`` or twice
the text's size in bytes; running out is a label of its own.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path

import xxhash

from tracehound.content import content_dir
from tracehound.errors import nearest
from tracehound.scan import decoding, hidden, loading
from tracehound.scan.destinations import destinations
from tracehound.scan.detectors import BUDGET, HIDDEN_TEXT
from tracehound.scan.fold import beyond_ascii_signs, fold
from tracehound.scan.index import Index, Spans
from tracehound.scan.masking import excerpt, mask
from tracehound.scan.matching import choose_engine
from tracehound.scan.memo import Memo
from tracehound.scan.model import DIRECTIONS, EMPTY, MASKED_FAMILIES, Hit, Pattern, Verdict, risk
from tracehound.scan.redaction import Span, cover, cover_part, merged

MAX_DEPTH = 3
MIN_BUDGET = 32_768
EXCERPT = 320
Begun = dict[str, Iterator[tuple[int, int]]]
INNER_FAMILIES = frozenset({"injection", "jailbreak", "secret", "exfiltration", "command", "custom"})


@dataclass(slots=True)
class _Analysis:
    """What one text gave so far: pattern id -> the masked value, and the bytes still to be decoded."""

    direction: str
    budget: int
    found: dict[str, str] = field(default_factory=dict)
    exhausted: bool = False
    prose: str = ""


class Scanner:
    """Loaded patterns; ``scan`` and ``redact`` may be called from several threads."""

    def __init__(
        self,
        loaded: loading.PatternSet,
        *,
        memo: bool = True,
        engine: str | None = None,
        cache: Path | None = None,
        gated: bool = True,
    ) -> None:
        self.patterns: dict[str, Pattern] = dict(sorted(loaded.patterns.items()))
        self.kinds = loaded.kinds
        self._gates = loaded.gates
        self._engine, self._cache, self._gated = engine, cache, gated
        self._memo = Memo() if memo else None
        self._spans = Spans()
        self._by_detector: dict[str, list[Pattern]] = defaultdict(list)
        for pattern in self.patterns.values():
            if pattern.detector is not None:
                self._by_detector[pattern.detector].append(pattern)
        self._index = self._indexed(list(self.patterns.values()))

    @classmethod
    def load(
        cls,
        pattern_dirs: Sequence[Path],
        *,
        memo: bool = True,
        engine: str | None = None,
        cache: Path | None = None,
    ) -> Scanner:
        """Load the folders of all packs, ours first: a later pattern wins over an earlier one of its id.

        ``engine`` is ``hyperscan`` or ``re2`` (default: the environment, then what is installed); ``memo``
        keeps verdicts by the hash of the text; ``cache`` is where compiled databases lie. With all of them
        left alone, the same folders give the same scanner, so that all its users share its verdicts.
        Raises PatternError (file, line, reason) for a broken pattern, ConfigError for an unknown engine.
        """
        if memo and engine is None and cache is None and cls is Scanner:
            return _shared(tuple(pattern_dirs), choose_engine(), _state(pattern_dirs))
        return cls(loading.load(pattern_dirs), memo=memo, engine=engine, cache=cache)

    @property
    def pattern_count(self) -> int:
        """How many patterns are loaded."""
        return len(self.patterns)

    @property
    def engine(self) -> str:
        """The name of the engine in use."""
        return self._index.matcher.name

    def scan(self, text: str, direction: str) -> Verdict:
        """What ``text`` holds; ``direction`` is one of ``DIRECTIONS``, else ValueError. No text makes it fail."""
        if direction not in DIRECTIONS:
            raise ValueError(f"{direction!r} is no direction{nearest(direction, DIRECTIONS)}")
        if not text:
            return EMPTY
        if self._memo is None:
            return self._verdict(text, direction)
        key = (direction, xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass")))
        known = self._memo.get(key)
        if known is None:
            known = self._verdict(text, direction)
            self._memo.put(key, known)
        return known

    def redact(self, text: str) -> str:
        """``text`` with the values of secrets and personal data masked, the rest as it was.

        A value that only shows once hidden characters are gone is masked in the cleaned text,
        which is then what is given back.
        """
        raw = text.encode("utf-8", "surrogatepass")
        return text if self._known_clean(raw) else self._redacted(text, raw)

    def redact_scanned(self, text: str, direction: str) -> str:
        """``redact`` for a text that was scanned in that direction: its verdict mostly tells that all is well."""
        raw = text.encode("utf-8", "surrogatepass")
        if self._memo is not None:
            verdict = self._memo.get((direction, xxhash.xxh3_128_digest(raw)))
            if verdict is not None:
                return self._redacted(text, raw) if self._has_masked(verdict) else text
        return self.redact(text)

    def _redacted(self, text: str, raw: bytes) -> str:
        spans = self._masked_spans(raw)
        if not text.isascii():
            clean = fold(text).encode("utf-8", "surrogatepass")
            clean_spans = self._masked_spans(clean)
            seen = {raw[start:end].lower() for start, end in spans}
            if any(clean[start:end].lower() not in seen for start, end in clean_spans):
                return cover(clean, clean_spans)
        return cover(raw, spans) if spans else text

    def _known_clean(self, raw: bytes) -> bool:
        """Whether a scan has already found nothing to mask in this text."""
        if self._memo is None:
            return False
        digest = xxhash.xxh3_128_digest(raw)
        for direction in DIRECTIONS[1:]:  # system texts are not searched for personal data
            verdict = self._memo.get((direction, digest))
            if verdict is not None:
                return not self._has_masked(verdict)
        return False

    def _has_masked(self, verdict: Verdict) -> bool:
        return any(self.patterns[hit.pattern_id].family in MASKED_FAMILIES for hit in verdict.hits)

    def _indexed(self, patterns: list[Pattern]) -> Index:
        return Index(patterns, self._gates, engine=self._engine, cache=self._cache, gated=self._gated)

    @cached_property
    def _masking(self) -> Index:
        """The few patterns whose values are masked: several times cheaper than all."""
        kept = [p for p in self.patterns.values() if p.family in MASKED_FAMILIES and p.detector is None]
        return self._indexed(kept)

    def _masked_spans(self, data: bytes) -> list[Span]:
        candidates = self._masking.candidates(data)
        return self._spans_of(candidates, data, data.lower()) if candidates else []

    def _verdict(self, text: str, direction: str) -> Verdict:
        signs = "" if text.isascii() else beyond_ascii_signs(text)
        data = fold(text, signs).encode("utf-8", "surrogatepass")
        state = _Analysis(direction, max(MIN_BUDGET, 2 * len(data)))
        messages = self._hidden(text, signs, state)
        triggered = self._plain(data, state, inner=False)
        if triggered or messages:
            self._encoded(data, triggered, messages, state)
        hosts = destinations(text)
        return self._summary(state, hosts) if state.found or hosts else EMPTY

    def _hidden(self, text: str, signs: str, state: _Analysis) -> list[tuple[str, bytes]]:
        """Label hidden characters; what they spell is (detector, message)."""
        messages = []
        for finding in hidden.inspect(text, signs):
            for pattern in self._by_detector.get(finding.detector, ()):
                if state.direction in pattern.directions and pattern.family == "obfuscation":
                    state.found[pattern.id] = finding.shown
            if finding.message:
                messages.append((finding.detector, finding.message.encode("utf-8", "surrogatepass")))
        return messages

    def _plain(self, data: bytes, state: _Analysis, *, inner: bool) -> list[str]:
        """Match and confirm; gives the decoders whose trigger matched."""
        triggered = []
        lowered = b""
        candidates = self._index.candidates(data, state.direction)
        masked: list[Span] | None = None
        begun: Begun = {}
        for pattern in candidates:
            if state.direction not in pattern.directions:
                continue
            if pattern.detector is not None:
                triggered.append(pattern.detector)
                continue
            if pattern.id in state.found or (inner and pattern.family not in INNER_FAMILIES):
                continue
            lowered = lowered or data.lower()
            spans = self._spans.find(pattern, data, lowered)
            span = next(spans, None)
            if pattern.family in MASKED_FAMILIES:
                begun[pattern.id] = chain(() if span is None else (span,), spans)
            if span is None:
                continue
            start, end = span
            if pattern.family in MASKED_FAMILIES:
                state.found[pattern.id] = mask(data[start:end].decode("utf-8", "replace"))
                continue
            if masked is None:
                masked = self._spans_of(candidates, data, lowered, begun)
            state.found[pattern.id] = excerpt(cover_part(data, masked, start, min(end, start + EXCERPT)))
        return triggered

    def _spans_of(
        self, candidates: list[Pattern], data: bytes, lowered: bytes, begun: Begun | None = None
    ) -> list[Span]:
        """Where the values to be masked are, in any direction: an excerpt shows none that reaches into it.

        ``begun`` has the searches that somebody has begun, with what they gave put back.
        """
        begun = {} if begun is None else begun
        kept = (p for p in candidates if p.family in MASKED_FAMILIES and p.detector is None)
        return merged(
            data,
            [
                Span(*span)
                for pattern in kept
                for span in begun.pop(pattern.id, None) or self._spans.find(pattern, data, lowered)
            ],
        )

    def _encoded(
        self, data: bytes, triggered: list[str], messages: list[tuple[str, bytes]], state: _Analysis
    ) -> None:
        """Decode breadth first and scan what comes out, layer by layer, until depth or budget ends."""
        queue = deque((name, data, 1) for name in triggered)
        for name, message in messages:
            self._layer(name, message, 1, queue, state)
        while queue:
            name, outer, depth = queue.popleft()
            if depth > 1 and state.budget <= 0:
                state.exhausted = True
                break
            view = decoding.DECODERS[name](outer)
            if view and view != outer:
                self._layer(name, view, depth, queue, state)
        if state.exhausted:
            self._mark(BUDGET, "more encoded text than is decoded", state)
        if state.prose:
            self._mark(HIDDEN_TEXT, state.prose, state)

    def _layer(
        self, name: str, view: bytes, depth: int, queue: deque[tuple[str, bytes, int]], state: _Analysis
    ) -> None:
        if depth > 1:
            if len(view) > state.budget:
                view, state.exhausted = view[: max(0, state.budget)], True
            state.budget -= len(view)
        if not view:
            return
        folded = view if view.isascii() else fold(view.decode("utf-8", "replace")).encode("utf-8", "replace")
        before = set(state.found)
        triggered = self._plain(folded, state, inner=True)
        fresh = [self.patterns[i] for i in state.found if i not in before]
        if any(pattern.confidence == "high" for pattern in fresh):
            self._mark(name, f"{name}: {', '.join(sorted({p.label for p in fresh}))}", state)
        elif name not in decoding.WHOLE_TEXT and decoding.is_prose(folded):
            state.prose = state.prose or f"{name}: {len(folded)} bytes of text"
        if depth < MAX_DEPTH:
            queue.extend((inner, folded, depth + 1) for inner in triggered)

    def _mark(self, detector: str, shown: str, state: _Analysis) -> None:
        for pattern in self._by_detector.get(detector, ()):
            if pattern.family == "encoded" and state.direction in pattern.directions:
                state.found.setdefault(pattern.id, shown)

    def _summary(self, state: _Analysis, hosts: tuple[str, ...]) -> Verdict:
        hits = []
        for name, shown in state.found.items():
            pattern = self.patterns[name]
            label = f"{state.direction}.{pattern.label}"
            hits.append(Hit(label, name, pattern.confidence, pattern.weight, shown))
        hits.sort(key=lambda hit: (hit.label, hit.pattern_id))
        return Verdict(tuple(sorted({hit.label for hit in hits})), tuple(hits), risk(hits), hosts)


def scanner_for(packs: Sequence[Path] = ()) -> Scanner:
    """The scanner for our patterns and those of ``packs`` (``enrichers/patterns`` in each). Raises PatternError."""
    folders = (content_dir("enrichers"), *(pack / "enrichers" for pack in packs))
    return Scanner.load([folder / "patterns" for folder in folders if (folder / "patterns").is_dir()])


def _state(folders: Sequence[Path]) -> tuple[tuple[str, int, int], ...]:
    """What changes when a pattern file does: name, time and size of each."""
    files = (path for folder in folders for path in sorted(folder.glob("*.yml")))
    return tuple((str(path), found.st_mtime_ns, found.st_size) for path in files for found in [path.stat()])


@lru_cache(maxsize=4)
def _shared(folders: tuple[Path, ...], engine: str, _state: tuple[tuple[str, int, int], ...]) -> Scanner:
    return Scanner(loading.load(folders), engine=engine)
