"""The journal: what a save is going to do, on disk before the first request leaves, and what became of it.

A journal is a file of JSON lines: a header, one line for each content that is to be written, then one line
for each outcome. It holds values of contents, so only its owner may read it; it never holds a credential.
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
from typing import IO, Any, Literal

import pandas as pd
import platformdirs

from ...odata.errors import JournalError, SaveError
from ...odata.schema import Field
from .report import OUTCOMES, Line
from .works import Create, Delete, Patch, Restore, Work

try:
    import fcntl
except ImportError:  # Windows keeps a file that is written to itself
    fcntl = None  # type: ignore[assignment]  # there is no such module

_FORMAT = 1
_KINDS: Mapping[str, type[Patch] | type[Create] | type[Delete] | type[Restore]] = {
    "patch": Patch,
    "create": Create,
    "delete": Delete,
    "restore": Restore,
}


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


class Journal:
    """A journal that is being written.

    Parameters
    ----------
    path : path
        The file.
    stream : file
        The open file.
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
        facts = {"journal": _FORMAT, "began": began.isoformat(timespec="milliseconds"), **header}
        plan = ({"plan": n, "do": _kind(work), **work.facts()} for n, work in enumerate(works))
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            journal = cls(path, _held(path, "x"))
        except OSError as error:
            raise _unwritable(error) from error
        try:
            journal._write({**facts, "fields": _field_facts(works), "rows": len(works)}, *plan)
            journal._sync()
        except OSError as error:
            with contextlib.suppress(OSError):
                journal._stream.close()
            with contextlib.suppress(OSError):
                path.unlink()
            raise _unwritable(error) from error
        return journal

    @classmethod
    def go_on(cls, record: Record) -> Journal:
        """Write on in a journal that was interrupted.

        Raises
        ------
        JournalError
            If it cannot be written, or another process writes it.
        """
        try:
            stream = _held(record.path, "a")
            whole = record.path.read_bytes()
            stream.truncate(whole.rfind(b"\n") + 1)  # a line that was cut
        except OSError as error:
            raise JournalError(f"the journal {record.path} cannot be written: {error}") from error
        return cls(record.path, stream)

    def done(self, number: int, line: Line) -> None:
        """Write down an outcome."""
        facts = {"done": number, "outcome": line.outcome, "id": line.id, "path": line.path}
        self._write({**facts, **({"reason": line.reason} if line.reason else {})})
        self._stream.flush()

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


def read(path: str | os.PathLike[str]) -> Record:
    """Read a journal; a last line that was cut is left out.

    Raises
    ------
    JournalError
        If there is no such journal, or the file is none.
    """
    file = Path(path).expanduser()
    if not file.exists() and (folder() / file.name).exists():
        file = folder() / file.name
    try:
        lines = list(_lines(file))
    except OSError as error:
        raise JournalError(f"the journal {file} cannot be read: {error}") from error
    if not lines or lines[0].get("journal") != _FORMAT:
        raise JournalError(f"{file} is no journal of sn_pandas")
    header = lines[0]
    fields = {name: Field(name, *facts) for name, facts in header["fields"].items()}
    works = [_KINDS[line["do"]].of(line, fields) for line in lines if "plan" in line]
    if len(works) < header["rows"]:
        works = []  # killed while it was written, so nothing was sent
    outcomes = {
        line["done"]: Line(line["outcome"], line.get("reason", ""), (), line["id"], line["path"])
        for line in lines
        if "done" in line
    }
    return Record(file, header, works, outcomes)


def folder() -> Path:
    """Give the folder of the journals that have no place of their own."""
    return platformdirs.user_state_path("sn_pandas", appauthor=False) / "journals"


def listed() -> pd.DataFrame:
    """Give the journals of this user, newest first: when, where, how many rows, how many are done."""
    found = []
    for file in sorted(folder().glob("*.jsonl"), reverse=True):
        with contextlib.suppress(JournalError):
            found.append(_summary(read(file)))
    columns = ["journal", "began", "what", "origin", "rows", "open", *OUTCOMES]
    frame = pd.DataFrame(found, columns=columns)
    return frame.astype(
        {"began": "datetime64[us, UTC]", **dict.fromkeys(["rows", "open", *OUTCOMES], "int64")}
    )


def _summary(record: Record) -> dict[str, Any]:
    counts: dict[str, int] = dict.fromkeys(OUTCOMES, 0)
    for line in record.lines.values():
        counts[line.outcome] += 1
    unsettled = counts["unknown"] + counts["unsent"]
    return {
        "journal": str(record.path),
        "began": pd.Timestamp(record.header["began"]),
        "what": record.header["what"],
        "origin": record.header["origin"],
        "rows": len(record.works),
        "open": len(record.works) - len(record.lines) + unsettled,
        **counts,
    }


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as stream:
        for text in stream:
            if not text.endswith(b"\n"):
                return  # cut when the process was killed
            try:
                line = json.loads(text)
            except ValueError:
                raise JournalError(
                    f"{file} is no journal of sn_pandas, or is damaged: {text[:60]!r}"
                ) from None
            if not isinstance(line, dict):
                raise JournalError(f"{file} is no journal of sn_pandas")
            yield line


def _new_name(began: dt.datetime) -> str:
    return f"{began:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}.jsonl"


def _kind(work: Work) -> str:
    return next(name for name, kind in _KINDS.items() if isinstance(work, kind))


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


def _unwritable(error: OSError) -> SaveError:
    return SaveError(
        f"nothing was sent, because the journal cannot be written: {error}; say another place with journal=…"
    )
