"""What pySigma 1.5.1 gets wrong in values, mended on the parsed rule.

* ``base64``/``base64offset`` encode the *written* value, so an escaped ``\\*`` brings its backslash along.
* ``base64offset`` measures characters where it needs bytes: any letter beyond ASCII shifts the result.
* ``utf16|base64`` encodes the byte order mark as UTF-8 (``ef bb bf``) instead of ``ff fe``.
* ``cased`` is lost when ``windash`` or ``expand`` comes after it.
* ``cidr`` and ``expand`` exclude each other, so a list of networks could not be used: on an address field the
  networks of an expanded list become ``cidr`` values.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

from sigma import modifiers as sm
from sigma.exceptions import SigmaValueError
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import (
    Placeholder,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaExpansion,
    SigmaString,
    SigmaType,
)


class _Bytes(SigmaString):
    """A text that stands for bytes, one character for one byte."""


def _raw(value: SigmaString) -> bytes:
    if value.contains_special() or any(isinstance(p, Placeholder) for p in value.s):
        raise SigmaValueError("base64 of wildcards or placeholders is not possible")
    text = "".join(p for p in value.s if isinstance(p, str))
    return text.encode("latin-1") if isinstance(value, _Bytes) else text.encode()


def _encoded(value: SigmaString, codec: str, mark: bytes = b"") -> SigmaString:
    plain = "".join(p for p in value.s if isinstance(p, str))
    if value.contains_special():
        raise SigmaValueError("wide text with wildcards cannot be encoded in base64")
    mended = _Bytes()
    mended.s = [(mark + plain.encode(codec)).decode("latin-1")]
    return mended


class Base64(sm.SigmaBase64Modifier):
    def modify(self, val: SigmaString) -> SigmaString:
        return SigmaString(b64encode(_raw(val)).decode())


class Base64Offset(sm.SigmaBase64OffsetModifier):
    def modify(self, val: SigmaString) -> SigmaExpansion:
        raw, found = _raw(val), []
        for i in range(3):
            end = self.end_offsets[(len(raw) + i) % 3]
            text = b64encode(i * b" " + raw)[self.start_offsets[i] : end].decode()
            found.append(SigmaString(text))
        return SigmaExpansion(list(found))


class Wide(sm.SigmaWideModifier):
    def modify(self, val: SigmaString) -> SigmaString:
        return _encoded(val, "utf-16le")


class Utf16(sm.SigmaUTF16Modifier):
    def modify(self, val: SigmaString) -> SigmaString:
        return _encoded(val, "utf-16le", b"\xff\xfe")


class Utf16be(sm.SigmaUTF16BEModifier):
    def modify(self, val: SigmaString) -> SigmaString:
        return _encoded(val, "utf-16be")


_MENDED: dict[type[Any], type[Any]] = {
    sm.SigmaBase64Modifier: Base64,
    sm.SigmaBase64OffsetModifier: Base64Offset,
    sm.SigmaWideModifier: Wide,
    sm.SigmaUTF16Modifier: Utf16,
    sm.SigmaUTF16BEModifier: Utf16be,
}
_BASE64 = {sm.SigmaBase64Modifier, sm.SigmaBase64OffsetModifier}


def items(rule: SigmaRule) -> Iterator[SigmaDetectionItem]:
    """All detection items of a rule."""
    for detection in rule.detection.detections.values():
        yield from _items(detection)


def _items(detection: SigmaDetection) -> Iterator[SigmaDetectionItem]:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            yield from _items(item)
        else:
            yield item


def mend_encodings(rule: SigmaRule) -> None:
    """Apply the modifiers of base64 items again, with the mended ones. Raises ``SigmaError``."""
    for item in items(rule):
        if _BASE64.isdisjoint(item.modifiers) or item.original_value is None:
            continue
        written = item.modifiers
        item.value = list(item.original_value)
        item.modifiers = [_MENDED.get(m, m) for m in written]
        item.apply_modifiers()
        item.modifiers = written


def mend_case(rule: SigmaRule) -> None:
    """Make every text of a ``cased`` item case-sensitive again; to be called after lists were expanded."""
    for item in items(rule):
        if sm.SigmaCaseSensitiveModifier in item.modifiers:
            item.value = [_cased(value) for value in item.value]


def networks_of_lists(rule: SigmaRule, type_of: Callable[[str], str | None]) -> None:
    """Make ``10.0.0.0/8`` from a list a network where the field is an address."""
    for item in items(rule):
        if sm.SigmaExpandModifier in item.modifiers and item.field and type_of(item.field) == "ip":
            item.value = [_network(value) for value in item.value]


def _network(value: SigmaType) -> SigmaType:
    if isinstance(value, SigmaString) and not value.contains_special() and "/" in str(value):
        return SigmaCIDRExpression(str(value))
    return value


def _cased(value: SigmaType) -> SigmaType:
    if isinstance(value, SigmaExpansion):
        return SigmaExpansion([_cased(v) for v in value.values])
    if isinstance(value, SigmaString) and not isinstance(value, SigmaCasedString):
        return SigmaCasedString.from_sigma_string(value)
    return value
