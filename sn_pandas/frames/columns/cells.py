"""One cell as JSON: what a PATCH sends for it, and whether two values are the same.

Which cells the server would refuse, change or ignore stands in ``checking``; only checked cells are encoded.
"""

from __future__ import annotations

import datetime as dt
import decimal
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from ...odata.schema import TEXTS, Field
from .codecs import codec
from .normalizing import Cell as Cell
from .normalizing import has_no_order, in_order, is_list, is_very_number, normalize, same_content
from .normalizing import is_missing as is_missing
from .normalizing import items as items
from .normalizing import plain as plain
from .normalizing import whole as whole

#: What ``json.dumps`` takes.
Json = Any

#: What clears a date at the server; null is ignored there.
YEAR_ONE = "0001-01-01T00:00:00Z"
#: Digits of a number that the server keeps.
DIGITS = 15
#: Decimal places of a number that the server keeps.
PLACES = 28
# The digits of a second that ``datetime`` cuts off.
_BEYOND_MICROSECONDS = re.compile(r"[.,]\d{6}(\d{1,3})")


def encode(field: Field, cell: Cell) -> Json:
    """Return the JSON that a PATCH sends for a cell.

    Examples
    --------
    >>> encode(Field("DueDate", "DateTime"), pd.NaT)
    '0001-01-01T00:00:00Z'
    >>> encode(Field("Status", "Choice"), "active")
    ['active']
    """
    cell = normalize(field, cell)
    if field.is_choice:
        options = [option_of(field, item) for item in items(cell)]
        return sorted(options, key=is_other)  # the server takes what follows another word for a part of it
    if field.is_reference:
        targets = [target_of(item) for item in items(cell)]
        if field.multiple or field.type == "AllowedChildTypes":
            return targets
        return targets[0] if targets else None
    if field.type == "DateTime":
        return YEAR_ONE if is_missing(cell) else _date(cell)
    if is_missing(cell):
        return None
    encoder = _ENCODERS.get(field.type)
    return encoder(cell) if encoder else cell


def decoded(field: Field, column: str, read: Json) -> Cell:
    """Return the cell that a column shows for what is read of its field."""
    part = column.partition("/")[2]
    if not part:
        return decoded_all(field, [read])[0]
    return [item.get(part) for item in read] if isinstance(read, list) else (read or {}).get(part, pd.NA)


def decoded_all(field: Field, read: Sequence[Json]) -> Sequence[Cell]:
    """Return the cells that a column shows for what is read of its field in some contents."""
    cells: Sequence[Cell] = codec(field).decode(read)
    return cells


def rewritten(field: Field, read: Json) -> Json:
    """Return what writes again what was read of a field."""
    return encode(field, decoded(field, field.name, read))


def told(field: Field, value: Json) -> str:
    """Return a value as messages show it: what a reference points to by its path, a single option as a text.

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
    """Return a text without the passwords among the values of some fields, however it quotes them.

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
    if field.type == "DateTime":
        return bool(sent == meant)
    if has_no_order(one) or has_no_order(other):
        sent, meant = (in_order(value) if isinstance(value, list) else value for value in (sent, meant))
    return same_json(field, sent, meant) or (_is_text(field) and same_content(one, other))


def _is_text(field: Field) -> bool:
    """Return whether a file may make a number of a value of the field, such as a serial number."""
    return field.type in TEXTS or field.type not in _ENCODERS


def same_json(field: Field, sent: Json, read: Json) -> bool:
    """Return whether the JSON that is read back means the value that was sent."""
    if field.is_reference:
        one, other = items(sent), items(read)
        return len(one) == len(other) and all(map(_same_target, one, other))
    if field.type == "DateTime":
        return _same_date(sent, read)
    return bool(_meaning(field, sent) == _meaning(field, read))


def _same_target(one: Json, other: Json) -> bool:
    return bool(_names(one) & _names(other))


def _names(target: Json) -> set[int | str]:
    """Return every name of what a reference points to, as sent (id, path or type) or as read."""
    known = target.values() if isinstance(target, Mapping) else [target]
    return {name.lower() if isinstance(name, str) else name for name in known if name is not None}


def option_of(field: Field, item: Cell) -> str:
    """Return the stored value of an option that is named by its value or its label."""
    text = str(whole(item))
    if any(option.value == text for option in field.options):
        return text
    labelled = [option.value for option in field.options if option.text == text]
    return labelled[0] if len(labelled) == 1 else text


def is_other(option: Cell) -> bool:
    """Whether an item of a choice is a word of the user's own."""
    return isinstance(option, str) and option.startswith("~other.")


def target_of(item: Cell) -> int | str:
    """Return the id or path that a reference, named by id, path or a row of a frame, points to."""
    if isinstance(item, pd.Series):
        named = [item[key] for key in ("Id", "Path") if key in item.index]
        item = named[0] if named else item.name
    elif isinstance(item, Mapping):
        item = item.get("Id", item.get("Path"))
    item = whole(plain(item))
    if isinstance(item, str) and item.strip().isdecimal() and len(item) < 20:
        return int(item)
    return int(item) if isinstance(item, int) and not isinstance(item, bool) else str(item)


def moment(cell: Cell) -> dt.datetime | pd.Timestamp:
    """Return the moment that a date of any type means, in UTC; without a zone it is UTC already.

    Raises
    ------
    ValueError, TypeError
        If it is not a date.
    """
    cell = plain(cell)
    if isinstance(cell, (bool, int, float, decimal.Decimal)) or is_list(cell) or isinstance(cell, Mapping):
        raise TypeError(f"{cell!r} is not a date")
    if isinstance(cell, pd.Period):
        cell = cell.to_timestamp()
    more = ""
    if isinstance(cell, str):
        found = _BEYOND_MICROSECONDS.search(cell)
        more = found[1] if found else ""
        cell = dt.datetime.fromisoformat(cell.strip())
    stamp = pd.Timestamp(cell)
    if more:
        stamp = stamp + pd.Timedelta(int(more.ljust(3, "0")), unit="ns")
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


def _date(cell: Cell) -> str:
    text = iso(moment(cell))
    if text.startswith("0001-") and text != YEAR_ONE:
        raise ValueError(f"{cell} is in year 1, which means that a date is not set")
    return text


def _number(cell: Cell) -> float:
    if isinstance(cell, bool):
        raise TypeError(f"{cell} is not a number")
    return float(
        f"{decimal.Decimal(cell):.{DIGITS}g}"
        if isinstance(cell, decimal.Decimal)
        else f"{float(cell):.{DIGITS}g}"
    )


def _whole(cell: Cell) -> int:
    if isinstance(cell, bool):
        raise TypeError(f"{cell} is not a number")
    number = decimal.Decimal(repr(cell) if isinstance(cell, float) else cell)
    if not abs(number) < 2**64 or number != number.to_integral_value():
        raise ValueError(f"{cell} is not a whole number")
    return int(number)


def _truth(cell: Cell) -> bool:
    if not isinstance(cell, bool):
        raise TypeError(f"{cell!r} is neither True nor False")
    return cell


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else str(whole(cell))


def _meaning(field: Field, value: Json) -> Any:
    """Reduce what is sent and what is read of a field to one form."""
    if field.is_choice:
        return value if isinstance(value, list) else [] if value is None else [value]
    if field.type in ("Number", "Currency") and isinstance(value, (int, float)):
        return _number(float(value) if isinstance(value, bool) else value)
    return value


def _same_date(sent: Json, read: Json) -> bool:
    """Return whether two dates are the same to the microsecond that a frame holds, or closer if sent so."""
    one, other = _parts(sent), _parts(read)
    if one is None or other is None:
        return one is other
    digits = 7 if one[1][6:].strip("0") else 6
    return one[0] == other[0] and one[1][:digits] == other[1][:digits]


def _parts(value: Json) -> tuple[str, str] | None:
    """Return a date of the server as its seconds and the digits behind; None if it is unset, in year 1."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    text, _, fraction = value.removesuffix("Z").partition(".")
    return text, (fraction + "0000000")[:7]


_ENCODERS: Mapping[str, Callable[[Any], Json]] = {
    **dict.fromkeys(TEXTS, _text),
    "Integer": _whole,
    "Number": _number,
    "Currency": _number,
    "Boolean": _truth,
}
