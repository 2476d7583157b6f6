"""A repository on a socket: the server of an application, and the lock of the file that it serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock

from sn_pandas.embedded.http.wsgi_server import Server


def serve(application: Any, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Return a threaded server for an application, bound but not running: call ``serve_forever``."""
    return Server(application, host, port, trusts_anonymous=bool(getattr(application, "admin", True)))


class FileInUseError(Exception):
    """Another process serves the file."""


@contextmanager
def lock_file(data: str) -> Iterator[None]:
    """Lock a repository file against other processes while the block runs.

    Raises
    ------
    FileInUseError
        If another process has it.
    OSError
        If it cannot be locked.
    """
    if data == ":memory:":
        yield
        return
    path = Path(f"{Path(data).resolve()}.lock")  # one lock for a file, whatever links lead to it
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} of --data is not there; make it first")
    if Path(data).is_dir():
        raise IsADirectoryError(f"{data} is a folder; --data names a file in it, such as {data}/repo.db")
    lock = filelock.FileLock(path, timeout=0, mode=0o600)  # it ends with the process, however that ends
    try:
        lock.acquire()
    except filelock.Timeout:
        raise FileInUseError(
            f"{data} is in use by another process. Stop that one first, or serve another file."
        ) from None
    except NotImplementedError:  # what filelock raises where flock does not exist
        raise OSError(
            f"{data} cannot be locked against other processes, because its file system has no locks. "
            "Put it on a local disk."
        ) from None
    try:
        yield
    finally:
        lock.release()
