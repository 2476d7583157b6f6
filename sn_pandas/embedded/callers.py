"""Who sends a request: API keys, the Visitor, and the groups that somebody is in."""

from __future__ import annotations

import hmac
import secrets

from sn_pandas.embedded import permissions
from sn_pandas.embedded.contents import ADMIN, VISITOR, Caller
from sn_pandas.embedded.repository import Repository


def caller_of(repository: Repository, key: str | None, visitor: bool, admin: bool) -> Caller:
    """Return the caller of a request.

    Parameters
    ----------
    key
        The API key that was sent; a wrong one makes a Visitor, as at the real server.
    visitor
        Whether the request asks to be the Visitor.
    admin
        Whether a request without a key comes from the Admin.
    """
    if key is not None:
        return load(repository, user_of_key(repository, key) or VISITOR)
    return load(repository, ADMIN if admin and not visitor else VISITOR)


def load(repository: Repository, user_id: int) -> Caller:
    """Return a user as a caller, with all groups that he is in."""
    user = repository.store.load(user_id)
    if user is None:
        user = repository.store.load(VISITOR)
    if user is None:
        return Caller(VISITOR, "/Root/IMS/BuiltIn/Portal/Visitor", "Visitor", frozenset({VISITOR}))
    return Caller(user.id, user.path, user.name, permissions.identities_of(repository.store, user.id))


def new_key(repository: Repository, user_id: int, value: str | None = None, expires: str = "9999-12-31T00:00:00Z") -> str:
    """Make an API key for a user and return it."""
    value = value or secrets.token_hex(40)
    with repository.store.transaction() as db:
        db.execute(
            "INSERT OR REPLACE INTO api_keys VALUES (?, ?, ?, ?)",
            (value, user_id, repository.session().now(), expires),
        )
    return value


def user_of_key(repository: Repository, key: str) -> int | None:
    """Return the id of the user whose key it is; all keys are compared, each in constant time."""
    found = None
    now = repository.session().now()
    with repository.store.reading() as db:
        rows = db.execute("SELECT value, user_id, expires FROM api_keys").fetchall()
    for value, user_id, expires in rows:
        if hmac.compare_digest(value.encode(), key.encode("utf-8", "replace")) and expires > now:
            found = user_id
    return found
