"""New rows of a frame, put into it and taken out of it in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...frames.columns.normalizing import Cell
from ...frames.reads.types_at import find_types
from ...frames.replacing import become
from ...frames.tracking.baseline import Baseline
from ...frames.writes.appending import append
from ...odata.query import Query
from ...odata.schema import ROOT
from .cells import as_read


def new_rows(frame: pd.DataFrame, cells: Sequence[Mapping[str, Cell]]) -> pd.DataFrame:
    """Return rows for new contents, as ``df.sn.append`` makes them, without appending them."""
    columns = dict.fromkeys(column for row in cells for column in row)
    given = pd.DataFrame(
        {name: pd.Series([row.get(name) for row in cells], dtype=object) for name in columns},
        index=range(len(cells)),
    )
    return apart(append(frame, given).iloc[len(frame) :])


def insert(frame: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Append rows for new contents, with the labels that they have."""
    both = append(frame, rows.reset_index(drop=True).drop(columns="Id", errors="ignore"))
    both.index = pd.Index([*frame.index, *rows.index], name=frame.index.name)
    if "Id" in rows.columns:
        both["Id"] = [*frame["Id"], *rows["Id"]]
    become(frame, both)


def take_out(frame: pd.DataFrame, positions: npt.ArrayLike, read: pd.DataFrame) -> None:
    """Remove rows; columns have the dtype that they were read with again, if it holds the rest."""
    gone = np.zeros(len(frame), dtype=bool)
    gone[np.asarray(positions, dtype=np.intp)] = True
    become(frame, frame[~gone])
    for name in read.columns.intersection(frame.columns):
        if frame[name].dtype != read[name].dtype:
            frame[name] = as_read(frame[name], read[name])


def why_none(frame: pd.DataFrame, baseline: Baseline) -> str:
    """Return why a frame takes no new rows; empty if it does."""
    needed = ["Name", "Type"] if folder_of(baseline) else ["Name", "Type", "Path"]
    lacking = ", ".join(repr(name) for name in needed if name not in frame.columns)
    return f"New rows need more columns: read the frame with select=[…, {lacking}]." if lacking else ""


def folder_of(baseline: Baseline) -> str:
    """Return the folder whose children were read, which new rows go to; empty if it was another query."""
    query = baseline.query
    return query.path if isinstance(query.path, str) and not query.query and not query.property else ""


def allowed_types(baseline: Baseline) -> list[str]:
    """Return the content types that the folder allows which was read; empty if it is not known."""
    folder = folder_of(baseline)
    names = find_types(baseline.repo, Query(folder)).names if folder else []
    return sorted(name for name in names if name != ROOT)


def apart(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows that do not keep the baseline of their frame alive."""
    rows = rows.copy()
    rows.attrs = {}
    rows.index = rows.index.rename(None)
    return rows
