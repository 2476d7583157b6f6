"""Reports on permissions: of a user on a content and below it, and of all identities in a tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import forbidden, see_only, server_error
from sn_pandas.embedded.operations import identities
from sn_pandas.embedded.operations.access import permission_bits
from sn_pandas.embedded.operations.registry import Contents, operation
from sn_pandas.embedded.schema import permission_names
from sn_pandas.embedded.security import accounts, entries, permissions
from sn_pandas.embedded.security.effective_entries import effective_entries
from sn_pandas.embedded.security.entries import Entry
from sn_pandas.embedded.session import Session

Json = Any

LEVELS = ("allowed", "denied", "allowedordenied")
IDENTITY_KINDS = {
    "all": ("user", "group", "orgunit"),
    "users": ("user",),
    "groups": ("group",),
    "organizationalunits": ("orgunit",),
    "usersandgroups": ("user", "group"),
    "usersandorganizationalunits": ("user", "orgunit"),
    "groupsandorganizationalunits": ("group", "orgunit"),
}
LEVEL = ("permissionLevel", "string")
KIND = ("identityKind", "string")
EXPLICIT = ("explicitOnly", "bool")
MEMBER = ("memberPath", "string")
PERMISSIONS = ("permissions", "string[]")


@operation("GetPermissionInfo", action=False, parameters=[("identity", "string")])
def permission_info(session: Session, content: Content, identity: str | None) -> Json:
    """Return the permissions of a user on a content, and whether they differ below it."""
    user = _user(session, identity)
    info = _info(session, content, user)
    return {"d": {"identity": _identity(session, user), "permissionInfo": info}}


@operation("GetChildrenPermissionInfo", action=False, parameters=[("identity", "string")])
def children_permission_info(session: Session, content: Content, identity: str | None) -> Json:
    """Return the permissions of a user on each child of a content."""
    user = _user(session, identity)
    children = sorted(session.children(content), key=lambda one: one.name.lower())
    results = [_info(session, child, user) for child in session.within_time(children)]
    return {"d": {"identity": _identity(session, user), "results": results}}


@operation("GetAllowedUsers", action=False, parameters=[PERMISSIONS])
def allowed_users(session: Session, content: Content, permissions: list[str] | None) -> Contents:
    """Return the users who have all of some permissions on a content."""
    _check_reader(session, content)
    asked = permission_bits(permissions)
    found = set()
    for one in effective_entries(session.store, content):
        found |= _users_of(session, one.identity)
    users = session.load_many(sorted(found))
    return Contents(user for user in users if not asked & ~accounts.bits_on(session.store, content, user.id))


@operation("GetRelatedIdentities", action=False, parameters=[LEVEL, KIND])
def related_identities(
    session: Session, content: Content, permission_level: str | None, identity_kind: str | None
) -> Contents:
    """Return the identities that entries in a tree name."""
    _check_reader(session, content)
    level, kinds = _level(permission_level), _kinds(identity_kind)
    return _identities(session, content, level, kinds, permissions.EVERYTHING)


@operation("GetRelatedIdentitiesByPermissions", action=False, parameters=[LEVEL, KIND, PERMISSIONS])
def related_identities_by_permissions(
    session: Session,
    content: Content,
    permission_level: str | None,
    identity_kind: str | None,
    permissions: list[str] | None,
) -> Contents:
    """Return the identities that entries in a tree allow or deny some permissions."""
    _check_reader(session, content)
    level, kinds = _level(permission_level), _kinds(identity_kind)
    return _identities(session, content, level, kinds, permission_bits(permissions))


@operation("GetRelatedItems", action=False, parameters=[LEVEL, EXPLICIT, MEMBER, PERMISSIONS])
def related_items(
    session: Session,
    content: Content,
    permission_level: str | None,
    explicit_only: bool | None,
    member_path: str | None,
    permissions: list[str] | None,
) -> Contents:
    """Return the contents in a tree on which an identity has entries with some permissions."""
    _check_reader(session, content)
    level = _level(permission_level)
    _only_explicit(explicit_only)
    member, asked = _member(session, member_path), permission_bits(permissions)
    entries_below = _entries_below(session, content)
    found = {holder for holder, entry in entries_below if _names(entry, member, level, asked)}
    return Contents(session.load_many(sorted(found)))


@operation("GetRelatedItemsOneLevel", action=False, parameters=[LEVEL, MEMBER, PERMISSIONS])
def related_items_one_level(
    session: Session,
    content: Content,
    permission_level: str | None,
    member_path: str | None,
    permissions: list[str] | None,
) -> Contents:
    """Return the content and its children, as far as an identity has entries there."""
    _check_reader(session, content)
    level, member, asked = (
        _level(permission_level),
        _member(session, member_path),
        permission_bits(permissions),
    )
    near = {content.id, *(child.id for child in session.store.children(content.id))}
    found = {
        holder
        for holder, entry in _entries_below(session, content)
        if holder in near and _names(entry, member, level, asked)
    }
    return Contents(session.load_many(sorted(found)))


@operation(
    "GetRelatedPermissions",
    action=False,
    parameters=[LEVEL, EXPLICIT, MEMBER, ("includedTypes", "string[]")],
)
def related_permissions(
    session: Session,
    content: Content,
    permission_level: str | None,
    explicit_only: bool | None,
    member_path: str | None,
    included_types: list[str] | None,
) -> dict[str, int]:
    """Return on how many contents in a tree entries of an identity say something, by permission."""
    _check_reader(session, content)
    level = _level(permission_level)
    _only_explicit(explicit_only)
    member = _member(session, member_path)
    counts = dict.fromkeys(permission_names.NAMES, 0)
    for holder, entry in _entries_below(session, content):
        one = session.by_id(holder)
        if one is None or (included_types and not _is_any(session, one, included_types)):
            continue
        for name in permission_names.NAMES:
            counts[name] += _names(entry, member, level, permissions.BIT[name])
    return counts


def _check_reader(session: Session, content: Content) -> None:
    """Raise if the caller may not see the permissions of a content."""
    if not session.can(content, "SeePermissions"):
        raise forbidden()


def _level(text: str | None) -> str:
    level = (text or "").lower()
    if level not in LEVELS:
        raise server_error("ArgumentException", f"Invalid permissionLevel argument: {text}")
    return level


def _kinds(text: str | None) -> tuple[str, ...]:
    kinds = IDENTITY_KINDS.get((text or "").lower())
    if kinds is None:
        raise server_error("ArgumentException", f"Invalid identityKind argument: {text}")
    return kinds


def _only_explicit(explicit_only: bool | None) -> None:
    if not explicit_only:
        raise server_error("NotSupportedException", "Only explicit entries can be asked for.")


def _member(session: Session, path: str | None) -> int:
    found = identities.find(session, path)
    if found is None:
        raise identities.not_found(path or "")
    return found.id


def _user(session: Session, path: str | None) -> Content:
    found = identities.find(session, path) if (path or "").startswith("/") else None
    if found is None and identities.is_hidden(session, path):
        raise forbidden()
    if found is None or not identities.is_user(session, found):
        raise server_error("ArgumentException", "Identity must be an existing user.")
    if not session.can_open(found):
        raise see_only()
    return found


def _identity(session: Session, user: Content) -> Json:
    groups = session.load_many(sorted(permissions.identities_of(session.store, user.id) - {user.id}))
    return {**_names_of(user), "groups": [_names_of(group) for group in groups]}


def _names_of(content: Content) -> dict[str, Json]:
    return {
        "path": content.path,
        "name": content.name,
        "displayName": content.display_name,
    }


def _info(session: Session, content: Content, user: Content) -> dict[str, Json]:
    may_see = session.can(content, "SeePermissions")
    mine = permissions.identities_of(session.store, user.id)
    reaching = [one for one in effective_entries(session.store, content) if one.identity in mine]
    shown = []
    for index, name in enumerate(permission_names.NAMED):
        bit = permissions.BIT[name]
        denied = [one.denied_from[bit] for one in reaching if bit in one.denied_from]
        allowed = [one.allowed_from[bit] for one in reaching if bit in one.allowed_from]
        local = any(not one.propagates and (one.allow | one.deny) & bit for one in reaching)
        places, word = (denied, "deny") if denied else (allowed, "allow")
        kind = "off" if not places else f"{'explicit' if None in places else 'effective'}{word}"
        shown.append({"name": name, "index": index, "type": kind, "localOnly": local})
    content_type = session.types.get(content.type)
    return {
        **_names_of(content),
        "isFolder": content_type is not None and content_type.is_a("Folder"),
        "break": entries.breaks_inheritance(session.store, content.id),
        "permissions": shown if may_see else [],
        "subPermissions": _describe_below(session, content, user) if may_see else [],
    }


def _describe_below(session: Session, content: Content, user: Content) -> list[Json]:
    """Return all permissions, ``on`` if a content below has an entry of the user's own about it."""
    found = permissions.all_entries(session.store)
    said = 0
    for holder in _holders_below(session, content):
        for entry in found.of.get(holder, ()):
            if entry.identity == user.id:
                said |= entry.allow | entry.deny
    return [
        {
            "name": name,
            "index": index,
            "type": "on" if said & permissions.BIT[name] else "off",
            "localOnly": False,
        }
        for index, name in enumerate(permission_names.NAMED)
    ]


def _holders_below(session: Session, content: Content) -> Iterator[int]:
    """Yield what holds entries below a content."""
    key = content.path.lower() + "/"
    holders = permissions.all_entries(session.store).holders
    for one in session.store.load_many(sorted(holders)):
        if one.path.lower().startswith(key):
            yield one.id


def _entries_below(session: Session, content: Content) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of a content and of the contents below it."""
    found = permissions.all_entries(session.store)
    for holder in (content.id, *_holders_below(session, content)):
        for entry in found.of.get(holder, ()):
            yield holder, entry


def _names(entry: Entry, member: int, level: str, asked: int) -> bool:
    return entry.identity == member and bool(_bits_of(entry, level) & asked)


def _bits_of(entry: Entry, level: str) -> int:
    if level == "allowed":
        return entry.allow
    return entry.deny if level == "denied" else entry.allow | entry.deny


def _identities(
    session: Session, content: Content, level: str, kinds: tuple[str, ...], asked: int
) -> Contents:
    found = {
        entry.identity for _, entry in _entries_below(session, content) if _bits_of(entry, level) & asked
    }
    return Contents(
        one for one in session.load_many(sorted(found)) if accounts.kind(session.store, one) in kinds
    )


def _users_of(session: Session, identity: int) -> set[int]:
    """Return the users of an identity: itself, or the members of a group."""
    users, seen, pending = set(), set(), [identity]
    while pending:
        one = session.store.load(pending.pop())
        if one is None or one.id in seen:
            continue
        seen.add(one.id)
        if identities.is_user(session, one):
            users.add(one.id)
        else:
            pending += one.fields.get("Members") or []
    return users


def _is_any(session: Session, content: Content, names: list[str]) -> bool:
    content_type = session.types.get(content.type)
    return content_type is not None and not set(names).isdisjoint(content_type.lineage)
