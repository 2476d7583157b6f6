"""Who sends a request: API keys, the Visitor, and the groups that somebody is in."""

from __future__ import annotations

import hmac
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta

from sn_pandas.embedded.contents import ADMIN, VISITOR, Caller
from sn_pandas.embedded.http import bodies
from sn_pandas.embedded.repository import Repository
from sn_pandas.embedded.security import permissions

ALPHABET = string.ascii_letters + string.digits
KEY_LENGTH = 83

TABLES = """
CREATE TABLE IF NOT EXISTS api_keys (
    value TEXT PRIMARY KEY, user_id INTEGER NOT NULL, created TEXT NOT NULL, expires TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS api_keys_user ON api_keys (user_id);
CREATE TRIGGER IF NOT EXISTS keys_of_disabled AFTER UPDATE OF data ON contents
WHEN json_extract(OLD.data, '$.Enabled') = 1 AND json_extract(NEW.data, '$.Enabled') IS NOT 1 BEGIN
    DELETE FROM api_keys WHERE user_id = NEW.id;
END;
CREATE TRIGGER IF NOT EXISTS keys_of_removed AFTER DELETE ON contents BEGIN
    DELETE FROM api_keys WHERE user_id = OLD.id;
END;
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key and its days, in stored form."""

    value: str
    created: str
    expires: str

    def __repr__(self) -> str:
        return f"ApiKey(expires={self.expires!r})"


def key_of(parameters: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
    """Return the key that a request carries: one in the query string wins, an empty one does not count."""
    asked = next((value for name, value in parameters.items() if name.lower() == "apikey"), "")
    return asked or headers.get("apikey", "").strip() or None


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
    if repository.store.writes or not repository.store.in_memory:  # others may write to a file
        return _loaded(repository, user_id)
    commits = repository.store.commits
    known = repository.callers.get(user_id)
    if known is None or known[0] != commits:
        known = repository.callers[user_id] = commits, _loaded(repository, user_id)
    return known[1]


def _loaded(repository: Repository, user_id: int) -> Caller:
    user = repository.store.load(user_id)
    if user is None:
        user = repository.store.load(VISITOR)
    if user is None:
        return Caller(VISITOR, "/Root/IMS/BuiltIn/Portal/Visitor", "Visitor", frozenset({VISITOR}))
    return Caller(user.id, user.path, user.name, permissions.identities_of(repository.store, user.id))


def new_key(repository: Repository, user_id: int) -> ApiKey:
    """Make an API key for a user, good for a year."""
    now = repository.clock().astimezone(UTC)
    key = ApiKey(
        _random_key(),
        bodies.stored_date(now.replace(tzinfo=None), f"{now.microsecond:06}0"),
        bodies.stored_date((now + timedelta(days=365)).replace(tzinfo=None), f"{now.microsecond:06}0"),
    )
    with repository.store.transaction() as db:
        db.execute("INSERT INTO api_keys VALUES (?, ?, ?, ?)", (key.value, user_id, key.created, key.expires))
    return key


def passing_key(repository: Repository, user_id: int) -> str:
    """Return a key for a user that lives as long as the process; nothing of it is stored."""
    key = _random_key()
    repository.passing_keys[key] = user_id
    return key


def keys_of(repository: Repository, user_id: int) -> list[ApiKey]:
    """Return the keys of a user, oldest first."""
    with repository.store.reading() as db:
        rows = db.execute(
            "SELECT value, created, expires FROM api_keys WHERE user_id = ? ORDER BY created", (user_id,)
        ).fetchall()
    return [ApiKey(*row) for row in rows]


def delete_keys(repository: Repository, user_id: int, value: str | None = None) -> None:
    """Delete a key of a user, or all of them."""
    with repository.store.transaction() as db:
        db.execute(
            "DELETE FROM api_keys WHERE user_id = ? AND (? IS NULL OR value = ?)", (user_id, value, value)
        )


def user_of_key(repository: Repository, key: str) -> int | None:
    """Return the id of the user whose key it is; all keys are compared, each in constant time."""
    found = None
    now = repository.session().now()
    with repository.store.reading() as db:
        rows = db.execute("SELECT value, user_id, expires FROM api_keys").fetchall()
    rows += [(value, user_id, "9") for value, user_id in repository.passing_keys.items()]
    for value, user_id, expires in rows:
        if hmac.compare_digest(value.encode(), key.encode("utf-8", "replace")) and expires > now:
            found = user_id
    return found


def _random_key() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(KEY_LENGTH))
