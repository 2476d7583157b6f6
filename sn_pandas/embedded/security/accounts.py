"""Users and groups: what sort they are, how they log in, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.security import permissions

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.content_table import ContentTable

KINDS = {"User": "user", "Group": "group", "OrganizationalUnit": "orgunit"}
"""Content type -> what an identity of it is called."""


def kind(store: ContentTable, content: Content) -> str | None:
    """Return the kind of identity of a content; None if it is not an identity."""
    content_type = store.types.get(content.type)
    lineage = content_type.lineage if content_type is not None else ()
    return next((KINDS[name] for name in lineage if name in KINDS), None)


def by_login(store: ContentTable, text: str) -> Content | None:
    """Return the user with a login name, which may have a domain before it, in any case."""
    domain_name, _, login = text.encode("utf-8", "replace").decode().rpartition("\\")
    with store.reading() as db:
        marks = store.types.derived_names("User")
        rows = db.execute(
            f"SELECT id FROM contents WHERE type IN ({','.join('?' * len(marks))})"
            " AND lower(coalesce(json_extract(data, '$.LoginName'), name)) = ?",
            (*marks, login.lower()),
        ).fetchall()
    for user in store.load_many(row[0] for row in rows):
        in_domain = domain(store, user) or ""
        if not domain_name or domain_name.lower() == in_domain.lower():
            return user
    return None


def check_unique(store: ContentTable, user: Content) -> None:
    """Reject a user whose name or login name somebody else has in the same domain.

    Raises
    ------
    ODataError
        If another user has one of them as name or login name, or a group as its name, ignoring case.
    """
    key = names_apply_in(user.path)
    if key is None:
        return
    names = {user.name.lower(), str(user.fields.get("LoginName") or user.name).lower()}
    users, groups = store.types.derived_names("User"), store.types.derived_names("Group")
    marks = ",".join("?" * len(names))
    with store.reading() as db:
        # the name and the login name each have an index; a plain scan would make many new users slow
        named = db.execute(
            "SELECT id, type FROM contents WHERE key >= ? AND key < ? AND"
            f" substr(key, length(rtrim(key, replace(key, '/', ''))) + 1) IN ({marks})",
            (f"{key}/", f"{key}0", *names),
        ).fetchall()
        logging_in = db.execute(
            "SELECT c.id, c.type FROM terms AS t JOIN contents AS c ON c.id = t.node"
            f" WHERE t.field = (SELECT id FROM term_fields WHERE name = 'LoginName') AND t.value IN ({marks})"
            " AND c.key >= ? AND c.key < ?",
            (*names, f"{key}/", f"{key}0"),
        ).fetchall()
    taken = any(i != user.id and kind_name in (*users, *groups) for i, kind_name in named)
    if taken or any(i != user.id and kind_name in users for i, kind_name in logging_in):
        raise server_error(
            "InvalidOperationException",
            f"There is already a user or group under the domain {user.path.split('/')[3]}:"
            f" {', '.join(sorted(names))}",
        )


def check_rename(store: ContentTable, before: Content, user: Content) -> None:
    """Raise what `check_unique` raises, for a user whose name or login name changes.

    Raises
    ------
    ODataError
        If somebody else in the domain has one of them.
    """
    renamed = user.name != before.name or user.stored_value("LoginName") != before.stored_value("LoginName")
    if renamed and user.type in store.types.derived_names("User"):
        check_unique(store, user)


def check_all_unique(store: ContentTable, path: str) -> None:
    """Raise what `check_unique` raises, for all users at a path and below it.

    Raises
    ------
    ODataError
        If somebody else in their domain has a name of one of them.
    """
    if names_apply_in(path) is None:
        return
    users = store.types.derived_names("User")
    for one in store.load_many(store.subtree_ids(path)):
        if one.type in users:
            check_unique(store, one)


def names_apply_in(path: str) -> str | None:
    """Return the lower-case path below which the names of a user must be unique; None if they need not be."""
    steps = path.lower().split("/")[1:4]
    return f"/{'/'.join(steps)}" if len(steps) == 3 and steps[:2] == ["root", "ims"] else None


def domain(store: ContentTable, content: Content) -> str | None:
    """Return the name of the domain that an identity is in."""
    path = content.parent_path
    while path:
        above = store.by_path(path)
        if above is not None and above.type == "Domain":
            return above.name
        path = path.rpartition("/")[0]
    return None


def avatar(store: ContentTable, content: Content) -> str | None:
    """Return the address of a user's picture; None for groups."""
    if kind(store, content) != "user":
        return None
    if content.fields.get("ImageData"):
        return f"/binaryhandler.ashx?nodeid={content.id}&propertyname=ImageData"
    pictures = store.load_many(content.fields.get("ImageRef") or ())
    return pictures[0].path if pictures else ""


def bits_on(store: ContentTable, content: Content, user_id: int) -> int:
    """Return the bits of all permissions that a user has on a content."""
    return permissions.of_identities(store, content, permissions.identities_of(store, user_id), user_id)
