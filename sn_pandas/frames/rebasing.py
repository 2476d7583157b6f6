"""Reading a frame's rows again: a new baseline for a frame, or new values for its cells."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..odata.errors import IncompleteWarning, TrackingError
from ..odata.literals import query_value
from ..odata.query import Query
from ..odata.schema import PSEUDO_FIELDS
from .baselines import put
from .tracking import KEY, Baseline, Rows, baseline_of, ids_of, rebase, rows_of
from .writes.changes import edits_of
from .writes.works import in_trash

if TYPE_CHECKING:
    from .repository import Repository
    from .writes.attempts import Attempt


def rebase_on(frame: pd.DataFrame, source: Repository | pd.DataFrame | None) -> pd.DataFrame:
    """Give a frame a baseline: that of another frame, or what the server holds of its rows now."""
    if isinstance(source, pd.DataFrame):
        baseline = baseline_of(source)
        rows_of(frame, baseline, sure=True)
        frame.attrs[KEY] = {**source.attrs.get(KEY, {})}
    else:
        repo = source or baseline_of(frame).repo
        baseline = dataclasses.replace(_read(frame, repo), attempts=_attempts(frame, repo))
        frame.attrs[KEY] = {**frame.attrs.get(KEY, {}), "origin": repo.url, "query": str(baseline.query)}
    rebase(frame, baseline)
    return frame


def refresh(frame: pd.DataFrame) -> pd.DataFrame:
    """Put what the server holds now into the cells that are not edited, in place; edits stay edits."""
    baseline = baseline_of(frame)
    if baseline.query.version:
        raise TrackingError(
            f"the frame shows the version {baseline.query.version}, which stays as it is; read it again "
            "if it is a draft, or tie the frame to the latest version with df.sn.rebase()"
        )
    rows = rows_of(frame, baseline)
    edited: dict[str, list[int]] = {}
    for edit in edits_of(frame, baseline, rows):
        edited.setdefault(edit.column, []).append(edit.row)
    now = _read(frame, baseline.repo)
    known = np.flatnonzero(now.frame.index.get_indexer(pd.Index(rows.ids)) >= 0)
    _warn_of_missing(rows, now, baseline)
    moved = baseline.frame.copy(deep=False)
    for column in baseline.frame.columns.intersection(frame.columns):
        if column not in now.frame.columns:
            continue
        positions = np.setdiff1d(known, edited.get(column, []))
        ids = pd.Index(rows.ids[positions])
        cells = now.frame[column].loc[ids]
        moved[column] = put(moved[column], moved.index.get_indexer(ids), cells)
        frame[column] = put(frame[column], positions, cells)
    paths = dict(zip(now.frame.index.to_numpy().tolist(), now.frame["Path"], strict=True))
    rebase(frame, dataclasses.replace(baseline, frame=moved).moved(paths))
    return frame


def _warn_of_missing(rows: Rows, now: Baseline, baseline: Baseline) -> None:
    """Name the rows whose contents are no more where they were; before that, make sure who we are."""
    places = now.frame["Path"].reindex(pd.Index(rows.known))
    gone = places.index[places.isna()]
    if len(gone):
        baseline.repo.still_ourselves()  # the Visitor is told that there is nothing
    trashed = places[places.fillna("").map(in_trash)]
    if in_trash(f"{baseline.query.path}/"):
        trashed = trashed.iloc[:0]
    for ids, what in ((gone, "gone, or you may not see them"), (trashed.index, "in the trash")):
        if len(ids):
            shown = ", ".join(map(str, ids[:10])) + (", …" if len(ids) > 10 else "")
            contents = "content is" if len(ids) == 1 else "contents are"
            said = what.replace("them", "it") if len(ids) == 1 else what
            warnings.warn(f"{len(ids):,} {contents} {said}; Id {shown}", IncompleteWarning, stacklevel=4)


def _attempts(frame: pd.DataFrame, repo: Repository) -> list[Attempt]:
    """Give the open creations of a frame that was tied to the same repository before."""
    try:
        before = baseline_of(frame)
    except TrackingError:
        return []
    return before.attempts if before.repo.url == repo.url else []


def _read(frame: pd.DataFrame, repo: Repository) -> Baseline:
    """Read the rows of a frame again, in the columns that are fields."""
    known = frame.attrs.get(KEY, {}).get("query")
    names = [
        str(column)
        for column in frame.columns
        if column != "Id" and str(column) not in PSEUDO_FIELDS and _is_field(str(column), repo)
    ]
    keys = ids_of(frame)
    if keys is None:
        raise TrackingError("the frame has neither Id nor Path, so its rows cannot be matched to contents")
    if isinstance(keys, list):
        query = f"Path:({' '.join(query_value(path) for path in keys)})"
    else:
        query = f"Id:({' '.join(str(id_) for id_ in keys[keys > 0])})"
    select = tuple(dict.fromkeys([*names, "Path", "Type"]))
    if query.endswith("()"):
        query = "Id:0"
    read = repo.read(Query("/Root", select=select, query=query, autofilters=False))
    if len(read) < len(keys):
        repo.still_ourselves()
    found = baseline_of(read)
    asked = Query.parse(known).replace(version=None) if known else _folder_of(found, tuple(names))
    return dataclasses.replace(found, frame=found.frame, query=asked)


def _folder_of(found: Baseline, names: tuple[str, ...]) -> Query:
    """Give the query of the one folder that all rows are in; that which found them if they are in several."""
    folders = {str(path).rpartition("/")[0] for path in found.frame["Path"]}
    return Query(folders.pop(), select=names) if len(folders) == 1 else found.query


def _is_field(name: str, repo: Repository) -> bool:
    first = name.partition("/")[0]
    return first in repo.schema.fields or first.startswith("#")
