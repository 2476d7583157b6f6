"""A second index: the last public versions of contents whose present version is a draft.

Whoever may open a content, but not its drafts, finds it by its last public version only. The index in the
database is that of present versions; this one lives in memory, and holds what has both. It is brought up to
date before each search that needs it.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sn_pandas.embedded.index import search
from sn_pandas.embedded.schema.types import Types
from sn_pandas.embedded.storage import rows, tables, versions

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.content_table import ContentTable

DRAFTS = (
    "SELECT c.id, c.stamp, c.key, c.holder, c.owner FROM contents AS c INDEXED BY contents_drafts"
    " WHERE substr(c.version, -4) <> '.0.A' AND EXISTS"
    " (SELECT 1 FROM versions AS v WHERE v.content_id = c.id AND v.version LIKE '%.0.A')"
)
"""What has a draft and a public version, with all that changes when it is saved or moved."""


class PublicVersions:
    """The index of last public versions of one store.

    Parameters
    ----------
    store
        The contents.
    """

    def __init__(self, store: ContentTable) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: dict[int, tuple[object, ...]] = {}
        self._types: Types | None = None
        self._index: sqlite3.Connection | None = None

    @contextmanager
    def open_index(self, db: sqlite3.Connection) -> Iterator[sqlite3.Connection | None]:
        """Yield the index, as of the state that a connection reads; None if there is nothing in it."""
        drafts = {row[0]: tuple(row[1:]) for row in db.execute(DRAFTS)}
        if not drafts:
            yield None
            return
        with self._lock:
            index = self._index
            if index is None or self._types is not self._store.types:
                if index is not None:
                    index.close()
                index = self._index = new_index()
                weakref.finalize(self, index.close).atexit = False  # a thread may still search in it
                self._held, self._types = {}, self._store.types
            self._update(index, drafts)
            yield index

    def close(self) -> None:
        """Let go of the memory."""
        with self._lock:
            if self._index is not None:
                self._index.close()
                self._index = None

    def _update(self, index: sqlite3.Connection, drafts: dict[int, tuple[object, ...]]) -> None:
        store = self._store
        changed = [i for i, about in drafts.items() if self._held.get(i) != about]
        gone = [i for i in self._held if i not in drafts]
        index.execute("BEGIN")
        index.execute("DELETE FROM contents WHERE version_id < 0")
        for content_id in (*changed, *gone):
            index.execute("DELETE FROM contents WHERE id = ?", (content_id,))
        search.remove(index, [*changed, *gone])
        present = store.load_many(changed)
        public = [found for one in present if (found := versions.as_published(store, one)) is not None]
        for one in public:
            rows.insert(index, one)
        add_surroundings(store, index, drafts)
        search.put_many(index, public, store.types, store.file)
        self._held = drafts
        index.execute("COMMIT")


def new_index() -> sqlite3.Connection:
    """Return an empty index in memory, with tables of its own of contents and of the fields of lists."""
    index = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    search.register(index)
    for script in (tables.CONTENTS, tables.FIELD_DEFINITIONS, search.TABLES):
        index.executescript(script)
    return index


def add_surroundings(store: ContentTable, index: sqlite3.Connection, held: Container[int]) -> None:
    """Add what conditions look up besides: all containers above what an index holds, and the workspaces."""
    keys: dict[str, None] = {}
    for (key,) in index.execute("SELECT key FROM contents WHERE version_id >= 0").fetchall():
        while key := key.rpartition("/")[0]:
            keys[key] = None
    found = {one.id: one for key in keys if (one := store.by_path(key)) is not None}
    types = store.types.derived_names("Workspace")
    with store.reading() as db:
        marks = ",".join("?" * len(types))
        ids = [row[0] for row in db.execute(f"SELECT id FROM contents WHERE type IN ({marks})", types)]
    found |= {one.id: one for one in store.load_many(ids)}
    for one in found.values():
        if one.id in held:
            continue
        index.execute("DELETE FROM contents WHERE key = ?", (one.path.lower(),))
        one.version_id = -1  # marks what is there to be asked for, not to be found
        rows.insert(index, one)
