"""The one place where requests leave: an httpx client with credentials, retries and clear errors."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import stamina

from .auth import Anonymous, Auth
from .errors import AnswerError, ConnectionFailed, SensenetError, ServerError, UnavailableError, server_error

try:
    from orjson import loads as _loads
except ImportError:  # the extra "fast" is not installed
    _loads = json.loads

#: ``read`` may be sent again whatever happened; ``write`` only if the server cannot have done it.
Kind = Literal["read", "write"]


@dataclasses.dataclass(frozen=True)
class Retries:
    """How often and how long a request is tried again.

    Parameters
    ----------
    attempts : int
        Tries of one request, the first included.
    deadline : float
        Seconds after which no further try begins.
    longest_wait : float
        Seconds that a ``Retry-After`` may ask for at the most.
    """

    attempts: int = 6
    deadline: float = 60.0
    first_wait: float = 0.2
    longest_wait: float = 20.0


class Client:
    """A connection to one repository; safe to use from several threads.

    Parameters
    ----------
    origin : str
        ``https://host[:port]``; what the user sees as the repository's address.
    auth : Auth
        Who asks.
    transport : httpx.BaseTransport, optional
        What carries the requests; the network if not given.
    """

    def __init__(
        self,
        origin: str,
        *,
        auth: Auth | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 60.0,
        retries: Retries | None = None,
        connections: int = 64,
        verify: Any = True,
    ) -> None:
        self.origin = origin.rstrip("/")
        self.retries = retries or Retries()
        self._auth = auth or Anonymous()
        self._lock = threading.Lock()
        self._closing: list[Callable[[], None]] = []
        self.requests = 0
        self._http = httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 15.0)),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            headers={"Accept": "application/json", "User-Agent": "sn_pandas"},
            follow_redirects=False,
            verify=verify,
        )

    def __repr__(self) -> str:
        return f"<Client of {self.origin}>"

    def close(self) -> None:
        """Close the connections, and what was handed over to be closed with them."""
        self._http.close()
        while self._closing:
            self._closing.pop()()

    def closing(self, close: Callable[[], None]) -> None:
        """Have ``close`` called when this client is closed."""
        self._closing.append(close)

    def get(self, target: str) -> Any:
        """Give the JSON that a GET answers; None for an empty answer."""
        return self.send("GET", target, kind="read")

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
        """
        answer = self.request(method, target, body=body, kind=kind)
        if not answer.content:
            return None
        try:
            return _loads(answer.content)
        except ValueError:
            raise AnswerError(
                f"{method} {self.shown(target)}: the answer is not JSON, it begins with {answer.text[:60]!r}"
            ) from None

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
        content = (
            json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() if body is not None else None
        )
        headers = {"Content-Type": "application/json"} if content is not None else {}
        headers.update(options.pop("headers", {}))
        rules = self.retries
        tries = stamina.retry_context(
            on=lambda error: self._wait(error, kind),
            attempts=rules.attempts,
            timeout=rules.deadline,
            wait_initial=rules.first_wait,
            wait_max=rules.longest_wait,
        )
        for attempt in tries:
            with attempt:
                return self._once(method, target, content, headers, options)
        raise AssertionError("stamina gives at least one attempt")

    def shown(self, target: str) -> str:
        """Give an address as it may be shown: without a key that somebody put into it."""
        parts = urlsplit(target)
        if "apikey=" not in parts.query.lower():
            return target
        kept = "&".join(p for p in parts.query.split("&") if not p.lower().startswith("apikey="))
        return parts._replace(query=kept).geturl()

    def _once(
        self,
        method: str,
        target: str,
        content: bytes | None,
        headers: dict[str, str],
        options: dict[str, Any],
    ) -> httpx.Response:
        what = f"{method} {self.shown(target)}"
        with self._lock:
            self.requests += 1
        try:
            answer = self._http.request(
                method,
                self.origin + target,
                content=content,
                headers={**headers, **self._auth.headers()},
                **options,
            )
        except httpx.TimeoutException as error:
            raise NoAnswer(
                f"{what}: {self.origin} did not answer in time",
                sent=not isinstance(error, httpx.ConnectTimeout),
            ) from error
        except httpx.ConnectError as error:
            raise NoAnswer(f"{what}: cannot connect to {self.origin} ({error})", sent=False) from error
        except httpx.TransportError as error:
            raise NoAnswer(
                f"{what}: the connection to {self.origin} broke ({type(error).__name__})", sent=True
            ) from error
        if answer.is_redirect:
            place = urlsplit(answer.headers.get("location", ""))
            raise AnswerError(
                f"{what}: the answer is a redirect to {place.netloc or self.origin}{place.path}; "
                "it is not followed, so that credentials stay with the server they are for"
            )
        if answer.is_success:
            return answer
        raise _refusal(what, answer)

    def _wait(self, error: Exception, kind: Kind) -> bool | float:
        """Say whether to try again, and after how many seconds if the server said so."""
        if isinstance(error, UnavailableError):
            if kind == "write" and error.status not in (429, 503):
                return False  # a proxy that timed out may have passed the write on
            if error.retry_after is None:
                return True
            return (
                error.retry_after + random.uniform(0, 0.5)
                if error.retry_after <= self.retries.longest_wait
                else False
            )
        if isinstance(error, NoAnswer):
            return kind == "read" or not error.sent
        return isinstance(error, AnswerError) and kind == "read" and "redirect" not in str(error)


class NoAnswer(ConnectionFailed):
    """A request that got no answer; ``sent`` if the server may have got it."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


def _refusal(what: str, answer: httpx.Response) -> SensenetError:
    status = answer.status_code
    try:
        error = _loads(answer.content).get("error") or {}
        code, kind = str(error.get("code") or ""), str(error.get("exceptiontype") or "")
        reason = str((error.get("message") or {}).get("value") or "").replace("\\n", "\n").strip()
    except (ValueError, AttributeError):
        code = kind = reason = ""
    if status in (429, 502, 503, 504):
        return UnavailableError(
            f"{what}: the server is not available now ({status}); try again later",
            retry_after=_retry_after(answer.headers.get("retry-after")),
            status=status,
            code=code,
            exceptiontype=kind,
            reason=reason,
        )
    if not code and answer.content and status != 404:
        return ServerError(f"{what} failed with {status}: the answer is no sensenet error", status=status)
    return server_error(what, status, code, kind, reason)


def _retry_after(value: str | None) -> float | None:
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(
        0.0,
        moment.timestamp() - time.time() if moment.tzinfo else (moment - dt.datetime.now()).total_seconds(),
    )
