"""Pieces of SQL with their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.languages.predicates import Range, Value


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL."""

    text: str
    parameters: Sequence[Any] = ()

    def and_(self, other: Sql) -> Sql:
        """Return the conjunction of two conditions."""
        return Sql(f"({self.text}) AND ({other.text})", [*self.parameters, *other.parameters])


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A condition in its forms.

    ``check`` is for one row, ``driver`` is what an index answers, if any does; ``member`` is for many rows:
    it collects what fits first. ``ids`` selects the ids that the driver finds, if that takes another table;
    ``column`` is the column of ``contents`` whose index the driver reads.
    """

    check: Sql
    driver: Sql | None = None
    member: Sql | None = None
    ids: Sql | None = None
    column: str = ""

    @property
    def found(self) -> Sql:
        """The ids of what fits, as a driver finds them."""
        if self.ids is not None:
            return self.ids
        assert self.driver is not None
        return Sql(f"SELECT c.id FROM contents AS c WHERE {self.driver.text}", self.driver.parameters)


NEVER = Condition(Sql("0"), Sql("0"))
ALWAYS = Condition(Sql("1"))
"""The condition that no row fulfils."""


MOST_UNITED = 100
"""How many alternatives an index may answer one by one."""


def joined(word: str, parts: Sequence[Sql]) -> Sql:
    """Return conditions joined by ``AND`` or ``OR``, in a shape that is never deep."""
    if len(parts) > 8:
        middle = len(parts) // 2
        parts = [joined(word, parts[:middle]), joined(word, parts[middle:])]
    return Sql(f" {word} ".join(f"({p.text})" for p in parts), [v for p in parts for v in p.parameters])


def either(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that one of some holds."""
    parts = [c for c in conditions if c is not NEVER]
    if not parts:
        return NEVER
    if len(parts) == 1:
        return parts[0]
    check = joined("OR", [c.check for c in parts])
    found = [c.found for c in parts if c.driver is not None]
    if len(found) < len(parts) or len(parts) > MOST_UNITED:
        return Condition(check)
    ids = Sql(" UNION ALL ".join(f.text for f in found), [v for f in found for v in f.parameters])
    return Condition(check, Sql(f"c.id IN ({ids.text})", ids.parameters), ids=ids)


def negated(condition: Condition) -> Condition:
    """Return the condition that one does not hold."""
    return Condition(Sql(f"NOT ({condition.check.text})", condition.check.parameters))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with ``*`` in it."""

    prefix: str
    suffix: str
    middle: str

    def fits(self, text: str) -> bool:
        """Whether a text is one of those that the pattern stands for."""
        return text.startswith(self.prefix) and text.endswith(self.suffix) and self.middle in text

    def test(self, column: str) -> Sql:
        """Return the condition on a column."""
        parts, parameters = [f"typeof({column}) = 'text'"], []
        if self.prefix:
            parts.append(f"{column} >= ? AND {column} < ?")
            parameters += [self.prefix, self.prefix + "\U0010ffff"]
        if self.suffix:
            parts.append(f"substr({column}, -{len(self.suffix)}) = ?")
            parameters.append(self.suffix)
        if self.middle:
            parts.append(f"instr({column}, ?) > 0")
            parameters.append(self.middle)
        return Sql(" AND ".join(parts), parameters)


def pattern_of(value: Value) -> Pattern | None:
    """Return the pattern that a term is, None if it is to be taken as it is.

    Raises
    ------
    ODataError
        For patterns that the index does not know.
    """
    if not isinstance(value, str) or "*" not in value:
        return None
    if "?" in value:
        raise server_error("NotSupportedException", "Wildcard '?' not supported.")
    if not value.strip("*"):
        raise server_error("NotSupportedException", f"Query is not supported for this field value: {value}")
    if value.startswith("*") and value.endswith("*"):
        return Pattern("", "", value.strip("*"))
    if value.startswith("*"):
        return Pattern("", value.strip("*"), "")
    if value.endswith("*"):
        return Pattern(value.strip("*"), "", "")
    first, second = [part for part in value.split("*") if part][:2]
    return Pattern(first, second, "")


def compared(column: str, span: Range) -> Sql:
    """Return the condition that a column lies within a range; texts and numbers never mix."""
    parts, parameters = [], []
    for end, operator in (
        (span.low, ">=" if span.includes_low else ">"),
        (span.high, "<=" if span.includes_high else "<"),
    ):
        if end is not None:
            parts.append(f"{column} {operator} ?")
            parameters.append(end)
    if isinstance(span.low if span.low is not None else span.high, str):
        parts.append(f"typeof({column}) = 'text'")
    else:
        parts.append(f"typeof({column}) <> 'text'")
    return Sql(" AND ".join(parts), parameters)
