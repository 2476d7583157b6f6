"""What is known about a write request without a proper answer."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from ...odata import flight
from ...odata.errors import (
    AuthenticationError,
    InterceptedError,
    NoAnswer,
    OutOfDateError,
    QueryError,
    ReadOnlyError,
    SensenetError,
    ServerError,
    UnavailableError,
)
from .report import Outcome

#: How often a request is sent whose answer was lost and that does the same once more.
TRIES = 4
#: When to look for what was not answered, in seconds.
LOOKS = (0.0, 0.3, 1.0)
#: The reason of what was seen.
SEEN = "the answer was lost; verified by reading"


def classify_unexecuted(error: SensenetError) -> Outcome | None:
    """Return the outcome of a request that was certainly not executed; None if that is uncertain.

    A proxy that gave up, or a connection that broke, leaves open what the server did. What somebody before
    the server refused has not come to it, so it can be sent once they let it pass.
    """
    if isinstance(error, NoAnswer):
        return None if error.sent else "unsent"
    if isinstance(error, (ReadOnlyError, QueryError)):
        return "unsent"
    if isinstance(error, UnavailableError):
        return "failed" if error.status in (429, 503) else None
    if isinstance(error, (AuthenticationError, InterceptedError)):
        return "unsent"
    refused = isinstance(error, ServerError) and (bool(error.code) or 400 <= error.status < 500)
    return "failed" if refused else None


def looks(waits: Sequence[float] = ()) -> Iterator[None]:
    """Wait before each lookup of an unanswered request, unless stopped."""
    for wait in waits or LOOKS:
        if wait and not flight.pause(wait):
            return
        yield


def collides(error: SensenetError) -> bool:
    """Return whether concurrent writes to the same content or tree made the server reject the request.

    Then the very same request can be sent again, and succeeds sooner or later.
    """
    locked = isinstance(error, ServerError) and error.exceptiontype == "LockedTreeException"
    return locked or isinstance(error, OutOfDateError)


class Attempts:
    """The attempts of one request: a few for lost answers, and as many as time allows for concurrent writes.

    Parameters
    ----------
    deadline : float
        Seconds after which no further try begins.
    """

    def __init__(self, deadline: float) -> None:
        self.tried = 0
        self.lost = 0
        self._collisions = 0
        self._end = time.monotonic() + deadline

    def again(self, error: SensenetError) -> bool:
        """Wait as long as an error requests, and return whether to retry."""
        if collides(error):
            self._collisions += 1
            wait = random.uniform(0, min(1.0, 0.02 * 2 ** min(self._collisions, 6)))
            return time.monotonic() + wait < self._end and flight.pause(wait)
        self.lost += 1
        return self.lost < TRIES and time.monotonic() < self._end and not flight.is_ending()
