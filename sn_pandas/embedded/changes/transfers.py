"""Move a content, or copy it with everything below it."""

from __future__ import annotations

from sn_pandas.embedded.changes import copies, naming, saving
from sn_pandas.embedded.changes.protection import protected_paths
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import (
    ODataError,
    action_not_allowed,
    bad_request,
    forbidden,
    server_error,
    tree_is_locked,
)
from sn_pandas.embedded.security import accounts
from sn_pandas.embedded.session import Session

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
    if not copies.is_readable(session, content) or not session.can(target, "AddNew"):
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
        return copies.copy_tree(session, content, target, name)


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
