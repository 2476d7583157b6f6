"""Cells of a column, or a whole frame, replaced by others, without a dtype that changes any of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from .columns.normalizing import Cell, are_equal


def put(column: pd.Series, places: Any, cells: Iterable[Cell]) -> pd.Series:
    """Return a column with cells replaced, in its own dtype if possible.

    A category that the dtype lacks is added to it. Whatever else it cannot hold as it is makes the column one
    of objects, so that no cell is ever changed by its dtype.
    """
    values = list(cells)
    new = np.fromiter(values, dtype=object, count=len(values))
    array = column.array.copy()
    if isinstance(array, pd.Categorical):
        texts = dict.fromkeys(value for value in values if isinstance(value, str))
        lacking = [text for text in texts if text not in array.categories]
        array = array.add_categories(lacking) if lacking else array
    try:
        # an array of numpy takes no objects; the cells are compared with what they have become
        kind = array.to_numpy().dtype if isinstance(array, pd.arrays.NumpyExtensionArray) else np.dtype("O")
        array[places] = np.array(values, dtype=kind) if kind.kind != "O" else new
        held = list(array.take(places)) if len(values) else []
    except (TypeError, ValueError, OverflowError, NotImplementedError):
        held = None
    if held is None or not all(map(holds, held, values)):
        array = column.array.astype(object)
        array[places] = new
    whole: pd.Series[Any] = pd.Series(
        array, index=column.index, dtype=array.dtype, name=column.name, copy=False
    )
    return whole


def holds(held: Cell, value: Cell) -> bool:
    """Return whether a cell has the value that was assigned to it."""
    if isinstance(held, str) or isinstance(value, str):
        return isinstance(value, str) and bool(held == value)
    return held is value or are_equal(held, value)


def become(frame: pd.DataFrame, other: pd.DataFrame) -> None:
    """Replace the rows and columns of a frame by those of another one, in place."""
    # drop(inplace=True) and the like are deprecated since pandas 3.1; the stubs take this method for a column
    frame.__setstate__(other.__getstate__())  # type: ignore[operator]  # see above
