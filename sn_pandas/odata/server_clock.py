"""The time of the server, which the client and proxies know only approximately."""

from __future__ import annotations

import datetime as dt
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache

# Years between which a server may say it is.
_BELIEVABLE = (2000, 2200)


class ServerClock:
    """The clock of a server, derived from its answers; safe to use from several threads."""

    def __init__(self) -> None:
        self._noted: tuple[dt.datetime, float] | None = None

    def note(self, date: str) -> None:
        """Use the ``Date`` of an answer that has just arrived."""
        if date and (moment := _moment(date)):
            self._noted = moment, time.monotonic()

    @property
    def now(self) -> dt.datetime:
        """The earliest possible time of the server; no clock is trusted alone.

        The ``Date`` of an answer may be that of a proxy, whose clock is ahead; ours may be, too. What is
        stamped by the server after this moment, has a later date.
        """
        ours = dt.datetime.now(dt.UTC)
        if self._noted is None:
            return ours
        noted, at = self._noted
        try:
            return min(ours, noted + dt.timedelta(seconds=time.monotonic() - at))
        except OverflowError:  # a date of the year 9999
            return ours


@lru_cache(maxsize=8)
def _moment(date: str) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(date)
        moment = moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if _BELIEVABLE[0] < moment.year < _BELIEVABLE[1] else None
