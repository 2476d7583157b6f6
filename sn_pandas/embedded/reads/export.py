"""The formats beside JSON: export, table, and those that are refused."""

from __future__ import annotations

import html
from typing import Any

from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import HEAD_REFERENCES, Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.reads import computed
from sn_pandas.embedded.reads.projection import HEAD_ONLY, REFERENCES, Projector, read
from sn_pandas.embedded.reads.references import load_references, type_contents
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire import answers
from sn_pandas.embedded.wire.answers import Answer

Json = Any

NEVER_EXPORTED = frozenset(computed.NULL_FIELDS) | {
    "Icon", "SavingState", "EffectiveAllowedChildTypes", "AllFieldSettingContents",
    "AvailableContentTypeFields",
}  # fmt: skip
"""Fields that follow from others, or are not for an import."""
SINGLE = ("Workspace", "BrowseApplication")
"""References that are exported as one path; others are lists, also those that hold one content at most."""


def entity(session: Session, content: Content) -> Answer | None:
    """Return an entity in a format other than JSON; None for JSON."""
    found = rows(session, [content], 1, single=True)
    return found


def rows(session: Session, contents: list[Content], count: int, single: bool = False) -> Answer | None:
    """Return contents in a format other than JSON; None for JSON."""
    wanted = session.options.format
    if wanted in (None, "json", "verbosejson"):
        return None
    if wanted == "table":
        return table(list(Projector(session).rows(contents)))
    if wanted != "export":
        return reject_metadata_format(session)
    exported = [_export(session, content) for content in contents]
    return answers.document({"d": exported[0] if single else {"__count": count, "results": exported}})


def reject_single_value(session: Session) -> Answer | None:
    """Return the refusal to write a single value in a format for contents; None for JSON."""
    if session.options.format == "table":
        page = b"<!DOCTYPE html><p>A single value is no table.</p>"
        return Answer(500, page, {"content-type": "text/html"})
    return reject_metadata_format(session)


def reject_metadata_format(session: Session) -> Answer | None:
    """Return the refusal of the formats that only ``$metadata`` knows, or nothing any more."""
    if session.options.format == "xml":
        return Answer(500)
    if session.options.format == "typescript":
        raise server_error("SnNotSupportedException", "Not supported in this version.")
    return None


def table(items: list[dict[str, Json]]) -> Answer:
    """Return an HTML page with a table."""
    names = list(dict.fromkeys(name for item in items for name in item if name != "__metadata"))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    lines = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(item.get(name, '')))}</td>" for name in names) + "</tr>"
        for item in items
    )
    page = f"<!DOCTYPE html>\n<html>\n<body>\n<table><tr>{head}</tr>{lines}</table>\n</body>\n</html>"
    return Answer(200, page.encode(), {"content-type": "text/html"})


def _export(session: Session, content: Content) -> dict[str, Json]:
    asked = {chain[0] for chain in session.options.select if len(chain) == 1}
    hidden = NEVER_EXPORTED | ({"AllowedChildTypes"} if content.type in ("Folder", "Page") else set())
    fields = {
        name: _value(session, content, field)
        for name, field in fields_of(session, content).items()
        if (not session.options.select or name in asked)
        and name not in hidden
        and _is_readable(session, content, field)
    }
    document = {"ContentName": content.name, "ContentType": content.type, "Fields": fields}
    own = entries.own_entries(session.store, content.id)
    if (own or entries.breaks_inheritance(session.store, content.id)) and session.can(
        content, "SeePermissions"
    ):
        document["Permissions"] = _permissions(session, content, own)
    return document


def _value(session: Session, content: Content, field: Field) -> Json:
    """Return a field as it is exported: content types by name, other contents by path."""
    if field.name == "AllowedChildTypes":
        return [one.name for one in type_contents(session, content, field.name)]
    if field.kind == "Password":
        return content.fields.get(field.name)
    if field.kind not in REFERENCES:
        return read(content, field, session)
    paths = [target.path for target in load_references(session, content, field.name)]
    if field.name in HEAD_REFERENCES or field.name in SINGLE:
        return paths[0] if paths else None
    return paths


def _is_readable(session: Session, content: Content, field: Field) -> bool:
    if not session.can_open(content):
        return field.name in HEAD_ONLY
    return (field.kind != "Binary" and field.name != "Size") or session.can(content, "Open")


def _permissions(session: Session, content: Content, own: list[entries.Entry]) -> dict[str, Json]:
    paths = {one.id: one.path for one in session.store.load_many(entry.identity for entry in own)}
    return {
        "IsInherited": not entries.breaks_inheritance(session.store, content.id),
        "Entries": [
            {
                "Identity": paths.get(entry.identity),
                "LocalOnly": entry.local_only,
                "Permissions": {
                    name: "deny" if entry.deny & bit else "allow"
                    for name, bit in permissions.BIT.items()
                    if (entry.allow | entry.deny) & bit
                },
            }
            for entry in own
        ],
    }
