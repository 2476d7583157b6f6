"""The client store: programs that may sign in through an authority.

Four clients are there from the beginning, as at a real server: one for the admin UI, one for pages of
others, and two programs with a secret, which act as the Admin and the PublicAdmin.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sn_pandas.embedded import callers
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.operations.registry import ADMINISTRATORS, ROOT, operation
from sn_pandas.embedded.security import accounts
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage.secret_texts import digest

Json = Any


TYPES = ("ExternalClient", "ExternalSpa", "InternalClient", "InternalSpa", "AdminUi")
WITH_USER = ("ExternalClient", "InternalClient")
FOREVER = "9999-12-31T23:59:59.9999999"
INITIAL = (
    ("AdminUi", None),
    ("InternalClient", "builtin\\admin"),
    ("ExternalClient", "builtin\\publicadmin"),
    ("ExternalSpa", None),
)
"""Type and user of the clients that are there from the beginning."""
ID_LENGTH, SECRET_LENGTH = 16, 64


def put_initial(session: Session) -> None:
    """Create the initial clients of a repository, unless it has some of the admin UI."""
    if initial_id(session, "AdminUi"):
        return
    with session.store.transaction() as db:
        for kind, user_name in INITIAL:
            client_id = _random(ID_LENGTH)
            db.execute("INSERT INTO clients VALUES (?, ?, ?, ?)", (client_id, client_id, kind, user_name))
            if user_name is not None:
                _new_secret(session, client_id, None)


def initial_id(session: Session, kind: str) -> str:
    """Return the id of the client of a type that is there from the beginning; empty if it was deleted."""
    with session.store.reading() as db:
        row = db.execute(
            "SELECT id FROM clients WHERE type = ? AND name = id ORDER BY id", (kind,)
        ).fetchone()
    return str(row[0]) if row else ""


@dataclass(frozen=True, slots=True)
class Client:
    """A client as an authority has to know it: of its secrets the digests."""

    id: str
    type: str
    user_name: str | None
    digests: tuple[str, ...]


def find(session: Session, client_id: str) -> Client | None:
    """Return a client; None if it does not exist."""
    with session.store.reading() as db:
        row = db.execute("SELECT id, type, user_name FROM clients WHERE id = ?", (client_id,)).fetchone()
        found = db.execute("SELECT digest FROM client_secrets WHERE client_id = ?", (client_id,)).fetchall()
    if row is None:
        return None
    found_id, kind, user_name = row
    return Client(found_id, kind, user_name, tuple(one[0] for one in found))


@operation("GetClients", action=False, types=ROOT, roles=ADMINISTRATORS)
def get_clients(session: Session, content: Content) -> Json:
    """Return all clients with their secrets."""
    with session.store.reading() as db:
        rows = db.execute("SELECT id FROM clients ORDER BY name, id").fetchall()
    return {"clients": [_client(session, row[0]) for row in rows]}


@operation(
    "CreateClient",
    types=ROOT,
    roles=ADMINISTRATORS,
    parameters=[("name", "string"), ("type", "string"), ("userName", "string", False)],
)
def create_client(
    session: Session,
    content: Content,
    name: str | None,
    type: str | None,
    user_name: str | None = None,
) -> Json:
    """Create a client, as yet without a secret."""
    kind = next((one for one in TYPES if one.lower() == (type or "").lower()), None)
    if kind is None:
        raise server_error("InvalidOperationException", f"Unknown client type: {type}.")
    client_id = _random(ID_LENGTH)
    user = _user(session, user_name) if kind in WITH_USER else None
    with session.store.transaction() as db:
        db.execute("INSERT INTO clients VALUES (?, ?, ?, ?)", (client_id, name or "", kind, user))
    return _client(session, client_id)


@operation("DeleteClient", types=ROOT, roles=ADMINISTRATORS, parameters=[("clientId", "string")])
def delete_client(session: Session, content: Content, client_id: str | None) -> None:
    """Delete a client and its secrets."""
    _find(session, client_id)
    with session.store.transaction() as db:
        db.execute("DELETE FROM client_secrets WHERE client_id = ?", (client_id,))
        db.execute("DELETE FROM clients WHERE id = ?", (client_id,))


@operation(
    "CreateSecret",
    types=ROOT,
    roles=ADMINISTRATORS,
    parameters=[("clientId", "string"), ("validTill", "string", False)],
)
def create_secret(
    session: Session, content: Content, client_id: str | None, valid_till: str | None = None
) -> Json:
    """Add a secret to a client, and return it."""
    client = _find(session, client_id)
    return _secret(session, _new_secret(session, client.id, valid_till))


@operation(
    "DeleteSecret",
    types=ROOT,
    roles=ADMINISTRATORS,
    parameters=[("clientId", "string"), ("secretId", "string")],
)
def delete_secret(session: Session, content: Content, client_id: str | None, secret_id: str | None) -> None:
    """Take a secret from a client."""
    _find(session, client_id)
    with session.store.transaction() as db:
        db.execute("DELETE FROM client_secrets WHERE client_id = ? AND id = ?", (client_id, secret_id))


@operation(
    "RegenerateSecretForRepository",
    types=ROOT,
    roles=ADMINISTRATORS,
    parameters=[("clientId", "string"), ("secretId", "string"), ("validTill", "string", False)],
)
def regenerate_secret(
    session: Session,
    content: Content,
    client_id: str | None,
    secret_id: str | None,
    valid_till: str | None = None,
) -> Json:
    """Replace the value of a secret, and return it."""
    _find(session, client_id)
    value = _random(SECRET_LENGTH)
    with session.store.transaction() as db:
        done = db.execute(
            "UPDATE client_secrets SET digest = ?, hidden = ?, valid_till = ? WHERE client_id = ? AND id = ?",
            (digest(value), session.store.secrets.hide(value), valid_till or FOREVER, client_id, secret_id),
        )
    if done.rowcount != 1:
        raise server_error("InvalidOperationException", f"Unknown secret id: {secret_id}")
    return _secret(session, secret_id or "")


def _find(session: Session, client_id: str | None) -> Client:
    """Return a client.

    Raises
    ------
    ODataError
        If there is none.
    """
    found = find(session, client_id or "")
    if found is None:
        raise server_error("InvalidOperationException", f"Unknown client id: {client_id}")
    return found


def _client(session: Session, client_id: str) -> Json:
    with session.store.reading() as db:
        name, kind, user_name = db.execute(
            "SELECT name, type, user_name FROM clients WHERE id = ?", (client_id,)
        ).fetchone()
        ids = db.execute("SELECT id FROM client_secrets WHERE client_id = ? ORDER BY created", (client_id,))
        client_ids = [one[0] for one in ids.fetchall()]
    rules = session.repository.tokens
    return {
        "name": name,
        "repository": session.options.host,
        "clientId": client_id,
        "userName": user_name,
        "authority": _without_scheme(rules.authority if rules else ""),
        "type": kind,
        "secrets": [_secret(session, one) for one in client_ids],
    }


def _new_secret(session: Session, client_id: str, valid_till: str | None) -> str:
    secret_id, value = _random(ID_LENGTH), _random(SECRET_LENGTH)
    hidden = session.store.secrets.hide(value)
    with session.store.transaction() as db:
        db.execute(
            "INSERT INTO client_secrets VALUES (?, ?, ?, ?, ?, ?)",
            (secret_id, client_id, digest(value), hidden, session.now(), valid_till or FOREVER),
        )
    return secret_id


def _secret(session: Session, secret_id: str) -> Json:
    with session.store.reading() as db:
        row = db.execute(
            "SELECT client_id, hidden, created, valid_till FROM client_secrets WHERE id = ?", (secret_id,)
        ).fetchone()
    client_id, hidden, created, valid_till = row
    value = session.store.secrets.show(
        hidden,
        f"The secret {secret_id} of the client {client_id}",
        "give it another value by RegenerateSecretForRepository",
    )
    return {"id": secret_id, "value": value, "creationDate": created, "validTill": valid_till}


def _user(session: Session, user_name: str | None) -> str:
    """Return the user whom a program acts as: the one named, or the caller.

    Raises
    ------
    ODataError
        If there is no such user, or the caller may not see him.
    """
    if not user_name:
        caller = session.store.load(session.caller.id)
        if caller is None:
            return session.caller.name
        return f"{accounts.domain(session.store, caller)}\\{caller.fields.get('LoginName') or caller.name}"
    user = accounts.by_login(session.store, user_name)
    if user is None or not session.can_see(user):
        raise server_error("InvalidOperationException", "User does not exist or is not accessible.")
    return user_name


def _random(length: int) -> str:
    return "".join(secrets.choice(callers.ALPHABET) for _ in range(length))


def _without_scheme(address: str) -> str:
    return address.partition("://")[2]
