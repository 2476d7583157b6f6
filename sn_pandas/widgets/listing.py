"""The contents of a folder, page by page, in the order and form of the tree."""

from __future__ import annotations

import contextlib
import re
from typing import Any, TypedDict

from ..odata import shapes
from ..odata.addresses import entity
from ..odata.client import Client
from ..odata.errors import (
    ConnectionFailed,
    ForbiddenError,
    NotFoundError,
    QueryError,
    SensenetError,
    UnavailableError,
)
from ..odata.literals import filter_literal
from ..odata.query import Query
from ..odata.query_text import target

#: Rows of one answer: enough to fill a screen several times, small enough to come at once.
PAGE = 200
_SCAN = 5000
#: Children that are looked through at most for a text that no filter can say.
_MOST_LOOKED_AT = 20_000
_FIELDS = ("Name", "DisplayName", "Type", "Icon", "IsFolder", "IsFile", "Path")


class Row(TypedDict):
    """A content in the tree; ``opens`` is whether it can have children."""

    path: str
    name: str
    label: str
    type: str
    icon: str
    opens: bool


class Page(TypedDict):
    """Some children of a folder: those from ``size * page`` on, of ``total``."""

    total: int
    page: int
    size: int
    rows: list[Row]


class Problem(TypedDict):
    """Why something could not be read: briefly, in full, and whether a retry may help."""

    problem: str
    details: str
    again: bool


class Listing:
    """Reads folders of one repository.

    Parameters
    ----------
    client : Client
        The connection.
    label : str
        The field that names a content in the tree, by which its siblings are ordered: ``"DisplayName"``
        or ``"Name"``.
    """

    def __init__(self, client: Client, label: str = "DisplayName") -> None:
        if label not in ("DisplayName", "Name"):
            raise QueryError(f"a tree shows contents by DisplayName or Name, not by {label!r}")
        self._client = client
        self._label = label
        self._order = ",".join(dict.fromkeys(["IsFolder desc", label, "Name", "Id"]))

    def content(self, place: str | int) -> Row:
        """Read one content.

        Raises
        ------
        NotFoundError
            If there is no such content, or we may not see it.
        """
        address = target(entity(place), {"$select": ",".join(_FIELDS), "metadata": "no"})
        return self._row(self._client.get(address, shapes.content("Path", "Name", "Type")))

    def page(self, folder: str, page: int = 0, filter: str = "", size: int = PAGE) -> Page:
        """Read one page of the children of a folder, folders first.

        Parameters
        ----------
        folder : str
            Its path.
        page, size : int
            Which page, and of how many rows.
        filter : str
            A text that the name or the display name must hold; empty for all.
        """
        sent = _sendable(filter)
        if sent != filter:
            chosen = self._search_names(folder, filter, sent)
            shown = chosen[page * size : (page + 1) * size]
            return Page(total=len(chosen), page=page, size=size, rows=[self._row(fields) for fields in shown])
        query = self._query(folder, filter, select=_FIELDS, top=size, skip=page * size)
        total, rows = self._read(query)
        return Page(total=total, page=page, size=size, rows=[self._row(fields) for fields in rows])

    def _search_names(self, folder: str, text: str, sent: str) -> list[dict[str, Any]]:
        """Read the children whose names contain a text that no filter can express, by a part of it."""
        found: list[dict[str, Any]] = []
        while True:
            query = self._query(folder, sent, select=_FIELDS, top=_SCAN, skip=len(found))
            total, rows = self._read(query)
            if total > _MOST_LOOKED_AT:
                raise QueryError(f"“{text}” is too short to search {total:,} names: add some letters")
            found += rows
            if not rows or len(found) >= total:
                break
        sought = text.casefold()
        names = ("Name", "DisplayName")
        return [fields for fields in found if any(sought in (fields.get(n) or "").casefold() for n in names)]

    def position(self, folder: str, path: str, filter: str = "") -> int | None:
        """Return the position of a child in its folder; None if it is missing."""
        sought, start = path.casefold(), 0
        sent = _sendable(filter)
        if sent != filter:
            paths = [fields["Path"].casefold() for fields in self._search_names(folder, filter, sent)]
            return paths.index(sought) if sought in paths else None
        while True:
            query = self._query(folder, filter, select=("Path",), top=_SCAN, skip=start)
            total, rows = self._read(query)
            for number, fields in enumerate(rows, start):
                if fields["Path"].casefold() == sought:
                    return number
            start += len(rows)
            if not rows or start >= total:
                return None

    def find_label(self, folder: str, text: str, filter: str = "") -> str | None:
        """Return the path of the first child whose label starts with a text, or None."""
        if _sendable(text) != text or _sendable(filter) != filter:
            return None
        starts = f"startswith({self._label}, {filter_literal(text)})"
        query = self._query(folder, filter, select=("Path",), top=1)
        _, rows = self._read(
            query.replace(filter=f"({query.filter}) and {starts}" if query.filter else starts)
        )
        return rows[0]["Path"] if rows else None

    def _query(self, folder: str, filter: str, **options: Any) -> Query:
        text = filter_literal(filter) if filter else ""
        holds = f"substringof({text}, Name) or substringof({text}, DisplayName)" if filter else None
        return Query(folder, filter=holds, orderby=self._order, **options)

    def _read(self, query: Query) -> tuple[int, list[dict[str, Any]]]:
        address = query.url(**{"$inlinecount": "allpages", "metadata": "no"})
        needed = query.select if query.select == ("Path",) else ("Path", "Name", "Type")
        total, rows = self._client.get(address, shapes.listing(*needed))
        return total, [dict(row) for row in rows]

    def _row(self, fields: dict[str, Any]) -> Row:
        # A content that we may see but not open has no IsFolder; types keep their subtypes below them
        # without being folders.
        folder = fields.get("IsFolder")
        opens = folder if folder is not None else not fields.get("IsFile") or fields["Type"] == "ContentType"
        return Row(
            path=fields["Path"],
            name=fields["Name"],
            label=_readable(fields.get(self._label)) or fields["Name"],
            type=fields["Type"],
            icon=fields.get("Icon") or "",
            opens=bool(opens),
        )


def _sendable(text: str) -> str:
    """Return the longest part of a text that a filter of the server can look for: no wildcard, no null."""
    parts = sorted(re.split(r"[*?]+", text), key=len, reverse=True)
    for part in (*parts, *(part[:-1] for part in parts)):
        with contextlib.suppress(QueryError):
            if part:
                filter_literal(part)
            return part
    return ""


def _readable(label: str | None) -> str:
    """Return a label, or an empty text if it has only blanks or quotes: a row needs something to click on."""
    return label if label and label.strip(" \t\n\r\u00a0\"'") else ""


def problem(error: Exception) -> Problem:
    """Describe an error briefly, for a row of the tree."""
    words = {
        NotFoundError: "There is no such content, or you may not see it.",
        ForbiddenError: "You are not permitted to see what is in here.",
        UnavailableError: f"The server is not available now ({getattr(error, 'status', '')}).",
        ConnectionFailed: "The server does not answer.",
    }
    short = next((text for kind, text in words.items() if isinstance(error, kind)), "")
    if not short:
        short = getattr(error, "reason", "") or str(error) or type(error).__name__
    kind = "" if isinstance(error, SensenetError) else f"{type(error).__name__}: "
    details = f"{type(error).__name__}: {error}"
    return Problem(problem=kind + short, details=details, again=not isinstance(error, QueryError))
