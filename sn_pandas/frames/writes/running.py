"""The works of a save, a resume or an undo, from the journal's first line to its last."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...odata.errors import NotFoundError
from ..progress import Progress, Setting
from .flow import Flow, at_once
from .journal import Journal
from .report import Line
from .sending import send
from .works import Work

if TYPE_CHECKING:
    from ..repository import Repository

Told = Callable[[int, Line], None]


def carry_out(
    repo: Repository,
    works: Sequence[Work],
    *,
    what: str,
    told: Told,
    journal: str | os.PathLike[str] | Journal | None = None,
    numbers: Mapping[int, int] | None = None,
    workers: int = 8,
    progress: Setting = None,
) -> Journal | None:
    """Write the journal, send everything, and tell the outcome of each work as it comes.

    Parameters
    ----------
    told : callable
        Gets the position of a work and its outcome.
    journal : path or Journal
        Where the journal goes, or one that is gone on with.
    numbers : mapping, optional
        The number that each work has in a journal that is gone on with.
    """
    if not works:
        return None
    client = repo.client
    flow = Flow(workers, lambda: client.overloads)
    log = journal if isinstance(journal, Journal) else _begin(repo, works, what, journal)
    answers = at_once(works, partial(send, client, flow), flow)
    done, missing = 0, False

    def record(position: int, line: Line) -> None:
        nonlocal done, missing
        error = line.error
        if line.id < 0 and line.path is None:
            line = _placed(line, works[position])
        line = dataclasses.replace(line, stored=None, error=None)
        told(position, line)
        missing = missing or isinstance(error, NotFoundError)
        try:
            log.done(numbers[position] if numbers else position, line)
        except OSError as trouble:
            flow.stop(f"not sent, because the journal cannot be written any more: {trouble}")
        done += 1

    try:
        with Progress(progress, what) as shown:
            for position, line in answers:
                record(position, line)
                shown.show(done, len(works))
        if missing:
            repo.still_ourselves()  # the Visitor is told that there is nothing
    except BaseException as error:
        flow.stop(f"not sent, because the {what} was interrupted")
        for position, line in answers:  # what is in flight
            record(position, line)
        error.add_note(f"what was not sent is in the journal: sn_pandas.resume({str(log.path)!r})")
        raise
    finally:
        log.close()
    return log


def _placed(line: Line, work: Work) -> Line:
    return Line(line.outcome, line.reason, line.fields or tuple(work.fields), work.id, work.path)


def _begin(
    repo: Repository, works: Sequence[Work], what: str, where: str | os.PathLike[str] | None
) -> Journal:
    return Journal.begin(where, works, what=what, origin=repo.url, user=repo.user)
