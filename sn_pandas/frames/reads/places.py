"""What can be at a place: the types of the rows, and the fields that only some contents have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from ...odata.addresses import entity
from ...odata.errors import NotFoundError, ServerError
from ...odata.filter_syntax import Call, Compare, Join, Literal, Member, Node, parse
from ...odata.literals import query_value
from ...odata.query import Query, target
from ...odata.schema import CHOICES, REFERENCES, Field, Option

if TYPE_CHECKING:
    from ..repository import Repository

_TYPE_TERM = re.compile(r"(?<![-!\w])(?:TypeIs|Type):[\"']?(\w+)[\"']?")


def types_at(repo: Repository, query: Query) -> list[str]:
    """Give the types that rows of a query can have, as far as the query or the place says."""
    known = repo.schema
    said = [name for name in _said(query) if name in known]
    if said or query.select:
        return said
    if query.single:
        return [_facts(repo, query.path, "Type")["Type"]]
    if query.property:
        field = known.fields.get(query.property)
        allowed = field.limits.get("AllowedTypes") if field is not None else None
        return [t for t in allowed or () if t in known] or ["GenericContent"]
    if query.query:
        return ["GenericContent"]
    there = _facts(repo, query.path, "EffectiveAllowedChildTypes/Name", "EffectiveAllowedChildTypes")
    allowed = [t["Name"] for t in there.get("EffectiveAllowedChildTypes") or ()]
    return [name for name in allowed if name in known] or ["GenericContent"]


def fields_at(repo: Repository, query: Query) -> dict[str, Field]:
    """Give the fields of the list and of the aspects that a query names."""
    names = {chain.partition("/")[0] for chain in query.select}
    found: dict[str, Field] = {}
    if any(name.startswith("#") for name in names):
        found |= _list_fields(repo, query)
    for aspect in sorted({name.partition(".")[0] for name in names if "." in name and name[0] != "#"}):
        found |= _aspect_fields(repo, aspect)
    return {name: field for name, field in found.items() if name in names}


def _said(query: Query) -> Iterator[str]:
    text = str(query.filter or "")
    if re.search(r"isof|ContentType", text, re.IGNORECASE) and (tree := parse(text)):
        yield from _types_of(tree)
    if not re.search(r"\bOR\b|\bNOT\b|\|\||\{\{", query.words()):
        yield from _TYPE_TERM.findall(query.words())


def _types_of(node: Node) -> Iterator[str]:
    match node:
        case Join(operator="and"):
            for part in node.parts:
                yield from _types_of(part)
        case Call(name="isof", arguments=(Literal(kind="text", text=text),)):
            yield text[1:-1]
        case Compare(
            operator="eq", left=Member(steps=("ContentType",)), right=Literal(kind="text", text=text)
        ):
            yield text[1:-1]


def _facts(repo: Repository, place: str | int, select: str, expand: str = "") -> dict[str, Any]:
    options = {"$select": select, **({"$expand": expand} if expand else {}), "metadata": "no"}
    facts: dict[str, Any] = repo.client.get(target(entity(place), options))["d"]
    return facts


def _list_fields(repo: Repository, query: Query) -> dict[str, Field]:
    """Read the ``#`` fields of the list that a place is, or is in, from its metadata."""
    try:
        document = repo.client.get(target(f"{entity(query.path)}/$metadata", {"$format": "json"}))
    except ServerError:
        return {}
    found: dict[str, Field] = {}
    for schema in document["DataServices"]["Schemas"]:
        enums = {enum["Name"]: enum for enum in schema.get("EnumTypes") or ()}
        for entity_type in schema.get("EntityTypes") or ():
            for raw in [
                *(entity_type.get("Properties") or ()),
                *(entity_type.get("NavigationProperties") or ()),
            ]:
                if raw["Name"].startswith("#"):
                    found[raw["Name"]] = _list_field(raw, enums)
    return found


def _list_field(raw: Mapping[str, Any], enums: Mapping[str, Any]) -> Field:
    kind = raw.get("FieldType", "Reference")
    enum = enums.get(str(raw.get("Type")), {})
    return Field(
        raw["Name"],
        kind,
        compulsory=raw.get("Nullable") is False,
        multiple=bool(enum.get("IsFlags")) if enum else kind in CHOICES or kind in REFERENCES,
        options=tuple(Option(str(o["Value"]), str(o["Name"])) for o in enum.get("Options") or ()),
        limits={"MaxLength": raw["MaxLength"]} if raw.get("MaxLength") else {},
    )


def _aspect_fields(repo: Repository, aspect: str) -> dict[str, Field]:
    """Read the fields of an aspect from its definition."""
    words = f"+TypeIs:Aspect +Name:{query_value(aspect)}"
    query = Query("/Root", query=words, autofilters=False, select=("Name", "AspectDefinition"), top=1)
    try:
        rows = repo.client.get(query.url(metadata="no"))["d"]["results"]
        definition = rows[0]["AspectDefinition"] if rows else None
        root = ET.fromstring(definition) if definition else None
    except (NotFoundError, ET.ParseError):
        return {}
    if root is None or rows[0]["Name"] != aspect:
        return {}
    found = [field for element in root.iter() if (field := _aspect_field(element)) is not None]
    return {f"{aspect}.{field.name}": field for field in found}


def _aspect_field(element: ET.Element) -> Field | None:
    if element.tag.rpartition("}")[2] not in ("AspectField", "Field") or "name" not in element.attrib:
        return None
    settings = {e.tag.rpartition("}")[2]: e for e in element.iter()}

    def says(name: str) -> bool:
        setting = settings.get(name)
        return setting is not None and (setting.text or "").strip().lower() == "true"

    options = [e for e in settings.get("Options", ()) if e.tag.rpartition("}")[2] == "Option"]
    return Field(
        element.attrib["name"],
        element.attrib.get("type", "ShortText"),
        display_name=(settings["DisplayName"].text or "")
        if "DisplayName" in settings
        else element.attrib["name"],
        read_only=says("ReadOnly"),
        compulsory=says("Compulsory"),
        multiple=says("AllowMultiple"),
        extra_values=says("AllowExtraValue"),
        options=tuple(Option(e.attrib.get("value", e.text or ""), e.text or "") for e in options),
    )
