"""Operations that need what this repository has not: previews, Office, tasks elsewhere, second factors.

They stand in the lists, and answer as the real server does without those services.
"""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.changes import previews
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.operations.registry import ALL, ANY, NOBODY, Contents, operation
from sn_pandas.embedded.session import Session

Json = Any

FILE = ("File",)
USER = ("User",)


@operation(
    "Ad2PortalSyncFinalizer",
    partial="admits nobody, as the server",
    types=ANY,
    roles=NOBODY,
    parameters=[("result", "object")],
)
def ad_finalizer(session: Session, content: Content, result: Json) -> None:
    """Exists only for the lists; the server admits nobody."""


@operation(
    "DocumentPreviewFinalizer",
    partial="no previews are made",
    types=ANY,
    roles=ALL,
    parameters=[("result", "object")],
)
def preview_finalizer(session: Session, content: Content, result: Json) -> None:
    """Accept a finished preview, without storing one."""


@operation(
    "GetWopiData",
    partial="there is no office server",
    action=False,
    types=ANY,
    parameters=[("action", "string")],
)
def wopi_data(session: Session, content: Content, action: str | None) -> None:
    """Raise: documents are not opened in an office server."""
    raise server_error("SnNotSupportedException", "There is no office server.")


@operation(
    "GetReplicationTemplate",
    partial="replication is refused",
    action=False,
    types=ANY,
    roles=("Administrators", "Developers"),
)
def replication_template(session: Session, content: Content) -> None:
    """Raise: there is no replication to describe."""
    raise server_error("NotSupportedException", "Replication is not supported.")


@operation(
    "CheckPreviews", partial="no previews are made", types=FILE, parameters=[("generateMissing", "bool")]
)
def check_previews(session: Session, content: Content, generate_missing: bool | None) -> Json:
    """Return how many previews there are of how many pages."""
    return {"PageCount": previews.page_count(content), "PreviewCount": 0}


@operation("GetExistingPreviewImages", partial="no previews are made", action=False, types=FILE)
def existing_previews(session: Session, content: Content) -> list[Json]:
    """Return the previews of a file."""
    return []


@operation("GetPreviewImages", partial="no previews are made", action=False, types=FILE)
def preview_images(session: Session, content: Content) -> Contents:
    """Return the previews of a file."""
    return Contents()


@operation(
    "PreviewAvailable", partial="no previews are made", action=False, types=FILE, parameters=[("page", "int")]
)
def preview_available(session: Session, content: Content, page: int | None) -> Json:
    """Return whether there is a preview of a page."""
    return {"PreviewAvailable": None, "Width": 0, "Height": 0}


@operation("GetPageCount", partial="nobody counts pages", types=FILE)
def page_count(session: Session, content: Content) -> int:
    """Return the number of pages of a file, or why it is unknown: pages of a new file are not counted."""
    count = previews.page_count(content)
    return previews.NO_PROVIDER if count == previews.UNCOUNTED else count


@operation("GetPreviewsFolder", types=FILE, parameters=[("empty", "bool")])
def previews_folder(session: Session, content: Content, empty: bool | None) -> Json:
    """Return the folder in which the previews of a version would be kept, which is made."""
    [folder] = previews.make_folders(session, content, [content.version])
    return {"Id": folder.id, "Path": folder.path}


@operation("RegeneratePreviews", partial="no previews are made", types=FILE)
def regenerate_previews(session: Session, content: Content) -> Json:
    """Mark the previews as being made."""
    previews.set_page_count(session, content, previews.IN_PROGRESS)
    return {"PageCount": previews.IN_PROGRESS, "PreviewCount": 0}


@operation("SetPageCount", types=FILE, permissions=["Open"], parameters=[("pageCount", "int")])
def set_page_count(session: Session, content: Content, page_count: int | None) -> None:
    """Write down the number of pages of a file."""
    previews.set_page_count(session, content, page_count or 0)


@operation(
    "SetPreviewStatus",
    types=FILE,
    permissions=["Open"],
    parameters=[("status", "|".join(previews.STATES))],
)
def set_preview_status(session: Session, content: Content, status: str | None) -> None:
    """Write down the state of the previews of a file; that they are ready is not for callers to say."""
    if status == "Ready":
        raise server_error("NotSupportedException", "Setting preview status to Ready is not supported.")
    previews.set_page_count(session, content, previews.STATES[status or "NoProvider"])


@operation("GetMultiFactorAuthenticationInfo", partial="there is no second factor", action=False, types=USER)
def multi_factor_info(session: Session, content: Content) -> Json:
    """Return whether a user logs in with a second factor: never here."""
    return {"multiFactorEnabled": False, "multiFactorRegistered": False, "qrCodeSetupImageUrl": "",
            "manualEntryKey": ""}  # fmt: skip


@operation("ResetTwoFactorKey", partial="there is no second factor", types=USER)
def reset_two_factor_key(session: Session, content: Content) -> None:
    """Raise: there is no second factor to make a key for."""
    raise server_error("SnNotSupportedException", "There is no second factor here.")


@operation(
    "ValidateTwoFactorCode",
    partial="there is no second factor",
    types=USER,
    parameters=[("twoFactorCode", "string")],
)
def validate_two_factor_code(session: Session, content: Content, two_factor_code: str | None) -> None:
    """Raise: there is no second factor to check."""
    raise server_error("SnNotSupportedException", "There is no second factor here.")
