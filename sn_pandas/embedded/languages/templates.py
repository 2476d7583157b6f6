"""Templates in queries and default values: ``@@Today+3days@@``, ``@@CurrentUser.Manager.Name@@``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sn_pandas.embedded import dates
from sn_pandas.embedded.contents import Caller


@dataclass(frozen=True, slots=True)
class References:
    """The ids that a reference property holds."""

    ids: list[int]


Property = str | int | bool | datetime | References
"""What a template may come to."""
ReadProperty = Callable[[int, str], Property | None]
"""Returns a property of the content with an id."""

_NAMES = (
    "currentuser", "currentdate", "currentday", "today", "currenttime", "currentmonth", "currentweek",
    "currentyear", "yesterday", "tomorrow", "nextworkday", "nextweek", "nextmonth", "nextyear",
    "previousworkday", "previousweek", "previousmonth", "previousyear",
)  # fmt: skip
_TEMPLATE = re.compile(rf"@@({'|'.join(_NAMES)})([.+-][^@]+)?@@", re.I)
_PROPERTY = re.compile(r"(\w+)(?=[.+-]|$)")
_MODIFIER = re.compile(
    r"(?P<sign>[+-])(?P<number>\d+)(?P<unit>[a-z]+)?"
    r"|(?P<method>add|plus|minus|subtract|substract)(?P<method_unit>[a-z]+)?\((?P<parameter>[+-]?\d+)\)",
    re.I,
)
_EMPTY_REFERENCES = "SenseNet.ContentRepository.Storage.NodeList`1[SenseNet.ContentRepository.Storage.Node]"


def replace(
    text: str,
    *,
    caller: Caller,
    now: datetime,
    read: ReadProperty | None = None,
    quoted: bool = False,
    unresolved: str = "",
) -> str:
    """Return a text with its templates replaced by their values.

    Parameters
    ----------
    caller, now
        Whom and when the templates are about.
    read
        Returns properties of contents; without it templates have none.
    quoted
        Whether dates get quotes, as a content query needs them.
    unresolved
        What stands in for a template without a value. A name that is none of a template stays as it is.

    Examples
    --------
    >>> from sn_pandas.embedded.contents import SYSTEM
    >>> replace("@@Today+1week@@ @@CurrentUser@@", caller=SYSTEM, now=datetime(2026, 3, 5, 12, tzinfo=UTC))
    '03/12/2026 00:00:00 1'
    """

    def value(found: re.Match[str]) -> str:
        name, expression = found[1].lower(), (found[2] or "").removeprefix(".")
        try:
            if name == "currentuser":
                result = _of_content(caller.id, expression, read)
            else:
                base, unit = _moment(name, now.astimezone(UTC).replace(tzinfo=None))
                result = _of_value(base, expression, unit)
        except (OverflowError, ValueError):
            result = None
        return _format(result, quoted) or unresolved

    return _TEMPLATE.sub(value, text)


def moment(text: str) -> datetime:
    """Return a stored date as a template sees it."""
    return dates.to_datetime(dates.from_iso(text))


def _format(value: Property | None, quoted: bool) -> str:
    if isinstance(value, datetime):
        text = f"{value:%m/%d/}{value.year:04}{value: %H:%M:%S}"
        return f"'{text}'" if quoted else text
    if isinstance(value, References):
        return str(value.ids[0]) if value.ids else _EMPTY_REFERENCES
    return "" if value is None else str(value)


def _moment(name: str, now: datetime) -> tuple[datetime, str]:
    """Return the moment that a template names, and the unit of a bare number added to it."""
    today = datetime(now.year, now.month, now.day)
    week = today - timedelta(days=(today.weekday() + 1) % 7)
    month = today.replace(day=1)
    year = month.replace(month=1)
    if name == "currenttime":
        return now, "minutes"
    moments = {
        "yesterday": (today - timedelta(days=1), "days"),
        "tomorrow": (today + timedelta(days=1), "days"),
        "nextworkday": (_add_workdays(now, 1), "workdays"),
        "previousworkday": (_add_workdays(now, -1), "workdays"),
        "currentweek": (week, "weeks"),
        "nextweek": (week + timedelta(days=7), "weeks"),
        "previousweek": (week - timedelta(days=7), "weeks"),
        "currentmonth": (month, "months"),
        "nextmonth": (_add_months(month, 1), "months"),
        "previousmonth": (_add_months(month, -1), "months"),
        "currentyear": (year, "years"),
        "nextyear": (_add_months(year, 12), "years"),
        "previousyear": (_add_months(year, -12), "years"),
    }
    return moments.get(name, (today, "days"))


def _of_content(content_id: int, expression: str, read: ReadProperty | None) -> Property | None:
    """Evaluate an expression on a content: its id by default, or a property."""
    found = _PROPERTY.match(expression)
    if found is None:
        return content_id
    value = read(content_id, found[1]) if read is not None else None
    rest = expression[found.end() :].removeprefix(".")
    if not rest or value is None:
        return value
    if isinstance(value, References):
        return _of_content(value.ids[0], rest, read) if value.ids else None
    return _of_value(value, rest, "")


def _of_value(value: Property, expression: str, unit: str) -> Property | None:
    """Apply the first modifier of an expression to a date or a number."""
    if not expression:
        return value
    if _PROPERTY.match(expression):
        return None
    found = _MODIFIER.match(expression)
    if found is None:
        return f"{value:%m/%d/%Y %I:%M:%S %p}" if isinstance(value, datetime) else value
    number = int(found["number"] or found["parameter"])
    if found["sign"] == "-" or (found["method"] or "").lower() in ("minus", "subtract", "substract"):
        number = -number
    if isinstance(value, datetime):
        return _add(value, number, (found["unit"] or found["method_unit"] or unit).lower())
    if isinstance(value, int) and not isinstance(value, bool):
        return value + number
    return value


_SPANS = {
    **dict.fromkeys(("s", "sec", "secs", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("", "d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(days=7)),
}


def _add(value: datetime, number: int, unit: str) -> datetime:
    """Return a date moved by a number of units; an unknown unit moves nothing."""
    if unit in _SPANS:
        return value + number * _SPANS[unit]
    if unit == "workdays":
        return _add_workdays(value, number)
    if unit in ("month", "months"):
        return _add_months(value, number)
    if unit in ("y", "year", "years"):
        return _add_months(value, 12 * number)
    return value


def _add_months(value: datetime, number: int) -> datetime:
    """Return a date moved by months; a day that the month lacks becomes its last."""
    month = value.year * 12 + value.month - 1 + number
    year, month = month // 12, month % 12 + 1
    following = datetime(year + month // 12, month % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return value.replace(year=year, month=month, day=min(value.day, last))


def _add_workdays(value: datetime, number: int) -> datetime:
    """Return a date moved by days; only a weekend that it starts on is stepped over."""
    if not number:
        return value
    step = 1 if number > 0 else -1
    while value.weekday() >= 5:
        value += timedelta(days=step)
        if value.weekday() < 5:
            number -= step
    return value + timedelta(days=number)
