"""Bytes of contents: where they are kept, and how a text is shown by ``$expand``.

A binary field holds ``{"file", "name", "type", "size"}``; the bytes stand in the table ``files``, a row
each, written and read in pieces. A file belongs to one content: it lives as long as a version of that
content names it. Files that are still being uploaded stand in the table ``uploads``.
"""

from __future__ import annotations

import codecs
import json
import mimetypes
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.content_types.types import Field
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error

if TYPE_CHECKING:
    from sn_pandas.embedded.repository import Session
    from sn_pandas.embedded.storage.store import Store

Json = Any
Stored = dict[str, Any]

TABLES = """
CREATE TABLE IF NOT EXISTS file_owners (file_id INTEGER PRIMARY KEY, content_id INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS file_owners_content ON file_owners (content_id);
CREATE TRIGGER IF NOT EXISTS files_gone AFTER DELETE ON contents
BEGIN
    DELETE FROM files WHERE id IN (SELECT file_id FROM file_owners WHERE content_id = OLD.id);
    DELETE FROM file_owners WHERE content_id = OLD.id;
END;
CREATE TABLE IF NOT EXISTS uploads (
    token TEXT PRIMARY KEY,
    content_id INTEGER NOT NULL,
    field TEXT NOT NULL,
    file_id INTEGER NOT NULL,
    size INTEGER NOT NULL
);
CREATE TRIGGER IF NOT EXISTS uploads_gone AFTER DELETE ON contents
BEGIN
    DELETE FROM files WHERE id IN (SELECT file_id FROM uploads WHERE content_id = OLD.id);
    DELETE FROM uploads WHERE content_id = OLD.id;
END;
"""

PIECE = 256 * 1024
LARGEST_TEXT = 1024 * 1024
BOM = codecs.BOM_UTF8

_TYPES = mimetypes.MimeTypes()
for _extension, _type in (
    (".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (".md", "text/markdown"),
    (".xml", "text/xml"),
    (".xhtml", "application/xhtml+xml"),
):
    _TYPES.add_type(_type, _extension)


# Keeping


def put(store: Store, name: str, data: bytes, content_type: str | None = None) -> Stored:
    """Store bytes; return what a binary field holds of them."""
    return described(store.put_file(data), name, len(data), content_type)


def described(file_id: int, name: str, size: int, content_type: str | None = None) -> Stored:
    """Return what a binary field holds of a file."""
    return {"file": file_id, "name": name, "type": content_type or type_of(name), "size": size}


def reserve(store: Store, size: int) -> int:
    """Store a file of zeros, to be written in pieces, and return its id."""
    with store.transaction() as db:
        row = db.execute("INSERT INTO files (data) VALUES (zeroblob(?)) RETURNING id", (size,)).fetchone()
    return int(row[0])


def write(store: Store, file_id: int, offset: int, data: bytes) -> None:
    """Write a piece of a file that was reserved."""
    with store.transaction() as db, db.blobopen("files", "data", file_id) as blob:
        blob.seek(offset)
        blob.write(data)


def pieces(store: Store, file_id: int, size: int) -> Iterator[bytes]:
    """Return the bytes of a file, piece by piece; a file that is removed meanwhile ends early."""
    for start in range(0, size, PIECE):
        try:
            with store.reading() as db, db.blobopen("files", "data", file_id, readonly=True) as blob:
                blob.seek(start)
                piece = blob.read(PIECE)
        except sqlite3.OperationalError:
            return
        yield piece


def forgotten(stored: Stored) -> Stored:
    """Return a binary whose bytes are still there though it says nothing of them, as PUT leaves it."""
    return {**stored, "type": "", "size": -1}


def size_of(store: Store, stored: Stored) -> int:
    """Return the number of bytes of a binary."""
    if stored["size"] >= 0:
        return int(stored["size"])
    with store.reading() as db:
        row = db.execute("SELECT length(data) FROM files WHERE id = ?", (stored["file"],)).fetchone()
    return int(row[0]) if row else 0


def separate(store: Store, content: Content) -> None:
    """Give a copy of a content files of its own, with the same bytes."""
    for name, stored in content.fields.items():
        if not files_of({name: stored}):
            continue
        with store.transaction() as db:
            row = db.execute(
                "INSERT INTO files (data) SELECT data FROM files WHERE id = ? RETURNING id", (stored["file"],)
            ).fetchone()
        if row is not None:
            content.fields[name] = {**stored, "file": int(row[0])}


def settle(store: Store, content: Content) -> None:
    """Make the files that a content names its own; remove those that none of its versions names."""
    with store.transaction() as db:
        named = files_of(content.fields)
        for (data,) in db.execute("SELECT data FROM versions WHERE content_id = ?", (content.id,)).fetchall():
            named |= files_of(json.loads(data))
        owned = {
            row[0]
            for row in db.execute("SELECT file_id FROM file_owners WHERE content_id = ?", (content.id,))
        }
        db.executemany(
            "INSERT OR IGNORE INTO file_owners VALUES (?, ?)", [(i, content.id) for i in named - owned]
        )
        for file_id in owned - named:
            db.execute("DELETE FROM file_owners WHERE file_id = ?", (file_id,))
            db.execute("DELETE FROM files WHERE id = ?", (file_id,))


def files_of(fields: dict[str, Any]) -> set[int]:
    """Return the ids of the files that stored fields name."""
    return {
        value["file"]
        for value in fields.values()
        if isinstance(value, dict) and isinstance(value.get("file"), int)
    }


def type_of(name: str) -> str:
    """Return the content type that a file has by its name.

    >>> type_of("a.txt"), type_of("a")
    ('text/plain', 'application/octet-stream')
    """
    return _TYPES.guess_type(name)[0] or "application/octet-stream"


def full_name(name: str) -> str:
    """Return a file name as the server tells it: one without extension ends in a dot."""
    return name if "." in name else f"{name}."


# Showing


def expanded_binary(content: Content, field: Field, session: Session) -> dict[str, Json]:
    """Return the text of a binary field, for ``$expand``.

    Raises
    ------
    ODataError
        If nothing was ever written to the field.
    """
    from sn_pandas.embedded.content_types import type_xml

    stored = content.fields.get(field.name)
    if not stored and content.type == "ContentType" and content.name in session.types:
        data = type_xml.written(session.types[content.name])
        return _shown(full_name(content.name), "text/xml", len(data), "", data.decode())
    if not stored:
        if field.name == "Binary":
            return _shown("", "", 0, "", "")
        raise server_error("NullReferenceException", "Object reference not set to an instance of an object.")
    extensions, largest = _limits(session, content)
    name, size = full_name(stored["name"]), stored["size"]
    extension = name.rpartition(".")[2].lower()
    if size > largest:
        return _shown(name, stored["type"], size, f"Size limit exceed. Limit: {largest}, size: {size}")
    if content.saving_state:
        return _shown("", "", None, "Content is not finalized.")
    if extensions and extension not in extensions:
        restricted = f"Not a text file. The *.{extension} is restricted by the file extension list."
        return _shown(name, stored["type"], size, restricted)
    text = _text(session.store.file(stored["file"]))
    if text is None:
        return _shown(name, stored["type"], size, "Not a text file. Contains one or more non-text characters")
    return _shown(name, stored["type"], size, "", text)


def _shown(
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
    """Return the extensions that are shown (none = all) and up to which size: the settings ``TextFiles``."""
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
