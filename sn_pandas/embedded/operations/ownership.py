"""Whose content it is."""

from __future__ import annotations

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.operations.registry import ANY, operation
from sn_pandas.embedded.security import accounts
from sn_pandas.embedded.session import Session


@operation("TakeOwnership", types=ANY, permissions=["TakeOwnership"], parameters=[("userOrGroup", "string")])
def take_ownership(session: Session, content: Content, user_or_group: str | None) -> None:
    """Set the caller, or a user, as the owner of a content."""
    owner = session.caller.id
    if user_or_group:
        found = session.resolve(user_or_group)
        someone = session.by_id(found) if found is not None else None
        if someone is None:
            raise server_error(
                "ArgumentException",
                f"The parameter cannot be recognized as a path or an Id: {user_or_group}",
            )
        kind = accounts.kind(session.store, someone)
        if kind not in ("user", "group"):
            raise server_error(
                "ArgumentException",
                f"The parameter cannot be recognized as a User or a Group: {user_or_group}",
            )
        if kind == "group":
            raise server_error("ArgumentOutOfRangeException", "Owner must be IUser. (Parameter 'Owner')")
        owner = someone.id
    content.owner = owner
    session.store.save(content)
