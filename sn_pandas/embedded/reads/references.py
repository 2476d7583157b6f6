"""What the references of a content hold, as the caller may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn_pandas.embedded.changes import list_fields, versions
from sn_pandas.embedded.content_types import child_types
from sn_pandas.embedded.contents import HEAD_REFERENCES, SOMEBODY, Content
from sn_pandas.embedded.security import entries

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session


def targets(session: Session, content: Content, name: str) -> list[int]:
    """Return the ids that a reference field holds."""
    if name in HEAD_REFERENCES:
        found: list[int] = content.stored_value(name)
        return found
    if name == "AllRoles":
        units = entries.units_of(session.store, content.id)
        return [*units, *entries.groups_of(session.store, [content.id, *units])]
    if name == "DirectRoles":
        units = entries.units_of(session.store, content.id)
        return [*units[:1], *entries.groups_of(session.store, [content.id], directly=True)]
    if name == "Workspace":
        workspace = session.workspace(content)
        return [workspace.id] if workspace is not None else []
    return list(content.fields.get(name) or ())


def load_references(session: Session, content: Content, name: str) -> list[Content]:
    """Return the contents that a reference field holds and the caller may see.

    In place of an invisible creator, modifier or owner stands the built-in user Somebody.
    """
    if name == "Versions":
        return versions.of_content(session, content)
    if name == "FieldSettingContents":
        return list_fields.settings(session, content)
    ids = targets(session, content, name)
    found = session.load_many(ids)
    if not found and name in HEAD_REFERENCES and ids:
        somebody = session.store.load(SOMEBODY)
        return [somebody] if somebody is not None else []
    return found


def type_contents(session: Session, content: Content, name: str) -> list[Content]:
    """Return the content types that `AllowedChildTypes` or its effective form lists, as contents."""
    listed = child_types.child_types if name == "AllowedChildTypes" else child_types.effective_child_types
    found = [session.store.by_path(session.types[n].path) for n in listed(content, session)]
    return [content for content in found if content is not None]
