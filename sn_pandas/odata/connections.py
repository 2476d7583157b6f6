"""Connections to one server for many threads, without a pool that all of them wait for.

The pool of httpx looks at each of its connections before and after every request, under one lock; with 32
requests in flight that takes more time than the requests. So the connections of httpcore are used themselves.
"""

from __future__ import annotations

import collections
import contextlib
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore
import httpx

# Bytes of a request that are not held back.
_MUCH = 16 * 1024
# Seconds after which an idle connection is not used again, as httpx has it: routers forget it without a word.
_IDLE = 5.0


class Connections(httpx.BaseTransport):
    """Lends each request to the server a connection of its own and takes it back when the answer was read.

    Parameters
    ----------
    verify : bool or ssl.SSLContext
        As httpx has it.
    """

    def __init__(self, verify: ssl.SSLContext | bool = True) -> None:
        self._verify = httpx.create_ssl_context(verify=verify)
        self._idle: collections.deque[httpcore.HTTPConnection] = collections.deque()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over an idle connection, or a new one; the latest is taken first."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        connection = self._lent(url.origin)
        try:
            with _errors_of_httpx():
                answer = connection.handle_request(asked)
        except BaseException:
            connection.close()
            raise
        assert isinstance(answer.stream, Iterable)
        body = _Lent(answer.stream, answer.close, lambda: self._take_back(connection))
        return httpx.Response(
            answer.status, headers=answer.headers, stream=body, extensions=answer.extensions
        )

    def close(self) -> None:
        """Close what is idle, and what is lent when it comes back."""
        self._closed = True
        self._close_idle()

    def _lent(self, origin: httpcore.Origin) -> httpcore.HTTPConnection:
        with contextlib.suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if not connection.has_expired():  # the server may have closed it meanwhile
                    return connection
                connection.close()
        return httpcore.HTTPConnection(
            origin, ssl_context=self._verify, keepalive_expiry=_IDLE, network_backend=_Backend()
        )

    def _take_back(self, connection: httpcore.HTTPConnection) -> None:
        if connection.is_closed():
            return
        with contextlib.suppress(IndexError):  # the first has been idle for the longest
            while self._idle[0].has_expired():
                self._idle.popleft().close()
        self._idle.append(connection)
        if self._closed:  # asked after it was put back, so that a close at this moment misses nothing
            self._close_idle()

    def _close_idle(self) -> None:
        with contextlib.suppress(IndexError):  # somebody else may take the last
            while True:
                self._idle.pop().close()


class _Lent(httpx.SyncByteStream):
    """The body of an answer, after which its connection is free again."""

    def __init__(self, body: Iterable[bytes], close: Callable[[], None], free: Callable[[], None]) -> None:
        self._body = body
        self._close = close
        self._free: Callable[[], None] | None = free

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx():
            yield from self._body

    def close(self) -> None:
        free, self._free = self._free, None
        if free is not None:
            with _errors_of_httpx():
                self._close()
            free()


class _Backend(httpcore.SyncBackend):
    """Opens connections that send the head and the body of a small request together."""

    def connect_tcp(self, *place: Any, **options: Any) -> httpcore.NetworkStream:
        return _Together(super().connect_tcp(*place, **options))


class _Together(httpcore.NetworkStream):
    """Sends what is written when something is to be read, or when it is much."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._written = b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._written += buffer
        if len(self._written) > _MUCH:
            self._flush(timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._flush(timeout)
        return self._stream.read(max_bytes, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *how: Any, **options: Any) -> httpcore.NetworkStream:
        return _Together(self._stream.start_tls(*how, **options))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _flush(self, timeout: float | None) -> None:
        written, self._written = self._written, b""
        if written:
            self._stream.write(written, timeout)


class _errors_of_httpx:  # noqa: N801 - used as a function
    """Raise what httpcore says as the error of httpx of the same name."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None or not kind.__module__.startswith("httpcore"):
            return
        ours = getattr(httpx, kind.__name__, httpx.TransportError)
        raise ours(str(error)) from error
