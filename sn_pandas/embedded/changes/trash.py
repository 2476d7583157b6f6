"""DELETE: for good, or into a bag in the Trash, from which it can be restored."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import partial

from sn_pandas.embedded.changes import naming, saving, transfers, versions, writes
from sn_pandas.embedded.content_types import icons
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import (
    ODataError,
    bad_request,
    forbidden,
    see_only,
    server_error,
    tree_is_locked,
)
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.security.effective_entries import effective_entries
from sn_pandas.embedded.security.entries import Entry
from sn_pandas.embedded.session import Session

TRASH = "/Root/Trash"
NEVER_IN_TRASH = ("ContentType", "User", "Group", "OrganizationalUnit")
"""Types whose contents are removed for good, whoever deletes them."""


def delete(session: Session, content: Content, *, permanent: bool) -> None:
    """Remove a content and everything below it, or put it into the Trash.

    Raises
    ------
    ODataError
        If the caller may not, or the content must stay.
    """
    if not session.can_open(content):
        closed = permanent and content.type != "TrashBag"
        raise forbidden() if closed or content.path == "/Root" else see_only()
    if not permanent and _goes_to_trash(session, content):
        _move_into_bag(session, content)
    else:
        _delete_permanently(session, content, forced=permanent)


def restore(
    session: Session, bag: Content, destination: str | None = None, new_name: bool = False
) -> Content:
    """Put what a bag was made for back to where it was, or elsewhere; the bag is gone then, and all in it.

    Raises
    ------
    ODataError
        If the place is gone or inside the content, the name is taken there, or the caller may not.
    """
    with session.store.transaction():
        content = _deleted_content(session, bag)
        if content is None:
            raise server_error("InvalidOperationException", "TrashBag is empty")
        place = destination or str(bag.fields.get("OriginalPath") or "")
        target = session.by_path(place)
        if target is None:
            if session.store.by_path(place) is not None:
                raise forbidden()
            raise server_error("Exception", "Destination folder does not exist.")
        if transfers.is_inside(target, bag) and not transfers.is_inside(target, content):
            # the bag goes, and what is in it: the content would not stay
            raise server_error("Exception", "Destination folder does not exist.")
        name = _name_in(session, content, target, new_name)
        restored = transfers.place(session, content, target, name)
        gone = session.store.subtree_ids(bag.path)
        session.store.delete(gone)
    for content_id in gone:
        session.forget(content_id)
    return restored


def _deleted_content(session: Session, bag: Content) -> Content | None:
    """Return what a bag was made for, even if it was moved out of the bag since."""
    for content in session.store.load_many(bag.fields.get("DeletedContent") or ()):
        return content
    return next(iter(session.store.children(bag.id)), None)


def _name_in(session: Session, content: Content, target: Content, new_name: bool) -> str:
    """Return the name that a restored content gets in its place, if it may go there."""
    if not session.can(target, "AddNew") or not transfers.is_permitted(session, content, "Delete"):
        raise server_error(
            "Exception", "You do not have enough permissions to complete the restore operation."
        )
    allowed = saving.allowed_types(session, target)
    if allowed is not None and content.type not in allowed:
        raise server_error(
            "Exception", f"The type {content.type} is not allowed in the selected target folder."
        )
    name = content.name
    if session.store.by_path(f"{target.path}/{name}") is not None:
        if not new_name:
            raise server_error(
                "Exception", "A content with this name already exists in the selected target folder."
            )
        name = naming.add_number(name, partial(session.store.child_names, target))
    return name


def _goes_to_trash(session: Session, content: Content) -> bool:
    content_type = session.types.of(content.type)
    if any(content_type.is_a(name) for name in NEVER_IN_TRASH):
        return False
    bin_ = session.store.by_path(TRASH)
    if bin_ is None or bin_.fields.get("IsActive") is False or content.id == bin_.id:
        return False
    parent = session.store.load(content.parent_id) if content.parent_id else None
    return not any(one is not None and one.fields.get("TrashDisabled") for one in (content, parent))


def _move_into_bag(session: Session, content: Content) -> None:
    if not session.can(content, "Delete"):
        raise _not_permitted()
    bin_ = session.store.by_path(TRASH)
    size = len(session.store.subtree_ids(content.path))
    capacity = int(bin_.fields.get("BagCapacity", 100)) if bin_ is not None else 0
    if bin_ is None or 0 < capacity < size:
        raise bad_request(
            "ApplicationException",
            "Node tree size exceeds trash bag limit, use ForceDelete to purge physically.",
        )
    if not transfers.is_permitted(session, content, "Delete"):
        raise _not_permitted()
    if transfers.is_protected(session, content):
        raise transfers.protected_error()
    if content.locked_by not in (0, session.caller.id):
        raise server_error("InvalidOperationException", "Error moving item to the trash")
    with session.store.transaction():
        _check_place(session, content)
        bag = _bag(session, bin_, content)
        transfers.place(session, content, bag, content.name)


def _not_permitted() -> ODataError:
    return server_error(
        "InvalidOperationException", "You do not have enough permissions to delete this content to the Trash."
    )


def _bag(session: Session, bin_: Content, content: Content) -> Content:
    """Create the bag for a content that is deleted."""
    moment = session.repository.clock().astimezone(UTC)
    bag = writes.new_content(
        session, bin_, session.types["TrashBag"], f"TrashBag-{moment.strftime('%Y%m%d%H%M%S')}"
    )
    keep = moment + timedelta(days=int(bin_.fields.get("MinRetentionTime") or 0))
    workspace = session.workspace(content)
    bag.fields |= {
        "DisplayName": content.fields.get("DisplayName") or content.name,
        "KeepUntil": keep.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "OriginalPath": content.parent_path,
        "WorkspaceRelativePath": content.path[len(workspace.path) :] if workspace is not None else "",
        "WorkspaceId": workspace.id if workspace is not None else 0,
        "DeletedContent": [content.id],
        "Icon": icons.icon(content, session),
    }
    bag.owner = content.owner
    saving.assign_free_name(session, bag, bin_)
    versions.begin(session, bag)
    session.store.insert(bag)
    entries.save(session.store, bag, _rights_in_bag(session, content), broken=True)
    session.rights.forget()
    return bag


def _rights_in_bag(session: Session, content: Content) -> list[Entry]:
    """Return the permissions of a bag: those at the original place of its content.

    The owner of the content may restore and purge it, too, and so may the one who deletes it.
    """
    found = {
        (one.identity, not one.propagates): Entry(
            one.identity, not one.propagates, sum(one.allowed_from), sum(one.denied_from)
        )
        for one in effective_entries(session.store, content)
    }
    for identity, local_only in ((content.owner, False), (session.caller.id, True)):
        entry = found.setdefault((identity, local_only), Entry(identity, local_only))
        for name in ("AddNew", "Delete"):
            permissions.set_permission(entry, name, "allow")
    return list(found.values())


def _delete_permanently(session: Session, content: Content, *, forced: bool) -> None:
    if content.type == "TrashBag":
        allowed = session.can(content, "Delete")
    else:
        allowed = transfers.is_permitted(session, content, "Delete") and versions.may_manage(
            session, content.type, content
        )
    if not allowed:
        raise forbidden()
    if content.locked_by not in (0, session.caller.id):
        raise forbidden()
    if content.type == "ContentType":
        _refuse_used_type(session, content, forced=forced)
    elif transfers.is_protected(session, content):
        raise transfers.protected_error()
    if content.type == "TrashBag" and str(content.fields.get("KeepUntil") or "") > session.now():
        raise bad_request(
            "ApplicationException", "Trashbags cannot be purged before their minimum retention date"
        )
    with session.store.transaction():
        if session.store.load(content.id) is None:
            return  # somebody else was faster
        _check_place(session, content)
        if content.type == "ContentType":
            for name in reversed(session.types.derived_names(content.name)):
                session.store.remove_type(name)
        ids = session.store.subtree_ids(content.path)
        session.store.delete(ids)
    for content_id in ids:
        session.forget(content_id)


def _check_place(session: Session, content: Content) -> None:
    """Raise if the content was moved or deleted since it was loaded."""
    current = session.store.load(content.id)
    if current is None or current.path != content.path:
        raise tree_is_locked(content.path)


def _refuse_used_type(session: Session, content: Content, *, forced: bool) -> None:
    """Raise for a built-in content type, or, unless it is forced, one that contents have."""
    if transfers.is_protected(session, content):
        raise _type_in_use(content.name, "it is protected.")
    if forced:
        return
    names = session.types.derived_names(content.name)
    with session.store.reading() as db:
        marks = ",".join("?" * len(names))
        used = db.execute(f"SELECT 1 FROM contents WHERE type IN ({marks}) LIMIT 1", names).fetchone()
    if used is not None:
        raise _type_in_use(content.name, "one or more Content items use this type or any descendant type.")


def _type_in_use(name: str, reason: str) -> ODataError:
    return bad_request("ApplicationException", f"Cannot delete ContentType '{name}' because {reason}")
