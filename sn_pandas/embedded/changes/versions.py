"""The versions of contents: those before the current one, the modes in force, what saving makes of them.

The current version is the row of the content itself. What was before it stands in the table ``versions``:
the fields, the index and the dates of a version; name, place, owner and lock belong to the content and are
those of now. Display name and index are read as those of now, too, but found by those of then. What an
action leads to is decided in `versioning`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded import versioning
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import MissingError, action_not_allowed, forbidden, out_of_date
from sn_pandas.embedded.index.sharing_search import STORED as SHARINGS
from sn_pandas.embedded.security import accounts
from sn_pandas.embedded.storage import binaries
from sn_pandas.embedded.storage.versions import archive, as_named_now, history, load_archived, version_of
from sn_pandas.embedded.versioning import Action, Mode, Plan, State

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session


_MODES: dict[str, Mode] = {"1": "none", "2": "major", "3": "full"}
_NEEDED: dict[Action, tuple[str, ...]] = {
    "Save": (),
    "CheckOut": (),
    "CheckIn": (),
    "UndoCheckOut": (),
    "ForceUndoCheckOut": ("ForceCheckin",),
    "Publish": ("Publish",),
    "Approve": ("Approve",),
    "Reject": ("Approve",),
}
"""The permissions of each action beside that to save."""


# Reading


def state(session: Session, content: Content, changed: Content | None = None) -> State:
    """Return what decides about the next version of a content; the modes are those of ``changed``."""
    key = (content.id, content.stamp, content.version)
    if changed is None and key in session.states:
        return session.states[key]
    mine = content.locked_by == session.caller.id
    content_type = session.types.get(content.type)
    with session.store.reading():
        past = tuple(history(session.store, content))
        in_force = mode(session, changed or content)
        approved = approving(session, changed or content)
    found = State(
        history=past,
        mode=in_force,
        approving=approved,
        locked="no" if not content.locked_by else "me" if mine else "other",
        saving=content.saving_state,
        is_file=content_type is not None and content_type.is_a("File"),
    )
    if changed is None and content.id:
        session.states[key] = found
    return found


def of_content(session: Session, content: Content) -> list[Content]:
    """Return all versions of a content, oldest first.

    Raises
    ------
    ODataError
        If the caller may not read old versions.
    """
    if not session.can(content, "RecallOldVersion"):
        raise forbidden()
    current = session.store.load(content.id) or content
    return [*(as_named_now(one, current) for one in load_archived(session.store, current)), current]


def load(session: Session, content: Content, text: str, *, strict: bool = False) -> Content:
    """Return the version for the option ``version``; anything invalid means the present one.

    Raises
    ------
    MissingError
        If there is no such version, or, where the address is taken ``strict``, the text is none.
    ODataError
        If the caller may not read drafts.
    """
    current = session.store.load(content.id) or content
    found = versioning.find(history(session.store, current), text)
    if found == "ignored" and not strict:
        return content
    if found is None or found == "ignored":
        raise MissingError
    if not found.public and not session.can(current, "OpenMinor"):
        raise forbidden("")
    if found.number == version_of(current.version).number:
        return current
    older = (as_named_now(one, current) for one in load_archived(session.store, current))
    return next(one for one in older if version_of(one.version).number == found.number)


def mode(session: Session, content: Content) -> Mode:
    """Return the versioning mode that is in force."""
    return _MODES.get(_inherited_mode(session, content, "VersioningMode"), "none")


def approving(session: Session, content: Content) -> bool:
    """Return whether a public version of a content must be approved."""
    return _inherited_mode(session, content, "ApprovingMode") == "2"


def may_save(session: Session, content: Content) -> bool:
    """Return whether the caller may change a content; a list or a workspace needs one permission more."""
    return session.can(content, "Save") and may_manage(session, content.type, content)


def may_manage(session: Session, type_name: str, place: Content) -> bool:
    """Return whether the caller may manage lists and workspaces at a place, if the type is one of these."""
    of_type = session.types.of(type_name)
    managed = of_type.is_a("ContentList") or of_type.is_a("Workspace")
    return not managed or session.can(place, "ManageListsAndWorkspaces")


def can(session: Session, content: Content, action: Action) -> bool:
    """Return whether the caller may do an action on a content in its present state."""
    if not may_save(session, content):
        return False
    if not all(session.can(content, permission) for permission in _NEEDED[action]):
        return False
    return versioning.refusal(action, state(session, content)) is None


def check(session: Session, content: Content, action: Action) -> None:
    """Reject an action that the caller may not do now.

    Raises
    ------
    ODataError
        With the reason as its code.
    """
    locked = content.locked_by not in (0, session.caller.id)
    if not may_save(session, content):
        raise action_not_allowed("NotEnoughPermissions")
    if not all(session.can(content, permission) for permission in _NEEDED[action]):
        if locked:
            raise action_not_allowed("CheckedOutToSomeoneElse")
        if action != "ForceUndoCheckOut":
            raise action_not_allowed("NotEnoughPermissions")
    refusal = versioning.refusal(action, state(session, content))
    if refusal is not None:
        raise refusal


# Writing, inside a transaction


def begin(session: Session, content: Content, in_steps: bool = False) -> None:
    """Create the first version of a new content."""
    how = mode(session, content)
    plan = (
        versioning.plan_creation_in_steps(how)
        if in_steps
        else versioning.plan_creation(how, approving(session, content))
    )
    _head(session, content, plan)


def save_plan(session: Session, before: Content, content: Content, in_steps: bool = False) -> Plan:
    """Return what saving the changed content does to the versions.

    Raises
    ------
    ODataError
        If a lock or a save in several steps is in the way.
    """
    now = state(session, before, content)
    refusal = versioning.refusal("Save", now)
    if refusal is not None:
        raise refusal
    return versioning.plan_save_in_steps(now) if in_steps else versioning.plan("Save", now)


def changes_version(before: Content, plan: Plan) -> bool:
    """Whether a plan changes the version, so that there is something to save even if no field differs."""
    return plan.new or str(plan.version) != before.version or plan.saving != before.saving_state


def follow(session: Session, before: Content, content: Content, plan: Plan) -> None:
    """Do to the versions what a plan says; the content itself is saved by the caller."""
    with session.store.transaction() as db:
        for version in plan.dropped:
            db.execute(
                "DELETE FROM versions WHERE content_id = ? AND major = ? AND minor = ?",
                (content.id, *version.number),
            )
        if plan.new and version_of(before.version) not in plan.dropped:
            old = before.copy()
            binaries.read_back(session.store, old)
            archive(db, old)
        if plan.new:
            content.version_id = session.store.next_number("version")
            content.version_created, content.version_created_by = session.now(), session.caller.id
        _head(session, content, plan)
        if plan.dropped or binaries.files_of(before.fields) != binaries.files_of(content.fields):
            binaries.update_owners(session.store, content)


def act(session: Session, content: Content, action: Action, note: tuple[str, str] | None = None) -> Content:
    """Do an action on a content and return it; ``note`` is a field that is set along with it."""
    check(session, content, action)
    if action in ("UndoCheckOut", "ForceUndoCheckOut"):
        return undo(session, content)
    return _apply_plan(session, content, versioning.plan(action, state(session, content)), note)


def finalize(session: Session, content: Content) -> Content:
    """End a save in several steps."""
    return _apply_plan(session, content, versioning.plan_final_step(state(session, content)), None)


def undo(session: Session, content: Content) -> Content:
    """Throw the working copy away.

    Raises
    ------
    ODataError
        If somebody else saved the content meanwhile, or it is a user whose login name of then is taken now.
    """
    with session.store.transaction() as db:
        current = session.store.load(content.id) or content
        if current.stamp != content.stamp:
            raise out_of_date(content.id, content.path)
        previous = load_archived(session.store, current)[-1]
        db.execute("DELETE FROM versions WHERE version_id = ?", (previous.version_id,))
        previous.locked_by = previous.saving_state = 0
        former = previous.copy()
        as_named_now(previous, current)
        accounts.check_rename(session.store, current, previous)
        _take_over(previous.fields, current.fields, (SHARINGS,))
        session.store.save(previous)
        if former.display_name != previous.display_name:
            # searches find it by the name of then until it is saved again
            session.store.index(replace(previous, fields=former.fields))
        binaries.update_owners(session.store, previous)
    session.forget(content.id)
    return previous


def restore(session: Session, content: Content, text: str) -> Content | None:
    """Save the values of an old version as the newest one; None if there is no such version."""
    wanted = text if text.startswith("V") else f"V{text}"
    named = (one for one in of_content(session, content) if wanted in (one.version, one.version[:-2]))
    old = next(named, None)
    if old is None:
        return None
    check(session, content, "Save")
    current = session.store.load(content.id) or content
    plan = versioning.plan_restoring(state(session, current))
    fields = dict(old.fields)
    _take_over(fields, current.fields, ("VersioningMode", "ApprovingMode", SHARINGS))
    if not changes_version(current, plan) and fields == current.fields:
        return current
    with session.store.transaction():
        accounts.check_rename(session.store, current, replace(current, fields=fields))
        current.fields = fields
        return _apply_plan(session, current, plan, None)


def _take_over(fields: dict[str, Any], current: dict[str, Any], names: Iterable[str]) -> None:
    """Copy the values that do not belong to a version from the present version to an old one."""
    for name in names:
        fields.pop(name, None)
        if name in current:
            fields[name] = current[name]


def _apply_plan(session: Session, content: Content, plan: Plan, note: tuple[str, str] | None) -> Content:
    with session.store.transaction():
        before = session.store.load(content.id) or content
        if before.stamp != content.stamp:
            raise out_of_date(content.id, content.path)
        after = content.copy()
        if note is not None and note[0] in fields_of(session, content):
            after.fields[note[0]] = note[1]
        after.modified = after.version_modified = session.now()
        after.modified_by = after.version_modified_by = session.caller.id
        follow(session, before, after, plan)
        session.store.save(after)
    session.forget(content.id)
    return after


def _head(session: Session, content: Content, plan: Plan) -> None:
    content.version = str(plan.version)
    content.locked_by = session.caller.id if plan.lock else 0
    content.saving_state = plan.saving


def _inherited_mode(session: Session, content: Content, name: str) -> str:
    """Return the mode of a content, or the one inherited from its ancestors."""
    own = (content.fields.get(name) or ["0"])[0]
    if own != "0":
        return str(own)
    return _mode_of_children(session, content.parent_id, name)


def _mode_of_children(session: Session, content_id: int, name: str) -> str:
    """Return the mode that the children of a content inherit."""
    way: list[int] = []
    mode = "1"
    while content_id:
        own_mode = session.modes.get((content_id, name))
        content = session.store.peek(content_id) if own_mode is None else None
        handed = own_mode or "0"
        if content is not None:
            handed = str((content.fields.get(f"Inheritable{name}") or ["0"])[0])
            way.append(content_id)
        if handed != "0":
            mode = handed
            break
        content_id = content.parent_id if content is not None else 0
    for one in way:
        session.modes[one, name] = mode
    return mode
