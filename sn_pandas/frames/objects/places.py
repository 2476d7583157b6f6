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

#: Why there is nothing to do something to.
MISSING = "there is no such content, or you may not see it"


def places_of(path: Any, base: str = "/Root") -> list[str | int]:
    """Give the paths and ids that one place, several, or the rows of a frame name."""
    if isinstance(path, pd.DataFrame):
        return [int(id_) for id_ in (path["Id"] if "Id" in path.columns else path.index)]
    if isinstance(path, (str, int)) or not isinstance(path, Iterable):
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


def missing(place: str | int, outcome: Outcome = "failed", why: str = MISSING) -> Line:
    """Give the outcome of a place where nothing is."""
    id_, path = (place, None) if isinstance(place, int) else (-1, place)
    return Line(outcome, why, (), id_, path)


def report_of(repo: Repository, lines: Mapping[int, Line], what: str, **facts: Any) -> Report:
    """Give the report of what was done, one line a place, by their positions."""
    every = [lines[row] for row in sorted(lines)]
    return Report(report_frame(pd.RangeIndex(len(every)), every), what=what, repo=repo, **facts)


def reported(repo: Repository, path: Any, lines: Sequence[Line], what: str) -> Report:
    """Give the report of what was done.

    Raises
    ------
    SaveError
        If only one content was named, and it did not become what was meant; of several it stands in the
        report.
    """
    report = report_of(repo, dict(enumerate(lines)), what)
    raise_single(path, report)
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
    raise_single(path, done)
    return done


def raise_single(path: Any, report: Report) -> None:
    """Raise what went wrong if only one content was named."""
    several = isinstance(path, (pd.DataFrame, list, tuple, set, pd.Series, pd.Index))
    if several or len(report.frame) != 1 or report.ok or report.dry_run:
        return
    line = report.frame.iloc[0]
    hint = looking.near(report.repo.client, line["Path"]) if MISSING in line["reason"] and report.repo else ""
    raise SaveError(f"{line['outcome']}: {line['reason']}{hint}", report)


def _are_nested(paths: Iterable[str]) -> bool:
    """Whether one of some contents is below another one."""
    ordered = sorted(f"{path}/".lower() for path in paths)
    return any(below.startswith(above) for above, below in itertools.pairwise(ordered))
