"""Which content types may be created below a content."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.changes import saving
from sn_pandas.embedded.content_types import child_types
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.operations.registry import ADMINISTRATORS, ANY, Contents, operation
from sn_pandas.embedded.session import Session

Json = Any
TYPES = [("contentTypes", "string[]")]


@operation("AddAllowedChildTypes", parameters=TYPES, types=ANY)
def add_allowed_child_types(session: Session, content: Content, content_types: list[str] | None) -> str:
    """Allow more types below a content."""
    if content.type == "Folder":
        raise server_error(
            "InvalidOperationException", f"Cannot allow any content type on a Folder. Path: {content.path}"
        )
    allowed = child_types.all_child_types(content, session)
    _save(session, content, list(dict.fromkeys([*allowed, *_installed_names(session, content_types)])))
    return ""


@operation("RemoveAllowedChildTypes", parameters=TYPES, types=ANY)
def remove_allowed_child_types(session: Session, content: Content, content_types: list[str] | None) -> str:
    """Allow fewer types below a content."""
    gone = set(_installed_names(session, content_types))
    left = [name for name in child_types.listed_child_types(content, session) if name not in gone]
    of_type = _installed_names(session, session.types.of(content.type).allowed_child_types)
    _save(session, content, [] if left == of_type else left)
    return ""


@operation("GetAllowedChildTypesFromCTD", action=False, types=ANY)
def allowed_by_definition(session: Session, content: Content) -> Contents:
    """Return the types that the definition of the content's type allows."""
    content_type = session.types.get(content.type)
    names = content_type.allowed_child_types if content_type is not None else ()
    found = [session.by_path(session.types[name].path) for name in names if name in session.types]
    return Contents(one for one in found if one is not None)


@operation("CheckAllowedChildTypesOfFolders", action=False, types=ANY, roles=ADMINISTRATORS)
def check_folders(session: Session, content: Content) -> dict[str, Json]:
    """Return the folders below a content that list types, which they never should: path -> names."""
    found = {}
    for one in session.store.load_many(session.store.subtree_ids(content.path)):
        if one.type == "Folder" and one.fields.get("AllowedChildTypes"):
            found[one.path] = list(one.fields["AllowedChildTypes"])
    return found


def _save(session: Session, content: Content, names: list[str]) -> None:
    before = content.copy()
    content.fields["AllowedChildTypes"] = names
    saving.update(session, before, content, {"AllowedChildTypes"})


def _installed_names(session: Session, names: list[str] | None) -> list[str]:
    return [name for name in names or () if name in session.types]
