"""New rows of a frame, which are to become new contents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ...odata.errors import SaveWarning, TrackingError, did_you_mean
from ...odata.warning import warn_user
from ..columns.cells import is_missing
from ..columns.encoders import has_no_zone, option_of
from ..tracking.baseline import Baseline, get_baseline
from ..tracking.matching import find_ids

#: What rows to be appended may be: a frame, or what ``pandas.DataFrame`` makes one of.
Rows = pd.DataFrame | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]


def append(frame: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    """Return a frame with new rows appended; see ``Accessor.append``."""
    baseline = get_baseline(frame)
    new = check_rows(rows, frame, baseline)
    columns, labels = {}, _create_labels(frame, len(new), baseline)
    for column in dict.fromkeys([*frame.columns, *new.columns]):
        old = frame[column] if column in frame.columns else _create_missing_cells(len(frame))
        given = new[column] if column in new.columns else _create_missing_cells(len(new))
        if column == "Id":
            given = pd.Series(_free(old, len(new), baseline), dtype="int64")
        joined = _join_cells(str(column), old, given, baseline)
        joined.index = labels
        columns[column] = joined  # a series: of an array of objects pandas may make texts
    both = pd.DataFrame(columns, index=labels)
    both.attrs = dict(frame.attrs)
    return both


def check_rows(rows: Rows, frame: pd.DataFrame, baseline: Baseline) -> pd.DataFrame:
    """Return the new rows, after checking that each of their columns is a field."""
    new = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    if not new.columns.is_unique:
        raise TrackingError(f"the rows have two columns {new.columns[new.columns.duplicated()][0]!r}")
    ids = find_ids(new)
    if ids is not None and not isinstance(ids, list) and (ids > 0).any():
        existing = ids[ids > 0]
        raise TrackingError(
            f"the rows to append have the Id {existing[0]} of a content, and new rows have none. Drop it "
            "with .drop(columns='Id') or .reset_index(drop=True)"
        )
    new = new.drop(columns="Id", errors="ignore")
    fields = [*frame.columns, *baseline.repo.schema.fields, "Path", "Type"]
    for column in new.columns:
        if column not in fields:
            hint = did_you_mean(str(column), [str(name) for name in fields])
            raise TrackingError(f"{column} is neither a column of the frame nor a field.{hint}")
    return new


def _create_labels(frame: pd.DataFrame, count: int, baseline: Baseline) -> pd.Index:
    """Return the labels of all rows: new contents have negative ids, or go on counting."""
    index = frame.index
    more: Iterable[Any]
    if index.name == "Id":
        more = _free(index, count, baseline)
    elif "Id" not in frame.columns:
        raise TrackingError("rows can only be appended to a frame that has Id as its index or a column")
    elif pd.api.types.is_integer_dtype(index.dtype):
        first = int(index.max()) + 1 if len(index) else 0
        more = range(first, first + count)
    else:
        more = [f"new {n}" for n in range(1, count + 1)]
    labels: pd.Index = pd.Index([*index, *more], name=index.name)
    return labels


def _free(ids: pd.Series | pd.Index, count: int, baseline: Baseline) -> range:
    """Return unused negative ids, which identify creations."""
    numbers = pd.to_numeric(pd.Series(ids).astype(object), errors="coerce").dropna()
    issued = baseline.shared.issued
    low = int(min(0, numbers.min() if len(numbers) else 0, min(issued, default=0)))
    new = range(low - 1, low - 1 - count, -1)
    issued.update(new)
    return new


def _create_missing_cells(count: int) -> pd.Series:
    return pd.Series([None] * count, dtype=object)


def _join_cells(column: str, old: pd.Series, given: pd.Series, baseline: Baseline) -> pd.Series:
    """Return the cells of a column and those of its new rows, in its dtype if they fit."""
    cells = [None if is_missing(cell) else cell for cell in given]
    fitted = _fit_cells(column, cells, old, baseline)
    both: pd.Series[Any] = pd.concat([old, fitted], ignore_index=True)
    return both


def _fit_cells(column: str, cells: list[Any], old: pd.Series, baseline: Baseline) -> pd.Series:
    dtype: Any = {"bool": "boolean", "int64": "Int64"}.get(str(old.dtype), old.dtype)  # some may be missing
    plain = pd.Series([*cells, None], dtype=object).iloc[:-1]  # lists stay cells
    try:
        if isinstance(dtype, pd.CategoricalDtype):
            field = baseline.fields.get(column)
            values = [option_of(field, cell) if field and cell is not None else cell for cell in cells]
            if set(values) - {None} <= set(dtype.categories):
                return pd.Series(pd.Categorical(values, dtype=dtype))
        elif isinstance(dtype, pd.DatetimeTZDtype):
            if any(cell is not None and has_no_zone(cell) for cell in cells):
                said = f"dates of {column} have no time zone and are taken as UTC; "
                said += "set another one with .dt.tz_localize(…)"
                warn_user(said, SaveWarning)
            return pd.to_datetime(plain, utc=True).dt.tz_convert(dtype.tz).astype(dtype)
        elif not isinstance(dtype, pd.StringDtype) or all(
            cell is None or isinstance(cell, str) for cell in cells
        ):
            return plain.astype(dtype)
    except (TypeError, ValueError, OverflowError):  # a check says what is wrong with the cell
        pass
    return plain
