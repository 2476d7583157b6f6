"""Numbers, booleans and moments."""

from __future__ import annotations

import math
import re
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.contents import UNSET_DATE, Content, Value
from sn_pandas.embedded.errors import invalid_cast, server_error
from sn_pandas.embedded.fields.base import IGNORED, Kind, SettingError, in_range, net_type
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.wire.bodies import Date

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any


BLANKS = "[\t-\r ]*"
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
DATE_FORMS = (
    "%m/%d/%Y %H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%m/%d/%Y",
)
"""How a definition may write a date."""
DECIMAL_LIMIT = Decimal(2**96 - 1)
DECIMAL_PLACES = 28
ROUGHLY = Context(prec=2 * DECIMAL_PLACES, rounding=ROUND_HALF_EVEN)
"""Holds more digits than the server's decimals."""
NUMBER_TEXT = re.compile(
    rf"{BLANKS}(?:(?P<sign>[+-])?(?P<digits>[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)"
    rf"(?(sign)|{BLANKS}(?P<after>[+-])?)){BLANKS}\0*"
)
"""A number as text: the sign before or behind it, commas between digits mean nothing."""


class Integer(Kind):
    """A integer of 32 bits; never null."""

    empty = 0

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return 0
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, float):
            if math.isnan(value) or math.isinf(value):
                raise SettingError("OverflowException")
            value = round(value)
        elif isinstance(value, str):
            if not re.fullmatch(rf"{BLANKS}[+-]?[0-9]+{BLANKS}\0*", value):
                raise SettingError("FormatException")
            value = int(Decimal(value.strip("\0")))  # int itself refuses thousands of digits
        elif isinstance(value, Date):
            raise SettingError("InvalidCastException")
        elif not isinstance(value, int):
            raise invalid_cast(net_type(value), "System.IConvertible")
        elif not -(2**63) <= value < 2**63:
            raise SettingError("InvalidCastException")
        if not INT32_MIN <= value <= INT32_MAX:
            raise SettingError("OverflowException")
        return value

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return int(text) if text and re.fullmatch("[+-]?[0-9]+", text) else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return in_range(stored or 0, field)


class Number(Kind):
    """A decimal number."""

    empty = 0.0
    null_is_missing = True

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return "0"
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                raise server_error("InvalidCastException", "The number has more than 64 bits.")
            return str(value)
        if isinstance(value, float):
            if math.isnan(value) or not -(2.0**96) < value < 2.0**96:  # asked before digits are cut off
                raise server_error("OverflowException", "The value is not a decimal number.")
            return canonical(Decimal(f"{value:.15g}"))
        if isinstance(value, str):
            match = NUMBER_TEXT.fullmatch(value)
            if match is None:
                raise server_error("FormatException", "The text is not a decimal number.")
            return canonical(
                Decimal((match["sign"] or match["after"] or "") + match["digits"].replace(",", ""))
            )
        raise invalid_cast(net_type(value), "System.IConvertible")

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return 0.0 if stored is None else number(stored)

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        try:
            return canonical(Decimal(text)) if text else None
        except InvalidOperation:
            return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return in_range(Decimal(stored or "0"), field)


class Boolean(Kind):
    """True or false; whatever is not true is false."""

    empty = False
    null_is_missing = True

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        return value is True

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return (text or "").lower() == "true" or None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return True


class DateTime(Kind):
    """A moment; null leaves it as it is, year 1 clears it."""

    empty = UNSET_DATE

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, Date):
            return value.text
        if value is None:
            return IGNORED
        raise invalid_cast(net_type(value), "System.DateTime")

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return moment(text) if text else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        for setting, sign in (("MinValue", 1), ("MaxValue", -1)):
            limit = field.settings.get(setting)
            text = moment(session.replace_templates(limit)) if isinstance(limit, str) else None
            if text:  # a date that was never set is year 1
                value, bound = (stored or UNSET_DATE).rstrip("Z"), text.rstrip("Z")
                if (value > bound) - (value < bound) == -sign:
                    return False
        return True


def canonical(value: Decimal) -> str:
    """Return a decimal without exponent and trailing zeros, with the digits that the server's decimals hold.

    Raises
    ------
    ODataError
        If it is too large for them.
    """
    most = min(DECIMAL_PLACES, DECIMAL_PLACES - value.adjusted())
    for places in range(most, max(most - 2, -1), -1):
        held = value.scaleb(places, ROUGHLY).to_integral_value(context=ROUGHLY)
        if held.copy_abs() <= DECIMAL_LIMIT:
            break
    else:
        raise server_error("OverflowException", "Value was either too large or too small for a Decimal.")
    text = f"{held.scaleb(-places, ROUGHLY):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def number(stored: str) -> float | Decimal:
    """Return what JSON shows of a stored decimal: a float if that writes the same digits."""
    as_float = float(stored)
    shown = repr(as_float)
    if shown == stored or shown == stored + ".0":
        return as_float
    return Decimal(stored)


def moment(text: str) -> str | None:
    """Return the stored form of a date that a definition or a template wrote."""
    for form in DATE_FORMS:
        try:
            return datetime.strptime(text, form).strftime("%Y-%m-%dT%H:%M:%SZ")
        except ValueError:
            continue
    return None
