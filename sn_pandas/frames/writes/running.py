"""The engine that runs an operation for each of several contents.

It does the jobs, several at once, reads back what has to be seen, tells the outcome of each, and makes the
report, whatever interrupts it. Saves, undo, resume, deletions and moves keep a journal besides.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ...odata import flight
from ...odata.addresses import canonical_origin
from ...odata.tracebacks import hide_frames
from ..progress import Progress, Setting
from .comparing import Comparison
from .confirming import ANSWERED, Expected, build_expected, confirm
from .doubting import Inquiry, is_doubtful, mark_unsettled, settle_at_once
from .flow import Flow, OnOutcome, run_concurrently
from .journal import JournalWriter
from .report import Line, Report
from .sending import send
from .works import Move, Patch, Restore, Work, restrict_to_journal

if TYPE_CHECKING:
    from ..connection import Connection

J = TypeVar("J")


def perform(
    repo: Connection,
    jobs: Sequence[J],
    do: Callable[[J, bool], Line],
    flow: Flow,
    *,
    what: str,
    on_outcome: OnOutcome,
    report: Callable[[], Report],
    leave_doubt: bool = True,
    expected: Callable[[J, Line], Expected | None] = lambda job, line: None,
    progress: Setting = None,
) -> None:
    """Run every job, resolve doubts, verify results, and pass on the outcome of each.

    An error that ends it, such as Ctrl-C, carries the report of what was done until then.

    Parameters
    ----------
    do : callable
        Does a job and gives its outcome; its argument says whether it may leave doubt about a refusal.
    flow : Flow
        How many jobs may be done at once.
    on_outcome : callable
        Gets the number of a job and its outcome; again for what is settled or read back.
    report : callable
        Builds the report of the outcomes.
    leave_doubt : bool
        Whether jobs may leave doubt, which is settled about all refusals at once.
    expected : callable, optional
        Gives what has to be seen after a job of some outcome, if anything.
    """
    answered: dict[int, tuple[Line, Expected]] = {}
    doubtful: dict[int, Line] = {}
    inquiry = Inquiry(repo.client, flow)

    def attempt(job: J, leaving: bool) -> Line:
        line = do(job, leaving)
        return inquiry.about(line) if is_doubtful(line) else line

    def take(number: int, line: Line) -> None:
        doubtful.pop(number, None)
        if is_doubtful(line):
            doubtful[number] = line
            on_outcome(number, mark_unsettled(line))
            return
        seen_by = expected(jobs[number], line)
        if seen_by is not None:
            answered[number] = line, seen_by
            line = dataclasses.replace(line, outcome="unknown", reason=ANSWERED)
        on_outcome(number, line)

    def redo(numbers: Sequence[int], leaving: bool) -> None:
        some = [jobs[number] for number in numbers]
        again = functools.partial(attempt, leaving=leaving)
        run_concurrently(some, again, flow, lambda at, line: take(numbers[at], line), what=what)

    with attach_report(report):
        try:
            first = functools.partial(attempt, leaving=leave_doubt and len(jobs) > 1)
            with Progress(progress, what) as shown:
                run_concurrently(jobs, first, flow, take, what=what, shown=shown.show)
            settle_at_once(repo.client, doubtful, take, redo)
        finally:
            if answered:
                with flight.cancellation_scope(flow.over):
                    for number, line in confirm(repo, answered).items():
                        on_outcome(number, line)


def execute_plan(
    repo: Connection,
    works: Sequence[Work],
    *,
    what: str,
    on_outcome: OnOutcome,
    report: Callable[[], Report],
    interrupted: Callable[[], Report] | None = None,
    comparison: Comparison | None = None,
    journal: str | os.PathLike[str] | JournalWriter | None = None,
    numbers: Mapping[int, int] | None = None,
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Write the journal, send all operations, pass on their outcomes as they arrive, and return the report.

    An error that ends it, such as Ctrl-C, carries the report of what was done until then.

    Parameters
    ----------
    on_outcome : callable
        Gets the position of a work and its outcome.
    report : callable
        Builds the report of the outcomes.
    interrupted : callable, optional
        Makes the report where an error ends it; ``report`` if not given.
    comparison : Comparison, optional
        Keeps the comparison of the edits young.
    journal : path or JournalWriter
        Where the journal goes, or one that is gone on with.
    numbers : mapping, optional
        The number that each work has in a journal that is gone on with.
    """
    if not works:
        with attach_report(report):
            return report()
    repo.client.reject_write(what)
    flow = get_flow(repo, workers)
    log = journal if isinstance(journal, JournalWriter) else begin(repo, works, what, journal)
    planned = [dict(work.before) if isinstance(work, Patch) else None for work in works]

    def do(work: Work, leaving: bool) -> Line:
        return _identified(work, send(repo, flow, work, comparison, leave_doubt=leaving))

    def record(position: int, line: Line) -> None:
        work = works[position]
        line = _identified(work, line)
        on_outcome(position, line)
        if line.outcome in ("saved", "unknown"):
            _note_move(repo, work)
        overwritten = _find_overwritten(work, planned[position])
        try:
            log.done(numbers[position] if numbers else position, line, overwritten)
        except OSError as trouble:
            flow.stop(f"not sent, because the journal cannot be written any more: {trouble}")

    def build_report() -> Report:
        return dataclasses.replace((interrupted or report)(), journal=log.path)

    with attach_report(build_report):
        with contextlib.closing(log):
            perform(
                repo,
                works,
                do,
                flow,
                what=what,
                on_outcome=record,
                report=build_report,
                expected=build_expected,
                progress=progress,
            )
        return dataclasses.replace(report(), journal=log.path)


def _identified(work: Work, line: Line) -> Line:
    """Return an outcome with the content and the fields of its operation, also of one that was never sent."""
    if line.id < 0 and line.path is None:
        line = dataclasses.replace(line, id=work.id, path=work.path)
    return dataclasses.replace(line, fields=line.fields or work.names)


def _note_move(repo: Connection, work: Work) -> None:
    """Remember a move, a rename or a restore: servers take a while to index what is below."""
    if isinstance(work, Move):
        repo.moved.note(work.path, work.destination)
    elif isinstance(work, Restore):
        repo.moved.note(None, work.path)
    elif isinstance(work, Patch) and work.path and "Name" in work.after:
        repo.moved.note(work.path, f"{work.path.rpartition('/')[0]}/{work.after['Name']}")


def _find_overwritten(work: Work, planned: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the values that a PATCH overwrote, if they differ from the planned ones."""
    if not isinstance(work, Patch) or work.before == planned:
        return None
    return {name: value for name, value in work.before.items() if not work.fields[name].kind.patch}


def begin(
    repo: Connection, works: Sequence[Work], what: str, where: str | os.PathLike[str] | None
) -> JournalWriter:
    """Write the plan to the journal before the first request."""
    server = repo.client.now.isoformat(timespec="milliseconds")
    return JournalWriter.begin(
        where,
        [restrict_to_journal(work) for work in works],
        what=what,
        origin=canonical_origin(repo.url),
        user=repo.user,
        server_began=server,
    )


def get_flow(repo: Connection, workers: int) -> Flow:
    """Return how many requests to a repository may be in flight, fewer while it is overloaded."""
    client = repo.client
    return Flow(workers, lambda: client.overloads)


@contextlib.contextmanager
def attach_report(report: Callable[[], Report]) -> Iterator[None]:
    """Attach the report so far to an error such as Ctrl-C."""
    try:
        yield
    except BaseException as error:
        if isinstance(vars(error).get("report"), Report):
            raise  # it has one already, of what failed first
        made = report()
        vars(error)["report"] = made
        note = [repr(made), "this report is .report of the error; in a notebook, sys.last_value.report"]
        if made.journal is not None:
            note.append(f"what was not sent is in the journal: sn_pandas.resume({str(made.journal)!r})")
        error.add_note("\n".join(note))
        if isinstance(error, KeyboardInterrupt):
            hide_frames(error)
        raise
