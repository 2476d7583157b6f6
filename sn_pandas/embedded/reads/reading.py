"""GET: entities, collections, properties, counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sn_pandas.embedded.content_types import added_fields
from sn_pandas.embedded.contents import HEAD, HEAD_REFERENCES, Content
from sn_pandas.embedded.errors import binary_closed, forbidden, see_only, server_error
from sn_pandas.embedded.fields import kind_of
from sn_pandas.embedded.reads import action_items, computed, export, listing
from sn_pandas.embedded.reads.projection import HEAD_ONLY, REFERENCES, Projector, json_reader
from sn_pandas.embedded.reads.references import load_references, type_contents
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire import answers
from sn_pandas.embedded.wire.addresses import Address
from sn_pandas.embedded.wire.answers import Answer

Json = Any

PROPERTIES_OF_ANY = frozenset(
    ("DisplayName", "Version", "CreatedById", "ParentId", "Locked", "DirectRoles", "AllRoles")
)
"""Properties whose own address answers a caller who may only see the content."""


def service_document(session: Session, method: str) -> Answer:
    """Return what the service root answers."""
    if method != "GET":
        return answers.empty(404 if method in ("POST", "PUT", "PATCH", "MERGE") else 200)
    wanted = session.options.format
    refused = export.reject_metadata_format(session)
    if refused is not None:
        return refused
    if wanted == "table":
        return export.table([{"EntitySets": "Root"}])
    kind = "application/json;odata=verbose" if wanted == "verbosejson" else "application/json"
    return answers.document({"d": {"EntitySets": ["Root"]}}, content_type=kind)


def content(session: Session, found: Content, address: Address) -> Answer:
    """Return an entity or the collection below it."""
    if address.entity:
        return entity(session, found)
    return collection(session, found, count=address.count)


def entity(session: Session, found: Content) -> Answer:
    """Return one content."""
    special = export.entity(session, found)
    if special is not None:
        return special
    return answers.document({"d": projector(session).entity(found)})


def collection(session: Session, found: Content, *, count: bool) -> Answer:
    """Return the children of a content, or the results of a query below it."""
    result = listing.children(session, found, count_only=count)
    if count:
        return answers.text(str(result.count))
    return rows(session, session.load_many(result.ids), result.count)


def rows(session: Session, contents: list[Content], count: int) -> Answer:
    """Return contents as a list."""
    special = export.rows(session, contents, count)
    if special is not None:
        return special
    return answers.listing(count or len(contents), projector(session).rows(contents))


def projector(session: Session) -> Projector:
    """Return what turns contents into JSON for the request."""
    return Projector(session, lambda parent: listing.all_children(session, parent))


def action_list(session: Session, found: Content) -> Answer:
    """Return the actions of a content as a list."""
    refused = export.reject_metadata_format(session)
    if refused is not None:
        return refused
    shown = projector(session)
    items = action_items.as_contents(session.repository.actions.items(found, session))
    reader = action_items.Reader(session.types, json_reader(session))
    kept, count = listing.filter_in_memory(
        session, items, ignore_case=False, total_before=True, reader=reader
    )
    rows = [shown.action(item) for item in kept]
    if session.options.format == "table":
        return export.table(rows)
    return answers.document({"d": {"__count": count, "results": rows}})


def property_of(session: Session, found: Content, field: Field, address: Address) -> Answer:
    """Return the value of a field, or the contents of a reference."""
    name = field.name
    if not session.can_open(found) and name not in HEAD_ONLY | PROPERTIES_OF_ANY:
        raise forbidden() if name == "Versions" else see_only()
    if (field.kind == "Binary" or name == "Size") and not session.can(found, "Open"):
        raise binary_closed()
    if field.kind in REFERENCES:
        return _reference(session, found, field)
    if name in ("AllowedChildTypes", "EffectiveAllowedChildTypes"):
        return reference_list(session, type_contents(session, found, name))
    value = property_value(session, found, field)
    if address.value:
        return answers.text(raw(value, field))
    return export.reject_single_value(session) or answers.document({"d": {name: value}})


def property_value(session: Session, found: Content, field: Field) -> Json:
    """Return the JSON of a field as its own address answers it."""
    lineage = session.types.of(found.type).lineage
    work_out = computed.reader(found.type, lineage, field.name)
    if work_out is not None:
        return work_out(found, session)
    if field.name in HEAD:
        return getattr(found, HEAD[field.name])
    stored = found.fields.get(field.name)
    if stored is None and added_fields.is_of_aspect(field):
        return None
    return kind_of(field).property(stored, field, found, session)


def _reference(session: Session, found: Content, field: Field) -> Answer:
    targets = load_references(session, found, field.name)
    if field.name in HEAD_REFERENCES or (field.kind == "Reference" and not field.multiple):
        return entity(session, targets[0]) if targets else answers.empty()
    return reference_list(session, targets)


def reference_list(session: Session, targets: list[Content]) -> Answer:
    """Return a list of contents that a field refers to."""
    kept, count = listing.filter_in_memory(session, targets, ignore_case=False, total_before=True)
    return rows(session, kept, count)


def raw(value: Json, field: Field) -> str:
    """Return the text of a value as ``/$value`` answers it."""
    if value is None:
        raise server_error("NullReferenceException", "Object reference not set to an instance of an object.")
    if field.kind == "DateTime":
        return _format_american(str(value))
    if field.kind == "NodeType":
        return f"NodeType, '{value}'"
    if field.kind in RAW_CLASSES:
        return RAW_CLASSES[field.kind]
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        return "System.Collections.Generic.List`1[System.String]"
    return str(value)


RAW_CLASSES = {
    "Binary": "SenseNet.ContentRepository.Storage.BinaryData",
    "HyperLink": "SenseNet.ContentRepository.Fields.HyperLinkField+HyperlinkData",
    "RichText": "SenseNet.ContentRepository.Fields.RichTextFieldValue",
}


def _format_american(text: str) -> str:
    """Return a stored date as American text."""
    year, month, day = text[:4], int(text[5:7]), int(text[8:10])
    hour = int(text[11:13])
    half = "AM" if hour < 12 else "PM"
    return f"{month}/{day}/{year} {hour % 12 or 12}{text[13:19]}\u202f{half}"
