"""Faults on purpose: a repository that fails as networks, proxies and servers do, to test code against.

A rule says which requests fail, and how. In process a broken connection is a ``ConnectionResetError``; on a
socket the connection really is reset.
"""

from __future__ import annotations

import dataclasses
import json
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sn_pandas.embedded.security.tokens import token_of
from sn_pandas.embedded.wire.addresses import decode_target, describe_target
from sn_pandas.embedded.wire.requests import App, Environ, StartResponse

Fault = Callable[[App, Environ, StartResponse], Iterable[bytes]]

_OUT_OF_DATE = {
    "error": {
        "code": "RequestError",
        "exceptiontype": "NodeIsOutOfDateException",
        "message": {"lang": "en-us", "value": "Node is out of date: it was saved meanwhile."},
        "innererror": None,
    }
}
_CARRIERS = {"authorization": "HTTP_AUTHORIZATION", "cookie": "HTTP_COOKIE"}
"""Where a token may stand, as the repository and as WSGI names it."""
_PROXY_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>proxy</body></html>"


@dataclasses.dataclass
class Rule:
    """Which requests fail; the methods say how."""

    method: str | None
    match: re.Pattern[str]
    nth: frozenset[int]
    rate: float
    times: int | None
    fault: Fault | None = None
    seen: int = 0
    done: int = 0
    revoked: set[str] = dataclasses.field(default_factory=set)
    """The tokens that are dead by a rule; all rules of a script share them."""

    def unavailable(self, status: int = 503, retry_after: float | str | None = None) -> None:
        """Answer 429 or 503 instead, with ``Retry-After`` in seconds or as a date."""
        headers = [] if retry_after is None else [("Retry-After", str(retry_after))]
        self.fault = lambda app, environ, start: _answer(start, status, b"", headers)

    def page(self, status: int = 502) -> None:
        """Answer the HTML page of a proxy instead."""
        body = _PROXY_PAGE.format(f"{status} Bad Gateway").encode()
        self.fault = lambda app, environ, start: _answer(start, status, body, [("Content-Type", "text/html")])

    def status(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer this status, body and headers (``Content_Type=…``) instead."""
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.fault = lambda app, environ, start: _answer(start, status, body, pairs)

    def out_of_date(self) -> None:
        """Reject a write as if somebody saved the same content at the same moment."""
        body = json.dumps(_OUT_OF_DATE, indent=2).encode()
        kind = [("Content-Type", "application/json;odata=verbose;charset=utf-8")]
        self.fault = lambda app, environ, start: _answer(start, 400, body, kind)

    def reset(self, *, after: bool = False) -> None:
        """Break the connection: before anything is done, or ``after``, so that only the answer is lost."""

        def fault(app: App, environ: Environ, start: StartResponse) -> Iterable[bytes]:
            if after:
                _run(app, environ)
            _break(environ)
            return ()

        self.fault = fault

    def cut(self, length: int = 20) -> None:
        """Process the request, and break the connection after some bytes of the answer."""

        def fault(app: App, environ: Environ, start: StartResponse) -> Iterable[bytes]:
            status, headers, body = _run(app, environ)
            kept = [(n, v) for n, v in headers if n.lower() not in ("content-length", "transfer-encoding")]
            start(status, [*kept, ("Content-Length", str(len(body)))])
            return _send_and_break(body[:length], environ)

        self.fault = fault

    def garble(self, length: int = 20) -> None:
        """Process the request, and truncate the answer as if it were complete."""

        def fault(app: App, environ: Environ, start: StartResponse) -> Iterable[bytes]:
            status, headers, body = _run(app, environ)
            return _answer(start, int(status.split()[0]), body[:length], headers)

        self.fault = fault

    def delay(self, seconds: float) -> None:
        """Wait before the request is processed."""

        def fault(app: App, environ: Environ, start: StartResponse) -> Iterable[bytes]:
            time.sleep(seconds)
            return app(environ, start)

        self.fault = fault

    def stale(self) -> None:
        """Answer a GET as the first time, like an index that lags behind the writes."""
        answers: dict[str, tuple[str, list[tuple[str, str]], bytes]] = {}

        def fault(app: App, environ: Environ, start: StartResponse) -> Iterable[bytes]:
            key = decode_target(environ)
            if key not in answers:
                answers[key] = _run(app, environ)
            status, headers, body = answers[key]
            start(status, headers)
            return [body]

        self.fault = fault

    def anonymous(self) -> None:
        """Treat the request as anonymous, like a server that temporarily cannot check a valid token."""

        def fault(app: App, environ: Environ, start: StartResponse) -> Iterable[bytes]:
            return app(_without_credentials(environ), start)

        self.fault = fault

    def revoke_token(self) -> None:
        """Invalidate the token of the request: from now on, every request with it is anonymous."""

        def fault(app: App, environ: Environ, start: StartResponse) -> Iterable[bytes]:
            token = _token(environ)
            if token is None:
                return app(environ, start)
            self.revoked.add(token)
            return app(_without_token(environ), start)

        self.fault = fault


class Faults:
    """A script of faults around a repository.

    The same faults may stand before its authority (``Authority(…, faults=faults)``), whose addresses are
    others: ``faults.on("POST", match="/connect/token", times=1).unavailable()`` lets one request for a token
    fail.

    Parameters
    ----------
    seed : int
        Of the dice that rules with a ``rate`` throw; the same seed gives the same faults.

    Attributes
    ----------
    log : list of (str, str)
        Method and target of every request that was made to fail, without keys and tokens.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> from sn_pandas.embedded import Faults
    >>> faults = Faults()
    >>> faults.on("GET", match="Tasks", nth=1).unavailable(503, retry_after=0)
    >>> repo = sn.connect(user="olga.okafor", faults=faults)
    >>> len(repo.read("/Root/Content/IT/Tasks", select=["Name"])) > 0    # the second try succeeds
    True
    >>> len(faults.log)
    1
    """

    def __init__(self, seed: int = 0) -> None:
        self.log: list[tuple[str, str]] = []
        self._seed = seed
        self._rules: list[Rule] = []
        self._revoked: set[str] = set()
        self._dice = random.Random(seed)
        self._lock = threading.Lock()

    def on(
        self,
        method: str | None = None,
        *,
        match: str = "",
        nth: int | Iterable[int] = (),
        rate: float = 1.0,
        times: int | None = None,
    ) -> Rule:
        """Start a rule: which requests fail.

        Parameters
        ----------
        method : str, optional
            ``GET``, ``PATCH`` …; any if not given.
        match : str
            A regular expression that is searched for in the decoded target.
        nth : int or iterable of int
            Only the first, second … of the requests that fit; all if not given.
        rate : float
            The share of these that fail.
        times : int, optional
            How many requests fail at the most.
        """
        numbers = frozenset((nth,) if isinstance(nth, int) else nth)
        rule = Rule(method, re.compile(match), numbers, rate, times, revoked=self._revoked)
        self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget all rules: from now on nothing fails."""
        self._rules.clear()
        self._revoked.clear()

    def start_again(self) -> None:
        """Forget what happened so far: rules count from the beginning, the dice fall as at first."""
        with self._lock:
            self.log.clear()
            self._revoked.clear()
            self._dice = random.Random(self._seed)
            for rule in self._rules:
                rule.seen = rule.done = 0

    def take_over(self, other: Faults) -> None:
        """Follow the rules of other faults instead of its own, from the beginning."""
        with self._lock:
            self._seed, self._rules, self._revoked = other._seed, other._rules, other._revoked
        self.start_again()

    def around(self, app: App) -> App:
        """Return the application with these faults before it."""

        def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            if self._revoked and _token(environ) in self._revoked:
                environ = _without_token(environ)
            fault = self._next(environ)
            return fault(app, environ, start_response) if fault else app(environ, start_response)

        return application

    def _next(self, environ: Environ) -> Fault | None:
        method, target = environ["REQUEST_METHOD"], decode_target(environ)
        with self._lock:
            for rule in self._rules:
                if rule.fault is None or rule.method not in (None, method) or not rule.match.search(target):
                    continue
                rule.seen += 1
                if rule.nth and rule.seen not in rule.nth:
                    continue
                if rule.done == rule.times or self._dice.random() >= rule.rate:
                    continue
                rule.done += 1
                self.log.append((method, describe_target(environ)))
                return rule.fault
        return None


def _token(environ: Environ) -> str | None:
    return token_of({name: environ[key] for name, key in _CARRIERS.items() if key in environ})


def _without_token(environ: Environ) -> Environ:
    return {name: value for name, value in environ.items() if name not in _CARRIERS.values()}


def _without_credentials(environ: Environ) -> Environ:
    """Return a request without token, cookie and key, in any of their places."""
    kept = _without_token(environ)
    kept.pop("HTTP_APIKEY", None)
    kept["HTTP_X_VISITOR"] = "1"  # also where a caller without a key is the Admin
    for name in ("QUERY_STRING", "REQUEST_URI", "RAW_URI"):
        if "apikey" in kept.get(name, "").lower():
            path, mark, query = kept[name].rpartition("?") if name != "QUERY_STRING" else ("", "", kept[name])
            pieces = (piece for piece in query.split("&") if not piece.lower().startswith("apikey="))
            kept[name] = path + mark + "&".join(pieces)
    return kept


def _run(app: App, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes]:
    """Run the application, and return the complete answer."""
    head: list[Any] = []
    written: list[bytes] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        head[:] = [status, list(headers)]
        return written.append

    answer = app(environ, start)
    try:
        body = b"".join([*written, *answer])
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    return head[0], head[1], body


def _answer(
    start: StartResponse, status: int, body: bytes, headers: list[tuple[str, str]]
) -> Iterable[bytes]:
    kept = [(n, v) for n, v in headers if n.lower() not in ("content-length", "transfer-encoding")]
    start(f"{status} Fault", [*kept, ("Content-Length", str(len(body)))])
    return [body]


def _send_and_break(body: bytes, environ: Environ) -> Iterator[bytes]:
    yield body
    _break(environ)


def _break(environ: Environ) -> None:
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        linger_not = struct.pack("ii", 1, 0)  # closing then resets the connection instead of ending it
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        connection.shutdown(socket.SHUT_RD)
        connection.close()
    raise ConnectionResetError("the connection was broken on purpose")
