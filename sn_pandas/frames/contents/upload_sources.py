"""The files to upload, by path, bytes or stream, and their names."""

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

from ...odata.client import Client
from ...odata.errors import RefusedError
from ...odata.wording import count_noun
from ..reads import lookup
from ..writes.naming import as_stored, compose, list_spellings
from ..writes.report import Line, Report, report_frame

#: A file: where it is, or its bytes, or an open file.
File = str | os.PathLike[str] | bytes | BinaryIO
_OTHER_FORM = "they are the same letters in another Unicode form"
Files = File | Sequence[File] | Mapping[str, File] | pd.Series


@dataclasses.dataclass(frozen=True)
class Source:
    """An open file that can be read repeatedly from its initial position."""

    stream: BinaryIO
    start: int
    size: int

    def iter_parts(self, length: int) -> Iterator[tuple[int, bytes]]:
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
def open_source(file: File) -> Iterator[Source]:
    """Open a file; a stream that cannot be read twice is buffered on disk."""
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
    """Return whether several files are given, so that failures are reported instead of raised."""
    if isinstance(file, (pd.Series, Mapping)):
        return True
    return isinstance(file, Sequence) and not isinstance(file, (str, bytes, bytearray))


def list_files(file: Any, name: str | None) -> list[tuple[str | None, Any]]:
    """Return the files to upload, each with its given name, if any."""
    if isinstance(file, Mapping):
        return list(file.items())
    return [(None, one) for one in file] if is_several(file) else [(name, file)]


def list_names(given: Sequence[tuple[str | None, Any]], index: pd.Index, *, overwrite: bool) -> list[str]:
    """Return the names of all files; raise for all those that cannot be sent at once.

    Raises
    ------
    RefusedError
        If one is not a file, has no name, or has the name of another one; its report has a line for each.
    """
    reasons: dict[int, str] = {}
    names: list[str] = []
    first: dict[str, int] = {}
    streams: dict[int, int] = {}
    for row, (name, file) in enumerate(given):
        stored_name, reason = _name(name, file)
        names.append(stored_name)
        kept, key = as_stored(stored_name), compose(stored_name)
        other = names[first.get(key, row)]
        if not reason and kept != stored_name:
            way = f": pass another one, {{{kept!r}: file}}" if kept else ""
            reason = f"the server cannot store the name {stored_name!r}{way}"
        elif not reason and other.lower() != stored_name.lower():
            reason = f"{stored_name!a} looks like {other!a}: {_OTHER_FORM}"
        elif not reason and overwrite and key in first:
            mine, theirs = _describe_file(file, stored_name), _describe_file(given[first[key]][1], other)
            reason = f"{mine} would be stored over {theirs}"
        elif not reason and hasattr(file, "read") and id(file) in streams:
            reason = "the same open file is named twice"
        first.setdefault(key, row)
        streams.setdefault(id(file), row)
        if reason:
            reasons[row] = reason
    reject(names, reasons, index)
    return names


def find_similar_names(names: Sequence[str], folder: str, client: Client) -> dict[int, str]:
    """Return the files whose names look like that of another content of the folder, and why that is.

    They have the same letters in another Unicode form, as files of a Mac do: such a file would become
    another content beside the one that it is meant to replace.
    """
    forms_of = {row: [f"{folder}/{form}" for form in list_spellings(name)] for row, name in enumerate(names)}
    doubtful = {row: forms for row, forms in forms_of.items() if len(forms) > 1}
    there = lookup.read_by_path(client, [path for forms in doubtful.values() for path in forms], sure=False)
    reasons = {}
    for row, forms in doubtful.items():
        found = [str(there[path.lower()]["Name"]) for path in forms if path.lower() in there]
        if found and forms[0].lower() not in there:
            way = f"to replace it, pass {{{found[0]!a}: file}}"
            reasons[row] = f"{names[row]!a} looks like {found[0]!a}, which is there: {_OTHER_FORM}; {way}"
    return reasons


def reject(names: Sequence[str], reasons: Mapping[int, str], index: pd.Index) -> None:
    """Raise if there are reasons not to send some files, given by row.

    Raises
    ------
    RefusedError
        With a report that has a line for each file.
    """
    if not reasons:
        return
    lines = [
        Line("refused", reasons[row], (), -1, name or None)
        if row in reasons
        else Line("unsent", "not sent, because other files were refused", (), -1, name)
        for row, name in enumerate(names)
    ]
    said = "; ".join(list(reasons.values())[:10])
    many = "" if len(names) == 1 else f"{count_noun(len(reasons), 'file')} cannot be uploaded: "
    raise RefusedError(f"nothing was sent: {many}{said}", Report(report_frame(index, lines), what="upload"))


def _name(name: Any, file: Any) -> tuple[str, str]:
    """Return the name of a file, and why it cannot be sent."""
    if name is not None and not (isinstance(name, str) and name):
        return str(name), f"{name!r} is not a valid file name"
    if isinstance(file, (str, os.PathLike)):
        path = Path(file).expanduser()
        return name or path.name, _explain_unfit_path(path)
    if not isinstance(file, (bytes, bytearray)):
        if not hasattr(file, "read"):
            return name or "", f"{file!r} is not a file; pass a path, bytes or an open file"
        if getattr(file, "closed", False):
            return name or "", f"{file!r} is closed; open it again"
        if isinstance(file, io.TextIOBase):
            return name or "", f"{file!r} is open in text mode; open it with 'rb'"
    file_name = name or getattr(file, "name", None)
    if not isinstance(file_name, (str, os.PathLike)):
        return "", "pass the name to store the bytes under: name=…, or {name: file}"
    return name or Path(file_name).name, ""


def _explain_unfit_path(path: Path) -> str:
    """Explain why a path is not a file, and what to pass instead; empty if it is one."""
    several = "for several files pass a list of their paths, such as sorted(Path({!r}).glob({!r}))"
    if path.is_dir():
        return f"{str(path)!r} is a folder; {several.format(str(path), '*.txt')}"
    if path.exists():
        return ""
    if set("*?[") & set(path.name):
        return f"{str(path)!r} is a pattern; {several.format(str(path.parent), path.name)}"
    return f"the file {str(path)!r} cannot be found"


def _describe_file(file: Any, name: str) -> str:
    return str(file) if isinstance(file, (str, os.PathLike)) else name
