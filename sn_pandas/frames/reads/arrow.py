"""A frame as a table of pyarrow, which keeps the provenance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...odata.errors import QueryError
from ..tracking import KEY

if TYPE_CHECKING:
    import pyarrow as pa


def wanted(output: str) -> bool:
    """Whether a table is asked for."""
    if output not in ("pandas", "arrow"):
        raise QueryError(f"output is 'pandas' or 'arrow', not {output!r}")
    return output == "arrow"


def table_of(frame: pd.DataFrame) -> pa.Table:
    """Give a frame as a table; lists of text stay lists, other objects become JSON text.

    The metadata is that of pandas, so that ``table.to_pandas()`` gives index and dtypes back, and holds
    the provenance below ``sensenet``.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise ImportError("tables and Parquet need pyarrow: pip install sn_pandas[fast]") from None
    plain = frame.copy(deep=False)
    kinds = {}
    for name in [n for n, kind in plain.dtypes.items() if isinstance(kind, np.dtype) and kind.kind == "O"]:
        if all(item is None or _texts(item) for item in plain[name]):
            kinds[name] = pa.list_(pa.string())
        else:
            plain[name] = [
                None if item is None else json.dumps(item, default=str, ensure_ascii=False)
                for item in plain[name]
            ]
            kinds[name] = pa.string()
    schema = pa.Schema.from_pandas(plain)
    for name, kind in kinds.items():
        schema = schema.set(schema.get_field_index(name), pa.field(name, kind))
    table = pa.Table.from_pandas(plain, schema=schema)
    provenance = json.dumps(frame.attrs.get(KEY, {}))
    return table.replace_schema_metadata({**(table.schema.metadata or {}), KEY.encode(): provenance.encode()})


def _texts(item: Any) -> bool:
    return isinstance(item, list) and all(isinstance(text, str) for text in item)
