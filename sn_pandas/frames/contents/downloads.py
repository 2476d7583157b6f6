"""Download files in pieces: into memory, a file, or a folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import pandas as pd

from ...odata import shapes
from ...odata.addresses import entity, normalize
from ...odata.answers import describe
from ...odata.errors import AnswerError, BrokenAnswer, NotFoundError, SensenetError, ServerError
from ...odata.messages import Response
from ...odata.query_text import target
from ...odata.schema import Field
from ...odata.wording import with_article
from ..progress import Setting
from ..reads import lookup, not_found
from ..reads.lookup import Stored
from ..writes.acting import process_each
from ..writes.report import Line, Report, report_frame
from ..writes.settling import classify_unexecuted
from .file_names import choose_names, make_safe_path

if TYPE_CHECKING:
    from ..connection import Connection

T = TypeVar("T")
# Bytes of an answer that are looked at for what it may be.
_LOOKED_AT = 4096
# What is to be known of a content before its file is verified.
_FACTS = (Field("Size", "Number"), Field("IsFolder", "Boolean"))


def download(
    repo: Connection, place: str | int, to: str | os.PathLike[str] | None, field: str
) -> bytes | Path:
    """Download one file: its bytes, or the path of the file it was written to.

    A file that exists is replaced only when the new one is whole.
    """
    where = normalize(place, repo.base)
    with not_found.explain_missing(repo, where):
        stored = lookup.read_one(repo.client, where, _FACTS)
        if to is None:
            return _receive(repo, stored, field, b"".join, largest=repo.client.max_answer)
        path = Path(to).expanduser()
        path = make_safe_path(path, str(stored["Name"])) if path.is_dir() else path
        _fetch(repo, stored, field, path)
        return path


def download_all(
    repo: Connection,
    places: Sequence[int],
    folder: str | os.PathLike[str],
    *,
    index: pd.Index,
    field: str = "Binary",
    workers: int = 4,
    progress: Setting = None,
) -> Report:
    """Download the files of several contents into a folder."""
    target_folder = Path(folder).expanduser()
    target_folder.mkdir(parents=True, exist_ok=True)
    stored = lookup.read_by_id(repo.client, [id_ for id_ in places if id_ > 0], _FACTS)
    names = choose_names({id_: str(row["Path"]) for id_, row in stored.items()})

    def one(id_: int) -> Line:
        row = stored.get(id_)
        if row is None:
            return Line("failed", not_found.GONE, (field,), id_)
        try:
            path = make_safe_path(target_folder, *names[id_])
            _fetch(repo, row, field, path)
        except SensenetError as error:
            return Line(
                classify_unexecuted(error) or "failed", str(error), (field,), id_, row["Path"], error=error
            )
        except OSError as error:
            return Line("failed", str(error), (field,), id_, row["Path"])
        return Line("saved", str(path), (field,), id_, row["Path"])

    lines = process_each(
        places,
        one,
        repo=repo,
        what="download",
        workers=workers,
        progress=progress,
        index=index,
        is_write=False,
    )
    return Report(report_frame(index, lines), what="download", repo=repo)


def build_file_address(place: str | int, field: str) -> str:
    """Return the address of a file."""
    which = {"nodeid": place} if isinstance(place, int) else {"nodepath": place}
    return target("/binaryhandler.ashx", {**which, "propertyname": field})


def _fetch(repo: Connection, stored: Stored, field: str, path: Path) -> None:
    """Download a file into a temporary file, and move it to its path once it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")

    def write(pieces: Iterator[bytes]) -> None:
        with part.open("wb") as file:
            file.writelines(pieces)

    try:
        _receive(repo, stored, field, write)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _receive(
    repo: Connection,
    stored: Stored,
    field: str,
    use: Callable[[Iterator[bytes]], T],
    largest: int | None = None,
) -> T:
    """Return the result of ``use`` for a file, once as many bytes have arrived as the server announced.

    Raises
    ------
    BrokenAnswer, AnswerError
        If fewer came, or more: then it is a page of somebody else, and not the file.
    """
    address = build_file_address(int(stored["Id"]), field)
    size = _get_size(repo, stored, field)

    def yield_all_bytes(answer: Response, pieces: Iterator[bytes]) -> Iterator[bytes]:
        expected, count, begin = size, 0, b""
        for piece in pieces:
            count += len(piece)
            begin = begin or piece[:_LOOKED_AT]
            if largest is not None and count > largest:
                raise AnswerError(
                    f"GET {address}: the file has more than {largest:,} bytes, the limit for downloads into "
                    "memory. Download it to a file with to=…, or connect with a larger max_answer"
                )
            if expected is not None and count > expected:
                expected = _read_size(repo, stored, field)  # it may have grown meanwhile
                if expected is not None and count > expected:
                    raise _create_other_answer_error(
                        address,
                        answer,
                        begin,
                        f"{count:,} bytes or more were received, the file has {expected:,}",
                    )
            yield piece
        if expected is not None and count < expected:
            expected = _read_size(repo, stored, field)  # or there is a smaller one now
            if expected is not None and count < expected:
                raise BrokenAnswer(f"GET {address}: {count:,} of {expected:,} bytes were received")
        if count and "content-disposition" not in answer.headers:
            raise _create_other_answer_error(
                address, answer, begin, "a sensenet server names each file that it sends"
            )
        if not count:
            _make_sure(repo, stored, field)

    return repo.client.stream(address, lambda answer, pieces: use(yield_all_bytes(answer, pieces)))


def _create_other_answer_error(address: str, answer: Response, begin: bytes, why: str) -> AnswerError:
    kind = answer.headers.get("content-type").encode()
    kept = Response(200, [(b"Content-Type", kind)], begin)
    return AnswerError(
        f"GET {address}: the answer is not the file but {describe(kept)} ({why}); did a proxy, a login page "
        "or a maintenance page answer?"
    )


def _get_size(repo: Connection, stored: Stored, field: str) -> int | None:
    """Return the size of a file in bytes; None if the server does not report it."""
    shown = stored.get("Size")
    if field == "Binary" and isinstance(shown, int | float) and 0 <= shown < 2**63:
        return int(shown)
    try:
        address = f"{entity(int(stored['Id']))}/{quote(field)}?metadata=no"
        held = repo.client.get(address, shapes.content(field, null=True))[field]
    except ServerError:  # there is no such field, or it has no file
        return None
    size = held.get("Size") if isinstance(held, dict) else None
    return size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None


def _read_size(repo: Connection, stored: Stored, field: str) -> int | None:
    return _get_size(repo, lookup.read_one(repo.client, int(stored["Id"]), _FACTS), field)


def _make_sure(repo: Connection, stored: Stored, field: str) -> None:
    """Raise if a content cannot have a file, because the server then answers with nothing."""
    kind = str(stored["Type"])
    definition = repo.schema[kind].fields.get(field) if kind in repo.schema else None
    if definition is None or definition.type != "Binary":
        said = f"it has no file: {with_article(kind)} has no binary field {field}"
        if stored.get("IsFolder"):
            below = f'repo.read({stored["Path"]!r}, query="TypeIs:File")'
            said += f"; the files below it: {below}.sn.download(folder)"
        raise NotFoundError(f"{stored['Path']}: {said}", reason=said)
