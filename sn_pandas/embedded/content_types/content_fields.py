"""The fields of one content: those of its type, and those that a list, aspects or its own settings add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sn_pandas.embedded.content_types import added_fields, grown_fields
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.schema.types import Field

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session


def fields_of(session: Session, content: Content) -> Mapping[str, Field]:
    """Return all fields of a content, by name."""
    found = session.types.get(content.type) or session.types["GenericContent"]
    if grown_fields.KEPT in content.fields:
        return found.fields | grown_fields.of_content(content)
    added = added_fields.of_content(session, content)
    if not added:
        return found.fields
    key = (found.name, content.parent_id, *added)
    if key not in session.merged_fields:
        session.merged_fields[key] = {**found.fields, **added}
    return session.merged_fields[key]
