"""Reading: a query to pages, pages to columns, columns to a typed frame."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.errors import BadRequestError, IncompleteWarning
from ...odata.hints import hint
from ...odata.numbers import DIGITS
from ...odata.pages import Pages
from ...odata.query import Query
from ..progress import Progress, Setting
from ..tracking import track
from . import missing
from .columns import checked_backend
from .places import fields_at, types_at
from .planning import HIDDEN, Chunks, Plan

if TYPE_CHECKING:
    from ..repository import Repository


@dataclasses.dataclass(frozen=True)
class Manner:
    """How a query is read; the options are those of ``repo.read``."""

    page_size: int = 1000
    workers: int = 4
    progress: Setting = None
    dtype_backend: str | None = None


def read(repo: Repository, query: Query, manner: Manner) -> pd.DataFrame:
    """Read everything that a query asks for as one frame."""
    began = _now(repo)
    with _explained(repo, query):
        plan, pages = _prepared(repo, query, manner)
        frame = plan.frame(_counted(pages, manner), lambda: _wanted(pages) or 0)
    facts = _facts(repo, query, pages, len(frame))
    _say(query, pages, plan, facts)
    track(frame, repo, query, plan.fields, plan.paths, **facts, read=began)
    return frame


def read_pages(repo: Repository, query: Query, manner: Manner) -> Iterator[pd.DataFrame]:
    """Read what a query asks for as one frame a page."""
    began = _now(repo)
    with _explained(repo, query):
        plan, pages = _prepared(repo, query, manner)
        for chunks in _counted(pages, manner):
            frame = plan.frame([chunks], partial(len, chunks[0]))
            total = pages.total if pages.total is not None else len(frame)
            facts = {"rows": len(frame), "total": total, "cut": len(frame) < total, "read": began}
            track(frame, repo, query, plan.fields, plan.paths, **facts)
            yield frame
    _say(query, pages, plan, _facts(repo, query, pages, pages.rows))


def series_of(repo: Repository, row: Mapping[str, Any], query: Query) -> pd.Series[Any]:
    """Give one content as a series of typed cells on its field names."""
    chosen = query.select or tuple(n for n, v in row.items() if n not in HIDDEN and not _deferred(v))
    known = [row["Type"]] if row.get("Type") in repo.schema else []
    plan = Plan(
        query.replace(select=chosen), repo.schema, known, fields_at(repo, query.replace(select=chosen))
    )
    cells = plan.cells(row)
    return pd.Series(cells, name=row.get("Path", str(query.path)), dtype=object)


@contextlib.contextmanager
def _explained(repo: Repository, query: Query) -> Iterator[None]:
    """Add to what the server says what may help."""
    try:
        with missing.explained(repo, query.path, query.version):
            yield
    except BadRequestError as error:
        if said := hint(str(query.filter or ""), repo.schema.fields):
            error.args = (f"{error} (hint: {said})",)
        raise


def _prepared(repo: Repository, query: Query, manner: Manner) -> tuple[Plan, Pages[Chunks]]:
    backend = checked_backend(manner.dtype_backend)
    types = types_at(repo, query)
    plan = Plan(query, repo.schema, types, fields_at(repo, query), backend)
    pages = Pages(
        repo.client, plan.query, plan.names, plan.chunks, size=manner.page_size, workers=manner.workers
    )
    return plan, pages


def _counted(pages: Pages[Chunks], manner: Manner) -> Iterator[Chunks]:
    """Give the pages and show how far they are."""
    source = iter(pages)
    with Progress(manner.progress, pages.query.path) as progress:
        for chunks in source:
            progress.show(pages.rows, _wanted(pages))
            yield chunks


def _now(repo: Repository) -> str:
    """Give the time at the server: what is changed there from then on, a frame may not show."""
    return repo.client.now.isoformat(timespec="milliseconds")


def _wanted(pages: Pages[Chunks]) -> int | None:
    """Give how many rows will come, if the server says."""
    if pages.total is None:
        return None
    wanted = max(0, pages.total - pages.query.skip)
    return min(wanted, pages.query.top) if pages.query.top else wanted


def _facts(repo: Repository, query: Query, pages: Pages[Chunks], rows: int) -> dict[str, Any]:
    """Give what the provenance says of a read."""
    total = pages.total if pages.total is not None else query.skip + rows
    # The server shows less, and no error, once our credentials are no longer good.
    repo.seen(query, min(rows, total))
    if pages.after is not None and pages.after != pages.total:
        repo.still_ourselves()
    facts: dict[str, Any] = {
        "rows": rows,
        "total": total,
        "cut": bool(pages.cut) or (query.skip + rows < total and bool(query.top)),
    }
    if pages.after is not None and pages.after != pages.total:
        facts["after"] = pages.after
    if pages.duplicates:
        facts["duplicates"] = pages.duplicates
    if pages.moved:
        facts["moved"] = True
    return facts


def _say(query: Query, pages: Pages[Chunks], plan: Plan, facts: dict[str, Any]) -> None:
    """Warn of everything that makes a frame less than what was asked for."""
    rows, total = facts["rows"], facts["total"]
    words = []
    if pages.cut == "top":
        words.append(f"{rows:,} of {total:,} rows: cut by top={pages.query.top}")
    elif pages.cut:
        words.append(f"{rows:,} of {total:,} rows: {pages.cut}")
    if "after" in facts:
        words.append(
            f"the list changed while it was read: {total:,} rows before, {facts['after']:,} after, "
            f"{rows:,} read"
        )
    elif (
        not pages.cut
        and not pages.moved
        and total - query.skip > rows + pages.duplicates
        and not query.property
    ):
        words.append(
            f"{rows:,} of {total:,} rows: the others vanished while they were read, or cannot be shown"
        )
    if pages.moved or pages.duplicates:
        words.append(
            f"rows changed places while they were read ({pages.duplicates} came twice and are kept once); "
            "some may be missing: read again, or without orderby and sort the frame"
        )
    if not plan.known:
        words.append(
            "the server shows us no content types, so the columns hold what came: dates and choices are texts"
        )
    for name, values in plan.strangers().items():
        words.append(
            f"{name} holds {', '.join(map(repr, values[:5]))}, which the schema does not know as options"
        )
    if plan.rounded():
        facts["rounded"] = list(plan.rounded())
        words.append(
            f"{', '.join(plan.rounded())}: numbers of more than {DIGITS} digits are the nearest that a "
            "float64 holds; repo.get(…) and repo.value(…) give all digits of one, as a Decimal"
        )
    for word in words:
        warnings.warn(word, IncompleteWarning, stacklevel=4)


def _deferred(value: Any) -> bool:
    return isinstance(value, Mapping) and "__deferred" in value
