"""What is known of a request that writes and was not answered well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...odata import flight
from ...odata.errors import (
    AuthenticationError,
    NoAnswer,
    SensenetError,
    ServerError,
    UnavailableError,
)
from .report import Outcome

#: How often a request is sent whose answer was lost and that does the same once more.
TRIES = 4
# When to look for what was not answered, in seconds.
_LOOKS = (0.0, 0.3, 1.0)
#: The reason of what was seen.
SEEN = "the answer was lost; seen by reading"


def certain(error: SensenetError) -> Outcome | None:
    """Give the outcome of a request that the server has certainly not done; None if that is open.

    A proxy that gave up, or a connection that broke, leaves open what the server did.
    """
    if isinstance(error, NoAnswer):
        return None if error.sent else "unsent"
    if isinstance(error, UnavailableError):
        return "failed" if error.status in (429, 503) else None
    if isinstance(error, AuthenticationError):
        return "unsent"
    refused = isinstance(error, ServerError) and (bool(error.code) or 400 <= error.status < 500)
    return "failed" if refused else None


def looks(waits: Sequence[float] = ()) -> Iterator[None]:
    """Wait before each look for what was not answered, as long as nobody stops us."""
    for wait in waits or _LOOKS:
        if wait and not flight.pause(wait):
            return
        yield
