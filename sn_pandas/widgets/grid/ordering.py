"""Which rows of a frame the grid shows, and in which order."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...frames.spreadsheets.sheet_cells import Column

_NUMBER = re.compile(r"(\d+)")

Positions = npt.NDArray[np.intp]


def natural(text: str) -> tuple[Any, ...]:
    """Return what orders texts as people do: by their letters, and numbers in them by their value.

    Examples
    --------
    >>> sorted(["Room 10", "room 9", "Room 1"], key=natural)
    ['Room 1', 'room 9', 'Room 10']
    """
    parts = _NUMBER.split(text.casefold())
    return tuple(int(part) if number % 2 else part for number, part in enumerate(parts))


def ranks(column: Column, cells: pd.Series, texts: list[str]) -> npt.NDArray[np.float64]:
    """Return a number for each cell that orders it among the others; NaN for one that is empty.

    Numbers and dates go by their value, options in the order of the schema, everything else by the text that
    is shown. Cells that are not of their column's kind come last.
    """
    if column.kind == "number":
        return np.asarray(pd.to_numeric(cells, errors="coerce").astype("Float64"), dtype=np.float64)
    if column.kind == "date":
        dates = pd.to_datetime(cells, errors="coerce", utc=True, format="ISO8601")
        moments = dates.dt.tz_localize(None).to_numpy("datetime64[us]")
        return np.where(np.isnat(moments), np.nan, moments.astype(np.int64).astype(np.float64))
    if column.kind == "choice":
        order = {label: number for number, label in enumerate(column.labels.values())}
        return np.array([order.get(t, len(order)) if t else np.nan for t in texts], dtype=np.float64)
    distinct = sorted(set(texts), key=natural)
    order = {text: number for number, text in enumerate(distinct)}
    return np.array([order[t] if t else np.nan for t in texts], dtype=np.float64)


def sort(positions: Positions, keys: list[tuple[npt.NDArray[np.float64], bool]]) -> Positions:
    """Return positions ordered by several keys, of which the first counts most; empty cells come last."""
    for values, ascending in reversed(keys):
        some = values[positions]
        positions = positions[np.argsort(some if ascending else -some, kind="stable")]
    return positions
