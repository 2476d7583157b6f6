"""Files that one process holds against others until it ends."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import IO, Any, Literal

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # there is no such module
msvcrt: Any = importlib.import_module("msvcrt") if os.name == "nt" else None

# The byte that is locked on Windows: nobody else can read what is locked there, so it is behind the end.
_LOCKED_BYTE = 1 << 30

# Not filelock, as for other locks: versions of it that are allowed truncate what they lock,
# so a journal would need a second file beside it. A journal that was renamed would not be locked any more,
# one in a folder that cannot be written could not be undone, and each journal=… would leave a file behind.


def open_locked(path: Path, mode: Literal["x", "a"]) -> IO[str]:
    """Open a journal for this process alone; the system lets go of it when the process ends."""
    stream = open(  # noqa: SIM115 - it stays open
        path, mode, encoding="ascii", newline="\n", opener=lambda name, flags: os.open(name, flags, 0o600)
    )
    if not lock(stream):
        stream.close()
        raise OSError("another process is writing it right now")
    return stream


def lock(stream: IO[Any]) -> bool:
    """Hold a file against others until it is closed, and say whether that is possible."""
    if fcntl is not None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
    if msvcrt is not None:
        handle = stream.fileno()
        place = os.lseek(handle, 0, os.SEEK_CUR)
        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, place, os.SEEK_SET)
    return True


def sync_folder(folder: Path) -> None:
    """Have the name of a new file on disk, too, where a folder can be opened."""
    try:
        place = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows
        return
    try:
        os.fsync(place)
    except OSError:  # a file system that has nothing to do for this
        pass
    finally:
        os.close(place)
