"""Where two arrays of pandas or numpy differ, and whether they lie in the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def differing(old: Any, new: Any) -> npt.NDArray[np.intp]:
    """Give the positions where two arrays of one length may differ."""
    old, new = (a.to_numpy() if isinstance(a, pd.arrays.NumpyExtensionArray) else a for a in (old, new))
    if old.dtype == object and new.dtype == object:
        return _unlike(np.asarray(old), np.asarray(new))
    if isinstance(old, pd.Categorical) and isinstance(new, pd.Categorical):
        if old.categories.equals(new.categories):
            return np.flatnonzero(old.codes != new.codes)
        old, new = np.asarray(old, dtype=object), np.asarray(new, dtype=object)
    if old.dtype == new.dtype:
        gone, was_gone = pd.isna(new), pd.isna(old)
        unequal = np.asarray(pd.Series(old != new).fillna(True), dtype=bool)
        return np.flatnonzero((unequal & ~(gone & was_gone)) | (gone != was_gone))
    return _unlike(np.asarray(old, dtype=object), np.asarray(new, dtype=object))


def buffers(array: Any) -> Any:
    """Say where the values of an array lie in memory; None if that cannot be told."""
    if isinstance(array, pd.Categorical):
        return (buffers(array.codes), id(array.categories))
    if isinstance(array, np.ndarray):
        face = array.__array_interface__
        return (face["data"][0], face["shape"], face["strides"])
    for parts in (("_data", "_mask"), ("_ndarray",)):  # masked arrays, dates and plain numpy columns
        if all(isinstance(getattr(array, part, None), np.ndarray) for part in parts):
            return tuple(buffers(getattr(array, part)) for part in parts)
    chunks = getattr(getattr(array, "_pa_array", None), "chunks", None)
    if chunks is not None:
        return tuple((c.offset, len(c), *(b.address if b else 0 for b in c.buffers())) for c in chunks)
    return None


def _unlike(old: npt.NDArray[np.object_], new: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    """Give the positions where two arrays of objects may differ."""
    before, after = old.tolist(), new.tolist()
    try:
        if before == after:
            return np.empty(0, dtype=np.intp)
        pairs = enumerate(zip(before, after, strict=True))
        return np.fromiter((n for n, (one, other) in pairs if one is not other and one != other), np.intp)
    except (ValueError, TypeError):  # cells that hold arrays or rows say neither yes nor no
        return np.arange(len(old))
