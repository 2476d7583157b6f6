"""What a caller names: one content or several, by path, id or the rows of a frame; and the report of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import normalize
from ...odata.errors import NotFoundError, SaveError
from ..writes import looking
from ..writes.looking import Stored
from ..writes.report import Line, Outcome, Report, report_frame

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
        error.args = (f"{error}{looking.near(repo.client, place)}",)
        raise


def missing(place: str | int, outcome: Outcome = "failed", why: str = MISSING) -> Line:
    """Give the outcome of a place where nothing is."""
    id_, path = (place, None) if isinstance(place, int) else (-1, place)
    return Line(outcome, why, (), id_, path)


def reported(
    repo: Repository,
    path: Any,
    lines: Sequence[Line] | Mapping[int, Line],
    what: str,
    **facts: Any,
) -> Report:
    """Give the report of what was done, one line a place.

    Raises
    ------
    SaveError
        If only one content was named, and it did not become what was meant; of several it stands in the
        report.
    """
    every = [lines[number] for number in range(len(lines))]
    report = Report(report_frame(pd.RangeIndex(len(every)), every), what=what, repo=repo, **facts)
    raise_single(path, report)
    return report


def raise_single(path: Any, report: Report) -> None:
    """Raise what went wrong if only one content was named."""
    several = isinstance(path, (pd.DataFrame, list, tuple, set, pd.Series, pd.Index))
    if several or len(report.frame) != 1 or report.ok or report.dry_run:
        return
    line = report.frame.iloc[0]
    hint = looking.near(report.repo.client, line["Path"]) if line["reason"] == MISSING and report.repo else ""
    raise SaveError(f"{line['outcome']}: {line['reason']}{hint}", report)
