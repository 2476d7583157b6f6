"""Sharing: a content opened for a mail address or by a link."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from itertools import count
from typing import Any

from sn_pandas.embedded.changes import saving, versions, writes
from sn_pandas.embedded.contents import EVERYONE, SOMEBODY, Content
from sn_pandas.embedded.errors import forbidden
from sn_pandas.embedded.index.sharing_search import STORED
from sn_pandas.embedded.operations.registry import ANY, operation
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.security.entries import Entry
from sn_pandas.embedded.session import Session

Json = Any

NEEDED = ["Save", "SetPermissions"]
LEVEL = {"Open": "Open", "Edit": "Save"}
"""Level of a sharing -> the permission that it gives."""
GROUPS = "Groups"
"""The folder of a workspace in which the groups of links are kept."""


@operation("GetSharing", action=False, types=ANY, permissions=NEEDED)
def get_sharing(session: Session, content: Content) -> Json:
    """Return with whom a content is shared."""
    found = [_mask_identities(session, item) for item in _items(content)]
    return {"d": {"__count": len(found), "results": found}}


@operation(
    "Share",
    partial="no mail is sent",
    types=ANY,
    permissions=NEEDED,
    scenarios=["ContextMenu", "BatchActions"],
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
    """Share a content with a user, with everybody who is logged in, or with anybody who has the link."""
    if mode == "Authenticated" and session.by_id(EVERYONE) is None:
        raise forbidden()
    item = {
        "Id": str(uuid.uuid4()),
        "Token": token,
        "Identity": 0,
        "Mode": mode,
        "Level": level,
        "CreatorId": session.caller.id,
        "ShareDate": session.now(),
    }
    with session.store.transaction():
        if mode == "Public":
            item["Identity"] = _enter_group(session, content, str(level), str(item["Id"]))
        else:
            item["Identity"] = EVERYONE if mode == "Authenticated" else _user_with_mail(session, token or "")
        _store(session, content, [*_items(content), item])
        if item["Identity"]:
            _grant(session, content, int(item["Identity"]), level or "Open", "allow")
    return _mask_identities(session, item)


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
            if one["Mode"] == "Public" and one["Identity"]:
                _leave_group(session, content, one["Identity"], one["Id"])
            elif one["Identity"]:
                _grant(session, content, one["Identity"], "Open", "undefined")
    return True


def _mask_identities(session: Session, item: dict[str, Json]) -> dict[str, Json]:
    """Return a sharing as the caller may know of it: whom he cannot see is Somebody."""
    hidden = {
        name: SOMEBODY
        for name in ("Identity", "CreatorId")
        if item[name] and session.store.load(item[name]) is not None and session.by_id(item[name]) is None
    }
    return {**item, **hidden}


def _enter_group(session: Session, content: Content, level: str, sharing: str) -> int:
    """Return the id of the group for the link to a content; 0 if there is no workspace."""
    place = session.workspace(content)
    if place is None:
        return 0
    system = session.as_system()
    name, folder = _find_free_name(session, place, GROUPS, lambda found: found.type == "SystemFolder")
    folder = folder or _insert(system, place, "SystemFolder", name)
    name, group = _find_free_name(
        session, folder, f"G{content.id}-{level.lower()}", lambda found: _is_group_of(found, content)
    )
    group = group or _insert(
        system, folder, "SharingGroup", name, SharingLevelValue=level, SharedContent=[content.id]
    )
    group.fields["SharingIds"] = " ".join([*_ids_in(group), sharing])
    session.store.save(group)
    return group.id


def _find_free_name(
    session: Session, place: Content, name: str, fits: Callable[[Content], bool]
) -> tuple[str, Content | None]:
    """Return the first of ``name``, ``name(1)``, … that is free or matches, and its content.

    Whoever may create contents in a workspace can be there first; to that nothing is opened.
    """
    for number in count():
        tried = f"{name}({number})" if number else name
        found = session.store.by_path(f"{place.path}/{tried}")
        if found is None or fits(found):
            break
    return tried, found


def _is_group_of(group: Content, content: Content) -> bool:
    return group.type == "SharingGroup" and content.id in (group.fields.get("SharedContent") or ())


def _leave_group(session: Session, content: Content, group_id: int, sharing: str) -> None:
    """Take a sharing of a content away from its group, and the group away with the last one."""
    group = session.store.load(group_id)
    if group is None or not _is_group_of(group, content):
        return
    left = [one for one in _ids_in(group) if one != sharing]
    if left:
        group.fields["SharingIds"] = " ".join(left)
        session.store.save(group)
    else:
        session.store.delete(session.store.subtree_ids(group.path))
    session.forget(group_id)


def _ids_in(group: Content) -> list[str]:
    return str(group.fields.get("SharingIds") or "").split()


def _insert(system: Session, place: Content, kind: str, name: str, **fields: Json) -> Content:
    """Create a content whatever types its place allows."""
    made = writes.new_content(system, place, system.types[kind], name)
    made.fields |= fields
    versions.begin(system, made)
    return system.store.insert(made)


def _items(content: Content) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = json.loads(content.fields.get(STORED) or "[]")
    return found


def _store(session: Session, content: Content, items: list[dict[str, Json]]) -> None:
    before = content.copy()
    content.fields[STORED] = json.dumps(items)
    saving.update(session, before, content, {STORED})


def _grant(session: Session, content: Content, identity: int, level: str, value: str) -> None:
    own = {(e.identity, e.local_only): e for e in entries.own_entries(session.store, content.id)}
    entry = own.setdefault((identity, False), Entry(identity))
    permissions.set_permission(entry, LEVEL[level] if value == "allow" else "See", value)
    entries.save(session.store, content, own.values(), entries.breaks_inheritance(session.store, content.id))


def _user_with_mail(session: Session, address: str) -> int:
    """Return the id of the user with a mail address; 0 if there is none."""
    if not address:
        return 0
    names = session.types.derived_names("User")
    with session.store.reading() as db:
        row = db.execute(
            f"SELECT id FROM contents WHERE type IN ({','.join('?' * len(names))})"
            " AND lower(json_extract(data, '$.Email')) = ? ORDER BY id",
            (*names, address.lower()),
        ).fetchone()
    return int(row[0]) if row else 0
