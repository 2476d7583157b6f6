"""API keys of users."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded import callers
from sn_pandas.embedded.callers import ApiKey
from sn_pandas.embedded.contents import ADMINISTRATORS, VISITOR, Content
from sn_pandas.embedded.errors import forbidden
from sn_pandas.embedded.operations.registry import ALL, ROOT, operation
from sn_pandas.embedded.session import Session

Json = Any

USER = ("User",)


@operation("GetApiKeys", action=False, types=USER, roles=ALL)
def get_api_keys(session: Session, content: Content) -> Json:
    """Return the keys of a user; none if the caller may not see them."""
    found = callers.keys_of(session.repository, content.id) if _may_manage(session, content) else []
    return {"apiKeys": [_document(key) for key in found]}


@operation("CreateApiKey", types=USER, roles=ALL)
def create_api_key(session: Session, content: Content) -> Json:
    """Create one more key for a user."""
    if not _may_manage(session, content):
        raise forbidden()
    return _document(callers.new_key(session.repository, content.id))


@operation("DeleteApiKey", types=("User", "PortalRoot"), roles=ALL, parameters=[("apiKey", "string")])
def delete_api_key(session: Session, content: Content, api_key: str | None) -> None:
    """Delete a key, if there is such a one."""
    owner = callers.user_of_key(session.repository, api_key or "")
    user = session.by_id(owner) if owner is not None else None
    if user is None:
        return
    if not _may_manage(session, user):
        raise forbidden()
    callers.delete_keys(session.repository, user.id, api_key)


@operation("DeleteApiKeys", types=USER, roles=ALL)
def delete_api_keys(session: Session, content: Content) -> None:
    """Delete all keys of a user; only administrators may."""
    if ADMINISTRATORS not in session.caller.identities:
        raise forbidden()
    callers.delete_keys(session.repository, content.id)


@operation("DeleteApiKeys", types=ROOT, roles=("Administrators",))
def delete_all_api_keys(session: Session, content: Content) -> None:
    """Delete the keys of all users."""
    callers.delete_keys(session.repository)


def _may_manage(session: Session, user: Content) -> bool:
    mine = user.id == session.caller.id and user.id != VISITOR
    return mine or session.can(user, "Save")


def _document(key: ApiKey) -> Json:
    return {"Value": key.value, "CreationDate": key.created, "ExpirationDate": key.expires.removesuffix("Z")}
