"""Limits for answers: time, headers included, and size.

The time of an exchange is known to the thread that runs it, because what reads from the network (a stream
behind httpcore) does not get the request that it reads for.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterable, Iterator

from .messages import AnswerTimeoutError, DecodingError

#: Bytes that the JSON of one answer may have, if the caller says nothing else.
LARGEST_ANSWER = 256 * 1024 * 1024
# Bytes that come out of a decompressor at once.
_PIECE = 256 * 1024


class _Here(threading.local):
    """The exchange that this thread is in, if any."""

    clock: Clock | None = None


_here = _Here()


class Clock:
    """The time limit of one exchange.

    Parameters
    ----------
    end : float, optional
        When it has to be over, by ``time.monotonic``; None as long as the server may think.
    then : float
        Seconds that it may take from the first byte of the answer on, if there is no end before.
    """

    def __init__(self, end: float | None, then: float) -> None:
        self._end = end
        self._then = then

    def left(self) -> float | None:
        """Return the remaining seconds; None if there is no limit yet."""
        return None if self._end is None else self._end - time.monotonic()

    def started(self) -> None:
        """Record that bytes of the answer arrived."""
        if self._end is None:
            self.restart()

    def restart(self) -> None:
        """Allow the next bytes as much time as an answer."""
        self._end = time.monotonic() + self._then

    def check(self) -> None:
        """Raise if the time is over."""
        if self._end is not None and time.monotonic() > self._end:
            raise AnswerTimeoutError("the answer takes too long")


class within:  # noqa: N801 - used as a function
    """Have the network streams that this thread reads from end with a clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before: Clock | None = None

    def __enter__(self) -> None:
        self._before, _here.clock = _here.clock, self._clock

    def __exit__(self, *trouble: object) -> None:
        _here.clock = self._before


def current() -> Clock | None:
    """Return the clock of the exchange that this thread is in."""
    return _here.clock


class TooLarge(Exception):  # noqa: N818 - never leaves this package
    """An answer that has more bytes than it may have."""


def pieces(body: Iterable[bytes], encoding: str, clock: Clock, largest: int | None = None) -> Iterator[bytes]:
    """Yield the decoded body of an answer, within its time and size.

    Parameters
    ----------
    body : iterable of bytes
        What comes over the wire.
    encoding : str
        How that is encoded, as in ``Content-Encoding``.

    Raises
    ------
    AnswerTimeoutError, DecodingError
        If it takes too long, or cannot be decompressed.
    TooLarge
        If it has more than ``largest`` bytes.
    """
    decoded = _check_time(body, clock)
    for one in reversed(encoding.split(",") if encoding else ()):
        name = one.strip().lower()
        if name in ("gzip", "x-gzip", "deflate"):
            decoded = _decompress(decoded, clock)
        elif name not in ("", "identity"):
            raise DecodingError(f"the answer is encoded as {name[:40]!r}, which was not asked for")
    size = 0
    for piece in decoded:
        size += len(piece)
        if largest is not None and size > largest:
            raise TooLarge
        yield piece


def _check_time(body: Iterable[bytes], clock: Clock) -> Iterator[bytes]:
    for piece in body:
        clock.check()
        yield piece


def _decompress(body: Iterable[bytes], clock: Clock) -> Iterator[bytes]:
    """Decompress in pieces of bounded size, whatever the compression ratio."""
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, as the head says
    first = True
    try:
        for raw in body:
            if first and raw:
                first = False
                if raw[0] & 0x0F != 8 and raw[:2] != b"\x1f\x8b":  # deflate without a head
                    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
            rest = raw
            while rest:
                yield decompressor.decompress(rest, _PIECE)
                rest = decompressor.unconsumed_tail
                clock.check()
        while tail := decompressor.decompress(b"", _PIECE):
            yield tail
    except zlib.error as error:
        raise DecodingError(str(error)) from error
    if not decompressor.eof and not first:
        raise DecodingError("the compressed answer was cut")
