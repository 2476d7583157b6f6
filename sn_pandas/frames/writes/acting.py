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
    ids = [int(id_) for id_ in rows_of(frame, baseline).ids]
    return deletion(
        baseline.repo,
        ids,
        frame.index,
        permanent=permanent,
        dry_run=dry_run,
        workers=workers,
        journal=journal,
        progress=progress,
    )


def deletion(
    repo: Repository,
    ids: Sequence[int],
    index: pd.Index,
    paths: Mapping[int, str] | None = None,
    *,
    permanent: bool = False,
    dry_run: bool = False,
    workers: int = 8,
    journal: Place = None,
    progress: Setting = None,
) -> Report:
    """Delete contents, each once, and what is below another one with that.

    Parameters
    ----------
    ids : sequence of int
        The contents; 0 for one that is not there any more, negative for a row that was never saved.
    index : Index
        Of the report.
    paths : mapping, optional
        What those that are not there were named, by their position.
    """
    lines: dict[int, Line] = {}
    works = _deletes(repo, ids, paths or {}, lines, permanent=permanent)
    first: dict[int, int] = {}
    for work in works:
        first.setdefault(work.id, work.row)
    above = {work.path.lower(): first[work.id] for work in works if work.path}
    within: dict[int, int] = {}
    for work in works:
        top = _ancestor(work.path or "", above)
        if top is not None or first[work.id] != work.row:
            within[work.row] = first[work.id] if top is None else top
    todo: list[Work] = [work for work in works if work.row not in within]
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
            if work.row in within:
                lines[work.row] = _with(lines[within[work.row]], work)
    every = [lines[row] for row in range(len(ids))]
    return Report(
        report_frame(index, every),
        what="delete",
        dry_run=dry_run,
        requests=[request_text(repo.url, work) for work in todo],
        journal=log.path if log else None,
        repo=repo,
    )


def _deletes(
    repo: Repository, ids: Sequence[int], paths: Mapping[int, str], lines: dict[int, Line], *, permanent: bool
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
            gone = "it is gone already, or you may not see it"
            lines[row] = Line("unchanged", gone, (), id_ or -1, paths.get(row))
        elif in_trash(found["Path"]) and not permanent:
            lines[row] = Line("unchanged", "it is in the trash already", (), id_, found["Path"])
        else:
            works.append(Delete(row, id_, found["Path"], permanent))
    return works


def _with(other: Line, work: Delete) -> Line:
    """Give the outcome of a content that went, or stayed, with another one."""
    reason = "named twice" if other.path == work.path else f"with {other.path}"
    said = reason if other.outcome == "saved" else f"{reason}: {other.reason}"
    return Line(other.outcome, said, (), work.id, work.path)


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
