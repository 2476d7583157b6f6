"""What a caller gives to be uploaded: files by path, bytes or stream, and the names that they get."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from ...odata.errors import RefusedError
from ...odata.wording import counted
from ..writes.naming import as_stored
from ..writes.report import Line, Report, report_frame

#: A file: where it is, or its bytes, or an open file.
File = str | os.PathLike[str] | bytes | BinaryIO
Files = File | Sequence[File] | Mapping[str, File] | pd.Series


@dataclasses.dataclass(frozen=True)
class Source:
    """An open file that can be read more than once, from where it stood."""

    stream: BinaryIO
    start: int
    size: int

    def parts(self, length: int) -> Iterator[tuple[int, bytes]]:
        """Yield the file in pieces, each with where it begins."""
        self.stream.seek(self.start)
        for at in range(0, max(self.size, 1), length):
            part = self.stream.read(min(length, self.size - at))
            if len(part) != min(length, self.size - at):
                raise OSError("it became shorter while it was read")
            yield at, part

    def equals(self, pieces: Iterator[bytes]) -> bool:
        """Return whether these are its bytes."""
        self.stream.seek(self.start)
        return all(self.stream.read(len(piece)) == piece for piece in pieces) and not self.stream.read(1)


@contextlib.contextmanager
def opened(file: File) -> Iterator[Source]:
    """Open a file; what cannot be read twice is kept aside on the disk."""
    with contextlib.ExitStack() as stack:
        if isinstance(file, (bytes, bytearray)):
            stream: BinaryIO = io.BytesIO(file)
        elif isinstance(file, (str, os.PathLike)):
            stream = stack.enter_context(Path(file).expanduser().open("rb"))
        elif file.seekable():
            stream = file
        else:
            stream = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, stream)
            stream.seek(0)
        start = stream.tell()
        yield Source(stream, start, stream.seek(0, os.SEEK_END) - start)


def is_several(file: Files) -> bool:
    """Return whether these are several files, so that a failure stands in the report and does not raise."""
    if isinstance(file, (pd.Series, Mapping)):
        return True
    return isinstance(file, Sequence) and not isinstance(file, (str, bytes, bytearray))


def given_files(file: Any, name: str | None) -> list[tuple[str | None, Any]]:
    """Return what is to be uploaded, each with the name that it was given, if any."""
    if isinstance(file, Mapping):
        return list(file.items())
    return [(None, one) for one in file] if is_several(file) else [(name, file)]


def names_of(given: Sequence[tuple[str | None, Any]], index: pd.Index, *, overwrite: bool) -> list[str]:
    """Take the names of all files, or refuse those that cannot be sent, all at once.

    Raises
    ------
    RefusedError
        If one is no file, has no name, or has the name of another one; its report has a line for each.
    """
    reasons: dict[int, str] = {}
    names: list[str] = []
    first: dict[str, int] = {}
    streams: dict[int, int] = {}
    for row, (name, file) in enumerate(given):
        stored_name, reason = _name(name, file)
        names.append(stored_name)
        kept, key = as_stored(stored_name), stored_name.lower()
        if not reason and kept != stored_name:
            reason = f"the server cannot store the name {stored_name!r}: pass another one, {{{kept!r}: file}}"
        elif not reason and overwrite and key in first:
            other = names[first[key]]
            reason = f"{_shown(file, stored_name)} would be stored over {_shown(given[first[key]][1], other)}"
        elif not reason and hasattr(file, "read") and id(file) in streams:
            reason = "the same open file is named twice"
        first.setdefault(key, row)
        streams.setdefault(id(file), row)
        if reason:
            reasons[row] = reason
    if reasons:
        lines = [
            Line("refused", reasons[row], (), -1, name or None)
            if row in reasons
            else Line("unsent", "not sent, because other files were refused", (), -1, name)
            for row, name in enumerate(names)
        ]
        said = "; ".join(list(reasons.values())[:10])
        many = "" if len(given) == 1 else f"{counted(len(reasons), 'file')} cannot be uploaded: "
        raise RefusedError(
            f"nothing was sent: {many}{said}", Report(report_frame(index, lines), what="upload")
        )
    return names


def _name(name: Any, file: Any) -> tuple[str, str]:
    """Return the name of a file, and why it cannot be sent."""
    if name is not None and not (isinstance(name, str) and name):
        return str(name), f"{name!r} is not a valid file name"
    if isinstance(file, (str, os.PathLike)):
        path = Path(file).expanduser()
        return name or path.name, _unfit(path)
    if not isinstance(file, (bytes, bytearray)):
        if not hasattr(file, "read"):
            return name or "", f"{file!r} is not a file; pass a path, bytes or an open file"
        if isinstance(file, io.TextIOBase):
            return name or "", f"{file!r} is open in text mode; open it with 'rb'"
    file_name = name or getattr(file, "name", None)
    if not isinstance(file_name, (str, os.PathLike)):
        return "", "pass the name to store the bytes under: name=…, or {name: file}"
    return name or Path(file_name).name, ""


def _unfit(path: Path) -> str:
    """Explain why a path is not that of a file, and what to give instead; nothing if it is one."""
    several = "for several files pass a list of their paths, such as sorted(Path({!r}).glob({!r}))"
    if path.is_dir():
        return f"{str(path)!r} is a folder; {several.format(str(path), '*.txt')}"
    if path.exists():
        return ""
    if set("*?[") & set(path.name):
        return f"{str(path)!r} is a pattern; {several.format(str(path.parent), path.name)}"
    return f"the file {str(path)!r} cannot be found"


def _shown(file: Any, name: str) -> str:
    return str(file) if isinstance(file, (str, os.PathLike)) else name
