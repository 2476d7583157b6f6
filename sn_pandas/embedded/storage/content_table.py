"""The contents in a database as they are read, with the bytes of their files."""

from __future__ import annotations

from collections.abc import Iterable

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.schema.types import Types
from sn_pandas.embedded.storage.connections import Database
from sn_pandas.embedded.storage.rows import COLUMNS, content_of


class ContentTable(Database):
    """A database that contents are read from, and the bytes of their files."""

    #: The content types.
    types: Types

    def load(self, content_id: int) -> Content | None:
        """Return the content with the id."""
        with self.reading() as db:
            row = db.execute(f"SELECT {COLUMNS} FROM contents WHERE id = ?", (content_id,)).fetchone()
        return content_of(row) if row else None

    def peek(self, content_id: int) -> Content | None:
        """Return the content with the id to look at, not to change: it is loaded once in a state."""
        kept = self.kept
        if kept is None:
            return self.load(content_id)
        if content_id not in kept:
            kept[content_id] = self.load(content_id)
        found: Content | None = kept[content_id]
        return found

    def by_path(self, path: str) -> Content | None:
        """Return the content at the path, ignoring case."""
        with self.reading() as db:
            row = db.execute(f"SELECT {COLUMNS} FROM contents WHERE key = ?", (path.lower(),)).fetchone()
        return content_of(row) if row else None

    def load_many(self, ids: Iterable[int]) -> list[Content]:
        """Return the contents with the ids, in their order; missing ones are left out."""
        wanted = list(ids)
        found: dict[int, Content] = {}
        with self.reading() as db:
            for start in range(0, len(wanted), 500):
                self.keep_time()
                part = wanted[start : start + 500]
                marks = ",".join("?" * len(part))
                for row in db.execute(f"SELECT {COLUMNS} FROM contents WHERE id IN ({marks})", part):
                    found[row[0]] = content_of(row)
        return [found[i] for i in wanted if i in found]

    def children(self, parent_id: int) -> list[Content]:
        """Return the direct children of a content."""
        found: list[Content] = []
        with self.reading() as db:
            rows = db.execute(f"SELECT {COLUMNS} FROM contents WHERE parent_id = ?", (parent_id,))
            while part := rows.fetchmany(500):
                self.keep_time()
                found += map(content_of, part)
        return found

    def parents_below(self, parent_id: int) -> set[int]:
        """Return the ids of the children of a content that have children themselves."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT id FROM contents AS c WHERE parent_id = ?"
                " AND EXISTS (SELECT 1 FROM contents WHERE parent_id = c.id)",
                (parent_id,),
            ).fetchall()
        return {row[0] for row in rows}

    def child_names(self, parent: Content, start: str) -> list[str]:
        """Return the names of the children of a content that begin with a text, ignoring case."""
        key = f"{parent.path}/{start}".lower()
        with self.reading() as db:
            rows = db.execute(
                "SELECT name FROM contents WHERE key >= ? AND key < ? AND +parent_id = ?",
                (key, key + "\U0010ffff", parent.id),
            ).fetchall()
        return [row[0] for row in rows]

    def child(self, parent_id: int, name: str) -> Content | None:
        """Return the child with the name, ignoring case."""
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
        """Return those of the ids that are contents, in order, duplicates included."""
        wanted = list(ids)
        if not wanted:
            return []
        with self.reading() as db:
            marks = ",".join("?" * len(wanted))
            there = {r[0] for r in db.execute(f"SELECT id FROM contents WHERE id IN ({marks})", wanted)}
        return [i for i in wanted if i in there]

    def put_file(self, data: bytes) -> int:
        """Store bytes and return their id."""
        with self.transaction() as db:
            return int(db.execute("INSERT INTO files (data) VALUES (?)", (data,)).lastrowid or 0)

    def file(self, file_id: int) -> bytes:
        """Return stored bytes; empty if there are none."""
        with self.reading() as db:
            row = db.execute("SELECT data FROM files WHERE id = ?", (file_id,)).fetchone()
        return bytes(row[0]) if row else b""
