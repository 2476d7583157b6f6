"""Users and groups, as permissions name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.security import permissions

if TYPE_CHECKING:
    from sn_pandas.embedded.repository import Session
    from sn_pandas.embedded.storage.store import Store

Json = Any

KINDS = {"User": "user", "Group": "group", "OrganizationalUnit": "orgunit"}
"""Content type -> what an identity of it is called."""


def kind(store: Store, content: Content) -> str | None:
    """Return what sort of identity a content is, None if it is none."""
    known = store.types.get(content.type)
    lineage = known.lineage if known is not None else ()
    return next((KINDS[name] for name in lineage if name in KINDS), None)


def is_user(session: Session, content: Content) -> bool:
    """Whether a content is a user."""
    return kind(session.store, content) == "user"


def find(session: Session, value: Json) -> Content | None:
    """Return the identity that an id or a path names, if the caller may see it."""
    found = session.resolve(value)
    content = session.by_id(found) if found is not None else None
    return content if content is not None and kind(session.store, content) else None


def not_found(value: str) -> ODataError:
    """Return the 404 of an identity that is not there."""
    return ODataError("ResourceNotFound", "ContentNotFoundException", f"Identity not found: {value}")


def document(store: Store, content_id: int) -> dict[str, Json]:
    """Return how lists of permissions show an identity."""
    one = store.load(content_id)
    if one is None:
        return {"id": content_id, "path": None, "name": None, "displayName": None, "domain": None,
                "kind": None, "avatar": None}  # fmt: skip
    return {
        "id": one.id,
        "path": one.path,
        "name": one.name,
        "displayName": one.display_name,
        "domain": domain(store, one),
        "kind": kind(store, one),
        "avatar": avatar(store, one),
    }


def domain(store: Store, content: Content) -> str | None:
    """Return the name of the domain that an identity is in."""
    path = content.parent_path
    while path:
        above = store.by_path(path)
        if above is not None and above.type == "Domain":
            return above.name
        path = path.rpartition("/")[0]
    return None


def avatar(store: Store, content: Content) -> str | None:
    """Return the address of a user's picture; None for groups."""
    if kind(store, content) != "user":
        return None
    if content.fields.get("ImageData"):
        return f"/binaryhandler.ashx?nodeid={content.id}&propertyname=ImageData"
    pictures = store.load_many(content.fields.get("ImageRef") or ())
    return pictures[0].path if pictures else ""


def bits_on(store: Store, content: Content, user_id: int) -> int:
    """Return the bits of all permissions that a user has on a content."""
    return permissions.of_identities(store, content, permissions.identities_of(store, user_id), user_id)
