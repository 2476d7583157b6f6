"""What was edited: the cells of a frame that differ from its baseline."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...odata.schema import TEXTS
from ..differences import buffers, differing
from ..tracking import Baseline, Rows, rows_of
from .cells import Cell, same_cell

# Fields whose values differ if cells of one dtype do: no number that is rounded, no option by its label.
_EXACT = frozenset(["Integer", "Boolean", "DateTime", *TEXTS])
# Different values that a column has at least plus one, to be known by them.
_VARIED = 2
#: The columns of ``df.sn.changes()``.
COLUMNS = ("Id", "Path", "field", "before", "after")


@dataclasses.dataclass(frozen=True, slots=True)
class Edit:
    """A cell that was edited.

    Attributes
    ----------
    row : int
        The position of the row in the user's frame.
    id : int
        The content; -1 for a row that is no content yet.
    column : str
        The column, such as ``DueDate`` or ``AssignedTo/Id``.
    """

    row: int
    id: int
    column: str
    before: Cell
    after: Cell


def edits_of(frame: pd.DataFrame, baseline: Baseline, rows: Rows | None = None) -> list[Edit]:
    """Give the edited cells of a frame, row by row in its order; of new rows every cell that is filled.

    Only columns that were read and whose buffers are no longer those of the baseline are compared.
    """
    rows = rows or rows_of(frame, baseline)
    found: list[Edit] = []
    for column in baseline.frame.columns.intersection(frame.columns, sort=False):
        if column != "Id":
            found.extend(_column(column, frame[column], baseline, rows))
    for row in rows.new:
        found.extend(_new(frame, int(row), baseline))
    found.sort(key=lambda edit: edit.row)
    return found


def changes_frame(edits: Sequence[Edit], frame: pd.DataFrame, baseline: Baseline) -> pd.DataFrame:
    """Give edits as a frame of one line a cell."""
    paths = baseline.paths_of([e.id for e in edits])
    data: dict[str, Any] = {
        "Id": pd.array([e.id if e.id > 0 else None for e in edits], dtype="Int64"),
        "Path": pd.array(paths, dtype="str"),
        "field": pd.array([e.column for e in edits], dtype="str"),
        "before": _objects([e.before for e in edits]),
        "after": _objects([e.after for e in edits]),
    }
    return pd.DataFrame(data)


def renamed(
    column: str, missing: Iterable[str], frame: pd.DataFrame, baseline: Baseline, rows: Rows
) -> str | None:
    """Give the one of the missing columns that a new one is by its values: most of them are the same."""
    places = np.arange(len(rows.ids)) if rows.places is None else rows.places
    known = np.flatnonzero(places >= 0)
    now = frame[column].array.take(known)
    for old in missing:
        before = baseline.frame[old].array.take(places[known])
        varied = before.dtype == now.dtype and len(set(map(str, before))) > _VARIED
        if varied and len(differing(before, now)) <= len(known) / 2:
            return old
    return None


def _column(column: str, now: pd.Series, baseline: Baseline, rows: Rows) -> Iterator[Edit]:
    before = baseline.frame[column]
    if rows.places is None:
        if buffers(now.array) == buffers(before.array) is not None:
            return
        old, new, positions = before.array, now.array, None
    else:
        positions = np.flatnonzero(rows.places >= 0)
        old = before.array.take(rows.places[positions])
        new = now.array if len(positions) == len(now) else now.array.take(positions)
    field = baseline.fields.get(column)
    at = differing(old, new)
    exact = old.dtype == new.dtype and field is not None and field.type in _EXACT
    numbers = at if positions is None else positions[at]
    cells = zip(numbers.tolist(), rows.ids[numbers].tolist(), _taken(old, at), _taken(new, at), strict=True)
    for row, id_, was, is_ in cells:
        if exact or not same_cell(field, was, is_):
            yield Edit(row, id_, column, was, is_)


def _taken(array: Any, places: npt.NDArray[np.intp]) -> list[Any]:
    """Give the cells at some places."""
    return list(array.take(places)) if len(places) else []


def _new(frame: pd.DataFrame, row: int, baseline: Baseline) -> Iterator[Edit]:
    known = baseline.repo.schema.fields
    for column, cell in zip(frame.columns, frame.iloc[row].array, strict=True):
        is_field = column in baseline.frame.columns or column in known
        if is_field and column != "Id" and not same_cell(baseline.fields.get(column), None, cell):
            yield Edit(row, -1, column, None, cell)


def _objects(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    return np.fromiter(values, dtype=object, count=len(values))  # an assignment would unpack lists
