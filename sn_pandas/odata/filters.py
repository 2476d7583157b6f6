"""Filters written in Python: ``F("Index") > 5``, in the words that the server understands as they are meant.

The literal depends on the type of the field, so a filter is written when the schema is known.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import QueryError, did_you_mean
from .literals import filter_literal, fitting, plain
from .schema import TEXTS, Field

Fields = Mapping[str, Field]
_NEVER_NULL = {
    "Integer": "it is 0",
    "Number": "it is 0",
    "Currency": "it is 0",
    "Boolean": "it is false",
}


class Filter:
    """A condition on rows; joined with ``&``, ``|`` and ``~``.

    Examples
    --------
    >>> condition = (F("Index") > 5) & ~F("Name").startswith("old") & isof("Task")
    >>> print(condition)
    Index gt 5 and not (startswith(Name,'old')) and isof('Task')
    """

    def __and__(self, other: Filter) -> Filter:
        return _And((*_parts(self, _And), *_parts(other, _And)))

    def __or__(self, other: Filter) -> Filter:
        return _Or((*_parts(self, _Or), *_parts(other, _Or)))

    def __invert__(self) -> Filter:
        return _Not(self)

    def __bool__(self) -> bool:
        raise TypeError(
            "filters are joined with &, | and ~, each comparison in parentheses; not with and, or, not"
        )

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Filter {self}>"

    def text(self, fields: Fields | None = None) -> str:
        """Write the filter as the server takes it.

        Parameters
        ----------
        fields : mapping, optional
            The fields of the repository by name; without them the literals follow the values alone.

        Raises
        ------
        QueryError
            If there is no such field, or a value does not fit it.
        """
        return self._write(fields)

    def _write(self, fields: Fields | None) -> str:
        raise NotImplementedError

    def _inside(self, fields: Fields | None) -> str:
        """Write the filter as an operand."""
        joined = isinstance(_straight(self), (_And, _Or))
        return f"({self._write(fields)})" if joined else self._write(fields)


@dataclasses.dataclass(frozen=True, repr=False)
class _And(Filter):
    parts: tuple[Filter, ...]

    def _write(self, fields: Fields | None) -> str:
        return " and ".join(part._inside(fields) for part in self.parts)


@dataclasses.dataclass(frozen=True, repr=False)
class _Or(Filter):
    parts: tuple[Filter, ...]

    def _write(self, fields: Fields | None) -> str:
        straight = _straight(self)
        if straight is not self:
            return straight._write(fields)
        return " or ".join(part._inside(fields) for part in self.parts)


@dataclasses.dataclass(frozen=True, repr=False)
class _Not(Filter):
    inner: Filter

    def _write(self, fields: Fields | None) -> str:
        straight = _straight(self)
        if not isinstance(straight, _Not):
            return straight._write(fields)
        return f"not ({straight.inner._write(fields)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Type(Filter):
    name: str

    def _write(self, fields: Fields | None) -> str:
        return f"isof({filter_literal(self.name)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Test(Filter):
    """A field compared with a value by an operator or a function."""

    field: str
    operator: str
    value: Any

    def _write(self, fields: Fields | None) -> str:
        try:
            return self._written(fields)
        except QueryError as error:
            if str(error).startswith(self.field):
                raise
            raise QueryError(f"{self.field}: {error}") from None

    def _written(self, fields: Fields | None) -> str:
        field = _field(self.field, fields)
        name = "ContentType" if self.field == "Type" else self.field.replace(".", "/")
        if self.operator in ("startswith", "endswith", "substringof"):
            return self._function(name, field)
        value = fitting(self.value, field)
        if value is None:
            return f"{name} {self.operator} {nothing(self.operator, field)}"
        if field is not None and field.type == "RichText":
            raise QueryError("the server cannot compare rich text in a filter; write a content query: Q(…)")
        if field is not None and field.is_reference:
            raise QueryError(
                "the server cannot compare references in a filter; "
                f"write a content query with the id: Q({self.field!r}) == 12"
            )
        textual = isinstance(value, str) and not isinstance(value, (dt.date, dt.datetime))
        if textual and self.operator not in ("eq", "ne"):
            raise QueryError("the server cannot order texts in a filter; write a content query: Q(…)")
        return f"{name} {self.operator} {filter_literal(_minute(value, field), field)}"

    def _function(self, name: str, field: Field | None) -> str:
        if not isinstance(self.value, str) or not self.value:
            raise QueryError(f"{self.operator} takes a text that is not empty, not {self.value!r}")
        if field is not None and field.type not in TEXTS - {"RichText"} and not field.is_choice:
            raise QueryError(f"{self.operator} works on text, not on a field of type {field.type}")
        literal = filter_literal(self.value)
        pair = f"{literal},{name}" if self.operator == "substringof" else f"{name},{literal}"
        return f"{self.operator}({pair})"


def nothing(operator: str, field: Field | None) -> str:
    """Write what an empty field is compared with: None, NaN, NaT.

    Raises
    ------
    QueryError
        If such a field is never empty, cannot be found empty, or what is missing should be an order's bound.
    """
    if operator not in ("eq", "ne"):
        raise QueryError("nothing is more or less than a missing value; leave the comparison out")
    kind = field.type if field is not None else ""
    if kind in _NEVER_NULL:
        raise QueryError(f"a field of type {kind} is never empty at the server, {_NEVER_NULL[kind]}")
    if kind == "DateTime":
        return "datetime'0001-01-01T00:00:00'"
    if field is not None and (field.is_choice or field.is_reference):
        raise QueryError("the server cannot find empty choices and references; read all and use isna()")
    return "null"


class F:
    """A field in a filter.

    Parameters
    ----------
    name : str
        The field; ``Type`` is the exact content type, ``Aspect.Field`` a field of an aspect.

    Examples
    --------
    >>> print((F("Price") < 100).text({"Price": Field("Price", "Currency")}))
    Price lt 100m
    >>> print(F("Name").isin(["a", "b"]))
    Name eq 'a' or Name eq 'b'
    >>> print(F("DueDate") >= dt.datetime(2026, 1, 31, 12, 30, 15))  # dates compare by the minute
    DueDate ge datetime'2026-01-31T12:30:00'
    """

    __hash__ = None  # type: ignore[assignment]  # == makes a filter

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name.replace("#", "").replace(".", "").replace("_", "").isalnum():
            if isinstance(name, str) and "/" in name:
                raise QueryError(
                    f"the server tests the row's own field for {name} in a filter; write a content query: "
                    f"Q({name.partition('/')[0]!r}).where(Q({name.rpartition('/')[2]!r}) == …)"
                )
            raise QueryError(f"{name!r} is no name of a field")
        self.name = name

    def __repr__(self) -> str:
        return f"F({self.name!r})"

    def __eq__(self, value: object) -> Filter:  # type: ignore[override]  # as in pandas
        return _Test(self.name, "eq", value)

    def __ne__(self, value: object) -> Filter:  # type: ignore[override]  # as in pandas
        return _Not(_Test(self.name, "eq", value))

    def __lt__(self, value: Any) -> Filter:
        return _Test(self.name, "lt", value)

    def __le__(self, value: Any) -> Filter:
        return _Test(self.name, "le", value)

    def __gt__(self, value: Any) -> Filter:
        return _Test(self.name, "gt", value)

    def __ge__(self, value: Any) -> Filter:
        return _Test(self.name, "ge", value)

    def startswith(self, text: str) -> Filter:
        """Whether the text begins so, in any letter case."""
        return _Test(self.name, "startswith", text)

    def endswith(self, text: str) -> Filter:
        """Whether the text ends so, in any letter case."""
        return _Test(self.name, "endswith", text)

    def contains(self, text: str) -> Filter:
        """Whether the text is somewhere in it, in any letter case."""
        return _Test(self.name, "substringof", text)

    def isin(self, values: Iterable[Any]) -> Filter:
        """Whether it is one of the values; a long list is sent in parts."""
        if isinstance(values, str):
            raise QueryError("isin takes a list of values, not one text")
        unique = list(dict.fromkeys(map(plain, values)))
        if not unique:
            return _Test("Id", "lt", 0)  # an id is never below 1
        return _Or(tuple(_Test(self.name, "eq", value) for value in unique))

    def between(self, low: Any, high: Any) -> Filter:
        """Whether it is from ``low`` to ``high``, both included."""
        return _And((_Test(self.name, "ge", low), _Test(self.name, "le", high)))


def isof(type_name: str) -> Filter:
    """Whether a content is of a type or of one derived from it.

    Examples
    --------
    >>> print(~isof("Folder"))
    not (isof('Folder'))
    """
    return _Type(type_name)


def _parts(item: Filter, kind: type[_And | _Or]) -> tuple[Filter, ...]:
    if not isinstance(item, Filter):
        raise TypeError(f"a filter is joined with a filter, not with {type(item).__name__}")
    return item.parts if isinstance(item, kind) else (item,)


def _straight(item: Filter) -> Filter:
    """Give an or with negations, and a negation of negations, as what the server understands."""
    if isinstance(item, _Not):
        inner = _straight(item.inner)
        return inner.inner if isinstance(inner, _Not) else _Not(inner)
    if isinstance(item, _Or):
        parts = [_straight(part) for part in item.parts]
        negated = [part.inner for part in parts if isinstance(part, _Not)]
        if negated:  # the server finds nothing for it; a or not b is not (b and not a)
            return _Not(_And((*negated, *(_Not(part) for part in parts if not isinstance(part, _Not)))))
    if isinstance(item, _And):
        parts = [_straight(part) for part in item.parts]
        negated = [part.inner for part in parts if isinstance(part, _Not)]
        if len(negated) == len(parts):  # a negation of nothing but negations would find everything
            return _Not(_Or(tuple(negated)))
    return item


def _field(name: str, fields: Fields | None) -> Field | None:
    if fields is None or name.startswith("#") or "." in name:
        return None
    if name not in fields:
        raise QueryError(f"no content type has a field {name!r}.{did_you_mean(name, fields)}")
    return fields[name] if name != "Type" else Field("Type", "ShortText")


def _minute(value: Any, field: Field | None) -> Any:
    """Cut a moment to the minute, as the server's index does with the dates of the rows."""
    exact = field is not None and field.limits.get("Precision") in ("Second", "Millisecond")
    return value.replace(second=0, microsecond=0) if isinstance(value, dt.datetime) and not exact else value
