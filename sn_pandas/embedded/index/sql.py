"""Pieces of SQL with their parameters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sn_pandas.embedded.index.predicates import Range


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


def join(word: str, parts: Sequence[Sql]) -> Sql:
    """Return conditions joined by ``AND`` or ``OR``, in a shape that is never deep."""
    if len(parts) > 8:
        middle = len(parts) // 2
        parts = [join(word, parts[:middle]), join(word, parts[middle:])]
    return Sql(f" {word} ".join(f"({p.text})" for p in parts), [v for p in parts for v in p.parameters])


def any_condition(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that at least one of some conditions holds."""
    parts = [c for c in conditions if c is not NEVER]
    if not parts:
        return NEVER
    if len(parts) == 1:
        return parts[0]
    check = join("OR", [c.check for c in parts])
    found = [c.found for c in parts if c.driver is not None]
    if len(found) < len(parts) or len(parts) > MOST_UNITED:
        return Condition(check)
    ids = Sql(" UNION ALL ".join(f.text for f in found), [v for f in found for v in f.parameters])
    return Condition(check, Sql(f"c.id IN ({ids.text})", ids.parameters), ids=ids)


def negate(condition: Condition) -> Condition:
    """Return the condition that one does not hold."""
    return Condition(Sql(f"NOT ({condition.check.text})", condition.check.parameters))


def is_one_of(column: str, values: Sequence[Any]) -> Sql:
    """Return the condition that a column has one of some values."""
    if len(values) > 100:
        return Sql(f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(list(values))])
    return Sql(f"{column} IN ({','.join('?' * len(values))})", values)


def compare(column: str, span: Range) -> Sql:
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
