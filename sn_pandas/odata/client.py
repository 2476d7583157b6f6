"""The one place where requests leave: with credentials, retries and a guard against answers to others."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from . import flight, shapes
from .addresses import LONGEST, SERVICE, entity
from .answers import parse, refusal
from .bounds import LARGEST_ANSWER, Clock
from .errors import (
    AddressTooLongError,
    AnswerError,
    NoAnswer,
    NotFoundError,
    QueryError,
    ReadOnlyError,
    SensenetError,
    ServerError,
)
from .http_transport import AnyTransport
from .limits import Pace, user_agent
from .messages import Answer, Response
from .origins import canonical_url
from .query_text import target as target_of
from .redaction import protect_logs, redact_errors
from .retrying import Kind, Retrier, Retries
from .signin.credentials import Anonymous, Auth
from .signin.doubt import is_for_caller
from .signin.guard import VISITOR, Exchange, Guard, Identity, Send
from .wire import Wire

__all__ = ["Client", "Kind", "NoAnswer", "Retries"]
T = TypeVar("T")
# Caches are asked to pass each request on: what is read is to be what the server holds.
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
}
_READS = frozenset(["GET", "HEAD", "OPTIONS"])
# What to try when an address was too long for a web server or firewall: IIS takes 2,048 of a query.
_SHORTER = (4000, 2000, 1000)
# What is said of an address that is too long; 404 is what IIS says.
_TOO_LONG = (400, 403, 404, 414, 431)
# Characters of an address that messages show.
_SHOWN = 200


@dataclasses.dataclass(frozen=True, slots=True)
class _Call:
    """A request, however often it is sent.

    Attributes
    ----------
    what : str
        What messages call it.
    before_retry : callable, optional
        Called before it is sent once more; ends it by raising.
    """

    what: str
    method: str
    target: str
    kind: Kind
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    content: bytes | None = dataclasses.field(default=None, repr=False)
    before_retry: Callable[[], None] | None = None


class Client:
    """A connection to one repository; safe to use from several threads.

    Parameters
    ----------
    origin : str
        ``https://host[:port]``, with the path before ``/odata.svc`` if there is one.
    auth : Auth
        Who asks.
    transport : Transport or httpx.BaseTransport, optional
        What carries the requests; the network if not given.
    timeout : float
        Seconds to wait for a sign of life of the server.
    retries : Retries, optional
        How often and how long a request is tried again.
    verify : bool or ssl.SSLContext
        As httpx has it.
    max_answer : int
        Bytes that an answer may have; files that are downloaded to a disk may have more.
    refuse : callable
        Makes the error of an answer without success, from the request, the origin and the answer.
    read_only : bool
        Whether nothing that would change something is sent.
    max_requests_per_second : float, optional
        How many requests leave in a second at most.
    application : str, optional
        What uses the connection, for the User-Agent.

    Attributes
    ----------
    guard : Guard
        Decides whether answers were given to the caller.
    """

    def __init__(
        self,
        origin: str,
        *,
        auth: Auth | None = None,
        transport: AnyTransport | None = None,
        timeout: float = 60.0,
        retries: Retries | None = None,
        verify: ssl.SSLContext | bool = True,
        max_answer: int = LARGEST_ANSWER,
        refuse: Callable[[str, str, Response], SensenetError] = refusal,
        read_only: bool = False,
        max_requests_per_second: float | None = None,
        application: str | None = None,
    ) -> None:
        protect_logs()
        self.read_only = read_only
        self._pace = Pace(max_requests_per_second)
        self._headers = {**_HEADERS, "User-Agent": user_agent(application)}
        self.origin = canonical_url(origin)
        self.max_answer = max_answer
        #: Characters that an address may have, as far as is known: web servers and firewalls have limits.
        self.longest = LONGEST
        self.retries = retries or Retries()
        self.requests = 0
        self._auth = auth or Anonymous()
        self._retrier = Retrier(self.retries)
        self._lock = threading.Lock()
        self._closing: list[Callable[[], None]] = []
        self._wire = Wire(self.origin, transport, verify, timeout=timeout, largest=max_answer)
        self._closed = ""
        self._refuse = refuse
        self._is_there = False  # whether it ever answered something else than that it is missing
        self.guard = Guard(self._auth, self.origin, self._identify, self._find, self.retries.deadline)

    def __repr__(self) -> str:
        return f"<Client of {self.origin}>"

    @property
    def auth(self) -> Auth:
        """The credentials of the caller."""
        return self._auth

    @property
    def overloads(self) -> int:
        """The number of times that the server reported an overload."""
        return self._retrier.overloads

    @property
    def closed(self) -> bool:
        """Whether the connection was closed."""
        return bool(self._closed)

    def close(self, why: str = "") -> None:
        """Close the connections, and everything that was registered with `close_with`.

        Parameters
        ----------
        why : str
            What a later request says, such as ``"you signed out of …"``.
        """
        self._closed = self._closed or why or f"the connection to {self.origin} was closed"
        self._wire.close()
        while self._closing:
            self._closing.pop()()

    @property
    def now(self) -> dt.datetime:
        """The earliest possible time of the server, trusting neither its clock nor ours alone."""
        return self._wire.clock.now

    def reject_write(self, what: str) -> None:
        """Raise if this connection is read-only.

        Raises
        ------
        ReadOnlyError
            Before anything is sent.
        """
        if self.read_only:
            raise ReadOnlyError(
                f"{what}: nothing was sent, because this connection is read-only (read_only=True, or "
                "read_only in the configuration file). To change something, connect without it, and by the "
                "address of the server instead of its name in the file"
            )

    def close_with(self, close: Callable[[], None]) -> None:
        """Have ``close`` called when this client is closed."""
        self._closing.append(close)

    def get(
        self,
        target: str,
        read: Callable[[str, Response], Any] = parse,
        *,
        fresh: bool = False,
        guarded: bool = True,
    ) -> Any:
        """Return the result of ``read`` (default: the JSON) for the answer to a GET; None for an empty one.

        Parameters
        ----------
        target : str
            Path and query.
        read : callable
            A reader of :mod:`sn_pandas.odata.shapes`: it gets a description of the request and the answer.
        fresh : bool
            Whether an answer that a cache has kept is of no use, as for comparisons. Each request asks
            caches to pass it on; here an answer that is older all the same (``Age``) is asked for by another
            address, which no cache knows, and then refused.
        guarded : bool
            Whether an answer that may have been given to an anonymous caller is asked for again. Who passes
            False verifies the identity of the caller before believing that something is missing.
        """
        call = self._call("GET", target, kind="read")
        try:
            return self._settle(call, lambda answer: read(call.what, _reject_cached(fresh, answer)), guarded)
        except _CachedAnswer:
            past = f"{target}{'&' if '?' in target else '?'}nocache={secrets.token_hex(6)}"
        try:
            return self._settle(
                dataclasses.replace(call, target=past),
                lambda answer: read(call.what, _reject_cached(True, answer)),
                guarded,
            )
        except _CachedAnswer as cached:
            raise AnswerError(
                f"{call.what}: a cache answered with a copy that is {cached} s old, although the request "
                f"forbids it, so the current state is unknown. Configure the proxy in front of {self.origin} "
                "to pass on requests to /odata.svc"
            ) from None

    def count(self, target: str) -> int:
        """Return the number that a ``$count`` answers."""
        number: int = self.get(target, shapes.number)
        return number

    def text(self, target: str) -> str:
        """Return the text that a GET answers."""
        return self.request("GET", target, kind="read").content.decode("utf-8-sig", "replace")

    def send(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        kind: Kind = "write",
        read: Callable[[str, Response], Any] = parse,
        guarded: bool = True,
        **options: Any,
    ) -> Any:
        """Send a request and return the result of ``read``, by default the JSON; None for an empty answer.

        What goes wrong in reading leaves open whether a write was done.

        ``before_retry`` is called before the request is sent once more, and ends it by raising.

        Raises
        ------
        ServerError
            If the server refuses; the kind of error says why.
        ConnectionFailed
            If there is no answer, after as many tries as the kind of request allows.
        AnswerError
            If the answer is not one of a sensenet server.
        """
        call = self._call(method, target, body, kind, **options)
        return self._settle(call, lambda answer: read(call.what, answer), guarded)

    def request(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        kind: Kind = "write",
        **options: Any,
    ) -> Response:
        """Send a request, retry it if that is safe, and return the answer or raise the server's error."""
        return self._settle(self._call(method, target, body, kind, **options), lambda answer: answer)

    def identity(self) -> Identity:
        """Return the identity of the caller as the server reports it.

        Raises
        ------
        AuthenticationError
            If there are credentials and the server treats the caller as anonymous all the same.
        AnswerError
            If it is not a sensenet.
        """
        return self.guard.verify() or self._identify(Exchange())

    def stream(self, target: str, use: Callable[[Response, Iterator[bytes]], T]) -> T:
        """Return the result of ``use`` for the answer to a GET and its pieces; each attempt starts again.

        A large file may take as long as it gets on: each of its pieces has the time of an answer.
        """
        call = self._call("GET", target, kind="read")

        def send(exchange: Exchange) -> T:
            def once(end: float) -> T:
                flight.check()
                clock = Clock(end, self.retries.deadline)

                def take(answer: Answer) -> T:
                    exchange.answer = head = self._wire.head(answer)
                    if not head.is_success:
                        exchange.answer = self._wire.read_whole(answer, clock)
                        raise self._refuse(call.what, self.origin, exchange.answer)
                    if is_for_caller(head, exchange.used) is False:
                        return None  # type: ignore[return-value]  # the guard does not believe it
                    return use(head, self._wire.pace(answer, clock))

                return self._exchange(call, end, clock, exchange, take)

            return self._retrier.run(redact_errors(once), "read")

        return self.guard.settle(send, method="GET", target=target, is_write=False)

    def describe_address(self, target: str) -> str:
        """Return an address for display: shortened, and without an API key in it."""
        if "apikey" in target.lower():
            parts = urlsplit(target)
            kept = "&".join(p for p in parts.query.split("&") if not p.lower().startswith("apikey"))
            target = parts._replace(query=kept).geturl()
        if len(target) <= _SHOWN:
            return target
        return f"{target[:_SHOWN]}… ({len(target):,} characters)"

    def _call(
        self,
        method: str,
        target: str,
        body: Mapping[str, Any] | None = None,
        kind: Kind = "write",
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        before_retry: Callable[[], None] | None = None,
    ) -> _Call:
        """Return a request that may be sent."""
        if not target.startswith("/") or target.startswith("//"):
            raise QueryError(f"{target!r} is not an address of this repository: those begin with one slash")
        what = f"{method} {self.describe_address(target)}"
        if kind != "read" and method not in _READS:
            self.reject_write(what)
        headers = headers or {}
        if body is not None:
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            headers = {**headers, "Content-Type": "application/json"}
        return _Call(what, method, target, kind, headers, content, before_retry)

    def _settle(self, call: _Call, use: Callable[[Response], T], guarded: bool = True) -> T:
        """Send a request until its answer is certainly for the caller, and return the result of ``use``."""
        send = self._sender(call, use)
        try:
            if not guarded:
                return send(Exchange())
            return self.guard.settle(
                send, method=call.method, target=call.target, is_write=call.kind == "write"
            )
        except ServerError as error:
            if call.method != "GET" or error.code or not self._is_too_long(call.target, error):
                raise
            raise AddressTooLongError(
                f"{call.what}: the address is too long: it has {len(call.target):,} characters, "
                f"and the web server of {self.origin}, or something before it, takes shorter ones (it "
                f"answered {error.status})",
                status=error.status,
            ) from error

    def _sender(self, call: _Call, use: Callable[[Response], T]) -> Send[T]:
        """Return a function that sends a request once, with its retries."""
        begun = False

        def send(exchange: Exchange) -> T:
            def once(end: float) -> T:
                nonlocal begun
                flight.check()
                if begun and call.before_retry is not None:
                    call.before_retry()
                begun = True
                return use(self._once(call, end if call.kind == "read" else None, exchange))

            return self._retrier.run(redact_errors(once), call.kind)

        return send

    def _is_too_long(self, target: str, error: ServerError) -> bool:
        """Return whether an address was refused for its length, and note which may be short enough.

        Web servers and firewalls do not always say so, but answer as if there were no such address: then the
        same address without its query is not refused.
        """
        shorter = next((length for length in _SHORTER if length < len(target)), 0)
        if error.status not in _TOO_LONG or not shorter:
            return False
        if error.status != 414:
            path, _, query = target.partition("?")
            kept = [part for part in query.split("&") if part.startswith(("version=", "metadata="))]
            probe = f"{path}?{'&'.join([*kept, '$select=Id', '$top=1'])}"
            if len(probe) >= len(target):  # it is the path that is long, or this is the probe
                return False
            try:
                self.request("GET", probe, kind="read")
            except SensenetError:
                return False
        self.longest = min(self.longest, shorter)
        return True

    def _once(self, call: _Call, end: float | None, exchange: Exchange) -> Response:
        """Send a request and return its answer, which is a success."""
        # a server may think about a write for as long as the timeout says, before it begins to answer
        clock = Clock(end, self.retries.deadline)
        exchange.answer = None
        whole = self._exchange(
            call, end, clock, exchange, lambda answer: self._wire.read_whole(answer, clock)
        )
        exchange.answer = whole
        if whole.is_success:
            self._is_there = True
            return whole
        raise self._refuse(call.what, self.origin, whole)

    def _exchange(
        self,
        call: _Call,
        end: float | None,
        clock: Clock,
        exchange: Exchange,
        use: Callable[[Answer], T],
    ) -> T:
        """Send a request as the caller, at the allowed rate, and pass the answer to ``use``."""
        if self._closed:
            raise NoAnswer(f"{call.what}: {self._closed}; connect again", sent=False, lasting=True)
        self._pace.wait()
        with self._lock:
            self.requests += 1
        exchange.used = self._auth.headers()
        headers = {**self._headers, **call.headers, **exchange.used}
        return self._wire.exchange(
            call.what, call.method, call.target, headers, call.content, end, clock, use
        )

    def _identify(self, exchange: Exchange) -> Identity:
        """Ask the server for the identity of the caller."""
        address = target_of(entity("/Root") + "/GetCurrentUser", {"$select": "Id,Path", "metadata": "no"})
        read = shapes.content("Id")
        call = self._call("GET", address, kind="read")
        try:
            found = self._sender(call, lambda answer: read(call.what, answer))(exchange)
        except NotFoundError as missing:  # the Visitor may not even see the root
            self._reject_elsewhere(missing)
            return Identity.visitor()
        return Identity(found["Id"], str(found.get("Path") or VISITOR))

    def _reject_elsewhere(self, missing: NotFoundError) -> None:
        """Raise if this address has no sensenet server.

        Everybody gets the metadata of the whole service, also a Visitor who may not see the root.

        Raises
        ------
        NotFoundError
            If nothing was ever answered here but that it is missing.
        """
        if self._is_there:
            return
        call = self._call("GET", f"{SERVICE}/$metadata", kind="read")
        try:
            self._sender(call, lambda answer: None)(Exchange())
        except NotFoundError:
            path = urlsplit(self.origin).path
            front = self.origin.removesuffix(path) if path else ""
            raise NotFoundError(
                f"{self.origin} is not the address of a sensenet server: it has no {SERVICE} (404). The "
                "address is the part before /odata.svc, optionally followed by the path of a folder"
                + (f"; did you mean {front}?" if front else ""),
                status=missing.status,
            ) from missing
        except SensenetError:  # somebody is there
            pass

    def _find(self, query: str) -> Send[bool]:
        """Return a function that tests whether a content query has results."""
        options = {
            "query": query,
            "$select": "Id",
            "$top": "1",
            "enableautofilters": "false",
            "enablelifespanfilter": "false",
            "metadata": "no",
        }
        address = target_of(f"{SERVICE}/Root", options)
        call, read = self._call("GET", address, kind="read"), shapes.contents()
        return self._sender(call, lambda answer: bool(read(call.what, answer)))


def _reject_cached(wanted: bool, answer: Response) -> Response:
    age = answer.headers.get("age", "").strip()
    if wanted and age.isdigit() and age.strip("0"):
        raise _CachedAnswer(age[:10])
    return answer


class _CachedAnswer(SensenetError):  # noqa: N818 - never leaves this module
    """An answer from a cache."""
