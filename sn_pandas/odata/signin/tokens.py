"""Tokens that are fetched when they are needed and renewed before they end, by one thread for all."""

from __future__ import annotations

import dataclasses
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping

from ..errors import AuthenticationError, ConnectionFailed, NoAnswer, SensenetError
from ..redaction import SECRETS
from .claims import expiry
from .credentials import bearer, bearer_of, clean_token

#: Seconds that a token lives whose life nobody tells.
DEFAULT_LIFE = 3600.0
#: A token is renewed this long before its end: a tenth of its life, at most so many seconds.
_LONGEST_MARGIN = 60.0
#: Seconds after a renewal that failed before the next, as long as the old token is valid.
_PAUSE = 5.0


@dataclasses.dataclass(frozen=True)
class Grant:
    """A grant of an authority.

    Parameters
    ----------
    token : str
        The access token.
    life : float, optional
        Seconds that it lives, counted from when it was asked for; what the token says if not given.
    refresh : str, optional
        What the next one is fetched with.
    """

    token: str
    life: float | None = None
    refresh: str | None = None

    def __repr__(self) -> str:
        return f"Grant(life={self.life})"


@dataclasses.dataclass(frozen=True)
class _Held:
    """A grant with the time of its request by both clocks; immutable, so that threads can share it."""

    grant: Grant
    began: tuple[float, float]

    @property
    def life(self) -> float:
        """How many seconds it lives."""
        if self.grant.life is not None:
            return self.grant.life
        end = expiry(self.grant.token)
        return DEFAULT_LIFE if end is None else end - self.began[1]

    @property
    def age(self) -> float:
        """Its age; two clocks are used because one stops while a computer sleeps."""
        return max(time.monotonic() - self.began[0], time.time() - self.began[1])

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self.age < self.life

    @property
    def is_due(self) -> bool:
        """Whether it should be renewed."""
        life = self.life
        return self.age >= max(0.0, life - min(_LONGEST_MARGIN, life / 10))


class RenewedToken(ABC):
    """A bearer token that is fetched and renewed; safe to use from several threads.

    Subclasses say how a token is fetched. It is renewed shortly before its end, and when the server does not
    accept it any more. One thread fetches, the others wait for what it gets, be it a token or an error. A
    renewal that fails while the old token is still valid is tried again later.
    """

    name = "token"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._next = 0.0
        self._rounds = 0
        self._failure: SensenetError | None = None

    @abstractmethod
    def fetch(self, before: Grant | None) -> Grant:
        """Fetch a token; ``before`` is the last one, for ways that refresh it.

        Raises
        ------
        AuthenticationError
            If the authority refuses.
        ConnectionFailed
            If it does not answer.
        """

    def close(self) -> None:  # noqa: B027 - most ways have nothing to release
        """Release the resources for fetching."""

    def explain(self, used: Mapping[str, str]) -> str:
        """Return the reasons in the token for which a server rejects it."""
        from .claims import explain_token

        return explain_token(used.get("Authorization", ""))

    def headers(self) -> dict[str, str]:
        """Return the header ``Authorization`` with a token that is valid for a while."""
        held = self._held
        if held is None or held.is_due:
            held = self._renew(held)
        return bearer(held.grant.token)

    def current(self) -> str:
        """Return the current token, empty if there is none yet."""
        held = self._held
        return held.grant.token if held is not None else ""

    def renew(self, used: Mapping[str, str]) -> bool:
        """Fetch another token if ``used`` is still the current one; return whether there is a new one."""
        held = self._held
        if held is None or bearer(held.grant.token) == bearer_of(used):
            held = self._renew(held, forced=True)
        return bearer(held.grant.token) != bearer_of(used)

    def _renew(self, current: _Held | None, *, forced: bool = False) -> _Held:
        """Return another grant than ``known``; fetch it unless another thread has just done so."""
        rounds = self._rounds
        with self._lock:
            if self._held is not None and self._held is not current:
                return self._held
            if self._rounds != rounds and self._failure is not None:
                return self._renewal_time(self._failure, current, forced)
            if current is not None and not forced and time.monotonic() < self._next and current.is_alive:
                return current
            began = time.monotonic(), time.time()
            try:
                grant = self.fetch(current.grant if current is not None else None)
                token = clean_token(grant.token, "token of the authority")
            except SensenetError as error:
                self._rounds += 1
                self._failure = error
                self._next = time.monotonic() + _PAUSE
                return self._renewal_time(error, current, forced)
            SECRETS.add(grant.refresh)
            self._held, self._failure = _Held(dataclasses.replace(grant, token=token), began), None
            self._rounds += 1
            return self._held

    def _renewal_time(self, error: SensenetError, current: _Held | None, forced: bool) -> _Held:
        """Return the old token if it is valid yet; raise the error of a renewal otherwise."""
        lost = isinstance(error, ConnectionFailed)
        if current is not None and not forced and lost and current.is_alive:
            return current
        if isinstance(error, NoAnswer):  # each thread raises one of its own
            raise NoAnswer(str(error), sent=False, lasting=True) from error
        if isinstance(error, AuthenticationError):
            raise AuthenticationError(str(error)) from error
        raise error
