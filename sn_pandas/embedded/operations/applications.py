"""Applications: what clients offer on contents of a type, kept as contents below folders named ``(apps)``."""

from __future__ import annotations

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.session import Session

FOLDER = "(apps)"


def of_content(session: Session, content: Content) -> list[Content]:
    """Return the applications of a content for the caller, by name; nearer and more specific ones win."""
    found: dict[str, Content] = {}
    content_type = session.types.get(content.type)
    lineage = ("This", *content_type.lineage) if content_type is not None else ("This", "GenericContent")
    for place in [content, *session.ancestors(content)]:
        for type_name in lineage:
            folder = session.store.by_path(f"{place.path}/{FOLDER}/{type_name}")
            if folder is None or (type_name == "This" and place.id != content.id):
                continue
            for application in session.store.children(folder.id):
                found.setdefault(name_of(application).lower(), application)
    allowed = (one for one in found.values() if session.can(one, "RunApplication"))
    return sorted(allowed, key=lambda one: name_of(one).lower())


def find(session: Session, content: Content, name: str) -> Content | None:
    """Return the application of a content with a name."""
    lower = name.lower()
    return next((one for one in of_content(session, content) if name_of(one).lower() == lower), None)


def name_of(application: Content) -> str:
    """Return the name under which an application is called."""
    return str(application.fields.get("AppName") or application.name)


def scenarios(application: Content) -> list[str]:
    """Return the lists of actions that contain an application."""
    text = application.fields.get("Scenario") or ""
    return [one.strip() for one in str(text).replace(";", ",").split(",") if one.strip()]


def is_forbidden(session: Session, content: Content, application: Content) -> bool:
    """Return whether the caller lacks what the application asks for on a content."""
    needed = application.fields.get("RequiredPermissions") or ()
    return not all(session.can(content, permission) for permission in needed)
