"""Columns that grow page by page, in not much more memory than they have in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

try:
    import pyarrow as pa
except ImportError:  # the extra "fast" is not installed
    pa = None

_SMALL = 32  # chunks of which one is made as they come


class Objects:
    """Values without conversion."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def add(self, chunk: Sequence[Any]) -> None:
        """Add the values of a page."""
        self._values.extend(chunk)

    def done(self) -> Any:
        """Return the column."""
        result = np.empty(len(self._values), dtype=object)
        result[:] = self._values
        return result


class Texts:
    """Texts as pandas stores them: in pyarrow chunks if pyarrow is installed."""

    def __init__(self) -> None:
        self._chunks: list[Any] = []
        self._small: list[Any] = []

    def add(self, chunk: Any) -> None:
        """Add the texts of a page."""
        self._small.append(chunk)
        if len(self._small) == _SMALL and pa is not None:
            self._chunks.append(pa.concat_arrays(self._small))
            self._small.clear()

    def done(self) -> Any:
        """Return the column."""
        dtype = pd.StringDtype(na_value=np.nan)
        if pa is None:
            return pd.array([text for chunk in self._small for text in chunk], dtype=dtype)
        rest = [pa.concat_arrays(self._small)] if self._small else []
        whole = pa.chunked_array([*self._chunks, *rest], pa.large_string())
        return dtype.__from_arrow__(whole)  # type: ignore[attr-defined]  # the stubs lack the protocol of Arrow


class Fixed:
    """Values of one width, in an array that has the expected length from the beginning."""

    def __init__(self, dtype: str, expected: int) -> None:
        self._array: npt.NDArray[Any] = np.empty(expected, dtype)
        self._length = 0

    def add(self, chunk: Any) -> None:
        """Add the values of a page."""
        end = self._length + len(chunk)
        if end > len(self._array):
            grown = np.empty(max(end, len(self._array) * 5 // 4), self._array.dtype)
            grown[: self._length] = self._array[: self._length]
            self._array = grown
        self._array[self._length : end] = chunk
        self._length = end

    def done(self) -> Any:
        """Return the column."""
        whole = self._array[: self._length]
        return whole.copy() if self._length < 0.9 * len(self._array) else whole


class Masked:
    """Values of one width, some of them missing."""

    def __init__(self, dtype: str, expected: int, make: Callable[[Any, Any], Any]) -> None:
        self._values = Fixed(dtype, expected)
        self._missing = Fixed("bool", expected)
        self._make = make

    def add(self, chunk: tuple[Any, Any]) -> None:
        """Add the values of a page, with a mask of the missing ones."""
        values, missing = chunk
        self._values.add(values)
        self._missing.add(np.zeros(len(values), bool) if missing is None else missing)

    def done(self) -> Any:
        """Return the column."""
        return self._make(self._values.done(), self._missing.done())


class Read:
    """Values of fixed width that are converted in bulk."""

    def __init__(
        self, dtype: str, expected: int, read: Callable[[list[Any]], Any], make: Callable[[Any], Any]
    ) -> None:
        self._values = Fixed(dtype, expected)
        self._waiting: list[Any] = []
        self._read = read
        self._make = make

    def add(self, chunk: Any) -> None:
        """Add the raw values of a page."""
        self._waiting.append(chunk)
        if len(self._waiting) == _SMALL:
            self._flush()

    def join(self) -> Any:
        """Return the values so far."""
        if self._waiting:
            self._flush()
        return self._values.done()

    def done(self) -> Any:
        """Return the column."""
        return self._make(self.join())

    def _flush(self) -> None:
        self._values.add(self._read(self._waiting))
        self._waiting.clear()
