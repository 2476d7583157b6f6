"""Do something to each of some contents, such as call an operation on it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.errors import (
    AuthenticationError,
    ForbiddenError,
    NoAnswer,
    NotFoundError,
    UnavailableError,
)
from ..progress import Setting
from ..tracking.baseline import get_baseline
from ..tracking.matching import match_rows
from . import calling
from .confirming import Expected
from .report import Line, Report, report_frame
from .running import get_flow, perform

if TYPE_CHECKING:
    from ..connection import Connection


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
    baseline = get_baseline(frame)
    rows = match_rows(frame, baseline)
    repo = baseline.repo
    paths = baseline.frame["Path"] if "Path" in baseline.frame.columns else None

    def one(id_: int) -> Line:
        path = str(paths.loc[id_]) if paths is not None and id_ in paths.index else None
        if id_ < 0:
            return Line("unsent", "a new row: there is no content yet")
        return call_one(repo, id_, path, operation, parameters)

    ids = [int(id_) for id_ in rows.ids]
    lines = process_each(
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


def call_one(
    repo: Connection, place: int | str, path: str | None, operation: str, parameters: Mapping[str, Any]
) -> Line:
    """Call an operation on one content and return the outcome; ``reason`` is its version afterwards."""
    id_ = place if isinstance(place, int) else -1
    path = path or (place if isinstance(place, str) else None)
    done = calling.call(repo, place, operation, parameters)
    inner = done.answer.get("d") if isinstance(done.answer, dict) else None
    seen = done.stored or (inner if isinstance(inner, dict) else {})
    said = done.reason or str(seen.get("Version") or "")
    return Line(done.outcome, said, (), seen.get("Id", id_), seen.get("Path", path), error=done.error)


def process_each(
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
    """Process several contents concurrently, and return the outcomes in their order.

    Something that writes is refused on a connection that is read-only.

    An error that ends it, such as Ctrl-C, carries the report of what was done until then, on ``index``.

    Parameters
    ----------
    leave_doubt : bool
        Whether each job is one request, so that the doubt about all that were refused is settled at once.
    """
    if is_write:
        repo.client.reject_write(what)
    flow = get_flow(repo, workers)
    lines = [Line("unsent", f"not sent, because the {what} was interrupted")] * len(jobs)

    def do(job: Any, leaving: bool) -> Line:
        with repo.client.guard.leave_doubt() if leaving else contextlib.nullcontext():
            line = _add_place(job, work(job))
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
        on_outcome=lambda number, line: lines.__setitem__(number, _add_place(jobs[number], line)),
        report=report,
        leave_doubt=leave_doubt,
        expected=expected,
        progress=progress,
    )
    return lines


def _add_place(job: Any, line: Line) -> Line:
    """Return an outcome with its id or path, taken from the job."""
    if line.id >= 0 or line.path is not None or not isinstance(job, (int, str)):
        return line
    return dataclasses.replace(line, **({"id": job} if isinstance(job, int) else {"path": job}))
