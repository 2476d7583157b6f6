"""The types that may occur at a place, and the fields that only some contents have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...odata import shapes
from ...odata.added_fields import added_fields
from ...odata.addresses import entity
from ...odata.errors import did_you_mean
from ...odata.fields import ALLOWED_TYPES
from ...odata.filter_syntax import Call, Compare, Join, Literal, Member, Node, parse
from ...odata.literals import query_value
from ...odata.query import Query
from ...odata.query_text import target
from ...odata.schema import ROOT, Field, Schema

if TYPE_CHECKING:
    from ..connection import Connection

_ALLOWED = (Field("AllowedChildTypes", "AllowedChildTypes", multiple=True), ALLOWED_TYPES)
#: Contents among which hidden types are looked for.
_LOOKED_AT = 500
_TYPE_TERM = re.compile(r"(?<![-!\w])(?:TypeIs|Type):[\"']?(\w+)[\"']?")


class TypesAt(NamedTuple):
    """The types that rows may have, and whether there may be others that the caller may not see."""

    names: list[str]
    is_open: bool = False


def find_types(repo: Connection, query: Query) -> TypesAt:
    """Return the types that the rows of a query may have, as far as the query or the place limits them."""
    schema = repo.schema
    said = list(dict.fromkeys(_iter_named(query)))
    if query.select:
        return TypesAt(said)
    if said and (schema.may_hide or any(name in schema for name in said)):
        return _of(repo, said)
    if query.single:
        return TypesAt(
            find_types_of_row(repo, _read_facts(repo, query.path, "Id", "Type", select="Id,Type")) or [ROOT]
        )
    if query.property:
        field = schema.fields.get(query.property)
        allowed = field.limits.get("AllowedTypes") if field is not None else None
        return _of(repo, allowed or ()) if allowed else TypesAt([ROOT])
    if query.query:
        return TypesAt([ROOT])
    return _find_allowed(repo, query.path)


def learn_at(repo: Connection, query: Query) -> None:
    """Learn the hidden types of the contents that a query looks among, for one request and one for each."""
    schema = repo.schema
    place = query_value(query.path) if isinstance(query.path, str) else None
    inside = f"InTree:{place}" if query.query else f"InFolder:{place}" if place else f"ParentId:{query.path}"
    complete = " ".join(name for name in schema if schema.is_complete(name))
    words = f"+{inside} -Type:({complete})" if complete else f"+{inside}"
    asked = Query("/Root", select=("Id", "Type"), query=words, top=_LOOKED_AT, autofilters=False)
    for row in repo.client.get(asked.url(metadata="no"), shapes.contents("Id", "Type")):
        find_types_of_row(repo, row)


def describe_unchecked(repo: Connection, query: Query) -> list[str]:
    """Return the message for a query without rows that names unknown types or options."""
    said = _describe_unknown_types(repo, query)
    if query.unchecked:
        said.append(
            f"{query.unchecked} It could not be checked whether a type that you may not see offers it: "
            "there are no rows"
        )
    return said


def _describe_unknown_types(repo: Connection, query: Query) -> list[str]:
    said = list(dict.fromkeys(_iter_named(query)))
    unknown = [name for name in said if _match_type(name, repo.schema) is None]
    why = "you see no such type" if unknown and repo.schema.may_hide else "there is no such type"
    return [
        f"the type {name!r} could not be checked: there are no rows, and {why}."
        f"{did_you_mean(name, repo.schema)}"
        for name in unknown
    ]


def _match_type(name: str, schema: Schema) -> str | None:
    if name in schema:
        return name
    return next((visible for visible in schema if visible.lower() == name.lower()), None)


def _of(repo: Connection, names: Iterable[str]) -> TypesAt:
    """Return types, and whether one of them is still unknown."""
    visible = [name for name in names if name in repo.schema]
    is_open = len(visible) < len(list(names)) and repo.schema.may_hide
    return TypesAt(list(names) if is_open else visible or [ROOT], is_open)


def _find_allowed(repo: Connection, place: str | int) -> TypesAt:
    """Return the types allowed at a place, from its own list or its type, hidden ones included."""
    names = [field.name for field in _ALLOWED]
    select = ",".join(["Type", *(f"{name}/Name" for name in names)])
    there = _read_facts(repo, place, "Type", select=select, expand=",".join(names))
    own, effective = ([str(item["Name"]) for item in there.get(name) or ()] for name in names)
    schema, name = repo.schema, str(there.get("Type"))
    kind = schema.get(name)
    allowed = own or (list(kind.allowed_child_types) if kind is not None else [])
    if schema.is_partial:  # it is allowed nearly everywhere, and not shown to all
        effective.append("SystemFolder")
    types = dict.fromkeys([*allowed, *effective])
    if not allowed and schema.hides(name):  # nothing says what such a type allows: whatever rows there are
        return TypesAt([*types, ROOT], is_open=True)
    return _of(repo, types)


def find_types_of_row(repo: Connection, row: Mapping[str, Any]) -> list[str]:
    """Return the type of a content as a list, learned if it is hidden; empty if it is unknown."""
    name, content = row.get("Type"), row.get("Id")
    if not isinstance(name, str):
        return []
    if repo.schema.hides(name) and isinstance(content, int):
        repo.schema.learn(name, content)
    return [name] if name in repo.schema else []


def read_fields(repo: Connection, query: Query) -> dict[str, Field]:
    """Return the fields of the list and of the aspects that a query names.

    Raises
    ------
    QueryError
        If the place is in a list that has no such field.
    """
    orders = [key.split()[0] for key in (query.orderby or "").split(",") if key]
    chains = [*query.select, *query.expand, *orders]
    names = {chain.partition("/")[0] for chain in chains}
    added = {name: field for name, field in query.added.items() if name in names}
    return added | added_fields(repo.client, query.path, names - added.keys())


def _iter_named(query: Query) -> Iterator[str]:
    text = str(query.filter or "")
    if re.search(r"isof|ContentType", text, re.IGNORECASE) and (tree := parse(text)):
        yield from _iter_types(tree)
    if not re.search(r"\bOR\b|\bNOT\b|\|\||\{\{", query.words()):
        yield from _TYPE_TERM.findall(query.words())


def _iter_types(node: Node) -> Iterator[str]:
    match node:
        case Join(operator="and"):
            for part in node.parts:
                yield from _iter_types(part)
        case Call(name="isof", arguments=(Literal(kind="text", text=text),)):
            yield text[1:-1]
        case Compare(
            operator="eq", left=Member(steps=("ContentType",)), right=Literal(kind="text", text=text)
        ):
            yield text[1:-1]


def _read_facts(
    repo: Connection, place: str | int, *names: str, select: str, expand: str = ""
) -> dict[str, Any]:
    options = {"$select": select, **({"$expand": expand} if expand else {}), "metadata": "no"}
    return dict(repo.client.get(target(entity(place), options), shapes.content(*names, fields=_ALLOWED)))
