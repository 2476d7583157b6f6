"""Saved queries: contents that keep a text to search by."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.changes import writes
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.operations.registry import ANY, Contents, operation
from sn_pandas.embedded.reads import listing
from sn_pandas.embedded.repository import Session

Json = Any

FOLDER = "Queries"


@operation("GetQueries", action=False, types=ANY, parameters=[("onlyPublic", "bool", False)])
def get_queries(session: Session, content: Content, only_public: bool | None = False) -> Contents:
    """Return the queries that are saved at a content and above it, and the caller's own."""
    found = Contents()
    for place in [content, *session.ancestors(content)]:
        found += _queries(session, f"{place.path}/{FOLDER}")
    if not only_public:
        me = session.store.load(session.caller.id)
        profile = str(me.fields.get("ProfilePath") or "") if me is not None else ""
        found += _queries(session, f"{profile}/{FOLDER}") if profile else []
    return found


@operation(
    "SaveQuery",
    types=ANY,
    parameters=[
        ("query", "string"),
        ("displayName", "string"),
        ("queryType", "string"),
        ("uiFilters", "string", False),
    ],
)
def save_query(
    session: Session,
    content: Content,
    query: str | None,
    display_name: str | None,
    query_type: str | None,
    ui_filters: str | None = None,
) -> Content:
    """Save a query for everybody below a content, or for the caller."""
    if not query:
        raise server_error("ArgumentNullException", "Value cannot be null. (Parameter 'query')")
    if query_type not in ("Public", "Private", "NonDefined"):
        raise server_error("ArgumentException", f"Requested value '{query_type}' was not found.")
    fields: dict[str, Json] = {"DisplayName": display_name, "Query": query, "UiFilters": ui_filters}
    if query_type == "NonDefined":
        if content.type not in session.types.derived("Query"):
            raise server_error("InvalidOperationException", "The content is no saved query.")
        return writes.update(session, content, fields)
    if query_type == "Private":
        me = session.store.load(session.caller.id)
        profile = session.by_path(str(me.fields.get("ProfilePath") or "")) if me is not None else None
        if profile is None:
            raise server_error("InvalidOperationException", "User profile could not be created.")
        content = profile
    elif not session.types.of(content.type).is_a("Workspace"):
        content = session.workspace(content) or content
    folder = session.by_path(f"{content.path}/{FOLDER}")
    with session.store.transaction():
        if folder is None:
            model = {"__ContentType": "SystemFolder", "Name": FOLDER}
            folder = writes.create(session, content, model)
        stamp = "".join(digit for digit in session.now()[:19] if digit.isdigit())
        head = {"__ContentType": "Query", "Name": f"Query-{stamp}", "QueryType": query_type}
        return writes.create(session, folder, head | fields)


def _queries(session: Session, path: str) -> list[Content]:
    folder = session.by_path(path)
    found = listing.all_children(session, folder) if folder is not None else []
    return [one for one in found if one.type in session.types.derived("Query")]
