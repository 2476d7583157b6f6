"""Content types that are installed by uploading a definition."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from sn_pandas.embedded.content_types.localization import localized
from sn_pandas.embedded.content_types.types import Types
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, bad_request, server_error
from sn_pandas.embedded.fields import KINDS
from sn_pandas.embedded.security.permissions import NAMES

if TYPE_CHECKING:
    from sn_pandas.embedded.repository import Session

Json = Any
ODD_KINDS = frozenset(("PageBreak", "WhoAndWhen", "Lock", "Security", "Guid"))
"""Kinds that a definition may name though contents hold nothing of them."""
NUMBERS = frozenset(("MinLength", "MaxLength", "Digits", "FieldIndex", "DefaultOrder", "Rows",
                     "PasswordHistoryLength", "VisiblePermissionCount",
                     "Range", "Split"))  # fmt: skip
TRUTHS = frozenset(
    (
        "ReadOnly",
        "Compulsory",
        "AllowMultiple",
        "AllowExtraValue",
        "IsText",
        "ShowAsPercentage",
        "AppendModifications",
    )
)
TEXTS = frozenset(
    ("DefaultValue", "Regex", "Format", "DateTimeMode", "Precision", "TextType", "ControlHint", "FieldName",
     "UrlFormat",
     "Palette", "Query", "DisplayChoice", "ReenterTitle", "ReenterDescription", "ExpectedXmlNamespace")
)  # fmt: skip
FORMS = ("VisibleBrowse", "VisibleEdit", "VisibleNew")
FORM_MODES = {"show": 0, "hide": 1, "advanced": 2}
OUTPUT_METHODS = {"default": 0, "raw": 1, "text": 2, "html": 3}

YES_NO = [
    {"Value": "yes", "StoredText": "$Ctd,Enum-FieldSettingContent-YesNo-Yes", "Text": "Yes"},
    {"Value": "no", "StoredText": "$Ctd,Enum-FieldSettingContent-YesNo-No", "Text": "No"},
]
"""The options that every field of the kind YesNo has."""


def install(session: Session, text: str) -> Content:
    """Install the content type that an XML definition describes, or replace its earlier definition."""
    definition = parse(text)
    check(session.types, definition)
    name = definition["Name"]
    known = session.types.get(name)
    with session.store.transaction():
        session.store.put_types([definition])
        content_type = session.types[name]
        existing = session.store.by_path(known.path if known is not None else content_type.path)
        if existing is not None and existing.path.lower() == content_type.path.lower():
            return existing
        parent = session.store.by_path(content_type.path.rpartition("/")[0])
        if parent is None:
            raise bad_request("ApplicationException", f"The parent of the content type {name} is missing.")
        if existing is not None:
            session.store.move(existing, parent, name)
            return existing
        now, me = session.now(), session.caller.id
        content = Content(
            0, parent.id, name, content_type.path, "ContentType", created=now, created_by=me, modified=now,
            modified_by=me, version_created=now, version_created_by=me, version_modified=now,
            version_modified_by=me, owner=me, is_system=True, holder=parent.holder,
        )  # fmt: skip
        return session.store.insert(content)


def parse(text: str) -> dict[str, Json]:
    """Return a definition in the form of ``types.json``."""
    if "<!DOCTYPE" in text:
        raise server_error("XmlException", "A definition must not have a document type.")
    try:
        root = ET.fromstring(text.lstrip("\ufeff").strip().encode())
    except ET.ParseError as error:
        raise server_error("XmlException", f"The definition is no XML: {error}") from error
    if _tag(root) != "ContentType":
        raise _invalid(f"The definition of a content type does not begin with {_tag(root)}.")
    definition: dict[str, Json] = {"Name": root.get("name", ""), "Installed": True}
    if root.get("parentType"):
        definition["Parent"] = root.get("parentType")
    definition["Handler"] = root.get("handler", "")
    for element in root:
        tag, value = _tag(element), (element.text or "").strip()
        if tag in ("DisplayName", "Description", "Icon"):
            definition[tag] = value
        elif tag in ("AllowIncrementalNaming", "AllowIndexing", "IsTransitiveForAllowedTypes"):
            definition[tag] = value.lower() in ("true", "yes")
        elif tag == "AllowedChildTypes":
            definition[tag] = [word for word in re.split(r"[,;\s]+", value) if word]
        elif tag == "Categories":
            definition[tag] = value.split()
        elif tag == "Fields":
            definition["Fields"] = [field_settings(child) for child in element if _tag(child) == "Field"]
    definition.setdefault("Description", "")
    return definition


def check(types: Types, definition: dict[str, Json]) -> None:
    """Refuse a definition that does not fit the types that there are."""
    name, parent = definition["Name"], definition.get("Parent")
    if not name:
        raise _invalid("The definition has no name.")
    if parent is not None and (parent not in types or types[parent].is_a(name)):
        raise bad_request("ApplicationException", f"Unknown ContentType: {parent}")
    handlers = {one.handler for one in types.values()}
    if definition["Handler"] not in handlers:
        raise server_error(
            "RegistrationException", f"ContentHandler cannot be found: {definition['Handler']}"
        )
    seen: set[str] = set()
    for field in definition.get("Fields", ()):
        if field["Kind"] not in KINDS and field["Kind"] not in ODD_KINDS:
            raise _invalid(f"Unknown field type: {field['Kind']}")
        if not field["Name"]:
            raise _invalid(f"A field of the content type {name} has no name.")
        if field["Name"] in seen:
            raise _invalid(f"The field {field['Name']} is declared twice.")
        seen.add(field["Name"])
        for known in types.variants.get(field["Name"], ()):
            if known.owner != name and known.kind != field["Kind"]:
                raise _invalid(
                    f"Field type violation in the {name} content type definition: {field['Name']} must be"
                    f" of the type {known.kind}."
                )


def field_settings(element: ET.Element) -> dict[str, Json]:
    """Return what the element of a field says, in the form of ``types.json``."""
    found: dict[str, Json] = {"Name": element.get("name", ""), "Kind": element.get("type", "ShortText")}
    for part in element:
        tag = _tag(part)
        if tag in ("DisplayName", "Description", "Icon"):
            found[tag] = (part.text or "").strip()
        elif tag == "Indexing":
            for setting in part:
                if _tag(setting) == "Analyzer":
                    found["Analyzer"] = (
                        (setting.text or "").strip().rpartition(".")[2].removesuffix("Analyzer")
                    )
                elif _tag(setting) in ("Mode", "Index") and (setting.text or "").strip() == "No":
                    found["Index"] = "No"
        elif tag == "Configuration":
            for setting in part:
                _configure(found, _tag(setting), setting)
            if found["Kind"] == "PermissionChoice":
                shown = NAMES[: found.get("VisiblePermissionCount", 15)]
                found["Options"] = [
                    {
                        "Value": name,
                        "StoredText": (key := f"$ Portal, Permission_{name}"),
                        "Text": localized(key),
                    }
                    for name in shown
                ]
    if found["Kind"] == "YesNo":
        found.setdefault("Options", YES_NO)
    return found


def _configure(found: dict[str, Json], tag: str, setting: ET.Element) -> None:
    text = (setting.text or "").strip()
    if tag in FORMS:
        found[tag] = FORM_MODES.get(text.lower(), 0)
    elif tag == "Visible":
        found.update(dict.fromkeys(FORMS, 0 if text.lower() == "true" else 1))
    elif tag in NUMBERS:
        _limit(found, tag, int, text)
    elif tag == "OutputMethod":
        found[tag] = OUTPUT_METHODS.get(text.lower(), 0)
    elif tag in ("MinValue", "MaxValue"):
        kind = found["Kind"]
        _limit(
            found, tag, int if kind == "Integer" else float if kind in ("Number", "Currency") else str, text
        )
    elif tag == "Step":
        _limit(found, tag, float, text)
    elif tag in TRUTHS:
        if text:
            found[tag] = text.lower() == "true"
    elif tag in TEXTS:
        found[tag] = setting.text or ""
    elif tag == "AllowedTypes":
        found[tag] = [(child.text or "").strip() for child in setting]
    elif tag in ("SelectionRoot", "SelectionRoots"):
        found["SelectionRoots"] = [(child.text or "").strip() for child in setting]
    elif tag == "Options":
        found[tag] = [_option(child) for child in setting if _tag(child) == "Option"]


def _option(element: ET.Element) -> dict[str, Json]:
    text = (element.text or "").strip()
    option: dict[str, Json] = {"Value": element.get("value", text)}
    if text and text != option["Value"]:
        option["Text"] = text
    if element.get("selected") == "true":
        option["Selected"] = True
    if element.get("enabled") == "false":
        option["Enabled"] = False
    return option


def _limit(found: dict[str, Json], tag: str, number: Callable[[str], Json], text: str) -> None:
    """Take over a number; what is none says nothing."""
    with suppress(ValueError):
        found[tag] = number(text)


def _invalid(message: str) -> ODataError:
    return server_error("ContentRegistrationException", message)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
