"""Encode cells as JSON: one encoder for each form of field value that the server accepts.

An encoder takes a field and a cell in the form that ``normalize`` gives, and returns what a PATCH sends
for it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...odata.numbers import DIGITS
from ...odata.schema import Field
from .normalizing import Cell, is_list, is_missing, list_items, to_integer, to_plain

#: What ``json.dumps`` takes.
Json = Any
#: Makes JSON of a cell of a field.
Encoder = Callable[[Field, Cell], Json]

#: What clears a date at the server; null is ignored there.
YEAR_ONE = "0001-01-01T00:00:00Z"
#: Decimal places of a number that the server keeps.
PLACES = 28
# The digits of a second that ``datetime`` cuts off.
_BEYOND_MICROSECONDS = re.compile(r"[.,]\d{6}(\d{1,3})")


def encode_as_is(field: Field, cell: Cell) -> Json:
    """Return a cell unchanged; null for a missing one."""
    return None if is_missing(cell) else cell


def encode_text(field: Field, cell: Cell) -> Json:
    """Return the text of a cell; null for a missing one."""
    if is_missing(cell):
        return None
    return cell if isinstance(cell, str) else str(to_integer(cell))


def encode_integer(field: Field, cell: Cell) -> Json:
    """Return an integer; null for a missing one."""
    return None if is_missing(cell) else _encode_integer(cell)


def encode_number(field: Field, cell: Cell) -> Json:
    """Return a number with the digits that the server stores; null for a missing one."""
    return None if is_missing(cell) else round_number(cell)


def encode_truth(field: Field, cell: Cell) -> Json:
    """Return a boolean; null for a missing one."""
    if is_missing(cell):
        return None
    if not isinstance(cell, bool):
        raise TypeError(f"{cell!r} is neither True nor False")
    return cell


def encode_date(field: Field, cell: Cell) -> Json:
    """Return a date in UTC; that of the year 1 for a missing one."""
    return YEAR_ONE if is_missing(cell) else _encode_date(cell)


def encode_choice(field: Field, cell: Cell) -> Json:
    """Return the list of options for the values or labels in a cell."""
    options = [option_of(field, item) for item in list_items(cell)]
    return sorted(options, key=is_other)  # the server takes what follows another word for a part of it


def encode_reference(field: Field, cell: Cell) -> Json:
    """Return the id or path of a reference, or a list of them; null for an empty cell."""
    targets = [get_target(item) for item in list_items(cell)]
    if field.multiple or field.kind.by_name:
        return targets
    return targets[0] if targets else None


def option_of(field: Field, item: Cell) -> str:
    """Return the stored value of an option that is named by its value or its label."""
    text = str(to_integer(item))
    if any(option.value == text for option in field.options):
        return text
    labelled = [option.value for option in field.options if option.text == text]
    return labelled[0] if len(labelled) == 1 else text


def is_other(option: Cell) -> bool:
    """Return whether an item of a choice is a word of the user's own."""
    return isinstance(option, str) and option.startswith("~other.")


def get_target(item: Cell) -> int | str:
    """Return the id or path of a reference given by id, path or row of a frame."""
    if isinstance(item, pd.Series):
        named = [item[key] for key in ("Id", "Path") if key in item.index]
        item = named[0] if named else item.name
    elif isinstance(item, Mapping):
        item = item.get("Id", item.get("Path"))
    item = to_integer(to_plain(item))
    if isinstance(item, str) and item.strip().isdecimal() and len(item) < 20:
        return int(item)
    return int(item) if isinstance(item, int) and not isinstance(item, bool) else str(item)


def parse_moment(cell: Cell) -> dt.datetime | pd.Timestamp:
    """Return a date of any type in UTC; a date without a time zone is taken as UTC.

    Raises
    ------
    ValueError, TypeError
        If it is not a date.
    """
    cell = to_plain(cell)
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
    """Return whether a date has no time zone."""
    if isinstance(cell, str):
        try:
            cell = dt.datetime.fromisoformat(cell.strip())
        except ValueError:
            return False
    if isinstance(cell, (dt.datetime, pd.Timestamp)):
        return cell.tzinfo is None
    return isinstance(cell, (dt.date, np.datetime64, pd.Period)) and not is_missing(cell)


def format_moment(when: dt.datetime | pd.Timestamp) -> str:
    """Format a UTC date for the server, to its 100 nanoseconds."""
    stamp = pd.Timestamp(when)
    ticks = stamp.microsecond * 10 + stamp.nanosecond // 100
    text = (
        f"{stamp.year:04}-{stamp.month:02}-{stamp.day:02}T{stamp.hour:02}:{stamp.minute:02}:{stamp.second:02}"
    )
    return text + (f".{ticks:07}".rstrip("0") if ticks else "") + "Z"


def round_number(cell: Cell) -> float:
    """Round a number to the digits that the server stores."""
    if isinstance(cell, bool) or is_list(cell):  # old numpy makes a number of an array of one
        raise TypeError(f"{cell} is not a number")
    return float(
        f"{decimal.Decimal(cell):.{DIGITS}g}"
        if isinstance(cell, decimal.Decimal)
        else f"{float(cell):.{DIGITS}g}"
    )


def _encode_date(cell: Cell) -> str:
    text = format_moment(parse_moment(cell))
    if text.startswith("0001-") and text != YEAR_ONE:
        raise ValueError(f"{cell} is in year 1, which means that a date is not set")
    return text


def _encode_integer(cell: Cell) -> int:
    if isinstance(cell, bool) or is_list(cell):  # decimal makes a number of a tuple of its parts
        raise TypeError(f"{cell} is not a number")
    number = decimal.Decimal(repr(cell) if isinstance(cell, float) else cell)
    if not abs(number) < 2**64 or number != number.to_integral_value():
        raise ValueError(f"{cell} is not an integer")
    return int(number)
