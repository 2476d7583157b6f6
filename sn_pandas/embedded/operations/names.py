"""Names of contents, localized texts, and protected contents."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from sn_pandas.embedded.changes import naming, protection
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import bad_request
from sn_pandas.embedded.operations.registry import ANYBODY, ROOT, operation
from sn_pandas.embedded.session import Session


@operation(
    "GetNameFromDisplayName", action=False, types=ROOT, roles=ANYBODY, parameters=[("displayName", "string")]
)
def name_from_display_name(session: Session, content: Content, display_name: str | None) -> str | None:
    """Return the name that a new content with this display name would get."""
    return None if display_name is None else naming.name_from(display_name)


@operation("ProtectedPaths", action=False, types=ROOT)
def protected_paths(session: Session, content: Content) -> list[str]:
    """Return the paths of contents that cannot be deleted."""
    return protection.protected_paths(session)


@operation(
    "GetResourceClass",
    action=False,
    types=ROOT,
    roles=ANYBODY,
    parameters=[("className", "string"), ("langCode", "string")],
)
def resource_class(
    session: Session, content: Content, class_name: str | None, lang_code: str | None
) -> dict[str, str]:
    """Return the texts of a class in a language, out of the resource files of the repository."""
    found: dict[str, str] = {}
    folder = session.store.by_path("/Root/Localization")
    for one in session.store.children(folder.id) if folder is not None else ():
        binary = one.fields.get("Binary")
        if binary:
            found |= _texts(session.store.file(binary["file"]), class_name or "", lang_code or "")
    if not found:
        raise bad_request(
            "ApplicationException",
            f"Localization resource with classname '{class_name}' and language '{lang_code}' not found",
        )
    return found


def _texts(data: bytes, class_name: str, language: str) -> dict[str, str]:
    try:
        root = ET.fromstring(data)
    except ET.ParseError:
        return {}
    found: dict[str, str] = {}
    for group in root.iter():
        if group.tag.rpartition("}")[2] != "ResourceClass" or group.get("name") != class_name:
            continue
        for part in group.iter():
            if part.tag.rpartition("}")[2] == "Language" and part.get("cultureName") == language:
                found |= {item.get("name", ""): "".join(item.itertext()).strip() for item in part}
    return found
