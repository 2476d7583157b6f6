"""What a name in a filter may mean: a property of the content, an indexed field, an aspect, a .NET class."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sn_pandas.embedded import dates
from sn_pandas.embedded.errors import ODataError, parse_error
from sn_pandas.embedded.index.index_fields import kind_of
from sn_pandas.embedded.languages.filter_expressions import (
    Constant,
    Expression,
    FieldValue,
    Member,
    Parameter,
)
from sn_pandas.embedded.schema.types import Types

FIELD_TYPES = {
    "Integer": "Int32", "Number": "Decimal", "Currency": "Decimal", "Boolean": "Boolean",
    "DateTime": "DateTime", "Reference": "IEnumerable`1", "Version": "VersionNumber", "NodeType": "NodeType",
    "RichText": "RichTextFieldValue", "HyperLink": "HyperlinkData", "Binary": "BinaryData",
    "Rating": "VoteData", "Image": "ImageData", "AllowedChildTypes": "ContentTypes",
    "VersioningMode": "VersioningType", "InheritableVersioningMode": "InheritableVersioningType",
    "ApprovingMode": "ApprovingType", "InheritableApprovingMode": "ApprovingType",
    "TextExtractors": "TextExtractors",
}  # fmt: skip
"""Kind of a field -> its .NET type; all others are text."""

CONTENT_PROPERTIES = {
    **dict.fromkeys(("Id", "Index"), "Int32"),
    **dict.fromkeys(
        (
            "Name", "Path", "DisplayName", "Description", "Icon",
            "WorkspaceName", "WorkspacePath", "WorkspaceTitle",
        ),
        "String",
    ),
    **dict.fromkeys(("CreationDate", "ModificationDate"), "DateTime"),
    **dict.fromkeys(
        (
            "IsFolder", "IsNew", "IsValid", "IsContentList", "IsContentListItem", "IsLatestVersion",
            "IsLastPublicVersion", "Approvable", "Publishable",
        ),
        "Boolean",
    ),
    "ContentType": "ContentType",
    "ContentHandler": "Node",
    "Versions": "IEnumerable`1",
    "Security": "SecurityHandler",
    **dict.fromkeys(("Fields", "Children", "Actions"), "IEnumerable`1"),
}  # fmt: skip
"""Properties of a content in .NET, with their types. They win over fields of the same name."""

NOT_IN_INDEX = frozenset(
    {
        "IsNew", "IsContentList", "IsContentListItem", "IsLatestVersion", "IsLastPublicVersion",
        "WorkspaceName", "WorkspacePath", "WorkspaceTitle", "Security", "Fields",
        "Children", "Actions", "ContentHandler",
    }
)  # fmt: skip
"""Properties that can be named in a filter, but not be searched for."""

WITHOUT_DATA = frozenset({"AllRoles", "DirectRoles", "Sharing"})
"""Kinds of fields that hold no data of their own: no filter knows them."""

_OTHER_PROPERTIES: dict[str, dict[str, str]] = {
    "String": {"Length": "Int32"},
    "DateTime": {
        **dict.fromkeys(
            ("Day", "DayOfYear", "Hour", "Millisecond", "Minute", "Month", "Second", "Year"), "Int32"
        ),
        "Ticks": "Int64",
        "Date": "DateTime",
        "TimeOfDay": "TimeSpan",
    },
    "TimeSpan": {
        **dict.fromkeys(("Days", "Hours", "Minutes", "Seconds", "Milliseconds"), "Int32"),
        **dict.fromkeys(("TotalDays", "TotalHours", "TotalMinutes", "TotalSeconds"), "Double"),
        "Ticks": "Int64",
    },
    "NodeType": {"Name": "String", "Id": "Int32", "NodeTypePath": "String"},
    "VersionNumber": {
        **dict.fromkeys(("Major", "Minor"), "Int32"),
        "VersionString": "String",
        "IsMajor": "Boolean",
    },
    "HyperlinkData": dict.fromkeys(("Href", "Text", "Title", "Target"), "String"),
    "RichTextFieldValue": dict.fromkeys(("Text", "Editor"), "String"),
    "BinaryData": {
        **dict.fromkeys(("Id", "FileId"), "Int32"),
        "ContentType": "String",
        "Size": "Int64",
        "IsEmpty": "Boolean",
    },
    "ContentType": {
        **dict.fromkeys(("Name", "DisplayName", "Description", "Path", "Icon"), "String"),
        "Id": "Int32",
    },
    "Node": {
        **dict.fromkeys(("Name", "Path", "DisplayName"), "String"),
        **dict.fromkeys(
            ("Id", "ParentId", "Index", "VersionId", "CreatedById", "ModifiedById", "OwnerId"), "Int32"
        ),
        **dict.fromkeys(("CreationDate", "ModificationDate"), "DateTime"),
        **dict.fromkeys(("Locked", "IsSystem"), "Boolean"),
    },
}
_STATIC_MOMENTS = ("UtcNow", "Now", "Today")


def member_path(
    steps: Sequence[str], types: Types, syntax_error: type[Exception] | None = None
) -> Expression:
    """Return the expression for a path.

    Of a path over fields only the last step counts, whatever the steps before it are.
    """
    steps = list(steps)
    value: Expression = Parameter()
    owner_type = "Content"
    if "." in steps[0]:
        owner_type = _class_name(steps.pop(0))
        if owner_type == "DateTime" and steps[0] in _STATIC_MOMENTS:
            value = _static_moment(steps.pop(0))
            owner_type = value.type
    elif steps == ["ContentType"]:
        steps = ["ContentType", "Name"]
    aspect: str | None = None
    for step in steps:
        if aspect is not None:
            value, aspect = _aspect_field(aspect, step, types), None
        elif (property_type := _property_type(owner_type, step)) is not None:
            value = Member(step, property_type, None if isinstance(value, Parameter) else value)
        elif (kind := kind_of(step, types)) is not None and kind not in WITHOUT_DATA:
            value = FieldValue(step, FIELD_TYPES.get(kind, "String"))
        elif owner_type == "Content" and _is_aspect(step, types):
            aspect = step
        else:
            raise field_not_found(step)
        owner_type = value.type
    if aspect is not None:
        raise field_not_found(aspect)
    return value


def field_not_found(name: str) -> ODataError:
    """Return the error of a name that means nothing."""
    return parse_error("InvalidOperationException", f"Field not found: {name}")


class UnknownTypeError(Exception):
    """A dotted name that is not a .NET class."""


def _class_name(name: str) -> str:
    if name == "System.DateTime":
        return "DateTime"
    if name == "System.String":
        return "String"
    if name in ("System.TimeSpan", "System.Object", "System.Int32", "System.Math", "System.Environment"):
        return name.rpartition(".")[2]
    raise UnknownTypeError(name)


def _static_moment(name: str) -> Constant:
    ticks = dates.from_datetime(datetime.now(UTC))
    return Constant(ticks - ticks % dates.DAY if name == "Today" else ticks, "DateTime")


def _property_type(owner_type: str, name: str) -> str | None:
    if owner_type == "Content":
        return CONTENT_PROPERTIES.get(name)
    return _OTHER_PROPERTIES.get(owner_type, {}).get(name)


def _is_aspect(name: str, types: Types) -> bool:
    prefix = name.lower() + "."
    return any(field.lower().startswith(prefix) for field in types.extra_fields)


def _aspect_field(aspect: str, step: str, types: Types) -> FieldValue:
    for name, field in types.extra_fields.items():
        if name.lower() == f"{aspect}.{step}".lower() and name.endswith("." + step):
            return FieldValue(f"{aspect}.{step}", FIELD_TYPES.get(field.kind, "String"))
    raise field_not_found(f"{aspect}.{step}")
