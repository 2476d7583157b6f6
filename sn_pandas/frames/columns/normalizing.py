"""Normalize cells to one plain form, whatever pandas, numpy, Arrow or a file made of them.

A boolean may come as ``numpy.bool_``, as ``1.0`` or, out of a CSV file, as ``"True"``; a list as an
array, a set, or the text of a list. Comparing, checking and writing all begin with :func:`normalize`.
"""

from __future__ import annotations

import ast
import datetime as dt
import decimal
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...odata.redaction import Secret
from ...odata.schema import Field
from .masked import Masked

#: Whatever a user may put into a cell.
Cell = Any

_LISTS = (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index, pd.api.extensions.ExtensionArray)
_SETS = (set, frozenset)
_DATES = (dt.datetime, np.datetime64)
_EMPTY_SETS = ("set()", "frozenset()")
# Types that most cells have, of which nothing else is to be found out: those that numpy never wraps, and
# those that never stand for a missing cell.
_OF_PYTHON = frozenset([str, int, float, bool, type(None)])
_NEVER_MISSING = frozenset([str, int, bool, list])
_TRUTH = {"true": True, "false": False}
#: Characters of the text of a list that is still read as one.
_LONGEST_LIST = 1_000_000
#: Significant digits from which on those behind the seventh may be the noise of a ``float32``.
_NOISE = 10
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_ITEM = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>[+-]?\d{1,30})|(?P<nothing>None|nan|null|<NA>))\s*"""
)


def is_missing(cell: Cell) -> bool:
    """Return whether a cell is missing; a list is never missing, even if it is empty."""
    if type(cell) in _NEVER_MISSING:
        return False
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, (float, np.floating)):
        return math.isnan(cell)
    if isinstance(cell, decimal.Decimal):
        return cell.is_nan()
    return isinstance(cell, (np.datetime64, np.timedelta64)) and bool(np.isnat(cell))


def to_plain(cell: Cell) -> Cell:
    """Convert scalars of numpy and of subclasses, such as an Enum, to those of Python.

    A small float becomes its shortest decimal.

    Examples
    --------
    >>> to_plain(np.float32(247.85)), to_plain(np.array("red")), to_plain(np.int8(5))
    (247.85, 'red', 5)
    """
    if type(cell) in _OF_PYTHON:
        return cell
    if isinstance(cell, np.ndarray) and cell.ndim == 0:
        cell = cell[()]
    if isinstance(cell, np.datetime64) or not isinstance(cell, np.generic):
        return _strip_subclass(cell)
    if isinstance(cell, np.floating) and not isinstance(cell, float):
        return float(np.format_float_scientific(cell))
    return cell.item()


def _strip_subclass(cell: Cell) -> Cell:
    """Return the text or number that an object of a subclass is, such as a member of an Enum.

    A password stays masked, so that no message or traceback shows it.
    """
    if type(cell) in _OF_PYTHON or isinstance(cell, (Masked, Secret)):
        return cell
    if isinstance(cell, str):
        return str.__str__(cell)  # the class may have a __str__ of its own
    if isinstance(cell, int):
        return int.__int__(cell)
    return float.__float__(cell) if isinstance(cell, float) else cell


def is_list(cell: Cell) -> bool:
    """Return whether a cell is a list, a set or an array with at least one dimension."""
    return isinstance(cell, _LISTS) and not (isinstance(cell, np.ndarray) and cell.ndim == 0)


def list_items(cell: Cell) -> list[Cell]:
    """Return the items of a cell with one or several; those of a set in a fixed order."""
    cell = to_plain(cell)
    if is_missing(cell):
        return []
    if isinstance(cell, pd.DataFrame):
        return list(cell["Id"] if "Id" in cell.columns else cell.index)
    if isinstance(cell, pd.Series) and ({"Id", "Path"} & set(cell.index) or cell.index.dtype == object):
        return [cell]  # a row of a frame
    if not is_list(cell):
        return [cell]
    found = [to_plain(item) for item in cell]
    return sort_items(found) if isinstance(cell, _SETS) else found


def sort_items(cells: Iterable[Cell]) -> list[Cell]:
    """Return items that have no order of their own in one that is the same in every process."""
    return sorted(cells, key=lambda item: (type(item).__name__, str(item)))


def normalize(field: Field, cell: Cell) -> Cell:
    """Return the canonical form of a cell, which is the same for all equivalent cells.

    Examples
    --------
    >>> normalize(Field("Labels", "Choice", multiple=True), "['red', 'blue']")
    ['red', 'blue']
    >>> normalize(Field("InUse", "Boolean"), "False")
    False
    """
    cell = to_plain(cell)
    if field.is_truth:
        return parse_boolean(cell)
    if field.is_choice or field.is_reference:
        if isinstance(cell, str) and not any(cell in (option.value, option.text) for option in field.options):
            listed = list_of(cell)
            cell = cell if listed is None else listed
        if isinstance(cell, _SETS) and field.is_choice:
            order = {option.value: number for number, option in enumerate(field.options)}
            return sorted(list_items(cell), key=lambda item: order.get(str(item), len(order)))
    return cell


def parse_boolean(cell: Cell) -> Cell:
    """Return the boolean that a number or a text names; another cell as it is.

    Examples
    --------
    >>> parse_boolean(1.0), parse_boolean("FALSE"), parse_boolean("no"), parse_boolean(2)
    (True, False, 'no', 2)
    """
    if isinstance(cell, str):
        return _TRUTH.get(cell.strip().lower(), cell)
    if isinstance(cell, (int, float, decimal.Decimal)) and not is_missing(cell) and cell in (0, 1):
        return bool(cell)
    return cell


def has_no_order(cell: Cell) -> bool:
    """Return whether a cell is a set, or the text of a set."""
    return isinstance(cell, _SETS) or (isinstance(cell, str) and isinstance(list_of(cell), set))


def list_of(text: str) -> list[Cell] | set[Cell] | None:
    """Parse a list or set that ``str`` or a CSV file turned into text; None for other texts.

    The text of an array has no commas.

    Examples
    --------
    >>> list_of("['red', 'blue']"), list_of("['red' 'blue']"), list_of("[1398]"), list_of("[sic]")
    (['red', 'blue'], ['red', 'blue'], [1398], None)
    >>> list_of("{'red'}"), list_of("set()")
    ({'red'}, set())
    """
    text = text.strip()
    if text in _EMPTY_SETS:
        return set()
    if text.startswith("frozenset({"):
        text = text.removeprefix("frozenset(").removesuffix(")")
    if not 2 <= len(text) <= _LONGEST_LIST or _BRACKETS.get(text[0]) != text[-1]:
        return None
    inner, at = text[1:-1], 0
    found: list[Cell] = []
    while at < len(inner) and (item := _ITEM.match(inner, at)):
        if item["text"]:
            try:
                found.append(_unquote(item["text"]))
            except (ValueError, SyntaxError):
                return None
        elif item["number"]:
            found.append(int(item["number"]))
        at = item.end() + (inner[item.end() : item.end() + 1] == ",")
    if inner[at:].strip():
        return None
    return set(found) if text[0] == "{" else found


def _unquote(text: str) -> str:
    if "\\" not in text:
        return text[1:-1]
    return str(json.loads(text)) if text[0] == '"' and r"\/" in text else str(ast.literal_eval(text))


def are_equal(one: Cell, other: Cell) -> bool:
    """Return whether two cells are equal, for fields of unknown type.

    The text of a list, of JSON or of a number is the same as what it is the text of: files make such texts.

    Examples
    --------
    >>> are_equal(["a", None], "['a', None]"), are_equal("2024", 2024.0), are_equal("007", 7)
    (True, True, False)
    """
    try:
        return one is other or _compare_contents(one, other)
    except RecursionError:  # nested deeper than can be gone through
        return False


def _compare_contents(one: Cell, other: Cell) -> bool:
    one, other = to_plain(one), to_plain(other)
    if is_missing(one) or is_missing(other):
        return is_missing(one) and is_missing(other)
    if isinstance(one, _SETS) or isinstance(other, _SETS):
        return is_list(one) and is_list(other) and _are_equal_lists(sort_items(one), sort_items(other))
    if isinstance(one, str) != isinstance(other, str):
        text, cell = (one, other) if isinstance(one, str) else (other, one)
        return _is_text_of(text, cell)
    if is_list(one) or is_list(other):  # numpy compares an array and a number item by item
        return is_list(one) and is_list(other) and _are_equal_lists(list(one), list(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(are_equal(one[key], other[key]) for key in one)
    if isinstance(one, _DATES) and isinstance(other, _DATES):
        return _convert_to_utc(one) == _convert_to_utc(other)
    try:
        return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
    except (TypeError, ValueError):
        return False


def _are_equal_lists(one: list[Cell], other: list[Cell]) -> bool:
    return len(one) == len(other) and all(map(are_equal, one, other))


def _is_text_of(text: str, cell: Cell) -> bool:
    """Return whether a text is the form in which a file stores a cell."""
    if is_list(cell):
        listed = list_of(text)
        return text == str(cell) or (listed is not None and are_equal(listed, cell)) or _is_json(text, cell)
    if isinstance(cell, Mapping):
        return text == str(cell) or _is_json(text, cell)
    if isinstance(cell, _DATES):
        return _is_date(text, cell)
    return text == str(to_integer(cell))


def _convert_to_utc(date: Cell) -> pd.Timestamp:
    """Return a date of any type in UTC; a date without a time zone is UTC already."""
    stamp = pd.Timestamp(date)
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def _is_date(text: str, date: Cell) -> bool:
    try:
        return _convert_to_utc(dt.datetime.fromisoformat(text)) == _convert_to_utc(date)
    except (ValueError, OverflowError):
        return text == str(date)


def _is_json(text: str, cell: Cell) -> bool:
    try:
        return len(text) <= _LONGEST_LIST and bool(are_equal(json.loads(text), cell))
    except (ValueError, RecursionError):
        return False


def to_integer(item: Cell) -> Cell:
    """Return a float without a fraction as an integer: options such as 3 become floats if some are missing.

    Examples
    --------
    >>> to_integer(3.0), to_integer(2.5), to_integer("3.0")
    (3, 2.5, '3.0')
    """
    return int(item) if isinstance(item, float) and item.is_integer() else item


def is_very_number(one: Cell, other: Cell) -> bool:
    """Return whether two numbers are equal in a dtype with fewer digits, such as ``float32``.

    Examples
    --------
    >>> is_very_number(247.85, np.float32(247.85)), is_very_number(247.85, np.float32(247.86))
    (True, False)
    >>> is_very_number(247.85, 247.85000610351562), is_very_number(247.85, 247.85000000001)
    (True, False)
    """
    for small, number in ((one, other), (other, one)):
        if isinstance(small, np.floating) and not isinstance(small, float) and _is_number(number):
            with np.errstate(over="ignore"):
                return bool(small.dtype.type(float(number)) == small)
    return _is_float32_form(one, other)


def _is_float32_form(number: Cell, other: Cell) -> bool:
    """Return whether a float is the ``float32`` form of another one."""
    if not isinstance(number, float) or not isinstance(other, float) or number == other:
        return False
    noise = _count_digits(other)
    if noise < _NOISE or _count_digits(number) > np.finfo("float32").precision + 1:
        return False
    with np.errstate(over="ignore"):
        return float(f"{float(np.float32(number)):.{noise}g}") == other


def _count_digits(number: float) -> int:
    return len(repr(float(number)).partition("e")[0].replace(".", "").replace("-", "").strip("0"))


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool)


def freeze(cell: Cell, memo: dict[Any, Any] | None = None) -> Cell:
    """Return a cell that shares no writable memory: lists, sets, arrays and dicts are copied.

    Equal lists of texts become the same list, which ``memo`` remembers. Of what is nested deeper than can be
    gone through, which no field takes, the kind is left.

    Examples
    --------
    >>> freeze([["a"], {"b": 1}])
    [['a'], {'b': 1}]
    """
    if type(cell) in _PLAIN:
        return cell
    try:
        return _freeze(cell, memo)
    except RecursionError:
        return f"<{type(cell).__name__} nested too deeply>"


def _freeze(cell: Cell, memo: dict[Any, Any] | None = None) -> Cell:
    if type(cell) in _PLAIN:
        return cell
    if isinstance(cell, list):
        if memo is not None:
            try:
                return (
                    memo.setdefault(tuple(cell), list(cell)) if _are_texts(cell) else _copy_items(cell, list)
                )
            except TypeError:
                pass
        return _copy_items(cell, list)
    for kind, copied in _COPIES.items():
        if isinstance(cell, kind):
            return copied(cell)
    return cell


def _are_texts(cell: list[Cell]) -> bool:
    return all(type(item) is str for item in cell)


def _copy_items(cell: Iterable[Cell], kind: Callable[[Iterable[Cell]], Cell]) -> Cell:
    return kind(_freeze(item) for item in cell)


def _copy_array(cell: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    copy = cell.copy()
    if copy.dtype == object:
        for place, item in enumerate(copy.flat):
            copy.flat[place] = _freeze(item)
    return copy


def _copy_tuple(cell: tuple[Cell, ...]) -> tuple[Cell, ...]:
    return tuple(_freeze(item) for item in cell)


_PLAIN = frozenset([str, int, float, bool, type(None), pd.Timestamp, np.int64, np.float64, np.bool_])
_COPIES: Mapping[Any, Callable[[Any], Any]] = {
    tuple: _copy_tuple,
    (set, frozenset): lambda cell: type(cell)(cell) if type(cell) in _SETS else set(cell),
    dict: lambda cell: {key: _freeze(value) for key, value in cell.items()},
    np.ndarray: _copy_array,
    bytearray: bytearray,
    (pd.Series, pd.DataFrame, pd.Index, pd.api.extensions.ExtensionArray): lambda cell: cell.copy(),
}
