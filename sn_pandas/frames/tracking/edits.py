"""The edits of a frame: the cells that differ from its baseline."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...odata.refs import as_ref
from ...odata.schema import Field
from ..columns.cells import are_same_cells
from ..columns.normalizing import Cell, freeze, to_plain
from ..columns.unusable import Unusable
from .baseline import Baseline
from .differences import find_differences, get_scalars, locate_buffers
from .matching import Rows, match_rows

# Fields whose values differ if cells of one dtype do: no number that is rounded, no option by its label.
_EXACT = ("integer", "truth", "text")
# Different values that a column has at least plus one, to be known by them.
_DISTINCT_VALUES = 2
_row_of = operator.itemgetter(0)
#: The columns of ``df.sn.changes()``.
COLUMNS = ("Id", "Path", "field", "before", "after")


class Edit(NamedTuple):
    """An edited cell.

    Attributes
    ----------
    row : int
        The position of the row in the user's frame.
    id : int
        The content; -1 for a row that is not a content yet.
    column : str
        The column, such as ``DueDate`` or ``AssignedTo/Id``.
    """

    row: int
    id: int
    column: str
    before: Cell
    after: Cell


def find_edits(frame: pd.DataFrame, baseline: Baseline, rows: Rows | None = None) -> list[Edit]:
    """Return the edited cells of a frame, row by row in its order; of new rows every cell that is filled.

    Only columns that were read and whose buffers are no longer those of the baseline are compared.
    """
    rows = rows or match_rows(frame, baseline)
    frame = frame.copy(deep=False)
    frame.attrs = {}  # pandas copies them deeply for each column that is looked at
    found: list[Edit] = []
    for column in _list_common_columns(frame, baseline):
        found.extend(_iter_edits(column, _compare_column(column, frame, baseline, rows), baseline, rows))
    for row in rows.new:
        found.extend(_iter_new(frame, int(row), baseline))
    found.sort(key=_row_of)
    return found


def count_edits(frame: pd.DataFrame, baseline: Baseline, many: int) -> int:
    """Count the edited cells; where a column has more than ``many``, those that may be edited."""
    rows = match_rows(frame, baseline)
    found = 0
    for column in _list_common_columns(frame, baseline):
        compared = _compare_column(column, frame, baseline, rows)
        few = len(compared.at) <= many
        found += sum(1 for _ in _iter_edits(column, compared, baseline, rows)) if few else len(compared.at)
    return found + sum(len(list(_iter_new(frame, int(row), baseline))) for row in rows.new[:many])


def build_changes_frame(edits: Sequence[Edit], frame: pd.DataFrame, baseline: Baseline) -> pd.DataFrame:
    """Return edits as a frame with one row per cell."""
    _, numbers, columns, before, after = zip(*edits, strict=True) if edits else ((),) * 5
    ids = np.fromiter(numbers, dtype=np.int64, count=len(edits))
    fields = [_field_of(column, baseline) for column in set(columns)]
    if Unusable in set(map(type, after)) or any(f and (f.is_secret or f.is_reference) for f in fields):
        after = tuple(shown_value(edit, baseline) for edit in edits)
    data: dict[str, Any] = {
        "Id": pd.arrays.IntegerArray(np.where(ids > 0, ids, 1), ids <= 0),
        "Path": baseline.get_path_array(ids),
        "field": pd.array(columns, dtype="str"),
        "before": _to_objects(before),
        "after": _to_objects(after),
    }
    return pd.DataFrame(data, copy=False)


def shown_value(edit: Edit, baseline: Baseline) -> Cell:
    """Return the new value of an edit for display: a password as dots, a reference by name as that name."""
    cell = edit.after.value if isinstance(edit.after, Unusable) else edit.after
    field = _field_of(edit.column, baseline)
    if field is not None and field.is_secret and cell:
        return "•••"
    return _names(freeze(cell)) if field is not None and field.is_reference else freeze(cell)


def _names(cell: Cell) -> Cell:
    if isinstance(cell, list):
        return [_names(item) for item in cell]
    found = as_ref(cell)
    return cell if found is None else found.name


def _field_of(column: str, baseline: Baseline) -> Field | None:
    return baseline.fields.get(column) or baseline.repo.schema.fields.get(column)


def find_renamed(
    column: str, missing: Iterable[str], frame: pd.DataFrame, baseline: Baseline, rows: Rows
) -> str | None:
    """Return the one of the missing columns that a new one is by its values: most of them are the same."""
    places = np.arange(len(rows.ids)) if rows.places is None else rows.places
    matched = np.flatnonzero(places >= 0)
    now = frame[column].array.take(matched)
    for old in missing:
        before = baseline.frame[old].array.take(places[matched])
        is_distinctive = before.dtype == now.dtype and len(set(map(str, before))) > _DISTINCT_VALUES
        if is_distinctive and len(find_differences(before, now)) <= len(matched) / 2:
            return old
    return None


class _Compared(NamedTuple):
    """The old and new cells of a column, and the positions where they may differ in both."""

    old: Any
    new: Any
    at: npt.NDArray[np.intp]
    numbers: npt.NDArray[np.intp]


def _list_common_columns(frame: pd.DataFrame, baseline: Baseline) -> list[str]:
    return [c for c in baseline.frame.columns.intersection(frame.columns, sort=False) if c != "Id"]


def _compare_column(column: str, frame: pd.DataFrame, baseline: Baseline, rows: Rows) -> _Compared:
    now, (before, place) = frame[column].array, baseline.arrays[column]
    if rows.places is None:
        same = place is not None and locate_buffers(now) == place
        at = np.empty(0, dtype=np.intp) if same else find_differences(before, now)
        return _Compared(before, now, at, at)
    positions = np.flatnonzero(rows.places >= 0)
    old = before.take(rows.places[positions])
    new = now if len(positions) == len(now) else now.take(positions)
    at = find_differences(old, new)
    return _Compared(old, new, at, positions[at])


def _iter_edits(column: str, compared: _Compared, baseline: Baseline, rows: Rows) -> Iterator[Edit]:
    old, new, at, numbers = compared
    if not len(at):
        return
    field = baseline.fields.get(column)
    exact = old.dtype == new.dtype and field is not None and field.kind.value in _EXACT
    cells = zip(
        numbers.tolist(),
        rows.ids[numbers].tolist(),
        itertools.repeat(column, len(at)),
        get_scalars(old, at),
        get_scalars(new, at),
        strict=True,
    )
    if exact:
        yield from map(Edit._make, cells)
        return
    for row, id_, _, was, is_ in cells:
        if not are_same_cells(field, was, is_):
            yield Edit(row, id_, column, was, to_plain(is_) if isinstance(is_, np.floating) else is_)


def _iter_new(frame: pd.DataFrame, row: int, baseline: Baseline) -> Iterator[Edit]:
    fields = baseline.repo.schema.fields
    for column, cell in zip(frame.columns, frame.iloc[row].array, strict=True):
        is_field = column in baseline.frame.columns or column in fields
        if is_field and column != "Id" and not are_same_cells(baseline.fields.get(column), None, cell):
            yield Edit(row, -1, column, None, cell)


def _to_objects(values: Sequence[Any]) -> pd.Series:
    """Return a column of unconverted copies of cells: pandas would unpack lists and fails for some texts."""
    cells = np.fromiter(map(freeze, values), dtype=object, count=len(values))
    return pd.Series(cells, dtype=object, copy=False)
