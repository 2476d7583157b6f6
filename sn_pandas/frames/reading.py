"""Reading: a query to pages, pages to columns, columns to a typed frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from ..odata.errors import QueryError, did_you_mean
from ..odata.pages import Page, Row
from ..odata.query import Query
from ..odata.schema import PSEUDO_FIELDS, Field, Schema
from .columns import Codec, codec

#: What a read without ``select`` gives of types that are not known beforehand.
_FIRST = ("Name", "DisplayName", "Type", "Path")
# Never columns unless named: internals of the server, and what it never fills.
_HIDDEN = frozenset(
    ["TypeIs", "InTree", "InFolder", "NodeType", "IsRateable", "RateStr", "RateAvg", "RateCount", "Rate", "ExtensionData", "Sharing", "SharedWith", "SharedBy", "SharingMode", "SharingLevel", "Password", "Captcha"]
)


class Plan:
    """The columns that a query gives: their names, fields and codecs.

    Parameters
    ----------
    query : Query
        What is read.
    schema : Schema
        The types of the repository.
    types : iterable of str
        The types that rows may have; used when the query names no fields.

    Raises
    ------
    QueryError
        If a selected field is in no type.
    """

    def __init__(self, query: Query, schema: Schema, types: Iterable[str] = ()) -> None:
        chosen = query.select or tuple(self._all(schema, types))
        self.fields: dict[str, Field] = {}
        for chain in chosen:
            for name in self._columns(chain, query, schema):
                self.fields[name] = self._field(name, schema)
        self.codecs: dict[str, Codec] = {name: codec(field) for name, field in self.fields.items()}
        needed = tuple(n for n in self.fields if n != "Id")
        expand = dict.fromkeys([*(n.rpartition("/")[0] for n in needed if "/" in n), *query.expand])
        self.query = query.replace(select=("Id", *needed), expand=tuple(e for e in expand if e))

    def frame(self, rows: Sequence[Row]) -> pd.DataFrame:
        """Make the frame of some rows, with ``Id`` as its index."""
        index = pd.Index(np.fromiter(map(itemgetter("Id"), rows), "int64", len(rows)), name="Id")
        data = {
            name: codec.decode(_values(rows, name)) for name, codec in self.codecs.items() if name != "Id"
        }
        return pd.DataFrame(data, index=index, copy=False)

    def _all(self, schema: Schema, types: Iterable[str]) -> Iterator[str]:
        yield from _FIRST
        for type_name in types:
            for name, field in schema[type_name].fields.items():
                if name not in _FIRST and name not in _HIDDEN and not field.is_reference:
                    yield name

    def _columns(self, chain: str, query: Query, schema: Schema) -> Iterator[str]:
        """Give the columns of a selected chain: an expanded reference alone means its ids and paths."""
        if chain in query.expand and not any(s.startswith(chain + "/") for s in query.select):
            yield from (f"{chain}/Id", f"{chain}/Path")
        elif chain in query.expand and chain in schema.fields and schema.fields[chain].is_reference:
            return
        else:
            yield chain

    def _field(self, chain: str, schema: Schema) -> Field:
        steps = chain.split("/")
        many = False
        for step in steps:
            if step in PSEUDO_FIELDS:
                return Field(name=chain, type="Boolean" if step == "IsFile" else "Object", read_only=True)
            field = schema.fields.get(step)
            if field is None and not step.startswith("#") and "." not in step:
                raise QueryError(f"no content type has a field {step!r}.{did_you_mean(step, schema.fields)}")
            many = many or (step != steps[-1] and field is not None and field.multiple)
        if many:
            return Field(name=chain, type="List", read_only=True)
        return field or Field(name=chain, type="Object")


def frame_of(pages: Iterable[Page], plan: Plan) -> pd.DataFrame:
    """Decode pages as they come and join them to one frame."""
    parts: dict[str, list[Any]] = {name: [] for name in plan.fields if name != "Id"}
    ids: list[Any] = []
    for page in pages:
        part = plan.frame(page.rows)
        ids.append(part.index)
        for name in parts:
            parts[name].append(part[name])
    if not ids:
        return plan.frame([])
    if len(ids) == 1:
        return pd.DataFrame({name: series[0] for name, series in parts.items()}, index=ids[0], copy=False)
    index = ids[0].append(ids[1:])
    columns = {}
    for name, pieces in parts.items():
        columns[name] = _joined(pieces)
        pieces.clear()
    return pd.DataFrame({n: c.array for n, c in columns.items()}, index=index, copy=False)


def _joined(pieces: list[pd.Series]) -> pd.Series:
    if isinstance(pieces[0].dtype, pd.CategoricalDtype):
        return pd.Series(pd.api.types.union_categoricals([p.array for p in pieces]))
    return pd.concat(pieces, ignore_index=True)


def _values(rows: Sequence[Row], chain: str) -> list[Any]:
    if "/" not in chain:
        return [row.get(chain) for row in rows]
    steps = chain.split("/")
    return [_follow(row, steps) for row in rows]


def _follow(value: Any, steps: Sequence[str]) -> Any:
    for number, step in enumerate(steps):
        if isinstance(value, list):
            return [_follow(item, steps[number:]) for item in value]
        if not isinstance(value, Mapping) or "__deferred" in value:
            return None
        value = value.get(step)
    return value
