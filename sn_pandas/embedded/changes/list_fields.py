"""Fields of content lists as contents: added by POST, changed and removed as if they were children.

Such a field setting has no id and no row of its own; it lives in the definition of the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from sn_pandas.embedded.changes import saving, writes
from sn_pandas.embedded.content_types import added_fields
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import bad_request, invalid_content, see_only, server_error
from sn_pandas.embedded.schema import field_settings
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire.bodies import Date

Json = Any

NAMESPACE = "http://schemas.sensenet.com/SenseNet/ContentRepository/ContentListDefinition"
BASE = "FieldSettingContent"
KINDS = {"Null": "Boolean"}
"""Name of a setting without ``FieldSetting`` -> the kind of field that it stands for, if another."""

OUTSIDE = ("DisplayName", "Description", "Icon", "AppInfo")
"""Settings that stand beside ``Configuration`` in a definition; the others stand in it."""
NAMED = frozenset(("Name", "Options", "AllowedTypes", "SelectionRoots", *OUTSIDE))
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A sign that no XML may hold."""


def create(session: Session, parent: Content, model: Mapping[str, Json]) -> Content | None:
    """Add a field to a list and return its setting; None if the body is that of no field.

    Raises
    ------
    ODataError
        If the name is missing or taken, or the caller may not.
    """
    type_name = model.get("__ContentType")
    content_type = session.types.get(type_name) if isinstance(type_name, str) else None
    if content_type is None or not content_type.is_a(BASE) or not added_fields.is_list(session, parent):
        return None
    if not session.can_open(parent):
        raise see_only()
    name = model.get("Name") or model.get("DisplayName")
    if not isinstance(name, str) or not name.strip("# "):
        raise invalid_content(["Name"])
    full = "#" + name.lstrip("#")
    root = _root(parent)
    if _element(root, full) is not None:
        raise bad_request("ApplicationException", f"The list has a field named {full} already.")
    kind = content_type.name.removesuffix("FieldSetting")
    fields = root.find(_tag("Fields"))
    if fields is None:
        fields = ET.SubElement(root, _tag("Fields"))
    element = ET.SubElement(fields, _tag("ContentListField"), name=full, type=KINDS.get(kind, kind))
    _write(element, model)
    _save(session, parent, root)
    setting = _format_as_written(settings(session, parent)[-1])
    setting.name = name
    return setting


def find(session: Session, path: str) -> tuple[Content, str] | None:
    """Return the list and the name of the field that a path points at, if it does."""
    parent_path, _, name = path.rpartition("/")
    parent = session.by_path(parent_path) if parent_path else None
    if parent is None or not added_fields.is_list(session, parent):
        return None
    full = name if name.startswith("#") else f"#{name}"
    return (parent, full) if _element(_root(parent), full) is not None else None


def edit(session: Session, parent: Content, name: str, model: Mapping[str, Json], *, reset: bool) -> Content:
    """Change a field of a list and return its setting; ``reset`` = forget what the body does not say."""
    root = _root(parent)
    element = _element(root, name)
    if element is None:
        raise server_error("InvalidOperationException", f"The list has no field named {name}.")
    if reset:
        element[:] = []
    _write(element, model)
    _save(session, parent, root)
    setting = next(one for one in settings(session, parent) if one.name == name)
    return _format_as_written(setting) if reset else setting


def _format_as_written(setting: Content) -> Content:
    """Return a setting in the form of the answer to its creation or replacement."""
    setting.fields |= {"FieldClassName": None, "AddToDefaultView": True}
    return setting


def remove(session: Session, parent: Content, name: str) -> None:
    """Remove a field of a list."""
    root = _root(parent)
    element, fields = _element(root, name), root.find(_tag("Fields"))
    if element is not None and fields is not None:
        fields.remove(element)
    _save(session, parent, root)


def settings(session: Session, parent: Content) -> list[Content]:
    """Return the fields of a list as contents."""
    fields = field_settings.parse(str(parent.fields.get("ContentListDefinition") or ""))
    return [_setting(session, parent, field) for field in fields]


def _setting(session: Session, parent: Content, field: Field) -> Content:
    kind = "Null" if field.kind == "Boolean" else field.kind
    type_name = f"{kind}FieldSetting"
    content_type = session.types.get(type_name) or session.types[BASE]
    stamp = session.repository.clock().strftime("%Y%m%d%H%M%S")
    content = writes.new_content(session, parent, content_type, f"{content_type.name}-{stamp}")
    content.name = field.name
    content.fields |= {
        "DisplayName": field.settings.get("DisplayName"),
        "Description": field.settings.get("Description"),
        **_describe_field(field),
    }
    return content


def _describe_field(field: Field) -> dict[str, Json]:
    """Return what a field setting shows of itself beside the fields of its type."""
    given = field.settings
    shown: dict[str, Json] = {
        "ShortName": field.kind,
        "FieldClassName": f"SenseNet.ContentRepository.Fields.{field.kind}Field",
        "AppInfo": given.get("AppInfo"),
        "DefaultValue": given.get("DefaultValue"),
        "ReadOnly": field.read_only,
        "Compulsory": field.compulsory,
        "OutputMethod": [],
        "VisibleBrowse": ["0"],
        "VisibleEdit": ["0"],
        "VisibleNew": ["0"],
        "DefaultOrder": given.get("DefaultOrder", 0),
        "AddToDefaultView": False,
        "FieldIndex": given.get("FieldIndex", 2**31 - 1),
    }
    shown |= {name: given.get(name) for name in added_fields.SETTINGS_OF_KIND.get(field.kind, ())}
    if "ShowAsPercentage" in shown:
        shown["ShowAsPercentage"] = ["yes" if shown["ShowAsPercentage"] else "no"]
    return shown


def _root(parent: Content) -> ET.Element:
    text = str(parent.fields.get("ContentListDefinition") or "")
    if "<!DOCTYPE" in text:
        raise server_error("XmlException", "A definition must not have a document type.")
    try:
        return ET.fromstring(text.lstrip("\ufeff").strip().encode())
    except ET.ParseError:
        return ET.Element(_tag("ContentListDefinition"))


def _element(root: ET.Element, name: str) -> ET.Element | None:
    return next((one for one in root.iter(_tag("ContentListField")) if one.get("name") == name), None)


def _write(element: ET.Element, model: Mapping[str, Json]) -> None:
    """Write the settings of a body into the element of a field."""
    configuration = element.find(_tag("Configuration"))
    if configuration is None:
        configuration = ET.SubElement(element, _tag("Configuration"))
    for name, value in model.items():
        if name.startswith("_") or name == "Name" or isinstance(value, dict):
            continue
        place = element if name in OUTSIDE else configuration
        old = place.find(_tag(name)) if name.isidentifier() else None
        if old is not None:
            place.remove(old)
        if value is None or not name.isidentifier():
            continue
        made = ET.SubElement(place, _tag(name))
        if name == "Options" and isinstance(value, list):
            _write_options(made, value)
        elif isinstance(value, list) and name in NAMED:
            for item in value:
                ET.SubElement(made, _tag(name.removesuffix("s"))).text = str(item)
        else:
            made.text = _text(value)


def _write_options(element: ET.Element, options: list[Json]) -> None:
    for option in options:
        given = option if isinstance(option, dict) else {"Value": option}
        value = given.get("Value", given.get("Name", ""))
        made = ET.SubElement(element, _tag("Option"), value=str(value))
        made.text = str(given.get("Text", value))
        if given.get("Selected") is True:
            made.set("selected", "true")


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return str(value[0]) if value else ""
    return value.text if isinstance(value, Date) else str(value)


def _save(session: Session, parent: Content, root: ET.Element) -> None:
    ET.register_namespace("", NAMESPACE)
    before = session.store.load(parent.id) or parent
    text = ET.tostring(root, encoding="unicode")
    if sign := _NOT_IN_XML.search(text):
        words = f"'.', hexadecimal value 0x{ord(sign[0]):02X}, is an invalid character."
        raise server_error("ArgumentException", words)
    parent.fields["ContentListDefinition"] = text
    saving.update(session, before, parent, set())
    session.forget(parent.id)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
