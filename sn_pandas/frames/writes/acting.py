"""What is done to every content of a frame: delete it, call an operation on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import entity
from ...odata.errors import NoAnswer, SensenetError
from ...odata.transport import Client
from ..progress import Progress, Setting
from ..tracking import baseline_of, rows_of
from . import looking
from .flow import Flow, at_once
from .report import DRY, Line, Report, report_frame
from .running import carry_out
from .saving import Place
from .sending import in_trash
from .works import Delete, Work, request_text

if TYPE_CHECKING:
    from ..repository import Repository


def delete(
    frame: pd.DataFrame,
    *,
    permanent: bool = False,
    dry_run: bool = False,
    workers: int = 8,
    journal: Place = None,
    progress: Setting = None,
) -> Report:
    """Delete the contents of a frame's rows; see ``Accessor.delete``."""
    baseline = baseline_of(frame)
    repo = baseline.repo
    ids = [int(id_) for id_ in rows_of(frame, baseline).ids]
    lines: dict[int, Line] = {}
    works = deletes_of(repo, ids, lines, permanent=permanent)
    above = {work.path.lower(): work.row for work in works if work.path}
    below: dict[int, int] = {}
    for work in works:
        if (row := _ancestor(work.path or "", above)) is not None:
            below[work.row] = row
    todo: list[Work] = [work for work in works if work.row not in below]
    requests = [request_text(repo.url, work) for work in todo]
    if dry_run:
        lines.update((work.row, Line("unsent", DRY, (), work.id, work.path)) for work in works)
    log = None
    if not dry_run:
        log = carry_out(
            repo,
            todo,
            what="delete",
            told=lambda position, line: lines.__setitem__(todo[position].row, line),
            journal=journal,
            workers=workers,
            progress=progress,
        )
        for work in works:
            if work.row in below:
                above_it = lines[below[work.row]]
                lines[work.row] = Line(above_it.outcome, f"with {above_it.path}", (), work.id, work.path)
    every = [lines[row] for row in range(len(ids))]
    return Report(
        report_frame(frame.index, every),
        what="delete",
        dry_run=dry_run,
        requests=requests,
        journal=log.path if log else None,
        repo=repo,
    )


def deletes_of(
    repo: Repository, ids: Sequence[int], lines: dict[int, Line], *, permanent: bool
) -> list[Delete]:
    """Give what deletes contents; the outcome of those that are gone, and of new rows, goes to ``lines``."""
    known = {id_ for id_ in ids if id_ > 0}
    stored = looking.by_id(repo.client, known)
    if len(stored) < len(known):
        repo.still_ourselves()  # the Visitor is told that there is nothing
    works = []
    for row, id_ in enumerate(ids):
        found = stored.get(id_)
        if id_ < 0:
            lines[row] = Line("unchanged", "a new row: there is nothing to delete")
        elif found is None:
            lines[row] = Line("unchanged", "it is gone already, or you may not see it", (), id_)
        elif in_trash(found["Path"]) and not permanent:
            lines[row] = Line("unchanged", "it is in the trash already", (), id_, found["Path"])
        else:
            works.append(Delete(row, id_, found["Path"], permanent))
    return works


def call(
    frame: pd.DataFrame,
    operation: str,
    parameters: Mapping[str, Any],
    *,
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Call an operation on every content of a frame; see ``Accessor.call``."""
    baseline = baseline_of(frame)
    rows = rows_of(frame, baseline)
    client = baseline.repo.client
    paths = baseline.frame["Path"] if "Path" in baseline.frame.columns else None

    def one(id_: int) -> Line:
        path = str(paths.loc[id_]) if paths is not None and id_ in paths.index else None
        if id_ < 0:
            return Line("unsent", "a new row: there is no content yet")
        return called(client, id_, path, operation, parameters)

    ids = [int(id_) for id_ in rows.ids]
    lines = each(ids, one, client=client, what=operation, workers=workers, progress=progress)
    return Report(report_frame(frame.index, lines), what=operation, repo=baseline.repo)


def called(
    client: Client, place: int | str, path: str | None, operation: str, parameters: Mapping[str, Any]
) -> Line:
    """Call an operation on one content and say what became of it; it is never sent twice."""
    id_ = place if isinstance(place, int) else -1
    path = path or (place if isinstance(place, str) else None)
    try:
        answer = client.request("POST", f"{entity(place)}/{operation}?metadata=no", body=parameters)
    except NoAnswer as error:
        return Line("unknown" if error.sent else "unsent", str(error), (), id_, path)
    except SensenetError as error:
        return Line("failed", str(error), (), id_, path)
    shown = answer.json().get("d") if "json" in answer.headers.get("content-type", "") else None
    version = shown.get("Version", "") if isinstance(shown, dict) else ""
    seen = shown if isinstance(shown, dict) else {}
    return Line("saved", version, (), seen.get("Id", id_), seen.get("Path", path))


def each(
    jobs: Sequence[Any],
    work: Callable[[Any], Line],
    *,
    client: Client,
    what: str,
    workers: int = 8,
    progress: Setting = None,
) -> list[Line]:
    """Do something to each of some contents, several at once, and give the outcomes in their order."""
    flow = Flow(workers, lambda: client.overloads)
    lines = [Line("unsent", "not sent")] * len(jobs)
    with Progress(progress, what) as shown:
        for done, (number, line) in enumerate(at_once(jobs, work, flow), 1):
            lines[number] = line
            shown.show(done, len(jobs))
    return lines


def _ancestor(path: str, rows: Mapping[str, int]) -> int | None:
    """Give the row of the topmost content above a path that is deleted, too."""
    steps = path.lower().split("/")
    for length in range(2, len(steps)):
        row = rows.get("/".join(steps[:length]))
        if row is not None:
            return row
    return None
