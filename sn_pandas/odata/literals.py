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

from .errors import QueryError, UnknownOptionError, did_you_mean
from .field_kinds import Value
from .schema import Field

#: Wildcards of the query language, which nothing can quote.
WILDCARDS = frozenset("*?")
# Texts that the server's parser mistakes for something else.
MISREAD = frozenset(["null", "NULL", "(", "POINT", "datetime"])
_CQL_SPECIAL = re.compile(r'(["\\])')
# The server looks for control words, comments, templates and nested queries in quoted text, too;
# a backslash within hides them.
_CQL_SEEN_IN_QUOTES = re.compile(
    r"(?<=\.)(?=(?:TOP|SKIP|SORT|REVERSESORT|AUTOFILTERS|LIFESPAN|COUNTONLY|QUICK|ALLVERSIONS|SELECT))"
    r"|(?<=/)(?=[/*])|(?<=@)(?=@)|(?<=\{)(?=\{)|(?<=\})(?=\})"
)
#: The parts of a moment that the index leaves out, by the precision of the field.
_FINER: dict[str, tuple[str, ...]] = {
    "Millisecond": (),
    "Second": ("microsecond",),
    "Minute": ("second", "microsecond"),
    "Hour": ("minute", "second", "microsecond"),
    "Day": ("hour", "minute", "second", "microsecond"),
}
_BACKSLASH = r"\\"
#: An integer of more bits is larger than any float.
_LARGEST_BITS = 1023


def filter_literal(value: Any, field: Field | None = None) -> str:
    """Write a value as a literal of ``$filter``, quoted so that it cannot end the literal.

    Parameters
    ----------
    value : object
        A text, number, boolean, date, or None.
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
    kind = field.kind.value if field is not None else None
    if field is not None and kind == "unknown":
        is_fraction = isinstance(value, float) and not value.is_integer()
        kind = "decimal" if is_fraction or field.limits.get("Otherwise") else None
    value = fit_value(value, field)
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
        if field is not None and field.is_choice:
            value = as_option(value, field)
        if value in MISREAD:
            name = field.name if field is not None else "Field"
            raise QueryError(
                f"the server misreads the text {value!r} in a filter; "
                f"use a content query: query='{name}:\"{value}\"'"
            )
        reject_pattern(value, "filter")
        return "'{}'".format(value.replace("'", "''"))
    if isinstance(value, (list, tuple, set, frozenset, range)):
        name = field.name if field is not None else "Field"
        raise QueryError(f"a filter compares with one value, not with a list; write F({name!r}).isin(…)")
    raise QueryError(f"a filter cannot contain a value of type {type(value).__name__}")


def reject_pattern(text: str, where: str) -> None:
    """Raise for a text that the search engine treats as a pattern, because it cannot be quoted.

    Raises
    ------
    QueryError
        If it holds ``*`` or ``?``, or stands between slashes, as a regular expression does.
    """
    for sign in "*?":
        if sign in text:
            raise QueryError(
                f"{text!r}: the server treats {sign} as a wildcard in a {where}, and it cannot be quoted; "
                "read all rows and compare in pandas"
            )
    if len(text) > 1 and text[0] == text[-1] == "/":
        raise QueryError(
            f"{text!r}: the server treats a text between slashes as a regular expression in a {where}, and "
            "it cannot be quoted; leave out the last slash of a path, or compare in pandas"
        )


def query_value(value: Any, field: Field | None = None) -> str:
    r"""Write a value for the content query language, quoted so that it stays one value.

    Examples
    --------
    >>> query_value('say "hi"')
    '"say \\"hi\\""'
    >>> query_value(5)
    '5'
    """
    value = unwrap(value)
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
        reject_pattern(value, "content query")
        escaped = _CQL_SPECIAL.sub(r"\\\1", value)
        return f'"{_CQL_SEEN_IN_QUOTES.sub(_BACKSLASH, escaped)}"'
    raise QueryError(f"a content query cannot contain a value of type {type(value).__name__}")


def fit_value(value: Any, field: Field | None) -> Any:
    """Return a value as it is compared with a field: plain, and a date where a text names one.

    Raises
    ------
    QueryError
        If it is a text, and the field holds dates, numbers or booleans; or a number that it cannot hold.

    Examples
    --------
    >>> fit_value("2026-01-31", Field("DueDate", "DateTime"))
    datetime.date(2026, 1, 31)
    """
    value = unwrap(value)
    if isinstance(value, int) and value.bit_length() > _LARGEST_BITS:
        raise QueryError("a number of more than 308 digits is larger than any that a field can hold")
    if field is None or value is None:
        return value
    if not isinstance(value, str):
        return _fit_number(value, field)
    if field.is_date:
        try:
            return (dt.date if len(value) <= len("2026-01-31") else dt.datetime).fromisoformat(value)
        except ValueError:
            raise QueryError(
                f"{value!r} is not a date; write a datetime, or a text such as '2026-01-31T12:30'"
            ) from None
    if field.is_number:
        raise QueryError(f"the field holds numbers: write a number, not the text {value!r}")
    if field.is_truth:
        raise QueryError(f"the field holds booleans: write True or False, not the text {value!r}")
    return value


def _fit_number(value: Any, field: Field) -> Any:
    """Return a number or boolean in the type of the field: an option as text, 1 as true.

    Raises
    ------
    QueryError
        If the field holds none like it; the server would refuse it in words that do not say so.
    """
    if field.is_text and isinstance(value, (int, float, decimal.Decimal)):
        raise QueryError(f"the field holds texts: write '{value}', not {value}")
    if isinstance(value, bool):
        if field.is_number:
            raise QueryError(f"the field holds numbers: write {int(value)}, not {value}")
        if field.is_date:
            raise QueryError(f"the field holds dates, not {value}")
        return value
    if not isinstance(value, (int, float, decimal.Decimal)):
        return value
    if field.is_date:
        raise QueryError(
            f"the field holds dates: write a datetime, or a text such as '2026-01-31', not {value}"
        )
    whole = math.isfinite(value) and value == int(value)
    if field.is_choice and whole:
        return str(int(value))
    if field.is_truth and value in (0, 1):
        return bool(value)
    if field.is_truth:
        raise QueryError(f"the field holds booleans: write True or False, not {value}")
    if field.kind.value == "integer" and math.isfinite(value) and not whole:
        raise QueryError(
            f"the field holds integers, and the server cannot compare them with {value}: write "
            f"{math.floor(value)} or {math.ceil(value)}"
        )
    return value


def cut_to_precision(value: Any, field: Field | None) -> Any:
    """Return a moment as precise as the index holds the dates of a field: by the minute, unless it says so.

    Examples
    --------
    >>> cut_to_precision(dt.datetime(2026, 1, 31, 12, 30, 15), Field("DueDate", "DateTime"))
    datetime.datetime(2026, 1, 31, 12, 30)
    """
    if not isinstance(value, dt.datetime):
        return value
    precision = field.limits.get("Precision") if field is not None else None
    finer = _FINER.get(str(precision), _FINER["Minute"])
    return value.replace(**dict.fromkeys(finer, 0))  # type: ignore[arg-type]  # all are integers


def as_option(value: str, field: Field) -> str:
    """Return the value of an option in a filter, prefixed with ``$``.

    Raises
    ------
    QueryError
        If the choice offers no such option.
    """
    return value if value.startswith("$") else f"${_option(value, field)}"


def _option(value: str, field: Field) -> str:
    """Return a value of a choice.

    Raises
    ------
    UnknownOptionError
        If the choice offers no such option, as far as its options are described.
    """
    values = {option.value.lower() for option in field.options}
    is_open = not values or field.extra_values or "Options" in field.untold
    if is_open or value.lower() in values or "*" in value or "?" in value:
        return value
    labels = {option.text.lower(): option.value for option in field.options}
    meant = labels.get(value.lower())
    said = f" Did you mean {meant}?" if meant else did_you_mean(value, [o.value for o in field.options])
    shown = ", ".join(repr(option.value) for option in field.options[:8])
    raise UnknownOptionError(f"{value!r} is not an option of {field.name}, which has {shown}.{said}")


def unwrap(value: Any) -> Any:
    """Convert scalars of numpy and pandas to Python without importing either; None for missing values."""
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
    return _exact(value)


def _exact(value: Any) -> Any:
    """Return a text or number of a derived class as the plain class, regardless of its ``__str__``."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__pos__(value)
    if isinstance(value, float):
        return float.__pos__(value)
    if isinstance(value, decimal.Decimal):
        return decimal.Decimal(value)
    return value


def _number(value: int | float | decimal.Decimal, kind: Value | None) -> str:
    if kind == "decimal":
        return f"{_decimal(value)}m"
    if isinstance(value, int):
        if kind is not None and not -(2**31) <= value < 2**31:
            raise QueryError(f"{value} is outside of what an Integer field can be compared with")
        return str(value)
    _decimal(value)  # an infinite one is refused
    if value == int(value) and kind == "integer":
        return str(int(value))
    return f"{_decimal(value)}m" if isinstance(value, decimal.Decimal) else repr(value)


def _decimal(value: int | float | decimal.Decimal) -> str:
    number = decimal.Decimal(repr(value)) if isinstance(value, float) else decimal.Decimal(value)
    if not number.is_finite():
        raise QueryError(f"{value} is not a number that a filter can hold")
    return f"{number:f}"


def _utc(value: dt.datetime) -> dt.datetime:
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
