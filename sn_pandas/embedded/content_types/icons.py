"""The icons of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn_pandas.embedded import endings
from sn_pandas.embedded.contents import Content

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any


def icon(content: Content, session: Session) -> Json:
    """Return the name of the icon of a content."""
    if "Icon" in content.fields:
        return content.fields["Icon"]
    found = session.types.of(content.type)
    return (endings.icon(content.name) if found.is_a("File") else None) or found.icon
