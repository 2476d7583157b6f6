"""Bytes and links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.contents import Content, Value
from sn_pandas.embedded.errors import invalid_cast
from sn_pandas.embedded.fields.base import IGNORED, Kind, net_type
from sn_pandas.embedded.schema.types import Field

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any


class Binary(Kind):
    """Bytes with a name and a content type."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return None
        if isinstance(value, dict):
            return IGNORED
        raise invalid_cast(net_type(value), "SenseNet.ContentRepository.Storage.BinaryData")

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        source = f"/binaryhandler.ashx?nodeid={content.id}&propertyname={field.name.replace('#', '$')}"
        kind = stored["type"] if stored else "text/xml" if content.type == "ContentType" else ""
        if content.saving_state:
            kind = None
        return {
            "__mediaresource": {
                "edit_media": None,
                "media_src": source,
                "content_type": kind,
                "media_etag": None,
            }
        }

    def property(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        stored = stored or {"file": 0, "name": "", "type": "", "size": -1}
        stem, dot, extension = stored["name"].rpartition(".")
        return {
            "IsEmpty": stored["size"] < 0 or not stored["file"],
            "IsModified": False,
            "Id": stored["file"],
            "FileId": stored["file"],
            "Size": stored["size"],
            "FileName": {
                "IsValid": bool(stored["name"]),
                "FullFileName": stored["name"] if dot else f"{stored['name']}.",
                "FileNameWithoutExtension": stem if dot else extension,
                "Extension": extension if dot else "",
            },
            "ContentType": stored["type"],
            "Checksum": None,
            "Timestamp": 0,
            "BlobProvider": None,
            "BlobProviderData": None,
        }

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return not field.compulsory or bool(stored)


class HyperLink(Kind):
    """A link; nothing that JSON can say fills it."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        return None

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return stored or {"Href": None, "Text": None, "Title": None, "Target": None}

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        match = re.match(r"<a\s+([^>]*)>(.*?)</a>", text or "", re.DOTALL)
        if match is None:
            return None
        attributes = dict(re.findall(r"""(\w+)=["']([^"']*)["']""", match.group(1)))
        return {
            "Href": attributes.get("href"),
            "Text": match.group(2),
            "Title": attributes.get("title"),
            "Target": attributes.get("target"),
        }

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return True
