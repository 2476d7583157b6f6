"""The works of a save, a resume or an undo, from the journal's first line to its last."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from .flow import Flow, Meter, Progress, at_once
from .journal import Journal
from .report import Line
from .sending import send
from .works import Work

if TYPE_CHECKING:
    from .repository import Repository

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
    progress: Progress = None,
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
    log = journal if isinstance(journal, Journal) else _begin(repo, works, what, journal)
    client = repo.client
    flow = Flow(workers, lambda: getattr(client, "overloads", 0))
    meter = Meter(len(works), progress, what)
    try:
        for position, line in at_once(works, lambda work: send(client, work, flow), flow):
            work = works[position]
            if line.id < 0 and line.path is None:
                line = Line(line.outcome, line.reason, tuple(work.fields), work.id, work.path)
            told(position, line)
            try:
                log.done(numbers[position] if numbers else position, line)
            except OSError as error:
                flow.stop(f"not sent, because the journal cannot be written any more: {error}")
            meter.step()
    except KeyboardInterrupt as error:
        error.add_note(f"what was not sent is in the journal: sn_pandas.resume({str(log.path)!r})")
        raise
    finally:
        meter.close()
        log.close()
    return log


def _begin(
    repo: Repository, works: Sequence[Work], what: str, where: str | os.PathLike[str] | None
) -> Journal:
    return Journal.begin(where, works, what=what, origin=repo.url, user=repo.user)
