"""The caller of a request: API keys, the Visitor, and group memberships."""

from __future__ import annotations

import difflib
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta

from sn_pandas.embedded.contents import ADMIN, VISITOR, Caller, Content
from sn_pandas.embedded.security import permissions
from sn_pandas.embedded.session import Repository
from sn_pandas.embedded.storage.secret_texts import digest
from sn_pandas.embedded.wire import bodies

ALPHABET = string.ascii_letters + string.digits
KEY_LENGTH = 83


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
    with repository.store.reading() as db:
        rows = db.execute("SELECT id, path, name FROM contents WHERE id IN (?, ?)", (user_id, VISITOR))
        found = {row[0]: row for row in rows}
        row = found.get(user_id) or found.get(VISITOR)
        if row is None:
            return Caller(VISITOR, "/Root/IMS/BuiltIn/Portal/Visitor", "Visitor", frozenset({VISITOR}))
        id_, path, name = row
        return Caller(id_, path, name, permissions.identities_of(repository.store, id_))


def new_key(repository: Repository, user_id: int) -> ApiKey:
    """Create an API key for a user, good for a year."""
    now = repository.clock().astimezone(UTC)
    key = ApiKey(
        _random_key(),
        bodies.stored_date(now.replace(tzinfo=None), f"{now.microsecond:06}0"),
        bodies.stored_date((now + timedelta(days=365)).replace(tzinfo=None), f"{now.microsecond:06}0"),
    )
    store = repository.store
    with store.transaction() as db:
        db.execute(
            "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?)",
            (digest(key.value), user_id, store.secrets.hide(key.value), key.created, key.expires),
        )
    return key


class UnknownUserError(LookupError):
    """The user does not exist or is disabled; the message may suggest a similar name."""


def find_user(repository: Repository, name: str) -> Content:
    """Return the user with a login name, a name (both ignoring case) or a path.

    Raises
    ------
    UnknownUserError
        If nobody is called so, or the user is disabled.
    """
    wanted = name.strip().lower()
    types = repository.store.types.derived_names("User")
    marks = ",".join("?" * len(types))
    with repository.store.reading() as db:
        rows = db.execute(
            "SELECT id, lower(coalesce(json_extract(data, '$.LoginName'), name)), lower(name), key"
            f" FROM contents WHERE type IN ({marks}) AND key >= '/root/ims/' AND key < '/root/ims0'"
            " ORDER BY key",
            types,
        ).fetchall()
    found = next((row[0] for row in rows if wanted in row[1:]), None)
    user = repository.store.load(found) if found is not None else None
    if user is None:
        logins = [row[1] for row in rows if not row[3].startswith("/root/ims/builtin/") or row[0] == ADMIN]
        close = difflib.get_close_matches(wanted, logins, n=3, cutoff=0.5)
        close = close or [login for login in logins if wanted and wanted in login][:3]
        hint = f" Did you mean {' or '.join(repr(one) for one in close)}?" if close else ""
        raise UnknownUserError(f"This repository has no user {name!r}.{hint}")
    if user.id != ADMIN and not user.fields.get("Enabled"):
        raise UnknownUserError(f"The user {name!r} is disabled.")
    return user


def ephemeral_key(repository: Repository, user_id: int) -> str:
    """Return a key for a user that lives as long as the process; nothing of it is stored."""
    key = _random_key()
    repository.ephemeral_keys[digest(key)] = user_id
    return key


def keys_of(repository: Repository, user_id: int) -> list[ApiKey]:
    """Return the keys of a user, oldest first.

    Raises
    ------
    ODataError
        If the key file was lost, and so their text.
    """
    with repository.store.reading() as db:
        rows = db.execute(
            "SELECT hidden, created, expires FROM api_keys WHERE user_id = ? ORDER BY created", (user_id,)
        ).fetchall()
    remedy = "make new keys by CreateApiKey after DeleteApiKeys"
    show = repository.store.secrets.show
    return [ApiKey(show(hidden, "An API key", remedy), *dates) for hidden, *dates in rows]


def delete_keys(repository: Repository, user_id: int | None = None, value: str | None = None) -> None:
    """Delete a key of a user, all keys of a user, or all that are stored."""
    with repository.store.transaction() as db:
        if user_id is None:
            db.execute("DELETE FROM api_keys")
        elif value is None:
            db.execute("DELETE FROM api_keys WHERE user_id = ?", (user_id,))
        else:
            db.execute("DELETE FROM api_keys WHERE user_id = ? AND digest = ?", (user_id, digest(value)))


def user_of_key(repository: Repository, key: str) -> int | None:
    """Return the id of the user whose key it is; None if it is unknown, expired, or of a disabled user."""
    user_id = repository.ephemeral_keys.get(digest(key))
    if user_id is None:
        with repository.store.reading() as db:
            row = db.execute(
                "SELECT user_id FROM api_keys WHERE digest = ? AND expires > ?",
                (digest(key), repository.now()),
            ).fetchone()
        return int(row[0]) if row is not None else None
    user = repository.store.load(user_id)
    return user_id if user is not None and (user_id == ADMIN or user.fields.get("Enabled")) else None


def _random_key() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(KEY_LENGTH))
