"""GetSchema: the content types with their fields and settings, as clients read them."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.schema.field_settings import FORM_MODES, FORMS
from sn_pandas.embedded.schema.localization import localize
from sn_pandas.embedded.schema.types import ContentType, Field
from sn_pandas.embedded.session import Session

Json = Any

SETTING_CLASSES = {
    "ShortText": "ShortText", "LongText": "LongText", "RichText": "RichText", "Integer": "Integer",
    "Number": "Number", "Currency": "Currency", "DateTime": "DateTime", "Choice": "Choice", "YesNo": "YesNo",
    "VersioningMode": "Choice", "InheritableVersioningMode": "Choice", "ApprovingMode": "Choice",
    "InheritableApprovingMode": "Choice", "PermissionChoice": "PermissionChoice", "Reference": "Reference",
    "Binary": "Binary", "HyperLink": "HyperLink", "Password": "Password", "Color": "Color",
    "Rating": "Rating",
    "Xml": "Xml", "Captcha": "Captcha",
}  # fmt: skip
"""Kind of a field -> its setting class; the others have none of their own."""
CHOICES = ("ChoiceFieldSetting", "YesNoFieldSetting", "PermissionChoiceFieldSetting")
HIDDEN_SETTINGS = frozenset(
    (
        "Forms",
        "Visible",
        "Analyzer",
        "Index",
        "IndexHandler",
        "Bind",
        "ReadOnly",
        "Compulsory",
        "OutputMethod",
    )
)
CURRENCIES = {
    "en-US": ("$", "USD", "US Dollar"), "en-GB": ("£", "GBP", "British Pound"),
    "de-DE": ("€", "EUR", "Euro"), "fr-FR": ("€", "EUR", "euro"), "es-ES": ("€", "EUR", "euro"),
    "it-IT": ("€", "EUR", "euro"), "hu-HU": ("Ft", "HUF", "magyar forint"),
    "de-CH": ("CHF", "CHF", "Schweizer Franken"), "ja-JP": ("￥", "JPY", "日本円"),
}  # fmt: skip
"""Culture of a currency field -> symbol, code and name of its currency."""
QUERY_SETTINGS = {
    "Top": 0, "Skip": 0, "EnableAutofilters": 0, "EnableLifespanFilter": 0, "QueryExecutionMode": 0,
    "AllVersions": False,
}  # fmt: skip


def schema(session: Session, name: str | None) -> list[Json]:
    """Return the answer of GetSchema: all types that the caller may see, or one of them."""
    found = [t for t in session.schema_types if t.settings.get("InSchema", True)]
    if name:
        found = [t for t in found if t.name == name]
    return [_type(session, t) for t in found]


def _type(session: Session, one: ContentType) -> Json:
    document: dict[str, Json] = {
        "ContentTypeName": one.name,
        "DisplayName": one.display_name,
        "Description": one.settings.get("Description", ""),
        "Icon": one.icon,
    }
    if one.parent:
        document["ParentTypeName"] = one.parent
    return document | {
        "AllowIndexing": one.indexed,
        "AllowIncrementalNaming": one.incremental_naming,
        "AllowedChildTypes": one.allowed_child_types,
        "IsTransitiveForAllowedTypes": one.transitive,
        "Categories": list(one.settings.get("Categories", ())),
        "HandlerName": one.handler,
        "FieldSettings": [_field(session, field) for field in one.own_fields],
    }


def _field(session: Session, field: Field) -> Json:
    settings = field.settings
    setting_class = SETTING_CLASSES.get(field.kind, "Null") + "FieldSetting"
    namespace = "SenseNet.Search" if field.kind == "TextExtractors" else "SenseNet.ContentRepository.Fields"
    document = {k: v for k, v in settings.items() if k not in HIDDEN_SETTINGS}
    if "Options" in settings:
        document["Options"] = [_option(option) for option in settings["Options"]]
    if setting_class in CHOICES:
        document.setdefault("AllowExtraValue", False)
        document.setdefault("AllowMultiple", False)
        document.setdefault("DisplayChoice", "CheckBoxes" if field.multiple else "DropDown")
        if field.kind in ("Choice", "YesNo"):
            document.setdefault("Options", [])
            document.setdefault("EnumTypeName", "")
    if "Query" in settings:
        document["Query"] = {"Text": settings["Query"], "Settings": QUERY_SETTINGS, "IsSafe": True}
    if field.kind == "Password":
        document.setdefault("PasswordHistoryLength", 0)
    if field.kind == "Currency":
        symbols = CURRENCIES.get(settings.get("Format", ""), ("", "", ""))
        document |= dict(zip(("CurrencySymbol", "CurrencyName", "CurrencyNativeName"), symbols, strict=True))
    modes = settings.get("Forms", "hide hide hide").split()
    forms = {name: settings.get(name, FORM_MODES[mode]) for name, mode in zip(FORMS, modes, strict=True)}
    document |= {
        "Type": setting_class,
        "Name": field.name,
        "FieldClassName": f"{namespace}.{field.kind}Field",
        "Categories": [],
        "ReadOnly": field.read_only,
        "Compulsory": field.compulsory,
        "OutputMethod": settings.get("OutputMethod", 0),
        "Visible": settings.get("Visible", not any(forms.values())),
        **forms,
        "DefaultOrder": settings.get("DefaultOrder", 0),
    }
    if field.default:
        document["EvaluatedDefaultValue"] = session.replace_templates(field.default)
    return document


def _option(option: dict[str, Json]) -> Json:
    text = option.get("Text", option["Value"])
    return {
        "Value": option["Value"],
        "Text": localize(text),
        "StoredText": option.get("StoredText", text),
        "Enabled": bool(option.get("Enabled", True)),
        "Selected": bool(option.get("Selected", False)),
    }
