"""Folders that were moved, renamed or restored recently, whose contents are still being indexed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..odata import flight
from ..odata.errors import IncompleteWarning
from ..odata.pages import count
from ..odata.warning import warn_user

if TYPE_CHECKING:
    from ..odata.client import Client
    from ..odata.query import Query

#: Seconds for which a move is remembered, and those between two looks at how many rows there are.
_REMEMBERED = 120.0
_WAITS = (0.2, 0.4, 0.8, 1.6, 3.2)


class Moved:
    """The old and new places of folders, until the number of contents below them is stable."""

    def __init__(self) -> None:
        self._places: dict[str, float] = {}

    def note(self, before: str | None, after: str | None) -> None:
        """Record the old and new path of a moved content; None for the trash."""
        for path in (before, after):
            if path:
                self._places[path.lower()] = time.monotonic()

    def concerns(self, query: Query) -> bool:
        """Return whether a list may include contents below such a place."""
        if query.single or query.property or not self._places:
            return False
        oldest = time.monotonic() - _REMEMBERED
        self._places = {path: at for path, at in self._places.items() if at > oldest}
        if isinstance(query.path, int):
            return bool(self._places)
        here = f"{query.path}/".lower()
        return any(
            here.startswith(f"{path}/") or (query.query is not None and f"{path}/".startswith(here))
            for path in self._places
        )

    def settle(self, client: Client, query: Query) -> None:
        """Count the rows of a list until their number is stable, for a few seconds at most."""
        if not self.concerns(query):
            return
        counted = query._replace_unvalidated(top=0, skip=0)
        number = count(client, counted)
        for wait in _WAITS:
            if not flight.pause(wait):
                return
            before, number = number, count(client, counted)
            if number == before:
                self._places.clear()
                return
        warn_user(
            f"a folder of {query.path} was moved, renamed or restored recently, and the server is still "
            "indexing its contents: rows may be missing. Read again",
            IncompleteWarning,
        )
