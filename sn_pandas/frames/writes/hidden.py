"""What the caller may not see, before writing: content types, users, members of lists."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from ...odata import shapes
from ...odata.addresses import entity
from ...odata.errors import SaveWarning, SensenetError, did_you_mean, unknown
from ...odata.fields import ALLOWED_TYPES
from ...odata.learning import type_paths
from ...odata.schema import ContentType, Field
from ...odata.warning import warn_user
from ..columns.encoders import get_target
from ..columns.normalizing import Cell, is_missing, list_items
from ..reads import lookup, not_found
from .works import Patch

if TYPE_CHECKING:
    from ..connection import Connection

#: The user that the server shows instead of a creator, owner or modifier whom the caller may not see.
SOMEBODY = "/Root/IMS/BuiltIn/Portal/Somebody"
_SOMEBODY_ID = 10
#: Names of types in a message.
_SHOWN = 12


def learn(repo: Connection, types: Mapping[int, str]) -> None:
    """Learn the hidden ones of the types of contents, by their ids; one request for each."""
    for name, content in {name: id_ for id_, name in types.items()}.items():
        if repo.schema.hides(name):
            repo.schema.learn(name, content)


def find_type(repo: Connection, stored: lookup.Stored) -> ContentType | None:
    """Return the content type of a content, learned if it is hidden; None if it is unknown."""
    return repo.schema.learn(str(stored["Type"]), int(stored["Id"]))


def explain_hidden_types(
    repo: Connection, parent: str, types: Collection[str], *, next_step: bool = True
) -> dict[str, str]:
    """Explain why contents of hidden types cannot be created below a parent.

    Types that have become visible meanwhile are taken into the schema.

    Parameters
    ----------
    parent : str
        The path of the content below which they are to be.
    types : collection of str
        The names of content types.
    next_step : bool
        Whether the reasons end in what can be done, which takes a request.

    Returns
    -------
    dict of str
        The reason by type; nothing of those that can be created, or that are shown.
    """
    schema = repo.schema
    hidden = sorted(name for name in set(types) if name not in schema.shown)
    if not hidden:
        return {}
    if not schema.may_hide:
        return {name: unknown("content type", name, schema) for name in hidden if name not in schema}
    found = lookup.read_by_path(repo.client, [parent], [ALLOWED_TYPES]).get(parent.lower())
    if found is None:
        return dict.fromkeys(hidden, not_found.describe_missing(parent))
    named = [str(item["Name"]) for item in found.get(ALLOWED_TYPES.name) or ()]
    if not schema.shown.keys() >= set(named):
        _show_more(repo)
    allowed = [name for name in named if name in schema.shown]
    listed = ", ".join(allowed[:_SHOWN]) + (", …" if len(allowed) > _SHOWN else "") or "none that you may see"
    return {
        name: f"{parent} does not allow the type {name!r}, or you may not see this type; allowed are: "
        f"{listed}.{did_you_mean(name, allowed)}{explain_how_to_show(repo, name) if next_step else ''}"
        for name in hidden
        if name not in schema.shown
    }


def explain_how_to_show(repo: Connection, name: str) -> str:
    """Return a sentence with the line that makes a type visible; empty if the path of the type is hidden."""
    try:
        path = type_paths(repo.client)[name]
    except (SensenetError, KeyError):
        return ""
    return f" An administrator can let you see it: repo.allow({path!r}, {repo.user!r}, 'See')."


def _show_more(repo: Connection) -> None:
    """Read the types that have become visible to the caller."""
    with contextlib.suppress(SensenetError):
        repo.schema.show(repo.client.get(f"{entity('/Root')}/GetSchema", shapes.types))


def is_somebody(cell: Cell) -> bool:
    """Return whether a reference is Somebody, who replaces hidden users."""
    return any(not is_missing(item) and _is_somebody(get_target(item)) for item in list_items(cell))


def remove_somebody(work: Patch) -> tuple[Patch, list[str]]:
    """Return a change without the fields that it would set to Somebody, and the names of these."""
    hidden = [
        name
        for name, field in work.fields.items()
        if field.points_to_contents and name in work.after and is_somebody(work.after[name])
    ]
    kept = {name: value for name, value in work.after.items() if name not in hidden}
    return dataclasses.replace(work, after=kept), hidden


def _is_somebody(place: int | str) -> bool:
    return place == _SOMEBODY_ID if isinstance(place, int) else place.lower() == SOMEBODY.lower()


def warn_of_hidden_members(repo: Connection, fields: Iterable[Field]) -> None:
    """Warn of lists of references that are replaced although some of their members may be hidden."""
    lists = sorted({f.name for f in fields if f.points_to_contents and f.multiple})
    if lists and repo.schema.is_partial:
        warn_user(
            f"{', '.join(lists)}: a save replaces the complete list. You do not see every content type, so "
            "the lists may have members that you are not shown; a replaced list loses them",
            SaveWarning,
        )
