"""Bytes of contents: where they are kept.

A binary field holds ``{"file", "name", "type", "size"}``; the bytes stand in the table ``files``, a row
each, written and read in pieces. A file belongs to one content: it lives as long as a version of that
content names it. Files that are still being uploaded stand in the table ``uploads``.
"""

from __future__ import annotations

import codecs
import json
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeGuard

from sn_pandas.embedded import endings
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.content_table import ContentTable

Stored = dict[str, Any]


PIECE = 256 * 1024
MOST_MISSING = 1024 * 1024
"""How many bytes of an uploaded file may never have come."""
BOM = codecs.BOM_UTF8


def put(store: ContentTable, name: str, data: bytes, content_type: str | None = None) -> Stored:
    """Store bytes; return what a binary field holds of them."""
    return describe(store.put_file(data), name, len(data), content_type)


def describe(file_id: int, name: str, size: int, content_type: str | None = None) -> Stored:
    """Return what a binary field holds of a file."""
    return {"file": file_id, "name": name, "type": content_type or endings.mime_type(name), "size": size}


def describe_empty(name: str) -> Stored:
    """Return what a binary field holds of a file that has a name and no bytes."""
    return describe(0, name, -1)


def read_back(store: ContentTable, content: Content) -> bool:
    """Set the size of a file without bytes to what it is once its version was read from the store again.

    Until then it is -1. Return whether that changed anything.
    """
    stored = content.fields.get("Binary") or {"file": 0, "name": "", "type": "", "size": -1}
    if stored["file"] or stored["size"] >= 0 or not store.types.of(content.type).is_a("File"):
        return False
    content.fields["Binary"] = {**stored, "size": 0}
    return True


def has_bytes(stored: Stored | None) -> TypeGuard[Stored]:
    """Return whether something was ever written to a binary field."""
    return stored is not None and bool(stored) and stored["file"] > 0


def keep_piece(store: ContentTable, token: str, start: int, data: bytes) -> None:
    """Keep a piece of a file that is being uploaded; what it covers is forgotten."""
    with store.transaction() as db:
        db.execute(
            "DELETE FROM upload_pieces WHERE token = ? AND start >= ? AND start + length(data) <= ?",
            (token, start, start + len(data)),
        )
        db.execute("INSERT INTO upload_pieces (token, start, data) VALUES (?, ?, ?)", (token, start, data))


def forget_pieces(store: ContentTable, token: str) -> None:
    """Delete the pieces of a file whose upload is running."""
    with store.transaction() as db:
        db.execute("DELETE FROM upload_pieces WHERE token = ?", (token,))


def join_pieces(store: ContentTable, token: str, file_id: int, size: int) -> None:
    """Join the pieces of an uploaded file; later ones overwrite earlier ones, and gaps become zeros.

    Raises
    ------
    ODataError
        If more than `MOST_MISSING` bytes never came: room is not taken for what is only announced.
    """
    with store.transaction() as db:
        found = db.execute(
            "SELECT id, start, length(data) FROM upload_pieces WHERE token = ? ORDER BY id", (token,)
        ).fetchall()
        missing = size - sum(length for _, _, length in found)
        if missing > MOST_MISSING:
            raise server_error("ArgumentOutOfRangeException", f"{missing} bytes of the file were not sent.")
        db.execute("UPDATE files SET data = zeroblob(?) WHERE id = ?", (size, file_id))
        with db.blobopen("files", "data", file_id) as blob:
            for piece_id, start, _ in found:
                row = db.execute("SELECT data FROM upload_pieces WHERE id = ?", (piece_id,)).fetchone()
                blob.seek(start)
                blob.write(row[0])


def pieces(store: ContentTable, file_id: int, size: int) -> Iterator[bytes]:
    """Yield the bytes of a file, piece by piece; a file that is removed meanwhile ends early.

    Behind the end of what is stored there are zeros: such a file was announced, and its bytes never came.
    """
    for start in range(0, size, PIECE):
        length = min(PIECE, size - start)
        try:
            with store.reading() as db, db.blobopen("files", "data", file_id, readonly=True) as blob:
                blob.seek(min(start, len(blob)))
                piece = blob.read(length)
        except sqlite3.OperationalError:
            return
        yield piece.ljust(length, b"\0")


def hide_bytes(stored: Stored) -> Stored:
    """Return a binary whose bytes are still there though it says nothing of them, as PUT leaves it."""
    return {**stored, "type": "", "size": -1}


def size_of(store: ContentTable, stored: Stored) -> int:
    """Return the number of bytes of a binary."""
    if stored["size"] >= 0:
        return int(stored["size"])
    with store.reading() as db:
        row = db.execute("SELECT length(data) FROM files WHERE id = ?", (stored["file"],)).fetchone()
    return int(row[0]) if row else 0


def separate(store: ContentTable, content: Content) -> None:
    """Copy the files of a content for its copy, with the same bytes."""
    for name, stored in content.fields.items():
        if not files_of({name: stored}):
            continue
        with store.transaction() as db:
            row = db.execute(
                "INSERT INTO files (data) SELECT data FROM files WHERE id = ? RETURNING id", (stored["file"],)
            ).fetchone()
        if row is not None:
            content.fields[name] = {**stored, "file": int(row[0])}


def update_owners(store: ContentTable, content: Content) -> None:
    """Assign the files to the content that refers to them; delete those that no version refers to."""
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
        if isinstance(value, dict) and isinstance(value.get("file"), int) and value["file"] > 0
    }


def full_name(name: str) -> str:
    """Return a file name as the server tells it: one without extension ends in a dot."""
    return name if "." in name else f"{name}."
