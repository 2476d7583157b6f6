"""Content types that are installed by uploading a definition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, bad_request, forbidden, server_error
from sn_pandas.embedded.fields import KINDS
from sn_pandas.embedded.schema.field_settings import field_settings, tag_of
from sn_pandas.embedded.schema.types import Types
from sn_pandas.embedded.storage import binaries

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any
ODD_KINDS = frozenset(("PageBreak", "WhoAndWhen", "Lock", "Security", "Guid"))
"""Kinds that a definition may name though contents hold nothing of them."""
MIME_TYPE = "text/xml"
"""What the bytes of a content type are."""

FOLDER = "/Root/System/Schema/ContentTypes"
"""Path of the folder of the content types."""

_NO_NAME = re.compile(r"[^\w.-]")
"""A blank, or another sign that names of content types do not have."""


def install(session: Session, data: bytes) -> Content:
    """Install the content type that an XML definition describes, or replace its earlier definition.

    Parameters
    ----------
    data
        The definition as it came; it is kept byte for byte, as the bytes of the content type.

    Raises
    ------
    ODataError
        If the text is not a definition, or the caller may not add to the content types, or to the one that is
        to be replaced.
    """
    folder = session.store.by_path(FOLDER)
    if folder is None or not session.can(folder, "AddNew"):
        raise forbidden()
    definition = parse(data.decode("utf-8-sig", "replace"))
    check(session.types, definition)
    name = definition["Name"]
    installed = session.types.get(name)
    with session.store.transaction():
        session.store.put_types([definition])
        content_type = session.types[name]
        existing = session.store.by_path(installed.path if installed is not None else content_type.path)
        if existing is not None and not session.can(existing, "AddNew"):
            raise forbidden()
        session.forget(existing.id if existing is not None else 0)
        stored = binaries.put(session.store, f"{name}.ContentType", data, MIME_TYPE)
        if existing is not None and existing.path.lower() == content_type.path.lower():
            existing.fields["Binary"] = stored
            session.store.save(existing)
            binaries.update_owners(session.store, existing)
            return existing
        parent = session.store.by_path(content_type.path.rpartition("/")[0])
        if parent is None:
            raise bad_request("ApplicationException", f"The parent of the content type {name} is missing.")
        if existing is not None:
            existing.fields["Binary"] = stored
            session.store.move(existing, parent, name)
            binaries.update_owners(session.store, existing)
            return existing
        now, me = session.now(), session.caller.id
        content = Content(
            0, parent.id, name, content_type.path, "ContentType", created=now, created_by=me, modified=now,
            modified_by=me, version_created=now, version_created_by=me, version_modified=now,
            version_modified_by=me, owner=me, is_system=True, holder=parent.holder, fields={"Binary": stored},
        )  # fmt: skip
        session.store.insert(content)
        binaries.update_owners(session.store, content)
        return content


def parse(text: str) -> dict[str, Json]:
    """Return a definition in the form of ``types.json``."""
    if "<!DOCTYPE" in text:
        raise server_error("XmlException", "A definition must not have a document type.")
    try:
        if text.startswith("\ufeff"):
            raise ET.ParseError("it begins with two byte order marks")
        root = ET.fromstring(text.encode())
    except ET.ParseError as error:
        raise server_error("XmlException", f"The definition is not XML: {error}") from error
    if re.match(r"\s*<[!?]", re.sub(r"^<\?xml\s[^>]*>", "", text)):
        raise _invalid("A definition has to begin with its element ContentType, not with a comment.")
    if tag_of(root) != "ContentType":
        raise _invalid(f"The definition of a content type does not begin with {tag_of(root)}.")
    definition: dict[str, Json] = {"Name": root.get("name", ""), "Installed": True}
    if root.get("parentType"):
        definition["Parent"] = root.get("parentType")
    definition["Handler"] = root.get("handler", "")
    for element in root:
        tag, value = tag_of(element), (element.text or "").strip()
        if tag in ("DisplayName", "Description", "Icon"):
            definition[tag] = value
        elif tag in ("AllowIncrementalNaming", "AllowIndexing", "IsTransitiveForAllowedTypes"):
            definition[tag] = value.lower() in ("true", "yes")
        elif tag == "AllowedChildTypes":
            definition[tag] = [word for word in re.split(r"[,;\s]+", value) if word]
        elif tag == "Categories":
            definition[tag] = value.split()
        elif tag == "Fields":
            definition["Fields"] = [field_settings(child) for child in element if tag_of(child) == "Field"]
    return definition


def check(types: Types, definition: dict[str, Json]) -> None:
    """Reject a definition that does not fit the types that there are."""
    name, parent = definition["Name"], definition.get("Parent")
    if not name:
        raise _invalid("The definition has no name.")
    if _NO_NAME.search(name):
        raise _invalid(f"The name of the content type has a sign that it cannot have: {name}")
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
        for variant in types.variants.get(field["Name"], ()):
            if variant.owner != name and variant.kind != field["Kind"]:
                raise _invalid(
                    f"Field type violation in the {name} content type definition: {field['Name']} must be of "
                    f"the type {variant.kind}."
                )


def _invalid(message: str) -> ODataError:
    return server_error("ContentRegistrationException", message)
