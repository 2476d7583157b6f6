"""Limits for requests: rate, size; and the User-Agent."""

from __future__ import annotations

import re
import threading
import time
from functools import cache

from . import flight
from .errors import QueryError

#: Bytes of a file that are sent in one request; bigger files go in chunks of this size.
CHUNK = 10 * 1024 * 1024
_PRODUCT = re.compile(r"[!#$%&'*+.^_`|~\w-]+(/[!#$%&'*+.^_`|~\w-]+)?", re.ASCII)


class Pace:
    """A rate limiter; safe to use from several threads.

    Parameters
    ----------
    per_second : float, optional
        Requests in a second at most; None for no limit.
    """

    def __init__(self, per_second: float | None) -> None:
        if per_second is not None and not per_second > 0:
            raise QueryError(f"max_requests_per_second must be greater than 0, it is {per_second}")
        self._interval = 0.0 if per_second is None else 1.0 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait until the next request may leave; shorter if nobody waits for its answer any more."""
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._interval
        if mine > now:
            flight.pause(mine - now)


@cache
def user_agent(application: str | None = None) -> str:
    """Return the User-Agent: this package with its version, and the application.

    Raises
    ------
    QueryError
        If the name of the application does not fit into a header.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = f"sn_pandas/{version('sn_pandas')}"
    except PackageNotFoundError:
        own = "sn_pandas"
    if application is None:
        return own
    if not _PRODUCT.fullmatch(application):
        raise QueryError(
            f"application={application!r} does not fit into a User-Agent: write a name and a version without "
            'blanks, such as "price-report/1.2"'
        )
    return f"{own} {application}"
