"""What is done to every content of a frame: delete it, call an operation on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import entity
from ...odata.answers import parsed
from ...odata.errors import (
    AuthenticationError,
    ForbiddenError,
    NoAnswer,
    NotFoundError,
    SensenetError,
    UnavailableError,
)
from ...odata.transport import Client
from ..progress import Progress, Setting
from ..tracking import baseline_of, rows_of
from . import looking
from .flow import Flow, at_once
from .report import DRY, Line, Report, report_frame
from .running import carry_out, reporting
from .saving import Place
from .settling import certain
from .works import Delete, Work, in_trash, request_text

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
    gone: Mapping[int, Line] | None = None,
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
    gone : mapping, optional
        The outcomes of those that were not found, by their position.
    """
    lines: dict[int, Line] = {}
    works = _deletes(repo, ids, gone or {}, lines, permanent=permanent)
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

    def report() -> Report:
        for work in works if not dry_run else ():
            if work.row in within:
                lines[work.row] = _with(lines[within[work.row]], work)
        return Report(
            report_frame(index, [lines[row] for row in range(len(ids))]),
            what="delete",
            dry_run=dry_run,
            requests=[request_text(repo.url, work) for work in todo],
            repo=repo,
        )

    if dry_run:
        return report()
    return carry_out(
        repo,
        todo,
        what="delete",
        told=lambda position, line: lines.__setitem__(todo[position].row, line),
        report=report,
        journal=journal,
        workers=workers,
        progress=progress,
    )


def _deletes(
    repo: Repository, ids: Sequence[int], gone: Mapping[int, Line], lines: dict[int, Line], *, permanent: bool
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
            said = "it is gone already, or you may not see it"
            lines[row] = gone.get(row) or Line("unchanged", said, (), id_)
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
    repo = baseline.repo
    paths = baseline.frame["Path"] if "Path" in baseline.frame.columns else None

    def one(id_: int) -> Line:
        path = str(paths.loc[id_]) if paths is not None and id_ in paths.index else None
        if id_ < 0:
            return Line("unsent", "a new row: there is no content yet")
        return called(repo.client, id_, path, operation, parameters)

    ids = [int(id_) for id_ in rows.ids]
    lines = each(ids, one, repo=repo, what=operation, workers=workers, progress=progress, index=frame.index)
    return Report(report_frame(frame.index, lines), what=operation, repo=repo)


def called(
    client: Client, place: int | str, path: str | None, operation: str, parameters: Mapping[str, Any]
) -> Line:
    """Call an operation on one content and say what became of it; it is never sent twice."""
    id_ = place if isinstance(place, int) else -1
    path = path or (place if isinstance(place, str) else None)
    address = f"{entity(place)}/{operation}?metadata=no"
    try:
        answer = client.request("POST", address, body=parameters)
        told_json = "json" in answer.headers.get("content-type", "")
        shown = parsed(f"POST {address}", answer) if told_json else None
    except SensenetError as error:
        return Line(certain(error) or "unknown", str(error), (), id_, path, error=error)
    seen = shown.get("d") if isinstance(shown, dict) else None
    seen = seen if isinstance(seen, dict) else {}
    return Line("saved", str(seen.get("Version") or ""), (), seen.get("Id", id_), seen.get("Path", path))


def each(
    jobs: Sequence[Any],
    work: Callable[[Any], Line],
    *,
    repo: Repository,
    what: str,
    workers: int = 8,
    progress: Setting = None,
    index: pd.Index | None = None,
) -> list[Line]:
    """Do something to each of some contents, several at once, and give the outcomes in their order.

    An error that ends it, such as Ctrl-C, carries the report of what was done until then, on ``index``.
    """
    flow = Flow(workers, lambda: repo.client.overloads)
    lines = [Line("unsent", f"not sent, because the {what} was interrupted")] * len(jobs)

    def known(job: Any) -> Line:
        line = work(job)
        if isinstance(line.error, NoAnswer) and not line.error.sent:
            flow.stop(f"not sent, because {line.error}")
        if isinstance(line.error, UnavailableError) and line.outcome == "failed" and flow.stopped:
            return dataclasses.replace(line, outcome="unsent", reason=flow.stopped)
        if isinstance(line.error, (NotFoundError, ForbiddenError)):
            try:
                repo.still_ourselves()  # the Visitor is told that there is nothing
            except AuthenticationError as error:
                return dataclasses.replace(
                    line, outcome="unsent", reason=f"not sent, because {error}", error=error
                )
        return line

    def told(number: int, line: Line) -> None:
        job = jobs[number]
        if line.id < 0 and line.path is None and isinstance(job, (int, str)):
            line = dataclasses.replace(line, **({"id": job} if isinstance(job, int) else {"path": job}))
        lines[number] = line

    def report() -> Report:
        rows = pd.RangeIndex(len(jobs)) if index is None else index
        return Report(report_frame(rows, lines), what=what, repo=repo)

    with reporting(report), Progress(progress, what) as shown:
        at_once(jobs, known, flow, told, what=what, shown=shown.show)
    return lines


def _ancestor(path: str, rows: Mapping[str, int]) -> int | None:
    """Give the row of the topmost content above a path that is deleted, too."""
    steps = path.lower().split("/")
    for length in range(2, len(steps)):
        row = rows.get("/".join(steps[:length]))
        if row is not None:
            return row
    return None
