"""The contents in one SQLite database: load, save, move, delete, in transactions, from several threads.

A content is one row of ``contents``: its head as columns, the fields that are set as one JSON text. ``key``
is the path in lower case, by which contents are found and subtrees are cut out (``key >= p || '/' AND key < p
|| '0'``). What can be searched for stands in the tables of `search`, which every save keeps in step.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sn_pandas.embedded.changes import binaries, versions
from sn_pandas.embedded.content_types import added_fields
from sn_pandas.embedded.content_types.types import Types, built_in_definitions
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import bad_request
from sn_pandas.embedded.index import search
from sn_pandas.embedded.security import entries
from sn_pandas.embedded.storage.connections import Database

TABLES = """
CREATE TABLE IF NOT EXISTS contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    version TEXT NOT NULL,
    version_id INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    created TEXT NOT NULL,
    created_by INTEGER NOT NULL,
    modified TEXT NOT NULL,
    modified_by INTEGER NOT NULL,
    version_created TEXT NOT NULL,
    version_created_by INTEGER NOT NULL,
    version_modified TEXT NOT NULL,
    version_modified_by INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    locked_by INTEGER NOT NULL,
    saving_state INTEGER NOT NULL,
    is_system INTEGER NOT NULL,
    holder INTEGER NOT NULL,
    stamp INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS type_definitions (
    position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL, definition TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS files (id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL);
"""

COLUMNS = (
    "id, parent_id, name, path, type, version, version_id, idx, created, created_by, modified, modified_by,"
    " version_created, version_created_by, version_modified, version_modified_by, owner, locked_by,"
    " saving_state, is_system, holder, stamp, data"
)
WIDTH = COLUMNS.count(",") + 1


class Store(Database):
    """The contents of one repository.

    Parameters
    ----------
    database
        ``":memory:"``, or the path of a file.
    tables
        SQL of further tables that other subjects keep beside the contents.
    """

    def __init__(self, database: str | Path = ":memory:", tables: Sequence[str] = ()) -> None:
        super().__init__(database, search.FUNCTIONS)
        self.types = Types(())
        with self.transaction() as db:
            subjects = (search, entries, binaries, versions, added_fields)
            for script in (TABLES, *(subject.TABLES for subject in subjects), *tables):
                for statement in _statements(script):
                    db.execute(statement)
            fresh = db.execute("SELECT 1 FROM type_definitions").fetchone() is None
            if fresh:
                for definition in built_in_definitions():
                    self._put_definition(db, definition)
        self.reload_types()

    # Reading

    def load(self, content_id: int) -> Content | None:
        """Return the content with the id."""
        with self.reading() as db:
            row = db.execute(f"SELECT {COLUMNS} FROM contents WHERE id = ?", (content_id,)).fetchone()
        return _content(row) if row else None

    def by_path(self, path: str) -> Content | None:
        """Return the content at the path, in any letter case."""
        with self.reading() as db:
            row = db.execute(f"SELECT {COLUMNS} FROM contents WHERE key = ?", (path.lower(),)).fetchone()
        return _content(row) if row else None

    def load_many(self, ids: Iterable[int]) -> list[Content]:
        """Return the contents with the ids, in their order; missing ones are left out."""
        wanted = list(ids)
        found: dict[int, Content] = {}
        with self.reading() as db:
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                marks = ",".join("?" * len(part))
                for row in db.execute(f"SELECT {COLUMNS} FROM contents WHERE id IN ({marks})", part):
                    found[row[0]] = _content(row)
        return [found[i] for i in wanted if i in found]

    def children(self, parent_id: int) -> list[Content]:
        """Return the direct children of a content."""
        with self.reading() as db:
            rows = db.execute(f"SELECT {COLUMNS} FROM contents WHERE parent_id = ?", (parent_id,)).fetchall()
        return [_content(row) for row in rows]

    def child(self, parent_id: int, name: str) -> Content | None:
        """Return the child with the name, in any letter case."""
        parent = self.load(parent_id)
        return self.by_path(f"{parent.path}/{name}") if parent else None

    def subtree_ids(self, path: str) -> list[int]:
        """Return the ids of a content and everything below it, parents first."""
        key = path.lower()
        with self.reading() as db:
            rows = db.execute(
                "SELECT id FROM contents WHERE key = ? OR (key >= ? AND key < ?) ORDER BY key",
                (key, key + "/", key + "0"),
            ).fetchall()
        return [row[0] for row in rows]

    def existing(self, ids: Iterable[int]) -> list[int]:
        """Return those of the ids that still stand for a content, in their order, duplicates kept."""
        wanted = list(ids)
        if not wanted:
            return []
        with self.reading() as db:
            marks = ",".join("?" * len(wanted))
            there = {r[0] for r in db.execute(f"SELECT id FROM contents WHERE id IN ({marks})", wanted)}
        return [i for i in wanted if i in there]

    # Writing, inside a transaction

    def next_number(self, counter: str, count: int = 1) -> int:
        """Count up, by ``count`` numbers at once, and return the last of them."""
        with self.transaction() as db:
            row = db.execute(
                "INSERT INTO counters VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2"
                " RETURNING value",
                (counter, count),
            ).fetchone()
        return int(row[0])

    def last_id(self) -> int:
        """Return the highest id that a content ever had."""
        with self.reading() as db:
            row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'contents'").fetchone()
        return int(row[0]) if row else 0

    def insert(self, content: Content) -> Content:
        """Store a new content; gives it its id (unless it has one) and its version id."""
        with self.transaction() as db:
            if not content.version_id:
                content.version_id = self.next_number("version")
            if not content.id:
                content.id = self.last_id() + 1
            content.stamp = 1
            db.execute(f"INSERT INTO contents ({COLUMNS}, key) VALUES ({_MARKS})", _row(content))
            search.put(db, content, self.types)
        return content

    def insert_many(self, contents: Iterable[Content]) -> None:
        """Store many new contents that have their ids and version ids."""
        with self.transaction() as db:
            batch: list[Content] = []
            for content in contents:
                batch.append(content)
                if len(batch) == 1000:
                    self._insert_batch(db, batch)
                    batch = []
            if batch:
                self._insert_batch(db, batch)

    def save(self, content: Content) -> None:
        """Store what was changed; refused if somebody else saved the content since it was loaded."""
        with self.transaction() as db:
            before = content.stamp
            content.stamp = before + 1
            done = db.execute(
                f"UPDATE contents SET {_ASSIGNMENTS} WHERE id = ? AND stamp = ?",
                (*_row(content), content.id, before),
            )
            if done.rowcount != 1:
                content.stamp = before
                raise bad_request(
                    "NodeIsOutOfDateException",
                    f"Node is out of date: somebody else saved it. Load it again. Id: {content.id},"
                    f" path: {content.path}",
                )
            search.put(db, content, self.types)

    def move(self, content: Content, parent: Content, name: str) -> None:
        """Give a content another parent or name; what is below it moves along. Saves the content too."""
        with self.transaction() as db:
            old, new = content.path, f"{parent.path}/{name}"
            key = old.lower()
            below = db.execute(
                f"SELECT {COLUMNS} FROM contents WHERE key >= ? AND key < ?", (key + "/", key + "0")
            ).fetchall()
            content.parent_id, content.name, content.path = parent.id, name, new
            self.save(content)
            for row in below:
                child = _content(row)
                child.path = new + child.path[len(old) :]
                db.execute(
                    "UPDATE contents SET path = ?, key = ? WHERE id = ?",
                    (child.path, child.path.lower(), child.id),
                )
                search.put(db, child, self.types)

    def delete(self, ids: Sequence[int]) -> None:
        """Remove contents for good."""
        with self.transaction() as db:
            for start in range(0, len(ids), 500):
                part = list(ids[start : start + 500])
                marks = ",".join("?" * len(part))
                db.execute(f"DELETE FROM contents WHERE id IN ({marks})", part)
            search.remove(db, ids)

    # Files and types

    def put_file(self, data: bytes) -> int:
        """Store bytes and return their id."""
        with self.transaction() as db:
            return int(db.execute("INSERT INTO files (data) VALUES (?)", (data,)).lastrowid or 0)

    def file(self, file_id: int) -> bytes:
        """Return stored bytes; empty if there are none."""
        with self.reading() as db:
            row = db.execute("SELECT data FROM files WHERE id = ?", (file_id,)).fetchone()
        return bytes(row[0]) if row else b""

    def put_types(self, definitions: Iterable[dict[str, Any]]) -> None:
        """Install content types or replace their definitions."""
        with self.transaction() as db:
            for definition in definitions:
                self._put_definition(db, definition)
            self.reload_types()

    def remove_type(self, name: str) -> None:
        """Forget a content type."""
        with self.transaction() as db:
            db.execute("DELETE FROM type_definitions WHERE name = ?", (name,))
            self.reload_types()

    def reload_types(self) -> None:
        """Read the content types, and the fields that lists and aspects add, again."""
        before, self.types = self.types, self._load_types()
        if self.writes:
            self.after_rollback(partial(setattr, self, "types", before))

    def _load_types(self) -> Types:
        with self.reading() as db:
            rows = db.execute("SELECT definition FROM type_definitions ORDER BY position").fetchall()
            types = Types(json.loads(row[0]) for row in rows)
            types.extra_fields.update(added_fields.load(db))
        return types

    def _put_definition(self, db: sqlite3.Connection, definition: Any) -> None:
        db.execute(
            "INSERT INTO type_definitions (name, definition) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET definition = excluded.definition",
            (definition["Name"], json.dumps(definition, ensure_ascii=False)),
        )

    def _insert_batch(self, db: sqlite3.Connection, batch: list[Content]) -> None:
        for content in batch:
            content.stamp = 1
        db.executemany(f"INSERT INTO contents ({COLUMNS}, key) VALUES ({_MARKS})", map(_row, batch))
        search.put_many(db, batch, self.types)


_MARKS = ",".join("?" * (WIDTH + 1))
_ASSIGNMENTS = ", ".join(f"{column.strip()} = ?" for column in f"{COLUMNS}, key".split(",")).replace(
    "holder = ?",
    "holder = coalesce(holder, ?)",  # kept by the triggers of `entries`, never by a save
)


def _content(row: Sequence[Any]) -> Content:
    values = list(row[:WIDTH])
    values[-4], values[-1] = bool(values[-4]), json.loads(values[-1])
    return Content(*values)


def _row(c: Content) -> tuple[Any, ...]:
    return (
        c.id, c.parent_id, c.name, c.path, c.type, c.version, c.version_id, c.index, c.created, c.created_by,
        c.modified, c.modified_by, c.version_created, c.version_created_by, c.version_modified,
        c.version_modified_by, c.owner, c.locked_by, c.saving_state, int(c.is_system), c.holder, c.stamp,
        json.dumps(c.fields, ensure_ascii=False, separators=(",", ":")), c.path.lower(),
    )  # fmt: skip


def _statements(script: str) -> Iterator[str]:
    """Split a script at the ends of its statements."""
    pending = ""
    for part in script.split(";"):
        pending += f"{part};"
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
