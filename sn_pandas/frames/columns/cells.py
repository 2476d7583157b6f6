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
from .encoders import rounded
from .kinds import codec, column_kind
from .normalizing import Cell as Cell
from .normalizing import has_no_order, in_order, is_very_number, normalize, same_content
from .normalizing import is_missing as is_missing
from .normalizing import items as items
from .normalizing import plain as plain
from .normalizing import whole as whole


def encode(field: Field, cell: Cell) -> Json:
    """Return the JSON that a PATCH sends for a cell.

    Examples
    --------
    >>> encode(Field("DueDate", "DateTime"), pd.NaT)
    '0001-01-01T00:00:00Z'
    >>> encode(Field("Status", "Choice"), "active")
    ['active']
    """
    return column_kind(field).encode(field, normalize(field, cell))


def decoded(field: Field, column: str, read: Json) -> Cell:
    """Return the cell of a frame for a value of the server."""
    part = column.partition("/")[2]
    if not part:
        return decoded_all(field, [read])[0]
    return [item.get(part) for item in read] if isinstance(read, list) else (read or {}).get(part, pd.NA)


def decoded_all(field: Field, read: Sequence[Json]) -> Sequence[Cell]:
    """Return the cells of a frame for the values of a field in several contents."""
    cells: Sequence[Cell] = codec(field).decode(read)
    return cells


def rewritten(field: Field, read: Json) -> Json:
    """Return the JSON that writes a value of the server unchanged."""
    return encode(field, decoded(field, field.name, read))


def format_value(field: Field, value: Json) -> str:
    """Format a value for messages: a reference as its path, a single option as text.

    Examples
    --------
    >>> format_value(Field("Status", "Choice"), ["active"])
    "'active'"
    """
    if field.is_secret and not is_missing(value):
        return "a password"
    shown = [item.get("Path", item) if isinstance(item, Mapping) else item for item in items(value)]
    many = field.multiple and (field.is_choice or field.is_reference)
    text = repr(shown if many or len(shown) > 1 else shown[0] if shown else None)
    return text if len(text) <= 60 else text[:57] + "…"


def without_passwords(fields: Mapping[str, Field], values: Mapping[str, Json], text: str) -> str:
    """Return a text without the passwords among the values of some fields, however they are quoted.

    Examples
    --------
    >>> without_passwords({"P": Field("P", "Password")}, {"P": "hush"}, "'hush' is too short")
    "'…' is too short"
    """
    for name, field in fields.items():
        value = values.get(name)
        if field.is_secret and isinstance(value, str) and value:
            quoted = (value, repr(value)[1:-1], json.dumps(value)[1:-1], html.escape(value), quote(value))
            for written in sorted(quoted, key=len, reverse=True):
                text = text.replace(written, "…")
    return text


def same_cell(field: Field | None, one: Cell, other: Cell) -> bool:
    """Return whether two cells mean the same value of a field: whether the same would be written for both.

    What cannot be written is the same only if it holds the same, or is the text that a file makes of it.

    Examples
    --------
    >>> same_cell(Field("Index", "Integer"), 5, 5.0), same_cell(Field("InUse", "Boolean"), True, "no")
    (True, False)
    """
    if is_missing(one) and is_missing(other):
        return True
    if is_very_number(one, other):
        return True
    if field is None or field.type in ("List", "Object"):
        return same_content(one, other)
    try:
        sent, meant = encode(field, one), encode(field, other)
    except (TypeError, ValueError, OverflowError, ArithmeticError, RecursionError):
        return same_content(one, other)
    if field.is_date:
        return bool(sent == meant)
    if has_no_order(one) or has_no_order(other):
        sent, meant = (in_order(value) if isinstance(value, list) else value for value in (sent, meant))
    return same_json(field, sent, meant) or (_is_text(field) and same_content(one, other))


def _is_text(field: Field) -> bool:
    """Return whether a file may turn a value of the field, such as a serial number, into a number."""
    return not (field.is_number or field.is_truth)


def same_json(field: Field, sent: Json, read: Json) -> bool:
    """Return whether the JSON that was read back is equivalent to the value that was sent."""
    if field.is_reference:
        one, other = items(sent), items(read)
        return len(one) == len(other) and all(map(_same_target, one, other))
    if field.is_date:
        return _same_date(sent, read)
    return bool(_meaning(field, sent) == _meaning(field, read))


def _same_target(one: Json, other: Json) -> bool:
    return bool(_names(one) & _names(other))


def _names(target: Json) -> set[int | str]:
    """Return all names of the target of a reference, as sent (id, path or type) or as read."""
    values = target.values() if isinstance(target, Mapping) else [target]
    return {name.lower() if isinstance(name, str) else name for name in values if name is not None}


def _meaning(field: Field, value: Json) -> Any:
    """Convert a value that was sent or read to one canonical form."""
    if field.is_choice:
        return value if isinstance(value, list) else [] if value is None else [value]
    if field.kind.value == "decimal" and isinstance(value, (int, float)):
        return rounded(float(value) if isinstance(value, bool) else value)
    return value


def _same_date(sent: Json, read: Json) -> bool:
    """Return whether two dates are equal to the microsecond, or to 100 ns if sent so precisely."""
    one, other = _parts(sent), _parts(read)
    if one is None or other is None:
        return one is other
    digits = 7 if one[1][6:].strip("0") else 6
    return one[0] == other[0] and one[1][:digits] == other[1][:digits]


def _parts(value: Json) -> tuple[str, str] | None:
    """Return a date of the server as seconds and the remaining digits; None if it is unset (year 1)."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    text, _, fraction = value.removesuffix("Z").partition(".")
    return text, (fraction + "0000000")[:7]
