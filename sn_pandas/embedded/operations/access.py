"""Permissions of a content: read, asked for, and set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from typing import Any

from sn_pandas.embedded.contents import EVERYONE, VISITOR, Content
from sn_pandas.embedded.errors import ODataError, forbidden, server_error
from sn_pandas.embedded.operations import identities
from sn_pandas.embedded.operations.registry import ADMINISTRATORS, ANY, NOBODY, Contents, operation
from sn_pandas.embedded.schema import permission_names
from sn_pandas.embedded.security import accounts, entries, permissions
from sn_pandas.embedded.security.effective_entries import EffectiveEntry, Origin, effective_entries
from sn_pandas.embedded.security.entries import Entry
from sn_pandas.embedded.session import Session

Json = Any

SETTING: dict[str, Any] = {
    "title": "Set permissions",
    "icon": "security",
    "permissions": ["Open", "SeePermissions", "SetPermissions"],
    "scenarios": ["WorkspaceActions", "ExploreActions", "ListItem", "ContextMenu"],
}
"""What the two forms of SetPermissions have in common."""
VALUES = {
    "allow": "allow", "a": "allow", "1": "allow",
    "deny": "deny", "d": "deny", "2": "deny",
    "undefined": "undefined", "u": "undefined", "0": "undefined",
}  # fmt: skip
BY_LOWER_NAME = {name.lower(): name for name in permission_names.NAMES}


@operation(
    "GetPermissions", action=False, title="Get permissions", parameters=[("identity", "string", False)]
)
def get_permissions(session: Session, content: Content, identity: str | None = None) -> Json:
    """Return the permissions on a content of all identities, or of one."""
    if not session.can(content, "SeePermissions") and identity != session.caller.path:
        raise server_error(
            "Exception", "You are only authorized to query your own permissions for this content."
        )
    found = effective_entries(session.store, content)
    if not identity:
        if any(session.by_id(one.identity) is None for one in found):
            raise forbidden()
        return {
            "id": content.id,
            "path": content.path,
            "inherits": not entries.breaks_inheritance(session.store, content.id),
            "entries": [_ace(session, one) for one in found],
        }
    wanted = identities.find(session, identity) if identity.startswith("/") else None
    if wanted is None:
        if identities.is_hidden(session, identity):
            raise forbidden()
        raise server_error("ArgumentException", f"Identity not found: {identity}")
    mine = [one for one in found if one.identity == wanted.id]
    return [_ace(session, one) for one in mine or [EffectiveEntry(wanted.id, True)]]


@operation("GetAcl", action=False, title="Get ACL")
def get_acl(session: Session, content: Content) -> Json:
    """Return the permissions on a content, with their origins."""
    if not session.can(content, "SeePermissions"):
        raise ODataError("Forbidden", "AccessDeniedException", "Access denied.")
    return {
        "id": content.id,
        "path": content.path,
        "inherits": not entries.breaks_inheritance(session.store, content.id),
        "isPublic": permissions.is_public(session.store, content),
        "entries": [
            {
                "identity": identities.document(session, one.identity),
                "ancestor": one.ancestor,
                "inherited": one.inherited,
                "propagates": one.propagates,
                "permissions": {
                    name: origin and {"value": origin.value, "from": origin.place}
                    for name, origin in one.permissions()
                },
            }
            for one in effective_entries(session.store, content)
            if session.by_id(one.identity) is not None
        ],
    }


@operation(
    "HasPermission",
    action=False,
    title="Has permission",
    permissions=["SeePermissions"],
    parameters=[("permissions", "list"), ("user", "string", False)],
)
def has_permission(
    session: Session,
    content: Content,
    permissions: list[str] | None,
    user: str | None = None,
) -> bool:
    """Return whether the caller, or a user, has all of some permissions on a content."""
    asked = permission_bits(permissions)
    if user:
        someone = identities.find(session, user) if user.startswith("/") else None
        if someone is None and identities.is_hidden(session, user):
            raise forbidden()
        if someone is None:
            raise identities.not_found(user)
        if not identities.is_user(session, someone):
            raise server_error("InvalidCastException", "The identity is not a user.")
        bits = accounts.bits_on(session.store, content, someone.id)
    else:
        bits = session.rights.bits(content)
    return bool(asked) and not asked & ~bits


@operation("SetPermissions", parameters=[("inheritance", "string")], **SETTING)
def set_inheritance(session: Session, content: Content, inheritance: str | None) -> Content:
    """Cut a content off from the permissions above it, with a copy of them, or join it again."""
    word = (inheritance or "").lower()
    if word not in ("break", "unbreak"):
        raise server_error(
            "ArgumentException", "The value of the 'inheritance' must be 'break' or 'unbreak'."
        )
    broken = entries.breaks_inheritance(session.store, content.id)
    own = entries.own_entries(session.store, content.id)
    if word == "break" and not broken:
        _save(session, content, _with_inherited(session, content, own), broken=True)
    if word == "unbreak" and broken:
        _save(session, content, own, broken=False)
        _save(session, content, _without_inherited(session, content, own), broken=False)
    return content


@operation("SetPermissions", parameters=[("r", "array")], **SETTING)
def set_permissions(session: Session, content: Content, r: list[Json] | None) -> Content:
    """Allow, deny and undefine permissions of identities on a content."""
    find = cache(partial(_identity, session))  # each is looked for once, however often it is named
    wanted = [_request(find, item) for item in r or ()]
    own = {(e.identity, e.local_only): e for e in entries.own_entries(session.store, content.id)}
    for identity, local_only, changes in wanted:
        entry = own.setdefault((identity, local_only), Entry(identity, local_only))
        for name, value in changes:
            permissions.set_permission(entry, name, value)
    _save(session, content, own.values(), broken=entries.breaks_inheritance(session.store, content.id))
    return content


@operation(
    "GetPermissionOverview",
    partial="admits nobody, as the server",
    action=False,
    types=ANY,
    roles=NOBODY,
    parameters=[("identity", "string")],
)
def permission_overview(session: Session, content: Content, identity: str | None) -> None:
    """Exists only for the lists; the server admits nobody."""


@operation("MissingExplicitEntriesOfVisitorComparedToEveryone", action=False, types=ANY, roles=ADMINISTRATORS)
def missing_entries_of_visitor(session: Session, content: Content) -> Contents:
    """Return the contents in a tree where Everyone has an entry and the Visitor has none."""
    return Contents(session.load_many(_without_visitor(session, content)))


@operation(
    "CopyExplicitEntriesOfEveryoneToVisitor",
    types=ANY,
    roles=ADMINISTRATORS,
    parameters=[("exceptList", "string[]")],
)
def copy_entries_to_visitor(session: Session, content: Content, except_list: list[str] | None) -> None:
    """Allow the Visitor what Everyone has in a tree, but for some paths."""
    spared = {path.lower() for path in except_list or () if path}
    with session.store.transaction():
        for one in session.load_many(_without_visitor(session, content)):
            if one.path.lower() in spared:
                continue
            own = entries.own_entries(session.store, one.id)
            own += [replace(e, identity=VISITOR) for e in own if e.identity == EVERYONE]
            _save(session, one, own, broken=entries.breaks_inheritance(session.store, one.id))


def _without_visitor(session: Session, content: Content) -> list[int]:
    found = permissions.all_entries(session.store).of
    holders = [
        holder
        for holder, own in found.items()
        if {e.identity for e in own} >= {EVERYONE} and VISITOR not in {e.identity for e in own}
    ]
    key = content.path.lower()
    return [
        one.id
        for one in session.store.load_many(sorted(holders))
        if one.path.lower() == key or one.path.lower().startswith(f"{key}/")
    ]


def permission_bits(given: list[str] | None) -> int:
    """Return the bits of permissions that a request names, in exactly their letter case."""
    if given is None:
        raise server_error("ArgumentNullException", "Value cannot be null. (Parameter 'permissions')")
    for name in given:
        if name not in permissions.BIT:
            raise server_error("ArgumentException", f"Unknown permission: {name}")
    return permissions.mask(given)


def _ace(session: Session, one: EffectiveEntry) -> Json:
    who = identities.document(session, one.identity)

    def describe_origin(origin: Origin | None) -> Json:
        return origin and {"value": origin.value, "from": origin.place, "identity": who["path"]}

    return {
        "identity": who,
        "propagates": one.propagates,
        "permissions": {name: describe_origin(origin) for name, origin in one.permissions()},
    }


def _request(find: Callable[[str | int | float], int], item: Json) -> tuple[int, bool, list[tuple[str, str]]]:
    """Read one item of ``r``: who, whether only here, and the changes in their order."""
    if not isinstance(item, dict):
        raise server_error("JsonSerializationException", "An item of r is not an object.")
    local_only, identity, changes = False, None, []
    for key, value in item.items():
        lower = key.lower()
        if lower == "identity":
            identity = value
        elif lower == "localonly":
            local_only = value is True or str(value).lower() == "true"
        elif lower in BY_LOWER_NAME and value is not None:
            word = VALUES.get(str(value).lower())
            if word is None:
                raise server_error("ArgumentException", f"Invalid permission value: {value}")
            changes.append((BY_LOWER_NAME[lower], word))
    if identity is None or identity == "":
        raise server_error("ArgumentNullException", "Value cannot be null. (Parameter 'identity')")
    if isinstance(identity, bool) or not isinstance(identity, str | int | float):
        raise identities.not_found(str(identity))
    return find(identity), local_only, changes


def _identity(session: Session, value: str | int | float) -> int:
    someone = identities.find(session, value)
    if someone is None and identities.is_hidden(session, value):
        raise forbidden()
    if someone is None:
        raise identities.not_found(str(value))
    return someone.id


def _save(session: Session, content: Content, wanted: Iterable[Entry], *, broken: bool) -> None:
    entries.save(session.store, content, wanted, broken)
    session.forget(content.id)


def _with_inherited(session: Session, content: Content, own: list[Entry]) -> list[Entry]:
    """Return explicit entries for all permissions that are now effective on a content."""
    found = {(e.identity, e.local_only): e for e in own}
    for one in effective_entries(session.store, content):
        if one.propagates:
            found[one.identity, False] = Entry(one.identity, False, one.allow, one.deny)
    return list(found.values())


def _without_inherited(session: Session, content: Content, own: list[Entry]) -> list[Entry]:
    """Return entries without those that would be inherited anyway."""
    parent = session.store.load(content.parent_id)
    above = effective_entries(session.store, parent) if parent is not None else []
    reach = {one.identity: one for one in above if one.propagates}
    found = []
    for entry in own:
        same = None if entry.local_only else reach.get(entry.identity)
        allow, deny = (same.allow, same.deny) if same is not None else (0, 0)
        found.append(Entry(entry.identity, entry.local_only, entry.allow & ~allow, entry.deny & ~deny))
    return found
