"""The stash: the edits of a grid that are not saved, on disk, to be offered again after a crash.

A stash is a file of JSON lines beside the journals: a header, one line for each cell that was edited or is no
longer, and one before and after each save. It holds values of contents, so only its owner may read it; it
never holds a password. The process that writes it holds it against others; one that nobody holds was left
behind.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pandas as pd

from ...frames.columns.normalizing import Cell
from ...frames.connection import Connection
from ...frames.spreadsheets.packing import pack_cell, unpack_cell
from ...frames.tracking.baseline import Baseline
from ...frames.writes.file_locks import lock, open_locked
from ...frames.writes.journal import KEPT, PROCESS
from ...frames.writes.journal_folders import (
    create_name,
    list_folders,
    list_own_folders,
    prune,
    refuse_others_folder,
)
from ...odata.addresses import canonical_origin
from .history import Key
from .rows import folder_of

_SUFFIX = ".edits"
_FORMAT = 1
#: Cells of a stash: writing more would keep the kernel from answering.
MOST = 100_000

_encode = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes one for each cell
_COMPARED = frozenset([str, int, float, bool, pd.Timestamp])

#: What an edited cell was read as, and what it is.
Values = tuple[Cell, Cell]
Cells = Mapping[tuple[Key, str], Values]


class Stash:
    """The stash of the edits of one frame, which is there while there are some.

    Parameters
    ----------
    baseline : Baseline
        That of the frame.

    Attributes
    ----------
    problem : str
        Why edits are not stashed; empty if they are.
    """

    def __init__(self, baseline: Baseline) -> None:
        self.problem = ""
        self._facts = _facts(baseline)
        self._stream: IO[str] | None = None
        self._path = Path()
        self._written: dict[tuple[Key, str], Values] = {}

    def update(self, cells: Cells) -> None:
        """Have the stash hold just these cells; without any, there is none."""
        if not cells:
            return self.discard()
        if len(cells) > MOST:
            self.discard()
            self.problem = f"more than {MOST:,} edits are not kept on disk"
            return None
        changed = [cell for cell, values in cells.items() if not _are_alike(values, self._written.get(cell))]
        lines = [_cell_line(cell, cells[cell]) for cell in changed]
        lines += [_cell_line(cell, None) for cell in self._written if cell not in cells]
        self._written = dict(cells)
        return self._write(lines)

    def saving(self, keys: Collection[Key]) -> None:
        """Note the rows of a save that begins, and that none is being saved when it has ended."""
        if self._stream is not None:
            self._write([json.dumps({"saving": list(keys)})])

    def discard(self) -> None:
        """Remove the file."""
        if self._stream is not None:
            self._path.unlink(missing_ok=True)
            self.let_go()
        self._written = {}
        self.problem = ""

    def let_go(self) -> None:
        """Leave the file to whoever opens a grid next."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()
            self._stream = None

    def _write(self, lines: list[str]) -> None:
        if not lines:
            return
        try:
            if self._stream is None:
                self._path, self._stream = _begin(self._facts)
                lines = [_cell_line(cell, values) for cell, values in self._written.items()]
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
            self.problem = ""
        except OSError as error:
            self.let_go()
            self.problem = f"edits are not kept on disk: {error}"


@dataclasses.dataclass(frozen=True)
class Left:
    """A stash that a process, or a grid that was closed, left behind.

    Attributes
    ----------
    written : datetime
        When it was written last.
    place : str
        The folder that its frame was read from.
    cells : dict
        The edited cells.
    sent : set
        The keys of rows that were being saved when its process ended.
    """

    path: Path
    written: dt.datetime
    place: str
    cells: dict[tuple[Key, str], Values]
    sent: set[Key]

    def without(self, cells: Collection[tuple[Key, str]]) -> Left:
        """Remove cells from the file, and the file with its last cell; one that is in use stays as it is.

        Returns
        -------
        Left
            What is left.
        """
        rest = {cell: values for cell, values in self.cells.items() if cell not in cells}
        left = dataclasses.replace(self, cells=rest)
        with contextlib.suppress(OSError), self.path.open("rb") as stream:
            if not lock(stream):
                return self
            if rest:
                header = json.loads(stream.readline())
                path, made = _begin({name: header[name] for name in ("origin", "user", "place", "process")})
                with made:
                    lines = [_cell_line(cell, values) for cell, values in rest.items()]
                    made.write(
                        "".join(f"{line}\n" for line in [*lines, json.dumps({"saving": [*self.sent]})])
                    )
                os.utime(path, (self.written.timestamp(),) * 2)
                left = dataclasses.replace(left, path=path)
            self.path.unlink()
        return left


def left_behind(baseline: Baseline) -> list[Left]:
    """Return the stashes of this user of the repository that nobody writes any more, oldest first."""
    wanted = _facts(baseline)
    found = []
    for path in (path for folder in list_own_folders() for path in folder.glob(f"*{_SUFFIX}")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            left = _read(path, wanted)
            if left is not None:
                found.append(left)
    return sorted(found, key=lambda left: left.written)


def _facts(baseline: Baseline) -> dict[str, Any]:
    repo: Connection = baseline.repo
    place = folder_of(baseline)
    return {"origin": canonical_origin(repo.url), "user": str(repo.user), "place": place, "process": PROCESS}


def _begin(facts: Mapping[str, Any]) -> tuple[Path, IO[str]]:
    began = dt.datetime.now(dt.UTC)
    trouble = OSError("there is no folder for them")
    for folder in list_folders():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            refuse_others_folder(folder)
            prune(folder, began - KEPT, _is_free, _SUFFIX)
            path = folder / create_name(began, _SUFFIX)
            stream = open_locked(path, "x")
            stream.write(json.dumps({"stash": _FORMAT, **facts}) + "\n")
            return path, stream
        except OSError as error:
            trouble = error
    raise trouble


def _is_free(path: Path) -> bool:
    with path.open("rb") as stream:
        return lock(stream)


def _read(path: Path, wanted: Mapping[str, Any]) -> Left | None:
    """Read a stash up to a line that was cut; None if it is of others, in use, or has no edits."""
    with path.open("rb") as stream:
        if not lock(stream):
            return None
        written = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        lines = _lines(stream.read())
    header = next(lines, {})
    if header.get("stash") != _FORMAT or any(header[name] != wanted[name] for name in ("origin", "user")):
        return None
    if re.fullmatch(r"http://embedded(-\d+)?", header["origin"]) and header["process"] != PROCESS:
        return None  # that repository was in the memory of a process that has ended
    cells: dict[tuple[Key, str], Values] = {}
    sent: set[Key] = set()
    for line in lines:
        if "saving" in line:
            sent = set(line["saving"])
            continue
        cell = line["key"], line["column"]
        if "after" in line:
            cells[cell] = unpack_cell(line["before"]), unpack_cell(line["after"])
        else:
            cells.pop(cell, None)
    return Left(path, written, str(header["place"]), cells, sent) if cells else None


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    for text in content.split(b"\n")[:-1]:  # what follows the last one was cut when the process was killed
        yield json.loads(text)


def _are_alike(values: Values, written: Values | None) -> bool:
    """Return whether values need not be written again, without a look at what is slow to compare."""
    return written is not None and all(
        one is other or (type(one) is type(other) and type(one) in _COMPARED and one == other)
        for one, other in zip(values, written, strict=True)
    )


def _text(cell: Cell) -> str:
    return _encode(cell if type(cell) is str else pack_cell(cell))


def _cell_line(cell: tuple[Key, str], values: Values | None) -> str:
    place = f'"key":{json.dumps(cell[0])},"column":{json.dumps(cell[1])}'
    if values is None:
        return f"{{{place}}}"
    before, after = map(_text, values)
    return f'{{{place},"before":{before},"after":{after}}}'
