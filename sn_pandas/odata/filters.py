"""Filters written in Python, such as ``F("Index") > 5``, in a form that the server interprets correctly.

The literal depends on the type of the field, so a filter is written when the schema is known.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .errors import QueryError
from .fields import of_some_contents
from .filter_rules import FUNCTIONS, NO_DATE, Condition, Meaning, meaning_of
from .literals import as_option, cut_to_precision, filter_literal, fit_value, unwrap
from .schema import UNKNOWN, Field
from .word_fields import check_phrase, check_words

Fields = Mapping[str, Field]
_PARENTHESES = (
    "filters are joined with &, | and ~, each comparison in parentheses, not with and, or, not: "
    "(F('Index') > 5) & ~(F('Name') == 'a')"
)


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

    def __rand__(self, other: object) -> Filter:
        raise TypeError(_PARENTHESES)

    def __ror__(self, other: object) -> Filter:
        raise TypeError(_PARENTHESES)

    def __bool__(self) -> bool:
        raise TypeError(_PARENTHESES)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Filter {self}>"

    def text(self, fields: Fields | None = None) -> str:
        """Return the text of the filter.

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

    def names(self) -> Iterator[str]:
        """Yield the names of the fields that are compared.

        Examples
        --------
        >>> list(((F("#Price") < 5) | ~(F("Name") == "a")).names())
        ['#Price', 'Name']
        """
        raise NotImplementedError

    def _write(self, fields: Fields | None) -> str:
        raise NotImplementedError

    def _inside(self, fields: Fields | None) -> str:
        """Write the filter as an operand."""
        joined = isinstance(_straighten(self), (_And, _Or))
        return f"({self._write(fields)})" if joined else self._write(fields)


@dataclasses.dataclass(frozen=True, repr=False)
class _And(Filter):
    parts: tuple[Filter, ...]

    def names(self) -> Iterator[str]:
        return (name for part in self.parts for name in part.names())

    def _write(self, fields: Fields | None) -> str:
        return " and ".join(part._inside(fields) for part in self.parts)


@dataclasses.dataclass(frozen=True, repr=False)
class _Or(Filter):
    parts: tuple[Filter, ...]

    def names(self) -> Iterator[str]:
        return (name for part in self.parts for name in part.names())

    def _write(self, fields: Fields | None) -> str:
        straight = _straighten(self)
        if straight is not self:
            return straight._write(fields)
        return " or ".join(part._inside(fields) for part in self.parts)


@dataclasses.dataclass(frozen=True, repr=False)
class _Not(Filter):
    inner: Filter

    def names(self) -> Iterator[str]:
        return self.inner.names()

    def _write(self, fields: Fields | None) -> str:
        straight = _straighten(self)
        if not isinstance(straight, _Not):
            return straight._write(fields)
        return f"not ({straight.inner._write(fields)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Type(Filter):
    name: str

    def names(self) -> Iterator[str]:
        return iter(())

    def _write(self, fields: Fields | None) -> str:
        return f"isof({filter_literal(self.name)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Test(Filter):
    """A field compared with a value by an operator or a function."""

    field: str
    operator: str
    value: Any

    def names(self) -> Iterator[str]:
        yield self.field

    def _write(self, fields: Fields | None) -> str:
        try:
            return self._write_test(fields)
        except QueryError as error:
            if str(error).startswith(self.field) or repr(self.field) in str(error):
                raise
            raise type(error)(f"{self.field}: {error}") from None

    def _write_test(self, fields: Fields | None) -> str:
        if "/" in self.field:
            return _write_chain(self.field, self.operator, self.value, fields)
        field = _field(self.field, fields)
        name = "ContentType" if self.field == "Type" else self.field.replace(".", "/")
        return write_test(self.field, name, self.operator, self.value, field)


def write_test(column: str, name: str, operator: str, value: Any, field: Field | None) -> str:
    """Return the text of a test.

    Parameters
    ----------
    column, name : str
        The field as a column is called, and as the filter calls it.
    operator : str
        One of the filter, or ``phrase``.
    value : object
        As :func:`~sn_pandas.odata.literals.plain` takes it.
    field : Field, optional
        What is known of it; without it the literal follows the value alone.

    Raises
    ------
    QueryError
        If the table of rules refuses it, or the value does not fit the field.
    """
    if isinstance(value, F):
        raise QueryError(
            f"a filter compares {column} with a value, not with {value!r}; "
            "read both fields and compare in pandas"
        )
    value = fit_value(value, field)
    if operator in FUNCTIONS:
        _reject_part_that_is_none(operator, value)
    elif value is not None and not isinstance(value, str):
        filter_literal(value, field)  # refuses what has no literal
    is_text = isinstance(value, str)
    if is_text and field is not None and field.type == UNKNOWN and operator not in ("eq", "ne", *FUNCTIONS):
        value = _date_of(value)
        is_text = isinstance(value, str)
        if is_text and operator != "phrase":
            raise QueryError(
                "the server cannot order texts in a filter; write a content query: Q({column!r}) > …"
            )
    if is_text and value and field is not None and field.is_choice and operator in ("eq", "ne"):
        value = as_option(value, field)
    meaning = meaning_of(Condition(column, operator, cut_to_precision(value, field)), field)
    is_unset = value is None and operator in ("eq", "ne") and meaning.kind in ("date", "moment")
    if meaning.refusal and not is_unset:
        raise QueryError(meaning.refusal)
    return _encode_test(name, meaning)


def _write_chain(name: str, operator: str, value: Any, fields: Fields | None) -> str:
    """Write a test of a field of a reference, which a query makes a part of its content query."""
    field = _field(name.rpartition("/")[2], fields)
    value = fit_value(value, field)
    if operator in FUNCTIONS:
        _reject_part_that_is_none(operator, value)
        literal = filter_literal(value)
        arguments = f"{literal},{name}" if operator == "substringof" else f"{name},{literal}"
        return f"{operator}({arguments})"
    is_option = isinstance(value, str) and field is not None and field.is_choice
    literal = filter_literal(as_option(value, field) if is_option and field is not None else value, field)
    return f"{name} {'eq' if operator == 'phrase' else operator} {literal}"


def _encode_test(name: str, meaning: Meaning) -> str:
    """Write a test that is not refused."""
    operator, value, field = meaning.condition.operator, meaning.condition.value, meaning.field
    if operator in FUNCTIONS:
        literal = filter_literal(value)
        return (
            f"{operator}({literal},{name})" if operator == "substringof" else f"{operator}({name},{literal})"
        )
    if operator == "phrase":
        return f"{name} eq {filter_literal(value)}"
    is_date = isinstance(value, dt.date)
    if value is None:
        is_guess = field is not None and bool(field.limits.get("Otherwise"))
        is_moment = is_guess or meaning.kind in ("date", "moment")
        return f"{name} {operator} {filter_literal(NO_DATE) if is_moment else 'null'}"
    if (
        isinstance(value, str) and field is not None and field.type == UNKNOWN
    ):  # a text, or an option of a choice
        option = filter_literal(f"${value.removeprefix('$')}")
        return f"({name} {operator} {filter_literal(value)} or {name} {operator} {option})"
    test = f"{name} {operator} {filter_literal(value, field)}"
    if (
        is_date and operator in ("lt", "le") and meaning.kind != "moment"
    ):  # dates that are not set are the year 1
        return f"({test} and {name} gt {filter_literal(NO_DATE)})"
    return test


def _reject_part_that_is_none(operator: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        name = "contains" if operator == "substringof" else operator
        raise QueryError(f"{name} takes a text that is not empty, not {value!r}")


class F:
    """A field in a filter.

    Parameters
    ----------
    name : str
        The field; ``Type`` is the exact content type, ``Aspect.Field`` a field of an aspect. A field of a
        reference (``AssignedTo/FullName``) is tested by a content query, and a warning says so.

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
        if not isinstance(name, str) or not all(map(_is_step, name.split("/"))):
            raise QueryError(f"{name!r} is not a field name")
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

    def __and__(self, other: object) -> Filter:
        raise TypeError(f"{self!r} is a field, not a condition; compare it with a value: {self!r} == True")

    __or__ = __rand__ = __ror__ = __and__

    def __invert__(self) -> Filter:
        raise TypeError(f"{self!r} is a field, not a condition; compare it with a value: {self!r} == False")

    def startswith(self, text: str) -> Filter:
        """Return whether the text begins like this, ignoring case."""
        return _Test(self.name, "startswith", text)

    def endswith(self, text: str) -> Filter:
        """Return whether the text ends like this, ignoring case."""
        return _Test(self.name, "endswith", text)

    def contains(self, text: str) -> Filter:
        """Return whether the text contains this, ignoring case."""
        return _Test(self.name, "substringof", text)

    def has_words(self, *words: str) -> Filter:
        """Return whether a long text has all of the words, in any order and letter case.

        Examples
        --------
        >>> print(F("Notes").has_words("grey", "herons"))
        Notes eq 'grey' and Notes eq 'herons'
        """
        tests = tuple(_Test(self.name, "phrase", word) for word in check_words(words))
        return tests[0] if len(tests) == 1 else _And(tests)

    def has_phrase(self, text: str) -> Filter:
        """Return whether a long text has the words side by side, ignoring case.

        Words that may stand apart are looked for by ``Q("Notes").has_phrase("blue herons", distance=2)``.

        Examples
        --------
        >>> print(F("Notes").has_phrase("blue herons"))
        Notes eq 'blue herons'
        """
        return _Test(self.name, "phrase", check_phrase(text))

    def isin(self, values: Iterable[Any]) -> Filter:
        """Return whether it is one of the values; a long list is sent in parts."""
        if isinstance(values, str):
            raise QueryError("isin takes a list of values, not one text")
        unique = list(dict.fromkeys(map(unwrap, values)))
        if not unique:
            return _Test("Id", "lt", 0)  # an id is never below 1
        return _Or(tuple(_Test(self.name, "eq", value) for value in unique))

    def between(self, low: Any, high: Any) -> Filter:
        """Return whether it is from ``low`` to ``high``, both included."""
        return _And((_Test(self.name, "ge", low), _Test(self.name, "le", high)))


def _is_step(name: str) -> bool:
    return name.replace("#", "").replace(".", "").replace("_", "").isalnum()


def isof(type_name: str) -> Filter:
    """Return whether a content is of a type or of one derived from it.

    Examples
    --------
    >>> print(~isof("Folder"))
    not (isof('Folder'))
    """
    return _Type(type_name)


def _parts(item: Filter, kind: type[_And | _Or]) -> tuple[Filter, ...]:
    if not isinstance(item, Filter):
        if isinstance(item, F):
            raise TypeError(
                f"{item!r} is a field, not a condition; compare it with a value: {item!r} == True"
            )
        said = f"a filter made of F(…) is joined with another one, not with {type(item).__name__}"
        raise TypeError(f"{said}: write all of it with F(…), or all as one text")
    return item.parts if isinstance(item, kind) else (item,)


def _straighten(item: Filter) -> Filter:
    """Return a disjunction or negation in an equivalent form that the server supports."""
    if isinstance(item, _Not):
        inner = _straighten(item.inner)
        return inner.inner if isinstance(inner, _Not) else _Not(inner)
    if isinstance(item, _Or):
        parts = [_straighten(part) for part in item.parts]
        negated = [part.inner for part in parts if isinstance(part, _Not)]
        if negated:  # the server finds nothing for it; a or not b is not (b and not a)
            return _Not(_And((*negated, *(_Not(part) for part in parts if not isinstance(part, _Not)))))
    if isinstance(item, _And):
        parts = [_straighten(part) for part in item.parts]
        negated = [part.inner for part in parts if isinstance(part, _Not)]
        if len(negated) == len(parts):  # a negation of nothing but negations would find everything
            return _Not(_Or(tuple(negated)))
    return item


def _field(name: str, fields: Fields | None) -> Field | None:
    if fields is None:
        return None
    if of_some_contents(name):
        return fields.get(name)
    if name not in fields:
        raise QueryError.unknown_field(name, fields)
    return fields[name] if name != "Type" else Field("Type", "ShortText")


def _date_of(value: Any) -> Any:
    """Return the date that a text names, as only dates among texts have an order in a filter."""
    try:
        return fit_value(value, Field("", "DateTime"))
    except QueryError:
        return value
