"""The last step of every write: permission checks, side effects, and the save."""

from __future__ import annotations

from functools import partial

from sn_pandas.embedded import endings
from sn_pandas.embedded.changes import naming, versions
from sn_pandas.embedded.content_types import added_fields, child_types, grown_fields
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import action_not_allowed, already_exists, bad_request, forbidden, server_error
from sn_pandas.embedded.security import accounts
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import binaries


def create(
    session: Session,
    content: Content,
    parent: Content,
    touched: set[str],
    *,
    in_steps: bool = False,
    numbered: bool = False,
) -> None:
    """Store a new content: the type must be allowed here, the name free, the caller permitted.

    Parameters
    ----------
    touched
        Names of the fields that were set by the request.
    in_steps
        Whether the content stays unfinished until it is finalized.
    numbered
        Whether a taken name gets a number, whatever the type says.
    """
    with session.store.transaction():
        check_allowed(session, content, parent)
        naming.check(content.name)
        _check_executable(session, content)
        if not (session.can(parent, "AddNew") and versions.may_manage(session, content.type, parent)):
            raise forbidden()
        if session.types.of(content.type).is_a("User"):
            accounts.check_unique(session.store, content)
        assign_free_name(session, content, parent, numbered=numbered)
        versions.begin(session, content, in_steps)
        if not in_steps:
            name_file(session, content)
        grown_fields.keep(session, content, touched)
        session.store.insert(content)
        if session.types.of(content.type).is_a("User"):
            _make_own_creator(session, content, touched)
        if binaries.files_of(content.fields):
            binaries.update_owners(session.store, content)
        added_fields.notice(session, None, content)


def name_file(session: Session, content: Content) -> None:
    """Name a file without bytes after its content; the MIME type that follows from it stays."""
    if session.types.of(content.type).is_a("File") and not content.fields.get("Binary"):
        content.fields["Binary"] = binaries.describe_empty(content.name)


def update(
    session: Session,
    before: Content,
    content: Content,
    touched: set[str],
    always: bool = False,
    *,
    in_steps: bool = False,
) -> None:
    """Store a changed content, as a new version if the content has versions.

    Without versions nothing is stored if nothing differs, unless ``always``.
    """
    if not versions.may_save(session, before):
        raise action_not_allowed("NotEnoughPermissions")
    if content.owner != before.owner and not session.can(before, "TakeOwnership"):
        raise forbidden()
    plan = versions.save_plan(session, before, content, in_steps)
    if not always and not versions.changes_version(before, plan) and not _is_changed(before, content):
        return
    with session.store.transaction():
        accounts.check_rename(session.store, before, content)
        stamp(session, content, touched)
        grown_fields.keep(session, content, touched)
        versions.follow(session, before, content, plan)
        store(session, before, content)
        added_fields.notice(session, before, content)


def store(session: Session, before: Content, content: Content) -> None:
    """Write a content that exists, at its new place if its name changed."""
    session.states.clear()
    session.modes.clear()
    with session.store.transaction():
        if content.name == before.name:
            session.store.save(content)
            return
        naming.check(content.name)
        _check_executable(session, content)
        parent = session.store.load(content.parent_id)
        if parent is None:
            raise server_error("InvalidOperationException", "The content has no parent to be renamed in.")
        naming.check_path(f"{parent.path}/{content.name}")
        session.store.move(content, parent, content.name)


def stamp(session: Session, content: Content, touched: set[str]) -> None:
    """Write down who saves and when, unless the body said it."""
    now, me = session.now(), session.caller.id
    for field, attribute, value in (
        ("ModificationDate", "modified", now),
        ("ModifiedBy", "modified_by", me),
        ("VersionModificationDate", "version_modified", now),
        ("VersionModifiedBy", "version_modified_by", me),
    ):
        if field not in touched:
            setattr(content, attribute, value)


def check_allowed(session: Session, content: Content, parent: Content) -> None:
    """Reject a type that the place does not allow, or the caller cannot see."""
    _check_place(session, parent)
    if content.type == "SystemFolder" and not session.caller.is_operator:
        raise forbidden()
    allowed = allowed_types(session, parent)
    if (allowed is None or content.type in allowed) and content.type in session.visible_types:
        if session.types.of(content.type).is_a("SystemFolder") and not session.caller.is_operator:
            raise forbidden()
        return
    raise server_error(
        "InvalidOperationException",
        f"Cannot save the content '{content.path}' because its ancestor does not allow the type"
        f" '{content.type}'. Parent: {parent.path}. Allowed types: {', '.join(allowed or ())}",
    )


def _check_place(session: Session, parent: Content) -> None:
    """Reject a place whose allowed types depend on something that the caller cannot see."""
    holder: Content | None = parent
    while holder is not None and session.types.of(holder.type).transitive:
        holder = session.store.load(holder.parent_id)
        if holder is not None and not session.can_see(holder):
            raise server_error("InvalidOperationException", "The 'Parent' could not be loaded.")


def _check_executable(session: Session, content: Content) -> None:
    """Reject the name of a page that runs on the server, unless the type is made for it."""
    found = session.types.of(content.type)
    if (
        found.is_a("File")
        and not found.is_a("ExecutableFile")
        and endings.ending(content.name) in (endings.EXECUTABLE)
    ):
        raise bad_request(
            "InvalidContentException", f"A file of this name must be an ExecutableFile: {content.name}"
        )


def allowed_types(session: Session, parent: Content) -> list[str] | None:
    """Return the types that the caller may put below a content; None = all."""
    if not child_types.listed_child_types(parent, session) and session.types.of(parent.type).is_a("Folder"):
        return None
    return child_types.effective_child_types(parent, session)


def assign_free_name(session: Session, content: Content, parent: Content, *, numbered: bool = False) -> None:
    """Assign a free name to a new content if its type allows that, else reject a taken one."""
    naming.check_path(content.path)
    taken = session.store.by_path(content.path)
    if taken is None:
        return
    if not numbered and not session.types.of(content.type).incremental_naming:
        raise already_exists()
    content.name = naming.add_number(taken.name, partial(session.store.child_names, parent))
    content.path = f"{parent.path}/{content.name}"
    naming.check_path(content.path)


def _make_own_creator(session: Session, user: Content, touched: set[str]) -> None:
    """Set a new user as their own creator and owner."""
    for field, attribute in (
        ("CreatedBy", "created_by"),
        ("Owner", "owner"),
        ("VersionCreatedBy", "version_created_by"),
    ):
        if field not in touched:
            setattr(user, attribute, user.id)
    user.fields.setdefault("LastLoggedOut", session.exact_now())
    session.store.save(user)


def _is_changed(before: Content, after: Content) -> bool:
    return before != after
