"""The text of a file as ``$expand`` and rich answers show it."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.content_types import type_xml
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.storage.binaries import full_name, has_bytes

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any

LARGEST_TEXT = 1024 * 1024


def expanded_binary(content: Content, field: Field, session: Session) -> dict[str, Json]:
    """Return the text of a binary field, for ``$expand``.

    Raises
    ------
    ODataError
        If nothing was ever written to the field.
    """
    stored = content.fields.get(field.name)
    if not has_bytes(stored) and content.type == "ContentType" and content.name in session.types:
        data = type_xml.definition_of(session.types[content.name])
        return _describe(f"{content.name}.ContentType", "text/xml", len(data), "", data.decode())
    if not has_bytes(stored):
        if field.name == "Binary":
            return _describe("", "", 0, "", "")
        raise server_error("NullReferenceException", "Object reference not set to an instance of an object.")
    extensions, largest = _limits(session, content)
    name, size = full_name(stored["name"]), stored["size"]
    extension = name.rpartition(".")[2].lower()
    if size > largest:
        return _describe(name, stored["type"], size, f"Size limit exceed. Limit: {largest}, size: {size}")
    if content.saving_state:
        return _describe("", "", None, "Content is not finalized.")
    if extensions and extension not in extensions:
        restricted = f"Not a text file. The *.{extension} is restricted by the file extension list."
        return _describe(name, stored["type"], size, restricted)
    text = _text(session.store.file(stored["file"]))
    if text is None:
        return _describe(
            name, stored["type"], size, "Not a text file. Contains one or more non-text characters"
        )
    return _describe(name, stored["type"], size, "", text)


def _describe(
    name: str, content_type: str, size: int | None, message: str, text: str | None = None
) -> dict[str, Json]:
    return {"FileName": name, "ContentType": content_type, "Length": size, "Message": message, "Text": text}


def _text(data: bytes) -> str | None:
    """Return the text of a file by its byte order mark, else UTF-8; None if it holds control characters."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, "replace")
            break
    else:
        text = data.decode("utf-8", "replace")
    text = text.rstrip("\0")
    if any((c < " " and c not in "\t\n\r") or c == "\x7f" for c in text):
        return None
    return text


def _limits(session: Session, content: Content) -> tuple[set[str], int]:
    """Return the visible extensions (None = all) and their maximum size, from the settings ``TextFiles``."""
    extensions: set[str] = set()
    largest = LARGEST_TEXT
    for place in ["/Root/System", *(one.path for one in reversed([content, *session.ancestors(content)]))]:
        settings = session.store.by_path(f"{place}/Settings/TextFiles.settings")
        stored = settings.fields.get("Binary") if settings is not None else None
        if not stored:
            continue
        try:
            found = json.loads(_text(session.store.file(stored["file"])) or "{}")
        except ValueError:
            continue
        if isinstance(found.get("Extensions"), list):
            extensions = {str(one).lower().lstrip(".") for one in found["Extensions"]}
        if isinstance(found.get("MaxExpandableSize"), int):
            largest = found["MaxExpandableSize"]
    return extensions, largest
