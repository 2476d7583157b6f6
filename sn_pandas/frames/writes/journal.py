"""The journal: the plan of a save, on disk before the first request, and its outcomes.

A journal is a file of JSON lines: a header, one line for each content that is to be written, then one line
for each outcome. It holds values of contents, so only its owner may read it; it never holds a credential.

Journals that have no place of their own stay in one folder. When another one is begun there, those of which
nothing is open and that nobody wrote for ``KEPT`` are removed; what is open stays until it is resumed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pandas as pd

from ...odata.errors import JournalError, SaveError, SaveWarning
from ...odata.schema import Field
from ...odata.warning import warn_user
from .file_locks import lock, open_locked, sync_folder
from .journal_folders import PLACE, create_name, find, list_folders, prune, refuse_others_folder
from .report import OUTCOMES, Line
from .works import KINDS, Patch, Work

#: How long a finished journal is kept.
KEPT = dt.timedelta(days=90)
#: This process, which repositories in memory live in.
PROCESS = secrets.token_hex(8)
_FORMAT = 1
#: Outcomes after which nothing is to be finished.
FINAL = ("saved", "unchanged", "ignored", "conflict", "failed", "refused")


@dataclasses.dataclass(frozen=True)
class Journal:
    """A journal: the plan of a save, and the outcome of each content.

    ``sn.undo`` and ``sn.resume`` take it as they take its file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    header : mapping
        Its first line: ``origin``, ``user``, ``what``, ``began``.
    works : sequence of Work
        The planned operations.
    lines : mapping of int to Line
        The last outcome of each operation, by its number; operations without an outcome are absent.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> repo = sn.connect("embedded://")
    >>> df = repo.read("/Root/Content/IT/Tasks", select="Index")
    >>> df.loc[df.index[:2], "Index"] += 1
    >>> journal = sn.Journal.read(df.sn.save().journal)
    >>> journal.entries["outcome"].tolist()
    ['saved', 'saved']
    >>> sn.undo(journal, repo).ok
    True
    """

    path: Path
    header: Mapping[str, Any] = dataclasses.field(repr=False)
    works: Sequence[Work] = dataclasses.field(repr=False)
    lines: Mapping[int, Line] = dataclasses.field(repr=False)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Journal:
        """Read a journal; an incomplete last line is ignored.

        Parameters
        ----------
        path : str or path
            The file, or its name as ``sn.journals()`` lists it.

        Raises
        ------
        JournalError
            If there is no such file, or it is damaged or not a journal; the message names the line.
        """
        return read(path)

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def origin(self) -> str:
        """The address of the repository that the journal belongs to."""
        return str(self.header["origin"])

    @property
    def what(self) -> str:
        """The call that wrote the journal, such as ``save`` or ``delete``."""
        return str(self.header["what"])

    @property
    def user(self) -> str:
        """The path of the user who saved."""
        return str(self.header["user"])

    @property
    def began(self) -> dt.datetime:
        """When the save began, by the clock of this computer or the server, whichever was behind."""
        times = [self.header[name] for name in ("began", "server_began") if name in self.header]
        return min(map(dt.datetime.fromisoformat, times))

    @property
    def entries(self) -> pd.DataFrame:
        """One row for each content of the save, in the order of the plan.

        ``Id``, ``Path``, ``operation`` (such as ``Patch``), ``outcome`` and ``reason`` as in a report, and
        ``open``: whether ``sn.resume`` has something to do. The outcome is missing where none was recorded.
        """
        unfinished = set(self.open)
        rows = []
        for number, work in enumerate(self.works):
            line = self.lines.get(number)
            id_ = line.id if line is not None and line.id > 0 else work.id
            rows.append(
                {
                    "Id": id_ if id_ > 0 else None,
                    "Path": (line.path if line is not None else None) or work.path,
                    "operation": type(work).__name__,
                    "outcome": None if line is None else line.outcome,
                    "reason": "" if line is None else line.reason,
                    "open": number in unfinished,
                }
            )
        texts = dict.fromkeys(["Path", "operation", "outcome", "reason"], "str")
        frame = pd.DataFrame(rows, columns=["Id", "Path", "operation", "outcome", "reason", "open"])
        return frame.astype({"Id": "Int64", **texts, "open": "bool"})

    @property
    def open(self) -> list[int]:
        """The numbers of the operations that are not finished."""
        done = {number for number, line in self.lines.items() if line.outcome in FINAL}
        return [number for number in range(len(self.works)) if number not in done]


class JournalWriter:
    """A journal that is being written.

    Parameters
    ----------
    path : path
        The file.
    stream : file
        The open file, which is held against other processes.
    """

    def __init__(self, path: Path, stream: IO[str]) -> None:
        self.path = path
        self._stream = stream
        self._lock = threading.Lock()

    @classmethod
    def begin(
        cls, where: str | os.PathLike[str] | None, works: Sequence[Work], **header: Any
    ) -> JournalWriter:
        """Write the plan to the journal; it is on disk when this returns.

        Raises
        ------
        SaveError
            If it cannot be written; then nothing must be sent.
        """
        began = dt.datetime.now(dt.UTC)
        facts = {"journal": _FORMAT, "began": began.isoformat(timespec="milliseconds"), "process": PROCESS}
        plan = [{"plan": n, "do": _name_kind(work), **work.facts()} for n, work in enumerate(works)]
        lines = [{**facts, **header, "fields": _field_facts(works), "rows": len(works)}, *plan]
        if where is not None:
            path = Path(where).expanduser().absolute()  # it is the same file after a change of directory
            path = path / create_name(began) if path.is_dir() else path
            try:
                return cls._write_plan(path, lines)
            except OSError as error:
                raise _create_unwritable_error(error, "pass another file with journal=…") from error
        trouble: OSError | None = None
        for place in list_folders():
            try:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
                refuse_others_folder(place)
                prune(place, began - KEPT, _is_finished)
                if trouble is not None:
                    warn_user(
                        f"the journal is written to {place}, because the usual folder cannot be written "
                        f"({trouble}); set the environment variable {PLACE} to choose another folder",
                        SaveWarning,
                    )
                return cls._write_plan(place / create_name(began), lines)
            except OSError as error:
                trouble = trouble or error
        raise _create_unwritable_error(
            trouble or OSError("there is no folder for it"),
            f"set the environment variable {PLACE} to a folder that can be written",
        ) from trouble

    @classmethod
    def _write_plan(cls, path: Path, lines: Sequence[Mapping[str, Any]]) -> JournalWriter:
        """Write the plan to a new journal, all or nothing."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        journal = cls(path, open_locked(path, "x"))
        try:
            journal._write(*lines)
            journal._sync()
            sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                journal._stream.close()
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        return journal

    @classmethod
    def go_on(cls, place: str | os.PathLike[str]) -> JournalWriter:
        """Lock an interrupted journal to continue it.

        Raises
        ------
        JournalError
            If it cannot be written, or another process writes it.
        """
        path = find(place)
        try:
            stream = open_locked(path, "a")
        except OSError as error:
            raise JournalError(f"the journal {path} cannot be written: {error}") from error
        return cls(path, stream)

    def record(self) -> Journal:
        """Read the journal after locking it; an incomplete last line is dropped.

        Raises
        ------
        JournalError
            If it is not a journal.
        """
        record = read(self.path)
        try:
            self._stream.truncate(self.path.read_bytes().rfind(b"\n") + 1)
        except OSError as error:
            raise JournalError(f"the journal {self.path} cannot be written: {error}") from error
        return record

    def done(self, number: int, line: Line, before: Mapping[str, Any] | None = None) -> None:
        """Write an outcome; ``before`` is the overwritten value if it differs from the planned one."""
        facts: dict[str, Any] = {"done": number, "outcome": line.outcome, "id": line.id, "path": line.path}
        more = {"reason": line.reason, "before": before}
        self._write({**facts, **{name: value for name, value in more.items() if value}})
        self._stream.flush()

    def let_go(self) -> None:
        """Close the journal without ending it, so that it can be continued."""
        with contextlib.suppress(OSError):
            self._stream.close()

    def close(self) -> None:
        """Write that the journal is complete."""
        with contextlib.suppress(OSError), self._stream:
            self._write({"end": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")})
            self._sync()

    def _write(self, *lines: Mapping[str, Any]) -> None:
        text = "".join(json.dumps(facts, separators=(",", ":")) + "\n" for facts in lines)
        with self._lock:
            self._stream.write(text)

    def _sync(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())


@contextlib.contextmanager
def lock_journal(place: str | os.PathLike[str]) -> Iterator[Journal]:
    """Read a journal and lock it against other processes.

    Raises
    ------
    JournalError
        If a save, or another process, is writing it; or it cannot be read.
    """
    file = find(place)
    try:
        stream = file.open("rb")
    except OSError as error:
        raise JournalError(f"the journal {file} cannot be read: {error}") from error
    with stream:
        if not lock(stream):
            raise JournalError(
                f"the journal {file} is being written right now: wait until that save has ended, or "
                "interrupt it, and try again"
            )
        yield _read(file, stream.read())


def read(place: str | os.PathLike[str]) -> Journal:
    """Read a journal; a last line that was cut is left out.

    Raises
    ------
    JournalError
        If there is no such journal, or the file is none or damaged; it names the line.
    """
    file = find(place)
    try:
        return _read(file, file.read_bytes())
    except JournalError:
        raise
    except OSError as error:
        raise JournalError(f"the journal {file} cannot be read: {error}") from error


def _read(file: Path, content: bytes) -> Journal:
    lines = content.split(b"\n")[:-1]  # what was cut when the process was killed
    header: dict[str, Any] = {}
    fields: dict[str, Field] = {}
    works: list[Work] = []
    outcomes: dict[int, Line] = {}
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise TypeError("not an object")
            if number == 1:
                header = read_header(line)
                fields = {name: Field(name, *facts) for name, facts in header["fields"].items()}
            elif "plan" in line:
                if line["plan"] != len(works):
                    raise ValueError(f"plan {len(works)} is missing")
                works.append(_parse_operation(line, fields))
            elif "done" in line:
                done = _parse_integer(line["done"])
                outcomes[done] = _parse_outcome(line)
                if line.get("before") and isinstance(work := works[done], Patch):
                    work.before.update(line["before"])
        except _NewerError as error:
            raise JournalError(f"{file}: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise JournalError(
                f"{file}, line {number}: this is not a journal of sn_pandas, or it is damaged "
                f"({type(error).__name__}: {error}): {text[:60]!r}"
            ) from None
    if not header:
        raise JournalError(f"{file} has no complete line: if it is a journal, nothing was sent")
    if len(works) < header["rows"]:
        if outcomes:
            raise JournalError(
                f"{file} is damaged: it announces {header['rows']} contents and lists {len(works)}, so the "
                "outcomes cannot be matched to them"
            )
        works = []  # killed while it was written, so nothing was sent
    if any(not 0 <= done < len(works) for done in outcomes):
        raise JournalError(f"{file} is damaged: it has an outcome for a content that it does not list")
    return Journal(file, header, works, outcomes)


class _NewerError(ValueError):
    """The journal of a later version."""


def read_header(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first line of a journal, with what it may lack; raise if it is not one."""
    version = line.get("journal")
    if isinstance(version, int) and not isinstance(version, bool) and version > _FORMAT:
        raise _NewerError(
            f"this journal was written by a newer version of sn_pandas (format {version}, this version reads "
            f"{_FORMAT}): update sn_pandas"
        )
    if version != _FORMAT:
        raise ValueError("another format")
    for name in ("began", "server_began"):
        if name in line and dt.datetime.fromisoformat(line[name]).tzinfo is None:
            raise ValueError(f"{name} has no time zone")
    needed = {name: line[name] for name in ("began", "rows", "fields", "what", "origin")}
    if not isinstance(line["origin"], str) or not isinstance(_parse_integer(line["rows"]), int):
        raise TypeError("origin or rows")
    return {"user": "", **needed, **line}


def _parse_operation(line: Mapping[str, Any], fields: Mapping[str, Field]) -> Work:
    """Restore the operation of a line; raise for anything that this package does not write."""
    work = KINDS[line["do"]].of(line, fields)
    _parse_integer(work.row)
    _parse_integer(work.id)
    if not isinstance(work.path, str | None) or (
        isinstance(work.path, str) and not work.path.startswith("/")
    ):
        raise TypeError("path")
    return work


def _parse_integer(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{number!r} is not an integer")
    return number


def _parse_outcome(line: Mapping[str, Any]) -> Line:
    if line["outcome"] not in OUTCOMES:
        raise ValueError("no outcome")
    if not isinstance(line["path"], str | None) or not isinstance(line.get("reason", ""), str):
        raise TypeError("path or reason")
    return Line(line["outcome"], line.get("reason", ""), (), _parse_integer(line["id"]), line["path"])


def _is_finished(file: Path) -> bool:
    """Return whether a journal is of no use any more: nothing was sent, or nothing of it is open."""
    return is_stillborn(file) or not read(file).open


def is_stillborn(file: Path) -> bool:
    """Return whether the process died before the first line was on disk, so that nothing was sent."""
    try:
        with file.open("rb") as stream:
            return not stream.readline().endswith(b"\n")
    except OSError:
        return False


def _name_kind(work: Work) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(work, kind))


def _field_facts(works: Sequence[Work]) -> dict[str, list[Any]]:
    fields: dict[str, Field] = {}
    for work in works:
        fields.update(work.fields)
    return {name: [f.type, f.display_name, "", False, False, f.multiple] for name, f in fields.items()}


def _create_unwritable_error(error: OSError, way: str) -> SaveError:
    return SaveError(f"nothing was sent, because the journal cannot be written: {error}; {way}")
