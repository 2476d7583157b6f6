"""What a caller names: one content or several, by path, id or the rows of a frame; and the report of them."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import normalize
from ...odata.errors import NotFoundError, SaveError
from ..writes import looking
from ..writes.looking import Stored
from ..writes.report import Line, Outcome, Report, report_frame
from ..writes.running import carry_out
from ..writes.works import Move, Restore, Work, request_text

if TYPE_CHECKING:
    from ..repository import Repository


def places_of(path: Any, base: str = "/Root") -> list[str | int]:
    """Give the paths and ids that one place, several, or the rows of a frame name."""
    if isinstance(path, pd.DataFrame):
        return [int(id_) for id_ in (path["Id"] if "Id" in path.columns else path.index)]
    if is_single(path):
        return [normalize(path, base)]
    return [normalize(one, base) for one in path]


def found_at(repo: Repository, places: Sequence[str | int]) -> list[Stored | None]:
    """Read the contents at some places; None for what is missing or invisible."""
    ids = looking.by_id(repo.client, [place for place in places if isinstance(place, int)])
    paths = looking.by_path(repo.client, [place for place in places if isinstance(place, str)])
    found = [ids.get(place) if isinstance(place, int) else paths.get(place.lower()) for place in places]
    if not all(found):
        repo.still_ourselves()  # the Visitor is told that there is nothing
    return found


def path_at(repo: Repository, place: str | int) -> str:
    """Give the path of a content that should be there, as the server spells it."""
    where = normalize(place, repo.base)
    with there(repo, where):
        return str(looking.one(repo.client, where)["Path"])


@contextlib.contextmanager
def there(repo: Repository, place: str | int) -> Iterator[None]:
    """Say of a content that is missing what may have been meant, after asking who we are."""
    try:
        yield
    except NotFoundError as error:
        repo.still_ourselves()  # the Visitor is told that there is nothing
        looking.explain(repo.client, place, error)
        raise


def is_single(path: Any) -> bool:
    """Whether a caller names one content, whose failure raises, and no list of them."""
    return isinstance(path, str) or not isinstance(path, Iterable)


def missing(place: str | int, outcome: Outcome = "failed") -> Line:
    """Give the outcome of a place where nothing is."""
    id_, path = (place, None) if isinstance(place, int) else (-1, place)
    error = NotFoundError(f"{place}: {looking.MISSING}", status=404)
    return Line(outcome, looking.MISSING, (), id_, path, error=error)


def report_of(repo: Repository, lines: Mapping[int, Line], what: str, **facts: Any) -> Report:
    """Give the report of what was done, one line a place, by their positions."""
    every = [lines[row] for row in sorted(lines)]
    return Report(report_frame(pd.RangeIndex(len(every)), every), what=what, repo=repo, **facts)


def reported(repo: Repository, path: Any, lines: Sequence[Line], what: str) -> Report:
    """Give the report of what was done.

    Raises
    ------
    NotFoundError, SaveError
        If only one content was named, and it did not become what was meant; of several it stands in the
        report.
    """
    report = report_of(repo, dict(enumerate(lines)), what)
    raise_single(path, report, next(iter(lines), None))
    return report


def carried(
    repo: Repository, path: Any, works: Iterable[Restore | Move], lines: dict[int, Line], what: str
) -> Report:
    """Restore or move contents, each a line of the journal, and give the report, one line a place.

    Parameters
    ----------
    lines : dict
        The outcomes of the places to which nothing is done.
    """
    ordered = sorted(works, key=lambda work: work.path.count("/"))
    todo: list[Work] = [*ordered]
    nested = _are_nested([work.path for work in ordered])

    requests = [request_text(repo.url, work) for work in todo]
    done = carry_out(
        repo,
        todo,
        what=what,
        told=lambda position, line: lines.__setitem__(todo[position].row, line),
        report=lambda: report_of(repo, lines, what, requests=requests),
        workers=1 if nested else 8,  # what is above others is done before them
    )
    raise_single(path, done, lines.get(0))
    return done


def raise_single(path: Any, report: Report, line: Line | None = None) -> None:
    """Raise what went wrong if only one content was named; its line knows the error."""
    if report.ok or report.dry_run or not is_single(path):
        return
    error = line.error if line else None
    if isinstance(error, NotFoundError) and report.repo:
        with there(report.repo, normalize(path, report.repo.base)):
            raise error
    outcome, reason = report.frame[["outcome", "reason"]].iloc[0]
    raise SaveError(f"{outcome}: {reason}", report) from error


def _are_nested(paths: Iterable[str]) -> bool:
    """Whether one of some contents is below another one."""
    ordered = sorted(f"{path}/".lower() for path in paths)
    return any(below.startswith(above) for above, below in itertools.pairwise(ordered))
