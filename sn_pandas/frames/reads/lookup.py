"""Read the current state of contents by id or path, in bulk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...odata import shapes
from ...odata.addresses import ROOM_OF_VALUES, entity
from ...odata.client import Client
from ...odata.errors import AddressTooLongError, AnswerError, NotFoundError
from ...odata.flight import Job, in_order
from ...odata.literals import WILDCARDS, query_value
from ...odata.query_text import target
from ...odata.schema import Field
from ...odata.shapes import Stored as Stored

if TYPE_CHECKING:
    pass

_LEAST = 200
# So few contents that are missing are asked for twice, one by one, which sees also what no search shows.
_FEW = 2
#: The fields that are read of every content.
ALWAYS = ("Id", "Path", "Name", "Type")
#: What changes with every save of a content.
STAMPS = tuple(Field(name, "ShortText") for name in ("ModificationDate", "VersionId", "Version"))


def read_by_id(client: Client, ids: Iterable[int], fields: Iterable[Field] = ()) -> dict[int, Stored]:
    """Read some fields of many contents; missing or invisible ones are omitted.

    What a search does not show is asked for by its id: the index may lag behind the writes, and a server
    hides everything below a folder from searches while that folder is renamed.

    Raises
    ------
    AuthenticationError
        If something is missing and the server treats the caller as the anonymous Visitor, who sees nothing.
    """
    wanted, fields = sorted(set(ids)), list(fields)
    options, shape = build_projection(fields), shapes.contents(*ALWAYS, fields=fields)
    found: dict[int, Stored] = {}
    for rows in _search(client, "Id", [*map(str, wanted)] if len(wanted) > 1 else [], options, shape):
        found.update((row["Id"], row) for row in rows)
    missed = {str(id_): id_ for id_ in wanted if id_ not in found}
    found.update((row["Id"], row) for row in _read_missed(client, "Id", missed, fields, options, shape))
    return found


def read_by_path(
    client: Client, paths: Iterable[str], fields: Iterable[Field] = (), *, sure: bool = True
) -> dict[str, Stored]:
    """Read some fields of many contents by path; the keys are in lower case.

    Unless it is to be ``sure``, a content that was made a moment ago may be missed.
    """
    wanted, fields = sorted(set(paths)), list(fields)
    values = [query_value(path) for path in wanted if not WILDCARDS & set(path)]
    options, shape = build_projection(fields), shapes.contents(*ALWAYS, fields=fields)
    found: dict[str, Stored] = {}
    for rows in _search(client, "Path", values, options, shape):
        found.update((row["Path"].lower(), row) for row in rows)
    missed = {query_value(path): path for path in wanted if path.lower() not in found} if sure else {}
    found.update(
        (row["Path"].lower(), row) for row in _read_missed(client, "Path", missed, fields, options, shape)
    )
    return found


def read_by_field(
    client: Client, key: str, values: Sequence[str], fields: Iterable[Field] = ()
) -> list[Stored]:
    """Read some fields of the contents with one of some values in a field; the newest may be missing.

    Parameters
    ----------
    values : sequence of str
        As a content query writes them.
    """
    fields = list(fields)
    options, shape = build_projection(fields), shapes.contents(*ALWAYS, fields=fields)
    return [row for rows in _search(client, key, values, options, shape) for row in rows]


def read_children(client: Client, ids: Iterable[int]) -> dict[int, list[Stored]]:
    """Read the children of contents, by the id of the parent; the newest may be missing."""
    found: dict[int, list[Stored]] = {}
    options = {**build_projection(()), "$select": ",".join([*ALWAYS, "ParentId"])}
    shape = shapes.contents(*ALWAYS, "ParentId")
    for rows in _search(client, "ParentId", [*map(str, sorted(set(ids)))], options, shape):
        for row in rows:
            found.setdefault(row["ParentId"], []).append(row)
    return found


def read_one(client: Client, place: int | str, fields: Iterable[Field] = ()) -> Stored:
    """Read some fields of one content.

    Raises
    ------
    NotFoundError
        If it is missing or invisible.
    """
    fields = list(fields)
    address = target(entity(place), build_projection(fields))
    stored: Stored = client.get(address, shapes.content(*ALWAYS, fields=fields), fresh=True)
    if isinstance(place, int) and stored["Id"] != place:
        raise AnswerError(f"GET {address}: the answer shows the content {stored['Id']}, not {place}")
    return stored


def _read_missed(
    client: Client,
    key: str,
    places: Mapping[str, int | str],
    fields: Sequence[Field],
    options: Mapping[str, str],
    shape: shapes.Reader[list[Stored]],
) -> list[Stored]:
    """Read individually what a search did not return; before many count as missing, search again.

    That look is a search again, after the server has confirmed the identity.

    Parameters
    ----------
    places : mapping
        The places that were missed, by their values in the search.
    """
    few = len(places) <= _FEW
    gone: list[str] = []

    def ask(some: list[str]) -> list[Stored]:
        rows = []
        for value in some:
            alone = few or (isinstance(place := places[value], str) and bool(WILDCARDS & set(place)))
            try:
                with contextlib.nullcontext() if alone else client.guard.leave_doubt():
                    rows.append(read_one(client, places[value], fields))
            except NotFoundError as error:
                if error.doubt == "open":
                    gone.append(value)
        return rows

    found = [row for rows in _run_concurrently(ask, [[value] for value in places], workers=8) for row in rows]
    if gone:
        client.guard.confirm()
        for rows in _search(client, key, sorted(gone), options, shape, again=True):
            found += rows
    return found


def find_visible(client: Client, ids: Iterable[int]) -> set[int]:
    """Return the contents among some that a search returns, after verifying the identity."""
    wanted = [str(id_) for id_ in sorted(set(ids))]
    rows = _search(client, "Id", wanted, build_projection(()), shapes.contents(*ALWAYS), again=True)
    return {int(row["Id"]) for some in rows for row in some}


def build_projection(fields: Iterable[Field]) -> dict[str, str]:
    """Return the options to read fields, with references by id and path; they are known to be valid."""
    select = dict.fromkeys(ALWAYS)
    expand: list[str] = []
    for field in fields:
        if field.kind.by_name:
            expand.append(field.name)
            select[f"{field.name}/Name"] = None
        elif field.is_reference:
            expand.append(field.name)
            select.update(dict.fromkeys([f"{field.name}/Id", f"{field.name}/Path"]))
        else:
            select[field.name] = None
    options = {"metadata": "no", "$select": ",".join(select)}
    return {**options, "$expand": ",".join(expand)} if expand else options


def _search(
    client: Client,
    key: str,
    values: Sequence[str],
    options: Mapping[str, str],
    shape: shapes.Reader[list[Stored]],
    *,
    again: bool = False,
) -> Iterator[list[Stored]]:
    """Yield the contents whose field ``key`` has one of some values, with several concurrent requests.

    Where that is asked ``again``, after the server has confirmed the identity, an empty answer is accepted.
    """

    def read(some: list[str]) -> list[Stored]:
        query = {"query": f"{key}:({' '.join(some)})", "enableautofilters": "false", **options}
        try:
            with client.guard.trust_empty() if again else contextlib.nullcontext():
                rows: list[Stored] = client.get(target("/odata.svc/Root", query), shape, fresh=True)
            return rows
        except AddressTooLongError:
            if len(some) == 1:
                raise
            half = len(some) // 2
            smaller = _iter_chunks(
                some, min(_compute_room(client, options), sum(map(_count_characters, some[:half])))
            )
            return [row for part in smaller for row in read(part)]

    yield from _run_concurrently(read, list(_iter_chunks(values, _compute_room(client, options))))


def _compute_room(client: Client, options: Mapping[str, str]) -> int:
    """Return how many characters of values an address has room for."""
    others = len(target("/odata.svc/Root", {"query": "ParentId:()", "enableautofilters": "false", **options}))
    return max(_LEAST, min(ROOM_OF_VALUES, client.longest - others - 40))


def _iter_chunks(values: Iterable[str], room: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    left = room
    for text in values:
        size = _count_characters(text)
        if chunk and size > left:
            yield chunk
            chunk, left = [], room
        chunk.append(text)
        left -= size
    if chunk:
        yield chunk


def _count_characters(text: str) -> int:
    return len(quote(text)) + 3  # the blank before it is sent as %20


def _run_concurrently(
    work: Callable[[list[str]], list[Stored]], chunks: Sequence[list[str]], workers: int = 4
) -> Iterator[list[Stored]]:
    if len(chunks) < 2:
        yield from map(work, chunks)
        return
    yield from in_order([_create_job(work, chunk) for chunk in chunks], workers)


def _create_job(work: Callable[[list[str]], list[Stored]], chunk: list[str]) -> Job[list[Stored]]:
    return lambda: (work(chunk), ())
