"""The journal: what a save is going to do, on disk before the first request leaves, and what became of it.

A journal is a file of JSON lines: a header, one line for each content that is to be written, then one line
for each outcome. It holds values of contents, so only its owner may read it; it never holds a credential.

Journals that have no place of their own stay in one folder. When another one is begun there, those of which
nothing is open and that nobody wrote for ``KEPT`` are removed; what is open stays until it is resumed.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime as dt
import json
import os
import re
import secrets
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal

import pandas as pd
import platformdirs

from ...odata.errors import IncompleteWarning, JournalError, SaveError
from ...odata.schema import Field
from .report import OUTCOMES, Line
from .works import KINDS, Work

try:
    import fcntl
except ImportError:  # Windows keeps a file that is written to itself
    fcntl = None  # type: ignore[assignment]  # there is no such module

#: How long a finished journal is kept.
KEPT = dt.timedelta(days=90)
#: This process, which repositories in memory live in.
PROCESS = secrets.token_hex(8)
_FORMAT = 1
#: Outcomes after which nothing is to be finished.
FINAL = ("saved", "unchanged", "ignored", "conflict", "failed", "refused")
#: How the lines of a journal begin.
_PLAN = re.compile(rf'^{{"plan":\d+,"do":"(?:{"|".join(KINDS)})",.*}}$'.encode(), re.MULTILINE)
_DONE = re.compile(rf'^{{"done":(\d+),"outcome":"({"|".join(OUTCOMES)})",.*}}$'.encode(), re.MULTILINE)
_END = re.compile(rb'^{"end":.*}$', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Record:
    """What a journal says.

    Attributes
    ----------
    header : dict
        ``origin``, ``user``, ``what``, ``began``.
    works : list of Work
        What was to be done.
    lines : dict
        The last outcome of each, by its number; what is missing was never heard of again.
    """

    path: Path
    header: Mapping[str, Any]
    works: Sequence[Work]
    lines: Mapping[int, Line]

    @property
    def user(self) -> str:
        """Whose save it is: the path of the user."""
        return str(self.header["user"])

    @property
    def began(self) -> dt.datetime:
        """When it began."""
        return dt.datetime.fromisoformat(self.header["began"])

    @property
    def open(self) -> list[int]:
        """The numbers of the works that are not finished."""
        done = {number for number, line in self.lines.items() if line.outcome in FINAL}
        return [number for number in range(len(self.works)) if number not in done]


class Journal:
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
    def begin(cls, where: str | os.PathLike[str] | None, works: Sequence[Work], **header: Any) -> Journal:
        """Write down what is going to be done; on disk when this returns.

        Raises
        ------
        SaveError
            If it cannot be written; then nothing must be sent.
        """
        began = dt.datetime.now(dt.UTC)
        path = Path(where).expanduser() if where is not None else folder()
        path = path if where is not None and not path.is_dir() else path / _new_name(began)
        facts = {"journal": _FORMAT, "began": began.isoformat(timespec="milliseconds"), "process": PROCESS}
        plan = ({"plan": n, "do": _kind(work), **work.facts()} for n, work in enumerate(works))
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if where is None:
                _prune(path.parent, began - KEPT)
            journal = cls(path, _held(path, "x"))
        except OSError as error:
            raise _unwritable(error) from error
        try:
            journal._write({**facts, **header, "fields": _field_facts(works), "rows": len(works)}, *plan)
            journal._sync()
            _sync_folder(path.parent)
        except BaseException as error:
            with contextlib.suppress(OSError):
                journal._stream.close()
            with contextlib.suppress(OSError):
                path.unlink()
            if isinstance(error, OSError):
                raise _unwritable(error) from error
            raise
        return journal

    @classmethod
    def go_on(cls, place: str | os.PathLike[str]) -> Journal:
        """Hold a journal that was interrupted, to read it and to write on in it.

        Raises
        ------
        JournalError
            If it cannot be written, or another process writes it.
        """
        path = _found(place)
        try:
            stream = _held(path, "a")
        except OSError as error:
            raise JournalError(f"the journal {path} cannot be written: {error}") from error
        return cls(path, stream)

    def record(self) -> Record:
        """Read what it says, now that nobody else writes it; a last line that was cut is left out.

        Raises
        ------
        JournalError
            If it is no journal.
        """
        record = read(self.path)
        try:
            self._stream.truncate(self.path.read_bytes().rfind(b"\n") + 1)
        except OSError as error:
            raise JournalError(f"the journal {self.path} cannot be written: {error}") from error
        return record

    def done(self, number: int, line: Line) -> None:
        """Write down an outcome."""
        facts = {"done": number, "outcome": line.outcome, "id": line.id, "path": line.path}
        self._write({**facts, **({"reason": line.reason} if line.reason else {})})
        self._stream.flush()

    def let_go(self) -> None:
        """Leave it as it is, to whoever goes on with it next."""
        with contextlib.suppress(OSError):
            self._stream.close()

    def close(self) -> None:
        """Write that nothing more comes."""
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


def read(place: str | os.PathLike[str]) -> Record:
    """Read a journal; a last line that was cut is left out.

    Raises
    ------
    JournalError
        If there is no such journal, or the file is none or damaged; it names the line.
    """
    file = _found(place)
    try:
        lines = file.read_bytes().split(b"\n")[:-1]  # what was cut when the process was killed
    except OSError as error:
        raise JournalError(f"the journal {file} cannot be read: {error}") from error
    header: dict[str, Any] = {}
    fields: dict[str, Field] = {}
    works: list[Work] = []
    outcomes: dict[int, Line] = {}
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
            if number == 1:
                header = _header(line)
                fields = {name: Field(name, *facts) for name, facts in header["fields"].items()}
            elif "plan" in line:
                works.append(KINDS[line["do"]].of(line, fields))
            elif "done" in line:
                outcomes[line["done"]] = _outcome(line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JournalError(
                f"{file}, line {number}: this is no journal of sn_pandas, or it is damaged "
                f"({type(error).__name__}): {text[:60]!r}"
            ) from None
    if not header:
        raise JournalError(f"{file} has no whole line: if it is a journal, nothing was sent after it began")
    if len(works) < header["rows"]:
        works = []  # killed while it was written, so nothing was sent
    return Record(file, header, works, outcomes)


def folder() -> Path:
    """Give the folder of the journals that have no place of their own."""
    return platformdirs.user_state_path("sn_pandas", appauthor=False) / "journals"


def listed() -> pd.DataFrame:
    """Give the journals of this user, newest first: when, where, how many rows, how many are done."""
    found = []
    for file in folder().glob("*.jsonl"):
        if _is_stillborn(file):
            continue
        try:
            found.append(_glanced(file) or _summary(read(file)))
        except JournalError as error:
            warnings.warn(f"not listed: {error}", IncompleteWarning, stacklevel=3)
    found.sort(key=lambda summary: (summary["began"], summary["journal"]), reverse=True)
    columns = ["journal", "began", "what", "origin", "rows", "open", *OUTCOMES, "bytes"]
    frame = pd.DataFrame(found, columns=columns)
    numbers = ["rows", "open", *OUTCOMES, "bytes"]
    return frame.astype({"began": "datetime64[us, UTC]", **dict.fromkeys(numbers, "int64")})


def _glanced(file: Path) -> dict[str, Any] | None:
    """Summarize a journal by the beginnings of its lines, for there may be many; None if one looks odd."""
    try:
        text = file.read_bytes()
        lines = text[: text.rfind(b"\n") + 1]
        header = _header(json.loads(lines[: lines.find(b"\n")]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    plans = len(_PLAN.findall(lines))
    told = _DONE.findall(lines)
    if lines.count(b"\n") != 1 + plans + len(told) + len(_END.findall(lines)):
        return None
    outcomes = {int(number): outcome.decode() for number, outcome in told}
    rows = plans if plans >= header["rows"] else 0
    return _told(file, header, rows, outcomes, len(text))


def _summary(record: Record) -> dict[str, Any]:
    outcomes = {number: line.outcome for number, line in record.lines.items()}
    size = record.path.stat().st_size
    return _told(record.path, record.header, len(record.works), outcomes, size)


def _told(
    file: Path, header: Mapping[str, Any], rows: int, outcomes: Mapping[int, str], size: int
) -> dict[str, Any]:
    counts = collections.Counter(outcomes.values())
    done = sum(1 for number, outcome in outcomes.items() if number < rows and outcome in FINAL)
    return {
        "journal": file.name,
        "began": pd.Timestamp(header["began"]),
        "what": header["what"],
        "origin": header["origin"],
        "rows": rows,
        "open": rows - done,
        **{outcome: counts[outcome] for outcome in OUTCOMES},
        "bytes": size,
    }


def _header(line: Mapping[str, Any]) -> dict[str, Any]:
    if line.get("journal") != _FORMAT:
        raise ValueError("another format")
    dt.datetime.fromisoformat(line["began"])
    needed = {name: line[name] for name in ("rows", "fields", "what", "origin")}
    return {"user": "", **needed, **line}


def _outcome(line: Mapping[str, Any]) -> Line:
    if line["outcome"] not in OUTCOMES:
        raise ValueError("no outcome")
    return Line(line["outcome"], line.get("reason", ""), (), line["id"], line["path"])


def _found(place: str | os.PathLike[str]) -> Path:
    """Give the file that a path, or the name of a journal in the folder of journals, means."""
    file = Path(place).expanduser()
    named = folder() / file.name
    file = named if not file.exists() and named.exists() else file
    if not file.is_file():
        raise JournalError(f"the journal {file} cannot be read: there is no such file")
    return file


def _prune(where: Path, before: dt.datetime) -> None:
    """Remove the journals that nobody wrote since a moment and of which nothing is open."""
    oldest = f"{before:%Y%m%d-%H%M%S}"
    for name in os.listdir(where):
        if name >= oldest or not name.endswith(".jsonl"):  # by the name, for there may be thousands
            continue
        file = where / name
        with contextlib.suppress(OSError):  # a JournalError is one
            if file.stat().st_mtime < before.timestamp() and (_is_stillborn(file) or not read(file).open):
                file.unlink()


def _is_stillborn(file: Path) -> bool:
    """Whether its process was killed before the first line was on disk, so that nothing was sent."""
    try:
        with file.open("rb") as stream:
            return not stream.readline().endswith(b"\n")
    except OSError:
        return False


def _new_name(began: dt.datetime) -> str:
    return f"{began:%Y%m%d-%H%M%S}-{began.microsecond // 1000:03}-{secrets.token_hex(3)}.jsonl"


def _kind(work: Work) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(work, kind))


def _field_facts(works: Sequence[Work]) -> dict[str, list[Any]]:
    fields: dict[str, Field] = {}
    for work in works:
        fields.update(work.fields)
    return {name: [f.type, f.display_name, "", False, False, f.multiple] for name, f in fields.items()}


def _held(path: Path, mode: Literal["x", "a"]) -> IO[str]:
    """Open a journal for this process alone; the system lets go of it when the process ends."""
    stream = open(path, mode, encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115 - it stays open
    if fcntl is not None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise OSError("another process is writing it right now") from None
        except OSError:  # a file system without locks
            pass
    return stream


def _sync_folder(folder: Path) -> None:
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


def _unwritable(error: OSError) -> SaveError:
    return SaveError(
        f"nothing was sent, because the journal cannot be written: {error}; say another place with journal=…"
    )
