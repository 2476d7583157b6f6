"""Whether a content was created by this package, if the answer with its id was lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from ...odata.client import Client
from ...odata.schema import Field
from ..columns.encoders import parse_moment
from ..reads import lookup
from ..reads.lookup import Stored
from .works import Create

#: How much the clock that stamps a creation may be behind those that we know.
SKEW = dt.timedelta(minutes=10)
#: The field that says who made a content.
MAKER = Field("CreatedBy", "Reference")
#: The fields that say who made a content, and when.
MADE = (MAKER, Field("CreationDate", "DateTime"))


def read_existing(client: Client, creates: Iterable[Create]) -> dict[str, Stored]:
    """Read the contents at the paths of creations, with author and date; keys are in lower case."""
    works = list(creates)
    fields = {field.name: field for work in works for field in [*work.fields.values(), *MADE]}
    return lookup.read_by_path(client, [work.path for work in works], fields.values())


def is_ours(work: Create, stored: Stored, user: str, began: dt.datetime) -> bool:
    """Return whether the content at a path was created by us: same type, same user, not earlier.

    A content of another save of the same user at the same time and of the same name cannot be distinguished,
    unless its values differ.
    """
    creator = str((stored.get("CreatedBy") or {}).get("Path", "")).lower()
    made = stored.get("CreationDate")
    return (
        stored["Type"] == work.type
        and creator in (user.lower(), stored["Path"].lower())  # a new user counts as made by itself
        and ("CreationDate" in work.after or (made is not None and parse_moment(made) >= began - SKEW))
    )
