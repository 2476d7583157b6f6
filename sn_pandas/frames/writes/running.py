"""The works of a save, a resume or an undo, from the journal's first line to its last."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..progress import Progress, Setting
from .flow import Flow, Told, at_once
from .journal import Journal
from .report import Line, Report
from .sending import send
from .works import Work

if TYPE_CHECKING:
    from ..repository import Repository


def carry_out(
    repo: Repository,
    works: Sequence[Work],
    *,
    what: str,
    told: Told,
    report: Callable[[], Report],
    journal: str | os.PathLike[str] | Journal | None = None,
    numbers: Mapping[int, int] | None = None,
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Write the journal, send everything, tell the outcome of each work as it comes, and give the report.

    An error that ends it, such as Ctrl-C, carries the report of what was done until then.

    Parameters
    ----------
    told : callable
        Gets the position of a work and its outcome.
    report : callable
        Makes the report of what was told.
    journal : path or Journal
        Where the journal goes, or one that is gone on with.
    numbers : mapping, optional
        The number that each work has in a journal that is gone on with.
    """
    if not works:
        return report()
    client = repo.client
    flow = Flow(workers, lambda: client.overloads)
    log = (
        journal
        if isinstance(journal, Journal)
        else Journal.begin(journal, works, what=what, origin=repo.url, user=repo.user)
    )

    def record(position: int, line: Line) -> None:
        work = works[position]
        if line.id < 0 and line.path is None:
            line = dataclasses.replace(line, id=work.id, path=work.path)
        line = dataclasses.replace(line, fields=line.fields or work.names, stored=None, error=None)
        told(position, line)
        try:
            log.done(numbers[position] if numbers else position, line)
        except OSError as trouble:
            flow.stop(f"not sent, because the journal cannot be written any more: {trouble}")

    def made() -> Report:
        return dataclasses.replace(report(), journal=log.path)

    with reporting(made), contextlib.closing(log), Progress(progress, what) as shown:
        at_once(
            works,
            lambda work: send(client, flow, work, repo.still_ourselves),
            flow,
            record,
            what=what,
            shown=shown.show,
        )
    return made()


@contextlib.contextmanager
def reporting(report: Callable[[], Report]) -> Iterator[None]:
    """Have an error, such as Ctrl-C, carry the report of what was done until then."""
    try:
        yield
    except BaseException as error:
        made = report()
        vars(error)["report"] = made
        note = [repr(made), "this report is .report of the error; in a notebook, sys.last_value.report"]
        if made.journal is not None:
            note.append(f"what was not sent is in the journal: sn_pandas.resume({str(made.journal)!r})")
        error.add_note("\n".join(note))
        raise
