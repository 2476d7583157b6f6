"""The typed expressions that a filter is parsed to, with the strict type rules of .NET expression trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sn_pandas.embedded.errors import ODataError, parse_error

NUMBERS = ("Int32", "Int64", "Single", "Double")
"""Types with built-in arithmetic; a decimal brings its own operators."""
VALUE_TYPES = (*NUMBERS, "Decimal", "Boolean", "DateTime", "TimeSpan")
ENUMS = ("VersioningType", "InheritableVersioningType", "ApprovingType")
INTERFACES = ("IEnumerable`1", "IFolder")
OPERATORS = {
    "or": "OrElse", "and": "AndAlso", "eq": "Equal", "ne": "NotEqual", "lt": "LessThan", "gt": "GreaterThan",
    "le": "LessThanOrEqual", "ge": "GreaterThanOrEqual", "add": "Add", "sub": "Subtract", "mul": "Multiply",
    "div": "Divide", "mod": "Modulo",
}  # fmt: skip
"""Operator -> its .NET name, as errors call it."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal. A date holds its ticks."""

    value: Any
    type: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """The content itself."""

    type: str = "Content"


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field of the content, asked for by name."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Member:
    """A .NET property of the content (``owner`` is None), or of another value."""

    name: str
    type: str
    owner: Expression | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function."""

    name: str
    arguments: tuple[Expression, ...]
    type: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``not`` or ``minus``."""

    operator: str
    operand: Expression
    type: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and the operator between them, as it is written."""

    operator: str
    left: Expression
    right: Expression
    type: str


Expression = Constant | Parameter | FieldValue | Member | Call | Unary | Binary

# function -> the types it takes -> the type it returns
_TEXT = "String"
FUNCTIONS: dict[str, dict[tuple[str, ...], str]] = {
    "substringof": {(_TEXT, _TEXT): "Boolean"},
    "startswith": {(_TEXT, _TEXT): "Boolean"},
    "endswith": {(_TEXT, _TEXT): "Boolean"},
    "length": {(_TEXT,): "Int32"},
    "indexof": {(_TEXT, _TEXT): "Int32"},
    "replace": {(_TEXT, _TEXT, _TEXT): _TEXT},
    "substring": {(_TEXT, "Int32"): _TEXT, (_TEXT, "Int32", "Int32"): _TEXT},
    "tolower": {(_TEXT,): _TEXT},
    "toupper": {(_TEXT,): _TEXT},
    "trim": {(_TEXT,): _TEXT},
    "concat": {(_TEXT, _TEXT): _TEXT},
    **{part: {("DateTime",): "Int32"} for part in ("day", "hour", "minute", "month", "second", "year")},
    **{name: {("Decimal",): "Decimal", ("Double",): "Double"} for name in ("round", "floor", "ceiling")},
    "isof": {("Content", _TEXT): "Boolean"},
}


def binary(operator: str, left: Expression, right: Expression) -> Expression:
    """Return the operation, if .NET defines it for the types of the operands."""
    result = _result(operator, left.type, right.type)
    if result is None:
        raise parse_error(
            "InvalidOperationException",
            f"The binary operator {OPERATORS[operator]} is not defined for the types '{full_name(left.type)}'"
            f" and '{full_name(right.type)}'.",
        )
    return Binary(operator, left, right, result)


def unary(operator: str, operand: Expression) -> Expression:
    """Return a negation, if .NET defines it for the type of the operand."""
    if operator == "not":
        defined = operand.type in ("Boolean", "Int32", "Int64")
    else:
        defined = operand.type in (*NUMBERS, "Decimal", "TimeSpan")
    if not defined:
        word = "Not" if operator == "not" else "Negate"
        raise parse_error(
            "InvalidOperationException",
            f"The unary operator {word} is not defined for the type '{full_name(operand.type)}'.",
        )
    return Unary(operator, operand, operand.type)


def call(name: str, arguments: tuple[Expression, ...], unknown: ODataError) -> Expression:
    """Return the call of a function; raise ``unknown`` if it does not take such arguments."""
    types = tuple(a.type for a in arguments)
    result = FUNCTIONS[name].get(types)
    if result is not None:
        return Call(name, arguments, result)
    if name in ("round", "floor", "ceiling") and len(types) == 1 and types[0] in NUMBERS:
        raise parse_error(
            "ArgumentException",
            f"Expression of type '{full_name(types[0])}' cannot be used for parameter of type 'System.Double'"
            f" of method 'Double {name}(Double)'",
        )
    raise unknown


def point(first: Expression | None, second: Expression | None, third: Expression | None) -> Expression:
    """Return a spatial constant, with which nothing can be done."""
    arguments = [first, second] + ([third] if third is not None else [])
    for argument in arguments:
        if argument is None:
            raise parse_error("ArgumentNullException", "Value cannot be null. (Parameter 'arguments')")
        if argument.type != "Double":
            raise parse_error(
                "ArgumentException",
                f"Expression of type '{full_name(argument.type)}' cannot be used for parameter of type"
                " 'System.Double' of method 'System.Object Point(Double, Double)'",
            )
    return Constant(POINT, "Object")


POINT = object()
"""What every spatial literal is."""


def full_name(name: str) -> str:
    """Return a .NET type with its namespace, as errors show it."""
    if name == "IEnumerable`1":
        return "System.Collections.Generic.IEnumerable`1[SenseNet.ContentRepository.Storage.Node]"
    if name in (*VALUE_TYPES, "String", "Object"):
        return f"System.{name}"
    return f"SenseNet.ContentRepository.{name}"


def _result(operator: str, left: str, right: str) -> str | None:
    """Return the type of an operation, None if there is no such operation."""
    same = left == right
    if operator in ("and", "or"):
        return "Boolean" if same and left == "Boolean" else None
    if operator in ("eq", "ne"):
        return "Boolean" if _comparable(left, right) else None
    if operator in ("lt", "gt", "le", "ge"):
        ordered = (*NUMBERS, "Decimal", "DateTime", "TimeSpan", "VersionNumber")
        return "Boolean" if same and left in ordered else None
    if same and left in (*NUMBERS, "Decimal"):
        return left
    return _TIME_ARITHMETIC.get((operator, left, right))


_TIME_ARITHMETIC = {
    ("sub", "DateTime", "DateTime"): "TimeSpan",
    ("add", "DateTime", "TimeSpan"): "DateTime",
    ("sub", "DateTime", "TimeSpan"): "DateTime",
    ("add", "TimeSpan", "TimeSpan"): "TimeSpan",
    ("sub", "TimeSpan", "TimeSpan"): "TimeSpan",
    ("div", "TimeSpan", "TimeSpan"): "Double",
    ("mul", "TimeSpan", "Double"): "TimeSpan",
    ("mul", "Double", "TimeSpan"): "TimeSpan",
    ("div", "TimeSpan", "Double"): "TimeSpan",
}


def _comparable(left: str, right: str) -> bool:
    if left == right:
        return True
    if left in (*VALUE_TYPES, *ENUMS) or right in (*VALUE_TYPES, *ENUMS):
        return False
    return "Object" in (left, right) or left in INTERFACES or right in INTERFACES
