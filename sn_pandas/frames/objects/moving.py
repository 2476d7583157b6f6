"""Contents that change their place: deleted, restored, moved, copied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import entity, normalize
from ...odata.errors import NotFoundError, SaveError, SensenetError
from ..writes import looking
from ..writes.acting import deletes_of
from ..writes.looking import Stored
from ..writes.report import DRY, Line, Report, report_frame
from ..writes.running import carry_out
from ..writes.sending import in_trash
from ..writes.works import Delete, Restore, Work, request_text

if TYPE_CHECKING:
    from ..repository import Repository

#: Contents in one request.
_BATCH = 100


def places_of(path: Any, base: str = "/Root") -> list[str | int]:
    """Give the paths and ids that one place, several, or the rows of a frame name."""
    if isinstance(path, pd.DataFrame):
        return [int(id_) for id_ in (path["Id"] if "Id" in path.columns else path.index)]
    if isinstance(path, (str, int)) or not isinstance(path, Iterable):
        return [normalize(path, base)]
    return [normalize(one, base) for one in path]


def raise_single(path: Any, lines: Sequence[Line]) -> None:
    """Raise what went wrong if only one content was named; of several it stands in the report."""
    if isinstance(path, (pd.DataFrame, list, tuple, set, pd.Series, pd.Index)) or len(lines) != 1:
        return
    if lines[0].outcome not in ("saved", "unchanged"):
        report = Report(report_frame(pd.RangeIndex(1), lines))
        raise SaveError(f"{lines[0].outcome}: {lines[0].reason}", report)


def delete(repo: Repository, path: Any, *, permanent: bool, dry_run: bool) -> Report:
    """Delete contents; see ``Repository.delete``."""
    places = places_of(path, repo.base)
    ids = [int(row["Id"]) if row else 0 for row in _found(repo, places)]
    lines: dict[int, Line] = {}
    works = deletes_of(repo, ids, lines, permanent=permanent)
    for number, place in enumerate(places):
        if ids[number] == 0:
            gone = "it is gone already, or you may not see it"
            lines[number] = Line("unchanged", gone, (), -1, place if isinstance(place, str) else None)
    return _carried(repo, "delete", path, works, lines, len(places), dry_run)


def restore(repo: Repository, path: Any, to: str | int | None) -> Report:
    """Take contents out of the trash; see ``Repository.restore``."""
    target = None if to is None else _path(repo, normalize(to, repo.base))
    lines: dict[int, Line] = {}
    works: list[Restore] = []
    places = places_of(path, repo.base)
    for row, place in enumerate(places):
        bag, inside = _bag(repo, place)
        if bag is None or inside is None:
            shown = place if isinstance(place, str) else None
            lines[row] = Line(
                "failed", "it is not in the trash", (), place if isinstance(place, int) else -1, shown
            )
            continue
        parent = target or str(bag["OriginalPath"])
        works.append(Restore(row, int(inside["Id"]), f"{parent}/{inside['Name']}", str(bag["Path"])))
    return _carried(repo, "restore", path, works, lines, len(places), False)


def batch(repo: Repository, operation: str, path: Any, to: str | int) -> Report:
    """Move or copy contents with the batch operations of the server; see ``Repository.move``."""
    target = _path(repo, normalize(to, repo.base))
    places = places_of(path, repo.base)
    before = _below(repo, target)
    lines: dict[int, Line] = {}
    found = _found(repo, places)
    for row, place in enumerate(places):
        if found[row] is None:
            missing = "there is no such content, or you may not see it"
            lines[row] = Line("failed", missing, (), -1, place if isinstance(place, str) else None)
    todo = [row for row in range(len(places)) if row not in lines]
    for start in range(0, len(todo), _BATCH):
        some = {row: found[row] or {} for row in todo[start : start + _BATCH]}
        lines.update(_batch(repo, operation, some, target, before))
    every = [lines[row] for row in range(len(places))]
    raise_single(path, every)
    what = "move" if operation == "MoveBatch" else "copy"
    return Report(report_frame(pd.RangeIndex(len(every)), every), what=what, repo=repo)


def _batch(
    repo: Repository, operation: str, rows: Mapping[int, Stored], target: str, before: set[str]
) -> dict[int, Line]:
    paths = [row["Path"] for row in rows.values()]
    address = f"{entity('/Root')}/{operation}"
    try:
        answer = repo.client.send("POST", address, body={"targetPath": target, "paths": paths})["d"]
    except NotFoundError:
        raise
    except SensenetError as error:
        return {row: _seen(repo, operation, stored, target, before, error) for row, stored in rows.items()}
    moved = {item.get("OriginalPath", item["Path"]).lower(): item for item in answer["results"]}
    refused = {_source(item["content"]): item["error"] for item in answer["errors"]}
    lines: dict[int, Line] = {}
    for row, stored in rows.items():
        key = stored["Path"].lower()
        if key in moved:
            done = moved.pop(key)
            lines[row] = Line("saved", f"was {stored['Path']}", (), done["Id"], done["Path"])
        elif key in refused:
            said = str(refused[key]["message"]["value"])
            lines[row] = Line("failed", said, (), stored["Id"], stored["Path"])
        else:
            lines[row] = Line("unknown", "the answer does not name it", (), stored["Id"], stored["Path"])
    return lines


def _source(content: Stored) -> str:
    """Give the path that a content of an error list had before."""
    return str(content.get("OriginalPath") or content["Path"] or "").lower()


def _seen(
    repo: Repository, operation: str, stored: Stored, target: str, before: set[str], error: SensenetError
) -> Line:
    """Look what became of a content whose batch was not answered well."""
    try:
        there = looking.by_path(repo.client, [f"{target}/{stored['Name']}"])
    except SensenetError as other:
        said = f"{error}; and it could not be looked for: {other}"
        return Line("unknown", said, (), stored["Id"], stored["Path"])
    found = there.get(f"{target}/{stored['Name']}".lower())
    if found and (
        found["Id"] == stored["Id"] or (operation == "CopyBatch" and found["Path"].lower() not in before)
    ):
        return Line("saved", "the answer was lost; seen by reading", (), found["Id"], found["Path"])
    return Line("failed", str(error), (), stored["Id"], stored["Path"])


def _carried(
    repo: Repository,
    what: str,
    path: Any,
    works: Sequence[Delete] | Sequence[Restore],
    lines: dict[int, Line],
    count: int,
    dry_run: bool,
) -> Report:
    todo: list[Work] = list(works)
    log = None
    if dry_run:
        lines.update((work.row, Line("unsent", DRY, (), work.id, work.path)) for work in todo)
    else:
        log = carry_out(repo, todo, what=what, told=lambda n, line: lines.__setitem__(todo[n].row, line))
    every = [lines[row] for row in range(count)]
    if not dry_run:
        raise_single(path, every)
    return Report(
        report_frame(pd.RangeIndex(count), every),
        what=what,
        dry_run=dry_run,
        requests=[request_text(repo.url, work) for work in todo],
        journal=log.path if log else None,
        repo=repo,
    )


def _found(repo: Repository, places: Sequence[str | int]) -> list[Stored | None]:
    ids = looking.by_id(repo.client, [place for place in places if isinstance(place, int)])
    paths = looking.by_path(repo.client, [place for place in places if isinstance(place, str)])
    found = [ids.get(place) if isinstance(place, int) else paths.get(place.lower()) for place in places]
    if not all(found):
        repo.still_ourselves()  # the Visitor is told that there is nothing
    return found


def _path(repo: Repository, place: str | int) -> str:
    return str(looking.known(repo, place)["Path"])


def _below(repo: Repository, target: str) -> set[str]:
    read = repo.read(target, select=["Path"])
    return {str(path).lower() for path in read["Path"]}


def _bag(repo: Repository, place: str | int) -> tuple[Stored | None, Stored | None]:
    """Give the trash bag that holds a content, and the content in it."""
    found = _found(repo, [place])[0]
    if found is None and isinstance(place, str):
        return _lost(repo, place)
    if found is None or not in_trash(found["Path"]):
        return None, None
    bag = repo.client.get(
        f"{entity('/'.join(found['Path'].split('/')[:4]))}?metadata=no&$select=Id,Path,OriginalPath"
    )["d"]
    if bag["Id"] == found["Id"]:
        inside = repo.read(bag["Path"], select=["Name"])
        return bag, {"Id": int(inside.index[0]), "Name": inside["Name"].iloc[0]} if len(inside) else None
    return bag, found


def _lost(repo: Repository, path: str) -> tuple[Stored | None, Stored | None]:
    """Find what was deleted at a path last."""
    parent, _, name = path.rpartition("/")
    bags = repo.read("/Root/Trash", select=["Path", "OriginalPath"], filter="isof('TrashBag')")
    for _, bag in bags[bags["OriginalPath"].str.lower() == parent.lower()].iloc[::-1].iterrows():
        inside = repo.read(str(bag["Path"]), select=["Name"])
        if len(inside) and inside["Name"].iloc[0].lower() == name.lower():
            stored = {"Id": int(inside.index[0]), "Name": inside["Name"].iloc[0]}
            return {"Path": bag["Path"], "OriginalPath": bag["OriginalPath"]}, stored
    return None, None
