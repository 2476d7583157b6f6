"""Sharing: a content opened to somebody by a mail address or a link."""

from __future__ import annotations

import json
import uuid
from typing import Any

from sn_pandas.embedded.changes import saving
from sn_pandas.embedded.contents import EVERYONE, Content
from sn_pandas.embedded.operations.registry import ANY, operation
from sn_pandas.embedded.repository import Session
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.security.entries import Entry

Json = Any

NEEDED = ["Save", "SetPermissions"]
LEVEL = {"Open": "Open", "Edit": "Save"}
"""Level of a sharing -> the permission that it gives."""
STORED = "SharingData"


@operation("GetSharing", action=False, types=ANY, permissions=NEEDED)
def get_sharing(session: Session, content: Content) -> Json:
    """Return with whom a content is shared."""
    found = _items(content)
    return {"d": {"__count": len(found), "results": found}}


@operation(
    "Share",
    types=ANY,
    permissions=NEEDED,
    scenarios=["ContextMenu"],
    parameters=[
        ("token", "string"),
        ("level", "Open|Edit"),
        ("mode", "Public|Authenticated|Private"),
        ("sendNotification", "bool"),
    ],
)
def share(
    session: Session,
    content: Content,
    token: str | None,
    level: str | None,
    mode: str | None,
    send_notification: bool | None,
) -> Json:
    """Share a content with somebody."""
    identity = EVERYONE if mode == "Authenticated" else _user_with_mail(session, token or "")
    item = {
        "Id": str(uuid.uuid4()),
        "Token": token,
        "Identity": identity,
        "Mode": mode,
        "Level": level,
        "CreatorId": session.caller.id,
        "ShareDate": session.now(),
    }
    with session.store.transaction():
        _store(session, content, [*_items(content), item])
        if identity:
            _grant(session, content, identity, level or "Open", "allow")
    return item


@operation("RemoveSharing", types=ANY, permissions=NEEDED, parameters=[("id", "string")])
def remove_sharing(session: Session, content: Content, id: str | None) -> bool:
    """End a sharing; False if there is no such one."""
    items = _items(content)
    kept = [one for one in items if one["Id"] != id]
    gone = [one for one in items if one["Id"] == id]
    if not gone:
        return False
    with session.store.transaction():
        _store(session, content, kept)
        for one in gone:
            if one["Identity"]:
                _grant(session, content, one["Identity"], "Open", "undefined")
    return True


def _items(content: Content) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = json.loads(content.fields.get(STORED) or "[]")
    return found


def _store(session: Session, content: Content, items: list[dict[str, Json]]) -> None:
    before = content.copy()
    content.fields[STORED] = json.dumps(items)
    saving.update(session, before, content, {STORED})


def _grant(session: Session, content: Content, identity: int, level: str, value: str) -> None:
    own = {(e.identity, e.local_only): e for e in entries.own(session.store, content.id)}
    entry = own.setdefault((identity, False), Entry(identity))
    permissions.set_permission(entry, LEVEL[level] if value == "allow" else "See", value)
    entries.save(session.store, content, own.values(), entries.breaks(session.store, content.id))


def _user_with_mail(session: Session, address: str) -> int:
    """Return the id of the user with a mail address, 0 if there is none."""
    names = session.types.derived("User")
    with session.store.reading() as db:
        row = db.execute(
            f"SELECT id FROM contents WHERE type IN ({','.join('?' * len(names))})"
            " AND lower(json_extract(data, '$.Email')) = ? ORDER BY id",
            (*names, address.lower()),
        ).fetchone()
    return int(row[0]) if row else 0
