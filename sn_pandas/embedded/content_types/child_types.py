"""Which content types are allowed below a content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn_pandas.embedded.content_types.definitions import FOLDER
from sn_pandas.embedded.contents import Content

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

"""Path of the folder of the content types."""


def effective_child_types(content: Content, session: Session) -> list[str]:
    """Return the types that the caller may create below a content: its `EffectiveAllowedChildTypes`.

    Types that the caller cannot see are left out; where every type is allowed (a system folder), hidden ones
    are listed, too.
    """
    found = all_child_types(content, session)
    if len(found) == len(session.types):
        return found
    return [name for name in found if name in session.visible_types]


def all_child_types(content: Content, session: Session) -> list[str]:
    """Return the types allowed below a content; SystemFolder comes last unless a list names it."""
    found = listed_child_types(content, session)
    if "SystemFolder" not in found and content.path != FOLDER:
        found.append("SystemFolder")
    return found


def listed_child_types(content: Content, session: Session) -> list[str]:
    """Return the allowed types listed by a content or its type; a folder inherits those of its parent."""
    holder = lister(content, session)
    own = _own_list(holder, session)
    if own:
        return own
    found = session.types.get(holder.type)
    if found is None:
        return []
    if found.name in ("SystemFolder", "TrashBag"):
        return list(session.types)
    return [name for name in found.allowed_child_types if name in session.types]


def child_types(content: Content, session: Session) -> list[str]:
    """Return the types that a content lists itself; a folder shows the list of what it is in."""
    return _own_list(lister(content, session), session)


def lister(content: Content, session: Session) -> Content:
    """Return the nearest content, from this one upwards, whose type does not leave the list to its parent."""
    holder = content
    while session.types.of(holder.type).transitive:
        parent = session.store.load(holder.parent_id)
        if parent is None:
            break
        holder = parent
    return holder


def _own_list(content: Content, session: Session) -> list[str]:
    return [name for name in content.fields.get("AllowedChildTypes") or () if name in session.types]
