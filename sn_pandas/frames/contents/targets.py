"""The targets of a call: one or several contents by path, id or the rows of a frame; and their report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import normalize
from ...odata.errors import NotFoundError, SaveError
from ..reads import lookup
from ..reads.lookup import Stored
from ..reads.not_found import MISSING, explain_missing
from ..writes.naming import are_nested
from ..writes.report import Line, Outcome, Report, report_frame
from ..writes.running import execute_plan
from ..writes.works import Work, request_text

if TYPE_CHECKING:
    from ..connection import Connection


def list_places(path: Any, base: str = "/Root") -> list[str | int]:
    """Return the paths and ids for one or several places or the rows of a frame."""
    if isinstance(path, pd.DataFrame):
        return [int(id_) for id_ in (path["Id"] if "Id" in path.columns else path.index)]
    if is_single(path):
        return [normalize(path, base)]
    return [normalize(one, base) for one in path]


def read_places(repo: Connection, places: Sequence[str | int]) -> list[Stored | None]:
    """Read the contents at some places; None for missing or invisible ones."""
    ids = lookup.read_by_id(repo.client, [place for place in places if isinstance(place, int)])
    paths = lookup.read_by_path(repo.client, [place for place in places if isinstance(place, str)])
    return [ids.get(place) if isinstance(place, int) else paths.get(place.lower()) for place in places]


def read_path(repo: Connection, place: str | int) -> str:
    """Return the path of an existing content in the server's spelling."""
    where = normalize(place, repo.base)
    with explain_missing(repo, where):
        return str(lookup.read_one(repo.client, where)["Path"])


def is_single(path: Any) -> bool:
    """Return whether a caller names one content, whose failure raises, and no list of them."""
    return isinstance(path, str) or not isinstance(path, Iterable)


def build_missing_line(place: str | int, outcome: Outcome = "failed") -> Line:
    """Return the outcome for a place without a content."""
    id_, path = (place, None) if isinstance(place, int) else (-1, place)
    error = NotFoundError(f"{place}: {MISSING}", status=404)
    return Line(outcome, MISSING, (), id_, path, error=error)


def report_of(repo: Connection, lines: Mapping[int, Line], what: str, **facts: Any) -> Report:
    """Return the report with one row per place, in their order."""
    every = [lines[row] for row in sorted(lines)]
    return Report(report_frame(pd.RangeIndex(len(every)), every), what=what, repo=repo, **facts)


def report_outcomes(repo: Connection, path: Any, lines: Sequence[Line], what: str) -> Report:
    """Return the report of some outcomes.

    Raises
    ------
    NotFoundError, SaveError
        If only one content was named, and it did not become what was meant; of several it stands in the
        report.
    """
    report = report_of(repo, dict(enumerate(lines)), what)
    raise_single(path, report, next(iter(lines), None))
    return report


def execute_journaled(
    repo: Connection, path: Any, works: Iterable[Work], lines: dict[int, Line], what: str
) -> Report:
    """Restore or move contents, or set permissions, each as a line of the journal.

    Parameters
    ----------
    lines : dict
        The outcomes of the places to which nothing is done.

    Returns
    -------
    Report
        One line per place.
    """
    todo = sorted(works, key=lambda work: (work.path or "").count("/"))
    nested = are_nested([work.path or "" for work in todo])

    requests = [request_text(repo.url, work) for work in todo]
    done = execute_plan(
        repo,
        todo,
        what=what,
        on_outcome=lambda position, line: lines.__setitem__(todo[position].row, line),
        report=lambda: report_of(repo, lines, what, requests=requests),
        workers=1 if nested else 8,  # what is above others is done before them
    )
    raise_single(path, done, lines.get(0))
    return done


def raise_single(path: Any, report: Report, line: Line | None = None) -> None:
    """Raise the error of the outcome if only one content was given."""
    if report.ok or report.dry_run or not is_single(path):
        return
    error = line.error if line else None
    if isinstance(error, NotFoundError) and report.repo:
        with explain_missing(report.repo, normalize(path, report.repo.base)):
            raise error
    outcome, reason = report.frame[["outcome", "reason"]].iloc[0]
    raise SaveError(f"{outcome}: {reason}", report) from error
