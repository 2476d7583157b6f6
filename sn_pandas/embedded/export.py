"""The formats beside JSON: export, table, and those that are refused."""

from __future__ import annotations

import html
from typing import Any

from sn_pandas.embedded import answers, entries, permissions
from sn_pandas.embedded.answers import Answer
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.projection import Projector
from sn_pandas.embedded.repository import Session

Json = Any


def entity(session: Session, content: Content) -> Answer | None:
    """Return an entity in a format other than JSON; None for JSON."""
    found = rows(session, [content], 1, single=True)
    return found


def rows(session: Session, contents: list[Content], count: int, single: bool = False) -> Answer | None:
    """Return contents in a format other than JSON; None for JSON."""
    wanted = session.options.format
    if wanted in (None, "json", "verbosejson"):
        return None
    if wanted == "xml":
        return Answer(500)
    if wanted == "typescript":
        raise server_error("SnNotSupportedException", "Not supported in this version.")
    if wanted == "table":
        return table(Projector(session).rows(contents))
    exported = [_exported(session, content) for content in contents]
    return answers.document({"d": exported[0] if single else {"__count": count, "results": exported}})


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


def _exported(session: Session, content: Content) -> dict[str, Json]:
    fields = Projector(session).entity(content)
    fields.pop("__metadata", None)
    document = {"ContentName": content.name, "ContentType": content.type, "Fields": fields}
    own = entries.own(session.store, content.id)
    if own or entries.breaks(session.store, content.id):
        document["Permissions"] = _permissions(session, content, own)
    return document


def _permissions(session: Session, content: Content, own: list[entries.Entry]) -> dict[str, Json]:
    paths = {one.id: one.path for one in session.store.load_many(entry.identity for entry in own)}
    return {
        "IsInherited": not entries.breaks(session.store, content.id),
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
