"""The user of a connection, the sign-in method, and the expiry."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from ..redaction import SECRETS
from .claims import expiry
from .credentials import Auth


class User(str):
    """The path of a user, with the sign-in method and the expiry.

    Attributes
    ----------
    how : str
        ``API key``, ``token``, ``client credentials``, ``browser sign-in``, ``sn-auth sign-in``;
        empty for the Visitor.
    until : datetime, optional
        The end of the token that is in use now, in UTC; None if it does not say, and for an API key.
    """

    __slots__ = ("how", "until")

    how: str
    until: dt.datetime | None

    def __new__(cls, path: str, how: str = "", until: dt.datetime | None = None) -> User:
        """Return the user with this path."""
        user = super().__new__(cls, path)
        user.how, user.until = how, until
        return user

    def __reduce__(self) -> tuple[Any, ...]:
        return User, (str(self), self.how, self.until)

    @property
    def description(self) -> str:
        """The path, and how and until when the connection is signed in.

        Examples
        --------
        >>> end = dt.datetime(2026, 11, 29, 14, 5, tzinfo=dt.UTC)
        >>> User("/Root/IMS/Public/olga", "token", end).description
        '/Root/IMS/Public/olga, by token until 2026-11-29 14:05 UTC'
        """
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until is not None else ""
        return f"{self}, by {self.how}{until}" if self.how else str(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.description)


@dataclasses.dataclass(frozen=True)
class NewApiKey:
    """A new API key, whose value the server shows only once more, and only to its user.

    Attributes
    ----------
    value : str
        The key. It is a secret: pass it on, but do not print it.
    expires : str
        When it ends, as the server says it.
    in_keyring : bool
        Whether it was put into the keyring.
    """

    value: str = dataclasses.field(repr=False)
    expires: str
    in_keyring: bool = False

    def __post_init__(self) -> None:
        SECRETS.keep(self.value)


def user_of(path: str, auth: Auth) -> User:
    """Return a user with the current state of the credentials."""
    current = getattr(auth, "current", None)
    token = current() if callable(current) else ""
    end = expiry(token) if token else None
    how = getattr(auth, "how", auth.name)
    return User(path, how, None if end is None else dt.datetime.fromtimestamp(end, dt.UTC))
