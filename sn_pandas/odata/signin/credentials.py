"""Credentials: how requests identify their caller, kept out of all texts."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from ..errors import AuthenticationError, SensenetError
from ..redaction import SECRETS, Secret, conceal, hide

#: The longest token that a server reads; it refuses larger headers with 431.
LONGEST = 32 * 1024


@runtime_checkable
class Auth(Protocol):
    """Credentials of one caller; safe to use from several threads.

    Implementations keep secrets out of ``repr`` and out of the messages of their errors, and pass each
    secret to :data:`sn_pandas.odata.redaction.SECRETS`.
    """

    #: What messages call it: ``API key``, ``token``; empty for an anonymous caller.
    name: str

    def headers(self) -> dict[str, str]:
        """Return the headers of the next request.

        Raises
        ------
        AuthenticationError
            If there are no valid credentials, and another try does not help.
        ConnectionFailed
            If whoever gives them does not answer.
        """

    def renew(self, used: Mapping[str, str]) -> bool:
        """Get other credentials than those that the server does not accept any more.

        Parameters
        ----------
        used : mapping
            The headers of the request that was answered as an anonymous one.

        Returns
        -------
        bool
            Whether ``headers`` gives other ones now.
        """

    def explain(self, used: Mapping[str, str]) -> str:
        """Explain why a server may reject these credentials, and what to do; empty if that is unknown."""


class Anonymous:
    """No credentials: the built-in Visitor."""

    name = ""

    def headers(self) -> dict[str, str]:
        """Return no headers."""
        return {}

    def renew(self, used: Mapping[str, str]) -> bool:
        """Return False: there is nothing to renew."""
        return False

    def explain(self, used: Mapping[str, str]) -> str:
        """Return an empty text."""
        return ""

    def __repr__(self) -> str:
        return "<anonymous>"


class ApiKey:
    """An API key of a user; ``source`` names its origin in messages."""

    name = "API key"

    def __init__(self, key: str, source: str = "") -> None:
        self._key = clean_secret(key, "API key")
        SECRETS.keep(self._key)
        self._source = source

    def headers(self) -> dict[str, str]:
        """Return the header ``apikey``."""
        return {"apikey": self._key}

    def renew(self, used: Mapping[str, str]) -> bool:
        """Return False: a key cannot be renewed."""
        return False

    def explain(self, used: Mapping[str, str]) -> str:
        """Return what may be wrong with a key."""
        found = f"it comes from {self._source}; " if self._source else ""
        return f"{found}it is wrong, has expired or was deleted, or its user is disabled"

    def __repr__(self) -> str:
        return "<API key>"


class Token:
    """A bearer token, or a function that returns the current one."""

    name = "token"

    def __init__(self, token: str | Callable[[], str], authority: Callable[[], str] = str) -> None:
        self._authority = authority
        self._token = token if callable(token) else clean_token(token, "token")
        if isinstance(self._token, str):
            SECRETS.keep(self._token)

    def headers(self) -> dict[str, str]:
        """Return the header ``Authorization``."""
        return bearer(self._current())

    def renew(self, used: Mapping[str, str]) -> bool:
        """Return whether the function returns another token now."""
        return callable(self._token) and bearer(self._current()) != bearer_of(used)

    def explain(self, used: Mapping[str, str]) -> str:
        """Return the reasons in the token for which a server rejects it."""
        from .claims import explain_token

        return explain_token(used.get("Authorization", ""), self._authority())

    def current(self) -> str:
        """Return the current token, without requesting one."""
        return "" if callable(self._token) else self._token

    def _current(self) -> str:
        if not callable(self._token):
            return self._token
        try:
            token = conceal(self._token())
        except SensenetError:
            raise
        except Exception as error:
            # its text and its traceback are somebody else's and may hold a secret
            raise AuthenticationError(
                f"the token function failed: {type(error).__name__}{_place(error)}"
            ) from None
        if not isinstance(token, str):
            kind = "bytes" if isinstance(token, bytes) else type(token).__name__
            raise AuthenticationError(
                f"the token function returned {kind}, not a str"
                + ("; decode it: token.decode()" if isinstance(token, bytes) else "")
                + (", so it is empty" if token is None else "")
            )
        return clean_token(token, "token")

    def __repr__(self) -> str:
        return "<bearer token>"


def bearer(token: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": Secret(f"Bearer {token}")}


def bearer_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the header ``Authorization`` of a request alone."""
    return {"Authorization": headers.get("Authorization", "")}


def clean_token(token: object, what: str) -> str:
    """Return a token that fits into a header, without the scheme that may have been copied with it."""
    text = _strip_scheme(clean_secret(token, what), what)
    if " " in text:
        raise AuthenticationError(f"the {what} contains a blank, which is not allowed")
    if len(text) > LONGEST:
        raise AuthenticationError(
            f"the {what} has {len(text):,} characters; a server accepts at most {LONGEST:,}"
        )
    return text


def clean_secret(secret: object, what: str) -> Secret:
    """Return a secret that is valid in a header; errors never show it."""
    secret = conceal(secret)
    if not isinstance(secret, str) or not secret.strip():
        raise AuthenticationError(f"the {what} is empty")
    SECRETS.add(secret, secret.strip())
    secret = Secret(secret.strip())
    if not secret.isascii() or not secret.isprintable():
        raise AuthenticationError(f"the {what} contains characters that are not allowed")
    return secret


def _strip_scheme(token: Secret, what: str) -> Secret:
    scheme, _, rest = token.partition(" ")
    if scheme.lower().rstrip(":") == "bearer" and rest.strip():
        return clean_secret(rest, what)
    return token


def _place(error: BaseException) -> str:
    """Return the file name and line where an error was raised, ignoring the standard library."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename[:7] != "<frozen"]
    if not frames:
        return ""
    return hide(f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})")
