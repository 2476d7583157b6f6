"""Who may do what, and who belongs to whom: permissions and members, each change believed when seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import entity, normalize
from ...odata.errors import AuthenticationError, NotFoundError, QueryError, SensenetError, did_you_mean
from ...odata.query import Query
from ..writes import looking
from ..writes.acting import each
from ..writes.looking import Stored
from ..writes.report import Line, Report
from ..writes.settling import certain
from .places import found_at, missing, path_at, places_of, reported, there

if TYPE_CHECKING:
    from ..repository import Repository

_COLUMNS = ["identity", "kind", "permission", "value", "source", "inherited", "local"]
_NAMES = (
    "See Preview PreviewWithoutWatermark PreviewWithoutRedaction Open OpenMinor Save Publish ForceCheckin "
    "AddNew Approve Delete RecallOldVersion DeleteOldVersion SeePermissions SetPermissions RunApplication "
    "ManageListsAndWorkspaces TakeOwnership"
).split() + [f"Custom{n:02}" for n in range(1, 33)]


def permissions(repo: Repository, place: str | int) -> pd.DataFrame:
    """List the entries of a content; see ``Repository.permissions``."""
    where = normalize(place, repo.base)
    with there(repo, where):
        acl = repo.client.get(f"{entity(where)}/GetAcl")
    lines = [
        (
            entry["identity"]["path"],
            entry["identity"]["kind"],
            name,
            held["value"],
            held["from"] or acl["path"],
            bool(entry["inherited"]),
            not entry["propagates"],
        )
        for entry in acl["entries"]
        for name, held in entry["permissions"].items()
        if held
    ]
    frame = pd.DataFrame(lines, columns=_COLUMNS)
    kinds = {name: "bool" if name in ("inherited", "local") else "str" for name in _COLUMNS}
    return frame.astype(kinds)


def set_permissions(
    repo: Repository, path: Any, identity: str | int, names: Sequence[str], value: str, local: bool
) -> Report:
    """Allow, deny or unset permissions; see ``Repository.allow``."""
    if not names:
        raise QueryError("name the permissions, such as 'Open', 'Save'")
    for name in names:
        if name not in _NAMES:
            raise QueryError(f"there is no permission {name!r}.{did_you_mean(name, _NAMES)}")
    who = path_at(repo, identity)
    entry: dict[str, Any] = {"identity": who, "localOnly": local, **dict.fromkeys(names, value)}

    def seen(place: str | int) -> str:
        held = permissions(repo, place)
        own = held[(held.identity == who) & ~held.inherited & (held.local == local)]
        values = dict(zip(own.permission, own.value, strict=True))
        wrong = [name for name in names if values.get(name, "undefined") != value]
        return f"the server shows no {value} for {', '.join(wrong)}" if wrong else ""

    return _set(repo, path, {"r": [entry]}, tuple(names), seen, value)


def inherit(repo: Repository, path: Any, inherits: bool) -> Report:
    """Break or restore inheritance; see ``Repository.inherit``."""

    def seen(place: str | int) -> str:
        held = repo.client.get(f"{entity(place)}/GetAcl")
        return "" if held["inherits"] == inherits else f"the server shows inherits={held['inherits']}"

    return _set(repo, path, {"inheritance": "unbreak" if inherits else "break"}, (), seen, "inherit")


def members(repo: Repository, group: str | int) -> pd.DataFrame:
    """List the members of a group."""
    place = normalize(group, repo.base)
    ids = [item["Id"] for item in _members(repo, place)]
    query = f"Id:({' '.join(map(str, sorted(set(ids))))})" if ids else "Id:0"
    select = ("Name", "Path", "Type", "DisplayName")
    read: pd.DataFrame = repo.read(Query("/Root", select=select, query=query, autofilters=False))
    return read


def change_members(repo: Repository, group: str | int, path: Any, *, add: bool) -> Report:
    """Add or remove members; see ``Repository.add_members``."""
    place = normalize(group, repo.base)
    places = places_of(path, repo.base)
    before = {item["Id"] for item in _members(repo, place)}
    found = found_at(repo, places)
    wanted = [row["Id"] for row in found if row and (row["Id"] in before) != add]
    trouble: SensenetError | None = None
    after = before
    try:
        if wanted:
            address = f"{entity(place)}/{'AddMembers' if add else 'RemoveMembers'}"
            repo.client.request("POST", address, body={"contentIds": sorted(set(wanted))})
    except AuthenticationError:
        raise
    except SensenetError as error:
        trouble = error
    lost = ""
    try:
        after = {item["Id"] for item in _members(repo, place)}
    except SensenetError as error:
        lost = f"{trouble or 'it was answered'}; and the group could not be read again: {error}"

    def line(place: str | int, row: Stored | None) -> Line:
        if row is None:
            return missing(place, "refused")
        id_, shown = row["Id"], row["Path"]
        if id_ not in wanted:
            return Line("unchanged", "it is so already", ("Members",), id_, shown)
        if lost:
            return Line("unknown", lost, ("Members",), id_, shown)
        if (id_ in after) == add:
            return Line("saved", "", ("Members",), id_, shown)
        if trouble:
            return Line(certain(trouble) or "unknown", str(trouble), ("Members",), id_, shown)
        return Line("ignored", "the group does not show it", ("Members",), id_, shown)

    lines = [line(named, row) for named, row in zip(places, found, strict=True)]
    return reported(repo, path, lines, "members")


def _members(repo: Repository, group: str | int) -> list[Any]:
    address = f"{entity(group)}?metadata=no&$expand=Members&$select=Id,Path,Type,Members/Id,Members/Path"
    with there(repo, group):
        held = repo.client.get(address)["d"]
    kind = str(held["Type"])
    if kind in repo.schema and "Members" not in repo.schema[kind].fields:
        raise QueryError(f"{held['Path']} is no group but a {kind}: it has no members")
    return list(held["Members"] or [])


def _set(repo: Repository, path: Any, body: Any, names: tuple[str, ...], seen: Any, what: str) -> Report:
    def one(place: str | int) -> Line:
        id_, shown = (place, None) if isinstance(place, int) else (-1, place)
        trouble: SensenetError | None = None
        try:
            stored = looking.one(repo.client, place)
            id_, shown = stored["Id"], stored["Path"]
            repo.client.request("POST", f"{entity(place)}/SetPermissions?metadata=no&$select=Id", body=body)
        except SensenetError as error:
            trouble = error
        if isinstance(trouble, NotFoundError):
            return Line("failed", looking.MISSING, names, id_, shown, error=trouble)
        try:
            wrong = seen(place)
        except SensenetError as error:
            first = trouble or error
            outcome = certain(trouble) if trouble else None
            return Line(outcome or "unknown", str(first), names, id_, shown, error=first)
        if wrong and trouble:
            return Line(certain(trouble) or "unknown", str(trouble), names, id_, shown, error=trouble)
        return Line("ignored" if wrong else "saved", wrong, names, id_, shown)

    places = places_of(path, repo.base)
    lines = each(places, one, repo=repo, what=what)
    return reported(repo, path, lines, f"{what} permissions")
