"""Where two pandas or numpy arrays differ, and whether they share memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def find_differences(old: Any, new: Any) -> npt.NDArray[np.intp]:
    """Return the positions where two arrays of one length may differ.

    A number that is the old one in a dtype of fewer digits, such as ``float32``, does not differ.
    """
    old, new = (a.to_numpy() if isinstance(a, pd.arrays.NumpyExtensionArray) else a for a in (old, new))
    if old.dtype == object and new.dtype == object:
        return _compare_objects(np.asarray(old), np.asarray(new))
    if isinstance(old, pd.Categorical) and isinstance(new, pd.Categorical):
        if old.categories.equals(new.categories):
            return np.flatnonzero(old.codes != new.codes)
        old, new = np.asarray(old, dtype=object), np.asarray(new, dtype=object)
    if old.dtype == new.dtype:
        at = _compare_memory(old, new)
        if at is None:
            return np.flatnonzero(_are_unequal(old, new))
        return at[_are_unequal(old.take(at), new.take(at))] if len(at) else at
    if (small := _get_small_float(new.dtype)) is not None and _is_numeric(old.dtype):
        with np.errstate(over="ignore"):
            before = _to_floats(old).astype(small)
        after = _to_floats(new).astype(small)
        return np.flatnonzero((before != after) & ~(np.isnan(before) & np.isnan(after)))
    return _compare_objects(np.asarray(old, dtype=object), np.asarray(new, dtype=object))


def get_scalars(array: Any, places: npt.NDArray[np.intp]) -> list[Any]:
    """Return the cells at some positions; floats with fewer digits as such."""
    if not len(places):
        return []
    small = _get_small_float(array.dtype)
    taken = array.take(places)
    # of numbers, plain ones are made at once; dates would lose their type
    cells: list[Any] = list(taken) if isinstance(taken, np.ndarray) else taken.tolist()
    return cells if small is None else [cell if pd.isna(cell) else small.type(cell) for cell in cells]


def _compare_memory(old: Any, new: Any) -> npt.NDArray[np.intp] | None:
    """Return where the memory of two arrays of one dtype differs; None if that is inconclusive."""
    one, other = _get_memory(old), _get_memory(new)
    if one is None or other is None:
        return None
    unlike = one[0] != other[0]
    for mine, theirs in zip(one[1:], other[1:], strict=True):
        unlike |= mine != theirs
    return np.flatnonzero(unlike) if unlike.any() else np.empty(0, dtype=np.intp)


def _get_memory(array: Any) -> list[npt.NDArray[Any]] | None:
    """Return the arrays of plain numbers that an array consists of, compared bit by bit."""
    parts = [array] if isinstance(array, np.ndarray) else get_parts(array)
    if not parts or any(part.dtype.kind == "O" or part.dtype.itemsize not in (1, 2, 4, 8) for part in parts):
        return None
    return [part.view(f"u{part.dtype.itemsize}") for part in parts]


def get_parts(array: Any) -> list[npt.NDArray[Any]]:
    """Return the numpy arrays that an extension array consists of, if it does: values and mask, or dates."""
    for names in (("_data", "_mask"), ("_ndarray",)):  # masked arrays; dates, categories and numpy columns
        parts = [part for name in names if isinstance(part := getattr(array, name, None), np.ndarray)]
        if len(parts) == len(names):
            return parts
    return []


def _are_unequal(old: Any, new: Any) -> npt.NDArray[np.bool_]:
    gone, was_gone = pd.isna(new), pd.isna(old)
    unequal = np.asarray(pd.Series(old != new).fillna(True), dtype=bool)
    return np.asarray((unequal & ~(gone & was_gone)) | (gone != was_gone), dtype=bool)


def _get_small_float(dtype: Any) -> np.dtype[Any] | None:
    """Return the numpy dtype of floats with fewer digits than a ``float64``; None for others."""
    plain = dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", None)
    small = isinstance(plain, np.dtype) and plain.kind == "f" and plain.itemsize < np.dtype("f8").itemsize
    return plain if small else None


def _is_numeric(dtype: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(dtype)) and not pd.api.types.is_bool_dtype(dtype)


def _to_floats(array: Any) -> npt.NDArray[np.float64]:
    return np.asarray(pd.Series(array).to_numpy(dtype="float64", na_value=np.nan))


def locate_buffers(array: Any) -> Any:
    """Return where the values of an array are in memory; None if this cannot be determined."""
    if isinstance(array, pd.Categorical):
        return (locate_buffers(array.codes), id(array.categories))
    if isinstance(array, np.ndarray):
        face = array.__array_interface__
        return (face["data"][0], face["shape"], face["strides"])
    if parts := get_parts(array):
        return tuple(map(locate_buffers, parts))
    chunks = getattr(getattr(array, "_pa_array", None), "chunks", None)
    if chunks is not None:
        return tuple((c.offset, len(c), *(b.address if b else 0 for b in c.buffers())) for c in chunks)
    return None


def _compare_objects(old: npt.NDArray[np.object_], new: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    """Return the positions where two arrays of objects may differ."""
    before, after = old.tolist(), new.tolist()
    try:
        if set(map(type, after)) <= _COMPARABLE and before == after:
            return np.empty(0, dtype=np.intp)
        pairs = enumerate(zip(before, after, strict=True))
        unlike = (n for n, (one, other) in pairs if one is not other and _may_differ(one, other))
        return np.fromiter(unlike, np.intp)
    except (ValueError, TypeError):  # cells that hold arrays or rows say neither yes nor no
        return np.arange(len(old))


def _may_differ(one: Any, other: Any) -> bool:
    """Return whether two cells may differ; comparing them as arrays is unreliable."""
    return type(one) is not type(other) or type(one) not in _COMPARABLE or one != other


#: Types of cells that say whether they are equal.
_COMPARABLE = frozenset([str, int, float, bool, list, tuple, set, frozenset, dict, type(None), pd.Timestamp])
