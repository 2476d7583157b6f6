"""Connections to one server for many threads, without a pool that all of them wait for.

The pool of httpx looks at each of its connections before and after every request, under one lock; with 32
requests in flight that takes more time than the requests.
"""

from __future__ import annotations

import collections
import contextlib
import ssl
from collections.abc import Callable, Iterator

import httpx

_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1)


class Connections(httpx.BaseTransport):
    """Lends each request a connection of its own and takes it back when the answer was read.

    Parameters
    ----------
    verify : bool or ssl.SSLContext
        As httpx has it.
    """

    def __init__(self, verify: ssl.SSLContext | bool = True) -> None:
        self._verify = httpx.create_ssl_context(verify=verify)
        self._idle: collections.deque[httpx.HTTPTransport] = collections.deque()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over an idle connection, or a new one; the latest is taken first."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = httpx.HTTPTransport(verify=self._verify, limits=_ONE)
        try:
            answer = connection.handle_request(request)
        except BaseException:
            connection.close()
            raise
        assert isinstance(answer.stream, httpx.SyncByteStream)
        answer.stream = _Lent(answer.stream, lambda: self._take_back(connection))
        return answer

    def close(self) -> None:
        """Close what is idle, and what is lent when it comes back."""
        self._closed = True
        self._close_idle()

    def _take_back(self, connection: httpx.HTTPTransport) -> None:
        self._idle.append(connection)
        if self._closed:  # asked after it was put back, so that a close at this moment misses nothing
            self._close_idle()

    def _close_idle(self) -> None:
        with contextlib.suppress(IndexError):  # somebody else may take the last
            while True:
                self._idle.pop().close()


class _Lent(httpx.SyncByteStream):
    """The body of an answer, after which its connection is free again."""

    def __init__(self, stream: httpx.SyncByteStream, free: Callable[[], None]) -> None:
        self._stream = stream
        self._free: Callable[[], None] | None = free

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        self._stream.close()
        free, self._free = self._free, None
        if free is not None:
            free()
