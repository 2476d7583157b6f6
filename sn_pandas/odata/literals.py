"""Values as literals of ``$filter`` and of the content query language.

What the server's filter language takes depends on the type of the field: a number wants the
suffix ``m``, an option of a choice the prefix ``$``, a date is compared by the minute.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
from typing import Any

from .errors import QueryError, did_you_mean
from .schema import Field

# String literals that the server's parser mistakes for something else; see the section on $filter.
MISREAD = {"null", "NULL", "(", "POINT", "datetime"}
_PLAIN_WORD = re.compile(r"[^\W_][\w.]*", re.UNICODE)
_CQL_SPECIAL = re.compile(r'(["\\])')
# The server looks for control words, comments, templates and nested queries in quoted text, too;
# a backslash within hides them.
_CQL_SEEN_IN_QUOTES = re.compile(
    r"(?<=\.)(?=(?:TOP|SKIP|SORT|REVERSESORT|AUTOFILTERS|LIFESPAN|COUNTONLY|QUICK|ALLVERSIONS|SELECT))"
    r"|(?<=/)(?=[/*])|(?<=@)(?=@)|(?<=\{)(?=\{)|(?<=\})(?=\})"
)
_BACKSLASH = r"\\"


def filter_literal(value: Any, field: Field | None = None) -> str:
    """Write a value as a literal of ``$filter``, quoted so that it cannot end the literal.

    Parameters
    ----------
    value : object
        A text, number, truth value, date, or None.
    field : Field, optional
        The field it is compared with; decides between ``5`` and ``5m``, ``'x'`` and ``'$x'``.

    Raises
    ------
    QueryError
        If the language has no literal for it.

    Examples
    --------
    >>> filter_literal("it's")
    "'it''s'"
    >>> filter_literal(dt.date(2026, 1, 31))
    "datetime'2026-01-31T00:00:00'"
    """
    kind = field.type if field is not None else None
    value = fitting(value, field)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, decimal.Decimal)):
        return _number(value, kind)
    if isinstance(value, dt.datetime):
        return f"datetime'{_utc(value).isoformat()}'"
    if isinstance(value, dt.date):
        return f"datetime'{value.isoformat()}T00:00:00'"
    if isinstance(value, str):
        if field is not None and field.is_choice and not value.startswith("$"):
            value = "$" + _option(value, field)
        if value in MISREAD:
            raise QueryError(
                f"the server misreads the text {value!r} in a filter; "
                f"use a content query: query='{field.name if field is not None else 'Field'}:\"{value}\"'"
            )
        if "*" in value:
            raise QueryError(f"{value!r}: the server takes * for a wildcard in a filter, it cannot be quoted")
        return "'{}'".format(value.replace("'", "''"))
    if isinstance(value, (list, tuple, set, frozenset, range)):
        name = field.name if field is not None else "Field"
        raise QueryError(f"a filter compares with one value, not with a list; write F({name!r}).isin(…)")
    raise QueryError(f"a filter has no literal for {type(value).__name__}")


def query_value(value: Any, field: Field | None = None) -> str:
    r"""Write a value for the content query language, quoted so that it stays one value.

    Examples
    --------
    >>> query_value('say "hi"')
    '"say \\"hi\\""'
    >>> query_value(5)
    '5'
    """
    value = plain(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if value >= 0 else f'"{value}"'
    if isinstance(value, (float, decimal.Decimal)):
        return f'"{_decimal(value)}"'
    if isinstance(value, dt.datetime):
        return f'"{_utc(value).isoformat(sep=" ", timespec="seconds")}"'
    if isinstance(value, dt.date):
        return f'"{value.isoformat()}"'
    if isinstance(value, str):
        if field is not None and field.is_choice and not value.startswith(("$", "~")):
            value = "$" + _option(value, field)
        if "*" in value or "?" in value:
            raise QueryError(f"{value!r}: a content query takes * and ? for wildcards, they cannot be quoted")
        escaped = _CQL_SPECIAL.sub(r"\\\1", value)
        return f'"{_CQL_SEEN_IN_QUOTES.sub(_BACKSLASH, escaped)}"'
    raise QueryError(f"a content query has no form for {type(value).__name__}")


def fitting(value: Any, field: Field | None) -> Any:
    """Give a value as it is compared with a field: plain, and a date where a text names one.

    Raises
    ------
    QueryError
        If it is a text, and the field holds dates, numbers or truth values.

    Examples
    --------
    >>> fitting("2026-01-31", Field("DueDate", "DateTime"))
    datetime.date(2026, 1, 31)
    """
    value = plain(value)
    if field is None or not isinstance(value, str):
        return value
    if field.type == "DateTime":
        try:
            return (dt.date if len(value) <= len("2026-01-31") else dt.datetime).fromisoformat(value)
        except ValueError:
            raise QueryError(
                f"{value!r} is no date; write a datetime, or a text such as '2026-01-31T12:30'"
            ) from None
    if field.type in ("Integer", "Number", "Currency"):
        raise QueryError(f"the field holds numbers: write a number, not the text {value!r}")
    if field.type == "Boolean":
        raise QueryError(f"the field holds truth values: write True or False, not the text {value!r}")
    return value


def _option(value: str, field: Field) -> str:
    """Give a value of a choice, or raise if the choice offers no such one."""
    known = {option.value.lower() for option in field.options}
    if not known or field.extra_values or value.lower() in known or "*" in value or "?" in value:
        return value
    labels = {option.text.lower(): option.value for option in field.options}
    meant = labels.get(value.lower())
    said = f" Did you mean {meant}?" if meant else did_you_mean(value, [o.value for o in field.options])
    shown = ", ".join(repr(option.value) for option in field.options[:8])
    raise QueryError(f"{value!r} is no option of {field.name}, which has {shown}.{said}")


def plain(value: Any) -> Any:
    """Strip the wrappings of numpy and pandas without importing either; None for what is missing."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if type(value).__name__ == "datetime64":
        value = value.astype("datetime64[us]")
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        value = item()
    to_pydatetime = getattr(value, "to_pydatetime", None)
    if callable(to_pydatetime):
        value = to_pydatetime(warn=False)
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _number(value: int | float | decimal.Decimal, kind: str | None) -> str:
    if kind in ("Number", "Currency"):
        return f"{_decimal(value)}m"
    if isinstance(value, int):
        if kind is not None and not -(2**31) <= value < 2**31:
            raise QueryError(f"{value} is outside of what an Integer field can be compared with")
        return str(value)
    if value == int(value) and kind == "Integer":
        return str(int(value))
    return f"{_decimal(value)}m" if isinstance(value, decimal.Decimal) else repr(value)


def _decimal(value: int | float | decimal.Decimal) -> str:
    number = decimal.Decimal(repr(value)) if isinstance(value, float) else decimal.Decimal(value)
    if not number.is_finite():
        raise QueryError(f"{value} is no number that a filter can hold")
    return f"{number:f}"


def _utc(value: dt.datetime) -> dt.datetime:
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
