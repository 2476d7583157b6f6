"""Operations that need what this repository has not: previews, Office, tasks elsewhere, second factors.

They stand in the lists, and answer as the real server does without those services.
"""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.operations.registry import ADMINISTRATORS, ALL, ANY, NOBODY, Contents, operation
from sn_pandas.embedded.repository import Session

Json = Any

FILE = ("File",)
USER = ("User",)
PREVIEW_STATES = "NoProvider|Postponed|Error|NotSupported|InProgress|EmptyDocument|Ready"
NOT_ONE_PAGE = -4
"""The number of pages of a file for which there is nobody to count them."""


@operation("Ad2PortalSyncFinalizer", types=ANY, roles=NOBODY, parameters=[("result", "object")])
def ad_finalizer(session: Session, content: Content, result: Json) -> None:
    """Stand in the lists; the server admits nobody."""


@operation("DocumentPreviewFinalizer", types=ANY, roles=ALL, parameters=[("result", "object")])
def preview_finalizer(session: Session, content: Content, result: Json) -> None:
    """Take note of a finished preview: there are none."""


@operation("GetWopiData", action=False, types=ANY, parameters=[("action", "string")])
def wopi_data(session: Session, content: Content, action: str | None) -> None:
    """Refuse to open a document in an office server."""
    raise server_error("SnNotSupportedException", "There is no office server.")


@operation("GetReplicationTemplate", action=False, types=ANY, roles=("Administrators", "Developers"))
def replication_template(session: Session, content: Content) -> None:
    """Refuse to describe a replication."""
    raise server_error("NotSupportedException", "Replication is not supported.")


@operation("CheckPreviews", types=FILE, parameters=[("generateMissing", "bool")])
def check_previews(session: Session, content: Content, generate_missing: bool | None) -> Json:
    """Return how many previews there are of how many pages."""
    return {"PageCount": NOT_ONE_PAGE, "PreviewCount": 0}


@operation("GetExistingPreviewImages", action=False, types=FILE)
def existing_previews(session: Session, content: Content) -> list[Json]:
    """Return the previews of a file."""
    return []


@operation("GetPreviewImages", action=False, types=FILE)
def previews(session: Session, content: Content) -> Contents:
    """Return the previews of a file."""
    return Contents()


@operation("PreviewAvailable", action=False, types=FILE, parameters=[("page", "int")])
def preview_available(session: Session, content: Content, page: int | None) -> Json:
    """Return whether there is a preview of a page."""
    return {"PreviewAvailable": None}


@operation("GetPageCount", types=FILE)
def page_count(session: Session, content: Content) -> int:
    """Return the number of pages of a file."""
    return NOT_ONE_PAGE


@operation("GetPreviewsFolder", types=FILE, parameters=[("empty", "bool")])
def previews_folder(session: Session, content: Content, empty: bool | None) -> Json:
    """Refuse to show where previews are kept."""
    raise server_error("SnNotSupportedException", "There are no previews.")


@operation("RegeneratePreviews", types=FILE)
def regenerate_previews(session: Session, content: Content) -> None:
    """Take note of the wish for new previews."""


@operation("SetPageCount", types=FILE, roles=ADMINISTRATORS, parameters=[("pageCount", "int")])
def set_page_count(session: Session, content: Content, page_count: int | None) -> None:
    """Take note of a number of pages."""


@operation(
    "SetPreviewStatus",
    types=FILE,
    roles=ADMINISTRATORS,
    parameters=[("status", PREVIEW_STATES)],
)
def set_preview_status(session: Session, content: Content, status: str | None) -> None:
    """Take note of the state of previews."""


@operation("GetMultiFactorAuthenticationInfo", action=False, types=USER)
def multi_factor_info(session: Session, content: Content) -> Json:
    """Return whether a user logs in with a second factor: never here."""
    return {"multiFactorEnabled": False, "multiFactorRegistered": False, "qrCodeSetupImageUrl": "",
            "manualEntryKey": ""}  # fmt: skip


@operation("ResetTwoFactorKey", types=USER)
def reset_two_factor_key(session: Session, content: Content) -> None:
    """Refuse to make a new key of a second factor."""
    raise server_error("SnNotSupportedException", "There is no second factor here.")


@operation("ValidateTwoFactorCode", types=USER, parameters=[("twoFactorCode", "string")])
def validate_two_factor_code(session: Session, content: Content, two_factor_code: str | None) -> None:
    """Refuse to check a code of a second factor."""
    raise server_error("SnNotSupportedException", "There is no second factor here.")
