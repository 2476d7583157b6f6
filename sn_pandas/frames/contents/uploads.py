"""Upload files, whole or in chunks; lost answers are resolved by comparing bytes."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata import shapes
from ...odata.addresses import entity
from ...odata.client import Client
from ...odata.errors import NotFoundError, RefusedError, SensenetError, ServerError
from ...odata.filters import F
from ...odata.http_transport import multipart
from ...odata.limits import CHUNK
from ...odata.query_text import target
from ...odata.schema import Field
from ..progress import Setting
from ..reads import lookup, reading
from ..reads.lookup import Stored
from ..writes.acting import process_each
from ..writes.authorship import MAKER
from ..writes.confirming import Expected
from ..writes.hidden import explain_hidden_types
from ..writes.report import Line, Outcome, Report, report_frame
from ..writes.settling import SEEN, TRIES, Attempts, classify_unexecuted, collides, looks
from .downloads import build_file_address
from .targets import raise_single, read_path
from .upload_sources import (
    File,
    Files,
    Source,
    find_similar_names,
    is_several,
    list_files,
    list_names,
    open_source,
    reject,
)

if TYPE_CHECKING:
    from ..connection import Connection

_STATE = Field("SavingState", "Choice")


@dataclasses.dataclass(frozen=True)
class UploadOptions:
    """How files are stored: content type, field, overwriting, chunk size."""

    type: str = "File"
    field: str = "Binary"
    overwrite: bool = True
    chunk: int = CHUNK


def upload(
    repo: Connection,
    parent: str | int,
    file: Files,
    name: str | None = None,
    options: UploadOptions | None = None,
    *,
    workers: int = 4,
    progress: Setting = None,
) -> Report:
    """Upload one file, which raises if it fails, or several; see ``Repository.upload``."""
    repo.client.reject_write("upload")
    how = options or UploadOptions()
    single = not is_several(file)
    if not single and name is not None:
        raise RefusedError("nothing was sent: name is for a single file; pass several as {name: file}")
    given = list_files(file, name)
    index = file.index if isinstance(file, pd.Series) else pd.RangeIndex(len(given))
    names = list_names(given, index, overwrite=how.overwrite)
    folder = read_path(repo, parent)
    if how.type != UploadOptions.type and (
        reason := explain_hidden_types(repo, folder, [how.type]).get(how.type)
    ):
        raise RefusedError(f"nothing was sent: {reason}")
    reject(names, find_similar_names(names, folder, repo.client), index)
    jobs = [_Upload(repo, folder, name, file, how) for name, (_, file) in zip(names, given, strict=True)]
    lines = process_each(
        jobs,
        _Upload.send,
        repo=repo,
        what="upload",
        workers=workers,
        progress=progress,
        index=index,
        expected=_build_expected,
    )
    taken = {line.id for line in lines if line.id > 0}
    for row, job in enumerate(jobs):
        if job.trouble is not None and lines[row].outcome == "unknown":
            lines[row] = job.look_for(taken)
            taken.add(lines[row].id)
    report = Report(report_frame(index, lines), what="upload", repo=repo)
    if single:
        raise_single(folder, report, lines[0])
    return report


def _build_expected(job: _Upload, line: Line) -> Expected | None:
    """Return what to verify of a file that was reported as uploaded."""
    if line.outcome not in ("saved", "ignored") or line.id < 1:
        return None
    return Expected(line.id, "there", "uploaded", line.path)


class _Upload:
    """One file on its way to a folder.

    Attributes
    ----------
    trouble : SensenetError or None
        What became of the answer to a file of its own, which is looked for when all others are answered: one
        of these may have the same name and bytes.
    """

    def __init__(self, repo: Connection, folder: str, name: str, file: File, how: UploadOptions) -> None:
        self.trouble: SensenetError | None = None
        self.others: frozenset[int] = frozenset()
        self.file = file
        self.repo = repo
        self.client = repo.client
        self.folder = folder
        self.name = name
        self.path = f"{folder}/{name}"
        self.how = how

    def send(self) -> Line:
        """Upload the file and return the outcome."""
        return self._open_and_use(self._send)

    def look_for(self, taken: set[int]) -> Line:
        """Look for the content that a lost answer may have been about, but for those of other files."""
        return self._open_and_use(lambda source: self._find_added(source, taken))

    def _open_and_use(self, use: Callable[[Source], Line]) -> Line:
        try:
            with open_source(self.file) as source:
                return use(source)
        except OSError as error:
            if isinstance(error, SensenetError):
                raise
            return self._build_line("failed", f"the file cannot be read: {error}")

    def _send(self, source: Source) -> Line:
        try:
            before = self._read_stored()
            if before is not None and not source.size and self.how.overwrite:
                return self._reject_empty_file(before, source)
            self.others = self._find_numbered() if not self.how.overwrite else frozenset()
        except SensenetError as error:
            said = f"the existing content could not be read: {error}"
            return self._build_line("unsent", said, error=error)
        # Storing the same bytes once more does no harm; a second content of another name would.
        attempts = Attempts(self.client.retries.deadline)
        again = True
        while again:
            try:
                return self._read_answer(
                    _store(self.client, self.folder, self.name, source, self.how), source
                )
            except SensenetError as error:
                trouble = error
            again = attempts.again(trouble)
            if collides(trouble) and again:
                continue
            if outcome := classify_unexecuted(trouble):
                return self._build_line(outcome, str(trouble), error=trouble)
            if not self.how.overwrite:
                self.trouble = trouble
                return self._build_line("unknown", f"{trouble}; the uploaded file was not there yet")
            try:
                settled = self._check_existing(before, source)
            except SensenetError as error:
                said = f"{trouble}; and looking it up failed: {error}"
                return self._build_line("unknown", said, error=error)
            if settled:
                return settled
        return self._build_line("unknown", f"{trouble}; the uploaded file was not there yet")

    def _read_answer(self, answer: Mapping[str, Any], source: Source) -> Line:
        """Return the outcome of an answer of the server."""
        id_, path = int(answer["Id"]), str(answer["Url"])
        if answer.get("Length") not in (None, source.size):
            said = f"{source.size:,} bytes were sent, the server reports {answer['Length']:,}"
            return self._build_line("ignored", said, id_, path)
        other = f"the server named it {answer['Name']}" if answer.get("Name") != self.name else ""
        return self._build_line("saved", other, id_, path)

    def _check_existing(self, before: Stored | None, source: Source) -> Line | None:
        """Check whether the file replaced the existing one; None if the upload may be retried."""
        now = self._read_stored()
        if now is None:
            return None
        if _is_unfinished(now):
            return None
        touched = before is None or any(now.get(f.name) != before.get(f.name) for f in lookup.STAMPS)
        if not self._holds(now["Id"], source):
            if not touched:
                return None
            said = "the answer was lost, and somebody else stored another file in the meantime"
            return self._build_line("conflict", said, now["Id"])
        return self._build_line("saved", SEEN, now["Id"]) if touched else None

    def _find_added(self, source: Source, taken: set[int]) -> Line:
        """Look for a new content with these bytes, under any name that the server may have given it."""
        try:
            for _ in looks():
                new = lookup.read_by_id(
                    self.client, self._find_numbered() - self.others - taken, [MAKER, _STATE]
                )
                for one in new.values():
                    ours = (one.get("CreatedBy") or {}).get("Path") == self.repo.user
                    if ours and not _is_unfinished(one) and self._holds(one["Id"], source):
                        return self._build_line("saved", SEEN, one["Id"], str(one["Path"]))
        except SensenetError as error:
            return self._build_line(
                "unknown", f"{self.trouble}; and looking it up failed: {error}", error=error
            )
        return self._build_line(
            "unknown", f"{self.trouble}; it is not there yet. Check before you upload it again"
        )

    def _reject_empty_file(self, before: Stored, source: Source) -> Line:
        if self._holds(before["Id"], source):
            return self._build_line("unchanged", "both are empty", before["Id"])
        said = "the server does not store an empty file over another one: delete that first"
        return self._build_line("refused", said, before["Id"])

    def _read_stored(self) -> Stored | None:
        try:
            return lookup.read_one(self.client, self.path, [*lookup.STAMPS, _STATE])
        except NotFoundError:
            return None

    def _find_numbered(self) -> frozenset[int]:
        """Return the contents whose names begin like ours, as those do that the server numbers."""
        stem = self.name.rpartition(".")[0] or self.name
        alike = self.repo.query(self.folder, select=["Name"], filter=F("Name").startswith(stem))
        read = reading.read(self.repo, alike)
        return frozenset(int(id_) for id_ in read.index)

    def _holds(self, id_: int, source: Source) -> bool:
        """Return whether a content has exactly these bytes."""
        return self.client.stream(
            build_file_address(id_, self.how.field), lambda _, pieces: source.equals(pieces)
        )

    def _build_line(
        self,
        outcome: Outcome,
        reason: str,
        id_: int = -1,
        path: str | None = None,
        error: SensenetError | None = None,
    ) -> Line:
        return Line(outcome, reason, (self.how.field,), id_, path or self.path, error=error)


def _store(client: Client, folder: str, name: str, source: Source, how: UploadOptions) -> Mapping[str, Any]:
    address = f"{entity(folder)}/Upload"
    facts = {
        "FileName": name,
        "ContentType": how.type,
        "PropertyName": how.field,
        "Overwrite": "true" if how.overwrite else "false",
        "FileLength": str(source.size),
    }
    if source.size <= how.chunk:
        for _, whole in source.iter_parts(how.chunk):
            return _post(client, address, {**facts, "ChunkToken": "0**True*True"}, whole, {})
    begun = {**facts, "UseChunk": True, "FileLength": source.size, "Overwrite": how.overwrite}
    begin = target(address, {"create": "1"})
    token = client.send("POST", begin, body=begun, read=shapes.upload_token)
    form = {**facts, "UseChunk": "true", "ChunkToken": token}
    answer: Mapping[str, Any] = {}
    for at, part in source.iter_parts(how.chunk):
        last = at + len(part) - 1
        headers = {
            "Content-Range": f"bytes {at}-{last}/{source.size}",
            "Content-Disposition": f'attachment; filename="{_choose_sent_name(name)}"',
        }
        tries = 1 if last + 1 == source.size else TRIES  # the last one ends the upload, the others may repeat
        answer = _post_with_retries(client, address, form, part, headers, tries)
    if token.lower().split("*")[2] == "false":  # over an upload that was never finished
        _finish(client, int(answer["Id"]))
    return answer


def _post_with_retries(
    client: Client, address: str, form: Mapping[str, str], part: bytes, headers: Mapping[str, str], tries: int
) -> Mapping[str, Any]:
    for _ in range(tries - 1):
        try:
            return _post(client, address, form, part, headers)
        except SensenetError as error:
            if classify_unexecuted(error):
                raise
    return _post(client, address, form, part, headers)


def _finish(client: Client, id_: int) -> None:
    """End an upload that the server mistakes for a part of an earlier one."""
    if _is_unfinished(lookup.read_one(client, id_, [_STATE])):
        with contextlib.suppress(ServerError):
            client.send("POST", f"{entity(id_)}/FinalizeContent", read=shapes.read_nothing)


def _is_unfinished(stored: Stored) -> bool:
    return (stored.get(_STATE.name) or ["0"]) != ["0"]


def _post(
    client: Client, address: str, form: Mapping[str, str], part: bytes, headers: Mapping[str, str]
) -> Mapping[str, Any]:
    body, kind = multipart(form, "files[]", _choose_sent_name(form["FileName"]), part)
    sent: Mapping[str, Any] = client.send(
        "POST", address, content=body, headers={**headers, "Content-Type": kind}, read=shapes.read_upload
    )
    return sent


def _choose_sent_name(name: str) -> str:
    """Return the file name that a part is sent with: servers read the type of the file from its ending."""
    ending = name.rpartition(".")[2] if "." in name else ""
    return f"file.{ending}" if re.fullmatch(r"[A-Za-z0-9]{1,20}", ending) else "file"
