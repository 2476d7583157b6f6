"""Whose a SQLite file is, and in which version it is kept: two numbers in its header.

``PRAGMA application_id`` says that the file is a repository, ``PRAGMA user_version`` how it is laid out.
Files from before version 2 have neither; they are recognized by their tables.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

APPLICATION_ID = 0x534E5044
"""``SNPD`` in ASCII."""

VERSION = 11
"""How files are laid out now."""

OWN_TABLES = frozenset(("contents", "counters", "type_definitions", "files", "permission_entries"))
"""What the files have had from the first version on."""


class UnusableFileError(sqlite3.DatabaseError):
    """The file is a SQLite database, but not a repository that can be opened."""


def prepare(path: str) -> None:
    """Create an empty file that only its user may read, or check an existing one without changing it.

    A file that is empty, or of an earlier version, is closed to others too: it will hold what it did not.

    Raises
    ------
    UnusableFileError
        If it is another program's database, or of a later version.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        version = 0
        if os.path.getsize(path):
            uri = f"{Path(path).as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=60)) as db:
                version = version_of(db)
        if version != VERSION:
            for one in (path, f"{path}-wal", f"{path}-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.chmod(one, 0o600)


def version_of(db: sqlite3.Connection) -> int:
    """Return the version of an open database; 0 for an empty one.

    Raises
    ------
    UnusableFileError
        If it is another program's database, or of a later version.
    """
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if application == APPLICATION_ID:
        if version > VERSION:
            raise UnusableFileError(
                f"it was written by a later version of sn_pandas (its layout is {version}, and this one"
                f" knows those up to {VERSION}); install a newer sn_pandas"
            )
        return version
    if application == 0 and version == 0:
        if not tables:
            return 0
        if tables >= OWN_TABLES:
            return 1
    raise UnusableFileError("it is the SQLite database of another program; name another file")


def mark(db: sqlite3.Connection) -> None:
    """Write down that a database is a repository of the present version."""
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {VERSION}")
