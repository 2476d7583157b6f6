"""Detect rows that do not belong to the read that the index name refers to.

``merge``, ``join`` and ``concat`` drop ``attrs`` when their frames come from different places; the index
keeps its name, and with it the token of the first frame. After a ``merge`` or ``join`` that is right. After a
``concat`` of two reads, rows of the second would pass for rows of the first where both know their ids.

Frames of different repositories lose that name, see ``tracking.IdName``. Of two reads of one repository, or
where the other frame came from a file, rows are distinguished by their cells: their ``Path``; their ``Name``
together with most of the other cells; or that they are just as another read of this session gave them. What
cannot be distinguished is a row of another read that was edited, or whose read is gone, and that has the same
``Path`` and ``Name``: it is that content, and its cells count as edits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...odata.errors import TrackingError
from .differences import find_differences

if TYPE_CHECKING:
    from .baseline import Baseline

#: The part of the cells of a row, its Name among them, that makes it another one.
_MOST = 0.75


def reject_foreign_rows(
    frame: pd.DataFrame,
    baseline: Baseline,
    ids: npt.NDArray[np.int64],
    places: npt.NDArray[np.intp],
    others: Iterable[Baseline],
) -> None:
    """Raise if some rows of a frame come from another read.

    Parameters
    ----------
    ids, places : array
        Of the frame's rows: their ids, and where they stand in the baseline.
    others : iterable of Baseline
        The other reads of this session.

    Raises
    ------
    TrackingError
        If there are such rows.
    """
    rows = np.flatnonzero(places >= 0)
    unlike = _find_differing_rows(frame, rows, baseline, places[rows])
    if "Path" in unlike and unlike["Path"].any():
        raise _create_error(ids[rows[unlike["Path"]]], "their Path differs")
    if "Name" in unlike and len(unlike) > 1:
        most = np.sum(list(unlike.values()), axis=0) >= _MOST * len(unlike)
        if (unlike["Name"] & most).any():
            raise _create_error(ids[rows[unlike["Name"] & most]], "their Name and most of their cells differ")
    if not unlike:
        return
    changed = rows[np.any(list(unlike.values()), axis=0)]
    for other in others:
        if other is baseline or not len(changed) or not other.frame.index.is_unique:
            continue
        there = other.frame.index.get_indexer(pd.Index(ids[changed]))
        matched = np.flatnonzero(there >= 0)
        found = _find_differing_rows(frame, changed[matched], other, there[matched])
        if len(found) < len(unlike):
            continue
        same = ~np.any(list(found.values()), axis=0)
        if same.any():
            raise _create_error(
                ids[changed[matched[same]]], f"they are as {other.query.path} was read another time"
            )


def _find_differing_rows(
    frame: pd.DataFrame, rows: npt.NDArray[np.intp], baseline: Baseline, places: npt.NDArray[np.intp]
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return, for each common column, the rows whose cells differ."""
    found = {}
    for column in baseline.frame.columns.intersection(frame.columns):
        cells = np.zeros(len(rows), dtype=bool)
        cells[find_differences(baseline.frame[column].array.take(places), frame[column].array.take(rows))] = (
            True
        )
        found[str(column)] = cells
    return found


def _create_error(ids: npt.NDArray[np.int64], why: str) -> TrackingError:
    shown = ", ".join(map(str, ids[:5])) + (", …" if len(ids) > 5 else "")
    return TrackingError(
        f"the rows {shown} are not the rows that this frame was read with: {why}. The operation that created "
        "it (concat, merge) dropped its origin. If all its rows come from one read, call "
        "df.sn.rebase(read), otherwise sn_pandas.rebase(df, repo)"
    )
