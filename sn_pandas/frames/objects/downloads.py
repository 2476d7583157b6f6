"""Files that come down, piece by piece: into the memory, a file, or a folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from ...odata.addresses import normalize
from ...odata.errors import BrokenAnswer, NotFoundError, SensenetError
from ...odata.query import target
from ...odata.schema import Field
from ..progress import Setting
from ..writes import looking
from ..writes.acting import each
from ..writes.looking import Stored
from ..writes.report import Line, Report, report_frame
from ..writes.settling import certain
from .places import there

if TYPE_CHECKING:
    from ..repository import Repository

T = TypeVar("T")
# What is to be known of a content before its file is believed.
_FACTS = (Field("Size", "Number"), Field("IsFolder", "Boolean"))


def download(
    repo: Repository, place: str | int, to: str | os.PathLike[str] | None, field: str
) -> bytes | Path:
    """Download one file: its bytes, or the path of the file it was written to.

    A file that exists is replaced only when the new one is whole.
    """
    where = normalize(place, repo.base)
    with there(repo, where):
        stored = looking.one(repo.client, where, _FACTS)
        if to is None:
            return _received(repo, stored, field, b"".join)
        path = Path(to).expanduser()
        path = path / str(stored["Name"]) if path.is_dir() else path
        _fetch(repo, stored, field, path)
        return path


def download_all(
    repo: Repository,
    places: Sequence[int],
    folder: str | os.PathLike[str],
    *,
    index: pd.Index,
    field: str = "Binary",
    workers: int = 4,
    progress: Setting = None,
) -> Report:
    """Download the files of several contents into a folder, each under its name."""
    target_folder = Path(folder).expanduser()
    target_folder.mkdir(parents=True, exist_ok=True)
    stored = looking.by_id(repo.client, [id_ for id_ in places if id_ > 0], _FACTS)
    names = _file_names({id_: str(row["Path"]) for id_, row in stored.items()})

    def one(id_: int) -> Line:
        row = stored.get(id_)
        if row is None:
            return Line("failed", "it is gone, or you may not see it", (field,), id_)
        path = target_folder / names[id_]
        try:
            _fetch(repo, row, field, path)
        except SensenetError as error:
            return Line(certain(error) or "failed", str(error), (field,), id_, row["Path"], error=error)
        except OSError as error:
            return Line("failed", str(error), (field,), id_, row["Path"])
        return Line("saved", str(path), (field,), id_, row["Path"])

    lines = each(places, one, repo=repo, what="download", workers=workers, progress=progress, index=index)
    return Report(report_frame(index, lines), what="download", repo=repo)


def address_of(place: str | int, field: str) -> str:
    """Give the address of a file."""
    which = {"nodeid": place} if isinstance(place, int) else {"nodepath": place}
    return target("/binaryhandler.ashx", {**which, "propertyname": field})


def _fetch(repo: Repository, stored: Stored, field: str, path: Path) -> None:
    """Write a file piece by piece beside where it goes, and put it there when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")

    def write(pieces: Iterator[bytes]) -> None:
        with part.open("wb") as file:
            file.writelines(pieces)

    try:
        _received(repo, stored, field, write)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _received(repo: Repository, stored: Stored, field: str, use: Callable[[Iterator[bytes]], T]) -> T:
    """Give what ``use`` makes of a file; an end that came early is found out by what the server says."""
    address = address_of(int(stored["Id"]), field)

    def whole(pieces: Iterator[bytes]) -> Iterator[bytes]:
        count = 0
        for piece in pieces:
            count += len(piece)
            yield piece
        if field == "Binary" and count < _size(stored):
            size = _size(looking.one(repo.client, int(stored["Id"]), _FACTS))  # or there is a smaller one now
            if count < size:
                raise BrokenAnswer(f"GET {address}: {count:,} of {size:,} bytes came")
        if not count:
            _make_sure(repo, stored, field)

    return repo.client.stream(address, lambda pieces: use(whole(pieces)))


def _size(stored: Stored) -> int:
    """Give how many bytes a file has; 0 where the server does not say."""
    return int(stored.get("Size") or 0)


def _make_sure(repo: Repository, stored: Stored, field: str) -> None:
    """Raise if a content cannot have a file; the server answers nothing then, without an error."""
    kind = str(stored["Type"])
    known = repo.schema[kind].fields.get(field) if kind in repo.schema else None
    if known is None or known.type != "Binary":
        said = f"it has no file, for a {kind} has no binary field {field}"
        if stored.get("IsFolder"):
            below = f'repo.read({stored["Path"]!r}, query="TypeIs:File")'
            said += f"; the files below it: {below}.sn.download(folder)"
        raise NotFoundError(f"{stored['Path']}: {said}", reason=said)


def _file_names(paths: Mapping[int, str]) -> dict[int, str]:
    """Give each file its name, with its folders where two have the same."""
    names = {id_: path.rpartition("/")[2] for id_, path in paths.items()}
    count = pd.Series([name.lower() for name in names.values()]).value_counts()
    common = os.path.commonpath([path.rpartition("/")[0] for path in paths.values()]) if paths else ""
    return {
        id_: name if count[name.lower()] == 1 else os.path.relpath(paths[id_], common)
        for id_, name in names.items()
    }
