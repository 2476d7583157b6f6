"""The log of the requests that came: for tests in this process, and by ``serve --testing``."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sn_pandas.embedded.wire.addresses import describe_target
from sn_pandas.embedded.wire.requests import App, Environ, StartResponse

MOST_REQUESTS = 10_000
"""How many requests are remembered; the oldest are forgotten first."""


@dataclass
class LoggedRequest:
    """A request that came, and how it was answered.

    Attributes
    ----------
    method : str
        ``GET``, ``PATCH`` …
    target : str
        Path and query, decoded, without keys and tokens.
    length : int
        Bytes of the body.
    status : int, optional
        Of the answer; None if the connection broke before it.
    """

    method: str
    target: str
    length: int
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


class RequestLog:
    """The last 10,000 requests, oldest first; safe to use from several threads.

    Examples
    --------
    >>> log = RequestLog()
    >>> app = log.around(lambda environ, start: start("404 Not Found", []) or [])
    >>> environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/odata.svc/Root", "QUERY_STRING": "apikey=abc"}
    >>> _ = app(environ, lambda status, headers: None)
    >>> log.select("GET", "Root")
    [LoggedRequest(method='GET', target='/odata.svc/Root?apikey=***', length=0, status=404)]
    """

    def __init__(self) -> None:
        self._requests: deque[LoggedRequest] = deque(maxlen=MOST_REQUESTS)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(self.select())

    def __repr__(self) -> str:
        return "\n".join(map(str, self)) or "no requests"

    def select(self, method: str | None = None, match: str = "") -> list[LoggedRequest]:
        """Return the requests that fit.

        Parameters
        ----------
        method : str, optional
            ``GET``, ``PATCH`` …; any if not given.
        match : str
            A regular expression that is searched for in the target.
        """
        with self._lock:
            requests = list(self._requests)
        return [one for one in requests if method in (None, one.method) and re.search(match, one.target)]

    def count(self, method: str | None = None, match: str = "") -> int:
        """Count the requests that fit, as `select` chooses them."""
        return len(self.select(method, match))

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._requests.clear()

    def around(self, app: App) -> App:
        """Return the application with this log before it."""

        def logged(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            request = LoggedRequest(
                method=environ["REQUEST_METHOD"],
                target=describe_target(environ),
                length=int(environ.get("CONTENT_LENGTH") or 0),
            )
            with self._lock:
                self._requests.append(request)

            def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                request.status = int(status.split()[0])
                return start_response(status, headers, *more)

            return app(environ, start)

        return logged
