"""Operations on the tree: what is above a content, beside it, and how much below."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, server_error
from sn_pandas.embedded.index import search
from sn_pandas.embedded.languages import contentquery
from sn_pandas.embedded.languages.predicates import Predicate, Term
from sn_pandas.embedded.operations.registry import ANY, ANYBODY, Contents, operation
from sn_pandas.embedded.repository import Session
from sn_pandas.embedded.security import permissions

Json = Any


@operation("Ancestors", action=False, roles=ANYBODY)
def ancestors(session: Session, content: Content) -> Contents:
    """Return what is above a content, nearest first, as far as it is visible."""
    found = Contents()
    for one in session.ancestors(content):
        if not session.sees(one):
            break
        found.append(one)
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
    """Return the folders of a tree that is opened down to a content, level by level."""
    from sn_pandas.embedded.reads.reading import projector

    key, root = content.path.lower(), (root_path or "").lower()
    if not root or not (key == root or key.startswith(f"{root}/")):
        raise server_error(
            "ODataException", f"The '{root_path}' is not an ancestor of the context content: {content.path}."
        )
    above = [one for one in reversed(session.ancestors(content)) if one.path.lower().startswith(root)]
    top = session.by_path(root_path or "")
    rows = [top] if top is not None else []
    for parent in above:
        level = [
            one
            for one in session.store.children(parent.id)
            if session.sees(one)
            and (with_leaves or _is_folder(session, one))
            and (with_system or not one.is_system)
        ]
        rows += sorted(level, key=lambda one: one.name.lower())
    project = projector(session)
    results = [
        project.entity(one) | {"Id": one.id, "ParentId": one.parent_id, "IsSystemContent": one.is_system}
        for one in rows
    ]
    return {"d": {"__count": len(results), "results": results}}


@operation("GetContentCountInTree", action=False, types=ANY)
def count_in_tree(session: Session, content: Content) -> int:
    """Return how many contents there are in a tree; the option ``query`` cuts them down."""
    text = session.options.query
    predicate: Predicate = Term("InTree", content.path.lower())
    if text:
        try:
            query = contentquery.compile(f"+({text})", under=content.path, session=session)
        except ODataError as error:
            raise server_error("InvalidContentQueryException", error.message) from error
        if query.top is not None or query.skip is not None or query.sort:
            raise server_error("InvalidContentQueryException", "Control words cannot stand in parentheses.")
        predicate = query.predicate
    with session.store.reading() as db:
        return search.count(db, predicate, session.types, visible=permissions.visible(session))


def _is_folder(session: Session, content: Content) -> bool:
    return session.types.of(content.type).is_a("Folder")
