"""The fields that no content type has: those of a list (``#Name``) and of aspects (``Aspect.Name``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from xml.etree import ElementTree as ET

from . import shapes
from .addresses import entity
from .client import Client
from .errors import NotFoundError, QueryError, ServerError, unknown_field
from .fields import Field, Option, of_some_contents
from .filter_rules import kind_of
from .literals import query_value
from .query import Query
from .query_text import target
from .type_documents import read_list_fields
from .warning import warn_user

#: The lists whose definitions are read.
_MOST_LISTS = 1000


def list_fields(client: Client, place: str | int) -> dict[str, Field]:
    """Read the ``#`` fields of the list that a place is, or is in, from its metadata."""
    try:
        return read_list_fields(client.get(f"{entity(place)}/$metadata", shapes.xml))
    except ServerError:
        return {}


def added_fields(
    client: Client, place: str | int, names: Iterable[str], *, compared: bool = False, below: bool = False
) -> dict[str, Field]:
    """Read the definitions of fields that a list or aspects add to the contents at a place.

    Parameters
    ----------
    client : Client
        Where the place is.
    place : str or int
        The list, or a content in it.
    names : iterable of str
        Names of fields; those of content types are skipped.
    compared : bool
        Whether the server is to compare them, which it does in all lists as in one of them.
    below : bool
        Whether they are compared in the whole tree below the place, where several lists may define them.

    Returns
    -------
    dict
        What is known of them by name; nothing of a name whose list or aspect the caller cannot read.

    Raises
    ------
    QueryError
        If the place is in a list that has no such field, or if lists define one in different ways.
    """
    wanted = {name for name in names if of_some_contents(name)}
    found: dict[str, Field] = {}
    if of_list := sorted(name for name in wanted if name.startswith("#")):
        found |= _fields_of_lists(client, place, of_list, compared=compared, below=below)
    dotted = [name.split(".") for name in wanted if name[0] != "#"]
    for aspect in sorted({steps[0] for steps in dotted if len(steps) == 2}):
        found |= _aspect_fields(client, aspect)
    return {name: field for name, field in found.items() if name in wanted}


def _fields_of_lists(
    client: Client, place: str | int, names: list[str], *, compared: bool, below: bool
) -> dict[str, Field]:
    own = list_fields(client, place)
    lists: dict[str, dict[str, Field]] = {}
    elsewhere: dict[str, dict[str, Field]] = {}
    if compared or any(own[name].is_date for name in names if name in own):
        lists, elsewhere = _definitions(client, place, below=below)
    all_names = own.keys() | {name for fields in lists.values() for name in fields}
    for name in names if all_names else ():
        if name in all_names:
            continue
        if own:
            raise QueryError.unknown_field(name, all_names, f"the list of {place} does not have")
        warn_user(unknown_field(name, all_names, f"no list that you may open below {place} has"))
    found = {}
    for name in names:
        defined = {path: fields[name] for path, fields in lists.items() if name in fields}
        if name in own:
            defined = _with_own(own[name], defined, place)
        _reject_different(name, defined)
        if compared:
            _reject_different(name, defined | _of_other_kind(name, defined, elsewhere))
        if defined:
            found[name] = _merged(list(defined.values()))
    return found


def _of_other_kind(
    name: str, defined: dict[str, Field], elsewhere: dict[str, dict[str, Field]]
) -> dict[str, Field]:
    """Return the definitions of other lists by which a server may compare the field wrongly.

    A server has one way of comparing for all fields of a name: that of the list which it met first.
    """
    if not defined:
        return {}
    kinds = {kind_of(name, field) for field in defined.values()}
    others = {path: fields[name] for path, fields in elsewhere.items() if name in fields}
    return {path: field for path, field in others.items() if kind_of(name, field) not in kinds}


def _with_own(own: Field, defined: dict[str, Field], place: str | int) -> dict[str, Field]:
    """Return definitions with that of the list around a place, whose metadata leaves some of it out."""
    kind = kind_of(own.name, own)
    same = {path: field for path, field in defined.items() if kind_of(field.name, field) == kind}
    whole = [dataclasses.replace(own, limits={**field.limits, **own.limits}) for field in same.values()]
    return {**defined, **dict(zip(same, whole, strict=True))} if same else {f"{place}": own, **defined}


def _reject_different(name: str, defined: dict[str, Field]) -> None:
    """Raise if lists define a field so differently that no comparison is right in all of them."""
    ways = {(kind_of(name, field), field.limits.get("Precision")): path for path, field in defined.items()}
    if len(ways) < 2:
        return
    said = " and ".join(
        f"of type {defined[path].type}{f' by the {precision}' if precision else ''} in {path}"
        for (_, precision), path in sorted(ways.items(), key=lambda item: item[1])
    )
    raise QueryError(
        f"{name} is a field {said}, and the server compares and orders all of them as one of these; read the "
        "rows without it, then filter and sort the frame"
    )


def _merged(fields: list[Field]) -> Field:
    """Return the field of several lists: an option of one of them can be asked for."""
    options = {option.value: option for field in fields for option in field.options}
    return dataclasses.replace(fields[0], options=tuple(options.values()))


def _definitions(
    client: Client, place: str | int, *, below: bool
) -> tuple[dict[str, dict[str, Field]], dict[str, dict[str, Field]]]:
    """Read what lists define, by their paths: those that are searched, and all others.

    Searched are the list around a place, and those below it, if they are wanted.
    """
    if isinstance(place, int):
        address = target(entity(place), {"$select": "Path", "metadata": "no"})
        place = str(client.get(address, shapes.content("Path"))["Path"])
    here = PurePosixPath(place)
    query = Query(
        "/Root",
        query="TypeIs:ContentList",
        autofilters=False,
        select=("Path", "ContentListDefinition"),
        orderby="Id",
        top=_MOST_LISTS,
    )
    rows = client.get(query.url(metadata="no"), shapes.contents("Path"))
    lists = {
        str(row["Path"]): {
            field.name: field for field in _defined(str(row.get("ContentListDefinition") or ""))
        }
        for row in rows
    }
    around = sorted((path for path in lists if here.is_relative_to(path)), key=len)
    searched = set(around[-1:])  # fields are added by the nearest list alone
    if below:
        searched |= {path for path in lists if PurePosixPath(path).is_relative_to(here)}
    return (
        {path: fields for path, fields in lists.items() if path in searched},
        {path: fields for path, fields in lists.items() if path not in searched},
    )


def _aspect_fields(client: Client, aspect: str) -> dict[str, Field]:
    """Read the fields of an aspect from its definition."""
    words = f"+TypeIs:Aspect +Name:{query_value(aspect)}"
    query = Query("/Root", query=words, autofilters=False, select=("Name", "AspectDefinition"), top=1)
    try:
        rows = client.get(query.url(metadata="no"), shapes.contents("Name"))
    except NotFoundError:
        return {}
    if not rows or rows[0]["Name"] != aspect:
        return {}
    found = _defined(str(rows[0].get("AspectDefinition") or ""), f"{aspect}.")
    return {field.name: field for field in found}


def _defined(text: str, before: str = "") -> Iterator[Field]:
    """Yield the fields that the definition of a list or an aspect adds; none if it cannot be read."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return
    try:
        root = ET.fromstring(text.lstrip("\ufeff").strip())
    except ET.ParseError:
        return
    for element in root.iter():
        if _tag(element) in ("ContentListField", "AspectField", "Field") and "name" in element.attrib:
            yield _defined_field(element, before)


def _defined_field(element: ET.Element, before: str) -> Field:
    settings = {_tag(e): e for e in element.iter()}

    def says(name: str) -> bool:
        setting = settings.get(name)
        return setting is not None and (setting.text or "").strip().lower() == "true"

    options = [e for e in settings.get("Options", ()) if _tag(e) == "Option"]
    precision = (settings["Precision"].text or "").strip() if "Precision" in settings else ""
    handler = element.attrib.get("handler", "ShortText").rpartition(".")[2].removesuffix("Field")
    return Field(
        f"{before}{element.attrib['name']}",
        element.attrib.get("type", handler),
        display_name=(settings["DisplayName"].text or "")
        if "DisplayName" in settings
        else element.attrib["name"],
        read_only=says("ReadOnly"),
        compulsory=says("Compulsory"),
        multiple=says("AllowMultiple"),
        extra_values=says("AllowExtraValue"),
        options=tuple(Option(e.attrib.get("value", e.text or ""), e.text or "") for e in options),
        limits={"Precision": precision} if precision else {},
    )


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
