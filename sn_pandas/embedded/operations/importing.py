"""Import: one content out of an export."""

from __future__ import annotations

import re
from typing import Any

from sn_pandas.embedded.changes import writes
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import bad_request, server_error
from sn_pandas.embedded.operations import identities
from sn_pandas.embedded.operations.registry import ADMINISTRATORS, ROOT, operation
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.security.entries import Entry
from sn_pandas.embedded.session import Session

Json = Any


@operation(
    "Import",
    action=False,
    types=ROOT,
    roles=ADMINISTRATORS,
    parameters=[("path", "string"), ("data", "object")],
)
def import_content(session: Session, content: Content, path: str | None, data: Json) -> Json:
    """Create or update the content at a path; tells what it refers to that is not there yet."""
    if not isinstance(data, dict) or not isinstance(data.get("Fields"), dict) or not path:
        raise server_error("NullReferenceException", "Object reference not set to an instance of an object.")
    name, type_name, fields = data.get("ContentName"), data.get("ContentType"), dict(data["Fields"])
    if type_name and type_name not in session.types:
        raise bad_request("ApplicationException", f"Unknown ContentType: {type_name}")
    for unwritable in ("Name", "Binary"):
        fields.pop(unwritable, None)
    with session.store.transaction():
        existing = session.by_path(path)
        broken = _find_broken(session, type_name or (existing.type if existing else None), fields)
        if existing is not None:
            target = writes.update(session, existing, fields)
        else:
            target = _create(session, path, name, type_name, fields)
        missing = _set_permissions(session, target, data.get("Permissions"))
    return {
        "path": path,
        "name": name,
        "type": type_name,
        "action": "created" if existing is None else "updated",
        "brokenReferences": broken,
        "retryPermissions": missing,
        "messages": [],
    }


def _create(
    session: Session, path: str, name: str | None, type_name: str | None, fields: dict[str, Json]
) -> Content:
    parent = session.by_path(path.rpartition("/")[0])
    if parent is None:
        raise server_error(
            "InvalidOperationException",
            f"Cannot create content {name}, parent not found: {path.rpartition('/')[0]}",
        )
    named = {"Name": name} if name else {"DisplayName": None}
    if not name and fields.get("DisplayName"):
        fields = {key: value for key, value in fields.items() if key != "DisplayName"}
    return writes.create(session, parent, {"__ContentType": type_name, **named, **fields})


def _find_broken(session: Session, type_name: str | None, fields: dict[str, Json]) -> list[str]:
    """Return the reference fields of which something was not found."""
    content_type = session.types.get(type_name or "")
    broken = []
    for field, value in fields.items():
        definition = content_type.fields.get(field) if content_type is not None else None
        if definition is None or definition.kind != "Reference":
            continue
        targets = value if isinstance(value, list) else [value]
        if any(target and session.resolve(target) is None for target in targets):
            broken.append(field)
    return broken


def _set_permissions(session: Session, content: Content, given: Json) -> bool:
    """Set the permissions of an export; True if an identity is not there yet."""
    if not isinstance(given, dict):
        return False
    missing = False
    own = {(e.identity, e.local_only): e for e in entries.own_entries(session.store, content.id)}
    for item in given.get("Entries") or ():
        someone = identities.find(session, item.get("Identity"))
        if someone is None:
            missing = True
            continue
        local_only = item.get("LocalOnly") is True
        entry = own.setdefault((someone.id, local_only), Entry(someone.id, local_only))
        for name, value in (item.get("Permissions") or {}).items():
            if name in permissions.BIT and re.fullmatch("allow|deny|undefined", str(value).lower()):
                permissions.set_permission(entry, name, str(value).lower())
    broken = given.get("IsInherited") is False
    entries.save(session.store, content, own.values(), broken)
    return missing
