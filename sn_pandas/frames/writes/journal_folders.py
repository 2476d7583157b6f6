"""Where journals are: the folder of those that have no place of their own, and their names."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from ...odata.errors import JournalError

#: The environment variable that names the folder of journals.
PLACE = "SN_PANDAS_JOURNALS"


def get_folder() -> Path:
    """Return the folder of the journals for which no other file was named."""
    named = os.environ.get(PLACE, "").strip()
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_state_path("sn_pandas", appauthor=False) / "journals"


def list_folders() -> list[Path]:
    """Return the folders of journals: where they belong and, unless that can be written, another one."""
    place = get_folder()
    if place.is_dir() and os.access(place, os.W_OK):
        return [place]
    return [place, _get_spare_folder()]


def _get_spare_folder() -> Path:
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"sn_pandas-{user}" / "journals"


def list_own_folders() -> list[Path]:
    """Return the folders of journals that are there, without those that others put journals into."""
    found = []
    for place in list_folders():
        with contextlib.suppress(OSError):
            refuse_others_folder(place)
            found.append(place)
    return found


def refuse_others_folder(place: Path) -> None:
    """Raise if a folder for journals, which hold values of contents, belongs to somebody else."""
    if hasattr(os, "getuid"):
        for owned in {place, place.parent} if place == _get_spare_folder() else {place}:
            if owned.stat().st_uid not in (os.getuid(), 0):
                raise PermissionError(f"{owned} belongs to another user")


def find(place: str | os.PathLike[str]) -> Path:
    """Return the file that a path, or the name of a journal in a folder of journals, means."""
    file = Path(place).expanduser()
    if not file.exists():
        named = (place / file.name for place in list_own_folders())
        file = next((one for one in named if one.exists()), file)
    if not file.is_file():
        raise JournalError(f"the journal {file} cannot be read: there is no such file")
    return file


def create_name(began: dt.datetime, suffix: str = ".jsonl") -> str:
    """Return the name of a journal that was begun at a moment; by name they are in the order of time."""
    return f"{began:%Y%m%d-%H%M%S}-{began.microsecond // 1000:03}-{secrets.token_hex(3)}{suffix}"


def prune(
    where: Path, before: dt.datetime, is_finished: Callable[[Path], bool], suffix: str = ".jsonl"
) -> None:
    """Remove the finished journals, or files of another suffix, that nobody wrote since a moment."""
    oldest = f"{before:%Y%m%d-%H%M%S}"
    for name in os.listdir(where):
        if name >= oldest or not name.endswith(suffix):  # by the name, for there may be thousands
            continue
        file = where / name
        with contextlib.suppress(OSError):  # a JournalError is one
            if file.stat().st_mtime < before.timestamp() and is_finished(file):
                file.unlink()
