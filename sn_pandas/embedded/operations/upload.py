"""Upload: files with their bytes, and content types by their definition."""

from __future__ import annotations

import mimetypes
from typing import Any

from sn_pandas.embedded import definitions, naming, saving, writes
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import bad_request
from sn_pandas.embedded.operations.registry import operation
from sn_pandas.embedded.repository import Session

Json = Any
BOM = b"\xef\xbb\xbf"


@operation(
    "Upload",
    parameters=[
        ("FileName", "string", False),
        ("ContentType", "string", False),
        ("PropertyName", "string", False),
        ("Overwrite", "bool", False),
        ("FileText", "string", False),
    ],
)
def upload(
    session: Session,
    content: Content,
    FileName: str | None = None,  # noqa: N803 - the names on the wire
    ContentType: str | None = None,  # noqa: N803
    PropertyName: str | None = None,  # noqa: N803
    Overwrite: bool = True,  # noqa: N803
    FileText: str | None = None,  # noqa: N803
) -> Json:
    """Store a text as the bytes of a file below a content."""
    text = FileText or ""
    if ContentType == "ContentType" or content.type == "ContentType" or content.name == "ContentTypes":
        saved = definitions.install(session, text)
    else:
        saved = _store(session, content, FileName or "", ContentType or "File", PropertyName or "Binary",
                       BOM + text.encode(), Overwrite)  # fmt: skip
    return {
        "Url": saved.path,
        "Thumbnail_url": saved.path,
        "Name": saved.name,
        "Length": len(text),
        "Type": saved.type,
        "Id": saved.id,
    }


def _store(
    session: Session, parent: Content, name: str, type_name: str, field: str, data: bytes, overwrite: bool
) -> Content:
    existing = session.by_path(f"{parent.path}/{naming.made(name)}")
    if type_name not in session.types:
        raise bad_request("ApplicationException", f"Unknown ContentType: {type_name}")
    with session.store.transaction():
        binary = {
            "file": session.store.put_file(data),
            "name": name,
            "type": mimetypes.guess_type(name)[0] or "application/octet-stream",
            "size": len(data),
        }
        if existing is not None and overwrite:
            before = existing.copy()
            existing.fields[field] = binary
            saving.update(session, before, existing, set())
            return existing
        made = writes.new_content(session, parent, session.types[type_name], naming.made(name))
        made.fields[field] = binary
        saving.create(session, made, parent, set())
        return made
