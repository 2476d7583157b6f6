"""Convert a cell to the JSON of a PATCH, and compare values.

Which cells the server would refuse, change or ignore stands in ``checking``; only checked cells are encoded.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pandas as pd

from ...odata.schema import Field
from .encoders import Json as Json
from .encoders import round_number
from .kinds import create_codec, get_column_kind
from .normalizing import Cell as Cell
from .normalizing import are_equal, has_no_order, is_very_number, normalize, sort_items
from .normalizing import is_missing as is_missing
from .normalizing import list_items as list_items


def encode(field: Field, cell: Cell) -> Json:
    """Return the JSON that a PATCH sends for a cell.

    Examples
    --------
    >>> encode(Field("DueDate", "DateTime"), pd.NaT)
    '0001-01-01T00:00:00Z'
    >>> encode(Field("Status", "Choice"), "active")
    ['active']
    """
    return get_column_kind(field).encode(field, normalize(field, cell))


def decode_cell(field: Field, column: str, read: Json) -> Cell:
    """Return the cell of a frame for a value of the server."""
    part = column.partition("/")[2]
    if not part:
        return decode_cells(field, [read])[0]
    return [item.get(part) for item in read] if isinstance(read, list) else (read or {}).get(part, pd.NA)


def decode_cells(field: Field, read: Sequence[Json]) -> Sequence[Cell]:
    """Return the cells of a frame for the values of a field in several contents."""
    cells: Sequence[Cell] = create_codec(field).decode(read)
    return cells


def encode_unchanged(field: Field, read: Json) -> Json:
    """Return the JSON that writes a value of the server unchanged."""
    return encode(field, decode_cell(field, field.name, read))


def format_value(field: Field, value: Json) -> str:
    """Format a value for messages: a reference as its path, a single option as text.

    Examples
    --------
    >>> format_value(Field("Status", "Choice"), ["active"])
    "'active'"
    """
    if field.is_secret and not is_missing(value):
        return "a password"
    shown = [item.get("Path", item) if isinstance(item, Mapping) else item for item in list_items(value)]
    many = field.multiple and (field.is_choice or field.is_reference)
    text = repr(shown if many or len(shown) > 1 else shown[0] if shown else None)
    return text if len(text) <= 60 else text[:57] + "…"


def remove_passwords(fields: Mapping[str, Field], values: Mapping[str, Json], text: str) -> str:
    """Return a text without the passwords among the values of some fields, however they are quoted.

    Examples
    --------
    >>> remove_passwords({"P": Field("P", "Password")}, {"P": "hush"}, "'hush' is too short")
    "'…' is too short"
    """
    for name, field in fields.items():
        value = values.get(name)
        if field.is_secret and isinstance(value, str) and value:
            quoted = (value, repr(value)[1:-1], json.dumps(value)[1:-1], html.escape(value), quote(value))
            for written in sorted(quoted, key=len, reverse=True):
                text = text.replace(written, "…")
    return text


def are_same_cells(field: Field | None, one: Cell, other: Cell) -> bool:
    """Return whether two cells mean the same value of a field: whether the same would be written for both.

    What cannot be written is the same only if it holds the same, or is the text that a file makes of it.

    Examples
    --------
    >>> are_same_cells(Field("Index", "Integer"), 5, 5.0)
    True
    >>> are_same_cells(Field("InUse", "Boolean"), True, "no")
    False
    """
    if is_missing(one) and is_missing(other):
        return True
    if is_very_number(one, other):
        return True
    if field is None or field.type in ("List", "Object"):
        return are_equal(one, other)
    if not field.is_reference and (isinstance(one, Mapping) or isinstance(other, Mapping)):
        return are_equal(one, other)  # with parts that a file gives as arrays
    try:
        sent, meant = encode(field, one), encode(field, other)
    except (TypeError, ValueError, OverflowError, ArithmeticError, RecursionError):
        return are_equal(one, other)
    if field.is_date:
        return bool(sent == meant)
    if has_no_order(one) or has_no_order(other):
        sent, meant = (sort_items(value) if isinstance(value, list) else value for value in (sent, meant))
    return are_same_json(field, sent, meant) or (_is_text(field) and are_equal(one, other))


def _is_text(field: Field) -> bool:
    """Return whether a file may turn a value of the field, such as a serial number, into a number."""
    return not (field.is_number or field.is_truth)


def are_same_json(field: Field, sent: Json, read: Json) -> bool:
    """Return whether the JSON that was read back is equivalent to the value that was sent."""
    if field.is_reference:
        one, other = list_items(sent), list_items(read)
        return len(one) == len(other) and all(map(_are_same_targets, one, other))
    if field.is_date:
        return _are_same_dates(sent, read)
    return bool(_canonicalize(field, sent) == _canonicalize(field, read))


def _are_same_targets(one: Json, other: Json) -> bool:
    return bool(_collect_target_names(one) & _collect_target_names(other))


def _collect_target_names(target: Json) -> set[int | str]:
    """Return all names of the target of a reference, as sent (id, path or type) or as read."""
    values = target.values() if isinstance(target, Mapping) else [target]
    return {name.lower() if isinstance(name, str) else name for name in values if name is not None}


def _canonicalize(field: Field, value: Json) -> Any:
    """Convert a value that was sent or read to one canonical form."""
    if field.is_choice:
        return value if isinstance(value, list) else [] if value is None else [value]
    if field.kind.value == "decimal" and isinstance(value, (int, float)):
        return round_number(float(value) if isinstance(value, bool) else value)
    return value


def _are_same_dates(sent: Json, read: Json) -> bool:
    """Return whether two dates are equal to the microsecond, or to 100 ns if sent so precisely."""
    one, other = _split_date(sent), _split_date(read)
    if one is None or other is None:
        return one is other
    digits = 7 if one[1][6:].strip("0") else 6
    return one[0] == other[0] and one[1][:digits] == other[1][:digits]


def _split_date(value: Json) -> tuple[str, str] | None:
    """Return a date of the server as seconds and the remaining digits; None if it is unset (year 1)."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    text, _, fraction = value.removesuffix("Z").partition(".")
    return text, (fraction + "0000000")[:7]
