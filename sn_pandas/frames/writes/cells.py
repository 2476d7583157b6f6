"""One cell as JSON: what a PATCH sends for it, and whether two values are the same.

Which cells the server would refuse, change or ignore stands in ``checking``; only checked cells are encoded.
"""

from __future__ import annotations

import datetime as dt
import decimal
import html
import json
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from ...odata.schema import TEXTS, Field
from ..reads.columns import codec

#: Whatever a user may put into a cell.
Cell = Any
#: What ``json.dumps`` takes.
Json = Any

#: What clears a date at the server; null is ignored there.
YEAR_ONE = "0001-01-01T00:00:00Z"
#: Digits of a number that the server keeps.
DIGITS = 15
#: Decimal places of a number that the server keeps.
PLACES = 28
_LISTS = (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index, pd.api.extensions.ExtensionArray)


def is_missing(cell: Cell) -> bool:
    """Whether a cell holds nothing; a list never is missing, also if empty."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, (float, np.floating)):
        return math.isnan(cell)
    return isinstance(cell, (np.datetime64, np.timedelta64)) and bool(np.isnat(cell))


def plain(cell: Cell) -> Cell:
    """Take a cell out of the wrappings of numpy."""
    return cell.item() if isinstance(cell, np.generic) and not isinstance(cell, np.datetime64) else cell


def items(cell: Cell) -> list[Cell]:
    """Give the items of a cell that holds one or several."""
    if is_missing(cell):
        return []
    if isinstance(cell, pd.DataFrame):
        return list(cell["Id"] if "Id" in cell.columns else cell.index)
    if isinstance(cell, pd.Series) and ({"Id", "Path"} & set(cell.index) or cell.index.dtype == object):
        return [cell]  # a row of a frame
    return [plain(item) for item in cell] if isinstance(cell, _LISTS) else [plain(cell)]


def encode(field: Field, cell: Cell) -> Json:
    """Give the JSON that a PATCH sends for a cell.

    Examples
    --------
    >>> encode(Field("DueDate", "DateTime"), pd.NaT)
    '0001-01-01T00:00:00Z'
    >>> encode(Field("Status", "Choice"), "active")
    ['active']
    """
    if field.is_choice:
        options = [option_of(field, item) for item in items(cell)]
        return sorted(options, key=is_other)  # the server takes what follows another word for a part of it
    if field.is_reference:
        targets = [target_of(item) for item in items(cell)]
        if field.multiple or field.type == "AllowedChildTypes":
            return targets
        return targets[0] if targets else None
    if field.type == "DateTime":
        return YEAR_ONE if is_missing(cell) else iso(moment(cell))
    if is_missing(cell):
        return None
    encoder = _ENCODERS.get(field.type)
    return encoder(plain(cell)) if encoder else plain(cell)


def decoded(field: Field, column: str, read: Json) -> Cell:
    """Give the cell that a column shows for what is read of its field."""
    part = column.partition("/")[2]
    if not part:
        return codec(field).decode([read])[0]
    return [item.get(part) for item in read] if isinstance(read, list) else (read or {}).get(part, pd.NA)


def rewritten(field: Field, read: Json) -> Json:
    """Give what writes again what was read of a field."""
    return encode(field, decoded(field, field.name, read))


def told(field: Field, value: Json) -> str:
    """Give a value as messages show it: what a reference points to by its path, a single option as a text.

    Examples
    --------
    >>> told(Field("Status", "Choice"), ["active"])
    "'active'"
    """
    if field.type == "Password" and not is_missing(value):
        return "a password"
    shown = [item.get("Path", item) if isinstance(item, Mapping) else item for item in items(value)]
    many = field.multiple and (field.is_choice or field.is_reference)
    text = repr(shown if many or len(shown) > 1 else shown[0] if shown else None)
    return text if len(text) <= 60 else text[:57] + "…"


def without_passwords(fields: Mapping[str, Field], values: Mapping[str, Json], text: str) -> str:
    """Give a text without the passwords among the values of some fields, however it quotes them.

    Examples
    --------
    >>> without_passwords({"P": Field("P", "Password")}, {"P": "hush"}, "'hush' is too short")
    "'…' is too short"
    """
    for name, field in fields.items():
        value = values.get(name)
        if field.type == "Password" and isinstance(value, str) and value:
            quoted = (value, repr(value)[1:-1], json.dumps(value)[1:-1], html.escape(value), quote(value))
            for written in sorted(quoted, key=len, reverse=True):
                text = text.replace(written, "…")
    return text


def same_cell(field: Field | None, one: Cell, other: Cell) -> bool:
    """Whether two cells mean the same value of a field.

    Examples
    --------
    >>> same_cell(Field("Index", "Integer"), 5, 5.0)
    True
    """
    if is_missing(one) and is_missing(other):
        return True
    if field is None or field.type in ("List", "Object"):
        return bool(_listed(one) == _listed(other))
    try:
        return same_json(field, encode(field, one), encode(field, other))
    except (TypeError, ValueError, OverflowError):
        return False


def same_json(field: Field, sent: Json, read: Json) -> bool:
    """Whether the JSON that is read back means the value that was sent."""
    if field.is_reference:
        one, other = items(sent), items(read)
        return len(one) == len(other) and all(map(_same_target, one, other))
    return bool(_meaning(field, sent) == _meaning(field, read))


def _same_target(one: Json, other: Json) -> bool:
    return bool(_names(one) & _names(other))


def _names(target: Json) -> set[int | str]:
    """Give every name of what a reference points to, as sent (id, path or type) or as read."""
    known = target.values() if isinstance(target, Mapping) else [target]
    return {name.lower() if isinstance(name, str) else name for name in known if name is not None}


def option_of(field: Field, item: Cell) -> str:
    """Give the stored value of an option that is named by its value or its label."""
    text = str(whole(item))
    if any(option.value == text for option in field.options):
        return text
    labelled = [option.value for option in field.options if option.text == text]
    return labelled[0] if len(labelled) == 1 else text


def whole(item: Cell) -> Cell:
    """Give a float that is a whole number as one: options such as 3 are floats where some are missing.

    Examples
    --------
    >>> whole(3.0), whole(2.5), whole("3.0")
    (3, 2.5, '3.0')
    """
    return int(item) if isinstance(item, float) and item.is_integer() else item


def is_other(option: Cell) -> bool:
    """Whether an item of a choice is a word of the user's own."""
    return isinstance(option, str) and option.startswith("~other.")


def target_of(item: Cell) -> int | str:
    """Give the id or path that a reference, named by id, path or a row of a frame, points to."""
    if isinstance(item, pd.Series):
        named = [item[key] for key in ("Id", "Path") if key in item.index]
        item = named[0] if named else item.name
    elif isinstance(item, Mapping):
        item = item.get("Id", item.get("Path"))
    item = whole(plain(item))
    if isinstance(item, str) and item.strip().isdigit():
        return int(item)
    return int(item) if isinstance(item, int) and not isinstance(item, bool) else str(item)


def moment(cell: Cell) -> dt.datetime | pd.Timestamp:
    """Give the moment that a date of any type means, in UTC; without a zone it is UTC already.

    Raises
    ------
    ValueError, TypeError
        If it is no date.
    """
    if isinstance(cell, (bool, int, float, np.number)):
        raise TypeError(f"{cell!r} is no date")
    if isinstance(cell, pd.Period):
        cell = cell.to_timestamp()
    if isinstance(cell, str):
        cell = dt.datetime.fromisoformat(cell.strip())
    stamp = pd.Timestamp(cell)
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def has_no_zone(cell: Cell) -> bool:
    """Whether a date says no time zone."""
    if isinstance(cell, str):
        try:
            cell = dt.datetime.fromisoformat(cell.strip())
        except ValueError:
            return False
    if isinstance(cell, (dt.datetime, pd.Timestamp)):
        return cell.tzinfo is None
    return isinstance(cell, (dt.date, np.datetime64, pd.Period)) and not is_missing(cell)


def iso(when: dt.datetime | pd.Timestamp) -> str:
    """Write a moment in UTC as the server takes it, down to its 100 nanoseconds."""
    stamp = pd.Timestamp(when)
    ticks = stamp.microsecond * 10 + stamp.nanosecond // 100
    text = (
        f"{stamp.year:04}-{stamp.month:02}-{stamp.day:02}T{stamp.hour:02}:{stamp.minute:02}:{stamp.second:02}"
    )
    return text + (f".{ticks:07}".rstrip("0") if ticks else "") + "Z"


def _listed(cell: Cell) -> Any:
    if isinstance(cell, _LISTS):
        return [_listed(item) for item in cell]
    return None if is_missing(cell) else plain(cell)


def _number(cell: Cell) -> float:
    return float(
        f"{decimal.Decimal(cell):.{DIGITS}g}"
        if isinstance(cell, decimal.Decimal)
        else f"{float(cell):.{DIGITS}g}"
    )


def _whole(cell: Cell) -> int:
    number = int(cell)
    if not isinstance(cell, str) and number != cell:
        raise ValueError(f"{cell} is no whole number")
    return number


def _meaning(field: Field, value: Json) -> Any:
    """Reduce what is sent and what is read of a field to one form."""
    if field.is_choice:
        return value if isinstance(value, list) else [] if value is None else [value]
    if field.type == "DateTime":
        return _ticks(value)
    if field.type in ("Number", "Currency") and isinstance(value, (int, float)):
        return _number(value)
    return value


def _ticks(value: Json) -> Any:
    """Give a date of the server in microseconds, which is what a frame holds; None if it is unset."""
    if not isinstance(value, str) or value.startswith("0001-01-01T00:00:00"):
        return None
    text, _, fraction = value.removesuffix("Z").partition(".")
    return text, (fraction + "000000")[:6]


_ENCODERS: Mapping[str, Callable[[Any], Json]] = {
    **dict.fromkeys(TEXTS, str),
    "Integer": _whole,
    "Number": _number,
    "Currency": _number,
    "Boolean": bool,
}
