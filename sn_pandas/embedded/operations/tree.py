"""Operations on the tree: ancestors, siblings, and the number of descendants."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, server_error
from sn_pandas.embedded.index.predicates import Predicate, Term
from sn_pandas.embedded.operations.registry import ANY, ANYBODY, Contents, operation
from sn_pandas.embedded.reads import contentquery, searches
from sn_pandas.embedded.session import Session

if TYPE_CHECKING:
    from sn_pandas.embedded.reads.projection import Projector

Json = Any


@operation("Ancestors", action=False, roles=ANYBODY)
def ancestors(session: Session, content: Content) -> Contents:
    """Return the visible ancestors of a content, nearest first."""
    found = Contents()
    for one in session.ancestors(content):
        readable = session.by_path(one.path)
        if readable is None:
            break
        found.append(readable)
    return found


@operation(
    "OpenTree",
    action=False,
    parameters=[("rootPath", "string"), ("withLeaves", "bool", False), ("withSystem", "bool", False)],
)
def open_tree(
    session: Session,
    content: Content,
    root_path: str | None,
    with_leaves: bool | None = False,
    with_system: bool | None = False,
) -> Json:
    """Return the folders of a tree opened down to a content, level by level, with their children."""
    from sn_pandas.embedded.reads import listing
    from sn_pandas.embedded.reads.reading import projector

    key, root = content.path.lower(), (root_path or "").lower()
    if not root:
        raise ODataError(
            "ResourceNotFound", "ContentNotFoundException", "Content not found: rootPath is empty."
        )
    if not (key == root or key.startswith(f"{root}/")):
        raise server_error(
            "ODataException", f"The '{root_path}' is not an ancestor of the context content: {content.path}."
        )
    way = _path_from(session, content, root)
    rows = way[:1]
    for parent in way if rows[0].path.lower() == root else ():
        if not _is_container(session, parent):
            break
        level = [
            one
            for one in session.children(parent)
            if (with_leaves or _is_container(session, one)) and (with_system or not one.is_system)
        ]
        rows += sorted(level, key=_order(session))
    kept, count = listing.filter_in_memory(session, rows, ignore_case=True, total_before=False)
    project = projector(session)
    return {
        "d": {"__count": count, "results": [_row(session, project, one) for one in session.within_time(kept)]}
    }


def _path_from(session: Session, content: Content, root: str) -> list[Content]:
    """Return the contents from a root down to a content; only the content if one between is invisible."""
    found = [content]
    for one in session.ancestors(content):
        if not f"{one.path.lower()}/".startswith(f"{root}/"):
            break
        readable = session.by_path(one.path)
        if readable is None:
            return [content]
        found.append(readable)
    return found[::-1]


def _order(session: Session) -> Callable[[Content], str]:
    """Return by what a level of a tree is sorted: by display name, unless that is not selected."""
    chosen = session.options.select
    if not chosen or any(chain[0] in ("DisplayName", "*") for chain in chosen):
        return lambda one: one.display_name.lower()
    return lambda one: one.name.lower()


def _row(session: Session, project: Projector, one: Content) -> dict[str, Json]:
    opened = session.can_open(one)
    return project.entity(one) | {
        "Id": one.id,
        "ParentId": one.parent_id if opened else None,
        "IsSystemContent": one.is_system if opened else None,
    }


@operation("GetContentCountInTree", action=False, types=ANY)
def count_in_tree(session: Session, content: Content) -> int:
    """Return how many contents there are in a tree; the option ``query`` cuts them down."""
    text = session.options.query
    predicate: Predicate = Term("InTree", content.path.lower())
    fields: set[str] = set()
    if text:
        try:
            query = contentquery.compile(f"+({text})", under=content.path, session=session)
        except ODataError as error:
            raise server_error("InvalidContentQueryException", error.message) from error
        if query.top is not None or query.skip is not None or query.sort:
            raise server_error("InvalidContentQueryException", "Control words cannot stand in parentheses.")
        predicate, fields = query.predicate, query.fields
    return searches.count(session, predicate, fields)


def _is_container(session: Session, content: Content) -> bool:
    return content.type == "ContentType" or session.types.of(content.type).is_a("Folder")
