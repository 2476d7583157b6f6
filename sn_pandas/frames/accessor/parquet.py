"""Parquet files that also store the baseline of a frame, so that other processes can detect its edits.

``pandas.read_parquet`` gives a frame back with its ``attrs``, and people edit it then. So what the frame was
when it was read stays in the file: its cells, and in the metadata those that had been edited when it was
written, as they were before. The ``attrs`` say which file that is.
"""

from __future__ import annotations

import base64
import os
import secrets
from typing import Any

import pandas as pd

from ...odata.errors import TrackingError
from ..reads.arrow import build_table, require
from ..replacing import put
from ..tracking.baseline import KEY, Baseline, get_baseline
from ..tracking.edits import Edit, find_edits
from ..tracking.matching import find_ids, match_rows

#: In the provenance, the file that a frame was written to: its path, and a mark that it has.
FILE = "file"
_MARK = b"sensenet.mark"
_BEFORE = b"sensenet.before"


def to_parquet(frame: pd.DataFrame, path: str | os.PathLike[str], **options: Any) -> None:
    """Write a frame to a Parquet file; see ``Accessor.to_parquet``."""
    require()
    written = frame.copy(deep=False)
    edited = _load_edits(frame) if isinstance(path, (str, os.PathLike)) else None
    beside: dict[bytes, bytes] = {}
    if edited is not None:
        mark = secrets.token_hex(8)
        baseline = edited[0]
        origin = {"origin": baseline.repo.url, "query": str(baseline.query)}  # join and merge drop the attrs
        place = {"path": os.path.abspath(path), "mark": mark}
        written.attrs = {**frame.attrs, KEY: {**origin, **frame.attrs.get(KEY, {}), FILE: place}}
        beside = {_MARK: mark.encode(), _BEFORE: _pack_frame(_select_baseline_values(frame, *edited))}
        _order_sets(written, *edited)
    table = build_table(written)
    from pyarrow import parquet

    metadata = {**(table.schema.metadata or {}), **beside}
    parquet.write_table(table.replace_schema_metadata(metadata), path, **options)


def load_baseline(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Return the baseline of a frame from a file, indexed by its ids.

    None if the file is gone, or another one by now, or never held that.
    """
    place = frame.attrs.get(KEY, {}).get(FILE)
    if not place:
        return None
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError:
        return None
    try:
        table = parquet.read_table(place["path"])
    except (OSError, ArrowInvalid):
        return None
    beside = table.schema.metadata or {}
    if beside.get(_MARK) != place["mark"].encode():
        return None
    then: pd.DataFrame = table.to_pandas()
    ids = find_ids(then)
    if ids is None or isinstance(ids, list):
        return None
    then.index = pd.Index(ids, name="Id")
    then = then[ids > 0].drop(columns="Id", errors="ignore")
    before = _unpack_frame(beside[_BEFORE])
    for column in before.columns:
        then[column] = put(then[column], then.index.get_indexer(before.index), before[column])
    return then


def _load_edits(frame: pd.DataFrame) -> tuple[Baseline, list[Edit]] | None:
    """Return the edits of a frame and its baseline; None if they are not certain."""
    try:
        baseline = get_baseline(frame)
        edits = find_edits(frame, baseline, match_rows(frame, baseline))
    except TrackingError:
        return None
    return None if baseline.unsure or baseline.query.version else (baseline, edits)


def _order_sets(written: pd.DataFrame, baseline: Baseline, edits: list[Edit]) -> None:
    """Restore the lists of the baseline where a cell is a set of their items: a file gives items an order."""
    rows = match_rows(written, baseline)
    edited = {(edit.row, edit.column) for edit in edits}
    for column in baseline.frame.columns.intersection(written.columns):
        if written[column].dtype == object:
            sets = [
                row
                for row, cell in enumerate(written[column])
                if isinstance(cell, (set, frozenset)) and rows.ids[row] > 0 and (row, column) not in edited
            ]
            written[column] = put(written[column], sets, baseline.frame[column].loc[rows.ids[sets].tolist()])


def _select_baseline_values(frame: pd.DataFrame, baseline: Baseline, edits: list[Edit]) -> pd.DataFrame:
    """Return the baseline values of edited cells, and all those of columns whose dtype has changed."""
    existing = [edit for edit in edits if edit.id > 0]
    both = baseline.frame.columns.intersection(frame.columns)
    converted = [column for column in both if frame[column].dtype != baseline.frame[column].dtype]
    columns = list(dict.fromkeys([*(edit.column for edit in existing), *converted]))
    ids = {edit.id for edit in existing} | set(match_rows(frame, baseline).existing if converted else ())
    return baseline.frame.loc[sorted(ids), columns]


def _pack_frame(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa

    table = build_table(frame)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(table)
    return base64.b64encode(sink.getvalue())


def _unpack_frame(packed: bytes) -> pd.DataFrame:
    import pyarrow as pa

    with pa.ipc.open_stream(base64.b64decode(packed)) as stream:
        frame: pd.DataFrame = stream.read_all().to_pandas()
    return frame
