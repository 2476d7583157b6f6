"""The queries of this session with rows and times, to inspect and to run again."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from ..odata.errors import QueryError

if TYPE_CHECKING:
    import pandas as pd

    from ..odata.query import Query
    from .arguments import Asked


@dataclasses.dataclass(frozen=True)
class Past:
    """One query of the session."""

    at: dt.datetime
    asked: Asked
    query: Query
    rows: int
    seconds: float


class History:
    """The queries of a session, oldest first."""

    def __init__(self) -> None:
        self._past: list[Past] = []

    def __len__(self) -> int:
        return len(self._past)

    def add(self, asked: Asked, query: Query, rows: int, seconds: float) -> None:
        """Remember a query."""
        self._past.append(Past(dt.datetime.now(), asked, query, rows, seconds))

    def clear(self) -> None:
        """Forget the queries."""
        self._past.clear()

    def __getitem__(self, number: int) -> Past:
        """Return a query by its number in the frame."""
        try:
            return self._past[number - 1 if number > 0 else number]
        except IndexError:
            raise QueryError(f"there is no query {number}; %sensenet history shows {len(self)}") from None

    def frame(self) -> pd.DataFrame:
        """Return the queries as a frame, one line per query, on its number."""
        import pandas as pd

        lines = [
            (
                past.at.replace(microsecond=0),
                past.asked.name or "",
                str(past.query),
                past.rows,
                round(past.seconds, 3),
            )
            for past in self._past
        ]
        index = pd.RangeIndex(1, len(lines) + 1, name="number")
        return pd.DataFrame(lines, columns=["at", "name", "query", "rows", "seconds"], index=index)
