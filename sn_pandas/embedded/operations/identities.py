"""Users and groups, as operations name and show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.security import accounts

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any


def is_user(session: Session, content: Content) -> bool:
    """Return whether a content is a user."""
    return accounts.kind(session.store, content) == "user"


def find(session: Session, value: Json) -> Content | None:
    """Return the identity that an id or a path names, if the caller may see it."""
    found = session.resolve(value)
    content = session.by_id(found) if found is not None else None
    return content if content is not None and accounts.kind(session.store, content) else None


def is_hidden(session: Session, value: Json) -> bool:
    """Return whether an id or a path names an identity that is there, but that the caller cannot see."""
    store = session.store
    if isinstance(value, str) and value.startswith("/"):
        content = store.by_path(value)
    elif (
        isinstance(value, int | str)
        and str(value).isascii()
        and str(value).isdigit()
        and len(str(value)) < 11
    ):
        content = store.load(int(value))
    else:
        return False
    return content is not None and accounts.kind(store, content) is not None and not session.can_see(content)


def not_found(value: str) -> ODataError:
    """Return the 404 of an identity that is not there."""
    return ODataError("ResourceNotFound", "ContentNotFoundException", f"Identity not found: {value}")


def document(session: Session, content_id: int) -> dict[str, Json]:
    """Return an identity as lists of permissions show it to a caller who may see it."""
    store = session.store
    one = store.load(content_id)
    if one is None:
        return {"id": content_id, "path": None, "name": None, "displayName": None, "domain": None,
                "kind": None, "avatar": None}  # fmt: skip
    if not session.can_open(one):
        return {"id": one.id, "path": one.path, "name": one.name, "displayName": one.name, "domain": None,
                "kind": accounts.kind(store, one), "avatar": None}  # fmt: skip
    return {
        "id": one.id,
        "path": one.path,
        "name": one.name,
        "displayName": one.display_name,
        "domain": accounts.domain(store, one),
        "kind": accounts.kind(store, one),
        "avatar": accounts.avatar(store, one),
    }
