"""Who asks: credentials as headers, kept out of every text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .errors import AuthenticationError, SensenetError


class Auth(Protocol):
    """Gives the headers that say who asks."""

    def headers(self) -> dict[str, str]:
        """Give the headers of the next request."""


class Anonymous:
    """Nobody in particular: the server's Visitor."""

    def headers(self) -> dict[str, str]:
        """Give no headers."""
        return {}

    def __repr__(self) -> str:
        return "<anonymous>"


class ApiKey:
    """An API key of a user."""

    def __init__(self, key: str) -> None:
        self._key = _clean(key, "API key")

    def headers(self) -> dict[str, str]:
        """Give the header ``apikey``."""
        return {"apikey": self._key}

    def __repr__(self) -> str:
        return "<API key>"


class Token:
    """A bearer token, or a callable that gives the current one."""

    def __init__(self, token: str | Callable[[], str]) -> None:
        self._token = token if callable(token) else _clean(token, "token")

    def headers(self) -> dict[str, str]:
        """Give the header ``Authorization``."""
        return {"Authorization": f"Bearer {self._current()}"}

    def _current(self) -> str:
        if not callable(self._token):
            return self._token
        try:
            token = self._token()
        except SensenetError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}".rstrip(": ")
            raise AuthenticationError(f"the function that gives the token failed: {said}") from error
        return _clean(token, "token")

    def __repr__(self) -> str:
        return "<bearer token>"


def _clean(secret: object, what: str) -> str:
    """Give a secret that fits into a header; whatever is wrong with it, it is not shown."""
    if not isinstance(secret, str) or not secret.strip():
        raise AuthenticationError(f"the {what} is empty")
    secret = secret.strip()
    if not secret.isascii() or not secret.isprintable():
        raise AuthenticationError(f"the {what} holds characters that no {what} has")
    return secret
