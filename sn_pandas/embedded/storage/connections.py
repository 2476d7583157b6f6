"""Connections to one SQLite database: lent to threads, with transactions that nest.

In memory there is one connection that threads take in turn. A file has a pool of them: readers see the last
commit, one writer works at a time.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class _Thread(threading.local):
    """What a thread has in hand: a connection, and whether it writes."""

    connection: sqlite3.Connection | None = None
    writes = False


class Database:
    """A SQLite database.

    Parameters
    ----------
    path
        ``":memory:"``, or the path of a file.
    functions
        Functions of one value that its SQL calls, indexes too: always the same for the same value.
    """

    def __init__(
        self, path: str | Path = ":memory:", functions: Mapping[str, Callable[[Any], Any]] | None = None
    ) -> None:
        self.path = str(path)
        self._functions = dict(functions or {})
        self.in_memory = self.path == ":memory:"
        self._lock = threading.RLock()
        self._thread = _Thread()
        self._idle: list[sqlite3.Connection] = []
        self._connections: list[sqlite3.Connection] = []
        self.commits = 0
        """How often something was committed: what was looked up before is true as long as this stands."""
        self._after_commit: list[Callable[[], None]] = []
        self._after_rollback: list[Callable[[], None]] = []

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hold one state of the database while the block runs."""
        with self._connection() as db:
            if db.in_transaction:
                yield db
                return
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what the block writes as a whole, or nothing of it. Blocks inside join the outer one.

        In a block that was only `reading` so far, the state of the database moves on to the present.
        """
        with self._lock, self._connection() as db:
            if self._thread.writes:
                yield db
                return
            reads = db.in_transaction
            if reads:
                db.execute("ROLLBACK")
            db.execute("BEGIN IMMEDIATE")
            self._thread.writes = True
            try:
                yield db
                db.execute("COMMIT")
                self.commits += 1
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                undo, self._after_rollback = self._after_rollback, []
                self._after_commit.clear()
                for action in reversed(undo):
                    action()
                raise
            finally:
                self._thread.writes = False
                if reads:
                    db.execute("BEGIN")
            done, self._after_commit = self._after_commit, []
            self._after_rollback.clear()
            for action in done:
                action()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to this thread while the block runs; blocks inside get the same one."""
        if self._thread.connection is not None:
            yield self._thread.connection
            return
        if self.in_memory:
            self._lock.acquire()
        try:
            try:
                db = self._idle.pop()
            except IndexError:
                db = self._open()
            self._thread.connection = db
            try:
                yield db
            finally:
                self._thread.connection = None
                self._idle.append(db)
        finally:
            if self.in_memory:
                self._lock.release()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run the action when the transaction is committed; never if it is rolled back."""
        self._after_commit.append(action)

    def after_rollback(self, action: Callable[[], None]) -> None:
        """Run the action if the transaction is rolled back."""
        self._after_rollback.append(action)

    @property
    def writes(self) -> bool:
        """Whether this thread is inside a transaction."""
        return self._thread.writes

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._idle.clear()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=60)
        for name, function in self._functions.items():
            db.create_function(name, 1, function, deterministic=True)
        db.execute("PRAGMA foreign_keys = OFF")
        if not self.in_memory:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA cache_size = -65536")
        with self._lock:
            self._connections.append(db)
        return db
