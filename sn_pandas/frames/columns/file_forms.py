"""How file formats change cells: CSV has no empty text, JSON truncates decimals, pandas guesses types.

A frame that comes from such a file differs from what was read in cells that nobody edited. Some of them are
the same value in another form. Of the others only their author knows whether the file or a person changed
them.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import pandas as pd

from ...odata.schema import Field
from .cells import are_same_cells
from .encoders import parse_moment
from .normalizing import Cell, is_list, is_missing, list_items, list_of, to_plain

#: ``same``: the value itself, in another form. ``lossy``: what a file may have made of it, or a person.
Form = Literal["", "same", "lossy"]

#: Texts that ``pandas.read_csv`` and ``read_excel`` take for an empty cell.
_READ_AS_EMPTY = frozenset(
    "#N/A #NA -1.#IND -1.#QNAN -NaN -nan 1.#IND 1.#QNAN <NA> N/A NA NULL NaN None n/a nan null".split()
) | {"#N/A N/A"}
# Digits behind the point that ``DataFrame.to_json`` writes if not told otherwise, and at the most; it reads
# numbers with an error in the last of their 17 digits.
_JSON_PLACES = (10, 15)
_JSON_ERROR = 1e-15
# What files cut a date to.
_CUTS = ("ms", "s")
# Microseconds of the units in which files count dates since 1970.
_UNITS = (1_000_000, 1_000, 1, 0.001)


def classify_form(field: Field | None, before: Cell, after: Cell) -> Form:
    """Classify whether a file may have changed the cell ``before`` of a field to ``after``.

    Examples
    --------
    >>> text = Field("Notes", "ShortText")
    >>> classify_form(text, "", None), classify_form(text, "NA", None), classify_form(text, "red", None)
    ('same', 'lossy', '')
    >>> classify_form(Field("DueDate", "DateTime"), pd.Timestamp("2026-01-01", tz="UTC"), 1767225600000)
    'same'
    """
    before, after = to_plain(before), to_plain(after)
    if _is_empty(before) and _is_empty(after):
        return "same"
    if is_list(before):
        return _list_form(field, before, after)
    if is_missing(after):
        lossy = isinstance(before, str) and (before.strip() in _READ_AS_EMPTY or before.startswith("="))
        return "lossy" if lossy or _is_empty(before) else ""
    if is_missing(before):
        return ""
    if isinstance(before, str) and (field is None or not field.is_date):
        return _classify_text_form(before, after)
    if isinstance(before, pd.Timestamp):
        return _classify_date_form(before, after)
    if isinstance(before, float) and _is_number(after):
        cuts = [_as_json(before, places) for places in _JSON_PLACES]
        return "lossy" if any(math.isclose(cut, after, rel_tol=_JSON_ERROR) for cut in cuts) else ""
    return ""


def _is_empty(cell: Cell) -> bool:
    return is_missing(cell) or (isinstance(cell, str) and not cell)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _as_json(number: float, places: int) -> float:
    """Return what ``DataFrame.to_json`` leaves of a number; very small and large ones keep so many digits.

    Examples
    --------
    >>> _as_json(0.12345678901234, 10), _as_json(2.22044604925e-16, 10)
    (0.123456789, 2.220446049e-16)
    """
    is_plain = number == 0 or 1e-15 <= abs(number) <= 1e16
    return round(number, places) if is_plain else float(f"{number:.{places}g}")


def _classify_text_form(before: str, after: Cell) -> Form:
    """Return the form of a text that pandas converted to a number, a boolean or a date."""
    if isinstance(after, bool):
        return "lossy" if before.strip().lower() == str(after).lower() else ""
    number = _number_of(before)
    if _is_number(after):
        return "lossy" if number is not None and number == after else ""
    if isinstance(after, str):  # a number again, in the words of Python
        is_number = number is not None and math.isfinite(number) and after == str(number)
        return "lossy" if is_number else ""
    return (
        "lossy"
        if _try_parse_moment(after) is not None and _try_parse_moment(before) == _try_parse_moment(after)
        else ""
    )


def _number_of(text: str) -> float | None:
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _try_parse_moment(cell: Cell) -> Any:
    try:
        return pd.Timestamp(parse_moment(cell))
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return None


def _classify_date_form(before: pd.Timestamp, after: Cell) -> Form:
    """Return the form of a date that was truncated or converted to a Unix timestamp."""
    cuts = [getattr(before, way)(cut) for cut in _CUTS for way in ("floor", "round", "ceil")]
    if _is_number(after):
        return (
            "same" if any(_counts_time(after, when) for when in (before, *cuts)) else ""
        )  # nobody writes those
    when = _try_parse_moment(after)
    return "lossy" if when is not None and when in cuts else ""


def _counts_time(number: float, when: pd.Timestamp) -> bool:
    """Return whether a number counts the time from 1970 to a date, in whatever unit."""
    since = int(when.as_unit("us").to_numpy().astype("int64"))
    return any(number * unit == since for unit in _UNITS)


def _list_form(field: Field | None, before: Cell, after: Cell) -> Form:
    """Return the form of a list item by item."""
    if isinstance(after, str):
        listed = list_of(after)
        after = after if listed is None else listed
    one, other = list_items(before), list_items(after)
    if len(one) != len(other) or not is_list(after):
        return ""
    forms: set[Form] = {
        "same" if are_same_cells(field, a, b) else classify_form(field, a, b)
        for a, b in zip(one, other, strict=True)
    }
    return "" if "" in forms else "lossy" if "lossy" in forms else "same"
