"""Descriptions of content types by the server: ``GetSchema``, metadata of a content, values."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from .errors import AnswerError
from .field_kinds import field_kind
from .fields import Field, Layer, Option

#: What the metadata of a content does not say about its fields.
UNTOLD = frozenset(
    "ReadOnly AllowExtraValue DateTimeMode Digits AllowedTypes MinLength MinValue MaxValue Regex".split()
)
#: What the values of a content do not say about its fields.
UNTOLD_BY_VALUES = UNTOLD | {"Options", "AllowMultiple", "Compulsory", "MaxLength"}
_LIMITS = [
    "MinLength",
    "MaxLength",
    "Regex",
    "MinValue",
    "MaxValue",
    "Digits",
    "Precision",
    "DateTimeMode",
    "AllowedTypes",
    "SelectionRoots",
    "Query",
]
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")


@dataclasses.dataclass(frozen=True)
class TypeDescription:
    """The description of a content type: its parent, and its fields."""

    name: str
    parent: str | None
    fields: Mapping[str, Field]
    layer: Layer


def read_field(raw: Mapping[str, Any], layer: Layer = "shown") -> Field:
    """Return the field that an object of ``FieldSettings`` describes."""
    return Field(
        name=raw["Name"],
        type=raw["FieldClassName"].rpartition(".")[2].removesuffix("Field"),
        display_name=raw.get("DisplayName") or raw["Name"],
        description=raw.get("Description") or "",
        read_only=bool(raw.get("ReadOnly")),
        compulsory=bool(raw.get("Compulsory")),
        multiple=bool(raw.get("AllowMultiple")),
        extra_values=bool(raw.get("AllowExtraValue")),
        options=tuple(
            Option(o["Value"], o.get("Text") or o["Value"], o.get("Enabled", True), o.get("Selected", False))
            for o in raw.get("Options") or ()
        ),
        limits={k: raw[k] for k in _LIMITS if raw.get(k) is not None},
        default=raw.get("DefaultValue"),
        layer=layer,
    )


def read_metadata(text: str) -> TypeDescription:
    """Return the content type that the ``$metadata`` of one content describes, as XML.

    The server describes the type of a content to everybody who may open the content, whether or not they may
    see the type itself. Fields of the list that the content is in are left out.

    Raises
    ------
    AnswerError
        If it is not such a document, or one of several types.
    """
    root = _root(text)
    found = [element for element in root.iter() if _tag(element) == "EntityType"]
    if len(found) != 1:
        raise AnswerError(f"the metadata of a content describes {len(found)} types, not one")
    (entity,) = found
    fields = {field.name: field for field in _fields(root, entity) if not field.name.startswith("#")}
    return TypeDescription(entity.attrib.get("Name", ""), entity.attrib.get("BaseType"), fields, "learned")


def read_list_fields(text: str) -> dict[str, Field]:
    """Return the fields of the list of a content, from its ``$metadata`` in XML.

    Raises
    ------
    AnswerError
        If it is not such a document.
    """
    root = _root(text)
    entities = [element for element in root.iter() if _tag(element) == "EntityType"]
    fields = (field for entity in entities for field in _fields(root, entity))
    return {field.name: field for field in fields if field.name.startswith("#")}


def _root(text: str) -> ET.Element:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise AnswerError("the metadata of a content declares entities, which no sensenet does")
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        raise AnswerError(f"the metadata of a content is not XML: {error}") from None


def read_values(content: Mapping[str, Any]) -> TypeDescription:
    """Return the content type of a content as far as its values reveal it.

    Examples
    --------
    >>> found = read_values({"Type": "Gadget", "Quantity": 5, "InUse": True, "Shape": ["new"], "Code": "c"})
    >>> found.name, [field.type for field in found.fields.values()]
    ('Gadget', ['ShortText', 'Integer', 'Boolean', 'Choice', 'ShortText'])
    """
    fields = {
        name: Field(
            name,
            _shape(value),
            multiple=isinstance(value, list) or _is_deferred(value),
            layer="values",
            untold=UNTOLD_BY_VALUES,
        )
        for name, value in content.items()
        if not name.startswith(("#", "__"))
    }
    return TypeDescription(str(content.get("Type") or ""), None, fields, "values")


def _fields(root: ET.Element, entity: ET.Element) -> Iterator[Field]:
    enums = {e.attrib.get("Name", ""): e for e in root.iter() if _tag(e) == "EnumType"}
    ends = {e.attrib.get("Role", ""): e.attrib for e in root.iter() if _tag(e) == "End" if "Type" in e.attrib}
    for element in entity:
        said, name = element.attrib, element.attrib.get("Name", "")
        if not name:
            continue
        if _tag(element) == "NavigationProperty":
            yield _reference(name, ends.get(said.get("ToRole", ""), {}))
        elif _tag(element) == "Property":
            yield _property(name, said, enums.get(said.get("Type", "")))


def _property(name: str, said: Mapping[str, str], enum: ET.Element | None) -> Field:
    length = said.get("MaxLength", "")
    options = [e.attrib for e in enum if _tag(e) == "Member"] if enum is not None else []
    name_of_kind = said.get("FieldType") or "Object"
    kind = field_kind(name_of_kind)
    has_type = enum is not None or kind.value != "choice"
    return Field(
        name,
        name_of_kind,
        display_name=name,
        compulsory=said.get("Nullable") == "false",
        multiple=enum.attrib.get("IsFlags") == "true" if enum is not None else kind.by_name,
        options=tuple(Option(o.get("Value", ""), o.get("Name", "")) for o in options),
        limits={"MaxLength": int(length)} if length.isascii() and length.isdigit() else {},
        default=said.get("DefaultValue"),
        layer="learned",
        untold=UNTOLD if has_type else UNTOLD | {"Options", "AllowMultiple"},
    )


def _reference(name: str, end: Mapping[str, str]) -> Field:
    target = end.get("Type", "GenericContent")
    return Field(
        name,
        "Reference",
        display_name=name,
        multiple=end.get("Multiplicity") == "*",
        limits={} if target == "GenericContent" else {"AllowedTypes": [target]},
        layer="learned",
        untold=UNTOLD,
    )


def _tag(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _shape(value: Any) -> str:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Integer"
    if isinstance(value, float):
        return "Number"
    if isinstance(value, str):
        return "DateTime" if _DATE.fullmatch(value) else "ShortText"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "Choice"
    return "Reference" if _is_deferred(value) else "Object"


def _is_deferred(value: Any) -> bool:
    return isinstance(value, Mapping) and "__deferred" in value
