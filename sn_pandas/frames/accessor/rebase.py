"""Reading a frame's rows again: a new baseline for a frame, or new values for its cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...odata.addresses import canonical_origin, in_trash
from ...odata.errors import IncompleteWarning, SaveWarning, TrackingError
from ...odata.literals import query_value
from ...odata.query import Query
from ...odata.schema import PSEUDO_FIELDS, Field
from ...odata.warning import warn_user
from ...odata.wording import count_noun
from ..columns.file_forms import classify_form
from ..reads import lookup, reading
from ..replacing import put
from ..tracking.baseline import KEY, Baseline, IdName, get_baseline, rebase
from ..tracking.edits import Edit, find_edits
from ..tracking.matching import Rows, find_ids, match_rows
from ..writes.hidden import learn
from ..writes.plan import field_of, get_stored_types
from .parquet import FILE, load_baseline

if TYPE_CHECKING:
    from ..connection import Connection
    from ..writes.attempts import Attempt

_CHANGED = "ModificationDate"
# Columns that are read with every frame.
_SHOWN = ("Name", "Path", "Type")
#: A save is seen that long after the date that it sets, which is cut to 10 ms.
SAVE_TIME = pd.Timedelta(seconds=1)


def rebase_on(
    frame: pd.DataFrame, source: Connection | pd.DataFrame | None, then: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Set the baseline of a frame: that of another frame, the values as read, or the current ones.

    ``then`` is what they were read as, on their ids, if the caller has that.
    """
    if isinstance(source, pd.DataFrame):
        baseline = get_baseline(source)
        _refuse_other_origin(frame, baseline.repo.url)
        match_rows(frame, baseline, sure=True)
        frame.attrs[KEY] = {**source.attrs.get(KEY, {})}
    else:
        repo = source or get_baseline(frame).repo
        _refuse_other_origin(frame, repo.url)
        began = repo.client.now
        now, modified = _read_stamped(frame, repo)
        _show_unread(frame, now)
        facts: dict[str, Any] = {k: v for k, v in frame.attrs.get(KEY, {}).items() if k != FILE}
        recorded = facts if "origin" in facts else {}
        then = _find_baseline_frame(frame, repo, sure="origin" in recorded) if then is None else then
        baseline = _as_it_was(now, then)
        if baseline is now:
            baseline = _mark_doubtful_cells(frame, now, modified, recorded.get("read"))
        baseline = dataclasses.replace(baseline, attempts=_find_attempts(frame, repo))
        attrs = {"origin": repo.url, "query": str(baseline.query)}
        frame.attrs[KEY] = {"read": began.isoformat(timespec="milliseconds"), **facts, **attrs}
    rebase(frame, baseline)
    return frame


def _refuse_other_origin(frame: pd.DataFrame, url: str) -> None:
    """Raise if a frame comes from another repository, where the same ids are other contents."""
    name = frame.index.name
    origin = frame.attrs.get(KEY, {}).get("origin") or (name.origin if isinstance(name, IdName) else url)
    if canonical_origin(origin) != canonical_origin(url):
        raise TrackingError(
            f"this frame was read from {origin}, and at {url} other contents have its ids. To write its "
            "values into the contents of the same paths there, rebase a frame without ids: "
            "df = df.reset_index(drop=True).drop(columns='Id', errors='ignore'); df.attrs.clear(). If both "
            "are addresses of one repository: "
            "df.attrs.clear(); df.index = df.index.rename(str(df.index.name))"
        )


def _show_unread(frame: pd.DataFrame, now: Baseline) -> None:
    """Fill cells that were never read from the server, in place: that they are empty is not an edit.

    Those are empty cells of columns that came later than the read, such as with rows that were appended.
    """
    read = _find_columns_read(frame)
    if read is None:
        return
    ids = find_ids(frame)
    if not isinstance(ids, np.ndarray):
        return
    matched = np.flatnonzero(now.frame.index.get_indexer(pd.Index(ids)) >= 0)
    for column in now.frame.columns.intersection(frame.columns).difference([*read, *_SHOWN]):
        empty = matched[frame[column].iloc[matched].isna().to_numpy()]
        if len(empty):
            cells = now.frame[column].loc[pd.Index(ids[empty])]
            frame[column] = put(frame[column], empty, cells)


def _find_columns_read(frame: pd.DataFrame) -> list[str] | None:
    """Return the columns that a frame was read with; None if unknown."""
    try:
        return [str(column) for column in get_baseline(frame).frame.columns]
    except TrackingError:
        text = frame.attrs.get(KEY, {}).get("query")
        select = Query.parse(text).select if text else ()
        return list(select) or None


def _find_baseline_frame(frame: pd.DataFrame, repo: Connection, *, sure: bool) -> pd.DataFrame | None:
    """Return the baseline of a frame that this session or a file of this package knows; None for others."""
    try:
        baseline = get_baseline(frame)
        match_rows(frame, baseline)
    except TrackingError:
        return load_baseline(frame) if sure else None
    as_read = baseline.repo.url == repo.url and not baseline.query.version and not baseline.unsure
    return baseline.frame if as_read else None


def _as_it_was(now: Baseline, then: pd.DataFrame | None) -> Baseline:
    """Return a baseline with the values of an earlier read instead of the current ones."""
    if then is None:
        return now
    both = now.frame.index.intersection(then.index)
    gone = then.index.difference(now.frame.index)
    was = now.frame.reindex(now.frame.index.append(gone))
    ids = both.append(gone)
    for column in was.columns.intersection(then.columns):
        if len(ids) == len(was):
            was[column] = then[column].reindex(was.index)
        else:
            was[column] = put(was[column], was.index.get_indexer(ids), then[column].loc[ids])
    return dataclasses.replace(now, frame=was)


def _mark_doubtful_cells(
    frame: pd.DataFrame, now: Baseline, modified: pd.Series, read: str | None
) -> Baseline:
    """Mark the cells for which it is unclear whether the user, somebody else or a file changed them."""
    ids = find_ids(frame)
    existing = [int(id_) for id_ in ids if id_ > 0] if isinstance(ids, np.ndarray) else []
    if gone := [id_ for id_ in existing if id_ not in now.frame.index]:
        raise TrackingError(
            f"there is no content with the Id {', '.join(map(str, gone[:10]))} at {now.repo.url}, or you may "
            "not see it; drop such rows, or rebase on the repository that they came from"
        )
    edits, lossy = _split_off_file_forms(frame, now)
    _warn_of_files(lossy, now)
    unsure = _group_ids_by_column(lossy)
    if read is not None:
        changed = set(modified.index[~(modified < (pd.Timestamp(read) - SAVE_TIME).floor("10ms"))])
        edits = [edit for edit in edits if edit.id in changed]
    if not edits:
        return dataclasses.replace(now, unsure=unsure)
    what = f"{_describe_edits(edits, now)} differ from what the server holds"
    if read is None:
        warn_user(
            f"{what}, and the time of the read is unknown: all of them count as your edits, even those that "
            "somebody else made in the meantime. Check df.sn.changes() before saving",
            SaveWarning,
        )
        return dataclasses.replace(now, unsure=unsure)
    warn_user(
        f"{what} in contents that changed after the frame was read: you or somebody else may have changed "
        "them, so a save treats them as conflicts (on_conflict)",
        SaveWarning,
    )
    return dataclasses.replace(now, unsure=_group_ids_by_column([*edits, *lossy]))


def _split_off_file_forms(frame: pd.DataFrame, now: Baseline) -> tuple[list[Edit], list[Edit]]:
    """Return the edits of existing contents, and the differences that a file format may have caused.

    Cells that are another form of the very value get that value, in place, and so do those of columns that
    nobody can edit.
    """
    edits: list[Edit] = []
    lossy: list[Edit] = []
    same: dict[str, list[Edit]] = {}
    fields = {column: field_of(column, now) for column in now.frame.columns}
    for edit in find_edits(frame, now, match_rows(frame, now, sure=True)):
        field = fields[edit.column] if edit.id > 0 else None
        if field is None:
            continue
        form = classify_form(now.fields.get(edit.column), edit.before, edit.after)
        if form == "same" or (form and not (isinstance(field, Field) and field.editable)):
            same.setdefault(edit.column, []).append(edit)
        else:
            (lossy if form else edits).append(edit)
    for column, found in same.items():
        frame[column] = put(frame[column], [edit.row for edit in found], [edit.before for edit in found])
    return edits, lossy


def _warn_of_files(lossy: list[Edit], now: Baseline) -> None:
    """Warn of the cells that a file format may have changed."""
    if lossy:
        first = lossy[0]
        warn_user(
            f"{_describe_edits(lossy, now)} differ from what the server holds as a file by itself may change "
            f"them, such as {first.before!r} that became {first.after!r}: whether you changed them is not "
            "known, so a save treats them as conflicts (on_conflict). CSV keeps texts if it is read with "
            "dtype=str and keep_default_na=False; df.sn.to_parquet(…) keeps everything",
            SaveWarning,
        )


def _group_ids_by_column(edits: Iterable[Edit]) -> dict[str, frozenset[int]]:
    """Return the ids of edited cells by column."""
    unsure: dict[str, set[int]] = {}
    for edit in edits:
        unsure.setdefault(edit.column, set()).add(edit.id)
    return {column: frozenset(ids) for column, ids in unsure.items()}


def _describe_edits(edits: Sequence[Edit], now: Baseline) -> str:
    """Describe the number of edited cells, their columns and the first of their paths."""
    rows = list(dict.fromkeys(edit.id for edit in edits))
    paths = [path or str(id_) for id_, path in zip(rows, now.get_paths(rows), strict=True)]
    shown = ", ".join(paths[:5]) + (", …" if len(paths) > 5 else "")
    return f"{count_noun(len(edits), 'cell')} ({', '.join(_group_ids_by_column(edits))}) of {shown}"


def refresh(frame: pd.DataFrame) -> pd.DataFrame:
    """Update the cells that are not edited from the server, in place; edits are kept."""
    baseline = get_baseline(frame)
    if baseline.query.version:
        raise TrackingError(
            f"the frame shows the version {baseline.query.version}, which never changes. Read it again if it "
            "is a draft, or attach the frame to the latest version with df.sn.rebase()"
        )
    rows = match_rows(frame, baseline)
    edited: dict[str, list[int]] = {}
    for edit in find_edits(frame, baseline, rows):
        edited.setdefault(edit.column, []).append(edit.row)
    began = baseline.repo.client.now
    now = _read(frame, baseline.repo)
    matched = np.flatnonzero(now.frame.index.get_indexer(pd.Index(rows.ids)) >= 0)
    _warn_of_missing(rows, now, baseline)
    moved = baseline.frame.copy(deep=False)
    for column in baseline.frame.columns.intersection(frame.columns):
        if column not in now.frame.columns:
            continue
        ids = pd.Index(rows.ids[matched])
        cells = now.frame[column].loc[ids]
        moved[column] = put(moved[column], moved.index.get_indexer(ids), cells)
        shown = ~np.isin(matched, edited.get(column, []))
        frame[column] = put(frame[column], matched[shown], cells[shown])
    paths = dict(zip(now.frame.index.to_numpy().tolist(), now.frame["Path"], strict=True))
    rebase(frame, dataclasses.replace(baseline, frame=moved, unsure={}).replace_paths(paths))
    frame.attrs[KEY]["read"] = began.isoformat(timespec="milliseconds")
    return frame


def _warn_of_missing(rows: Rows, now: Baseline, baseline: Baseline) -> None:
    """Name the rows whose contents are no more where they were; before that, verify the identity."""
    places = now.frame["Path"].reindex(pd.Index(rows.existing))
    gone = places.index[places.isna()]
    if len(gone):
        baseline.repo.verify_identity()  # the Visitor sees nothing
    trashed = places[places.fillna("").map(in_trash)]
    if in_trash(f"{baseline.query.path}/"):
        trashed = trashed.iloc[:0]
    for ids, what in ((gone, "gone, or you may not see them"), (trashed.index, "in the trash")):
        if len(ids):
            shown = ", ".join(map(str, ids[:10])) + (", …" if len(ids) > 10 else "")
            contents = "content is" if len(ids) == 1 else "contents are"
            said = what.replace("them", "it") if len(ids) == 1 else what
            warn_user(f"{len(ids):,} {contents} {said}; Id {shown}", IncompleteWarning)


def _find_attempts(frame: pd.DataFrame, repo: Connection) -> list[Attempt]:
    """Return the open creations of a frame that was tied to the same repository before."""
    try:
        before = get_baseline(frame)
    except TrackingError:
        return []
    return before.attempts if before.repo.url == repo.url else []


def _read_stamped(frame: pd.DataFrame, repo: Connection) -> tuple[Baseline, pd.Series]:
    """Read the rows of a frame again, and when each of the contents was changed last."""
    now = _read(frame, repo, [_CHANGED])
    modified = now.frame[_CHANGED]
    left = now.frame if _CHANGED in frame.columns else now.frame.drop(columns=_CHANGED)
    return dataclasses.replace(now, frame=left), modified


def _read(frame: pd.DataFrame, repo: Connection, more: Sequence[str] = ()) -> Baseline:
    """Read the rows of a frame again, in the columns that are fields."""
    recorded = frame.attrs.get(KEY, {}).get("query")
    _learn_types(frame, repo)
    names = [
        str(column)
        for column in frame.columns
        if column != "Id" and str(column) not in PSEUDO_FIELDS and _is_field(str(column), repo)
    ]
    keys = find_ids(frame)
    if keys is None:
        raise TrackingError(
            "the frame has neither Id nor Path, so its rows cannot be matched to contents. To add new rows "
            "to a frame that was read, use df.sn.append(rows)"
        )
    if isinstance(keys, list):
        query = f"Path:({' '.join(query_value(path) for path in keys)})"
    else:
        query = f"Id:({' '.join(str(id_) for id_ in keys[keys > 0])})"
    select = tuple(dict.fromkeys([*names, "Path", "Type", *more]))
    if query.endswith("()"):
        query = "Id:0"
    read = reading.read(repo, repo.query(Query("/Root", select=select, query=query, autofilters=False)))
    if len(read) < len(keys):
        repo.verify_identity()
    found = get_baseline(read)
    asked = (
        Query.parse(recorded).replace(version=None) if recorded else _build_folder_query(found, tuple(names))
    )
    return dataclasses.replace(found, frame=found.frame, query=asked)


def _learn_types(frame: pd.DataFrame, repo: Connection) -> None:
    """Learn the hidden types of the rows of a frame, if a column is not a known field."""
    keys = find_ids(frame)
    names = {str(c) for c in frame.columns} - {"Id", *PSEUDO_FIELDS}
    if keys is None or not repo.schema.is_partial or all(_is_field(name, repo) for name in names):
        return
    if isinstance(keys, list):
        stored = lookup.read_by_path(repo.client, keys, sure=False)
        learn(repo, {int(row["Id"]): str(row["Type"]) for row in stored.values()})
    else:
        learn(repo, get_stored_types(lookup.read_by_id(repo.client, [int(id_) for id_ in keys[keys > 0]])))


def _build_folder_query(found: Baseline, names: tuple[str, ...]) -> Query:
    """Return the query of the common folder of all rows, or the original query if there are several."""
    folders = {str(path).rpartition("/")[0] for path in found.frame["Path"]}
    return Query(folders.pop(), select=names) if len(folders) == 1 else found.query


def _is_field(name: str, repo: Connection) -> bool:
    first = name.partition("/")[0]
    return first in repo.schema.fields or first.startswith("#")
