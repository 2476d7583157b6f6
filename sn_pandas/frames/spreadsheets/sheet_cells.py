"""Convert cells between a frame and a spreadsheet.

People read names and labels, and a frame holds paths and values. Each column of a sheet knows both.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import pandas as pd

from ...odata.schema import Field
from ..columns.normalizing import Cell, is_list, is_missing, list_items, to_integer, to_plain

#: What openpyxl takes and gives.
Value = None | bool | int | float | str | dt.datetime
#: How a column is shown and read.
Kind = Literal[
    "text", "number", "truth", "date", "choice", "choices", "reference", "references", "other", "own"
]
#: Characters of a cell at the most, as Excel counts them.
LONGEST = 32_767
#: A character takes seven in the file if XML has none for it.
_CUT_AT = 4_000
_CUT = " … [the whole text is too long for a cell]"
#: Dates from which on Excel and LibreOffice count days alike.
_FIRST_DATE = dt.datetime(1900, 3, 1)
_MOST_DIGITS = 10**15
#: LibreOffice cuts seconds to hundredths.
_JITTER = dt.timedelta(milliseconds=10)
_RELATIVE = 1e-15
_TRUTH: Mapping[str, bool] = {"yes": True, "no": False, "true": True, "false": False}
# What XML takes no character of, and what Excel takes for one: _x0041_ is an A.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^;]*?))\s*(?:;|$)')
_NEEDS_QUOTES = re.compile(r'[;"\n]|^\s|\s$|^$')


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a sheet.

    Attributes
    ----------
    name, header : str
        The column of the frame, and what stands above it.
    zone : str
        The time zone in which dates are shown.
    open : bool
        Whether a choice takes other texts, too.
    labels : mapping
        What is shown for a value: the label of an option, the name of a content for its path.
    """

    name: str
    header: str
    kind: Kind
    editable: bool = True
    zone: str = "UTC"
    open: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def values(self) -> dict[str, str]:
        """The value for each label."""
        return {label: value for value, label in self.labels.items()}


def choose_kind(column: str, field: Field | None) -> Kind:
    """Return how the column of a field is shown; ``own`` for a column of the user."""
    if field is None:
        return "own"
    if field.is_choice:
        return "choices" if field.multiple else "choice"
    if field.is_reference:
        return "references" if field.multiple or field.kind.several else "reference"
    if field.is_number:
        return "number"
    if field.is_truth or field.is_date:
        return "truth" if field.is_truth else "date"
    return "text" if field.kind.value in ("text", "label") else "other"


def show(column: Column, cell: Cell) -> Value:
    """Return the value that a sheet shows for a cell.

    Examples
    --------
    >>> show(Column("InUse", "In use", "truth"), True)
    'yes'
    >>> show(Column("Labels", "Labels", "choices", labels={"red": "Red"}), ["red", "a;b"])
    'Red; "a;b"'
    """
    cell = to_plain(cell)
    if is_missing(cell) or (isinstance(cell, str) and not cell):
        return None
    return _SHOWN[column.kind](column, cell)


def is_cut(value: Value) -> bool:
    """Return whether a sheet shows only the beginning of a text."""
    return isinstance(value, str) and value.endswith(_CUT)


def is_unchanged(shown: Value, value: Any) -> bool:
    r"""Return whether a sheet still shows the value that was written, whatever program saved it.

    Examples
    --------
    >>> is_unchanged(1.5, 1.5000000000000002), is_unchanged("a\r\nb", "a\nb"), is_unchanged("7", 7)
    (True, True, False)
    """
    value = None if value == "" else value
    if shown is None or value is None:
        return shown is value
    if isinstance(shown, dt.datetime):
        return isinstance(value, dt.datetime) and abs(value - shown) <= _JITTER
    if isinstance(shown, str) or isinstance(value, str):
        return type(shown) is type(value) and (shown == value or _as_kept(shown) == _as_kept(value))
    if isinstance(shown, bool) or isinstance(value, bool):
        return shown is value
    if not isinstance(value, (int, float)):
        return False
    return shown == value or math.isclose(shown, value, rel_tol=_RELATIVE)


def parse(column: Column, value: Any) -> Cell:
    """Return the cell for a changed value of a sheet; an invalid value is returned unchanged.

    Raises
    ------
    ValueError
        If it is a time that the zone of the column does not have, or has twice.

    Examples
    --------
    >>> parse(Column("InUse", "In use", "truth"), "no")
    False
    >>> parse(Column("Keeper", "Keeper", "reference", labels={"/Root/IMS/anna": "Anna Ács"}), "Anna Ács")
    '/Root/IMS/anna'
    """
    if value is None or (isinstance(value, str) and not value.strip() and column.kind not in ("text", "own")):
        return [] if column.kind in ("choices", "references") else None
    return _PARSED[column.kind](column, value)


def join(texts: Iterable[str]) -> str:
    """Join texts so that :func:`split` can separate them again."""
    return "; ".join(f'"{t.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(t) else t for t in texts)


def split(text: str) -> list[str]:
    """Return the texts of a list.

    Examples
    --------
    >>> split('Red; "a;b";blue')
    ['Red', 'a;b', 'blue']
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _ITEM.match(text, at)
        if match is None:  # a quotation mark that ends nowhere
            return [*found, text[at:].strip()]
        at = match.end()
        if match[1] is not None:
            found.append(match[1].replace('""', '"'))
        elif match[2]:
            found.append(match[2])
    return found


def escape(text: str) -> str:
    r"""Return a text as the file stores it, without losing a character.

    Examples
    --------
    >>> escape("a\rb"), unescape(escape("_x0041_"))
    ('a_x000D_b', '_x0041_')
    """
    return _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def unescape(text: str) -> str:
    """Return the text of :func:`escape`."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _as_kept(text: Any) -> str:
    """Return a text as other programs store it: LibreOffice has other escapes and drops some characters."""
    plain_text = unescape(str(text)).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", plain_text)


def _show_text(column: Column, cell: Cell) -> str:
    text = cell if isinstance(cell, str) else str(to_integer(cell))
    if len(text) <= _CUT_AT or len(escape(text).encode("utf-16-le", "surrogatepass")) <= 2 * LONGEST:
        return text
    return text[:_CUT_AT] + _CUT


def _number(column: Column, cell: Cell) -> Value:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and math.isfinite(cell):
        return str(cell) if isinstance(cell, int) and abs(cell) >= _MOST_DIGITS else cell
    return _show_text(column, cell)


def _show_boolean(column: Column, cell: Cell) -> Value:
    return ("yes" if cell else "no") if isinstance(cell, (bool, int, float)) else _show_text(column, cell)


def _show_date(column: Column, cell: Cell) -> Value:
    if not isinstance(cell, (pd.Timestamp, dt.datetime)):
        return _show_text(column, cell)
    stamp = pd.Timestamp(cell)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp
    local = stamp.tz_convert(column.zone).tz_localize(None).as_unit("us").to_pydatetime()
    return local if local >= _FIRST_DATE else local.isoformat(sep=" ")


def _show_label(column: Column, cell: Cell) -> str:
    text = str(to_integer(cell))
    return _show_text(column, column.labels.get(text, text))


def _show_labels(column: Column, cell: Cell) -> Value:
    shown = [column.labels.get(text, text) for text in (str(to_integer(item)) for item in list_items(cell))]
    return _show_text(column, join(shown)) if shown else None


def _show_other(column: Column, cell: Cell) -> Value:
    if is_list(cell):
        listed = list_items(cell)
        if any(is_list(item) or isinstance(item, Mapping) for item in listed):
            return _show_text(column, json.dumps(listed, default=str, ensure_ascii=False))
        texts = ("" if is_missing(item) else str(to_integer(to_plain(item))) for item in listed)
        return _show_text(column, join(texts)) if listed else None
    if isinstance(cell, Mapping):
        return _show_text(column, json.dumps(dict(cell), default=str, ensure_ascii=False))
    return _show_own(column, cell)


def _show_own(column: Column, cell: Cell) -> Value:
    if isinstance(cell, (bool, str)):
        return cell if isinstance(cell, bool) else _show_text(column, cell)
    if isinstance(cell, (int, float)):
        return _number(column, cell)
    if isinstance(cell, (pd.Timestamp, dt.datetime)):
        return _show_date(column, cell)
    return (
        _show_other(column, cell) if is_list(cell) or isinstance(cell, Mapping) else _show_text(column, cell)
    )


def _as_text(column: Column, value: Any) -> Cell:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return str(to_integer(value))
    return value if isinstance(value, str) else str(value)


def _as_it_is(column: Column, value: Any) -> Cell:
    return value


def _as_number(column: Column, value: Any) -> Cell:
    return to_integer(value) if isinstance(value, float) else value


def _as_truth(column: Column, value: Any) -> Cell:
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    return _TRUTH.get(value.strip().lower(), value) if isinstance(value, str) else value


def _as_date(column: Column, value: Any) -> Cell:
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    if not isinstance(value, dt.datetime):
        return value
    stamp = pd.Timestamp(value).as_unit("us")
    if stamp.tzinfo is None:
        stamp = stamp.round("ms").tz_localize(column.zone, ambiguous="raise", nonexistent="raise")
    return stamp.tz_convert("UTC")


def _as_value(column: Column, value: Any) -> Cell:
    text = str(to_integer(value)) if isinstance(value, (int, float)) else value
    return column.values.get(text, text) if isinstance(text, str) else text


def _as_values(column: Column, value: Any) -> Cell:
    if not isinstance(value, str):
        return [_as_value(column, value)]
    values = column.values
    return [values.get(text, text) for text in split(value)]


_SHOWN: Mapping[Kind, Callable[[Column, Cell], Value]] = {
    "text": _show_text,
    "number": _number,
    "truth": _show_boolean,
    "date": _show_date,
    "choice": _show_label,
    "choices": _show_labels,
    "reference": _show_label,
    "references": _show_labels,
    "other": _show_other,
    "own": _show_own,
}
_PARSED: Mapping[Kind, Callable[[Column, Any], Cell]] = {
    "text": _as_text,
    "number": _as_number,
    "truth": _as_truth,
    "date": _as_date,
    "choice": _as_value,
    "choices": _as_values,
    "reference": _as_value,
    "references": _as_values,
    "other": _as_it_is,
    "own": _as_it_is,
}
