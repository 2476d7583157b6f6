"""Saved queries: contents that keep a text to search by."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.changes import versions, writes
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, server_error
from sn_pandas.embedded.operations.registry import ANY, Contents, operation
from sn_pandas.embedded.reads import contentquery, listing
from sn_pandas.embedded.session import Session

Json = Any

FOLDER = "Queries"


@operation("GetQueries", action=False, types=ANY, parameters=[("onlyPublic", "bool", False)])
def get_queries(session: Session, content: Content, only_public: bool | None = False) -> Contents:
    """Return the queries that are saved in the nearest workspace, and the caller's own."""
    workspace = session.workspace(content)
    found = Contents(_queries(session, f"{workspace.path}/{FOLDER}") if workspace is not None else [])
    if not only_public:
        me = session.store.load(session.caller.id)
        profile = str(me.fields.get("ProfilePath") or "") if me is not None else ""
        found += _queries(session, f"{profile}/{FOLDER}") if profile else []
    return found


@operation(
    "SaveQuery",
    types=ANY,
    on_seen=True,
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
    """Save a query for everybody in the nearest workspace, or for the caller.

    Whoever sees a content may save queries there: they are stored without asking for a permission.
    """
    if not query:
        raise server_error("ArgumentNullException", "Value cannot be null. (Parameter 'query')")
    if query_type not in ("Public", "Private", "NonDefined"):
        raise server_error("ArgumentException", f"Requested value '{query_type}' was not found.")
    fields: dict[str, Json] = {"DisplayName": display_name, "Query": query, "UiFilters": ui_filters}
    if query_type == "NonDefined":
        if content.type not in session.types.derived_names("Query"):
            raise server_error("InvalidOperationException", "The content is not a saved query.")
        return writes.update(session, content, fields)
    try:
        contentquery.compile(query, under=None, session=session)
    except ODataError as error:
        raise server_error("InvalidOperationException", error.message) from error
    if query_type == "Private":
        me = session.store.load(session.caller.id)
        place = session.by_path(str(me.fields.get("ProfilePath") or "")) if me is not None else None
        if place is None:
            raise server_error("InvalidOperationException", "User profile could not be created.")
    else:
        place = session.workspace(content)
        if place is None:
            raise server_error("InvalidOperationException", "There is no workspace to keep queries in.")
    system = session.as_system()
    with session.store.transaction():
        folder = session.store.by_path(f"{place.path}/{FOLDER}") or _folder(system, place)
        stamp = "".join(digit for digit in session.now()[:19] if digit.isdigit())
        head = {"__ContentType": "Query", "Name": f"Query-{stamp}"}
        return writes.create(system, folder, head | fields)


def _folder(system: Session, place: Content) -> Content:
    """Create the list in which the queries of a place are kept, whatever types the place allows."""
    folder = writes.new_content(system, place, system.types["CustomList"], FOLDER)
    folder.fields |= {"DisplayName": FOLDER, "Hidden": True, "AllowedChildTypes": ["Query"]}
    versions.begin(system, folder)
    return system.store.insert(folder)


def _queries(session: Session, path: str) -> list[Content]:
    folder = session.by_path(path)
    found = listing.all_children(session, folder) if folder is not None else []
    return [one for one in found if one.type in session.types.derived_names("Query")]
