"""What is done to every content of a frame: delete it, call an operation on it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import in_trash
from ...odata.errors import (
    AuthenticationError,
    ForbiddenError,
    NoAnswer,
    NotFoundError,
    UnavailableError,
)
from ..progress import Setting
from ..reads import lookup
from ..reads.lookup import Stored
from ..tracking.baseline import baseline_of
from ..tracking.matching import rows_of
from . import calling, finality
from .confirming import Expected
from .report import DRY, Line, Report, report_frame
from .running import execute_plan, flow_of, perform
from .saving import Place
from .works import Delete, Work, request_text

if TYPE_CHECKING:
    from ..connection import Connection


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
    repo: Connection,
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
    stored = lookup.by_id(repo.client, {id_ for id_ in ids if id_ > 0}, [finality.FLAG])
    works = _deletes(ids, stored, gone or {}, lines, permanent=permanent)
    final = finality.final(repo, works, stored)
    stuck = finality.beyond_recall(repo, [work for work in works if work.id not in final], stored)
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
        for work in works:
            said = f"{DRY}: it would be deleted for good: {final[work.id]}" if work.id in final else DRY
            said = f"{said}: {stuck[work.id]}" if work.id in stuck else said
            lines[work.row] = Line("unsent", said, (), work.id, work.path)

    def report() -> Report:
        for work in todo if not dry_run else ():
            if (
                work.id in stuck
                and (line := lines.get(work.row))
                and (line.outcome, line.reason) == ("saved", "")
            ):
                lines[work.row] = dataclasses.replace(line, reason=stuck[work.id])
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
    finality.warn([work for work in todo if isinstance(work, Delete)], final)
    return execute_plan(
        repo,
        todo,
        what="delete",
        on_outcome=lambda position, line: lines.__setitem__(todo[position].row, line),
        report=report,
        journal=journal,
        workers=workers,
        progress=progress,
    )


def _deletes(
    ids: Sequence[int],
    stored: Mapping[int, Stored],
    gone: Mapping[int, Line],
    lines: dict[int, Line],
    *,
    permanent: bool,
) -> list[Delete]:
    """Return the deletions of contents; outcomes of missing ones and of new rows go to ``lines``."""
    works = []
    for row, id_ in enumerate(ids):
        found = stored.get(id_)
        if id_ < 0:
            lines[row] = Line("unchanged", "a new row: there is nothing to delete")
        elif found is None:
            said = "it is already gone, or you may not see it"
            lines[row] = gone.get(row) or Line("unchanged", said, (), id_)
        elif in_trash(found["Path"]) and not permanent:
            lines[row] = Line("unchanged", "it is already in the trash", (), id_, found["Path"])
        else:
            works.append(Delete(row, id_, found["Path"], permanent))
    return works


def _with(other: Line, work: Delete) -> Line:
    """Return the outcome of a content that went, or stayed, with another one."""
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
    parameters = calling.encode_parameters(operation, parameters)
    baseline = baseline_of(frame)
    rows = rows_of(frame, baseline)
    repo = baseline.repo
    paths = baseline.frame["Path"] if "Path" in baseline.frame.columns else None

    def one(id_: int) -> Line:
        path = str(paths.loc[id_]) if paths is not None and id_ in paths.index else None
        if id_ < 0:
            return Line("unsent", "a new row: there is no content yet")
        return called(repo, id_, path, operation, parameters)

    ids = [int(id_) for id_ in rows.ids]
    lines = each(
        ids,
        one,
        repo=repo,
        what=operation,
        workers=workers,
        progress=progress,
        index=frame.index,
        leave_doubt=True,
    )
    return Report(report_frame(frame.index, lines), what=operation, repo=repo)


def called(
    repo: Connection, place: int | str, path: str | None, operation: str, parameters: Mapping[str, Any]
) -> Line:
    """Call an operation on one content and return what became of it; ``reason`` is its version then."""
    id_ = place if isinstance(place, int) else -1
    path = path or (place if isinstance(place, str) else None)
    done = calling.call(repo, place, operation, parameters)
    inner = done.answer.get("d") if isinstance(done.answer, dict) else None
    seen = done.stored or (inner if isinstance(inner, dict) else {})
    said = done.reason or str(seen.get("Version") or "")
    return Line(done.outcome, said, (), seen.get("Id", id_), seen.get("Path", path), error=done.error)


def each(
    jobs: Sequence[Any],
    work: Callable[[Any], Line],
    *,
    repo: Connection,
    what: str,
    workers: int = 8,
    progress: Setting = None,
    index: pd.Index | None = None,
    is_write: bool = True,
    leave_doubt: bool = False,
    expected: Callable[[Any, Line], Expected | None] = lambda job, line: None,
) -> list[Line]:
    """Do something to each of some contents, several at once, and return the outcomes in their order.

    Something that writes is refused on a connection that is read-only.

    An error that ends it, such as Ctrl-C, carries the report of what was done until then, on ``index``.

    Parameters
    ----------
    leave_doubt : bool
        Whether each job is one request, so that the doubt about all that were refused is settled at once.
    """
    if is_write:
        repo.client.reject_write(what)
    flow = flow_of(repo, workers)
    lines = [Line("unsent", f"not sent, because the {what} was interrupted")] * len(jobs)

    def do(job: Any, leaving: bool) -> Line:
        with repo.client.guard.leave_doubt() if leaving else contextlib.nullcontext():
            line = _placed(job, work(job))
        if isinstance(line.error, NoAnswer) and not line.error.sent:
            flow.stop(f"not sent, because {line.error}")
        if isinstance(line.error, UnavailableError) and line.outcome == "failed" and flow.stopped:
            return dataclasses.replace(line, outcome="unsent", reason=flow.stopped)
        if isinstance(line.error, (NotFoundError, ForbiddenError)) and not line.error.doubt:
            if leaving:
                line.error.doubt = "unasked"
                return line
            try:  # the Visitor sees nothing
                repo.verify_identity()
            except (AuthenticationError, NoAnswer) as error:
                if isinstance(error, NoAnswer):
                    flow.stop(f"not sent, because {error}")
                return dataclasses.replace(
                    line, outcome="unsent", reason=f"not sent, because {error}", error=error
                )
        return line

    def report() -> Report:
        rows = pd.RangeIndex(len(jobs)) if index is None else index
        return Report(report_frame(rows, lines), what=what, repo=repo)

    perform(
        repo,
        jobs,
        do,
        flow,
        what=what,
        on_outcome=lambda number, line: lines.__setitem__(number, _placed(jobs[number], line)),
        report=report,
        leave_doubt=leave_doubt,
        expected=expected,
        progress=progress,
    )
    return lines


def _placed(job: Any, line: Line) -> Line:
    """Return an outcome that says of which content it is, where the job is its id or path."""
    if line.id >= 0 or line.path is not None or not isinstance(job, (int, str)):
        return line
    return dataclasses.replace(line, **({"id": job} if isinstance(job, int) else {"path": job}))


def _ancestor(path: str, rows: Mapping[str, int]) -> int | None:
    """Return the row of the topmost content above a path that is deleted, too."""
    steps = path.lower().split("/")
    for length in range(2, len(steps)):
        row = rows.get("/".join(steps[:length]))
        if row is not None:
            return row
    return None
