"""The one place that decides whether an answer was for the caller, and repeats doubtful requests.

The rule, for every request that reads or writes:

1. With a token, the cookie ``.sn.auth`` of an answer says as whom it was given. That decides, at no cost.
2. Without it (404, the setting is off, an API key) an answer is accepted unless it is doubtful: empty,
   missing, forbidden, or without any value (see ``doubt``).
3. A doubtful answer is accepted when the server confirms who the caller is and then answers the same request
   with the same again.
4. An answer to the Visitor is repeated, with a renewed token if there is a way to one. If the server goes on
   treating the caller as anonymous, an AuthenticationError says why.

A write that was refused with 403 or 404 was not done, so it may be sent again. A write that was answered with
success is done, whoever it was answered to, and is never sent again.

Who asks for many things at once settles the doubt about all of them at once (see ``Guard.leave_doubt``):
first all requests, then one question who the caller is, then a second look at what was doubtful.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

from .. import flight
from ..errors import AnswerError, AuthenticationError, NoAnswer, NotFoundError, SensenetError, ServerError
from ..literals import query_value
from ..messages import Response
from ..redaction import hide
from .credentials import Auth
from .doubt import is_doubtful, is_doubtful_error, is_for_caller

T = TypeVar("T")
VISITOR = "/Root/IMS/BuiltIn/Portal/Visitor"
VISITOR_ID = 6
#: Answers to the Visitor, one after another, after which a token is given up; other credentials sooner.
_STRIKES = 4
#: The same for an API key, which no server checks elsewhere.
_STRIKES_OF_KEY = 3
#: Seconds before a request is sent for the third time; it doubles.
_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
_ENTITY = re.compile(r"^/odata\.svc(/.*?)\(('[^']*')\)|^/odata\.svc/content\((\d+)\)", re.IGNORECASE)
_FILE = re.compile(r"^/binaryhandler\.ashx\?(?:nodeid=(\d+)|nodepath=([^&]+))", re.IGNORECASE)


@dataclasses.dataclass
class Exchange:
    """One sending of a request: the credentials that it had, and the answer."""

    used: Mapping[str, str] = dataclasses.field(default_factory=dict)
    answer: Response | None = None
    began: float = dataclasses.field(default_factory=time.monotonic)


@dataclasses.dataclass(frozen=True)
class Identity:
    """The identity of the caller as the server reports it."""

    id: int
    path: str

    @classmethod
    def visitor(cls) -> Identity:
        """Return the anonymous caller."""
        return cls(VISITOR_ID, VISITOR)

    @property
    def is_visitor(self) -> bool:
        """Whether it is the anonymous caller."""
        return self.id == VISITOR_ID


class _Here(threading.local):
    """Which doubtful refusals this thread settles itself, and later."""

    leaves: type[ServerError] | None = None
    believes_empty: bool = False


#: Sends a request once, with the usual retries, and notes in the exchange what was sent and answered.
Send = Callable[[Exchange], T]


class Guard:
    """Decides for one client whether answers were for its caller; safe to use from several threads.

    Parameters
    ----------
    auth : Auth
        The credentials of the caller.
    origin : str
        The server, for messages.
    identify : callable
        Asks the server who the caller is.
    find : callable
        Asks the server whether a content query finds anything, which is always answered with a cookie.
    deadline : float
        Seconds for which a request is repeated.
    """

    def __init__(
        self,
        auth: Auth,
        origin: str,
        identify: Send[Identity],
        find: Callable[[str], Send[bool]],
        deadline: float,
    ) -> None:
        self._auth = auth
        self._origin = origin
        self._identify = identify
        self._find = find
        self._deadline = deadline
        self._lock = threading.Lock()
        self._verified = float("-inf")
        self._has_cookies = False
        self._here = _Here()

    @property
    def is_needed(self) -> bool:
        """Whether the caller is authenticated."""
        return bool(self._auth.name)

    @contextlib.contextmanager
    def leave_doubt(self, of: type[ServerError] = ServerError) -> Iterator[None]:
        """Raise doubtful refusals in this thread at once, with ``doubt`` "open": they are not to be believed.

        Whoever asks so has to call :meth:`confirm` when all answers are there, and then to look a second
        time at what was refused.

        Parameters
        ----------
        of : type
            Which refusals.
        """
        before, self._here.leaves = self._here.leaves, of
        try:
            yield
        finally:
            self._here.leaves = before

    @contextlib.contextmanager
    def settle_doubt(self) -> Iterator[None]:
        """Settle doubtful refusals in this thread one by one, also within :meth:`leave_doubt`."""
        before, self._here.leaves = self._here.leaves, None
        try:
            yield
        finally:
            self._here.leaves = before

    @contextlib.contextmanager
    def trust_empty(self) -> Iterator[None]:
        """Believe empty lists in this thread: only for a second look, after :meth:`confirm`."""
        before, self._here.believes_empty = self._here.believes_empty, True
        try:
            yield
        finally:
            self._here.believes_empty = before

    def confirm(self) -> None:
        """Verify the identity of the caller, after doubtful answers.

        Raises
        ------
        AuthenticationError
            If the server treats the caller as anonymous, or cannot say who the caller is.
        """
        try:
            self.verify()
        except (ServerError, AnswerError) as trouble:
            raise self._identity_error(trouble) from trouble

    def settle(self, send: Send[T], *, method: str, target: str, is_write: bool) -> T:
        """Send a request until its answer was certainly for the caller, and return or raise it.

        Raises
        ------
        AuthenticationError
            If the server treats the caller as anonymous, or goes on giving answers that may be for others.
        """
        if not self.is_needed:
            return send(Exchange())
        trial = _Trial(self, time.monotonic() + self._deadline)
        while True:
            exchange, value, error = Exchange(), None, None
            try:
                value = send(exchange)
            except ServerError as refusal:
                if not is_doubtful_error(refusal, method):
                    raise
                error = refusal
                error.doubt = "settled"  # when it is raised
            given = self._is_identified_by_cookie(exchange)
            if error is None and (
                is_write or given or (given is None and not is_doubtful(exchange.answer, value))
            ):
                return value  # type: ignore[return-value]  # sent without an error
            if error is not None and given:
                raise error
            if given is None and self._here.leaves and isinstance(error, self._here.leaves):
                error.doubt = "open"
                raise error
            if given is None and error is None and self._here.believes_empty and value == []:
                return value
            if given is None and trial.is_confirmed(exchange, error):
                if error is not None:
                    raise error
                return value  # type: ignore[return-value]
            try:
                if given is None:
                    trial.doubt(exchange, error, target)
                else:
                    trial.strike(exchange.used)
            except NoAnswer as lost:  # the doubtful request itself was not done
                raise NoAnswer(str(lost), sent=not is_write and lost.sent, lasting=lost.lasting) from lost
            except (ServerError, AnswerError) as trouble:
                raise self._identity_error(trouble) from trouble

    def _identity_error(self, trouble: SensenetError) -> AuthenticationError:
        return AuthenticationError(
            f"{self._origin} may have answered as to an anonymous caller (the Visitor), and it "
            f"cannot be asked who the caller is: {trouble}"
        )

    def verify(self, since: float | None = None) -> Identity | None:
        """Verify the identity of the caller.

        Parameters
        ----------
        since : float, optional
            The moment (``time.monotonic()``) from which on an earlier confirmation is enough; now if not
            given. Threads that need the same confirmation share one request.

        Returns
        -------
        Identity or None
            Who the caller is; None if nobody was asked.

        Raises
        ------
        AuthenticationError
            If the server treats the caller as anonymous.
        """
        if not self.is_needed:
            return None
        wanted = time.monotonic() if since is None else since
        trial = _Trial(self, time.monotonic() + self._deadline)
        while self._verified < wanted:
            exchange = Exchange()
            identity = self._ask(exchange, wanted)
            if identity is not None and identity.is_visitor:
                trial.strike(exchange.used)
                continue
            return identity
        return None

    def _ask(self, exchange: Exchange, wanted: float) -> Identity | None:
        """Ask for the identity of the caller; None if another thread has just done so."""
        with self._lock:
            if self._verified >= wanted:
                return None
            began = time.monotonic()
            identity = self._identify(exchange)
            if self._is_identified_by_cookie(exchange) is False:
                identity = Identity.visitor()
            if not identity.is_visitor:
                self._verified = began
            return identity

    def _is_identified_by_cookie(self, exchange: Exchange) -> bool | None:
        given = is_for_caller(exchange.answer, exchange.used)
        if given:
            self._has_cookies = True
            self._verified = max(self._verified, exchange.began)
        return given

    def refusal(self, used: Mapping[str, str], *, unsettled: bool = False) -> AuthenticationError:
        """Return the error for a caller whom the server treats as anonymous."""
        name = self._auth.name or "caller"
        if unsettled:
            return AuthenticationError(
                f"{self._origin} answers the same request sometimes as to the caller and sometimes as to an "
                "anonymous one (the Visitor), so its answers are not used: it may not reach the authority "
                f"that checks this {name}; try again later"
            )
        why = hide(self._auth.explain(used))
        return AuthenticationError(
            f"{self._origin} does not accept this {name} and treats the connection as anonymous (the "
            f"Visitor){f'. As for the {name}: {why}' if why else ''}. Connect again with valid credentials, "
            "or with anonymous=True"
        )


class _Trial:
    """The state of one request with doubtful answers."""

    def __init__(self, guard: Guard, end: float) -> None:
        self._guard = guard
        self._auth = guard._auth
        self._end = end
        self._strikes = 0
        self._renew = False
        self._pauses = 0
        self._before: tuple[Any, ...] | None = None
        self._equal = 0
        self._needed = 2

    def is_confirmed(self, exchange: Exchange, error: ServerError | None) -> bool:
        """Whether the same doubtful answer was repeated often enough while the caller was confirmed."""
        seen = _fingerprint(exchange, error)
        self._equal = self._equal + 1 if seen == self._before else 1
        self._before = seen
        return self._equal >= self._needed

    def doubt(self, exchange: Exchange, error: ServerError | None, target: str) -> None:
        """Verify the identity before the request is repeated."""
        self._pause()
        if self._equal > 1:
            return
        asked, moment = Exchange(), time.monotonic()
        if isinstance(error, NotFoundError) and self._guard._has_cookies and (query := content_query(target)):
            there = self._guard._find(query)(asked)
            given = self._guard._is_identified_by_cookie(asked)
            if given:
                self._needed = 3 if there else 2
                return
            if given is False:
                self.strike(asked.used)
        identity = self._guard._ask(asked, moment)
        if identity is not None and identity.is_visitor:
            self._strikes += 1  # for the doubtful answer
        while identity is not None and identity.is_visitor:
            self.strike(asked.used)
            asked = Exchange()
            identity = self._guard._ask(asked, moment)

    def strike(self, used: Mapping[str, str]) -> None:
        """Record an answer for the Visitor, and renew the credentials if possible.

        Raises
        ------
        AuthenticationError
            If there were too many.
        """
        self._before, self._equal = None, 0
        self._strikes += 1
        if self._strikes >= 2 and not self._renew and self._auth.renew(used):
            self._renew, self._strikes = True, 0
            return
        most = _STRIKES if "Authorization" in used else _STRIKES_OF_KEY
        if self._strikes >= most or time.monotonic() >= self._end:
            raise self._guard.refusal(used)
        if self._strikes > 1:
            self._pause(used)

    def _pause(self, used: Mapping[str, str] | None = None) -> None:
        """Wait a little longer each time, but not before the first repetition."""
        self._pauses += 1
        if self._pauses == 1:
            return
        seconds = min(_LONGEST_PAUSE, _PAUSE * 2.0 ** (self._pauses - 2))
        if time.monotonic() + seconds >= self._end or not flight.pause(seconds):
            raise self._guard.refusal(used or {}, unsettled=used is None)


def content_query(target: str) -> str | None:
    """Return a content query for the content of an address; None if there is none.

    Examples
    --------
    >>> content_query("/odata.svc/Root/Content('IT')?$select=Id")
    'Path:"/Root/Content/IT"'
    >>> content_query("/odata.svc/content(12)/CheckOut")
    'Id:12'
    >>> content_query("/odata.svc/Root/Content/IT/$count?$filter=Index gt 5")
    'Path:"/Root/Content/IT"'
    >>> content_query("/binaryhandler.ashx?nodeid=12&propertyname=Binary")
    'Id:12'
    """
    if file := _FILE.match(target):
        return f"Id:{file[1]}" if file[1] else f"Path:{query_value(unquote(file[2]))}"
    path = re.sub(r"/\$\w+$", "", target.partition("?")[0])
    match = _ENTITY.match(path)
    if match is None:
        found = re.match(r"^/odata\.svc(/Root(?:/.*)?)$", path, re.IGNORECASE)
        return f"Path:{query_value(unquote(found[1]).rstrip('/'))}" if found else None
    if match[3]:
        return f"Id:{match[3]}"
    place = f"{match[1].rstrip('/')}/{match[2][1:-1]}"
    return f"Path:{query_value(unquote(place))}"


def _fingerprint(exchange: Exchange, error: SensenetError | None) -> tuple[Any, ...]:
    """Return a key that is equal for equal answers."""
    if isinstance(error, ServerError):
        return (error.status, error.code, error.exceptiontype, error.reason)
    answer = exchange.answer
    if answer is None:
        return ()
    if not answer.is_read:
        return (answer.status_code, answer.headers.get("content-length"))
    return (answer.status_code, answer.content)
