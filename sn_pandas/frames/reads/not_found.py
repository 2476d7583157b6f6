"""Messages for a missing content: its path first, then a similar path."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ...odata import shapes
from ...odata.addresses import collection
from ...odata.client import Client
from ...odata.errors import MISSING as MISSING
from ...odata.errors import NotFoundError, SensenetError, did_you_mean
from ...odata.query_text import target
from ...odata.schema import Field
from . import lookup
from .lookup import Stored

if TYPE_CHECKING:
    from ..connection import Connection

#: Why nothing can be done to what was there before.
GONE = "it is gone, or you may not see it"
# How many names are looked at for one that was misspelt.
_NEIGHBOURS = 1000


def describe_missing(place: object) -> str:
    """Return the message for a missing content that another one requires, such as the folder of a new one."""
    return f"there is no {place}, or you may not see it"


@contextlib.contextmanager
def explain_missing(repo: Connection, place: str | int, version: str | None = None) -> Iterator[None]:
    """Add a hint to the error for a missing place.

    Raises
    ------
    AuthenticationError
        If it is not found because the server no longer accepts the credentials.
    """
    try:
        yield
    except NotFoundError as error:
        explain(repo.client, place, error, version)
        raise


def read_existing(repo: Connection, place: int | str, fields: Iterable[Field] = ()) -> Stored:
    """Read some fields of one content; verify the identity before it is reported as missing.

    Raises
    ------
    NotFoundError
        If it is missing or invisible.
    AuthenticationError
        If the server treats the caller as the anonymous Visitor, who sees nothing.
    """
    with explain_missing(repo, place):
        return lookup.read_one(repo.client, place, fields)


def explain(client: Client, place: int | str, error: NotFoundError, version: str | None = None) -> None:
    """Make an error start with the missing content and the reason, followed by a similar path."""
    said = error.reason
    if not said:
        said = MISSING if isinstance(place, str) else describe_missing("content with this id")
        said += f", or it has no version {version}" if version else ""
    if isinstance(place, str) and not f"{place.lower()}/".startswith("/root/"):
        error.args = (f"{place}: {said} (paths begin with /Root)",)
    else:
        error.args = (f"{place}: {said}{hint(client, place)}",)


def hint(client: Client, place: Any) -> str:
    """Return a hint for a path that does not exist: the most similar existing path, if any."""
    below: list[str] = []
    unseen = ""
    while isinstance(place, str) and "/" in place[1:]:
        parent, _, name = place.rpartition("/")
        options = {"metadata": "no", "$select": "Name", "$top": str(_NEIGHBOURS)}
        try:
            rows = client.get(target(collection(parent), options), shapes.contents("Name"))
            names = [f"/{row['Name']}" for row in rows]
        except NotFoundError:
            unseen = unseen or f". You do not see {parent} either."
            place, below = parent, [name, *below]
            continue
        except SensenetError:
            return ""
        sought = f"/{name}"  # the slash lets G be close to GG
        if sought.lower() in map(str.lower, names):
            return unseen
        meant = did_you_mean(sought, names, parent, "".join(f"/{step}" for step in below))
        return f".{meant}" if meant else unseen
    return unseen
