"""Who asks: credentials as headers, kept out of every text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


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
        self._key = key

    def headers(self) -> dict[str, str]:
        """Give the header ``apikey``."""
        return {"apikey": self._key}

    def __repr__(self) -> str:
        return "<API key>"


class Token:
    """A bearer token, or a callable that gives the current one."""

    def __init__(self, token: str | Callable[[], str]) -> None:
        self._token = token

    def headers(self) -> dict[str, str]:
        """Give the header ``Authorization``."""
        return {"Authorization": f"Bearer {self._token() if callable(self._token) else self._token}"}

    def __repr__(self) -> str:
        return "<bearer token>"
