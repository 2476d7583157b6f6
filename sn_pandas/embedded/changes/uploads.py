"""Store the bytes of contents that clients upload: files, texts, and pieces of files.

`Token` and `Range` read what clients send; `text`, `store_whole`, `start` and `chunk` store it. The table
``upload_pieces`` holds the pieces of a file until the last one arrives; until then the content is in the
middle of a save in several steps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sn_pandas.embedded.changes import naming, saving, versions, writes
from sn_pandas.embedded.content_types import child_types
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, forbidden, server_error
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import binaries

LARGEST = 1_000_000_000
BY_EXTENSION = {
    "jpg": "Image",
    "jpeg": "Image",
    "gif": "Image",
    "png": "Image",
    "svg": "Image",
    "bmp": "Image",
}
"""Extension -> the content type that a file without a given type gets, where it is allowed."""


@dataclass(frozen=True, slots=True)
class Token:
    """The token that the first request of an upload returns and the others repeat."""

    content_id: int = 0
    token: str = ""
    finalize: bool = True
    check_in: bool = True

    def __str__(self) -> str:
        return f"{self.content_id}*{self.token}*{self.finalize}*{self.check_in}"


def parse_token(text: str | None) -> Token:
    """Read a token.

    Raises
    ------
    ODataError
        If it is none.

    >>> str(parse_token("0**true*False"))
    '0**True*False'
    """
    match = re.fullmatch(r"([0-9]{1,9})\*([^*]*)\*(true|false)\*(true|false)", text or "", re.IGNORECASE)
    if match is None:
        raise invalid_request()
    content_id, token, finalize, check_in = match.groups()
    return Token(int(content_id), token, finalize.lower() == "true", check_in.lower() == "true")


@dataclass(frozen=True, slots=True)
class Range:
    """Which bytes of a file a piece holds: ``end`` is the last one."""

    start: int
    end: int
    total: int


def parse_range(header: str) -> Range:
    """Read the request header ``Content-Range``.

    Raises
    ------
    ODataError
        If it cannot be read.

    >>> parse_range("bytes 0-1023/2048")
    Range(start=0, end=1023, total=2048)
    """
    parts = re.split("[-/]", header.replace("bytes", "").strip())
    if len(parts) < 3:
        raise server_error("IndexOutOfRangeException", "The header Content-Range is incomplete.")
    if not all(re.fullmatch(r"\s*[0-9]{1,15}\s*", part) for part in parts):
        raise server_error("FormatException", "The header Content-Range holds no numbers.")
    start, end, total = (int(part) for part in parts[:3])
    return Range(start, end, total)


@dataclass(frozen=True, slots=True)
class Target:
    """The target of an upload.

    Parameters
    ----------
    name
        The name of the file; None if none was given.
    type
        The content type that was asked for, or None.
    field
        The binary field.
    overwrite
        Whether a content of the name gets the bytes; otherwise a new one gets a number.
    content_id
        A content that gets the bytes whatever its name, or 0.
    """

    parent: Content
    name: str | None
    type: str | None = None
    field: str = "Binary"
    overwrite: bool = True
    content_id: int = 0


def sent_name(disposition: str | None) -> str:
    """Return the name of a file by the request header ``Content-Disposition``.

    >>> sent_name('attachment; filename="a%20b.txt"')
    'a b.txt'
    """
    if disposition is None:
        raise server_error(
            "ArgumentOutOfRangeException", "startIndex cannot be larger than length of string."
        )
    start = disposition.lower().find("filename=")
    return unquote_plus(disposition[start + 9 :].replace('"', "")) if start >= 0 else ""


@dataclass(frozen=True, slots=True)
class _Bytes:
    """An uploaded file; its name defaults to that of the content, and its MIME type follows from the name."""

    data: bytes
    name: str | None


def text(session: Session, target: Target, value: str) -> tuple[Content, int]:
    """Store a text; return the content and the number of characters."""
    length = len(value.encode("utf-16-le", "surrogatepass")) // 2
    data = binaries.BOM + value.encode("utf-8", "replace")
    return _store(session, target, _Bytes(data, None)), length


def store_whole(
    session: Session, target: Target, token: str | None, data: bytes, name: str
) -> tuple[Content, int] | None:
    """Store a file from a single request; return the content and the number of bytes.

    A file without bytes makes an empty content, or nothing (None) where there is one already.
    """
    if not data:
        if _find_existing(session, target) is not None:
            return None
        return _store(session, target, None), 0
    how = parse_token(token)
    with session.store.transaction():
        existing = _find_existing(session, target)
        if existing is not None and existing.saving_state:
            may_upload(session, existing)
            stored = binaries.put(session.store, name or existing.name, data)
            content = finish(session, existing, "", target.field, stored, finalize=how.finalize)
        else:
            content = _store(session, target, _Bytes(data, name))
        if content.locked_by and how.check_in:
            content = versions.act(session, content, "CheckIn")
    return content, len(data)


def start(session: Session, target: Target, in_chunks: bool, length: int) -> Token:
    """Start an upload; one in chunks makes its content at once."""
    existing = _find_existing(session, target)
    if existing is None:
        content = _new_content(session, target)
        finalize = check_in = True
    else:
        may_upload(session, existing)
        content = existing
        finalize, check_in = not existing.saving_state, not existing.locked_by
    if not in_chunks:
        return Token(content.id, "", finalize, check_in)
    with session.store.transaction():
        _binary_field(session, content, target.field)
        if existing is None:
            saving.create(session, content, target.parent, set(), in_steps=True, numbered=True)
        elif finalize:
            saving.update(session, content, content.copy(), set(), in_steps=True)
        return Token(content.id, _expect(session, content, target.field, length), finalize, check_in)


def chunk(session: Session, token: Token, piece: Range, data: bytes, name: str) -> tuple[Content, int]:
    """Store a piece of a file; the last one ends the upload. Return the content and the total size."""
    with session.store.transaction() as db:
        row = db.execute(
            "SELECT file_id, size, field FROM uploads WHERE token = ? AND content_id = ?",
            (token.token, token.content_id),
        ).fetchone()
        content = session.store.load(token.content_id)
        if content is None:
            raise server_error("NullReferenceException", "The token of the upload names no content.")
        if row is None:  # the last piece has come already
            raise forbidden()
        file_id, size, field = row
        may_upload(session, content)
        if size != piece.total:
            size = _check_length(piece.total)
            binaries.forget_pieces(session.store, token.token)
            db.execute("UPDATE uploads SET size = ? WHERE token = ?", (size, token.token))
        if piece.start + len(data) > size:
            raise server_error("ArgumentOutOfRangeException", "The piece does not lie within the file.")
        binaries.keep_piece(session.store, token.token, piece.start, data)
        if piece.end + 1 < piece.total:
            return content, size
        binaries.join_pieces(session.store, token.token, file_id, size)
        stored = binaries.describe(file_id, name or content.name, size)
        finalize = token.finalize or token.check_in
        return finish(session, content, token.token, field, stored, finalize=finalize), size


def expect(session: Session, content: Content, field: str, length: int) -> str:
    """Start an upload of bytes that are written elsewhere; return its token."""
    _binary_field(session, content, field)
    with session.store.transaction():
        if not content.saving_state:
            saving.update(session, content, content.copy(), set(), in_steps=True)
        return _expect(session, content, field, length)


def expect_below(session: Session, target: Target, length: int) -> tuple[Content, str]:
    """Start an upload into a content of a name, which is made if it is missing; return it and the token."""
    existing = _find_existing(session, target)
    if existing is not None:
        return existing, expect(session, existing, target.field, length)
    with session.store.transaction():
        content = _new_content(session, target)
        saving.create(session, content, target.parent, set(), in_steps=True)
        return content, _expect(session, content, target.field, length)


def end(session: Session, content: Content, token: str, field: str, length: int, name: str | None) -> None:
    """End an upload of bytes that are written elsewhere."""
    may_upload(session, content)
    with session.store.transaction() as db:
        row = db.execute(
            "SELECT file_id FROM uploads WHERE token = ? AND content_id = ?", (token, content.id)
        ).fetchone()
        if row is None:
            raise forbidden()
        stored = binaries.describe(row[0], name or content.name, _check_length(length))
        finish(session, content, token, field, stored)


def finish(
    session: Session,
    content: Content,
    token: str,
    field: str,
    stored: binaries.Stored,
    *,
    finalize: bool = True,
) -> Content:
    """Store the bytes of a content, and end its save in several steps."""
    with session.store.transaction() as db:
        db.execute("DELETE FROM uploads WHERE token = ?", (token,))
        content = session.store.load(content.id) or content
        content.fields[field] = stored
        session.store.save(content)
        binaries.update_owners(session.store, content)
        return versions.finalize(session, content) if finalize and content.saving_state else content


def may_upload(session: Session, content: Content) -> None:
    """Reject a content that another user has locked."""
    if content.locked_by not in (0, session.caller.id):
        raise server_error("Exception", "The file is locked by another user.")


def invalid_request() -> ODataError:
    """Return the 500 of an upload without a usable token."""
    return server_error("Exception", "Invalid request.")


def _store(session: Session, target: Target, file: _Bytes | None) -> Content:
    with session.store.transaction():
        existing = _find_existing(session, target)
        content = existing.copy() if existing is not None else _new_content(session, target)
        field = _binary_field(session, content, target.field)
        if file is not None:
            name = file.name or content.name
            content.fields[field.name] = binaries.put(session.store, name, file.data)
        if existing is None:
            saving.create(session, content, target.parent, set(), numbered=True)
        else:
            saving.update(session, existing, content, set())
        return content


def _find_existing(session: Session, target: Target) -> Content | None:
    """Return the content that gets the bytes, if there is one."""
    if target.content_id and target.overwrite:
        found = session.by_id(target.content_id)
        if found is not None:
            return found
    if target.name is None:
        raise server_error("ArgumentNullException", "Value cannot be null. (Parameter 'path2')")
    if target.name == "":
        raise server_error("ArgumentException", "The name of the file is empty.")
    if not target.overwrite:
        return None
    return session.by_path(f"{target.parent.path}/{naming.name_from(target.name)}")


def _new_content(session: Session, target: Target) -> Content:
    name = naming.name_from(target.name or "")
    naming.check(name)
    return writes.new_content(session, target.parent, session.types[_type(session, target)], name)


def _type(session: Session, target: Target) -> str:
    """Return the content type of a new file: the one that was asked for, or one that fits and is allowed."""
    if target.type:
        if target.type in session.types:
            return target.type
    else:
        allowed = [
            name
            for name in child_types.effective_child_types(target.parent, session)
            if session.types[name].is_a("File")
        ]
        fitting = BY_EXTENSION.get((target.name or "").rpartition(".")[2].lower(), "File")
        if fitting in allowed:
            return fitting
        if allowed:
            return allowed[0]
    raise server_error("Exception", "A content of this type cannot be created here.")


def _binary_field(session: Session, content: Content, name: str) -> Field:
    field = fields_of(session, content).get(name)
    if field is None or field.kind != "Binary":
        raise server_error(
            "Exception", f"Field not found. Content of type {content.type}, field name: {name}"
        )
    return field


def _expect(session: Session, content: Content, field: str, length: int) -> str:
    with session.store.transaction() as db:
        file_id = session.store.put_file(b"")
        token = f"{content.version_id}|1|{file_id}|{file_id}"
        db.execute(
            "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?)",
            (token, content.id, field, file_id, _check_length(length)),
        )
    return token


def _check_length(length: int) -> int:
    """Return the announced length of a file.

    Raises
    ------
    ODataError
        If no file may be so long.
    """
    if not 0 <= length <= LARGEST:
        raise server_error("ArgumentOutOfRangeException", f"A file may have {LARGEST} bytes at most.")
    return length
