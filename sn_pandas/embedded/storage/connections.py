"""Connections to one SQLite database: lent to threads, with transactions that nest.

In memory there is one connection that threads take in turn. A file has a pool of them: readers see the last
commit, one writer works at a time.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from inspect import signature
from pathlib import Path
from typing import Any

from sn_pandas.embedded.errors import bad_request


class _Thread(threading.local):
    """What a thread has in hand: a connection, whether it writes, what it knows of the state, its time."""

    connection: sqlite3.Connection | None = None
    writes = False
    kept: dict[Any, Any] | None = None
    end = math.inf


LONGEST_END = 0.5
"""Seconds that threads have at the end of the process to give back what they work with."""


class _Pool:
    """The connections of a database: those that are idle, and those that threads work with."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # not the lock of writers, for which no reader waits
        self._idle: list[sqlite3.Connection] = []
        self._busy: set[sqlite3.Connection] = set()
        self._ended = False

    def admit(self) -> None:
        """Keep threads that are left at the end of the process from going on with work that cannot end."""
        with self._changed:
            while self._ended and threading.current_thread() is not threading.main_thread():
                self._changed.wait()  # for ever: such threads are stopped where they are

    def take(self) -> sqlite3.Connection | None:
        """Return an idle connection; None if there is none."""
        with self._changed:
            if not self._idle:
                return None
            db = self._idle.pop()
            self._busy.add(db)
            return db

    def add(self, db: sqlite3.Connection) -> None:
        """Count a new connection among those that are worked with."""
        with self._changed:
            self._busy.add(db)

    def give_back(self, db: sqlite3.Connection) -> None:
        """Keep a connection for the next one who needs it."""
        with self._changed:
            if db in self._busy and not self._ended:
                if db.in_transaction:  # Ctrl+C came between a BEGIN or ROLLBACK and what follows it
                    db.execute("ROLLBACK")
                self._busy.remove(db)
                self._idle.append(db)
                return
            db.close()  # the database was closed meanwhile, or the process ends
            self._busy.discard(db)
            self._changed.notify_all()

    def close(self) -> None:
        """Close idle connections and interrupt the others, which are closed when they return."""
        with self._changed:
            for db in self._busy:
                db.interrupt()
            self._busy.clear()
            idle, self._idle = self._idle, []
        for db in idle:  # not interrupted, which would leave its log behind
            db.close()

    def end(self) -> None:
        """Close idle connections at the end of the process, or when the database is no longer used.

        At the end of the process other threads may still work. They are waited for a moment; what they do
        not give back stays open, since a connection must not be closed while it works. Files are sound then,
        too. No other thread begins anything from here on.
        """
        with self._changed:
            self._ended = True
            for db in self._idle:
                db.close()
            self._idle.clear()
            self._changed.wait_for(lambda: not self._busy, LONGEST_END)


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
        self, path: str | Path = ":memory:", functions: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self.path = str(path)
        self._functions = dict(functions or {})
        self.in_memory = self.path == ":memory:"
        self._lock = threading.RLock()
        self._thread = _Thread()
        self._pool = _Pool()
        # a repository that nobody closed is dropped as a whole: its connections do not outlive it
        weakref.finalize(self, self._pool.end).atexit = not self.in_memory
        self._after_rollback: list[Callable[[], None]] = []

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Hold one state of the database while the block runs."""
        db = self._thread.connection
        if db is not None and db.in_transaction:
            return nullcontext(db)
        return self._read_transaction()

    @contextmanager
    def _read_transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as db:
            db.execute("BEGIN")
            self._thread.kept = {}
            try:
                yield db
            finally:
                self._thread.kept = None
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @property
    def kept(self) -> dict[Any, Any] | None:
        """The cached results of this thread for the state that it reads; None while it writes."""
        return self._thread.kept

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all writes of the block, or none.

        A block inside another one is committed with that one; if it fails, what it wrote itself is undone.
        In a block that was only `reading` so far, the state of the database moves on to the present.
        """
        with self._write_lock() as db:
            if self._thread.writes:
                with self._savepoint(db):
                    yield db
                return
            reads = db.in_transaction
            if reads:
                db.execute("ROLLBACK")
            db.execute("BEGIN IMMEDIATE")
            self._thread.writes, self._thread.kept = True, None
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                undo, self._after_rollback = self._after_rollback, []
                for action in reversed(undo):
                    action()
                raise
            finally:
                self._thread.writes = False
                if reads:
                    db.execute("BEGIN")
                    self._thread.kept = {}
            self._after_rollback.clear()

    @contextmanager
    def bulk(self) -> Iterator[sqlite3.Connection]:
        """Write very many rows in the transaction that the thread is in, or in one of its own.

        It is not a `transaction` inside another one: if it fails, the whole transaction has to be given up.
        SQLite shortens the journal of a savepoint after every row, which takes longer the more was written.
        """
        if self._thread.writes and self._thread.connection is not None:
            yield self._thread.connection
            return
        with self.transaction() as db:
            yield db

    @contextmanager
    def sorting_in_files(self) -> Iterator[None]:
        """Sort in files, not in memory, in the transaction of the block."""
        with self._write_lock() as db:
            outside = not (self.in_memory or db.in_transaction)  # inside of one it cannot be changed
            if outside:
                db.execute("PRAGMA temp_store = FILE")
            try:
                yield
            finally:
                if outside:
                    db.execute("PRAGMA temp_store = MEMORY")

    @contextmanager
    def _savepoint(self, db: sqlite3.Connection) -> Iterator[None]:
        begun = len(self._after_rollback)
        db.execute("SAVEPOINT inner_block")
        try:
            yield
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK TO inner_block")
                db.execute("RELEASE inner_block")
            undo = self._after_rollback[begun:]
            del self._after_rollback[begun:]
            for action in reversed(undo):
                action()
            raise
        db.execute("RELEASE inner_block")

    @contextmanager
    def _write_lock(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection to this thread, the only one that writes."""
        if self._thread.connection is None:
            self._pool.admit()  # before the lock, which has to come free
        with self._lock, self._connection() as db:
            yield db

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection to this thread while the block runs; blocks inside get the same one."""
        if self._thread.connection is not None:
            yield self._thread.connection
            return
        self._pool.admit()
        if self.in_memory:
            self._lock.acquire()
        try:
            db = self._pool.take() or self._open()
            self._thread.connection = db
            try:
                yield db
            finally:
                self._thread.connection = None
                self._pool.give_back(db)
        finally:
            if self.in_memory:
                self._lock.release()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let the block compute for some seconds at most, as `keep_time` sees to."""
        self._thread.end = time.thread_time() + seconds
        try:
            yield
        finally:
            self._thread.end = math.inf

    def keep_time(self) -> None:
        """Raise if this thread has computed for longer than it may; who handles many rows asks in between.

        Raises
        ------
        ODataError
            If the time is over.
        """
        if time.thread_time() > self._thread.end:
            raise bad_request(
                "TimeoutException",
                "This takes too long, and nothing of it was done. Ask in parts, such as one request for each"
                " child.",
            )

    def after_rollback(self, action: Callable[[], None]) -> None:
        """Run the action if the transaction is rolled back."""
        self._after_rollback.append(action)

    @property
    def writes(self) -> bool:
        """Whether this thread is inside a transaction."""
        return self._thread.writes

    def snapshot(self) -> sqlite3.Connection:
        """Return a copy of the current state, in memory."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, copy.close).atexit = False  # a thread may still read it
        with self._connection() as db:
            db.backup(copy)
        return copy

    def restore(self, snapshot: sqlite3.Connection) -> None:
        """Put back what a snapshot holds."""
        with self._write_lock() as db:
            snapshot.backup(db)

    def rewrite(self) -> None:
        """Rewrite the file without deleted data."""
        with self._write_lock() as db:
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections; one that a thread works with is interrupted, and closed once given back."""
        self._pool.close()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=60)
        for name, function in self._functions.items():
            db.create_function(name, len(signature(function).parameters), function, deterministic=True)
        db.execute("PRAGMA foreign_keys = OFF")
        if not self.in_memory:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA cache_size = -65536")
        self._pool.add(db)
        return db
