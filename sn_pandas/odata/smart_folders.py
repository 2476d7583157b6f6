"""Smart folders list what their query finds, and a content query in one searches the empty tree below it."""

from __future__ import annotations

import re

from . import shapes
from .addresses import entity
from .client import Client
from .errors import QueryError, ServerError
from .reference_filters import Rewritten
from .schema import Field

_QUERY = Field("Query", "LongText")
#: What says how a query is done, such as ``.SORT:Name``; it cannot stand within another query.
_KEYWORD = re.compile(r"\s*\.[A-Z]+\b(?:\s*:\s*\S+)?")


def reject_in_smart_folder(client: Client, place: str | int, rewritten: Rewritten) -> None:
    """Raise for a filter that would become a content query in a smart folder.

    Raises
    ------
    QueryError
        If the place is a smart folder: the message has the query that finds what the filter was to find.
    """
    try:
        address = f"{entity(place)}?metadata=no&$select=Id,Path,Query"
        shown = client.get(address, shapes.content("Id", "Path", fields=[_QUERY]))
    except ServerError:  # the read says so
        return
    words = _KEYWORD.sub("", str(shown.get("Query") or "")).strip()
    if not words:
        return
    asked = f"({words}) AND {rewritten.clause}"
    rest = f", filter={rewritten.rest!r}" if rewritten.rest else ""
    raise QueryError(
        f"$filter={rewritten.asked}: the server cannot test {' or '.join(rewritten.chains)} in a filter, and "
        f"a content query finds nothing in the smart folder {shown['Path']}, which lists what its own query "
        f"finds. Search with both: repo.read('/Root', query={asked!r}{rest}, autofilters=False)"
    )
