"""The fields that no content type has: those of a list (``#Name``) and of aspects (``Aspect.Name``)."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from . import shapes
from .addresses import entity
from .client import Client
from .errors import NotFoundError, QueryError, ServerError
from .fields import Field, Option, of_some_contents
from .literals import query_value
from .query import Query
from .type_documents import read_list_fields


def list_fields(client: Client, place: str | int) -> dict[str, Field]:
    """Read the ``#`` fields of the list that a place is, or is in, from its metadata."""
    try:
        return read_list_fields(client.get(f"{entity(place)}/$metadata", shapes.xml))
    except ServerError:
        return {}


def added_fields(client: Client, place: str | int, names: Iterable[str]) -> dict[str, Field]:
    """Read the definitions of fields that a list or aspects add to the contents at a place.

    Parameters
    ----------
    client : Client
        Where the place is.
    place : str or int
        The list, or a content in it.
    names : iterable of str
        Names of fields; those of content types are skipped.

    Returns
    -------
    dict
        What is known of them by name; nothing of a name whose list or aspect the caller cannot read.

    Raises
    ------
    QueryError
        If the place is in a list that has no such field.
    """
    wanted = {name for name in names if of_some_contents(name)}
    found: dict[str, Field] = {}
    if of_list := sorted(name for name in wanted if name.startswith("#")):
        found |= list_fields(client, place)
        if found and (unknown := [name for name in of_list if name not in found]):
            raise QueryError.unknown_field(unknown[0], found, f"the list of {place} does not have")
    dotted = [name.split(".") for name in wanted if name[0] != "#"]
    for aspect in sorted({steps[0] for steps in dotted if len(steps) == 2}):
        found |= _aspect_fields(client, aspect)
    return {name: field for name, field in found.items() if name in wanted}


def _aspect_fields(client: Client, aspect: str) -> dict[str, Field]:
    """Read the fields of an aspect from its definition."""
    words = f"+TypeIs:Aspect +Name:{query_value(aspect)}"
    query = Query("/Root", query=words, autofilters=False, select=("Name", "AspectDefinition"), top=1)
    try:
        rows = client.get(query.url(metadata="no"), shapes.contents("Name"))
        definition = rows[0]["AspectDefinition"] if rows else None
        root = ET.fromstring(str(definition)) if definition else None
    except (NotFoundError, ET.ParseError):
        return {}
    if root is None or rows[0]["Name"] != aspect:
        return {}
    found = (_aspect_field(element, aspect) for element in root.iter())
    return {field.name: field for field in found if field is not None}


def _aspect_field(element: ET.Element, aspect: str) -> Field | None:
    if element.tag.rpartition("}")[2] not in ("AspectField", "Field") or "name" not in element.attrib:
        return None
    settings = {e.tag.rpartition("}")[2]: e for e in element.iter()}

    def says(name: str) -> bool:
        setting = settings.get(name)
        return setting is not None and (setting.text or "").strip().lower() == "true"

    options = [e for e in settings.get("Options", ()) if e.tag.rpartition("}")[2] == "Option"]
    precision = (settings["Precision"].text or "").strip() if "Precision" in settings else ""
    return Field(
        f"{aspect}.{element.attrib['name']}",
        element.attrib.get("type", "ShortText"),
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
