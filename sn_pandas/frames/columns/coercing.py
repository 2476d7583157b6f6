"""Convert a cell of a file for a field: "yes", "31.12.2026", "1.234,56", the label of an option, a name.

A file has texts where the server wants numbers, dates and options. Whatever follows from the field is made a
cell of it; what may mean two things, or nothing, is an ``Unusable`` with the reason.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...odata.numbers import DIGITS
from ...odata.refs import as_ref, ref
from ...odata.schema import Field
from .encoders import has_no_zone, parse_moment
from .masked import Masked
from .normalizing import Cell, is_list, is_missing, list_items, list_of, to_integer, to_plain
from .unusable import Unusable

_TRUE = frozenset("true t yes y on 1 ja wahr oui vrai igen igaz sí si sì".split())
_FALSE = frozenset("false f no n off 0 nein falsch non faux nem hamis".split())
_BLANKS = re.compile(r"[\s\u00a0\u202f']")
_CURRENCY = re.compile(r"^[€$£¥]\s*|\s*[€$£¥]$")
# No group of thousands begins with 0: 0.125 is a fraction, whatever sign stands before the decimals.
_GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?"),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?"),
}
_PLAIN = {".": re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"), ",": re.compile(r"[+-]?(?:\d+(?:,\d*)?|,\d+)")}
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?P<time>[T ].*)?")
_DATE = re.compile(r"(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})(?:[ ,T]+(\d{1,2}:\d\d(?::\d\d)?))?")
_BETWEEN = re.compile(r"[;\n]")


@dataclass(frozen=True)
class Coercion:
    """How texts of a file are read.

    Attributes
    ----------
    dayfirst : bool, optional
        Whether 05/06/2026 is 5 June or May 6; if None, ambiguous dates are rejected.
    decimal : {".", ","}, optional
        What stands before the decimals; the other one groups thousands. If None, a point stands before
        the decimals, and numbers with a comma are rejected.
    resolve : {"names"}, optional
        Whether texts in references are names.
    tz : str, optional
        The time zone of dates that name none; UTC if None.
    """

    dayfirst: bool | None = None
    decimal: Literal[".", ","] | None = None
    resolve: Literal["names"] | None = None
    tz: str | None = None

    def __post_init__(self) -> None:
        if not is_zone(self.tz or "UTC"):
            raise ValueError(f"tz is the name of a time zone, such as 'Europe/Budapest', not {self.tz!r}")
        for name, value, allowed in (
            ("dayfirst", self.dayfirst, (None, True, False)),
            ("decimal", self.decimal, (None, ".", ",")),
            ("resolve", self.resolve, (None, "names")),
        ):
            if value not in allowed:
                shown = ", ".join(repr(one) for one in allowed if one is not None)
                raise ValueError(f"{name} is one of {shown}, not {value!r}")

    def coerce(self, field: Field, given: Cell) -> Cell:
        """Return the cell of a field for a cell of a file: None if empty, ``Unusable`` if invalid.

        Examples
        --------
        >>> Coercion().coerce(Field("InUse", "Boolean"), "yes")
        True
        >>> Coercion(decimal=",").coerce(Field("Price", "Currency"), "1.234,56")
        1234.56
        """
        given = to_plain(given)
        if is_missing(given) or (isinstance(given, str) and not given.strip()) or isinstance(given, Unusable):
            return given if isinstance(given, Unusable) else None
        if field.is_secret:
            return given if isinstance(given, Masked) else Masked(to_integer(given))
        if field.is_choice:
            return self._coerce_choice(field, given)
        if field.points_to_contents:
            return self._coerce_reference(field, given)
        if field.is_number:
            return self._number(field, given)
        if field.is_truth:
            return self._coerce_boolean(given)
        if field.is_date:
            return self._localize(field, self._coerce_date(given), given)
        return self._coerce_text(field, given) if field.is_text else given

    def lacks_zone(self, field: Field, given: Cell) -> bool:
        """Return whether a cell is a date of which a file does not say in what time zone it is.

        Examples
        --------
        >>> how, field = Coercion(), Field("DueDate", "DateTime")
        >>> how.lacks_zone(field, "31.12.2026"), how.lacks_zone(field, "2026-12-31T10:00Z")
        (True, False)
        """
        given = to_plain(given)
        if not field.is_date or is_missing(given) or isinstance(given, Unusable):
            return False
        found = self._coerce_date(given)
        if isinstance(found, Unusable) or not has_no_zone(found):
            return False
        try:
            return not _is_day(field, pd.Timestamp(parse_moment(found)))
        except (ValueError, TypeError, OverflowError):
            return False

    def format_number(self, cell: Cell) -> Cell:
        """Return a number as the text that :meth:`coerce` reads as the same number; other cells as they are.

        Examples
        --------
        >>> Coercion(decimal=",").format_number(1.234)
        '1,234'
        """
        cell = to_plain(cell)
        if is_missing(cell) or not isinstance(cell, (float, decimal.Decimal)):
            return cell
        number = decimal.Decimal(str(cell))
        return f"{number:f}".replace(".", self.decimal or ".") if number.is_finite() else cell

    def _coerce_text(self, field: Field, given: Cell) -> Cell:
        if isinstance(given, str):
            return given.strip() if field.name == "Name" else given
        if isinstance(given, bool):
            return Unusable(given, f"{field.name} is a text, and the cell a boolean: format it as text")
        if isinstance(given, (int, float, decimal.Decimal)):
            return str(to_integer(given))
        if isinstance(given, (dt.date, pd.Timestamp, np.datetime64)):
            return Unusable(given, f"{field.name} is a text, and the cell a date: format it as text")
        return given

    def _number(self, field: Field, given: Cell) -> Cell:
        if not isinstance(given, str):
            return to_integer(given) if field.kind.value == "integer" else given
        text = _BLANKS.sub("", _CURRENCY.sub("", given.strip()))
        sign = self.decimal or "."
        if self.decimal is None and "," in text:
            advice = "pass decimal=',' if decimals stand behind it, or decimal='.' if it groups thousands"
            return Unusable(given, f"{given!r} has a comma: {advice}")
        if _GROUPED[sign].fullmatch(text):
            text = text.replace("," if sign == "." else ".", "")
        elif not _PLAIN[sign].fullmatch(text):
            other = f" with decimal={sign!r}" if self.decimal else ""
            return Unusable(given, f"{given!r} is not a number{other}")
        number = decimal.Decimal(text.replace(",", "."))
        if number == number.to_integral_value() and field.kind.value == "integer":
            return int(number)
        return number if len(number.as_tuple().digits) > DIGITS else float(number)

    def _coerce_boolean(self, given: Cell) -> Cell:
        if isinstance(given, str):
            word = given.strip().lower()
            if word in _TRUE or word in _FALSE:
                return word in _TRUE
            return Unusable(given, f"{given!r} is neither yes nor no: write yes or no, or true or false")
        if isinstance(given, (int, float)) and given in (0, 1):
            return bool(given)
        return given

    def _coerce_date(self, given: Cell) -> Cell:
        if isinstance(given, (bool, int, float, decimal.Decimal)):
            return Unusable(given, f"{given!r} is a number and not a date: format the cell as a date")
        if not isinstance(given, str):
            return _to_date(given)
        text = given.strip()
        if found := _ISO.fullmatch(text):
            try:
                when = parse_moment(text)
            except (ValueError, TypeError, OverflowError):
                return Unusable(given, f"{given!r} is not a date of the calendar")
            return pd.Timestamp(when).tz_localize(None) if not found["time"] else text
        parts = _DATE.fullmatch(text)
        if parts is None:
            return Unusable(given, f"{given!r} is not a date: write 2026-12-31 or 31.12.2026")
        first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
        dayfirst = self.dayfirst
        if dayfirst is None and first != second and max(first, second) <= 12:
            advice = "pass dayfirst=True if the day stands first, or dayfirst=False"
            return Unusable(given, f"{given!r} may be one of two dates: {advice}")
        if dayfirst is None:
            dayfirst = first > 12
        day, month = (first, second) if dayfirst else (second, first)
        try:
            date = dt.date(year, month, day)
            hour, _, rest = (parts[5] or "0:00").partition(":")
            time = dt.time.fromisoformat(f"{int(hour):02}:{rest}")
        except ValueError:
            way = f" with dayfirst={self.dayfirst}" if self.dayfirst is not None else ""
            return Unusable(given, f"{given!r} is not a date of the calendar{way}")
        if not parts[5]:
            return pd.Timestamp(date)
        return f"{date.isoformat()}T{time.isoformat()}"

    def _localize(self, field: Field, found: Cell, given: Cell) -> Cell:
        """Return a date that was read as one with a time zone; the days of a field of days are in UTC."""
        if isinstance(found, Unusable) or not has_no_zone(found):
            return found
        try:
            stamp = pd.Timestamp(parse_moment(found))
            return stamp if _is_day(field, stamp) else stamp.tz_localize(None).tz_localize(self.tz or "UTC")
        except (ValueError, TypeError, OverflowError) as error:
            if self.tz is None:
                return found
            why = "occurs twice" if "ambiguous" in str(error).lower() else "does not exist"
            return Unusable(
                given, f"{str(given)!r} {why} in {self.tz}, where the clocks change: write it with an offset"
            )

    def _coerce_choice(self, field: Field, given: Cell) -> Cell:
        options = [option.value for option in field.options]
        spellings: dict[str, list[str]] = {}
        for option in field.options:
            for word in {option.value.lower(), option.text.lower()}:
                spellings.setdefault(word, []).append(option.value)

        def option_of(item: Cell) -> Cell:
            item = to_integer(item)
            text = str(item).strip()
            if text in options:
                return text
            found = spellings.get(text.lower(), [])
            return found[0] if len(found) == 1 else text

        if is_list(given):
            return [option_of(item) for item in list_items(given)]
        text = str(to_integer(given)).strip()
        if option_of(given) in options:
            return [option_of(given)] if field.multiple else option_of(given)
        if isinstance(listed := list_of(text), (list, set)):
            return [option_of(item) for item in list_items(listed)]
        parts = _split_items(text)
        if len(parts) == 1 and "," in text:
            commas = [part.strip() for part in text.split(",") if part.strip()]
            parts = commas if all(option_of(part) in options for part in commas) else parts
        found = [option_of(part) for part in parts]
        return found if field.multiple or len(found) > 1 else found[0]

    def _coerce_reference(self, field: Field, given: Cell) -> Cell:
        if isinstance(given, str):
            listed = list_of(given)
            parts = list_items(listed) if listed is not None else _split_items(given)
        elif is_list(given):
            parts = list_items(given)
        else:
            return given
        found = [self._coerce_target(part) for part in parts]
        wrong = [one for one in found if isinstance(one, Unusable)]
        if wrong:
            return Unusable(given, "; ".join(one.reason for one in wrong))
        return found if field.multiple or is_list(given) or len(found) != 1 else found[0]

    def _coerce_target(self, item: Cell) -> Cell:
        if not isinstance(item, str):
            return to_integer(item)
        text = item.strip()
        if text.startswith("/") or text.isdecimal() or as_ref(text) is not None:
            return text
        if self.resolve == "names":
            return ref(text)
        return Unusable(text, f"{text!r} is neither a path nor an id: pass resolve='names' if it is a name")


def _to_date(given: Cell) -> Cell:
    """Return a day as the midnight that it begins with."""
    is_day = isinstance(given, dt.date) and not isinstance(given, dt.datetime)
    return pd.Timestamp(given) if is_day else given


def _is_day(field: Field, stamp: pd.Timestamp) -> bool:
    """Return whether a moment is one of the days that a field holds, which have no time zone."""
    return field.limits.get("DateTimeMode") == "Date" and stamp == stamp.normalize()


def is_zone(name: str) -> bool:
    """Return whether there is a time zone of some name."""
    try:
        pd.Timestamp(0).tz_localize(name)
    except Exception:  # each library of time zones has its own
        return False
    return True


def _split_items(text: str) -> list[str]:
    """Split a text with several items at semicolons and line breaks."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def match_header(header: Any, fields: dict[str, Field]) -> str | None:
    """Return the field with the name or label of a header, ignoring case; None if there is none.

    Examples
    --------
    >>> match_header("bought on", {"BoughtOn": Field("BoughtOn", "DateTime", display_name="Bought on")})
    'BoughtOn'
    """
    text = str(header).strip()
    if text in fields:
        return text
    lower = text.lower()
    named = [name for name in fields if name.lower() == lower]
    labelled = [name for name, field in fields.items() if field.display_name.strip().lower() == lower]
    for found in (named, labelled):
        if len(found) == 1:
            return found[0]
    return None
