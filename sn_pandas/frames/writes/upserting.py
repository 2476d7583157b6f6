"""Match rows to contents by a key: their edits, and the new rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...odata.errors import TrackingError, did_you_mean
from ...odata.schema import Field
from ..columns.cells import Cell, encode, is_missing
from ..columns.normalizing import to_plain
from ..columns.unusable import Unusable
from ..replacing import put
from ..tracking.baseline import Baseline, get_baseline
from ..tracking.matching import match_rows
from .appending import Rows, append, check_rows
from .plan import field_of


class Matched(NamedTuple):
    """A frame with the edits and new rows that result from some rows.

    Attributes
    ----------
    frame : DataFrame
        The rows that were there, edited, and the new ones behind them.
    places : array of int
        For each of the given rows its position in ``frame``.
    """

    frame: pd.DataFrame
    places: npt.NDArray[np.intp]


def match(frame: pd.DataFrame, rows: Rows, key: str) -> Matched:
    """Merge rows into a frame: rows with an existing key become edits, the others new rows.

    A row whose key is missing, or that of another row or of several contents, becomes a new row that no save
    sends.
    """
    baseline = get_baseline(frame)
    given = check_rows(rows, frame, baseline)
    for columns, what in ((given.columns, "the rows have"), (frame.columns, "the frame has")):
        if key not in columns:
            hint = did_you_mean(key, [str(name) for name in columns])
            raise TrackingError(f"{what} no column {key!r}, which was to be the key.{hint}")
    field = field_of(key, baseline)
    there = match_rows(frame, baseline).ids
    held: dict[str, list[int]] = {}
    for at, cell in enumerate(frame[key]):
        if (name := build_key(field, cell)) is not None:
            held.setdefault(name, []).append(at)
    names = [build_key(field, cell) for cell in given[key]]
    places = np.full(len(given), -1, dtype=np.intp)
    given_by: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if name is not None:
            given_by.setdefault(name, []).append(row)
    wrong: dict[int, str] = {}
    for row, name in enumerate(names):
        if name is None:
            wrong[row] = f"{key} is empty, and it is the key by which the row is matched"
        elif len(given_by[name]) > 1:
            wrong[row] = _describe_repeated(given.index, given_by[name], key)
        elif len(held.get(name, ())) > 1:
            wrong[row] = _describe_ambiguous(frame, held[name], baseline, there)
        elif name in held:
            places[row] = held[name][0]
    edited = _apply_edits(frame, given, key, places)
    new = np.flatnonzero(places < 0)
    if not len(new):
        return Matched(edited, places)
    rest = given.iloc[new]
    if wrong:
        bad = [(place, int(row)) for place, row in enumerate(new) if int(row) in wrong]
        cells = [Unusable(given[key].iloc[row], wrong[row]) for _, row in bad]
        rest = rest.assign(**{key: put(rest[key].astype(object), [place for place, _ in bad], cells)})
    places[new] = len(frame) + np.arange(len(new))
    return Matched(append(edited, rest), places)


def build_key(field: Field | str, cell: Cell) -> str | None:
    """Return a comparable form of a key; None for a missing one.

    Names are the same ignoring case, as they are for the server.
    """
    if is_missing(cell) or (isinstance(cell, str) and not cell.strip()) or isinstance(cell, Unusable):
        return None
    if not isinstance(field, Field):
        return str(cell)
    if field.name == "Name":
        return str(cell).strip().lower()
    try:
        return json.dumps(encode(field, cell), sort_keys=True)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        return str(cell)


def _describe_repeated(labels: pd.Index, rows: Sequence[int], key: str) -> str:
    """Describe which rows have the same key."""
    shown = ", ".join(repr(to_plain(labels[row])) for row in rows[:5]) + (", …" if len(rows) > 5 else "")
    return f"the rows {shown} have the same {key}, and which of them counts is not clear: keep one"


def _describe_ambiguous(frame: pd.DataFrame, rows: Sequence[int], baseline: Baseline, ids: Any) -> str:
    """Describe which contents have the same key."""
    listed = [int(ids[row]) for row in rows[:5]]
    shown = [path or str(id_) for id_, path in zip(listed, baseline.get_paths(listed), strict=True)]
    more = ", …" if len(rows) > 5 else ""
    return f"{len(rows)} contents have this key: {', '.join(shown)}{more}"


def _apply_edits(
    frame: pd.DataFrame, given: pd.DataFrame, key: str, places: npt.NDArray[np.intp]
) -> pd.DataFrame:
    """Return a frame with the cells of matched rows; missing cells leave the field unchanged."""
    edited = frame.copy(deep=False)
    for column in given.columns:
        if column in (key, "Id", "Path"):
            continue
        values = list(given[column])
        rows = [row for row in np.flatnonzero(places >= 0) if not is_missing(values[row])]
        if not rows:
            continue
        if column not in frame.columns:
            edited[column] = pd.Series([None] * len(frame), index=frame.index, dtype=object)
        edited[column] = put(edited[column], places[rows], [values[row] for row in rows])
    return edited
