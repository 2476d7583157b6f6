"""Convert a frame to a pyarrow table that keeps the provenance."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...odata.errors import QueryError
from ..columns.normalizing import is_list, is_missing, list_items, to_plain
from ..tracking.baseline import KEY

if TYPE_CHECKING:
    import pyarrow as pa


def wants_arrow(output: str) -> bool:
    """Return whether a pyarrow table is requested; raise if pyarrow is missing."""
    if output not in ("pandas", "arrow"):
        raise QueryError(f"output is 'pandas' or 'arrow', not {output!r}")
    if output == "arrow":
        require()
    return output == "arrow"


def require() -> None:
    """Raise if pyarrow is not installed.

    Raises
    ------
    ImportError
        If it is not: it says how to install it.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise ImportError('tables and Parquet need pyarrow: pip install "sn_pandas[fast]"')


def build_table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as a table in which every cell is as it was.

    Lists of texts or ids stay lists, and objects of one kind become a column of that kind. A column of
    objects of several kinds becomes one of texts, in which texts are as they are and lists are JSON.

    The metadata is that of pandas, so that ``table.to_pandas()`` gives index and dtypes back, and holds
    the provenance below ``sensenet``.

    Raises
    ------
    ValueError
        If a text holds half a character, which no file takes.
    """
    require()
    import pyarrow as pa

    written = frame.copy(deep=False)
    kinds: dict[Any, Any] = {}
    for name in written.columns:
        column = written[name]
        if column.dtype != object and _is_storable(column):
            continue
        cells = [None if is_missing(cell) else cell for cell in column]
        _refuse_half_characters(name, cells, frame.index)
        if (kind := _list_kind(cells)) is not None:
            kinds[name] = kind
            written[name] = pd.Series(
                [None if c is None else list_items(c) for c in cells], written.index, dtype=object
            )
        else:
            written[name] = pd.Series(_of_one_kind(cells), index=written.index)
    # a schema that is given loses the numbers of a range, and ids in a row are one after pandas.read_csv
    plain_numbers = written.index.name is None and written.index.equals(pd.RangeIndex(len(written)))
    labelled = None if plain_numbers else True
    schema = pa.Schema.from_pandas(written, preserve_index=labelled)
    for name, kind in kinds.items():
        schema = schema.set(schema.get_field_index(str(name)), pa.field(str(name), kind))
    table = pa.Table.from_pandas(written, schema=schema, preserve_index=labelled)
    provenance = json.dumps(frame.attrs.get(KEY, {}))
    return table.replace_schema_metadata({**(table.schema.metadata or {}), KEY.encode(): provenance.encode()})


def _is_storable(column: pd.Series) -> bool:
    """Return whether Arrow has a type for the dtype of a column."""
    import pyarrow as pa

    try:
        pa.array(column.iloc[:1], from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        return False
    return True


def _refuse_half_characters(name: Any, cells: Iterable[Any], index: pd.Index) -> None:
    for label, cell in zip(index, cells, strict=True):
        for text in list_items(cell) if not isinstance(cell, Mapping) else ():
            if isinstance(text, str) and re.search("[\ud800-\udfff]", text):
                raise ValueError(
                    f"{name} of row {label} holds half a character (a lone surrogate), which no file "
                    f"can keep: df[{name!r}] = df[{name!r}].str.encode('utf-8', 'replace').str.decode()"
                )


def _list_kind(cells: Sequence[Any]) -> Any:
    """Return the Arrow type for a column of lists of texts or integers; None for others."""
    import pyarrow as pa

    lists = [cell for cell in cells if cell is not None]
    if not all(
        isinstance(cell, (list, tuple, set, frozenset, np.ndarray)) and is_list(cell) for cell in lists
    ):
        return None
    kinds = {type(item) for cell in lists for item in list_items(cell)} - {type(None)}
    if kinds <= {str}:
        return pa.list_(pa.string())
    whole_numbers = kinds == {int} and all(
        abs(item) < 2**63 for cell in lists for item in list_items(cell) if item
    )
    return pa.list_(pa.int64()) if whole_numbers else None


def _of_one_kind(cells: Sequence[Any]) -> Any:
    """Return objects of one type as an array of that type, and mixed ones as texts."""
    given = [to_plain(cell) for cell in cells]
    kinds = {type(cell) for cell in given} - {type(None)}
    dtype: Any = None
    if kinds <= {str}:
        dtype = "str"
    elif kinds == {bool}:
        dtype = "boolean"
    elif kinds == {int}:
        dtype = "Int64" if all(cell is None or abs(cell) < 2**63 for cell in given) else None
    elif kinds <= {int, float} and all(cell is None or float(cell) == cell for cell in given):
        dtype = "Float64"
    elif kinds <= {pd.Timestamp, dt.datetime}:
        zones = {cell.tzinfo is not None for cell in given if cell is not None}
        if len(zones) == 1:
            dates = pd.to_datetime(pd.Series(given, dtype=object), utc=zones == {True})
            held = all(cell is None or cell == date for cell, date in zip(given, dates, strict=True))
            return dates.array if held else [_as_text(cell) for cell in given]
    if dtype is None:
        return pd.array([_as_text(cell) for cell in given], dtype="str")
    return pd.array(given, dtype=dtype)


def _as_text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, (pd.Timestamp, dt.date)):
        return cell.isoformat()
    if is_list(cell) or isinstance(cell, Mapping):
        listed = [None if is_missing(item) else item for item in list_items(cell)] if is_list(cell) else cell
        return json.dumps(listed, default=str, ensure_ascii=False)
    return str(cell)
