"""The baseline values in memory that no write to the frame can reach, without copying them.

pandas copies a column before it writes to one that two frames share, but it does not see who writes
through ``Series.values``, ``Series.array`` or numpy. So a frame and its baseline share nothing that can be
written to:

* Texts in Arrow memory cannot be written to; both have the same.
* Of objects, the lists, sets, arrays and dicts are copied, by whoever makes a frame the baseline of another.
* Numbers, booleans, dates and categories lie in memory of the operating system that is mapped twice:
  once as it is, for the baseline, and once as a private copy, for the frame, of which the system copies a
  page at the first write to it, whoever writes. Where there is little of it, or the system has no such
  memory, it is copied.
"""

from __future__ import annotations

import mmap
import os
import sys
import weakref
from collections.abc import Hashable, MutableMapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..columns.normalizing import freeze
from .differences import get_parts

#: Bytes from which on memory is mapped instead of copied.
MAPPED_FROM = 1 << 20
#: How many mappings there are at a time: each may hold an open file.
_MOST_MAPPINGS = 200
_ALIGNED = 64

_mappings: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


def split(columns: MutableMapping[Hashable, Any]) -> tuple[dict[Hashable, Any], dict[Hashable, Any]]:
    """Return columns to be handed out, and the same once more, whatever is written to the first.

    Parameters
    ----------
    columns : mapping
        Arrays by name, and series of objects, which are in both as they are. They are taken out of it one by
        one, so that the memory of each is free again before the next needs some.

    Examples
    --------
    >>> shown, kept = split({"Index": pd.array([1, 2])})
    >>> shown["Index"][0] = 5
    >>> kept["Index"].tolist()
    [1, 2]
    """
    order = list(columns)
    size = sum(part.nbytes for column in columns.values() for part in _get_numbers(column))
    arena = _Arena.open() if size >= MAPPED_FROM else None
    kept: dict[Hashable, Any] = {}
    shown: dict[Hashable, Any] = {}
    for name in order:
        column = columns.pop(name)
        if arena is None or not _get_numbers(column) or not arena.add(name, column):
            shown[name] = column
            kept[name] = column if isinstance(column, pd.Series) else unshare(column)
        del column
    if arena is not None:
        arena.close(shown, kept)
    return {name: shown[name] for name in order}, {name: kept[name] for name in order}


def unshare(column: Any) -> Any:
    """Return a column with the same cells that shares no memory that can be written to."""
    if isinstance(column, pd.Series):
        return pd.Series(unshare(column.array), index=column.index, dtype=column.dtype, copy=False)
    if isinstance(column, pd.arrays.NumpyExtensionArray):
        column = column.to_numpy()
    if column.dtype == object:
        memo: dict[Any, Any] = {}
        return np.fromiter((freeze(cell, memo) for cell in column), dtype=object, count=len(column))
    return column.view() if hasattr(column, "_pa_array") else column.copy()


def unshare_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the same cells that shares no memory that can be written to."""
    columns = {place: unshare(frame.iloc[:, place]) for place in range(frame.shape[1])}
    copy = pd.DataFrame(columns, index=frame.index, copy=False)
    copy.columns = frame.columns
    return copy


def _get_numbers(column: Any) -> list[npt.NDArray[Any]]:
    """Return the memory of a numeric column; None for objects and texts."""
    if isinstance(column, pd.Series):
        return []
    parts = [column] if isinstance(column, np.ndarray) else get_parts(column)
    plain = all(part.dtype.kind in "biufmM" and part.ndim == 1 and len(part) for part in parts)
    return parts if plain else []


class _Arena:
    """Memory of the operating system that columns are written to, and that is then mapped twice."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._size = 0
        self._places: dict[Hashable, tuple[Any, list[tuple[np.dtype[Any], int, int]]]] = {}

    @classmethod
    def open(cls) -> _Arena | None:
        """Return an arena; None if the system has none or too many are in use."""
        if not hasattr(os, "memfd_create") or len(_mappings) >= _MOST_MAPPINGS:
            return None
        try:
            return cls(os.memfd_create("sn_pandas", os.MFD_CLOEXEC))
        except OSError:
            return None

    def add(self, name: Hashable, column: Any) -> bool:
        """Write a column, and return whether it fit."""
        places = []
        for part in _get_numbers(column):
            places.append((part.dtype, len(part), self._size))
            data = np.ascontiguousarray(part).view("u1").data
            while data:
                try:
                    written = os.pwrite(self._file, data, self._size)
                except OSError:  # no memory is left, or files of this process may not be that large
                    return False
                data, self._size = data[written:], self._size + written
            self._size += -self._size % _ALIGNED
        self._places[name] = (column[:0], places)
        return True

    def close(self, shown: dict[Hashable, Any], kept: dict[Hashable, Any]) -> None:
        """Map the memory, and replace its columns by two read-only mappings."""
        with os.fdopen(self._file, "rb") as stream:
            if not self._places:
                return
            os.truncate(self._file, self._size)
            for access, columns in ((mmap.ACCESS_COPY, shown), (mmap.ACCESS_READ, kept)):
                memory = _map_file(stream, self._size, access)
                for name, (like, places) in self._places.items():
                    columns[name] = _rebuild_array(like, [np.frombuffer(memory, *place) for place in places])


def _map_file(stream: IO[bytes], size: int, access: int) -> mmap.mmap | bytearray:
    """Return a mapping of a file; a copy of it where the system does not map it."""
    options = {"trackfd": False} if sys.version_info >= (3, 13) else {}
    try:
        memory = mmap.mmap(stream.fileno(), size, access=access, **options)
    except OSError:  # there are as many mappings, open files or pages as there may be
        stream.seek(0)
        return bytearray(stream.read(size))
    _mappings.add(memory)
    return memory


def _rebuild_array(like: Any, parts: list[npt.NDArray[Any]]) -> Any:
    """Return an array of the same kind as another one, built from parts."""
    if isinstance(like, np.ndarray):
        return parts[0]
    return type(like)(*parts) if len(parts) > 1 else like._from_backing_data(parts[0])
