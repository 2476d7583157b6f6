"""Contents that nobody may delete or move."""

from __future__ import annotations

from sn_pandas.embedded.schema.types import built_in_definitions
from sn_pandas.embedded.session import Session

PORTAL = "/Root/IMS/BuiltIn/Portal"
PROTECTED = (
    "/Root", "/Root/ContentTemplates", "/Root/IMS", "/Root/IMS/BuiltIn", PORTAL, f"{PORTAL}/Admin",
    f"{PORTAL}/Administrators", f"{PORTAL}/AdminUIViewers", f"{PORTAL}/PublicAdmin", f"{PORTAL}/Visitor",
    f"{PORTAL}/Everyone", "/Root/IMS/Public", "/Root/IMS/Public/Administrators", "/Root/System",
    "/Root/System/Schema", "/Root/System/Schema/ContentTypes",
)  # fmt: skip
"""What can neither be deleted nor moved, beside the built-in content types."""


def protected_paths(session: Session) -> list[str]:
    """Return the paths of contents that cannot be deleted or moved."""
    unprotected = {"FieldSettingContent", "Operation"}
    types = []
    for definition in built_in_definitions():
        one = session.types.get(definition["Name"])
        if one is None or definition["Name"] == "Operation" or unprotected & set(one.lineage[1:]):
            continue
        types.append(one.path)
    return [*PROTECTED, *sorted(types)]
