"""What an expression of a filter is worth, with the functions and the arithmetic of .NET."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.index.index_fields import null_reference
from sn_pandas.embedded.languages.filter_expressions import (
    Binary,
    Call,
    Constant,
    Expression,
    FieldValue,
    Member,
    Parameter,
    Unary,
)

Lookup = Callable[[FieldValue | Member | Call], Any]
"""Returns the value of a field, of a property, or of ``isof`` for the content at hand."""


def is_constant(expression: Expression) -> bool:
    """Return whether an expression is worth the same for every content."""
    if isinstance(expression, Constant):
        return True
    if isinstance(expression, Parameter | FieldValue):
        return False
    if isinstance(expression, Member):
        return expression.owner is not None and is_constant(expression.owner)
    if isinstance(expression, Call):
        return all(is_constant(a) for a in expression.arguments)
    if isinstance(expression, Unary):
        return is_constant(expression.operand)
    return is_constant(expression.left) and is_constant(expression.right)


def value_of(expression: Expression, lookup: Lookup, *, ignore_case: bool = False) -> Any:
    """Return what an expression is worth.

    ``ignore_case`` makes ``eq`` and ``ne`` between texts blind for letter case.
    """

    def value(part: Expression) -> Any:
        if isinstance(part, Constant):
            return part.value
        if isinstance(part, FieldValue):
            return lookup(part)
        if isinstance(part, Member):
            return lookup(part) if part.owner is None else _property(value(part.owner), part.name)
        if isinstance(part, Call):
            if part.name == "isof":
                return lookup(part)
            return _FUNCTIONS[part.name](*(value(a) for a in part.arguments))
        if isinstance(part, Unary):
            return _negate(part, value(part.operand))
        if isinstance(part, Binary):
            return _binary(part, value, ignore_case)
        return None

    return value(expression)


def _binary(part: Binary, value: Callable[[Expression], Any], ignore_case: bool) -> Any:
    left = value(part.left)
    if part.operator == "and":
        return left and value(part.right)
    if part.operator == "or":
        return left or value(part.right)
    right = value(part.right)
    if part.operator in ("eq", "ne"):
        if ignore_case and isinstance(left, str) and isinstance(right, str):
            left, right = left.lower(), right.lower()
        return (left == right) == (part.operator == "eq")
    if part.operator in _COMPARISONS:
        return _COMPARISONS[part.operator](left, right)
    return _arithmetic(part.operator, part.type, left, right)


def _arithmetic(op: str, result_type: str, left: Any, right: Any) -> Any:
    try:
        if result_type in ("Int32", "Int64"):
            return _integer_arithmetic(op, 32 if result_type == "Int32" else 64, left, right)
        result = _ARITHMETIC[op](left, right)
        if result_type == "Decimal" and abs(result) >= 2**96:
            raise server_error("OverflowException", "Value was either too large or too small for a Decimal.")
        return result
    except ZeroDivisionError:
        if result_type in ("Double", "Single"):
            return math.nan if op == "mod" or not left else math.copysign(math.inf, left)
        raise server_error("DivideByZeroException", "Attempted to divide by zero.") from None
    except (InvalidOperation, OverflowError):
        if result_type in ("Double", "Single"):
            return math.inf
        raise server_error("OverflowException", "Value was too large or too small.") from None


def _integer_arithmetic(op: str, bits: int, left: int, right: int) -> int:
    if op in ("div", "mod"):
        if not right:
            raise ZeroDivisionError
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        result = quotient if op == "div" else left - quotient * right
    else:
        result = int(_ARITHMETIC[op](left, right))
    half: int = 2 ** (bits - 1)
    return (result + half) % (2 * half) - half


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "gt": operator.gt,
    "le": operator.le,
    "ge": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "mod": lambda a, b: math.fmod(a, b) if isinstance(a, float) else a % b,
}


def _negate(part: Unary, value: Any) -> Any:
    if part.operator == "minus":
        return -value
    return not value if part.type == "Boolean" else ~value


def _property(owner: Any, name: str) -> Any:
    """Return a property of a text, a moment, a span of time, or of an object given as a mapping."""
    if owner is None:
        raise null_reference()
    if isinstance(owner, dict):
        if name in ("Id", "FileId", "Size", "IsEmpty") and name not in owner:
            raise null_reference()
        return owner.get(name)
    if isinstance(owner, str):
        return _property_of_text(owner, name)
    if isinstance(owner, timedelta):
        return getattr(owner, {"Days": "days", "Seconds": "seconds"}.get(name, "seconds"))
    if name == "Ticks":
        return owner
    if name == "Date":
        return owner - owner % dates.DAY
    if name == "Millisecond":
        return owner // (dates.SECOND // 1000) % 1000
    moment = dates.to_datetime(owner)
    return moment.timetuple().tm_yday if name == "DayOfYear" else getattr(moment, name.lower(), 0)


def _property_of_text(owner: str, name: str) -> Any:
    """Return the length of a text, or a part of a version or a rich text."""
    if name == "Length":
        return len(owner)
    if name in ("Major", "Minor", "IsMajor"):
        major, minor = (int(part) for part in owner[1:].split(".")[:2])
        return {"Major": major, "Minor": minor, "IsMajor": minor == 0}[name]
    return None if name == "Editor" else owner


def _text(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function of texts: without a text it fails as .NET does."""

    def wrapped(*arguments: Any) -> Any:
        if arguments[0] is None:
            raise null_reference()
        if any(a is None for a in arguments):
            raise server_error("ArgumentNullException", "Value cannot be null.")
        return function(*arguments)

    return wrapped


def _substring(text: str, start: int, length: int | None = None) -> str:
    end = len(text) if length is None else start + length
    if not 0 <= start <= end <= len(text):
        raise server_error(
            "ArgumentOutOfRangeException", "Index and length must refer to a location within the string."
        )
    return text[start:end]


def _replace(text: str, old: str, new: str) -> str:
    if not old:
        raise server_error("ArgumentException", "String cannot be of zero length. (Parameter 'oldValue')")
    return text.replace(old, new)


def _test(function: Callable[[str, str], bool]) -> Callable[[str | None, str | None], bool]:
    def wrapped(a: str | None, b: str | None) -> bool:
        return a is not None and b is not None and function(a.lower(), b.lower())

    return wrapped


def _round(number: Any) -> Any:
    if isinstance(number, Decimal):
        return number.quantize(Decimal(1), ROUND_HALF_EVEN)
    return float(round(number)) if math.isfinite(number) else number


def _integral(function: Callable[[Any], int]) -> Callable[[Any], Any]:
    def wrapped(number: Any) -> Any:
        if isinstance(number, float):
            return float(function(number)) if math.isfinite(number) else number
        return Decimal(function(number))

    return wrapped


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "substringof": _test(lambda part, text: part in text),
    "startswith": _test(str.startswith),
    "endswith": _test(str.endswith),
    "length": _text(len),
    "indexof": _text(lambda text, part: text.lower().find(part.lower())),
    "replace": _text(_replace),
    "substring": _text(_substring),
    "tolower": _text(str.lower),
    "toupper": _text(str.upper),
    "trim": _text(str.strip),
    "concat": lambda a, b: (a or "") + (b or ""),
    **{
        part: (lambda ticks, part=part: getattr(dates.to_datetime(ticks), part))
        for part in ("day", "hour", "minute", "month", "second", "year")
    },
    "round": _round,
    "floor": _integral(math.floor),
    "ceiling": _integral(math.ceil),
}
