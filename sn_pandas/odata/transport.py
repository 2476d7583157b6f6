"""The one place where requests leave: a transport of httpx with credentials, retries and clear errors."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from . import flight
from .answers import parsed, refusal
from .auth import Anonymous, Auth
from .connections import Connections
from .errors import AnswerError, ConnectionFailed, NoAnswer, QueryError
from .retrying import Kind, Retrier, Retries

__all__ = ["Client", "Kind", "NoAnswer", "Retries"]
T = TypeVar("T")
#: Bytes of a body that is taken in pieces.
_PIECE = 256 * 1024
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "sn_pandas"}


class Client:
    """A connection to one repository; safe to use from several threads.

    Parameters
    ----------
    origin : str
        ``https://host[:port]``, with the path before ``/odata.svc`` if there is one.
    auth : Auth
        Who asks.
    transport : httpx.BaseTransport, optional
        What carries the requests; the network if not given.
    timeout : float
        Seconds to wait for a sign of life of the server.
    retries : Retries, optional
        How often and how long a request is tried again.
    verify : bool or ssl.SSLContext
        As httpx has it.
    """

    def __init__(
        self,
        origin: str,
        *,
        auth: Auth | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 60.0,
        retries: Retries | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self.origin = origin.rstrip("/")
        self.retries = retries or Retries()
        self.requests = 0
        self._auth = auth or Anonymous()
        self._retrier = Retrier(self.retries)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._closing: list[Callable[[], None]] = []
        self._transport = transport or _carrier(self.origin, verify)
        self._closed = False
        self._told: tuple[dt.datetime, float] | None = None

    def __repr__(self) -> str:
        return f"<Client of {self.origin}>"

    @property
    def overloads(self) -> int:
        """How often the server said so far that it is overloaded."""
        return self._retrier.overloads

    def close(self) -> None:
        """Close the connections, and what was handed over to be closed with them."""
        self._closed = True
        self._transport.close()
        while self._closing:
            self._closing.pop()()

    @property
    def now(self) -> dt.datetime:
        """What time it is at the server, at the latest; ours if it never said."""
        if self._told is None:
            return dt.datetime.now(dt.UTC)
        told, at = self._told
        return told + dt.timedelta(seconds=time.monotonic() - at)

    def closing(self, close: Callable[[], None]) -> None:
        """Have ``close`` called when this client is closed."""
        self._closing.append(close)

    def get(self, target: str, read: Callable[[str, httpx.Response], Any] = parsed) -> Any:
        """Give the JSON that a GET answers, or what ``read`` makes of it; None for an empty answer."""
        what = f"GET {self.shown(target)}"
        return self._sent("GET", target, None, "read", {}, lambda answer: read(what, answer))

    def count(self, target: str) -> int:
        """Give the number that a ``$count`` answers."""
        text = self.text(target)
        try:
            return int(text)
        except ValueError:
            raise AnswerError(
                f"GET {self.shown(target)}: a number was expected, the answer is {text[:80]!r}"
            ) from None

    def text(self, target: str) -> str:
        """Give the text that a GET answers."""
        return self.request("GET", target, kind="read").content.decode("utf-8-sig", "replace")

    def send(
        self, method: str, target: str, *, body: Mapping[str, Any] | None = None, kind: Kind = "write"
    ) -> Any:
        """Send a request and give the JSON of the answer; None for an empty one.

        Raises
        ------
        ServerError
            If the server refuses; the kind of error says why.
        ConnectionFailed
            If there is no answer, after as many tries as the kind of request allows.
        AnswerError
            If the answer is not one of a sensenet server.
        """
        what = f"{method} {self.shown(target)}"
        return self._sent(method, target, body, kind, {}, lambda answer: parsed(what, answer))

    def request(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        kind: Kind = "write",
        **options: Any,
    ) -> httpx.Response:
        """Send a request, again where that is safe, and give the answer or raise what the server said."""
        return self._sent(method, target, body, kind, options, lambda answer: answer)

    def stream(self, target: str, use: Callable[[Iterator[bytes]], T]) -> T:
        """Give what ``use`` makes of the pieces of what a GET answers; each try begins with the first."""
        what = f"GET {self.shown(target)}"

        def once(end: float) -> T:
            flight.check()
            with self._open(what, "GET", target, {}, {}, None) as answer:
                if answer.is_success:
                    return use(answer.iter_bytes(_PIECE))
                answer.read()
            raise refusal(what, self.origin, answer)

        return self._retrier.run(once, "read")

    def shown(self, target: str) -> str:
        """Give an address as it may be shown: without a key that somebody put into it."""
        if "apikey" not in target.lower():
            return target
        parts = urlsplit(target)
        kept = "&".join(p for p in parts.query.split("&") if not p.lower().startswith("apikey"))
        return parts._replace(query=kept).geturl()

    def _sent(
        self,
        method: str,
        target: str,
        body: Mapping[str, Any] | None,
        kind: Kind,
        options: dict[str, Any],
        use: Callable[[httpx.Response], T],
    ) -> T:
        if not target.startswith("/") or target.startswith("//"):
            raise QueryError(f"{target!r} is no address of this repository: it begins with one slash")
        headers = dict(options.pop("headers", {}))
        if body is not None:
            options["content"] = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            headers["Content-Type"] = "application/json"
        what = f"{method} {self.shown(target)}"

        def once(end: float) -> T:
            flight.check()
            return use(self._once(what, method, target, headers, options, end if kind == "read" else None))

        return self._retrier.run(once, kind)

    def _once(
        self,
        what: str,
        method: str,
        target: str,
        headers: dict[str, str],
        options: dict[str, Any],
        end: float | None,
    ) -> httpx.Response:
        with self._open(what, method, target, headers, options, end) as answer:
            if isinstance(answer.stream, httpx.SyncByteStream):
                # a server may think about a write for as long as the timeout says, before it begins to answer
                by = time.monotonic() + self.retries.deadline if end is None else end
                answer.stream = _Until(answer.stream, by)
            answer.read()
        if answer.is_success:
            return answer
        raise refusal(what, self.origin, answer)

    @contextlib.contextmanager
    def _open(
        self,
        what: str,
        method: str,
        target: str,
        headers: dict[str, str],
        options: dict[str, Any],
        end: float | None,
    ) -> Iterator[httpx.Response]:
        """Send a request and give the answer, to be read; what breaks meanwhile is said in our words."""
        if self._closed:
            raise ConnectionFailed(f"{what}: the connection to {self.origin} was closed; connect again")
        with self._lock:
            self.requests += 1
        request = httpx.Request(
            method,
            self.origin + target,
            headers={**_HEADERS, **headers, **self._auth.headers()},
            extensions={"timeout": self._patience(end)},
            **options,
        )
        try:
            answer = self._transport.handle_request(request)
            answer.request = request
            self._take_time(answer.headers.get("Date"))
            try:
                yield answer
            finally:
                answer.close()
        except httpx.TimeoutException as error:
            unsent = isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout))
            raise NoAnswer(f"{what}: {self.origin} did not answer in time", sent=not unsent) from error
        except httpx.ConnectError as error:
            raise NoAnswer(f"{what}: cannot connect to {self.origin} ({error})", sent=False) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise NoAnswer(
                f"{what}: the connection to {self.origin} broke ({type(error).__name__})", sent=True
            ) from error

    def _take_time(self, told: str | None) -> None:
        """Note what time the server says it is."""
        if told:
            with contextlib.suppress(ValueError):
                moment = parsedate_to_datetime(told)
                self._told = moment.replace(tzinfo=moment.tzinfo or dt.UTC), time.monotonic()

    def _patience(self, end: float | None) -> dict[str, float | None]:
        left = self._timeout if end is None else min(self._timeout, max(0.05, end - time.monotonic()))
        return {"connect": min(left, 15.0), "read": left, "write": left, "pool": left}


def _carrier(origin: str, verify: ssl.SSLContext | bool) -> httpx.BaseTransport:
    """Give what carries requests to a server: connections of ours, or those of httpx by way of a proxy."""
    there = urlsplit(origin)
    proxies = getproxies()
    proxy = proxies.get(there.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(there.netloc):
        return Connections(verify)
    return httpx.HTTPTransport(verify=verify, proxy=proxy if "://" in proxy else f"http://{proxy}")


class _Until(httpx.SyncByteStream):
    """A body that has to be there at a certain moment, however slowly it drips."""

    def __init__(self, stream: httpx.SyncByteStream, end: float) -> None:
        self._stream = stream
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if time.monotonic() > self._end:
                raise httpx.ReadTimeout("the answer takes too long")
            yield piece

    def close(self) -> None:
        self._stream.close()
