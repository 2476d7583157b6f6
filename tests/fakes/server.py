"""The fake server: rules for chosen requests before the embedded repository or a function of the test."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

import httpx

import sn_pandas as sn
from sn_pandas.embedded import Application
from sn_pandas.testing import add_user

from . import client
from .authority import Authority

Handler = Callable[[httpx.Request], httpx.Response]
Effect = Callable[[httpx.Request, Handler], httpx.Response]
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
PAGE = "<!DOCTYPE html><html><head><title>Proxy</title></head><body>Please sign in here.</body></html>"


@dataclass
class Entry:
    """A request that came, and how it was answered; ``status`` is None where the connection broke."""

    method: str
    host: str
    target: str
    headers: httpx.Headers
    body: bytes
    at: float
    status: int | None = None
    answer: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass
class Rule:
    """Which requests are treated otherwise; the methods say how."""

    method: str | None
    match: re.Pattern[str]
    body: re.Pattern[bytes]
    host: str | None
    nth: frozenset[int]
    times: int | None
    when: Callable[[httpx.Request], bool] | None
    server: FakeServer
    effect: Effect | None = None
    seen: int = 0
    log: list[Entry] = field(default_factory=list)

    # --- how they are answered

    def call(self, effect: Effect) -> Rule:
        """Answer with what ``effect(request, forward)`` gives."""
        self.effect = effect
        return self

    def script(self, *answers: Answer) -> Rule:
        """Answer so, one after another; the last again and again."""
        left = list(answers)

        def effect(request: httpx.Request, forward: Handler) -> httpx.Response:
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer(request) if callable(answer) else _copy(answer)

        return self.call(effect)

    def visitor(self) -> Rule:
        """Take them for the Visitor's, as a server does that cannot check a token at this moment."""
        return self.call(lambda request, forward: forward(_without_credentials(request)))

    def as_user(self, name: str | None) -> Rule:
        """Take them for those of another user; None is the administrator."""

        def effect(request: httpx.Request, forward: Handler) -> httpx.Response:
            stranger = _without_credentials(request)
            stranger.headers["apikey"] = self.server.key_of(name)
            return forward(stranger)

        return self.call(effect)

    def status(self, status: int, content: bytes | str = b"", **headers: str) -> Rule:
        """Answer this status."""
        return self.script(httpx.Response(status, content=content, headers=_named(headers)))

    def json(self, value: Any, status: int = 200) -> Rule:
        """Answer JSON."""
        return self.script(httpx.Response(status, json=value))

    def text(self, text: str, status: int = 200, kind: str = "text/plain") -> Rule:
        """Answer text."""
        return self.script(httpx.Response(status, content=text.encode(), headers={"Content-Type": kind}))

    def html(self, status: int = 200, page: str = PAGE) -> Rule:
        """Answer the page of a proxy or a portal."""
        return self.text(page, status, "text/html; charset=utf-8")

    def empty(self, status: int = 200) -> Rule:
        """Answer nothing, with success."""
        return self.status(status)

    def redirect(self, place: str, status: int = 302) -> Rule:
        """Answer a redirect."""
        return self.status(status, Location=place)

    def unavailable(self, status: int = 503, retry_after: float | str | None = None) -> Rule:
        """Answer that it is overloaded."""
        return self.status(status, **({} if retry_after is None else {"Retry_After": str(retry_after)}))

    def refused(self) -> Rule:
        """Refuse the connection."""
        return self.script(httpx.ConnectError("connection refused"))

    def reset(self, *, after: bool = False) -> Rule:
        """Break the connection: before anything is done, or ``after``, so that only the answer is lost."""
        return self._break(httpx.ReadError("connection reset by peer"), after)

    def timeout(self, *, after: bool = False) -> Rule:
        """Say nothing for as long as the client waits, without the waiting."""
        return self._break(httpx.ReadTimeout("timed out"), after)

    def slow(self, seconds: float) -> Rule:
        """Wait, then answer."""

        def effect(request: httpx.Request, forward: Handler) -> httpx.Response:
            time.sleep(seconds)
            return forward(request)

        return self.call(effect)

    def drip(self, piece: int = 1, seconds: float = 0.05) -> Rule:
        """Send the body in small pieces, with a wait before each."""
        return self._body(lambda body: _dripping(body, piece, seconds))

    def cut(self, length: int = 20) -> Rule:
        """Do what is asked and break the connection after so many bytes of the answer."""

        def pieces(body: bytes) -> Iterator[bytes]:
            yield body[:length]
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

        return self._body(pieces)

    def headers(self, **headers: str) -> Rule:
        """Answer with these headers besides (``Cache_Control=…``)."""

        def effect(request: httpx.Request, forward: Handler) -> httpx.Response:
            answer = forward(request)
            answer.headers.update(_named(headers))
            return answer

        return self.call(effect)

    def clock(self, seconds: float) -> Rule:
        """Have the ``Date`` of the answers be so many seconds ahead."""

        def effect(request: httpx.Request, forward: Handler) -> httpx.Response:
            answer = forward(request)
            moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
            answer.headers["Date"] = email.utils.format_datetime(moment, usegmt=True)
            return answer

        return self.call(effect)

    def stale(self) -> Rule:
        """Answer as at the first time, as a cache or a late index does."""
        answers: dict[str, httpx.Response] = {}

        def effect(request: httpx.Request, forward: Handler) -> httpx.Response:
            key = f"{request.method} {request.url}"
            if key not in answers:
                answers[key] = forward(request)
                answers[key].read()
            return _copy(answers[key])

        return self.call(effect)

    def off(self) -> None:
        """End this rule."""
        self.effect = None

    def _break(self, error: Exception, after: bool) -> Rule:
        def effect(request: httpx.Request, forward: Handler) -> httpx.Response:
            if after:
                forward(request).read()
            raise error

        return self.call(effect)

    def _body(self, pieces: Callable[[bytes], Iterable[bytes]]) -> Rule:
        def effect(request: httpx.Request, forward: Handler) -> httpx.Response:
            answer = forward(request)
            kept = [(n, v) for n, v in answer.headers.items() if n != "transfer-encoding"]
            return httpx.Response(answer.status_code, headers=kept, stream=_Stream(pieces(answer.read())))

        return self.call(effect)


class FakeServer(httpx.BaseTransport):
    """See the package.

    Parameters
    ----------
    app : Application or function, optional
        What is behind: the embedded repository, or what gives a response for a request of httpx.
    sample : bool
        Whether an embedded repository of its own holds the sample company.
    """

    def __init__(self, app: Any = Ellipsis, *, sample: bool = True) -> None:
        self._own = app is Ellipsis
        self.app = Application(sample=sample) if app is Ellipsis else app
        self.log: list[Entry] = []
        #: Good tokens, each with the name of its user.
        self.tokens: dict[str, str] = {}
        #: Whether answers say by a cookie as whom they were given, as real servers do.
        self.cookies = False
        #: Answers for other hosts.
        self.hosts: dict[str, Handler] = {}
        self.authority = Authority(self._accept)
        self._ends: dict[str, float] = {}
        #: As whom ``connect()`` connects: the editor of the sample company; the administrator if None.
        self.user: str | None = client.EDITOR if self._own and sample else None
        self._keys: dict[str, str] = {}
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    # --- what tests say

    def on(
        self,
        method: str | None = None,
        match: str = "",
        *,
        body: bytes | str = b"",
        host: str | None = None,
        nth: int | Iterable[int] = (),
        times: int | None = None,
        when: Callable[[httpx.Request], bool] | None = None,
    ) -> Rule:
        """Begin a rule: which requests are treated otherwise."""
        rule = Rule(
            method=method,
            match=re.compile(match),
            body=re.compile(body if isinstance(body, bytes) else body.encode()),
            host=host,
            nth=frozenset((nth,) if isinstance(nth, int) else nth),
            times=times,
            when=when,
            server=self,
        )
        with self._lock:
            self._rules.insert(0, rule)
        return rule

    def clear(self) -> None:
        """Forget all rules and what came."""
        with self._lock:
            self._rules.clear()
            self.log.clear()

    def count(self, method: str | None = None, match: str = "", host: str | None = None) -> int:
        """Count the requests that came."""
        return len(self.entries(method, match, host))

    def entries(self, method: str | None = None, match: str = "", host: str | None = None) -> Sequence[Entry]:
        """Return the requests that came."""
        with self._lock:
            return [
                entry
                for entry in self.log
                if method in (None, entry.method)
                and re.search(match, unquote(entry.target))
                and host in (None, entry.host)
            ]

    def connect(self, user: str | None = None, **options: Any) -> sn.frames.Repository:
        """Connect as a user, ``self.user`` if none is given, or with the credentials that are given."""
        return client.connect(self, user or self.user, **options)

    def add_user(self, name: str, rights: dict[str, Sequence[str]] | None = None) -> str:
        """Make an ordinary user with these permissions by path, and return the path of the user."""
        with self._quiet() as repo:
            return add_user(repo, name, rights)

    def key_of(self, user: str | None = None) -> str:
        """Return the API key of a user, by name; the administrator's if none is given."""
        if user is None or user == "Admin":
            return getattr(self.app, "api_key", "good-key")
        if user not in self._keys:
            self._keys[user] = self.app.key_of(user)
        return self._keys[user]

    @contextlib.contextmanager
    def listening(self) -> Iterator[str]:
        """Listen on a socket of this machine and give the address."""
        server = _Listener(("127.0.0.1", 0), _Connection)
        server.fake = self
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def close(self) -> None:
        """Do nothing: a client that is closed closes its transport, and others may use it, too."""

    def end(self) -> None:
        """Close the repository if it was made here."""
        if self._own:
            self.app.close()

    # --- what clients call

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request as a transport of httpx."""
        request.read()
        target = request.url.raw_path.decode("latin-1")
        entry = Entry(
            request.method,
            request.url.host,
            target,
            request.headers.copy(),
            request.content,
            time.monotonic(),
        )
        with self._lock:
            self.log.append(entry)
            effect = self._effect(request, entry)
        answer = effect(request, self._answer) if effect else self._answer(request)
        entry.status = answer.status_code
        with contextlib.suppress(httpx.ResponseNotRead):
            entry.answer = answer.content
        return answer

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request as a WSGI application."""
        target = environ.get("REQUEST_URI") or quote(environ.get("PATH_INFO", ""), safe="/()!'")
        if "REQUEST_URI" not in environ and environ.get("QUERY_STRING"):
            target += f"?{environ['QUERY_STRING']}"
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "repo.example")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        headers = [
            (name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")
        ]
        headers += [("content-type", environ["CONTENT_TYPE"])] if environ.get("CONTENT_TYPE") else []
        request = httpx.Request(
            environ["REQUEST_METHOD"],
            f"{environ.get('wsgi.url_scheme', 'http')}://{host}{target}",
            headers=headers,
            content=environ["wsgi.input"].read(length) if length else b"",
        )
        try:
            answer = self.handle_request(request)
        except httpx.TransportError as error:
            raise ConnectionResetError(str(error)) from error
        kept = [(n, v) for n, v in answer.headers.multi_items() if n.lower() != "transfer-encoding"]
        start(f"{answer.status_code} {answer.reason_phrase or 'Status'}", kept)
        return answer.iter_raw() if not answer.is_closed else [answer.content]

    # --- inside

    def _effect(self, request: httpx.Request, entry: Entry) -> Effect | None:
        target = unquote(entry.target)
        for rule in self._rules:
            if (
                rule.effect is None
                or rule.method not in (None, request.method)
                or rule.host not in (None, entry.host)
                or not rule.match.search(target)
                or not rule.body.search(entry.body)
                or (rule.when is not None and not rule.when(request))
            ):
                continue
            rule.seen += 1
            if (rule.nth and rule.seen not in rule.nth) or len(rule.log) == rule.times:
                continue
            rule.log.append(entry)
            return rule.effect
        return None

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the server behind does."""
        host = request.url.host
        if host in self.hosts:
            return self.hosts[host](request)
        if host == httpx.URL(self.authority.origin).host:
            return self.authority(request)
        if "GetClientRequestParameters" in request.url.path:
            return httpx.Response(200, json=self.authority.parameters())
        if self.app is None:
            return httpx.Response(404)
        if not isinstance(self.app, Application):
            return self.app(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        user = self._user_of(token) if token else None
        asked = request
        if user is not None:
            asked = _without_credentials(request)
            asked.headers["apikey"] = self.key_of(user)
        answer = _from_wsgi(self.app, asked)
        if self.cookies and (answer.status_code != 404 or answer.content):
            answer.headers["set-cookie"] = cookie(token if user is not None else None)
        return answer

    def _user_of(self, token: str) -> str | None:
        if self._ends.get(token, float("inf")) < time.monotonic():
            return None
        return self.tokens.get(token)

    def _accept(self, token: str, user: str, seconds: float) -> None:
        self.tokens[token] = user
        self._ends[token] = time.monotonic() + seconds

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[sn.frames.Repository]:
        """Yield a client of the repository behind, whose requests are not logged or treated otherwise."""
        transport = httpx.MockTransport(lambda request: _from_wsgi(self.app, request))
        with sn.connect(client.ORIGIN, api_key=self.app.api_key, transport=transport) as repo:
            yield repo


def cookie(token: str | None) -> str:
    """Return the ``Set-Cookie`` of a real server: with the token, or an empty one for everybody else."""
    if token is None:
        return ".sn.auth=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/"
    expires = email.utils.formatdate(time.time() + 3600, usegmt=True)
    return f".sn.auth=Bearer%20{token}; expires={expires}; path=/; secure; samesite=none; httponly"


class _Stream(httpx.SyncByteStream):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    fake: FakeServer


class _Connection(BaseHTTPRequestHandler):
    """Answers the requests of one connection; one that is to break is reset."""

    protocol_version = "HTTP/1.1"
    server: _Listener

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        host = self.headers.get("Host") or "127.0.0.1"
        is_proxy = self.path.startswith("http://")  # then the whole address is asked for
        address = self.path if is_proxy else f"http://{host}{self.path}"
        request = httpx.Request(self.command, address, headers=self.headers.items(), content=body)
        try:
            answer = self.server.fake.handle_request(request)
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.multi_items():
                if name.lower() != "transfer-encoding":
                    self.send_header(name, value)
            if "content-length" not in answer.headers:
                self.send_header("Connection", "close")
            self.end_headers()
            for piece in answer.iter_raw() if not answer.is_closed else [answer.content]:
                self.wfile.write(piece)
        except (httpx.TransportError, ConnectionError):
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.shutdown(socket.SHUT_RD)
                self.connection.close()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_MERGE = do_HEAD = do_OPTIONS = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()


def _dripping(body: bytes, piece: int, seconds: float) -> Iterator[bytes]:
    for at in range(0, len(body), piece):
        time.sleep(seconds)
        yield body[at : at + piece]


def _from_wsgi(app: Any, request: httpx.Request) -> httpx.Response:
    answer = httpx.WSGITransport(app=app, raise_app_exceptions=True).handle_request(request)
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())


def _without_credentials(request: httpx.Request) -> httpx.Request:
    dropped = ("apikey", "authorization", "cookie")
    kept = [(name, value) for name, value in request.headers.multi_items() if name not in dropped]
    return httpx.Request(
        request.method, request.url, headers=kept, content=request.content, extensions=request.extensions
    )


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _copy(answer: httpx.Response) -> httpx.Response:
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Nth:
    """Chooses requests by their number, and does something else before each."""

    def __init__(self, numbers: Collection[int], also: Callable[[], object] = lambda: None) -> None:
        self.numbers = frozenset(numbers)
        self.count = 0
        self.also = also

    def __call__(self, request: httpx.Request) -> bool:
        self.count += 1
        if self.count - 1 not in self.numbers:
            return False
        self.also()
        return True
