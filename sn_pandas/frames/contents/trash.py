"""Delete contents and restore them from the trash."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata import shapes
from ...odata.addresses import entity, in_trash
from ...odata.errors import NotFoundError, SensenetError
from ..reads import reading
from ..reads.lookup import Stored
from ..reads.not_found import MISSING, explain_missing, hint
from ..writes.deleting import delete_contents
from ..writes.report import Line, Report
from ..writes.works import Restore
from .targets import (
    build_missing_line,
    execute_journaled,
    is_single,
    list_places,
    raise_single,
    read_path,
    read_places,
)

if TYPE_CHECKING:
    from ..connection import Connection

#: Of how many misspelt paths it is looked up what may have been meant.
_HINTS = 10
# Steps of the path of what was deleted itself: /Root/Trash/<bag>/<name>.
_TOP = 5


def delete(repo: Connection, path: Any, *, permanent: bool, dry_run: bool) -> Report:
    """Delete contents; see ``Repository.delete``."""
    places = list_places(path, repo.base)
    found = read_places(repo, places)
    if is_single(path) and found == [None]:
        found = [_read_deleted(repo, places[0], permanent=permanent)]
    ids = [int(row["Id"]) if row else 0 for row in found]
    lost = {row: place for row, place in enumerate(places) if found[row] is None}
    gone = {row: build_missing_line(place, "unchanged") for row, place in lost.items()}
    for row, place in list(lost.items())[:_HINTS]:
        said = MISSING + hint(repo.client, place)
        gone[row] = dataclasses.replace(gone[row], reason=said)
    report = delete_contents(
        repo, ids, pd.RangeIndex(len(places)), gone, permanent=permanent, dry_run=dry_run
    )
    raise_single(path, report)
    return report


def restore(repo: Connection, path: Any, to: str | int | None) -> Report:
    """Restore contents from the trash, parents first; see ``Repository.restore``."""
    target = None if to is None else read_path(repo, to)
    lines: dict[int, Line] = {}
    works: dict[int, Restore] = {}
    places = list_places(path, repo.base)
    for row, place in enumerate(places):
        bag, inside = _find_bag(repo, place)
        if bag is None or inside is None:
            id_, named = (place, None) if isinstance(place, int) else (-1, place)
            lines[row] = Line("failed", f"{place}: it is not in the trash", (), id_, named)
        elif len(steps := str(inside.get("Path", "")).split("/")) > _TOP:
            top = "/".join(steps[:_TOP])
            name = steps[_TOP - 1]
            said = f"it was deleted with {name}, and can only be restored with it: repo.restore({top!r})"
            lines[row] = Line("failed", said, (), int(inside["Id"]), str(inside["Path"]))
        elif (id_ := int(inside["Id"])) in works:
            lines[row] = Line("unchanged", "named twice", (), id_, works[id_].path)
        else:
            parent = target or str(bag["OriginalPath"])
            works[id_] = Restore(row, id_, f"{parent}/{inside['Name']}", str(bag["Path"]))
    return execute_journaled(repo, path, works.values(), lines, "restore")


def _read_deleted(repo: Connection, place: str | int, *, permanent: bool) -> Stored:
    """Return the trashed content of a place, which is not deleted again; raise if there is none."""
    bag = inside = None
    if isinstance(place, str):
        with contextlib.suppress(SensenetError):  # not everybody may look into the trash
            bag, inside = _find_last_deleted(repo, place)
    if bag and inside and not permanent:
        return inside
    why = f"it is in the trash; to delete it for good, delete {bag['Path']}" if bag else ""
    with explain_missing(repo, place):
        raise NotFoundError(f"{place}: {why or MISSING}", status=404, reason=why)


def _find_bag(repo: Connection, place: str | int) -> tuple[Stored | None, Stored | None]:
    """Return the trash bag of a content, and the content in it."""
    found = read_places(repo, [place])[0]
    if found is None and isinstance(place, str):
        return _find_last_deleted(repo, place)
    if found is None or not in_trash(found["Path"]):
        return None, None
    address = f"{entity('/'.join(found['Path'].split('/')[:4]))}?metadata=no&$select=Id,Path,OriginalPath"
    bag = repo.client.get(address, shapes.content("Id", "Path", "OriginalPath"))
    if bag["Id"] == found["Id"]:
        inside = reading.read(repo, repo.query(bag["Path"], select=["Name"]))
        return bag, {"Id": int(inside.index[0]), "Name": inside["Name"].iloc[0]} if len(inside) else None
    return bag, found


def _find_last_deleted(repo: Connection, path: str) -> tuple[Stored | None, Stored | None]:
    """Find the content that was deleted last from a path."""
    parent, _, name = path.rpartition("/")
    asked = repo.query("/Root/Trash", select=["Path", "OriginalPath"], filter="isof('TrashBag')")
    bags = reading.read(repo, asked)
    for _, bag in bags[bags["OriginalPath"].str.lower() == parent.lower()].iloc[::-1].iterrows():
        inside = reading.read(repo, repo.query(str(bag["Path"]), select=["Name"]))
        if len(inside) and inside["Name"].iloc[0].lower() == name.lower():
            stored = {"Id": int(inside.index[0]), "Name": inside["Name"].iloc[0]}
            return {"Path": bag["Path"], "OriginalPath": bag["OriginalPath"]}, stored
    return None, None
