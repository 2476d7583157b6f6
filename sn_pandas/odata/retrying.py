"""Whether, when and how often a request is sent again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Literal, TypeVar

import stamina

from . import flight
from .errors import BrokenAnswer, NoAnswer, UnavailableError
from .tracebacks import hide_frames

#: ``read`` may be sent again whatever happened; ``write`` only if the server cannot have done it.
Kind = Literal["read", "write"]
T = TypeVar("T")
#: Seconds for a last look at what became of a write that was stopped.
_LAST = 5.0

# stamina says in the log when it waits; without this, Python prints a bare line where no log is set up.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclasses.dataclass(frozen=True)
class Retries:
    """How often and how long a request is tried again.

    Parameters
    ----------
    attempts : int
        Tries of one request, the first included.
    deadline : float
        Seconds from the first try after which no further try begins, and no try goes on reading.
    first_wait : float
        The longest wait before the second try; it doubles with every try. The wait itself is random.
    longest_wait : float
        What a wait never exceeds, also if a ``Retry-After`` asks for more.
    budget : int
        Tries beyond the first that all requests of a client share; every ten answers earn one back.
    """

    attempts: int = 6
    deadline: float = 60.0
    first_wait: float = 0.2
    longest_wait: float = 20.0
    budget: int = 60


class Retrier:
    """Runs the requests of one client under its rules; safe to use from several threads."""

    def __init__(self, rules: Retries) -> None:
        self.rules = rules
        #: How often a server said that it is overloaded.
        self.overloads = 0
        self._left = float(rules.budget)
        self._lock = threading.Lock()

    def run(self, once: Callable[[float], T], kind: Kind) -> T:
        """Call ``once`` until it returns a value; its argument is the deadline as ``time.monotonic``."""
        try:
            return self._run(once, kind)
        except KeyboardInterrupt as error:
            hide_frames(error)
            raise

    def _run(self, once: Callable[[float], T], kind: Kind) -> T:
        longest = self.rules.deadline if not flight.is_ending() else min(_LAST, self.rules.deadline)
        end = time.monotonic() + longest
        failures = 0

        def again(error: Exception) -> bool | float:
            nonlocal failures
            failures += 1
            if isinstance(error, UnavailableError):
                with self._lock:
                    self.overloads += 1
            if not may_repeat(error, kind) or failures >= self.rules.attempts:
                return False
            wait = self._wait(error, failures)
            if time.monotonic() + wait >= end or not self._spend():
                return False
            return 0.0 if flight.pause(wait) else False  # a wait of stamina itself could not be ended

        failed: list[Exception] = []
        try:  # without stamina, which takes longer to begin than the rest of a small request
            result = once(end)
        except Exception as error:
            failed.append(error)
        else:
            self._earn()
            return result
        for attempt in stamina.retry_context(on=again, attempts=self.rules.attempts, timeout=longest):
            with attempt:
                if failed:
                    raise failed.pop()
                result = once(end)
                self._earn()
                return result
        raise AssertionError("stamina makes at least one attempt")

    def _wait(self, error: Exception, failures: int) -> float:
        longest = self.rules.longest_wait
        asked: float | None = getattr(error, "retry_after", None)
        if asked is not None:
            return min(asked + random.uniform(0, 0.25), longest)
        return random.uniform(0, min(longest, self.rules.first_wait * 2 ** (failures - 1)))

    def _spend(self) -> bool:
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def _earn(self) -> None:
        with self._lock:
            self._left = min(self._left + 0.1, self.rules.budget)


def may_repeat(error: Exception, kind: Kind) -> bool:
    """Return whether a request that ended so may be sent again."""
    if isinstance(error, UnavailableError):
        return kind == "read" or error.status in (429, 503)  # a proxy that gave up may have passed a write on
    if isinstance(error, NoAnswer):
        return not error.lasting and (kind == "read" or not error.sent)
    return isinstance(error, BrokenAnswer) and kind == "read"


def retry_after(value: str | None) -> float | None:
    """Return the seconds in a ``Retry-After`` header, given as seconds or as a date.

    Examples
    --------
    >>> retry_after("120")
    120.0
    >>> retry_after("Fri, 31 Dec 1999 23:59:59 GMT")
    0.0
    >>> retry_after("soon") is None
    True
    """
    text = (value or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(0.0, moment.timestamp() - time.time())
