"""Which content each row of a frame is."""

from __future__ import annotations

import dataclasses
import gc
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...odata.errors import TrackingError
from .baseline import KEY, Baseline, list_baselines
from .differences import find_differences, locate_buffers
from .foreign_rows import reject_foreign_rows


@dataclasses.dataclass(frozen=True)
class Rows:
    """Which content each row of a frame is.

    Attributes
    ----------
    ids : array of int
        The content's id; -1 for a row that is not a content yet.
    places : array of int, or None
        Where the row stands in the baseline, -1 for a new one; None if both are in the same order.
    """

    ids: npt.NDArray[np.int64]
    places: npt.NDArray[np.intp] | None

    @property
    def new(self) -> npt.NDArray[np.intp]:
        """The positions of the rows that are not contents yet."""
        if self.places is None:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(self.places < 0)

    @property
    def existing(self) -> list[int]:
        """The ids of the rows that are contents."""
        return [int(id_) for id_ in self.ids if id_ > 0]


def match_rows(frame: pd.DataFrame, baseline: Baseline, *, sure: bool = False) -> Rows:
    """Return the content of each row.

    Parameters
    ----------
    sure : bool
        Whether it is known that the rows belong to the baseline.

    Raises
    ------
    TrackingError
        If rows cannot be matched: no ``Id``, one twice, one that was not read, or one of another read.
    """
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise TrackingError(f"the frame has two columns {twice!r}; drop or rename one")
    index = baseline.frame.index
    if "Id" not in frame.columns and (frame.index.is_(index) or _is_same(frame.index, index)):
        return Rows(index.to_numpy(), None)
    ids = _read_ids(frame, baseline)
    existing = ids > 0
    sure = sure or KEY in frame.attrs
    if sure and len(ids) == len(baseline.frame) and np.array_equal(ids, baseline.frame.index.to_numpy()):
        return Rows(ids, None)
    _require_unique(ids[existing])
    places = np.full(len(ids), -1, dtype=np.intp)
    places[existing] = baseline.frame.index.get_indexer(pd.Index(ids[existing]))
    foreign = ids[existing & (places < 0)]
    if len(foreign):
        raise TrackingError(
            f"{_describe_ids(foreign)} not among the rows that this frame was read with; "
            "leave Id empty (or give a negative one) for rows to be created, or rebase the frame: "
            "sn_pandas.rebase(df, repo)"
        )
    if not sure:
        try:
            reject_foreign_rows(frame, baseline, ids, places, list_baselines())
        except TrackingError:  # frames that only finished exceptions hold are not reads to be mixed up with
            gc.collect()
            reject_foreign_rows(frame, baseline, ids, places, list_baselines())
    return Rows(ids, places)


def _is_same(index: pd.Index, other: pd.Index) -> bool:
    """Return whether two indexes have the same name and share read-only memory."""
    return index.name == other.name and locate_buffers(index.to_numpy()) == locate_buffers(other.to_numpy())


def find_ids(frame: pd.DataFrame) -> npt.NDArray[np.int64] | list[str] | None:
    """Return the ids of the rows, -1 for new ones; or their paths; None if it has neither.

    Raises
    ------
    TrackingError
        If a number has a fraction: it is not an id, and without it the row would be that of another content.
    """
    if "Id" in frame.columns:
        values: Any = frame["Id"]
    elif "Id" in frame.index.names:
        values = frame.index.get_level_values("Id")
    elif "Path" in frame.columns:
        return [str(path) for path in frame["Path"]]
    else:
        return None
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "i":
        numbers = values.to_numpy()
    else:
        numbers = pd.to_numeric(pd.Series(np.asarray(values, dtype=object)), errors="coerce")
        numbers = numbers.fillna(-1).to_numpy()
        floats = numbers.astype(np.float64)
        wrong = np.flatnonzero(~np.isfinite(floats) | (np.floor(floats) != floats))
        if len(wrong):
            raise TrackingError(
                f"{numbers[wrong[0]]} is not an Id: ids are integers. The rows may be averages or the like "
                "of contents; if they are contents, take their ids from the frame that was read"
            )
    return np.where(numbers > 0, numbers, -1).astype(np.int64)  # no content has the id 0


def _read_ids(frame: pd.DataFrame, baseline: Baseline) -> npt.NDArray[np.int64]:
    """Return the ids of the rows, by path if necessary; -1 for new ones."""
    found = find_ids(frame)
    if isinstance(found, np.ndarray):
        return found
    if found is None or "Path" not in baseline.frame.columns:
        raise TrackingError(
            "the frame has neither Id nor Path, so its rows cannot be matched to contents. Keep Id: after "
            "merged = df.reset_index().merge(…) call merged.sn.rebase(df), or use df.join(…), which keeps "
            "the index. To add rows, use df.sn.append(rows). If Id is already lost, merge it in again by a "
            "column that identifies the rows"
        )
    paths = pd.Index(baseline.frame["Path"])
    if not paths.is_unique:
        twice = paths[paths.duplicated()][0]
        raise TrackingError(f"the frame has no Id, and {twice} is the path of several contents: keep Id")
    places = paths.get_indexer(pd.Index(found))
    if (places < 0).any():
        missing = [path for path, place in zip(found, places, strict=True) if place < 0]
        raise TrackingError(f"the frame has no Id, and {missing[0]!r} is the path of no row that was read")
    ids = np.asarray(baseline.frame.index.to_numpy()[places], dtype=np.int64)
    if not np.array_equal(frame.index.to_numpy(), ids):  # JSON keeps the labels, and not that they are the Id
        _refuse_tables(frame, baseline, places)
    return ids


def _refuse_tables(frame: pd.DataFrame, baseline: Baseline, places: npt.NDArray[np.intp]) -> None:
    """Raise for an aggregated table, such as ``df.mode()``: its rows are not contents.

    Without an Id, rows are known by their Path, which a table of the commonest or the greatest values has,
    too. Its rows are labelled by what they are, and not by the Path or Name of a content, or differ in what
    nobody can edit.
    """
    fixed = [
        str(column)
        for column in baseline.frame.columns.intersection(frame.columns)
        if column != "Path" and not getattr(baseline.fields.get(str(column)), "editable", False)
    ]
    other = [
        column
        for column in fixed
        if len(find_differences(baseline.frame[column].array.take(places), frame[column].array))
    ]
    labels, name = frame.index, frame.index.name
    numbered = pd.api.types.is_integer_dtype(labels.dtype)
    if not numbered and name in ("Path", "Name") and name in baseline.frame.columns:
        numbered = not len(find_differences(baseline.frame[name].array.take(places), labels.array))
    if other or not numbered:
        why = f"its {other[0]} is not that of the content" if other else "its rows have other labels"
        way = "" if other else ", or call df.reset_index(drop=True)"
        raise TrackingError(
            f"the frame has no Id, and {why}, so its rows may be aggregates (mode, agg, groupby) instead of "
            f"contents. If they are the rows that were read, keep Id{way}"
        )


def _require_unique(ids: npt.NDArray[np.int64]) -> None:
    index = pd.Index(ids)
    if not index.is_unique:
        twice = index[index.duplicated()].unique().to_numpy()
        raise TrackingError(
            f"{_describe_ids(twice)} in more than one row, so it is not clear which one counts; "
            "drop the others with df[~df.index.duplicated()]"
        )


def _describe_ids(ids: npt.NDArray[np.int64]) -> str:
    shown = ", ".join(map(str, ids[:5])) + (", …" if len(ids) > 5 else "")
    return f"Id {shown} is" if len(ids) == 1 else f"Ids {shown} are"
