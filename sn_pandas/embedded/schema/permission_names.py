"""The permissions that there are."""

from __future__ import annotations

NAMED = (
    "See", "Preview", "PreviewWithoutWatermark", "PreviewWithoutRedaction", "Open", "OpenMinor", "Save",
    "Publish", "ForceCheckin", "AddNew", "Approve", "Delete", "RecallOldVersion", "DeleteOldVersion",
    "SeePermissions", "SetPermissions", "RunApplication", "ManageListsAndWorkspaces", "TakeOwnership",
)  # fmt: skip
"""The permissions that have a meaning."""

NAMES = (
    *NAMED,
    *(f"Unused{n:02}" for n in range(13, 0, -1)),
    *(f"Custom{n:02}" for n in range(1, 33)),
)
"""All permissions; the place of a name is its bit."""
