"""A content type as the XML definition that would install it."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from sn_pandas.embedded.schema import field_settings
from sn_pandas.embedded.schema.types import ContentType, Field

NAMESPACE = "http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition"
CONFIGURED = (
    *field_settings.NUMBERS,
    *field_settings.TRUTHS,
    *field_settings.TEXTS,
    "MinValue",
    "MaxValue",
    "Step",
)
"""Settings that are written as the text of one element."""


def definition_of(content_type: ContentType) -> bytes:
    """Return the definition of a content type.

    >>> from sn_pandas.embedded.schema.types import Types
    >>> b'parentType="ListItem"' in definition_of(Types.built_in()["Task"])
    True
    """
    root = ET.Element("ContentType", {"name": content_type.name, "handler": content_type.handler})
    if content_type.parent is not None:
        root.set("parentType", content_type.parent)
    root.set("xmlns", NAMESPACE)
    for name in ("DisplayName", "Description", "Icon"):
        if name in content_type.settings:
            _add(root, name, content_type.settings[name])
    for name in ("AllowIncrementalNaming", "AllowIndexing", "IsTransitiveForAllowedTypes"):
        if name in content_type.settings:
            _add(root, name, content_type.settings[name])
    if content_type.allowed_child_types:
        _add(root, "AllowedChildTypes", ",".join(content_type.allowed_child_types))
    if "Categories" in content_type.settings:
        _add(root, "Categories", " ".join(content_type.settings["Categories"]))
    if content_type.own_fields:
        fields = ET.SubElement(root, "Fields")
        for field in content_type.own_fields:
            _field(fields, field)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _field(parent: ET.Element, field: Field) -> None:
    element = ET.SubElement(parent, "Field", name=field.name, type=field.kind)
    given = field.settings
    for name in ("DisplayName", "Description", "Icon"):
        if name in given:
            _add(element, name, given[name])
    if not {"Index", "Analyzer", "IndexHandler"}.isdisjoint(given):
        indexing = ET.SubElement(element, "Indexing")
        if "Index" in given:
            _add(indexing, "Index", given["Index"])
        if "Analyzer" in given:
            _add(indexing, "Analyzer", given["Analyzer"])
        if "IndexHandler" in given:
            _add(indexing, "IndexHandler", f"{given['IndexHandler']}IndexHandler")
    configuration = ET.Element("Configuration")
    _configure(configuration, given)
    if len(configuration):
        element.append(configuration)


def _configure(configuration: ET.Element, given: Any) -> None:
    modes = {mode: word.capitalize() for word, mode in field_settings.FORM_MODES.items()}
    for name in sorted(CONFIGURED):
        if name in given:
            _add(configuration, name, given[name])
    for word, method in field_settings.OUTPUT_METHODS.items():
        if given.get("OutputMethod") == method:
            _add(configuration, "OutputMethod", word.capitalize())
    for name in field_settings.FORMS:
        if name in given:
            _add(configuration, name, modes[given[name]])
    for name, item in (("AllowedTypes", "Type"), ("SelectionRoots", "Path")):
        if name in given:
            element = ET.SubElement(configuration, name.replace("Roots", "Root"))
            for value in given[name]:
                _add(element, item, value)
    if "Options" in given:
        options = ET.SubElement(configuration, "Options")
        for option in given["Options"]:
            one = _add(options, "Option", option.get("Text", option["Value"]))
            one.set("value", option["Value"])
            if option.get("Selected"):
                one.set("selected", "true")
            if option.get("Enabled") is False:
                one.set("enabled", "false")


def _add(parent: ET.Element, name: str, value: Any) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = str(value).lower() if isinstance(value, bool) else str(value)
    return element
