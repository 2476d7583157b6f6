"""DELETE."""

from __future__ import annotations

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import forbidden
from sn_pandas.embedded.repository import Session


def delete(session: Session, content: Content, *, permanent: bool) -> None:
    """Remove a content and everything below it."""
    if not session.can(content, "Delete"):
        raise forbidden()
    session.store.delete(session.store.subtree_ids(content.path))
