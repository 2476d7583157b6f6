"""Content queries in Python: ``Q("Index") > 5``, with every value quoted so that it stays one value."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

from .errors import QueryError, did_you_mean
from .filters import Fields
from .literals import plain, query_value
from .schema import Field

_NAME = re.compile(r"#?[^\W\d][\w.]*")
#: What the index knows beside the fields of the schema.
_INDEX_ONLY = frozenset(["InTree", "InFolder", "Type", "TypeIs", "_Text", "ParentId", "Id", "VersionId"])


class Clause:
    """A condition of the content query language; joined with ``&``, ``|`` and ``~``.

    Examples
    --------
    >>> print((Q("Index") > 5) & ~(Q("Name") == "old"))
    (+Index:>5 -Name:"old")
    >>> print((Q("Index") > 5) | ~(Q("Name") == "old"))
    (Index:>5 (+Id:>0 -Name:"old"))
    """

    def __and__(self, other: Clause) -> Clause:
        return _All((*_parts(self, _All), *_parts(other, _All)))

    def __or__(self, other: Clause) -> Clause:
        return _Any((*_parts(self, _Any), *_parts(other, _Any)))

    def __invert__(self) -> Clause:
        return self.inner if isinstance(self, _Without) else _Without(self)

    def __bool__(self) -> bool:
        raise TypeError(
            "clauses are joined with &, | and ~, each comparison in parentheses; not with and, or, not"
        )

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Clause {self}>"

    def text(self, fields: Fields | None = None) -> str:
        """Write the clause as the server takes it; ``fields`` decide how values are written."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True, repr=False)
class _All(Clause):
    parts: tuple[Clause, ...]

    def text(self, fields: Fields | None = None) -> str:
        words = [
            f"-{p.inner.text(fields)}" if isinstance(p, _Without) else f"+{p.text(fields)}"
            for p in self.parts
        ]
        if all(isinstance(p, _Without) for p in self.parts):
            words.insert(0, "+Id:>0")
        return f"({' '.join(words)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Any(Clause):
    parts: tuple[Clause, ...]

    def text(self, fields: Fields | None = None) -> str:
        return f"({' '.join(p.text(fields) for p in self.parts)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Without(Clause):
    inner: Clause

    def text(self, fields: Fields | None = None) -> str:
        return f"(+Id:>0 -{self.inner.text(fields)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Words(Clause):
    """Text that the user wrote."""

    words: str

    def text(self, fields: Fields | None = None) -> str:
        return f"({self.words})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Term(Clause):
    field: str
    mark: str
    value: Any

    def text(self, fields: Fields | None = None) -> str:
        field = _field(self.field, fields)
        if self.mark == "{{}}":
            return f"{self.field}:{{{{{self.value.text(fields)}}}}}"
        if self.mark == "*":
            before, text, after = self.value
            return f'{self.field}:"{before}{query_value(text)[1:-1]}{after}"'
        if self.mark == "()":
            return f"{self.field}:({' '.join(_value(self.field, v, field) for v in self.value)})"
        if self.mark == "[]":
            low, high = (_value(self.field, v, field) for v in self.value)
            return f"{self.field}:[{low} TO {high}]"
        return f"{self.field}:{self.mark}{_value(self.field, self.value, field)}"


class Q:
    r"""A field in a content query, or a content query.

    Parameters
    ----------
    name : str, optional
        The name of a field, or words of the content query language, which are taken as they are.
    **equal
        Fields with the value that each has to have.

    Examples
    --------
    >>> print(Q("Name") == 'say "hi"')
    Name:"say \"hi\""
    >>> print(Q(TypeIs="Task", Index=5))
    (+TypeIs:"Task" +Index:5)
    >>> print(Q("TypeIs:Task AND Index:>5") & (Q("Id").isin([1, 2])))
    (+(TypeIs:Task AND Index:>5) +Id:(1 2))
    >>> print(Q("CreatedBy").where(Q("LoginName") == "ann"))
    CreatedBy:{{LoginName:"ann"}}
    """

    __hash__ = None  # type: ignore[assignment]  # == makes a clause

    def __new__(cls, name: str | None = None, /, **equal: Any) -> Any:
        """Give a field, or a clause where there is something to look for."""
        if equal:
            clauses: tuple[Clause, ...] = tuple(_Term(f, "", v) for f, v in equal.items())
            if name is not None:
                clauses = (_Words(name), *clauses)
            return clauses[0] if len(clauses) == 1 else _All(clauses)
        if name is None or not name.strip():
            raise QueryError(
                "Q takes the name of a field, a content query, or fields with values: Q(TypeIs='Task')"
            )
        return super().__new__(cls) if _NAME.fullmatch(name) else _Words(name)

    def __init__(self, name: str | None = None, /, **equal: Any) -> None:
        self.name = name or ""

    def __repr__(self) -> str:
        return f"Q({self.name!r})"

    def __eq__(self, value: object) -> Clause:  # type: ignore[override]  # as in pandas
        return _Term(self.name, "", value)

    def __ne__(self, value: object) -> Clause:  # type: ignore[override]  # as in pandas
        return _Without(_Term(self.name, "", value))

    def __lt__(self, value: Any) -> Clause:
        return _Term(self.name, "<", value)

    def __le__(self, value: Any) -> Clause:
        return _Term(self.name, "<=", value)

    def __gt__(self, value: Any) -> Clause:
        return _Term(self.name, ">", value)

    def __ge__(self, value: Any) -> Clause:
        return _Term(self.name, ">=", value)

    def startswith(self, text: str) -> Clause:
        """Whether it begins so."""
        return _Term(self.name, "*", ("", _some(text), "*"))

    def endswith(self, text: str) -> Clause:
        """Whether it ends so."""
        return _Term(self.name, "*", ("*", _some(text), ""))

    def contains(self, text: str) -> Clause:
        """Whether it is somewhere in it."""
        return _Term(self.name, "*", ("*", _some(text), "*"))

    def between(self, low: Any, high: Any) -> Clause:
        """Whether it is from ``low`` to ``high``, both included."""
        return _Term(self.name, "[]", (low, high))

    def isin(self, values: Iterable[Any]) -> Clause:
        """Whether it is one of the values; a long list is sent in parts."""
        if isinstance(values, str):
            raise QueryError("isin takes a list of values, not one text")
        unique = tuple(dict.fromkeys(map(plain, values)))
        return _Term(self.name, "()", unique) if unique else _Term("Id", "", 0)

    def where(self, inner: Clause) -> Clause:
        """Whether the content that it refers to is found by a clause of its own."""
        return _Term(self.name, "{{}}", inner)


def _parts(item: Clause, kind: type[_All | _Any]) -> tuple[Clause, ...]:
    if isinstance(item, Q):
        raise TypeError(f"{item!r} is a field; compare it: {item!r} == …")
    if not isinstance(item, Clause):
        raise TypeError(f"a clause is joined with a clause, not with {type(item).__name__}")
    return item.parts if isinstance(item, kind) else (item,)


def _some(text: str) -> str:
    if not isinstance(text, str) or not text:
        raise QueryError(f"a part of a text is looked for by a text that is not empty, not by {text!r}")
    return text


def _field(name: str, fields: Fields | None) -> Field | None:
    if fields is None or name in _INDEX_ONLY or name.startswith("#") or "." in name:
        return None
    if name not in fields:
        raise QueryError(f"no content type has a field {name!r}.{did_you_mean(name, fields)}")
    return fields[name]


def _value(name: str, value: Any, field: Field | None) -> str:
    if plain(value) is None:
        raise QueryError(
            f"{name}: a content query cannot look for nothing; use a filter: F({name!r}) == None"
        )
    if field is not None and field.is_reference and isinstance(value, str) and not value.isdecimal():
        raise QueryError(
            f"{name}: a content query finds references by id, not by path; use Q({name!r}).where(…)"
        )
    try:
        return query_value(value, field)
    except QueryError as error:
        raise QueryError(f"{name}: {error}") from None
