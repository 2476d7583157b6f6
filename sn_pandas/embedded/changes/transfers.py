"""Move a content, or copy it with everything below it."""

from __future__ import annotations

from sn_pandas.embedded.changes import naming, saving, versions
from sn_pandas.embedded.changes.protection import protected_paths
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import (
    ODataError,
    action_not_allowed,
    bad_request,
    forbidden,
    server_error,
    tree_is_locked,
)
from sn_pandas.embedded.index.sharing_search import STORED as SHARINGS
from sn_pandas.embedded.security import accounts, entries
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import binaries

PERMEABLE = ("Folder", "Page")
"""Types whose children count, too, when it is asked what a move brings along."""


def move(session: Session, content: Content, target: Content) -> Content:
    """Move a content with everything below it, and return it.

    Raises
    ------
    ODataError
        If the caller may not, the place does not fit, or the name is taken there.
    """
    if not is_permitted(session, content, "Delete") or not session.can(target, "AddNew"):
        raise forbidden()
    if content.parent_id == target.id:
        raise server_error("InvalidOperationException", "Node cannot be moved to its parent.")
    if is_inside(target, content):
        raise _under_itself()
    if is_protected(session, content):
        raise protected_error()
    if content.locked_by not in (0, session.caller.id):
        raise action_not_allowed("CheckedOutToSomeoneElse")
    _check_free(session, target, content.name, "move")
    _check_tree(session, content, target)
    with session.store.transaction():
        return place(session, content, target, content.name)


def place(session: Session, content: Content, target: Content, name: str) -> Content:
    """Move a content below another one without checking permissions, and return it.

    Raises
    ------
    ODataError
        If the place is inside the content or was moved a moment ago, or if a user goes to another domain
        where somebody has a name of his.
    """
    naming.check_path(f"{target.path}/{name}")
    with session.store.transaction():
        moved = session.store.load(content.id) or content
        there = session.store.load(target.id)
        if there is None or there.path != target.path:
            raise tree_is_locked(target.path)
        if is_inside(target, moved):
            raise _under_itself()
        leaves = accounts.names_apply_in(moved.path)
        session.store.move(moved, target, name)
        if accounts.names_apply_in(moved.path) != leaves:
            accounts.check_all_unique(session.store, moved.path)
        _mark_system(session, moved, target)
        for content_id in session.store.subtree_ids(moved.path):
            session.forget(content_id)
        return session.store.load(content.id) or moved


def copy(session: Session, content: Content, target: Content) -> Content:
    """Copy a content with everything below it that the caller may read, and return the copy.

    Raises
    ------
    ODataError
        If the caller may not, the place does not fit, or the name is taken there.
    """
    if not _readable(session, content) or not session.can(target, "AddNew"):
        raise forbidden()
    content = session.by_id(content.id) or content  # the version that the caller reads
    if is_inside(target, content):
        raise server_error("InvalidOperationException", "Node cannot be copied under itself.")
    name = content.name
    if content.parent_id == target.id:
        name = _copy_name(session, target, name)
    else:
        _check_free(session, target, name, "copy")
    with session.store.transaction():
        return _copy_one(session, content, target, name)


def is_permitted(session: Session, content: Content, permission: str) -> bool:
    """Return whether the caller has a permission on a content and on everything below it."""
    if not session.can(content, permission):
        return False
    below = session.store.load_many(_holders(session, content))
    return all(session.can(one, permission) for one in below)


def is_protected(session: Session, content: Content) -> bool:
    """Return whether a content must stay where it is."""
    return content.path.lower() in (path.lower() for path in protected_paths(session))


def protected_error() -> ODataError:
    """Return the 400 of a content that must stay where it is."""
    return bad_request("ApplicationException", "Protected content cannot be deleted or moved.")


def _under_itself() -> ODataError:
    return server_error("InvalidOperationException", "Node cannot be moved under itself.")


def _readable(session: Session, content: Content) -> bool:
    """Return whether the caller may read all that a copy would hold: without bytes, Preview is enough."""
    holds_bytes = any(
        field.kind == "Binary" and content.fields.get(field.name)
        for field in fields_of(session, content).values()
    )
    return session.can(content, "Open") if holds_bytes else session.can_open(content)


def _copy_one(session: Session, content: Content, target: Content, name: str) -> Content:
    now, me = session.now(), session.caller.id
    made = content.copy()
    made.fields.pop(SHARINGS, None)  # they are of the original, as are the groups of its links
    made.id = made.version_id = made.stamp = made.holder = made.locked_by = made.saving_state = 0
    made.parent_id, made.name, made.path = target.id, name, f"{target.path}/{name}"
    made.created = made.modified = made.version_created = made.version_modified = now
    made.created_by = made.modified_by = made.version_created_by = made.version_modified_by = made.owner = me
    made.is_system = target.is_system or session.types.of(content.type).is_a("SystemFolder")
    naming.check_path(made.path)
    if session.types.of(made.type).is_a("User"):
        accounts.check_unique(session.store, made)
    saving.check_allowed(session, made, target)
    versions.begin(session, made)
    binaries.separate(session.store, made)
    session.store.insert(made)
    binaries.update_owners(session.store, made)
    entries.copy(session.store, content, made)
    for child in session.children(content):
        if _readable(session, child):
            _copy_one(session, child, made, child.name)
    return made


def _copy_name(session: Session, target: Content, name: str) -> str:
    made = f"Copy of {name}"
    if session.store.by_path(f"{target.path}/{made}") is None:
        return made
    names = {other.lower() for other in session.store.child_names(target, "Copy (")}
    number = 1
    while f"Copy ({number}) of {name}".lower() in names:
        number += 1
    return f"Copy ({number}) of {name}"


def _check_free(session: Session, target: Content, name: str, verb: str) -> None:
    if session.store.by_path(f"{target.path}/{name}") is not None:
        raise ODataError(
            "ContentAlreadyExists",
            "NodeAlreadyExistsException",
            f"Cannot {verb} the content because the target folder already contains a content named '{name}'.",
        )


def _check_tree(session: Session, content: Content, target: Content) -> None:
    """Reject a move that brings a type to where it is not allowed."""
    allowed = saving.allowed_types(session, target)
    for name in dict.fromkeys([content.type, *_types_below(session, content)]):
        if allowed is not None and name not in allowed:
            raise server_error(
                "InvalidOperationException",
                f"Cannot move {content.path} ({content.type}) to {target.path} ({target.type}) because"
                f" '{name}' type is not allowed in the new position.",
            )


def _types_below(session: Session, content: Content) -> list[str]:
    """Return the types of the children of a content, and of those of folders among them, each once."""
    marks = ",".join("?" * len(PERMEABLE))
    with session.store.reading() as db:
        rows = db.execute(
            "WITH RECURSIVE below (id, type) AS ("
            " SELECT id, type FROM contents WHERE parent_id = ?"
            " UNION SELECT c.id, c.type FROM below JOIN contents AS c ON c.parent_id = below.id"
            f" WHERE below.type IN ({marks})"
            ") SELECT type FROM below GROUP BY type ORDER BY min(id)",
            (content.id, *PERMEABLE),
        ).fetchall()
    return [row[0] for row in rows]


def is_inside(target: Content, content: Content) -> bool:
    """Return whether a place is a content itself or somewhere below it."""
    return f"{target.path}/".lower().startswith(f"{content.path}/".lower())


def _holders(session: Session, content: Content) -> list[int]:
    """Return the contents below a content that have permission entries of their own."""
    key = content.path.lower()
    with session.store.reading() as db:
        rows = db.execute(
            "SELECT id FROM contents WHERE key >= ? AND key < ? AND holder = id", (key + "/", key + "0")
        ).fetchall()
    return [row[0] for row in rows]


def _mark_system(session: Session, content: Content, target: Content) -> None:
    """Write down anew which contents of a moved tree are system contents."""
    if (target.is_system or _makes_system(session, content)) == content.is_system:
        return  # what is below follows from that, and stays, too
    marks = {target.id: target.is_system}
    for one in session.store.load_many(session.store.subtree_ids(content.path)):
        system = marks.get(one.parent_id, False) or _makes_system(session, one)
        marks[one.id] = system
        if system != one.is_system:
            one.is_system = system
            session.store.save(one)


def _makes_system(session: Session, content: Content) -> bool:
    found = session.types.get(content.type)
    return found is not None and found.is_a("SystemFolder")
