"""Fields that belong to no content type: those of content lists (``#Name``) and of aspects (``Aspect.Name``).

A list says in ``ContentListDefinition``, an aspect in ``AspectDefinition``, which fields it adds to the
contents below it or to those that refer to it. Triggers collect these texts in the table
``field_definitions``, from which `schema.field_settings.load` makes the fields that searches know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.schema.field_settings import parse
from sn_pandas.embedded.schema.types import Field

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session


SETTINGS = (
    "ShortName", "FieldClassName", "AppInfo", "DefaultValue", "ReadOnly", "Compulsory", "OutputMethod",
    "VisibleBrowse", "VisibleEdit", "VisibleNew", "DefaultOrder", "AddToDefaultView", "FieldIndex",
)  # fmt: skip
"""What every field setting of a list shows beside the fields of its type."""
_TEXT = ("MinLength", "MaxLength", "Regex")
_CHOICE = (*_TEXT, "AllowExtraValue", "AllowMultiple", "Options", "DisplayChoice", "EnumTypeName")
SETTINGS_OF_KIND: dict[str, tuple[str, ...]] = {
    "ShortText": _TEXT,
    "LongText": ("MinLength", "MaxLength", "Rows", "TextType", "AppendModifications"),
    "Integer": ("MinValue", "MaxValue", "ShowAsPercentage", "Step"),
    "Number": ("MinValue", "MaxValue", "Digits", "ShowAsPercentage", "Step"),
    "Currency": ("MinValue", "MaxValue", "Digits", "ShowAsPercentage", "Step", "Format"),
    "DateTime": ("DateTimeMode", "Precision"),
    "Choice": _CHOICE,
    "YesNo": _CHOICE,
    "Reference": ("AllowMultiple", "AllowedTypes", "SelectionRoots", "Query", "FieldName"),
    "Binary": ("IsText",),
    "HyperLink": ("UrlFormat",),
}
"""What a field setting shows beside that, by the kind of the field."""


def of_content(session: Session, content: Content) -> Mapping[str, Field]:
    """Return the fields that aspects and the list around it add to a content."""
    if not session.types.extra_fields:
        return {}
    if not content.id and content.type.endswith("FieldSetting"):
        shown = (*SETTINGS, *SETTINGS_OF_KIND.get(str(content.fields.get("ShortName")), ()))
        return {name: Field(name, "Setting", content.type) for name in shown}
    found = {field.name: field for field in of_aspects(session, content)}
    return found | {field.name: field for field in below(session, content.parent_id)}


def of_aspects(session: Session, content: Content) -> list[Field]:
    """Return the fields of the aspects that a content refers to."""
    ids = content.fields.get("Aspects")
    if not isinstance(ids, list):
        return []
    fields: list[Field] = []
    for aspect in session.store.load_many(ids):
        fields += parse(str(aspect.fields.get("AspectDefinition") or ""), aspect.name)
    return fields


def below(session: Session, content_id: int) -> tuple[Field, ...]:
    """Return the fields that the nearest list at or above a content adds to the contents below it."""
    list_fields = session.list_fields
    way: list[int] = []
    fields: tuple[Field, ...] = ()
    while content_id:
        if content_id in list_fields:
            fields = list_fields[content_id]
            break
        way.append(content_id)
        content = session.store.peek(content_id)
        if content is None:
            break
        if is_list(session, content):
            fields = parse(str(content.fields.get("ContentListDefinition") or ""))
            break
        content_id = content.parent_id
    for one in way:
        list_fields[one] = fields
    return fields


def is_of_aspect(field: Field) -> bool:
    """Return whether an aspect adds a field: without a value such a field is null, whatever its kind."""
    return "." in field.name


def notice(session: Session, before: Content | None, after: Content) -> None:
    """Let searches know the fields that a saved list or aspect defines."""
    for name in ("ContentListDefinition", "AspectDefinition"):
        old = before.fields.get(name) if before is not None else None
        if (after.fields.get(name) or None) != (old or None):
            session.store.reload_types()
            session.list_fields.clear()
            session.merged_fields.clear()


def is_list(session: Session, content: Content) -> bool:
    """Return whether a content may define fields for the contents below it."""
    found = session.types.get(content.type)
    return found is not None and found.is_a("ContentList")
