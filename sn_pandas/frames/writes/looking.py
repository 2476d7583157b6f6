"""What the server holds right now: contents read by id or path, in bulk."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...odata.addresses import collection, entity
from ...odata.errors import NotFoundError, SensenetError
from ...odata.flight import Job, in_order
from ...odata.literals import query_value
from ...odata.query import target
from ...odata.schema import Field
from ...odata.transport import Client

if TYPE_CHECKING:
    from ..repository import Repository

#: Why there is nothing to do something to.
MISSING = "there is no such content, or you may not see it"
#: A content as the server shows it, by field.
Stored = Mapping[str, Any]

# Characters of a query in a request line, which may have 8 KB with everything else.
_ROOM = 6000
# How many names are looked at for one that was misspelt.
_NEIGHBOURS = 1000
# Wildcards of the query language, which no name can have.
_WILD = frozenset("*?")
_ALWAYS = ("Id", "Path", "Name", "Type")


def by_id(client: Client, ids: Iterable[int], fields: Iterable[Field] = ()) -> dict[int, Stored]:
    """Read some fields of many contents; what is missing or invisible is not in the answer."""
    wanted, fields = sorted(set(ids)), list(fields)
    chunks = list(_chunks(wanted, str))
    options = projection(fields)
    found: dict[int, Stored] = {}
    for rows in _at_once(lambda chunk: _query(client, f"Id:({' '.join(chunk)})", options), chunks):
        found.update((row["Id"], row) for row in rows)
    for id_ in wanted:
        if id_ not in found and (row := _sought(client, id_, fields)):  # the index may lag behind the writes
            found[id_] = row
    return found


def by_path(
    client: Client, paths: Iterable[str], fields: Iterable[Field] = (), *, sure: bool = True
) -> dict[str, Stored]:
    """Read some fields of many contents by path, the key in lower case.

    Unless it is to be ``sure``, a content that was made a moment ago may be missed.
    """
    wanted, fields = sorted(set(paths)), list(fields)
    chunks = list(_chunks([path for path in wanted if not _WILD & set(path)], query_value))
    options = projection(fields)
    found: dict[str, Stored] = {}
    for rows in _at_once(lambda chunk: _query(client, f"Path:({' '.join(chunk)})", options), chunks):
        found.update((row["Path"].lower(), row) for row in rows)
    missed = [[path] for path in wanted if path.lower() not in found] if sure else []
    for rows in _at_once(lambda some: [r for path in some if (r := _sought(client, path, fields))], missed):
        found.update((row["Path"].lower(), row) for row in rows)
    return found


def below(client: Client, ids: Iterable[int]) -> dict[int, list[Stored]]:
    """Read the children of contents, by the id of what they are below; the newest may be missed."""
    found: dict[int, list[Stored]] = {}
    options = {**projection(()), "$select": ",".join([*_ALWAYS, "ParentId"])}
    chunks = list(_chunks(sorted(set(ids)), str))
    for rows in _at_once(lambda chunk: _query(client, f"ParentId:({' '.join(chunk)})", options), chunks):
        for row in rows:
            found.setdefault(row["ParentId"], []).append(row)
    return found


def one(client: Client, place: int | str, fields: Iterable[Field] = ()) -> Stored:
    """Read some fields of one content.

    Raises
    ------
    NotFoundError
        If it is missing or invisible.
    """
    stored: Stored = client.get(target(entity(place), projection(fields)))["d"]
    return stored


def known(repo: Repository, place: int | str, fields: Iterable[Field] = ()) -> Stored:
    """Read some fields of one content that should be there: before it is not, ask who we are.

    Raises
    ------
    NotFoundError
        If it is missing or invisible.
    AuthenticationError
        If the server takes us for the Visitor, who is told that there is nothing.
    """
    try:
        return one(repo.client, place, fields)
    except NotFoundError as error:
        repo.still_ourselves()
        explain(repo.client, place, error)
        raise


def explain(client: Client, place: int | str, error: NotFoundError) -> None:
    """Have an error say first which content is missing, and what may have been meant."""
    said = error.reason or MISSING
    error.args = (f"{place}: {said}{near(client, place)}",)


def near(client: Client, place: Any) -> str:
    """Give a hint for a path that names nothing: the path that looks most like it, if there is one."""
    below: list[str] = []
    while isinstance(place, str) and "/" in place[1:]:
        parent, _, name = place.rpartition("/")
        options = {"metadata": "no", "$select": "Name", "$top": str(_NEIGHBOURS)}
        try:
            rows = client.get(target(collection(parent), options))["d"]["results"]
        except NotFoundError:
            place, below = parent, [name, *below]
            continue
        except SensenetError:
            return ""
        names = {f"/{row['Name']}".lower(): str(row["Name"]) for row in rows}
        sought = f"/{name}".lower()  # the slash lets G be close to GG
        close = [] if sought in names else difflib.get_close_matches(sought, names, n=1, cutoff=0.7)
        return f". Did you mean {'/'.join([parent, names[close[0]], *below])}?" if close else ""
    return ""


def place_of(client: Client, id_: int) -> str | None:
    """Give the path of a content; None if it is missing or invisible."""
    stored = _sought(client, id_, ())
    return str(stored["Path"]) if stored else None


def _sought(client: Client, place: int | str, fields: Iterable[Field]) -> Stored | None:
    try:
        return one(client, place, fields)
    except NotFoundError:
        return None


def projection(fields: Iterable[Field]) -> dict[str, str]:
    """Give the options that read fields, references by id and path; they are known to be good."""
    select = dict.fromkeys(_ALWAYS)
    expand: list[str] = []
    for field in fields:
        if field.type == "AllowedChildTypes":
            expand.append(field.name)
            select[f"{field.name}/Name"] = None
        elif field.is_reference:
            expand.append(field.name)
            select.update(dict.fromkeys([f"{field.name}/Id", f"{field.name}/Path"]))
        else:
            select[field.name] = None
    options = {"metadata": "no", "$select": ",".join(select)}
    return {**options, "$expand": ",".join(expand)} if expand else options


def _query(client: Client, query: str, options: Mapping[str, str]) -> list[Stored]:
    everything = {"query": query, "enableautofilters": "false", **options}
    rows: list[Stored] = client.get(target("/odata.svc/Root", everything))["d"]["results"]
    return rows


def _chunks(values: Sequence[Any], write: Callable[[Any], str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    room = _ROOM
    for value in values:
        text = write(value)
        size = len(quote(text)) + 3  # the blank before it is sent as %20
        if chunk and size > room:
            yield chunk
            chunk, room = [], _ROOM
        chunk.append(text)
        room -= size
    if chunk:
        yield chunk


def _at_once(
    work: Callable[[list[str]], list[Stored]], chunks: Sequence[list[str]]
) -> Iterator[list[Stored]]:
    if len(chunks) < 2:
        yield from map(work, chunks)
        return
    yield from in_order([_job(work, chunk) for chunk in chunks], 4)


def _job(work: Callable[[list[str]], list[Stored]], chunk: list[str]) -> Job[list[Stored]]:
    return lambda: (work(chunk), ())
