"""Field settings as definitions of content types, lists and aspects have them in XML."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.schema.localization import localize
from sn_pandas.embedded.schema.permission_names import NAMES
from sn_pandas.embedded.schema.types import Field

Json = Any

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


def field_settings(element: ET.Element) -> dict[str, Json]:
    """Return what the element of a field says, in the form of ``types.json``."""
    found: dict[str, Json] = {"Name": element.get("name", ""), "Kind": element.get("type", "ShortText")}
    for part in element:
        tag = tag_of(part)
        if tag in ("DisplayName", "Description", "Icon"):
            found[tag] = (part.text or "").strip()
        elif tag == "Indexing":
            for setting in part:
                if tag_of(setting) == "Analyzer":
                    found["Analyzer"] = (
                        (setting.text or "").strip().rpartition(".")[2].removesuffix("Analyzer")
                    )
                elif tag_of(setting) == "IndexHandler":
                    handler = (setting.text or "").strip().rpartition(".")[2]
                    found["IndexHandler"] = handler.removesuffix("IndexHandler")
                elif tag_of(setting) in ("Mode", "Index") and (setting.text or "").strip() == "No":
                    found["Index"] = "No"
        elif tag == "Configuration":
            for setting in part:
                _configure(found, tag_of(setting), setting)
            if found["Kind"] == "PermissionChoice":
                shown = NAMES[: found.get("VisiblePermissionCount", 15)]
                found["Options"] = [
                    {
                        "Value": name,
                        "StoredText": (key := f"$ Portal, Permission_{name}"),
                        "Text": localize(key),
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
        found[tag] = [_option(child) for child in setting if tag_of(child) == "Option"]


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
    """Set a number from a text; an invalid one is ignored."""
    with suppress(ValueError):
        found[tag] = number(text)


def load(db: sqlite3.Connection) -> dict[str, Field]:
    """Return all fields that lists and aspects add, by name; of several of one name the oldest."""
    found: dict[str, Field] = {}
    for aspect, text in db.execute("SELECT aspect, text FROM field_definitions ORDER BY content_id"):
        for field in parse(text, aspect):
            found.setdefault(field.name, field)
    return found


@lru_cache(maxsize=1024)
def parse(text: str, aspect: str = "") -> tuple[Field, ...]:
    """Return the fields of a definition; empty if it is invalid.

    >>> parse('<D><Fields><AspectField name="Weight" type="Integer"/></Fields></D>', "Heavy")
    (Field(name='Heavy.Weight', kind='Integer', owner='Heavy'),)
    """
    if "<!DOCTYPE" in text:
        return ()
    try:
        root = ET.fromstring(text.lstrip("\ufeff").strip().encode())
    except (ET.ParseError, ValueError):
        return ()
    fields = []
    for element in root.iter():
        if not element.tag.endswith(("ContentListField", "AspectField")):
            continue
        try:
            settings = field_settings(element)
        except (ODataError, ValueError):
            continue
        name, kind = settings.pop("Name"), settings.pop("Kind")
        fields.append(Field(f"{aspect}.{name}" if aspect else name, kind, aspect or "ContentList", settings))
    return tuple(fields)


def tag_of(element: ET.Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]
