"""Bearer tokens: their validation, their users, and the cookie that repeats them.

A real server never answers 401. A token that it does not take makes the request the Visitor's, or that of
the API key that was sent as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, unquote

from sn_pandas.embedded.security import accounts
from sn_pandas.embedded.storage.content_table import ContentTable

Json = Any

COOKIE = ".sn.auth"
ENDED = "Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The authority whose tokens a repository accepts.

    Parameters
    ----------
    authority
        The address of the authority.
    kind
        ``IdentityServer`` or ``SNAuth``.
    claims_of
        Returns the claims of a token, None if it is not taken.
    cookie
        Whether answers carry the cookie.
    """

    authority: str
    kind: str
    claims_of: Callable[[str], Mapping[str, Json] | None]
    cookie: bool = True


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user by a token."""

    user_id: int
    token: str
    expires: float


class NotAUserError(Exception):
    """The token names the id of a content that is not a user: 500 with an empty body."""


def token_of(headers: Mapping[str, str]) -> str | None:
    """Return the token that a request carries; the cookie counts only without ``Authorization``.

    Examples
    --------
    >>> token_of({"authorization": "BEARER a.b.c"}), token_of({"cookie": ".sn.auth=Bearer%20a.b.c"})
    ('a.b.c', 'a.b.c')
    """
    given = headers.get("authorization")
    if given is None:
        pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
        given = next((unquote(value) for name, _, value in pairs if name == COOKIE), "")
    scheme, _, token = given.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def user_of_token(
    store: ContentTable, rules: TokenRules | None, headers: Mapping[str, str]
) -> SignedIn | None:
    """Return the user of the token in a request; None if there is none.

    Raises
    ------
    NotAUserError
        If it names a content that is not a user.
    """
    token = token_of(headers) if rules is not None else None
    if rules is None or not token:
        return None
    claims = rules.claims_of(token)
    if claims is None:
        return None
    name = next((str(value) for claim, value in claims.items() if claim in ("sub", "client_sub")), "")
    if name.isascii() and name.isdigit():
        user = store.load(int(name)) if len(name) < 11 else None
        if user is not None and accounts.kind(store, user) != "user":
            raise NotAUserError
    else:
        user = accounts.by_login(store, name) if name else None
    if user is None or not user.fields.get("Enabled"):
        return None
    return SignedIn(user.id, token, float(claims["exp"]))


def cookie(found: SignedIn | None) -> str:
    """Return the ``Set-Cookie`` of an answer: the token that was taken, or the end of the cookie."""
    if found is None:
        return f"{COOKIE}=; expires={ENDED}; path=/"
    expires = format_datetime(datetime.fromtimestamp(found.expires, UTC), usegmt=True)
    value = quote(f"Bearer {found.token}", safe="")
    return f"{COOKIE}={value}; expires={expires}; path=/; secure; samesite=none; httponly"
