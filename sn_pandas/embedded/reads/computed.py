"""Fields whose value follows from something else: nothing of them is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date
from typing import Any

from sn_pandas.embedded.changes import versions
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.content_types.icons import icon
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.schema.localization import localize
from sn_pandas.embedded.session import Session

Json = Any
Reader = Callable[[Content, Session], Json]

NULL_FIELDS = frozenset(
    ("TypeIs", "InTree", "InFolder", "NodeType", "IsRateable", "RateStr", "RateAvg", "RateCount", "Rate")
)
"""Fields that entities show as null, though they have values."""


def is_file(content: Content, session: Session) -> bool:
    """Return whether a content has a field for its bytes."""
    return "Binary" in fields_of(session, content)


def display_name(content: Content, session: Session) -> Json:
    """Return what people call a content."""
    return localize(content.display_name)


def is_folder(content: Content, session: Session) -> Json:
    """Return whether a content is made to hold others."""
    return session.types.of(content.type).is_a("Folder")


def _due(content: Content, session: Session) -> int:
    """Return the days that are left until a task is due."""
    text = content.fields.get("DueDate") or "0001-01-01T00:00:00Z"
    return (date.fromisoformat(text[:10]) - session.repository.clock().astimezone(UTC).date()).days


def _remaining_days(content: Content, session: Session) -> Json:
    return abs(_due(content, session))


def _due_text(content: Content, session: Session) -> Json:
    if (content.fields.get("Status") or [""])[0] == "completed":
        return ""
    left = _due(content, session)
    if left < 0:
        return f"{-left} days overdue"
    return f"{left} days left" if left else "due today"


def _due_style(content: Content, session: Session) -> Json:
    if (content.fields.get("Status") or [""])[0] == "completed":
        return "sn-deadline-completed"
    left = _due(content, session)
    return "sn-deadline-overdue" if left < 0 else "sn-deadline-soon" if left < 7 else "sn-deadline-later"


def _size(content: Content, session: Session) -> Json:
    binary = content.fields.get("Binary")
    if content.saving_state:
        return 0.0
    return float(binary["size"]) if binary else -1.0


def _profile_path(content: Content, session: Session) -> Json:
    return f"/Root/Profiles/{_domain(content, session)}/{content.name}"


def _domain(content: Content, session: Session) -> Json:
    for ancestor in session.ancestors(content):
        if ancestor.type == "Domain":
            return ancestor.name
    return None


EMPTY_LIST_DEFINITION = (
    "<ContentListDefinition xmlns='http://schemas.sensenet.com/SenseNet/ContentRepository/ContentListDefinition'>"
    "<Fields /></ContentListDefinition>"
)
"""The definition of a list that has no fields of its own."""

READERS: dict[str, Reader] = {
    "DisplayName": display_name,
    "Description": lambda content, session: localize(content.fields.get("Description")),
    "Icon": icon,
    "IsFolder": is_folder,
    "TypeIs": lambda content, session: content.type,
    "InTree": lambda content, session: content.path,
    "InFolder": lambda content, session: content.path,
    "Locked": lambda content, session: content.locked_by != 0,
    "SavingState": lambda content, session: [str(content.saving_state)],
    "BrowseUrl": lambda content, session: "",
    "Publishable": lambda content, session: versions.can(session, content, "Publish"),
    "Approvable": lambda content, session: versions.can(session, content, "Approve"),
}
"""Name of a field -> how it is worked out, on contents of every type."""

READERS_OF_TYPE: dict[tuple[str, str], Reader] = {
    ("File", "Size"): _size,
    ("File", "FullSize"): lambda content, session: -1.0,
    ("File", "PageCount"): lambda content, session: content.fields.get("PageCount", -4),
    ("Application", "RequiredPermissions"): lambda content, session: (
        content.fields.get("RequiredPermissions") or []
    ),
    ("FieldSettingContent", "Icon"): lambda content, session: content.fields.get("Icon"),
    ("Task", "RemainingDays"): _remaining_days,
    ("Task", "DueText"): _due_text,
    ("Task", "DueCssClass"): _due_style,
    ("ContentList", "ContentListDefinition"): lambda content, session: (
        content.fields.get("ContentListDefinition") or EMPTY_LIST_DEFINITION
    ),
    ("Query", "QueryType"): lambda content, session: [
        "Private" if content.path.lower().startswith("/root/profiles/") else "Public"
    ],
    ("User", "Domain"): _domain,
    ("User", "ProfilePath"): _profile_path,
    ("ContentType", "Categories"): lambda content, session: " ".join(
        session.types[content.name].settings.get("Categories", ()) if content.name in session.types else ()
    ),
    ("ContentType", "HandlerName"): lambda content, session: (
        session.types[content.name].handler if content.name in session.types else None
    ),
    ("ContentType", "ParentTypeName"): lambda content, session: (
        session.types[content.name].parent if content.name in session.types else None
    ),
    ("ContentType", "DisplayName"): lambda content, session: (
        session.types[content.name].display_name if content.name in session.types else content.name
    ),
    ("ContentType", "Description"): lambda content, session: (
        session.types[content.name].settings.get("Description") if content.name in session.types else None
    ),
    ("ContentType", "Icon"): lambda content, session: (
        session.types[content.name].icon if content.name in session.types else None
    ),
    ("ContentType", "IsSystemType"): lambda content, session: False,
}
"""Type and name of a field -> how it is worked out, on contents of the type and of those derived from it."""


def reader(content_type: str, lineage: tuple[str, ...], name: str) -> Reader | None:
    """Return how a field is worked out on contents of a type; None if it is stored."""
    for ancestor in lineage or (content_type,):
        found = READERS_OF_TYPE.get((ancestor, name))
        if found is not None:
            return found
    return READERS.get(name)
