"""The interface to the HTTP library: httpcore, or a transport passed by the caller.

No other module knows httpx or httpcore: to exchange them, write this module anew. What it takes, answers and
raises is defined in ``messages``.

The pool of httpx looks at each of its connections before and after every request, under one lock; with 32
requests in flight that takes more time than the requests. So the connections of httpcore are used themselves,
without the requests and answers of httpx, which are made for browsers of many hosts.
"""

from __future__ import annotations

import collections
import contextlib
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from . import bounds
from .errors import ConnectionFailed
from .messages import (
    AddressError,
    Answer,
    AnswerTimeoutError,
    ConnectError,
    ConnectTimeoutError,
    DecodingError,
    ProxyRefusalError,
    ProxyUnreachableError,
    Request,
    Transport,
    TransportError,
)

# Bytes of a request that are not held back.
_MUCH = 16 * 1024
# Seconds after which an idle connection is not used again, as httpx has it: routers forget it without a word.
_IDLE = 5.0
# Methods of which a server expects a body; it waits for one if none is announced.
_WITH_BODY = frozenset(["POST", "PUT", "PATCH", "MERGE"])
# Paths and queries in which httpx quotes nothing, and their length.
_PLAIN = re.compile(r"[!$&-;=?-_a-z|~]*(?:%[0-9A-Fa-f]{2}[!$&-;=?-_a-z|~]*)*", re.ASCII)
_LONG = 32 * 1024

#: What ``transport=`` takes.
AnyTransport = Transport | httpx.BaseTransport


class Address(NamedTuple):
    """An address in its parts, with the host in ASCII."""

    scheme: str
    host: str
    port: int | None


def split_address(address: str) -> Address | None:
    """Return the parts of an address; None if it is invalid."""
    try:
        url = httpx.URL(address.strip())
        return Address(url.scheme, url.raw_host.decode("ascii").lower(), url.port)
    except (httpx.InvalidURL, ValueError, TypeError, AttributeError):
        return None


def carrier_of(
    origin: str, transport: AnyTransport | None = None, verify: ssl.SSLContext | bool = True
) -> tuple[Transport, str]:
    """Return the transport for a server, and the address of the proxy if one is used.

    Parameters
    ----------
    origin : str
        ``https://host[:port]`` with the path before that of each request.
    transport : Transport or httpx.BaseTransport, optional
        What carries them; the network if not given.
    verify : bool or ssl.SSLContext
        As httpx has it.

    Raises
    ------
    ConnectionFailed
        If there is a proxy whose address cannot be used.
    """
    if transport is not None:
        if hasattr(transport, "handle_request"):
            return OfHttpx(origin, cast(httpx.BaseTransport, transport)), ""
        return _Quoting(origin, transport), ""
    there = urlsplit(origin)
    proxies = getproxies()
    proxy = proxies.get(there.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(there.netloc.rpartition("@")[2]):
        return Connections(origin, verify), ""
    return _proxy_transport(origin, proxy if "://" in proxy else f"http://{proxy}", verify)


def multipart(form: Mapping[str, str], field: str, name: str, content: bytes) -> tuple[bytes, str]:
    """Return a form with a file as the body of a request, and its ``Content-Type``.

    Parameters
    ----------
    field, name : str
        What the form calls the file, and the name of the file itself.

    Examples
    --------
    >>> body, kind = multipart({"Overwrite": "true"}, "files[]", "file.txt", b"abc")
    >>> kind.partition(";")[0], body.count(b"Content-Disposition: form-data")
    ('multipart/form-data', 2)
    """
    files = {field: (name, content, "application/octet-stream")}
    made = httpx.Request("POST", "http://unsent", data=dict(form), files=files)
    return made.read(), made.headers["Content-Type"]


class OfHttpx:
    """Carries requests by a transport of httpx."""

    def __init__(self, origin: str, transport: httpx.BaseTransport) -> None:
        self._origin = origin
        self._transport = transport

    def send(self, request: Request) -> Answer:
        """Send a request."""
        with _our_errors():
            sent = httpx.Request(
                request.method,
                self._origin + request.target,
                headers=dict(request.headers),
                content=request.content,
                extensions={"timeout": dict(request.timeout)},
            )
            answer = self._transport.handle_request(sent)
        answer.request = sent
        return _OfHttpx(answer)

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()


class _OfHttpx:
    """An answer of a transport of httpx."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.headers: Sequence[tuple[bytes, bytes]] = answer.headers.raw
        # what was made in this process, as answers of tests are, is decoded already
        self.encoding = "" if answer.is_stream_consumed else answer.headers.get("content-encoding", "")
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        if self._answer.is_stream_consumed:
            yield self._answer.content
            return
        with _our_errors():
            yield from self._answer.iter_raw()

    def close(self) -> None:
        self._answer.close()


class InProcess(httpx.WSGITransport):
    """Calls a WSGI application in this process; a connection that it breaks looks as one of the network."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Have the application answer a request, body and all."""
        try:
            answer = super().handle_request(request)
            body = answer.read()
        except ConnectionError as error:
            raise httpx.ReadError(str(error), request=request) from error
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)


class _Place:
    """The server that requests go to, and how their addresses are quoted."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._there = httpx.URL(origin)
        self._path = self._there.raw_path.rstrip(b"/")

    def _target(self, target: str) -> bytes:
        """Return a path and a query in the encoding of httpx; None if nothing needs to be encoded."""
        if len(target) < _LONG and _PLAIN.fullmatch(target) and "/." not in target:
            return self._path + target.encode("ascii")
        return httpx.URL(self._origin + target).raw_path


class _Quoting(_Place):
    """Hands requests to a transport of the user, with the server and a quoted address in each."""

    def __init__(self, origin: str, transport: Transport) -> None:
        super().__init__(origin)
        self._front = f"{self._there.scheme}://{self._there.netloc.decode('ascii')}"
        self._transport = transport

    def send(self, request: Request) -> Answer:
        with _our_errors():
            target = self._target(request.target).decode("ascii")
            return self._transport.send(request._replace(origin=self._front, target=target))

    def close(self) -> None:
        self._transport.close()


class _ByHttpcore(_Place):
    """Creates httpcore requests for one server."""

    def _core_request(self, request: Request) -> httpcore.Request:
        there = self._there
        url = httpcore.URL(
            scheme=there.raw_scheme,
            host=there.raw_host,
            port=there.port,
            target=self._target(request.target),
        )
        headers = [(b"Host", there.netloc)]
        headers += [(name.encode("ascii"), value.encode("ascii")) for name, value in request.headers.items()]
        if request.content or request.method in _WITH_BODY:
            headers.append((b"Content-Length", b"%d" % len(request.content or b"")))
        return httpcore.Request(
            request.method,
            url,
            headers=headers,
            content=request.content,
            extensions={"timeout": request.timeout},
        )


class Connections(_ByHttpcore):
    """A connection pool: each request has a connection of its own, which returns when the answer was read.

    Parameters
    ----------
    origin : str
        The server.
    verify : bool or ssl.SSLContext
        As httpx has it.
    """

    def __init__(self, origin: str, verify: ssl.SSLContext | bool = True) -> None:
        super().__init__(origin)
        secure = self._there.scheme == "https"  # what it has to know takes a while to load
        self._verify = httpx.create_ssl_context(verify=verify) if secure else None
        self._idle: collections.deque[httpcore.HTTPConnection] = collections.deque()
        self._closed = False

    def send(self, request: Request) -> Answer:
        """Send a request over the most recently used idle connection, or a new one."""
        with _our_errors():
            asked = self._core_request(request)
        connection = self._wrap_stream(asked.url.origin)
        try:
            with _our_errors():
                answer = connection.handle_request(asked)
        except BaseException:
            connection.close()
            raise
        return _ReleasingStream(answer, lambda: self._take_back(connection))

    def close(self) -> None:
        """Close idle connections, and the others when they return."""
        self._closed = True
        self._close_idle()

    def _wrap_stream(self, origin: httpcore.Origin) -> httpcore.HTTPConnection:
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


def _proxy_transport(origin: str, address: str, verify: ssl.SSLContext | bool) -> tuple[Transport, str]:
    """Return the transport through a proxy, and the proxy's address without its password."""
    try:
        proxy = httpx.Proxy(address)
        return _Proxied(origin, proxy, verify), f"{proxy.url.scheme}://{proxy.url.netloc.decode('ascii')}"
    except ImportError as error:
        raise ConnectionFailed(
            "the proxy is a SOCKS proxy, which needs: pip install 'httpx[socks]'"
        ) from error
    except (ValueError, httpx.InvalidURL) as error:
        raise ConnectionFailed(f"the address of the proxy cannot be used: {error}") from None


class _Proxied(_ByHttpcore):
    """Sends requests through a proxy, with streams that respect the time limit of an exchange."""

    def __init__(self, origin: str, proxy: httpx.Proxy, verify: ssl.SSLContext | bool) -> None:
        super().__init__(origin)
        options: dict[str, Any] = {
            "ssl_context": httpx.create_ssl_context(verify=verify),
            # as many as there are threads, as without a proxy: with a limit, those who wait would give up
            "max_connections": None,
            "max_keepalive_connections": None,
            "keepalive_expiry": _IDLE,
            "network_backend": _Backend(proxy=True),
        }
        where = httpcore.URL(
            scheme=proxy.url.raw_scheme,
            host=proxy.url.raw_host,
            port=proxy.url.port,
            target=proxy.url.raw_path,
        )
        self._pool: httpcore.ConnectionPool
        if proxy.url.scheme in ("http", "https"):
            self._pool = httpcore.HTTPProxy(
                where,
                proxy_auth=proxy.raw_auth,
                proxy_headers=proxy.headers.raw,
                proxy_ssl_context=proxy.ssl_context,
                **options,
            )
        else:
            self._pool = httpcore.SOCKSProxy(where, proxy_auth=proxy.raw_auth, **options)

    def send(self, request: Request) -> Answer:
        """Send a request through the proxy."""
        with _our_errors():
            answer = self._pool.handle_request(self._core_request(request))
        return _ReleasingStream(answer)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _ProxyUnreachable(httpcore.ConnectError):
    """No connection to the proxy, on its way through httpcore."""


class _ReleasingStream:
    """An answer after which its connection is free again."""

    def __init__(self, answer: httpcore.Response, free: Callable[[], None] = lambda: None) -> None:
        self.status = answer.status
        self.headers: Sequence[tuple[bytes, bytes]] = answer.headers
        self.encoding = header_of(answer.headers, b"content-encoding")
        self._answer = answer
        self._free: Callable[[], None] | None = free

    def __iter__(self) -> Iterator[bytes]:
        body = self._answer.stream
        assert isinstance(body, Iterable)
        with _our_errors():
            yield from body

    def close(self) -> None:
        free, self._free = self._free, None
        if free is not None:
            with _our_errors():
                self._answer.close()
            free()


def header_of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """Return the value of a header by its name in lower case; empty if it is missing."""
    values = [value for given, value in headers if given.lower() == name]
    return b", ".join(values).decode("latin-1") if values else ""


class _Backend(httpcore.SyncBackend):
    """Opens connections that send the head and the body of a small request together."""

    def __init__(self, *, proxy: bool = False) -> None:
        self._proxy = proxy

    def connect_tcp(self, *place: Any, **options: Any) -> httpcore.NetworkStream:
        try:
            return _CoalescingStream(super().connect_tcp(*place, **options))
        except httpcore.ConnectError as error:
            if self._proxy:
                raise _ProxyUnreachable(str(error)) from error
            raise


class _CoalescingStream(httpcore.NetworkStream):
    """A stream that sends data when something is read, or when there is much, within the time limit."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._written = b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._written += buffer
        if len(self._written) > _MUCH:
            self._flush(timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        clock = bounds.current()
        left = clock.left() if clock else None
        if left is not None:
            if left <= 0:
                raise httpcore.ReadTimeout("the answer takes too long")
            timeout = left if timeout is None else min(timeout, left)
        self._flush(timeout)
        piece = self._stream.read(max_bytes, timeout)
        if clock and piece:
            clock.started()
        return piece

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *how: Any, **options: Any) -> httpcore.NetworkStream:
        return _CoalescingStream(self._stream.start_tls(*how, **options))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _flush(self, timeout: float | None) -> None:
        written, self._written = self._written, b""
        if written:
            self._stream.write(written, timeout)


#: What the errors of the libraries are for us; the nearest class of an error counts.
_ERRORS: Mapping[type[Exception], Callable[[str, str], Exception]] = {
    httpcore.ConnectTimeout: ConnectTimeoutError,
    httpcore.PoolTimeout: ConnectTimeoutError,
    httpcore.TimeoutException: AnswerTimeoutError,
    _ProxyUnreachable: ProxyUnreachableError,
    httpcore.ConnectError: ConnectError,
    httpcore.NetworkError: TransportError,
    httpcore.ProxyError: ProxyRefusalError,
    httpcore.ProtocolError: TransportError,
    httpcore.UnsupportedProtocol: TransportError,
    httpcore.ConnectionNotAvailable: TransportError,
    httpx.ConnectTimeout: ConnectTimeoutError,
    httpx.PoolTimeout: ConnectTimeoutError,
    httpx.TimeoutException: AnswerTimeoutError,
    httpx.ConnectError: ConnectError,
    httpx.ProxyError: ProxyRefusalError,
    httpx.DecodingError: DecodingError,
    httpx.TransportError: TransportError,
    httpx.InvalidURL: AddressError,
    UnicodeError: AddressError,
}


class _our_errors:  # noqa: N801 - used as a function
    """Convert the errors of a library to those of ``messages``."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        ours = next((_ERRORS[base] for base in type(error).__mro__ if base in _ERRORS), None)
        if ours is not None:
            raise ours(str(error), type(error).__name__) from _strip_frames(error)


def _strip_frames(error: BaseException) -> BaseException:
    """Return an error and its causes without frames: their variables contain headers."""
    behind: BaseException | None = error
    while behind is not None:
        behind.__traceback__ = None
        behind = behind.__cause__
    return error
