"""A content as a row of the table ``contents``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from sn_pandas.embedded.contents import Content

COLUMNS = (
    "id, parent_id, name, path, type, version, version_id, idx, created, created_by, modified, modified_by,"
    " version_created, version_created_by, version_modified, version_modified_by, owner, locked_by,"
    " saving_state, is_system, holder, stamp, data"
)
WIDTH = COLUMNS.count(",") + 1
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().raw_decode  # the text begins at once: there is no white space to pass over
MARKS = ",".join("?" * (WIDTH + 1))
INSERT = f"INSERT INTO contents ({COLUMNS}, key) VALUES ({MARKS})"


def insert(db: sqlite3.Connection, content: Content) -> None:
    """Add the row of a content."""
    db.execute(INSERT, row_of(content))


def content_of(row: Sequence[Any]) -> Content:
    """Return the content of a row with ``COLUMNS``."""
    values = list(row[:WIDTH])
    values[-4], values[-1] = bool(values[-4]), _decode(values[-1])[0]
    return Content(*values)


def row_of(c: Content) -> tuple[Any, ...]:
    """Return the values of ``COLUMNS`` and the key of a content."""
    return (
        c.id, c.parent_id, c.name, c.path, c.type, c.version, c.version_id, c.index, c.created, c.created_by,
        c.modified, c.modified_by, c.version_created, c.version_created_by, c.version_modified,
        c.version_modified_by, c.owner, c.locked_by, c.saving_state, int(c.is_system), c.holder, c.stamp,
        _encode(c.fields), c.path.lower(),
    )  # fmt: skip


def statements(script: str) -> Iterator[str]:
    """Split a script at the ends of its statements."""
    pending = ""
    for part in script.split(";"):
        pending += f"{part};"
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
