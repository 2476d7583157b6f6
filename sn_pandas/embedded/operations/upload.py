"""Upload: files, whole or in chunks, and definitions of content types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sn_pandas.embedded.changes import saving, uploads, versions
from sn_pandas.embedded.content_types import definitions
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import forbidden, server_error
from sn_pandas.embedded.operations.registry import ANYBODY, EVERYTHING, operation
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import binaries
from sn_pandas.embedded.wire import answers
from sn_pandas.embedded.wire.answers import Answer
from sn_pandas.embedded.wire.bodies import Upload

Json = Any


@operation(
    "Upload",
    parameters=[
        ("FileLength", "long", False),
        ("ContentType", "string", False),
        ("PropertyName", "string", False),
        ("FileText", "string", False),
        ("Overwrite", "bool", False),
        ("ContentId", "int", False),
        ("FileName", "string", False),
        ("ChunkToken", "string", False),
        ("UseChunk", "bool", False),
        ("create", "string", False),
    ],
    permissions=["AddNew"],
    types=EVERYTHING,
)
def upload(
    session: Session,
    content: Content,
    headers: Mapping[str, str],
    files: Sequence[Upload],
    create: str | None = None,
    file_name: str | None = None,
    content_type: str | None = None,
    content_id: int | None = None,
    property_name: str | None = None,
    use_chunk: bool | None = None,
    overwrite: bool | None = None,
    file_length: int | None = None,
    chunk_token: str | None = None,
    file_text: str | None = None,
) -> Json:
    """Store a text or a file below a content; with ``create``, only return the token of the upload."""
    target = uploads.Target(
        content,
        file_name,
        content_type or None,
        property_name or "Binary",
        overwrite is not False,
        content_id or 0,
    )
    if create is not None:
        return str(uploads.start(session, target, bool(use_chunk), file_length or 0))
    if file_text:
        if _is_type(content, content_type):
            data = binaries.BOM + file_text.encode("utf-8", "replace")
            return _upload_answer(definitions.install(session, data), len(file_text))
        return _upload_answer(*uploads.text(session, target, file_text))
    if not files:
        if _is_form(headers):
            return None
        raise server_error(
            "InvalidOperationException",
            "This request does not have a Content-Type header. Forms are available from requests with bodies"
            " like POSTs and a form Content-Type of either application/x-www-form-urlencoded or"
            " multipart/form-data.",
        )
    file = files[0]
    if _is_type(content, content_type):
        return _upload_answer(definitions.install(session, file.data), len(file.data))
    if "content-range" in headers:
        piece = uploads.parse_range(headers["content-range"])
        token = uploads.parse_token(chunk_token)
        last = piece.end + 1 >= piece.total
        name = uploads.sent_name(headers.get("content-disposition")) if last else ""
        return _upload_answer(*uploads.chunk(session, token, piece, file.data, name))
    name = file.filename.rpartition("\\")[2]
    stored = uploads.store_whole(session, target, chunk_token, file.data, name)
    return None if stored is None else _upload_answer(*stored)


@operation(
    "StartBlobUploadToParent",
    partial="bytes written elsewhere never arrive",
    parameters=[
        ("name", "string"),
        ("contentType", "string"),
        ("fullSize", "long"),
        ("fieldName", "string", False),
    ],
    permissions=["AddNew"],
)
def start_blob_upload_to_parent(
    session: Session,
    content: Content,
    name: str,
    content_type: str,
    full_size: int,
    field_name: str | None = None,
) -> str:
    """Create a content whose bytes are written elsewhere, and return the token of the upload."""
    target = uploads.Target(content, name, content_type, field_name or "Binary")
    made, token = uploads.expect_below(session, target, full_size)
    return _script(made, token)


@operation(
    "StartBlobUpload",
    partial="bytes written elsewhere never arrive",
    parameters=[("fullSize", "long"), ("fieldName", "string", False)],
    permissions=["Save"],
)
def start_blob_upload(
    session: Session, content: Content, full_size: int, field_name: str | None = None
) -> str:
    """Start an upload of bytes that are written elsewhere, and return its token."""
    token = uploads.expect(session, content, field_name or "Binary", full_size)
    session.forget(content.id)
    return _script(session.store.load(content.id) or content, token)


@operation(
    "FinalizeBlobUpload",
    partial="bytes written elsewhere never arrive",
    parameters=[
        ("token", "string"),
        ("fullSize", "long"),
        ("fieldName", "string", False),
        ("fileName", "string", False),
    ],
    permissions=["Save"],
)
def finalize_blob_upload(
    session: Session,
    content: Content,
    token: str,
    full_size: int,
    field_name: str | None = None,
    file_name: str | None = None,
) -> str:
    """End an upload of bytes that were written elsewhere."""
    uploads.end(session, content, token, field_name or "Binary", full_size, file_name)
    return ""


@operation("FinalizeContent", permissions=["Save"])
def finalize_content(session: Session, content: Content) -> str:
    """End a save in several steps."""
    if content.locked_by not in (0, session.caller.id):
        raise forbidden()
    if not content.saving_state:
        raise server_error("InvalidOperationException", f"Cannot finalize the content {content.path}")
    whole = content.copy()
    saving.name_file(session, whole)
    versions.finalize(session, whole)
    return ""


@operation(
    "GetBinaryToken",
    action=False,
    roles=ANYBODY,
    parameters=[("fieldName", "string", False)],
    permissions=["Open"],
)
def get_binary_token(session: Session, content: Content, field_name: str | None = None) -> str:
    """Return what names the bytes of a field in the storage."""
    name = field_name or "Binary"
    field = fields_of(session, content).get(name)
    if field is None or field.kind != "Binary":
        raise server_error("InvalidOperationException", f"Unknown binary field: {name}")
    if content.saving_state:
        raise server_error(
            "InvalidOperationException", "Cannot serve a binary field during uploading any stream."
        )
    stored: binaries.Stored = content.fields.get(name) or {"file": 0}
    number = stored["file"]
    return f"{{ token: '{content.version_id}|1|{number}|{number}', versionId: {content.version_id} }}"


def _upload_answer(content: Content, length: int) -> Answer:
    """Return what every request with data is answered: JSON without a content type."""
    body = answers.dumps(
        {
            "Url": content.path,
            "Thumbnail_url": content.path,
            "Name": content.name,
            "Length": length,
            "Type": content.type,
            "Id": content.id,
        }
    )
    return Answer(200, body)


def _script(content: Content, token: str) -> str:
    return f"{{ id: '{content.id}', token: '{token}', versionId: {content.version_id} }}"


def _is_type(parent: Content, content_type: str | None) -> bool:
    """Return whether an upload is a definition of a content type."""
    return content_type == "ContentType" or parent.type == "ContentType" or parent.name == "ContentTypes"


def _is_form(headers: Mapping[str, str]) -> bool:
    kind = headers.get("content-type", "").lower()
    return kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded"))
