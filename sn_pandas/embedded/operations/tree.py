"""Operations that answer other contents of the tree."""

from __future__ import annotations

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.operations.registry import Contents, operation
from sn_pandas.embedded.repository import Session


@operation("Ancestors", action=False)
def ancestors(session: Session, content: Content) -> Contents:
    """Return what is above a content, nearest first."""
    return Contents(one for one in session.ancestors(content) if session.sees(one))


@operation("GetCurrentUser", action=False)
def current_user(session: Session, content: Content) -> Content | None:
    """Return the user who sends the request."""
    return session.store.load(session.caller.id)
