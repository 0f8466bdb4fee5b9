"""Values of eval and where expressions, with NULL as None, and how they compare.

Source: Search Reference, eval, where, "Evaluation functions". A field's text that looks like a number
is a number; texts compare with case. A comparison with NULL is NULL, and NOT, AND, OR follow the usual
three values: Splunk's pages do not spell this out (README).
"""

from spl.errors import SplError
from spl.events import number_text
from spl.matching import ORDER, number


class Literal(str):
    """A text that stood in double quotes: never a number."""

    __slots__ = ()


Value = bool | float | str | list[str] | None
Single = bool | float | str | None


def single(value: Value, what: str) -> Single:
    """A value that is no list; several values are refused, since the pages do not say what happens."""
    if isinstance(value, list):
        if len(value) > 1:
            raise SplError(f"{what} of a field with {len(value)} values is not documented")
        return value[0] if value else None
    return value


def text(value: Single, what: str) -> str | None:
    """The text of a single value."""
    if isinstance(value, bool):
        raise SplError(f"{what} of a Boolean is not documented")
    if value is None or isinstance(value, str):
        return value
    return number_text(value)


def size(value: Single, what: str) -> float | None:
    """The number of a single value; a text that is none is refused."""
    if isinstance(value, bool):
        raise SplError(f"{what} of a Boolean is not documented")
    if value is None or isinstance(value, float | int):
        return value
    found = number(value)
    if found is None:
        raise SplError(f"{what} of the text {value[:40]!r} is not documented")
    return found


def to_field(value: Value) -> list[str]:
    """What eval stores in a field; nothing for NULL."""
    if isinstance(value, bool):
        raise SplError("eval cannot store a Boolean; use if() or tostring()")
    if isinstance(value, list):
        return value
    found = text(value, "eval")
    return [] if found is None else [str(found)]


def compare(op: str, left: Single, right: Single) -> bool | None:
    """``=``, ``==``, ``!=`` and the orders between two single values."""
    if left is None or right is None:
        return None
    if isinstance(left, bool) or isinstance(right, bool):
        if isinstance(left, bool) and isinstance(right, bool) and op in ("=", "==", "!="):
            return (left == right) != (op == "!=")
        raise SplError("a Boolean compared with another type is not documented")
    as_text = _apply(op, str(text(left, op)), str(text(right, op)))
    numbers = (size(left, op) if _numeric(left) else None), (size(right, op) if _numeric(right) else None)
    if numbers[0] is None or numbers[1] is None:
        return as_text
    as_number = _apply(op, numbers[0], numbers[1])
    if as_number != as_text and (isinstance(left, Literal) or isinstance(right, Literal)):
        raise SplError(f"{left} {op} {right}: a quoted number and a number, which differ as texts")
    return as_number


def _numeric(value: float | str) -> bool:
    return not isinstance(value, str) or number(value) is not None


def _apply(op: str, left: str | float, right: str | float) -> bool:
    if op in ("=", "=="):
        return left == right
    if op == "!=":
        return left != right
    if isinstance(left, str) and isinstance(right, str):
        return ORDER[op](left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))
    return ORDER[op](left, right)


def truth(value: Value) -> bool | None:
    """A predicate's value; anything but true, false and NULL is refused."""
    if value is None or isinstance(value, bool):
        return value
    raise SplError("a Boolean expression is wanted here, not a text or number")
