"""Store the baseline of a frame in cells of a sheet: JSON, compressed, in pieces."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...odata.errors import TrackingError
from ..columns.normalizing import Cell, is_list, is_missing, sort_items, to_plain

#: Characters of a piece: a cell of Excel takes 32,767.
_PIECE = 30_000
#: Bytes that a file may unpack to: somebody else may have written it.
_MOST_BYTES = 1 << 29
_ARROW_TEXT = "arrow text"
_AS_IT_IS = frozenset([str, int, bool, type(None)])


def pack(value: Any) -> list[str]:
    """Return a JSON value as a list of texts that fit into cells."""
    data = zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    text = base64.b64encode(data).decode()
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def unpack(pieces: Iterable[str]) -> Any:
    """Return the value of :func:`pack`.

    Raises
    ------
    TrackingError
        If it was changed, or is larger than anything that a sheet can stand for.
    """
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode("".join(pieces), validate=True), _MOST_BYTES)
        if not stream.eof:
            raise ValueError
        return json.loads(data)
    except (ValueError, zlib.error, binascii.Error, RecursionError):
        raise create_damage_error() from None


def create_damage_error() -> TrackingError:
    """Return the error for a file whose data cannot be read any more."""
    return TrackingError(
        "the hidden sheet of this file was changed or cut, or another version of sn_pandas wrote it, so it "
        "is not known what its rows were read as; ask for the file as it was saved, or write it again with "
        "df.sn.to_excel(…)"
    )


def pack_frame(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a frame on ids as JSON."""
    columns = [
        {"name": str(name), **_pack_dtype(column), "cells": _pack_cells(column)}
        for name, column in frame.items()
    ]
    return {"ids": [int(id_) for id_ in frame.index], "columns": columns}


def unpack_frame(packed: Mapping[str, Any]) -> pd.DataFrame:
    """Return the frame of :func:`pack_frame`."""
    index = pd.Index(packed["ids"], dtype="int64", name="Id")
    columns = {column["name"]: _unpack_series(column, index) for column in packed["columns"]}
    return pd.DataFrame(columns, index=index, copy=False)


def pack_cell(cell: Cell) -> Any:
    """Return a cell as JSON with its type.

    Examples
    --------
    >>> pack_cell([pd.Timestamp("2026-01-01", tz="UTC"), pd.NA])
    [{'$date': '2026-01-01T00:00:00+00:00'}, None]
    """
    cell = to_plain(cell)
    if type(cell) in _AS_IT_IS:
        return cell
    if is_missing(cell):
        return None
    if isinstance(cell, float):
        return cell
    if isinstance(cell, dt.datetime):
        return {"$date": cell.isoformat()}
    if isinstance(cell, (set, frozenset)):
        return {"$set": [pack_cell(item) for item in sort_items(cell)]}
    if is_list(cell):
        return [pack_cell(item) for item in cell]
    if isinstance(cell, Mapping):
        return {"$dict": {str(key): pack_cell(value) for key, value in cell.items()}}
    return {"$decimal": str(cell)} if isinstance(cell, decimal.Decimal) else str(cell)


def unpack_cell(value: Any) -> Cell:
    """Return the cell of :func:`pack_cell`."""
    if isinstance(value, list):
        return [unpack_cell(item) for item in value]
    if not isinstance(value, dict):
        return value
    (kind, inner), *_ = value.items()
    if kind == "$date":
        return pd.Timestamp(inner).as_unit("us")
    if kind == "$decimal":
        return decimal.Decimal(inner)
    if kind == "$set":
        return {unpack_cell(item) for item in inner}
    return {key: unpack_cell(item) for key, item in inner.items()}


def _pack_dtype(column: pd.Series) -> dict[str, Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return {"dtype": "category", "categories": [str(name) for name in column.cat.categories]}
    if isinstance(column.dtype, pd.StringDtype):
        return {"dtype": "str" if column.dtype.na_value is np.nan else "string"}
    if str(column.dtype) == "string[pyarrow]":  # the name of a dtype of pandas, too
        return {"dtype": _ARROW_TEXT}
    return {"dtype": str(column.dtype)}


def _pack_cells(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        moments = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
        numbers = moments.astype("int64").tolist()
        return [None if gone else n for n, gone in zip(numbers, np.isnat(moments).tolist(), strict=True)]
    return [cell if type(cell) is str else pack_cell(cell) for cell in column]


def _unpack_series(packed: Mapping[str, Any], index: pd.Index) -> pd.Series:
    array = _unpack_array(packed)
    column: pd.Series[Any] = pd.Series(array, index=index, dtype=array.dtype)  # never texts of objects
    return column


def _unpack_array(packed: Mapping[str, Any]) -> Any:
    dtype, cells = packed["dtype"], packed["cells"]
    if dtype == "category":
        return pd.Categorical(cells, categories=pd.Index(packed["categories"], dtype="str"))
    if dtype.startswith("datetime64["):
        moments = np.array([np.iinfo("int64").min if n is None else n for n in cells], dtype="int64")
        return pd.DatetimeIndex(moments.view("datetime64[us]")).tz_localize("UTC").astype(dtype).array
    if dtype == "object":
        found = [unpack_cell(cell) for cell in cells]
        return np.fromiter(found, dtype=object, count=len(found))
    if dtype == _ARROW_TEXT:
        import pyarrow as pa

        return pd.array(cells, dtype=pd.ArrowDtype(pa.string()))
    if dtype in ("float64", "float32"):
        return np.array([np.nan if cell is None else cell for cell in cells], dtype=dtype)
    return pd.array([unpack_cell(cell) for cell in cells], dtype=dtype)
