"""Operations on the life of a content: versions and locks, batches, the Trash."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.changes import batches, previews, transfers, trash, versions
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, bad_request, forbidden, server_error
from sn_pandas.embedded.operations.registry import ANY, ANYBODY, Rule, operation
from sn_pandas.embedded.security import accounts, permissions
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.versioning import Action
from sn_pandas.embedded.wire.answers import Answer, empty

Json = Any


def _rule_of(action: Action) -> Rule:
    """Return the rule of an action that the state of a content must allow."""

    def rule(session: Session, content: Content) -> None:
        versions.check(session, content, action)

    return rule


#: Where lists of actions show what changes the state of a content.
MENUS = ("ListItem", "ExploreActions", "ContextMenu")


@operation(
    "CheckOut",
    rule=_rule_of("CheckOut"),
    title="Check out",
    icon="checkout",
    scenarios=MENUS,
)
def check_out(session: Session, content: Content) -> Content:
    """Lock a content and create a working copy; a file with versions gets folders for previews."""
    made = versions.act(session, content, "CheckOut")
    if session.types.of(content.type).is_a("File") and versions.mode(session, content) != "none":
        previews.make_folders(session, made, (content.version, made.version))
    return made


@operation(
    "CheckIn",
    roles=ANYBODY,
    parameters=[("checkInComments", "string", False)],
    rule=_rule_of("CheckIn"),
    title="Check in",
    scenarios=[*MENUS, "SimpleApprovableListItem"],
)
def check_in(session: Session, content: Content, check_in_comments: str | None = None) -> Content:
    """Turn the working copy into the current version."""
    return versions.act(session, content, "CheckIn", ("CheckInComments", check_in_comments or ""))


@operation("UndoCheckOut", rule=_rule_of("UndoCheckOut"), title="Undo changes", scenarios=MENUS)
def undo_check_out(session: Session, content: Content) -> Content:
    """Throw the caller's working copy away."""
    return versions.act(session, content, "UndoCheckOut")


@operation(
    "ForceUndoCheckOut", rule=_rule_of("ForceUndoCheckOut"), title="Force undo changes", scenarios=MENUS
)
def force_undo_check_out(session: Session, content: Content) -> Content:
    """Throw somebody else's working copy away."""
    return versions.act(session, content, "ForceUndoCheckOut")


@operation("Publish", rule=_rule_of("Publish"), scenarios=[*MENUS, "SimpleApprovableListItem"])
def publish(session: Session, content: Content) -> Content:
    """Publish a draft, or ask for its approval."""
    return versions.act(session, content, "Publish")


@operation(
    "Approve",
    rule=_rule_of("Approve"),
    title="Approve or reject",
    scenarios=[*MENUS, "SimpleApprovableListItem"],
)
def approve(session: Session, content: Content) -> Content:
    """Approve a pending version."""
    return versions.act(session, content, "Approve", ("RejectReason", ""))


@operation(
    "Reject",
    parameters=[("rejectReason", "string", False)],
    rule=_rule_of("Reject"),
    scenarios=["ListItem", "ExploreActions"],
)
def reject(session: Session, content: Content, reject_reason: str | None = None) -> Content:
    """Turn a pending version down."""
    return versions.act(session, content, "Reject", ("RejectReason", reject_reason or ""))


@operation(
    "RestoreVersion",
    parameters=[("version", "string")],
    permissions=["Save", "RecallOldVersion"],
    title="Restore version",
    icon="restoreversion",
    types=ANY,
)
def restore_version(session: Session, content: Content, version: str | None) -> Content:
    """Save the values of an old version as a new one."""
    if version is None:
        raise server_error("Exception", "The version to restore is missing.")
    restored = versions.restore(session, content, version)
    if restored is None:
        raise server_error(
            "Exception", f"The requested version '{version}' does not exist on content '{content.path}'."
        )
    return restored


@operation("TakeLockOver", parameters=[("user", "string")], permissions=["ForceCheckin"], types=ANY)
def take_lock_over(session: Session, content: Content, user: str | None) -> str:
    """Transfer a lock to another user."""
    target = session.store.load(session.caller.id)
    if user:
        found = session.resolve(user)
        target = session.store.load(found) if found is not None else None
        if target is None or not session.types.of(target.type).is_a("User"):
            raise server_error("ArgumentException", f"User not found by the parameter: {user}")
    if not content.locked_by:
        raise bad_request(
            "ApplicationException", "TakeLockOver is invalid action if the content is not locked."
        )
    if target is not None:
        if not accounts.bits_on(session.store, content, target.id) & permissions.BIT["Save"]:
            raise bad_request("ApplicationException", "Who takes a lock over must be allowed to save.")
        content.locked_by = target.id
        session.store.save(content)
    return "Ok"


@operation(
    "CopyBatch",
    parameters=[("targetPath", "string"), ("paths", "object[]")],
    types=["Folder"],
    title="Copy selected",
    on_seen=True,
    icon="copy",
    scenarios=["GridToolbar", "BatchActions"],
)
def copy_batch(session: Session, content: Content, target_path: str | None, paths: list[Json] | None) -> Json:
    """Copy contents below a target."""
    return batches.copy(session, target_path, paths or [])


@operation(
    "MoveBatch",
    parameters=[("targetPath", "string"), ("paths", "object[]")],
    types=["Folder"],
    title="Move selected",
    on_seen=True,
    icon="move",
    scenarios=["GridToolbar", "BatchActions"],
)
def move_batch(session: Session, content: Content, target_path: str | None, paths: list[Json] | None) -> Json:
    """Move contents below a target."""
    return batches.move(session, target_path, paths or [])


@operation(
    "DeleteBatch",
    parameters=[("permanent", "bool"), ("paths", "object[]")],
    types=["Folder"],
    title="Delete selected",
    on_seen=True,
    icon="delete",
    scenarios=["GridToolbar", "BatchActions"],
)
def delete_batch(
    session: Session, content: Content, permanent: bool | None, paths: list[Json] | None
) -> Json:
    """Delete contents, for good or into the Trash."""
    if not paths:
        return None
    return batches.delete(session, paths, permanent=bool(permanent))


@operation(
    "Delete",
    parameters=[("permanent", "bool", False)],
    permissions=["Delete"],
    scenarios=["ListItem", "ContextMenu"],
    icon="delete",
)
def delete(session: Session, content: Content, permanent: bool | None = False) -> Answer:
    """Delete a content, permanently or to the Trash."""
    if transfers.is_protected(session, content):
        raise _protected_error(bool(permanent))
    trash.delete(session, content, permanent=bool(permanent))
    return empty(204)


@operation(
    "Restore",
    parameters=[("destination", "string", False), ("newname", "bool", False)],
    types=["TrashBag"],
    permissions=["Save"],
    scenarios=["ListItem", "ExploreToolbar", "ContextMenu"],
)
def restore(
    session: Session, content: Content, destination: str | None = None, newname: bool | None = None
) -> None:
    """Put what a bag holds back to where it was, or elsewhere."""
    trash.restore(session, content, destination or None, bool(newname))


def _protected_error(permanent: bool) -> ODataError:
    if permanent:
        return forbidden()
    return server_error("InvalidOperationException", "Error moving item to the trash")
