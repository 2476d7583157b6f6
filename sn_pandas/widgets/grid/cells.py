"""Cells that are put into a frame, in place and without a dtype that changes any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...frames.columns.normalizing import Cell
from ...frames.replacing import put


def write(frame: pd.DataFrame, read: pd.DataFrame, cells: Mapping[str, Mapping[int, Cell]]) -> None:
    """Put cells, by column and position, into a frame.

    A cell that the dtype cannot hold makes a column one of objects. Once all its cells fit again, it has the
    dtype that it was read with.

    Parameters
    ----------
    read : DataFrame
        The frame as it was read.
    """
    for name, some in cells.items():
        column = put(frame[name], list(some), some.values())
        if name in read.columns and column.dtype != read[name].dtype:
            column = as_read(column, read[name])
        frame[name] = column


def as_read(column: pd.Series, read: pd.Series) -> pd.Series:
    """Return a column in the dtype that it was read with, if that holds all its cells."""
    dtype: Any = read.dtype
    if isinstance(dtype, pd.CategoricalDtype) and isinstance(column.dtype, pd.CategoricalDtype):
        used = column.cat.remove_unused_categories().cat.categories
        return column.astype(dtype) if used.isin(dtype.categories).all() else column
    if str(column.dtype).lower() == str(dtype) and not column.isna().any():  # Int64, where some were missing
        return column.astype(dtype)
    if column.dtype != object:
        return column
    try:
        blank = pd.Series(read.array[:0].take(np.full(len(column), -1), allow_fill=True), index=column.index)
    except (TypeError, ValueError, IndexError):
        return column
    blank.name = column.name
    fitted = put(blank, np.arange(len(column)), column)
    return fitted if fitted.dtype == dtype else column
