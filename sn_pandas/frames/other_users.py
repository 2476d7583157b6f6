"""The credentials of other users: their API keys, or keys that are created for a while and deleted."""

from __future__ import annotations

import atexit
import re
from typing import TYPE_CHECKING, Any

from ..odata import shapes
from ..odata.addresses import entity, normalize
from ..odata.client import Client
from ..odata.errors import AnswerError, ForbiddenError, QueryError, SensenetError, SensenetWarning
from ..odata.redaction import SECRETS
from ..odata.signin.guard import VISITOR
from ..odata.signin.user import NewApiKey
from ..odata.warning import warn_user
from ..odata.wording import with_article
from .reads import finding, lookup
from .reads.not_found import explain_missing

if TYPE_CHECKING:
    from .connection import Connection

#: What is taken for an API key: no login name has so many letters and digits without a dot or a blank.
_KEY = re.compile(r"[A-Za-z0-9]{60,}")


def find_key(user: Any) -> str | None:
    """Return the API key that a caller passed in place of a user; None if it is none."""
    if isinstance(user, NewApiKey):
        return user.value
    if isinstance(user, str) and _KEY.fullmatch(user):
        SECRETS.keep(user)
        return user
    return None


def find_user(repo: Connection, user: str | int) -> str:
    """Return the path of a user from a login name, a path, an id or a reference by name.

    Raises
    ------
    NotFoundError
        If there is no such content, or the caller may not see it.
    QueryError
        If it is not a user.
    """
    user = finding.name_user(user)
    if user == VISITOR:  # few may see the Visitor
        return VISITOR
    where = normalize(finding.resolve_places(repo, user), repo.base)
    with explain_missing(repo, where):
        found = lookup.read_one(repo.client, where)
    if not finding.is_one_of(found, ["User"], repo.schema):
        raise QueryError(f"{found['Path']} is not a user but {with_article(str(found['Type']))}")
    return str(found["Path"])


def create_key(client: Client, user: str) -> NewApiKey:
    """Create an API key for a user.

    Raises
    ------
    ForbiddenError
        If the caller may not change the user.
    """
    try:
        answer: Any = client.send("POST", f"{entity(user)}/CreateApiKey", body={}, read=shapes.result)
    except ForbiddenError as error:
        raise ForbiddenError(
            f"no API key was created for {user}: that needs the permission Save on the user. Ask them for a "
            f"key of their own, which repo.create_api_key() creates. {error}",
            status=error.status,
        ) from None
    value = answer.get("Value") if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value:
        raise AnswerError(f"{client.origin} returned no API key")
    return NewApiKey(value, str(answer.get("ExpirationDate") or ""))


class BorrowedKey:
    """An API key of another user, which is deleted by `give_back`, or when Python ends.

    Parameters
    ----------
    client : Client
        The connection that creates and deletes the key.
    user : str
        The path of the user.
    """

    def __init__(self, client: Client, user: str) -> None:
        self._client = client
        self._user = user
        self._failed = False
        self.key = create_key(client, user)
        atexit.register(self._give_back_at_exit)

    def announce(self) -> None:
        """Warn that a key was created."""
        warn_user(
            f"an API key was created for {self._user}. It is deleted when this connection is closed, or when "
            "Python ends",
            SensenetWarning,
        )

    def give_back(self) -> None:
        """Delete the key, and warn if it is still there afterwards; then the end of Python tries again."""
        why = ""
        try:
            self._client.send("POST", f"{entity(self._user)}/DeleteApiKey", body={"apiKey": self.key.value})
            found: Any = self._client.get(f"{entity(self._user)}/GetApiKeys", fresh=True)
            if any(key["Value"] == self.key.value for key in found["apiKeys"]):
                why = "the server still has it"
        except (SensenetError, LookupError, TypeError) as error:
            why = str(error)
        if not why:
            atexit.unregister(self._give_back_at_exit)
        else:
            self._failed = True
            warn_user(
                f"the API key that was created for {self._user} may still be valid, until "
                f"{self.key.expires}: {why}. An administrator deletes all keys of a user with "
                f"repo.call({self._user!r}, 'DeleteApiKeys')",
                SensenetWarning,
            )

    def _give_back_at_exit(self) -> None:
        if not (self._failed and self._client.closed):  # it would only fail and warn again
            self.give_back()
