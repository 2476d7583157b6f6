"""How conditions are asked, so that the choice does not hang on what SQLite guesses.

Of all that must hold, the rarest drives and the others are checked row by row. Where a page is wanted of very
many, in an order that an index has, that index is walked until the page is full.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from sn_pandas.embedded.index.search_columns import CREATED, MODIFIED
from sn_pandas.embedded.index.sql import Condition, Sql, join

PROBES = (200, 5_000)
"""How many rows are looked at to learn what is the rarest: at first, and at least if all have more."""

COVERING = {"c.parent_id": "c.id", "c.type": "c.key", "c.key": ""}
"""Columns whose index holds what counts ask for, best first -> the column that stands next in that index."""

SHUFFLED = "(c.id * 40503 + c.stamp * 9973) % 65521"
"""The order of those who ask for none."""

WALKS = {
    SHUFFLED: "contents_shuffled",
    "c.id": "",
    "c.idx": "contents_idx",
    CREATED: "contents_creation",
    MODIFIED: "contents_modification",
}
"""What an index is ordered by -> the index; none for the table itself."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to select from, under which condition, in which order."""

    source: str
    where: Sql
    order: Sql


class Planner:
    """Decides by looking at the database.

    Parameters
    ----------
    db
        The database.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def page(self, conditions: Sequence[Condition], order: Sql, first: str, rows: int) -> Plan:
        """Return how to find the first rows, 0 = all, in an order whose first key is given.

        If n of N contents fit, walking looks at about ``rows * N / n`` of them, driving at n.
        """
        if rows and first in WALKS:
            best = self._rarest(conditions, isqrt(rows * self._size()))
            if best is not None:
                return Plan("contents AS c", _join_driven(conditions, best), order)
            index = f" INDEXED BY {WALKS[first]}" if WALKS[first] else ""
            return Plan(f"contents AS c{index}", _join_ordered(conditions, first), order)
        return Plan("contents AS c", self.choose_driver(conditions), order)

    def choose_driver(self, conditions: Sequence[Condition]) -> Sql:
        """Return the conjunction in which the rarest condition drives."""
        drivers = [c for c in conditions if c.driver is not None]
        if len(drivers) < 2:
            return _join_driven(conditions, drivers[0] if drivers else None)
        # Beyond a twentieth of all, rows in the order of another index take longer than an index that covers.
        best = self._rarest(drivers, max(PROBES[1], self._size() // 20))
        if best is not None:
            return _join_driven(conditions, best)
        rank = list(COVERING)
        best = min(drivers, key=lambda c: rank.index(c.column) if c.column in rank else len(rank))
        return _join_driven(conditions, best, many=True)

    def _rarest(self, conditions: Sequence[Condition], most: int) -> Condition | None:
        """Return the condition that an index answers with the fewest rows, None if all have that many."""
        for fewest in (min(PROBES[0], most), most):
            best = None
            for condition in conditions:
                number = fewest if condition.driver is None else self._count(condition, fewest)
                if number < fewest:
                    best, fewest = condition, max(number, 1)
            if best is not None:
                return best
        return None

    def _count(self, condition: Condition, most: int) -> int:
        """Return how many contents a driver finds, counted up to a number."""
        found = condition.found
        # To pass over rows takes a third of the time that counting them takes, and most often there are more.
        last = self.db.execute(f"{found.text} LIMIT 1 OFFSET {most - 1}", found.parameters) if most else None
        if last is None or last.fetchone() is not None:
            return most
        return int(self.db.execute(f"SELECT count(*) FROM ({found.text})", found.parameters).fetchone()[0])

    def _size(self) -> int:
        """Return about how many contents there are."""
        return int(self.db.execute("SELECT max(id) FROM contents").fetchone()[0] or 0)


def _join_driven(conditions: Sequence[Condition], best: Condition | None, many: bool = False) -> Sql:
    """Return the conjunction that one condition drives, with the one that cuts its index short."""
    next_column = COVERING.get(best.column) if best is not None else None
    parts = []
    for condition in conditions:
        drives = condition is best or (condition.column and condition.column == next_column)
        if drives and condition.driver is not None:
            parts.append(condition.driver)
        else:
            parts.append(condition.member if many and condition.member else condition.check)
    return join("AND", parts)


def _join_ordered(conditions: Sequence[Condition], order: str) -> Sql:
    """Return the conjunction for rows that come in an order: only what that index holds cuts it short."""
    parts = []
    for condition in conditions:
        cuts = condition.column == order or (condition.column == "c.parent_id" and order == "c.id")
        parts.append(condition.driver if cuts and condition.driver else condition.check)
    return join("AND", parts)
