"""Which content types may be created below a content."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded import computed, saving
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.operations.registry import operation
from sn_pandas.embedded.repository import Session


@operation("AddAllowedChildTypes", parameters=[("contentTypes", "string[]")], permissions=["Save"])
def add_allowed_child_types(session: Session, content: Content, contentTypes: list[str]) -> None:  # noqa: N803 - the name on the wire
    """Allow more types below a content."""
    before = content.copy()
    names = list(dict.fromkeys([*computed.child_types(content, session), *_known(session, contentTypes)]))
    content.fields["AllowedChildTypes"] = names
    saving.update(session, before, content, set())


@operation("RemoveAllowedChildTypes", parameters=[("contentTypes", "string[]")], permissions=["Save"])
def remove_allowed_child_types(session: Session, content: Content, contentTypes: list[str]) -> None:  # noqa: N803 - the name on the wire
    """Allow fewer types below a content."""
    before = content.copy()
    gone = set(_known(session, contentTypes))
    content.fields["AllowedChildTypes"] = [n for n in computed.child_types(content, session) if n not in gone]
    saving.update(session, before, content, set())


def _known(session: Session, names: Any) -> list[str]:
    return [name for name in names or () if name in session.types]
