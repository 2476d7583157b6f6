"""What to say where a place is not found: its path first, and the sibling that may have been meant."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...odata import shapes
from ...odata.errors import NotFoundError, SensenetError, did_you_mean
from ...odata.query import Query

if TYPE_CHECKING:
    from ..connection import Connection

#: Siblings among whose names a close one is looked for.
_LOOKED_AT = 1000


@contextlib.contextmanager
def explained(repo: Connection, place: str | int, version: str | None = None) -> Iterator[None]:
    """Make the error of a place that is not found one that helps.

    Raises
    ------
    AuthenticationError
        If it is not found because the server no longer knows us.
    """
    try:
        yield
    except NotFoundError as error:
        if not error.reason:
            error.args = (_said(repo, place, version),)
        raise


def _said(repo: Connection, place: str | int, version: str | None) -> str:
    what = "such content" if isinstance(place, str) else "content with this id"
    words = f"{place}: there is no {what}, or you may not see it"
    if version:
        words = f"{words}, or it has no version {version}"
    if not isinstance(place, str):
        return words
    if not f"{place.lower()}/".startswith("/root/"):
        return f"{words} (paths begin with /Root)"
    parent, _, name = place.rpartition("/")
    meant = _meant(repo, parent, name) if parent else ""
    return f"{words}.{meant}" if meant else words


def _meant(repo: Connection, parent: str, name: str) -> str:
    """Return the name of a sibling that is close, for one request; nothing where that does not work."""
    try:
        address = Query(parent, select=("Name",), top=_LOOKED_AT).url(metadata="no")
        children = repo.client.get(address, shapes.contents("Name"))
        return did_you_mean(name, [child["Name"] for child in children])
    except NotFoundError:
        return f" You do not see {parent} either."
    except SensenetError:
        return ""
