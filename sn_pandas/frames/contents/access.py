"""Who may do what with a content, as the server itself answers for each user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata import shapes
from ...odata.addresses import entity, normalize
from ...odata.errors import AnswerError, ForbiddenError, QueryError
from ...odata.flight import Job, in_order
from ...odata.query_text import target
from ...odata.schema import Field
from ...odata.wording import with_article
from ..reads import finding, lookup, not_found, reading
from ..reads.lookup import Stored
from .permissions import PERMISSION_OF_ROLE, resolve_permission_names
from .targets import list_places, read_places

if TYPE_CHECKING:
    from ..connection import Connection

#: Without the first nobody has any other permission, without the second none of those that change something.
_FIRST = ("See", "Open")
_ROLES = Field("AllRoles", "Reference", multiple=True)
_NAMES = (Field("DisplayName", "ShortText"), Field("FullName", "ShortText"))
_OWNER = Field("Owner", "Reference")
#: Groups without members: one has all users in it, the other whoever owns the content.
_EVERYONE, _OWNERS = "/Root/IMS/BuiltIn/Portal/Everyone", "/Root/IMS/BuiltIn/Portal/Owners"
_WORKERS = 8


def read_access(
    repo: Connection, place: str | int, permissions: Sequence[str | Iterable[str]], users: Any
) -> pd.DataFrame:
    """Return who may do what with a content; see ``Repository.access``."""
    columns = _name_columns(permissions)
    where = normalize(place, repo.base)
    entries, owner = _collect_entries(repo, where)
    people = _read_users(repo, users)

    def asking(user: Stored) -> Job[dict[str, bool]]:
        return lambda: (_ask(repo, where, str(user["Path"]), columns), ())

    answers = in_order([asking(user) for user in people], _WORKERS)
    rows = [
        (_name(user), *answer.values(), _find_entries_of_user(user, entries, owner), user["Path"])
        for user, answer in zip(people, answers, strict=True)
    ]
    index = pd.Index([int(user["Id"]) for user in people], name="Id", dtype="int64")
    frame = pd.DataFrame(rows, index, ["user", *columns, "through", "path"])
    kinds = {"user": "str", **dict.fromkeys(columns, "bool"), "through": "object", "path": "str"}
    return frame.astype(kinds)


def _collect_entries(repo: Connection, where: str | int) -> tuple[list[str], str]:
    """Return the users and groups with entries that reach a content, and its owner, as paths.

    Raises
    ------
    ForbiddenError
        If the caller may not see who may do what there.
    """
    try:
        with not_found.explain_missing(repo, where):
            stored = lookup.read_one(repo.client, where, [_OWNER])
            acl = repo.client.get(f"{entity(where)}/GetAcl", shapes.entries, fresh=True)
    except ForbiddenError as error:
        raise ForbiddenError(
            f"{where}: to see who may do what there, you need the permission SeePermissions. {error}",
            status=error.status,
        ) from None
    owner = stored.get("Owner")
    paths = dict.fromkeys(str(entry["identity"]["path"]) for entry in acl["entries"])
    return list(paths), str(owner["Path"]) if isinstance(owner, dict) else ""


def _name_columns(permissions: Sequence[str | Iterable[str]]) -> dict[str, str]:
    """Return the permissions by the names of their columns: the words that the caller uses."""
    if not permissions:
        return dict(PERMISSION_OF_ROLE)
    words = [word for one in permissions for word in ([one] if isinstance(one, str) else one)]
    return dict(zip(words, resolve_permission_names(words), strict=True))


def _read_users(repo: Connection, users: Any) -> list[Stored]:
    """Read the users by name and roles; all that the caller sees if none are named.

    Raises
    ------
    QueryError
        If one of them is not there, or not a user.
    """
    if users is None:
        query = repo.query("/Root", query="TypeIs:User", select=["Name"], autofilters=False)
        ids = [int(id_) for id_ in reading.read(repo, query).index]
        found = lookup.read_by_id(repo.client, ids, (*_NAMES, _ROLES))
        return sorted(found.values(), key=lambda user: _name(user).lower())
    places = list_places(users, repo.base)
    people = read_places(repo, places)
    for named, user in zip(places, people, strict=True):
        if user is None:
            raise QueryError(
                f"{not_found.describe_missing(named)}. Look for a user: repo.find(..., type='User')"
            )
    ids = [int(user["Id"]) for user in people if user]
    read = lookup.read_by_id(repo.client, ids, (*_NAMES, _ROLES))
    for user in read.values():
        if not finding.is_one_of(user, ["User"], repo.schema):
            raise QueryError(f"{user['Path']} is not a user but {with_article(str(user['Type']))}")
    return [read[id_] for id_ in ids]


def _ask(repo: Connection, where: str | int, user: str, columns: dict[str, str]) -> dict[str, bool]:
    """Ask the server which permissions a user has, the basic ones first: without them there are no others."""
    held: dict[str, bool] = {}
    for permission in dict.fromkeys([*_FIRST, *columns.values()]):
        held[permission] = all(held.get(one, True) for one in _FIRST) and _has(repo, where, user, permission)
        if permission not in columns.values() and not held[permission]:
            break
    return {word: held.get(permission, False) for word, permission in columns.items()}


def _has(repo: Connection, where: str | int, user: str, permission: str) -> bool:
    address = target(f"{entity(where)}/HasPermission", {"permissions": permission, "user": user})
    answer = repo.client.get(address, shapes.read_returned("HasPermission"), fresh=True)
    if not isinstance(answer, bool):
        raise AnswerError(f"GET {address}: true or false was expected, not {answer!r}")
    return answer


def _name(user: Stored) -> str:
    return str(user.get("FullName") or user.get("DisplayName") or user["Name"])


def _find_entries_of_user(user: Stored, entries: Sequence[str], owner: str) -> tuple[str, ...]:
    """Return the entries of a user and of those of his groups that the caller sees."""
    mine = {str(user["Path"]), _EVERYONE, *(str(role["Path"]) for role in user.get("AllRoles") or ())}
    if user["Path"] == owner:
        mine.add(_OWNERS)
    return tuple(path for path in entries if path in mine)
