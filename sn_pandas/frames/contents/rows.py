"""Many rows into one folder: matched by a key, or created, through the engine of a save."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.errors import IncompleteWarning, SaveError, TrackingError
from ...odata.query import Query
from ...odata.schema import PSEUDO_FIELDS
from ..columns.cells import is_missing
from ..reads import lookup, reading
from ..replacing import put
from ..tracking.baseline import Baseline, get_baseline, rebase
from ..writes.hidden import learn
from ..writes.latest import Latest, record_save
from ..writes.plan import field_of
from ..writes.report import Report
from ..writes.saving import save
from ..writes.upserting import build_key, match
from .targets import read_path

if TYPE_CHECKING:
    from ..connection import Connection

#: What is read of every content beside the columns of the rows.
_ALWAYS = ("Name", "Type", "Path")


def upsert(
    repo: Connection,
    folder: str | int,
    rows: pd.DataFrame | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]],
    key: str,
    type_name: str | None,
    **options: Any,
) -> Report:
    """Update, create or leave contents of a folder by a key; see ``Repository.upsert``."""
    given = drop_places(rows)
    if key not in given.columns:
        raise TrackingError(f"the rows have no column {key!r}, which was to be the key")
    path = read_path(repo, folder)
    frame = read_matching(repo, path, given, key)
    both, places = match(frame, given, key)
    if type_name is not None:
        types = both["Type"].array
        new = [row for row in range(len(frame), len(both)) if is_missing(types[row])]
        if new:
            both["Type"] = put(both["Type"], new, [type_name] * len(new))
    return save_rows(both.iloc[places], given.index, "upsert", **options)


def drop_places(rows: Any) -> pd.DataFrame:
    """Return rows as a separate frame without an origin, which the folder defines."""
    given = rows.copy(deep=False) if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    given.attrs = {}
    if given.index.name == "Id":
        given.index = given.index.rename(None)
    return given.drop(columns=["Id", "Path"], errors="ignore")


def read_matching(repo: Connection, folder: str, given: pd.DataFrame, key: str) -> pd.DataFrame:
    """Read the contents of a folder that match one of the keys, with the columns of some rows."""
    if key == "Name":
        names = {str(name).strip() for name in given[key] if not is_missing(name)}
        paths = [f"{folder}/{name}" for name in names if name and not set(name) & set("/*?")]
        stored = lookup.read_by_path(repo.client, paths, sure=False).values()
        types = {int(row["Id"]): str(row["Type"]) for row in stored}
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IncompleteWarning)
            listed = reading.read(repo, repo.query(Query(folder, select=(key, "Type"), autofilters=False)))
        key_field = field_of(key, get_baseline(listed)) if key in listed else key  # the rows may tell of it
        wanted = {name for cell in given[key] if (name := build_key(key_field, cell)) is not None}
        cells = listed[key] if key in listed else [None] * len(listed)
        types = {
            int(id_): str(kind)
            for id_, kind, cell in zip(listed.index, listed["Type"], cells, strict=True)
            if build_key(key_field, cell) in wanted
        }
    learn(repo, types)
    return read_rows(repo, folder, list(types), [str(column) for column in given.columns])


def read_rows(repo: Connection, folder: str, ids: Sequence[int], columns: Sequence[str]) -> pd.DataFrame:
    """Read contents of a folder as a frame to which new rows of the folder can be appended."""
    fields = repo.schema.fields
    names = [
        column
        for column in columns
        if column not in ("Id", *PSEUDO_FIELDS)
        and (field := fields.get(column.partition("/")[0])) is not None
        and field.type != "Password"
    ]
    select = tuple(dict.fromkeys([*_ALWAYS, *names]))
    query = f"Id:({' '.join(map(str, ids))})" if ids else "Id:0"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IncompleteWarning)  # of an empty list the types are not known
        frame = reading.read(repo, repo.query(Query("/Root", select=select, query=query, autofilters=False)))
    read = get_baseline(frame)
    rebase(frame, _set_folder(read, folder, select))
    return frame


def _set_folder(read: Baseline, folder: str, select: tuple[str, ...]) -> Baseline:
    """Return a baseline whose new rows go into a folder."""
    return dataclasses.replace(read, query=Query(folder, select=select))


def save_rows(frame: pd.DataFrame, labels: pd.Index, what: str, **options: Any) -> Report:
    """Save a frame built from rows, and report each row under its own label.

    The report keeps the frame, so that it can be retried and an undo is shown.
    """
    own = frame.reset_index()
    own.index = labels if labels.is_unique else pd.RangeIndex(len(labels))
    new = (own["Id"] < 0).to_numpy()  # a save fills in their ids
    with contextlib.nullcontext(Latest()) if options.get("dry_run") else record_save() as last:
        try:
            last.report = _keep(save(own, create=True, what=what, **options), own, labels)
        except SaveError as error:
            if isinstance(error.report, Report):
                _keep(error.report, own, labels)
            raise
    if what == "upsert" and not last.report.dry_run:
        last.report.created = int((new & last.report.frame["outcome"].eq("saved").to_numpy()).sum())
    return last.report


def _keep(report: Report, frame: pd.DataFrame, labels: pd.Index) -> Report:
    """Set the labels of the caller's rows and the frame of a report."""
    if len(report.frame) == len(labels) and not labels.is_unique:
        report.frame.index = labels
    again = report.again
    if again is not None:
        report.again = lambda: _keep(again(), frame, labels)
    report.follow = None  # nobody sees the frame
    return report
