"""Files: up as a text, a whole or in chunks, down as a stream, several at once."""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from ...odata.addresses import entity, normalize
from ...odata.errors import AnswerError, NotFoundError, RefusedError, SaveError, SensenetError
from ...odata.query import target
from ...odata.transport import Client
from ..progress import Setting
from ..writes import looking
from ..writes.acting import each
from ..writes.report import Line, Report, report_frame

if TYPE_CHECKING:
    from ..repository import Repository

#: What is sent in one request; bigger files go in chunks of this size.
CHUNK = 10 * 1024 * 1024
#: A file: where it is, or its bytes, or an open file.
File = str | os.PathLike[str] | bytes | BinaryIO


def upload(
    repo: Repository,
    parent: str | int,
    file: File,
    name: str | None = None,
    *,
    type_name: str = "File",
    field: str = "Binary",
    overwrite: bool = True,
    chunk: int = CHUNK,
) -> Line:
    """Upload one file; what it is then stands in the line."""
    where = normalize(parent, repo.base)
    with _opened(file) as stream:
        name = name or _name_of(file)
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        facts = {
            "FileName": name,
            "ContentType": type_name,
            "PropertyName": field,
            "Overwrite": "true" if overwrite else "false",
            "FileLength": str(size),
        }
        path = f"{where}/{name}" if isinstance(where, str) else None
        try:
            answer = _send(repo.client, entity(where) + "/Upload", stream, size, facts, chunk)
        except SensenetError as error:
            return _settled(repo.client, path, size, field, error)
    made = str(answer.get("Url"))
    if answer.get("Length") not in (None, size):
        said = f"{size:,} bytes were sent, the server says {answer['Length']:,}"
        return Line("ignored", said, (field,), answer["Id"], made)
    other = f"the server named it {answer['Name']}" if answer.get("Name") != name else ""
    return Line("saved", other, (field,), answer["Id"], made)


def upload_all(
    repo: Repository,
    parent: str | int,
    files: Sequence[File] | Mapping[str, File] | pd.Series[Any],
    *,
    workers: int = 4,
    progress: Setting = None,
    **how: Any,
) -> Report:
    """Upload several files into one folder; with names if ``files`` is a mapping."""
    named = files.items() if isinstance(files, Mapping) else ((None, file) for file in files)
    jobs: list[tuple[str | None, File]] = list(named)
    index = files.index if isinstance(files, pd.Series) else pd.RangeIndex(len(jobs))

    def one(job: tuple[str | None, File]) -> Line:
        try:
            return upload(repo, parent, job[1], job[0], **how)
        except RefusedError as error:
            return Line("refused", str(error), (), -1, job[0])
        except OSError as error:
            return Line("refused", f"the file cannot be read: {error}", (), -1, str(job[0] or job[1]))

    lines = each(jobs, one, client=repo.client, what="upload", workers=workers, progress=progress)
    return Report(report_frame(index, lines), what="upload", repo=repo)


def upload_any(
    repo: Repository,
    parent: str | int,
    file: File | Sequence[File] | Mapping[str, File] | pd.Series[Any],
    name: str | None,
    *,
    workers: int,
    progress: Setting,
    **how: Any,
) -> Report:
    """Upload one file, which raises if it fails, or several."""
    if isinstance(file, (pd.Series, Mapping)) or (
        isinstance(file, Sequence) and not isinstance(file, (str, bytes, bytearray))
    ):
        return upload_all(repo, parent, file, workers=workers, progress=progress, **how)
    line = upload(repo, parent, file, name, **how)
    report = Report(report_frame(pd.RangeIndex(1), [line]), what="upload", repo=repo)
    if line.outcome != "saved":
        raise SaveError(f"{line.outcome}: {line.reason}", report)
    return report


def download(
    repo: Repository, place: str | int, to: str | os.PathLike[str] | None, field: str
) -> bytes | Path:
    """Download one file: its bytes, or the path of the file it was written to.

    A file that exists is replaced only when the new one is whole.
    """
    where = normalize(place, repo.base)
    data = _fetched(repo.client, where, field)
    if not data and not _has(repo, where, field):
        raise NotFoundError(f"{place} has no file: its type has no binary field {field}")
    if to is None:
        return data
    path = Path(to).expanduser()
    if path.is_dir():
        path = path / (where.rpartition("/")[2] if isinstance(where, str) else _name_at(repo.client, where))
    _write(path, data)
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
    stored = looking.by_id(repo.client, [id_ for id_ in places if id_ > 0])
    names = _file_names({id_: str(row["Path"]) for id_, row in stored.items()})

    def one(id_: int) -> Line:
        row = stored.get(id_)
        if row is None:
            return Line("failed", "it is gone, or you may not see it", (field,), id_)
        path = target_folder / names[id_]
        try:
            download(repo, id_, path, field)
        except (SensenetError, OSError) as error:
            return Line("failed", str(error), (field,), id_, row["Path"])
        return Line("saved", str(path), (field,), id_, row["Path"])

    lines = each(places, one, client=repo.client, what="download", workers=workers, progress=progress)
    return Report(report_frame(index, lines), what="download", repo=repo)


def _fetched(client: Client, place: str | int, field: str) -> bytes:
    which = {"nodeid": place} if isinstance(place, int) else {"nodepath": place}
    address = target("/binaryhandler.ashx", {**which, "propertyname": field})
    return client.request("GET", address, kind="read").content


def _has(repo: Repository, place: str | int, field: str) -> bool:
    """Whether a content can have a file; if it cannot, the server answers nothing, without an error."""
    kind = str(looking.one(repo.client, place)["Type"])
    known = repo.schema[kind].fields.get(field) if kind in repo.schema else None
    return known is not None and known.type == "Binary"


def _send(
    client: Client, address: str, stream: BinaryIO, size: int, facts: Mapping[str, str], chunk: int
) -> dict[str, Any]:
    if size <= chunk:
        form = {**facts, "ChunkToken": "0**True*True"}
        return _answer(client, address, form, stream.read(), {})
    begun = {**facts, "UseChunk": True, "FileLength": size, "Overwrite": facts["Overwrite"] == "true"}
    token = client.request("POST", target(address, {"create": "1"}), body=begun).text
    answer: dict[str, Any] = {}
    for start, part in _chunks(stream, chunk):
        headers = {
            "Content-Range": f"bytes {start}-{start + len(part) - 1}/{size}",
            "Content-Disposition": 'attachment; filename="file"',
        }
        answer = _answer(client, address, {**facts, "UseChunk": "true", "ChunkToken": token}, part, headers)
    return answer


def _answer(
    client: Client, address: str, form: Mapping[str, str], part: bytes, headers: Mapping[str, str]
) -> dict[str, Any]:
    body, kind = _multipart(form, part)
    answer = client.request("POST", address, content=body, headers={**headers, "Content-Type": kind})
    try:
        shown = json.loads(answer.content.decode("utf-8-sig"))
    except ValueError:
        raise AnswerError(
            f"POST {address}: the answer says nothing about the file: {answer.text[:80]!r}"
        ) from None
    if not isinstance(shown, dict):
        raise AnswerError(f"POST {address}: the answer says nothing about the file")
    return shown


def _multipart(form: Mapping[str, str], part: bytes) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files[]"; filename="file"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    return b"".join(
        [*lines, head, part, f"\r\n--{boundary}--\r\n".encode()]
    ), f"multipart/form-data; boundary={boundary}"


def _settled(client: Client, path: str | None, size: int, field: str, error: SensenetError) -> Line:
    """Look what became of an upload that was not answered well."""
    if path is None:
        return Line("unknown", str(error), (field,))
    try:
        stored = looking.one(client, path)
        data = _fetched(client, stored["Id"], field)
    except NotFoundError:
        return Line("failed", str(error), (field,), -1, path)
    except SensenetError as other:
        return Line("unknown", f"{error}; and it could not be looked for: {other}", (field,), -1, path)
    if len(data) == size:
        return Line("saved", "the answer was lost; seen by reading", (field,), stored["Id"], path)
    return Line("failed", str(error), (field,), stored["Id"], path)


def _chunks(stream: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    start = 0
    while part := stream.read(size):
        yield start, part
        start += len(part)


def _opened(file: File) -> BinaryIO:
    if isinstance(file, (bytes, bytearray)):
        return io.BytesIO(file)
    if isinstance(file, (str, os.PathLike)):
        return Path(file).expanduser().open("rb")
    if not hasattr(file, "read"):
        raise RefusedError(f"nothing was sent: {file!r} is no file; give a path, bytes or an open file")
    return io.BytesIO(file.read())


def _name_of(file: File) -> str:
    name = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", None)
    if not isinstance(name, (str, os.PathLike)):
        raise RefusedError("nothing was sent: say under which name the bytes are to be stored: name=…")
    return Path(name).name


def _name_at(client: Client, id_: int) -> str:
    return str(looking.one(client, id_)["Name"])


def _file_names(paths: Mapping[int, str]) -> dict[int, str]:
    """Give each file its name, with its folders where two have the same."""
    names = {id_: path.rpartition("/")[2] for id_, path in paths.items()}
    count = pd.Series([name.lower() for name in names.values()]).value_counts()
    common = os.path.commonpath([path.rpartition("/")[0] for path in paths.values()]) if paths else ""
    return {
        id_: name if count[name.lower()] == 1 else os.path.relpath(paths[id_], common)
        for id_, name in names.items()
    }


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
