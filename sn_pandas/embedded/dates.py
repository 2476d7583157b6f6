"""Moments as .NET counts them: the number of 100 nanoseconds since the first of January of the year 1."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SECOND = 10_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
PRECISIONS = {
    "Millisecond": SECOND // 1000,
    "Second": SECOND,
    "Minute": MINUTE,
    "Hour": 60 * MINUTE,
    "Day": DAY,
}
"""Name of a precision -> its step."""

_START = datetime(1, 1, 1)
_ISO = re.compile(
    r"""\s*(?P<date>\d{4}[-./]\d{1,2}(?:[-./]\d{1,2})?)
    (?:[T\s]\s*(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(?P<half>[AP]M)?)?
    \s*(?P<zone>Z|GMT|[+-]\d{1,2}(?::?\d{2})?)?\s*""",
    re.X | re.I,
)
_AMERICAN = re.compile(
    r"""\s*(?P<month>\d{1,2})[-./](?P<day>\d{1,2})(?:[-./](?P<year>\d{4}|\d{2}))?
    (?:[T\s]\s*(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(?P<half>[AP]M)?)?
    \s*(?P<zone>Z|GMT|[+-]\d{1,2}(?::?\d{2})?)?\s*""",
    re.X | re.I,
)
_TIME = re.compile(r"\s*(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(?P<half>[AP]M)?\s*", re.I)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(
    r"""\s*(?:[a-z]+,\s*)?(?:(?P<day>\d{1,2})[\s-](?P<month>[a-z]{3,9})|(?P<month2>[a-z]{3,9})\s(?P<day2>\d{1,2}))
    [,\s-]*\s*(?P<year>\d{4})?(?:\s+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(?P<half>[AP]M)?)?\s*""",
    re.X | re.I,
)


def from_iso(text: str) -> int:
    """Return the datetime of a stored date.

    Examples
    --------
    >>> from_iso("0001-01-01T00:00:00")
    0
    >>> to_iso(from_iso("2026-01-20T17:00:00.25Z"))
    '2026-01-20T17:00:00.25'
    """
    seconds, _, fraction = text.rstrip("Z").partition(".")
    whole = datetime.fromisoformat(seconds) - _START
    return (whole.days * 86400 + whole.seconds) * SECOND + int(fraction[:7].ljust(7, "0") or 0)


def to_iso(ticks: int) -> str:
    """Return the moment as text, without a zone and without trailing zeros."""
    seconds, fraction = divmod(ticks, SECOND)
    text = (_START + timedelta(seconds=seconds)).isoformat(timespec="seconds")
    return f"{text}.{fraction:07}".rstrip("0").rstrip(".") if fraction else text


def from_datetime(moment: datetime) -> int:
    """Return the moment of a Python date; one with a zone is turned into UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    passed = moment - _START
    return (passed.days * 86400 + passed.seconds) * SECOND + passed.microseconds * 10


def to_datetime(ticks: int) -> datetime:
    """Return the moment as a Python date without zone, cut to microseconds."""
    return _START + timedelta(microseconds=ticks // 10)


def parse(text: str) -> int | None:
    """Return the moment that people may write in many forms, as a server of the invariant culture reads it.

    Examples
    --------
    >>> parse("2026.05.05") == parse("5/5/2026") == parse("2026-05-05 00:00")
    True
    >>> parse("20260505") is None
    True
    """
    if not text.strip() or not text.isascii():
        return None
    try:
        return _parse(text)
    except (ValueError, OverflowError):
        return None


def _parse(text: str) -> int | None:
    if found := _ISO.fullmatch(text):
        parts = [int(p) for p in re.split("[-./]", found["date"])]
        return _to_utc(_build(parts[0], parts[1], parts[2] if len(parts) > 2 else 1, found), found["zone"])
    if found := _AMERICAN.fullmatch(text):
        year = _year(found["year"])
        return _to_utc(_build(year, int(found["month"]), int(found["day"]), found), found["zone"])
    if found := _TIME.fullmatch(text):
        today = datetime.now(UTC)
        return _build(today.year, today.month, today.day, found)
    if text.strip().endswith("GMT"):
        return from_datetime(parsedate_to_datetime(text.strip()))
    if found := _NAMED.fullmatch(text):
        name = (found["month"] or found["month2"])[:3].lower()
        month = _MONTHS.index(name) + 1
        return _build(_year(found["year"]), month, int(found["day"] or found["day2"]), found)
    return None


def _year(text: str | None) -> int:
    if text is None:
        return datetime.now(UTC).year
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 50 else 1900)


def _build(year: int, month: int, day: int, found: re.Match[str]) -> int:
    ticks = from_datetime(datetime(year, month, day))
    if found["time"]:
        hours, minutes, *rest = found["time"].split(":")
        seconds, _, fraction = (rest[0] if rest else "0").replace(",", ".").partition(".")
        hour = int(hours)
        if found["half"]:
            if not 1 <= hour <= 12:
                raise ValueError(found["time"])
            hour = hour % 12 + (12 if found["half"].upper() == "PM" else 0)
        if hour > 23 or int(minutes) > 59 or int(seconds) > 59:
            raise ValueError(found["time"])
        ticks += ((hour * 60 + int(minutes)) * 60 + int(seconds)) * SECOND
        ticks += int(fraction[:7].ljust(7, "0") or 0)
    return ticks


def _to_utc(ticks: int, zone: str | None) -> int:
    """Move a moment with an offset to UTC, which is the time of the server too."""
    if zone is None or zone.upper() in ("Z", "GMT"):
        return ticks
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    offset = (hours * 60 + minutes) * MINUTE
    moved = ticks + offset if zone[0] == "-" else ticks - offset
    if not 0 <= moved < from_datetime(datetime.max):
        raise ValueError(zone)
    return moved
