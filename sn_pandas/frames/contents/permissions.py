"""Read and change permissions and group members; each change is verified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata import shapes
from ...odata.addresses import entity, normalize
from ...odata.errors import (
    AnswerError,
    AuthenticationError,
    NotFoundError,
    QueryError,
    SensenetError,
    did_you_mean,
)
from ...odata.query import Query
from ...odata.schema import Field
from ...odata.wording import with_article
from ..reads import lookup, not_found, reading
from ..reads.lookup import Stored
from ..writes.acting import process_each
from ..writes.permitting import build_own_entry
from ..writes.report import Line, Report
from ..writes.settling import SEEN, Attempts, classify_unexecuted, collides, looks
from ..writes.works import Permit, Work
from .targets import (
    build_missing_line,
    execute_journaled,
    list_places,
    read_path,
    read_places,
    report_outcomes,
)

if TYPE_CHECKING:
    from ..connection import Connection

_MEMBERS = Field("Members", "Reference", multiple=True)
#: What to do where it is open whether members were added or removed.
_AGAIN = "call it again in a moment, what is done by then is not done twice"
_COLUMNS = ["identity", "kind", "permission", "value", "source", "inherited", "local"]
#: What people do with contents, and the permission that it takes.
PERMISSION_OF_ROLE = {
    "see": "See",
    "read": "Open",
    "edit": "Save",
    "add": "AddNew",
    "delete": "Delete",
    "publish": "Publish",
    "approve": "Approve",
    "grant": "SetPermissions",
}
_NAMES = (
    "See Preview PreviewWithoutWatermark PreviewWithoutRedaction Open OpenMinor Save Publish ForceCheckin "
    "AddNew Approve Delete RecallOldVersion DeleteOldVersion SeePermissions SetPermissions RunApplication "
    "ManageListsAndWorkspaces TakeOwnership"
).split() + [f"Custom{n:02}" for n in range(1, 33)]


def list_permissions(repo: Connection, place: str | int) -> pd.DataFrame:
    """List the entries of a content; see ``Repository.permissions``."""
    where = normalize(place, repo.base)
    with not_found.explain_missing(repo, where):
        acl = repo.client.get(f"{entity(where)}/GetAcl", shapes.entries)
    lines = [
        (
            entry["identity"]["path"],
            entry["identity"].get("kind"),
            name,
            held["value"],
            held.get("from") or acl["path"],
            held.get("from") is not None,
            not entry.get("propagates", True),
        )
        for entry in acl["entries"]
        for name, held in entry["permissions"].items()
        if held
    ]
    frame = pd.DataFrame(lines, columns=_COLUMNS)
    kinds = {name: "bool" if name in ("inherited", "local") else "str" for name in _COLUMNS}
    return frame.astype(kinds)


def set_permissions(
    repo: Connection,
    path: Any,
    identity: str | int,
    permissions: Sequence[str | Iterable[str]],
    value: str,
    local: bool,
) -> Report:
    """Allow, deny or unset permissions; see ``Repository.allow``."""
    names = resolve_permission_names(permissions)
    who = read_path(repo, identity)
    places = list_places(path, repo.base)
    lines: dict[int, Line] = {}
    works: list[Work] = []
    for row, stored in enumerate(read_places(repo, places)):
        if stored is None:
            lines[row] = build_missing_line(places[row])
            continue
        id_, shown = int(stored["Id"]), str(stored["Path"])
        try:
            before = build_own_entry(repo.client, id_, who, local=local)
        except AuthenticationError:
            raise
        except SensenetError as error:
            lines[row] = Line(
                "unsent", f"its permissions cannot be read: {error}", (), id_, shown, error=error
            )
            continue
        works.append(Permit(row, id_, shown, who, local, before, dict.fromkeys(names, value)))
    word = "unset" if value == "undefined" else value
    return execute_journaled(repo, path, works, lines, f"{word} permissions")


def resolve_permission_names(permissions: Sequence[str | Iterable[str]]) -> list[str]:
    """Return the server's names of permissions, which are given one by one or as lists, by name or by role.

    Raises
    ------
    QueryError
        If there are none, or one is unknown.
    """
    names: list[Any] = []
    for one in permissions:
        names += [one] if isinstance(one, str) or not isinstance(one, Iterable) else [*one]
    if not names:
        raise QueryError(
            "Name the permissions, such as 'Open', 'Save', or what they are for: 'read', 'edit'."
        )
    for name in names:
        if name not in _NAMES and name not in PERMISSION_OF_ROLE:
            hint = did_you_mean(str(name), [*PERMISSION_OF_ROLE, *_NAMES])
            listed = ", ".join(f"{permission} ({role})" for role, permission in PERMISSION_OF_ROLE.items())
            raise QueryError(f"Unknown permission {name!r}.{hint} Permissions: {listed}, …")
    return [PERMISSION_OF_ROLE.get(name, name) for name in names]


def inherit(repo: Connection, path: Any, inherits: bool) -> Report:
    """Break or restore inheritance; see ``Repository.inherit``."""
    places = list_places(path, repo.base)
    lines = process_each(places, lambda place: _inherit(repo, place, inherits), repo=repo, what="inherit")
    return report_outcomes(repo, path, lines, "inherit permissions")


def _inherit(repo: Connection, place: str | int, inherits: bool) -> Line:
    """Have one content inherit or not, which does no harm if it is sent twice."""
    id_, shown = (place, None) if isinstance(place, int) else (-1, place)
    try:
        stored = lookup.read_one(repo.client, place)
        id_, shown = stored["Id"], stored["Path"]
        if _inherits(repo, place) == inherits:
            return Line("unchanged", "it is already in the requested state", (), id_, shown)
    except NotFoundError as error:
        return Line("failed", not_found.MISSING, (), id_, shown, error=error)
    except SensenetError as error:
        return Line("unsent", f"its permissions cannot be read: {error}", (), id_, shown, error=error)
    address = f"{entity(place)}/SetPermissions?metadata=no&$select=Id"
    body = {"inheritance": "unbreak" if inherits else "break"}
    attempts = Attempts(repo.client.retries.deadline)
    while True:
        trouble: SensenetError | None = None
        try:
            repo.client.send("POST", address, body=body, read=shapes.read_nothing)
        except NotFoundError as error:
            return Line("failed", not_found.MISSING, (), id_, shown, error=error)
        except SensenetError as error:
            trouble = error
        outcome = classify_unexecuted(trouble) if trouble else None
        try:
            now = _inherits(repo, place)
        except SensenetError as error:
            first = trouble or error
            return Line(outcome or "unknown", str(first), (), id_, shown, error=first)
        if now == inherits:
            return Line("saved", SEEN if trouble else "", (), id_, shown)
        if trouble is None:
            return Line("ignored", f"the server shows inherits={now}", (), id_, shown)
        if (outcome and not collides(trouble)) or not attempts.again(trouble):
            return Line(outcome or "unknown", str(trouble), (), id_, shown, error=trouble)


def _inherits(repo: Connection, place: str | int) -> bool:
    held: Any = repo.client.get(f"{entity(place)}/GetAcl", shapes.entries, fresh=True)
    return bool(held["inherits"])


def list_members(repo: Connection, group: str | int) -> pd.DataFrame:
    """List the members of a group."""
    place = normalize(group, repo.base)
    ids = [item["Id"] for item in _read_members(repo, place)]
    query = f"Id:({' '.join(map(str, sorted(set(ids))))})" if ids else "Id:0"
    select = ("Name", "Path", "Type", "DisplayName")
    return reading.read(repo, repo.query(Query("/Root", select=select, query=query, autofilters=False)))


def change_members(repo: Connection, group: str | int, path: Any, *, add: bool) -> Report:
    """Add or remove members; see ``Repository.add_members``."""
    repo.client.reject_write("add_members" if add else "remove_members")
    place = normalize(group, repo.base)
    places = list_places(path, repo.base)
    found = read_places(repo, places)
    attempts = Attempts(repo.client.retries.deadline)
    before = _count_members(repo, place)
    first = [row["Id"] for row in found if row and (row["Id"] in before) != add]
    wanted, after, unread, was_lost = first, before, "", False
    trouble: SensenetError | None = None
    address = f"{entity(place)}/{'AddMembers' if add else 'RemoveMembers'}"
    while wanted:
        trouble = None
        try:
            body = {"contentIds": sorted(set(wanted))}
            repo.client.send("POST", address, body=body, read=shapes.read_nothing)
        except AuthenticationError:
            raise
        except SensenetError as error:
            trouble = error
        is_lost = trouble is not None and classify_unexecuted(trouble) is None and not collides(trouble)
        was_lost = was_lost or is_lost
        previous = after
        try:
            for _ in looks(() if is_lost else (0.0,)):  # a server may still be at what it did not answer
                after = _count_members(repo, place)
                wanted = [id_ for id_ in wanted if (id_ in after) != add]
                if not wanted:
                    break
        except SensenetError as error:
            unread = f"{trouble or 'it was answered'}; and the group could not be read again: {error}"
            break
        if trouble is None:
            # of somebody who is in the group twice, the server removes one entry with each request
            if add or not any(after[id_] < previous[id_] for id_ in wanted):
                break
        # a late request that adds somebody would do it twice, and servers keep both
        elif not ((collides(trouble) or (is_lost and not add)) and attempts.again(trouble)):
            break

    def line(place: str | int, row: Stored | None) -> Line:
        if row is None:
            return build_missing_line(place, "refused")
        id_, shown = row["Id"], row["Path"]
        if id_ not in first:
            return Line("unchanged", "it is already in the requested state", ("Members",), id_, shown)
        if unread:
            return Line("unknown", f"{unread}; {_AGAIN}", ("Members",), id_, shown)
        if (id_ in after) == add:
            return Line("saved", SEEN if was_lost else "", ("Members",), id_, shown)
        if trouble:
            outcome = classify_unexecuted(trouble)
            reason = str(trouble) if outcome else f"{trouble}; the group does not show it yet; {_AGAIN}"
            return Line(outcome or "unknown", reason, ("Members",), id_, shown)
        return Line("ignored", "the group does not show it", ("Members",), id_, shown)

    lines = [line(named, row) for named, row in zip(places, found, strict=True)]
    return report_outcomes(repo, path, lines, "members")


def _count_members(repo: Connection, group: str | int) -> Counter[int]:
    """Return how often each member is in a group."""
    return Counter(item["Id"] for item in _read_members(repo, group))


def _read_members(repo: Connection, group: str | int) -> list[Any]:
    address = f"{entity(group)}?metadata=no&$expand=Members&$select=Id,Path,Type,Members/Id,Members/Path"
    with not_found.explain_missing(repo, group):
        shape = shapes.content("Id", "Path", "Type", fields=[_MEMBERS])
        held = repo.client.get(address, shape, fresh=True)
    kind = str(held["Type"])
    if kind in repo.schema and "Members" not in repo.schema[kind].fields:
        raise QueryError(f"{held['Path']} is not a group but {with_article(kind)}: it has no members")
    members = held.get("Members") or []
    if not isinstance(members, list) or not all("Id" in member for member in members):
        raise AnswerError(f"{held['Path']}: the server does not show the members of the group as a list")
    return members
