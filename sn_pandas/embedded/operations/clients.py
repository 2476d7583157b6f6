"""Programs that a server of identities would let in: kept, and nothing more is done with them."""

from __future__ import annotations

import secrets
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.operations.registry import ADMINISTRATORS, ROOT, operation
from sn_pandas.embedded.repository import Session

Json = Any

TABLES = """
CREATE TABLE IF NOT EXISTS clients (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, user_name TEXT
);
CREATE TABLE IF NOT EXISTS client_secrets (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    value TEXT NOT NULL,
    created TEXT NOT NULL,
    valid_till TEXT NOT NULL
);
"""

TYPES = ("ExternalClient", "ExternalSpa", "InternalClient", "InternalSpa", "AdminUi")
FOREVER = "9999-12-31T23:59:59.9999999"


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
    session: Session, content: Content, name: str | None, type: str | None, user_name: str | None = None
) -> Json:
    """Make a client with a secret."""
    kind = next((one for one in TYPES if one.lower() == (type or "").lower()), None)
    if kind is None:
        raise server_error("InvalidOperationException", f"Unknown client type: {type}.")
    client_id = secrets.token_urlsafe(12)
    with session.store.transaction() as db:
        db.execute("INSERT INTO clients VALUES (?, ?, ?, ?)", (client_id, name or "", kind, user_name))
        _new_secret(session, client_id, None)
    return _client(session, client_id)


@operation("DeleteClient", types=ROOT, roles=ADMINISTRATORS, parameters=[("clientId", "string")])
def delete_client(session: Session, content: Content, client_id: str | None) -> None:
    """Delete a client and its secrets."""
    _client(session, client_id)
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
    """Give a client one more secret."""
    _client(session, client_id)
    return _secret(session, _new_secret(session, client_id or "", valid_till))


@operation(
    "DeleteSecret",
    types=ROOT,
    roles=ADMINISTRATORS,
    parameters=[("clientId", "string"), ("secretId", "string")],
)
def delete_secret(session: Session, content: Content, client_id: str | None, secret_id: str | None) -> None:
    """Take a secret from a client."""
    _client(session, client_id)
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
    """Give a secret another value."""
    _client(session, client_id)
    with session.store.transaction() as db:
        done = db.execute(
            "UPDATE client_secrets SET value = ?, valid_till = ? WHERE client_id = ? AND id = ?",
            (secrets.token_urlsafe(48), valid_till or FOREVER, client_id, secret_id),
        )
    if done.rowcount != 1:
        raise server_error("InvalidOperationException", f"Unknown secret id: {secret_id}")
    return _secret(session, secret_id or "")


def _client(session: Session, client_id: str | None) -> Json:
    with session.store.reading() as db:
        row = db.execute(
            "SELECT id, name, type, user_name FROM clients WHERE id = ?", (client_id,)
        ).fetchone()
        ids = db.execute("SELECT id FROM client_secrets WHERE client_id = ? ORDER BY created", (client_id,))
        known = [one[0] for one in ids.fetchall()]
    if row is None:
        raise server_error("InvalidOperationException", f"Unknown client id: {client_id}")
    return {
        "name": row[1],
        "repository": "",
        "clientId": row[0],
        "userName": row[3],
        "authority": "",
        "type": row[2],
        "secrets": [_secret(session, one) for one in known],
    }


def _new_secret(session: Session, client_id: str, valid_till: str | None) -> str:
    secret_id = secrets.token_urlsafe(12)
    with session.store.transaction() as db:
        db.execute(
            "INSERT INTO client_secrets VALUES (?, ?, ?, ?, ?)",
            (secret_id, client_id, secrets.token_urlsafe(48), session.now(), valid_till or FOREVER),
        )
    return secret_id


def _secret(session: Session, secret_id: str) -> Json:
    with session.store.reading() as db:
        row = db.execute(
            "SELECT id, value, created, valid_till FROM client_secrets WHERE id = ?", (secret_id,)
        ).fetchone()
    return {"id": row[0], "value": row[1], "creationDate": row[2], "validTill": row[3]}
