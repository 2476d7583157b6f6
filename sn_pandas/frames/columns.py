"""One codec a field type: JSON values to a column, and a cell back to JSON.

A codec decodes a list of JSON values to an array whose dtype depends on the field alone, and
encodes one cell for a PATCH. Why some values are refused or translated stands in ``checking``.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..odata.schema import Field

Json = Any
#: What clears a date at the server; null is ignored there.
YEAR_ONE = "0001-01-01T00:00:00Z"


class Codec:
    """Text and whatever has no codec of its own: values as they come."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def decode(self, values: Sequence[Json]) -> Any:
        """Make an array of JSON values."""
        return _objects(values)

    def encode(self, cell: Any) -> Json:
        """Make the JSON that a PATCH sends for a cell."""
        return None if is_missing(cell) else cell


class Text(Codec):
    """ShortText, LongText, RichText and the like: ``str``, missing for null."""

    def decode(self, values: Sequence[Json]) -> Any:  # noqa: D102 - see the base
        return pd.array(list(values), dtype="str")


class Integer(Codec):
    """Integer: ``Int64``, missing where a row's type lacks the field."""

    def decode(self, values: Sequence[Json]) -> Any:  # noqa: D102
        missing = np.fromiter((v is None for v in values), bool, len(values))
        data = np.array([0 if v is None else v for v in values] if missing.any() else values, dtype="int64")
        return pd.arrays.IntegerArray(data, missing)

    def encode(self, cell: Any) -> Json:  # noqa: D102
        return None if is_missing(cell) else int(cell)


class Number(Codec):
    """Number and Currency: ``float64``."""

    def decode(self, values: Sequence[Json]) -> Any:  # noqa: D102
        return np.array([np.nan if v is None else v for v in values], dtype="float64")

    def encode(self, cell: Any) -> Json:  # noqa: D102
        return None if is_missing(cell) else float(cell)


class Boolean(Codec):
    """Boolean: ``boolean``."""

    def decode(self, values: Sequence[Json]) -> Any:  # noqa: D102
        missing = np.fromiter((v is None for v in values), bool, len(values))
        return pd.arrays.BooleanArray(np.fromiter((v is True for v in values), bool, len(values)), missing)

    def encode(self, cell: Any) -> Json:  # noqa: D102
        return None if is_missing(cell) else bool(cell)


class DateTime(Codec):
    """DateTime: ``datetime64[us, UTC]``; year 1, which means unset, is NaT."""

    def decode(self, values: Sequence[Json]) -> Any:  # noqa: D102
        texts = [None if v is None or v.startswith("0001-01-01T00:00:00") else _naive(v) for v in values]
        return pd.array(pd.DatetimeIndex(np.array(texts, dtype="datetime64[us]")).tz_localize("UTC"))

    def encode(self, cell: Any) -> Json:  # noqa: D102
        if is_missing(cell):
            return YEAR_ONE
        moment = pd.Timestamp(cell)
        moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
        return moment.tz_localize(None).isoformat(timespec="microseconds").rstrip("0").rstrip(".") + "Z"


class SingleChoice(Codec):
    """A choice of one option: ``category`` with the options of the schema."""

    def decode(self, values: Sequence[Json]) -> Any:  # noqa: D102
        plain = [v[0] if v else None for v in values]
        known = [option.value for option in self.field.options]
        extra = dict.fromkeys(v for v in plain if v is not None and v not in known) if plain else {}
        return pd.Categorical(plain, categories=pd.Index([*known, *extra], dtype="str"))

    def encode(self, cell: Any) -> Json:  # noqa: D102
        return [] if is_missing(cell) else [str(cell)]


class MultipleChoice(Codec):
    """A choice of several options: lists of text."""

    def encode(self, cell: Any) -> Json:  # noqa: D102
        return [] if is_missing(cell) else [str(v) for v in as_list(cell)]


class Reference(Codec):
    """A reference: ids or paths when written, lists where several are allowed."""

    def encode(self, cell: Any) -> Json:  # noqa: D102
        if is_missing(cell):
            return [] if self.field.multiple else None
        items = [_target(v) for v in as_list(cell)]
        return items if self.field.multiple else (items[0] if items else None)


_CODECS: dict[str, Callable[[Field], Codec]] = {
    "ShortText": Text,
    "LongText": Text,
    "RichText": Text,
    "PageBreak": Text,
    "Xml": Text,
    "Captcha": Text,
    "NodeType": Text,
    "Version": Text,
    "Sharing": Text,
    "Integer": Integer,
    "Number": Number,
    "Currency": Number,
    "Boolean": Boolean,
    "DateTime": DateTime,
}


def codec(field: Field) -> Codec:
    """Give the codec of a field."""
    if field.is_choice:
        return MultipleChoice(field) if field.multiple else SingleChoice(field)
    if field.is_reference:
        return Reference(field)
    return _CODECS.get(field.type, Codec)(field)


def is_missing(cell: Any) -> bool:
    """Whether a cell holds nothing; a list never is missing, also if empty."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    return isinstance(cell, (float, np.floating)) and math.isnan(cell)


def as_list(cell: Any) -> list[Any]:
    """Give the items of a cell that holds one or several."""
    return (
        list(cell)
        if isinstance(cell, (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index))
        else [cell]
    )


def _target(value: Any) -> Json:
    if isinstance(value, pd.Series):
        value = value["Id"] if "Id" in value.index else value.name
    if isinstance(value, dict):
        value = value.get("Id", value.get("Path"))
    return int(value) if isinstance(value, (int, np.integer)) else str(value)


def _objects(values: Sequence[Json]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _naive(text: str) -> str:
    """Drop the zone of a server's date, which is always UTC; convert another."""
    if text.endswith("Z"):
        return text[:-1]
    moment = dt.datetime.fromisoformat(text)
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat() if moment.tzinfo else text
