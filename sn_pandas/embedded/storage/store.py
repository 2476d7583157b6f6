"""The contents in one SQLite database: load, save, move, delete, in transactions, from several threads.

A content is one row of ``contents``: its head as columns, the fields that are set as one JSON text. ``key``
is the path in lower case, by which contents are found and subtrees are cut out (``key >= p || '/' AND key < p
|| '0'``). What can be searched for stands in the tables of `search`, which every save keeps in step.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import MissingError, already_exists, out_of_date
from sn_pandas.embedded.index import search
from sn_pandas.embedded.schema import field_settings
from sn_pandas.embedded.schema.types import Types, built_in_definitions
from sn_pandas.embedded.storage import binaries, file_version, tables
from sn_pandas.embedded.storage.content_table import ContentTable
from sn_pandas.embedded.storage.public_versions import PublicVersions
from sn_pandas.embedded.storage.rows import COLUMNS, INSERT, content_of, row_of, statements
from sn_pandas.embedded.storage.secret_texts import SecretTexts


class Upgrades(Protocol):
    """What brings the contents of an older file to the present version."""

    def migrate(self, store: Store, version: int) -> None:
        """Change what the store holds, inside a transaction."""

    def tidy(self, store: Store) -> None:
        """Remove the remains of the old version."""


class Store(ContentTable):
    """The contents of one repository.

    Parameters
    ----------
    database
        ``":memory:"``, or the path of a file.
    upgrades
        What brings an older file to the present version.
    """

    def __init__(self, database: str | Path = ":memory:", upgrades: Upgrades | None = None) -> None:
        in_memory = str(database) == ":memory:"
        # by its own name, so that what stands beside it is found, whatever links lead to it
        super().__init__(database if in_memory else Path(database).resolve(), search.FUNCTIONS)
        self.types = Types(())
        self.public_versions = PublicVersions(self)
        if not self.in_memory:
            file_version.prepare(self.path)
        self.secrets = SecretTexts(self)
        """What hides the API keys and the secrets of clients."""
        with self.transaction() as db:
            version = file_version.version_of(db)
            for script in (tables.CONTENTS, search.TABLES, *tables.ALL[1:]):
                for statement in statements(script):
                    db.execute(statement)
            fresh = db.execute("SELECT 1 FROM type_definitions").fetchone() is None
            if fresh:
                for definition in built_in_definitions():
                    self._put_definition(db, definition)
            is_old = version not in (0, file_version.VERSION)
            if is_old and upgrades is None:
                raise RuntimeError(f"{self.path} is of version {version}, and nothing upgrades it here")
            if is_old and upgrades is not None:
                upgrades.migrate(self, version)
            if version != file_version.VERSION:
                file_version.mark(db)
        if is_old and upgrades is not None:
            upgrades.tidy(self)
        self.reload_types()

    def close(self) -> None:
        """Close all connections."""
        self.public_versions.close()
        super().close()

    def restore(self, snapshot: sqlite3.Connection) -> None:
        """Put back what a snapshot holds, with its content types."""
        with self._write_lock():
            super().restore(snapshot)
            self.reload_types()

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
        """Store a new content; assigns its version id, and its id unless it has one."""
        self.keep_time()
        with self.transaction() as db:
            if not content.version_id:
                content.version_id = self.next_number("version")
            if not content.id:
                content.id = self.last_id() + 1
            content.stamp = 1
            self._check_free(db, content.path, content.id)
            db.execute(INSERT, row_of(content))
            search.put(db, content, self.types)
        return content

    def _check_free(self, db: sqlite3.Connection, path: str, content_id: int) -> None:
        """Reject a path that another content has, however it came there."""
        row = db.execute("SELECT id FROM contents WHERE key = ?", (path.lower(),)).fetchone()
        if row is not None and row[0] != content_id:
            raise already_exists()

    def insert_many(self, contents: Iterable[Content]) -> None:
        """Store many new contents that have their ids and version ids; see `bulk`."""
        with self.bulk() as db:
            batch: list[Content] = []
            for content in contents:
                batch.append(content)
                if len(batch) == 1000:
                    self._insert_batch(db, batch)
                    batch = []
            if batch:
                self._insert_batch(db, batch)

    @contextmanager
    def loading(self, count: int) -> Iterator[None]:
        """Insert ``count`` contents in the block, in one transaction.

        If they are more than there are already, the indexes are made after the rows: in one go, each in its
        own order, and not in a place of each index for each row. Nothing is searched for in the block.
        """
        with self.sorting_in_files(), self.transaction() as db:
            there = db.execute("SELECT count(*) FROM contents").fetchone()[0]
            indexes = db.execute(_INDEXES).fetchall() if count > max(there, _FEW) else []
            for name, _ in indexes:
                db.execute(f"DROP INDEX {name}")
            yield
            for _, statement in indexes:
                db.execute(statement)

    def save(self, content: Content, *, moved_from: str | None = None) -> None:
        """Store a changed content.

        Raises
        ------
        ODataError
            If somebody else saved the content since it was loaded.
        MissingError
            If it was moved or deleted since then.
        """
        self.keep_time()
        with self.transaction() as db:
            before, place = content.stamp, (moved_from or content.path).lower()
            row = db.execute(f"SELECT {COLUMNS}, key FROM contents WHERE id = ?", (content.id,)).fetchone()
            if row is None or row[-1] != place:
                raise MissingError
            content.stamp = before + 1
            changed = [
                (column, new)
                for column, old, new in zip(_COLUMNS, row, row_of(content), strict=True)
                if old != new and column != "holder"  # kept by the triggers of `tables.ENTRIES`
            ]
            if row[_COLUMNS.index("stamp")] != before:
                content.stamp = before
                raise out_of_date(content.id, content.path)
            # SQLite writes every index that has a column which is set, changed or not
            db.execute(
                f"UPDATE contents SET {', '.join(f'{column} = ?' for column, _ in changed)} WHERE id = ?",
                (*(new for _, new in changed), content.id),
            )
            search.put(db, content, self.types)

    def move(self, content: Content, parent: Content, name: str) -> None:
        """Move or rename a content with everything below it, and save it."""
        with self.transaction() as db:
            old, new = content.path, f"{parent.path}/{name}"
            key = old.lower()
            below = db.execute(
                f"SELECT {COLUMNS} FROM contents WHERE key >= ? AND key < ?", (key + "/", key + "0")
            ).fetchall()
            self._check_free(db, new, content.id)
            if content.parent_id != parent.id:
                binaries.read_back(self, content)
            content.parent_id, content.name, content.path = parent.id, name, new
            self.save(content, moved_from=old)
            for start in range(0, len(below), 500):
                self.keep_time()
                children = [content_of(row) for row in below[start : start + 500]]
                for child in children:
                    child.path = new + child.path[len(old) :]
                    if binaries.read_back(self, child):
                        db.execute("UPDATE contents SET data = ? WHERE id = ?", (row_of(child)[-2], child.id))
                db.executemany(
                    "UPDATE contents SET path = ?, key = ? WHERE id = ?",
                    [(child.path, child.path.lower(), child.id) for child in children],
                )
                search.remove(db, [child.id for child in children])
                search.put_many(db, children, self.types)

    def index(self, content: Content) -> None:
        """Let a content be found by the values that are given, and by those that are not stored with it."""
        self.keep_time()
        with self.transaction() as db:
            search.put(db, content, self.types)

    def delete(self, ids: Sequence[int]) -> None:
        """Remove contents permanently."""
        with self.transaction() as db:
            for start in range(0, len(ids), 500):
                self.keep_time()
                part = list(ids[start : start + 500])
                marks = ",".join("?" * len(part))
                db.execute(f"DELETE FROM contents WHERE id IN ({marks})", part)
                search.remove(db, part)

    # Types

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
            types = Types.parse(row[0] for row in rows)
            types.extra_fields.update(field_settings.load(db))
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
        db.executemany(INSERT, map(row_of, batch))
        search.put_many(db, batch, self.types)


_INDEXES = """
SELECT name, sql FROM sqlite_master
WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('contents', 'terms')
"""
_FEW = 20_000
"""So many contents are inserted as fast with the indexes as without them."""
_COLUMNS = [column.strip() for column in f"{COLUMNS}, key".split(",")]
