"""Explain empty results, and suggest queries that find something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..odata.errors import SensenetError

if TYPE_CHECKING:
    import pandas as pd

    from ..frames.repository import Repository
    from ..odata.query import Query
    from ..odata.schema import Field

#: A text that a field is compared with in a content query, with or without quotes.
_TERM = re.compile(
    r"""(?<![\w.#/])(#?\w+):(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s(){}<>\[\]"']+))"""
)
#: What a content query reads as something else than a text.
_NO_TEXT = re.compile(r"\d+|null|@@.*@@|", re.IGNORECASE)


def explain_empty_result(repo: Repository, query: Query, frame: pd.DataFrame) -> str:
    """Explain why a read returned no rows; empty if it did, or if the reason is unknown.

    It asks the server for a few numbers at the most, and never fails.
    """
    if len(frame) or query.property or query.single or query.skip:
        return ""
    try:
        return _of_search(repo, query) if query.query else _of_children(repo, query)
    except SensenetError:
        return ""


def _of_children(repo: Repository, query: Query) -> str:
    children = repo.count(query.path) if query.filter else 0
    if not children:
        return f"{query.path} has no children; repo.get({query.path!r}) reads the content itself"
    kind = re.search(r"isof\('(\w+)'\)", str(query.filter))
    return (
        f"a path lists its direct children, here {children:,}; a content query finds what is anywhere below, "
        f"such as query=TypeIs:{kind[1] if kind else 'Task'}"
    )


def _of_search(repo: Repository, query: Query) -> str:
    """Explain which part of a content query matches nothing."""
    for match in _TERM.finditer(re.sub(r"\{\{.*\}\}", "", query.words(), flags=re.DOTALL)):
        field, text = repo.schema.fields.get(match[1]), match[2] or match[3] or match[4] or ""
        if field is not None and field.is_reference and not _NO_TEXT.fullmatch(text):
            return _build_id_query(field, text)
    plain = query.replace(top=0, orderby=None, select=(), expand=())
    wider = [
        (plain.replace(autofilters=False, lifespan=False), "with the line enableautofilters=false{also}"),
        (plain.replace(filter=None), "without the $filter"),
        (plain.replace(path="/Root"), "below /Root, not below {path}"),
    ]
    for other, how in wider:
        if other != plain and (number := repo.count(other)):
            also = " and enablelifespanfilter=false" if query.lifespan else ""
            return f"{number:,} are found {how.format(also=also, path=query.path)}"
    return ""


def _build_id_query(field: Field, text: str) -> str:
    people = "User" in (field.limits.get("AllowedTypes") or ())
    behind = "Path" if text.startswith("/") else "FullName" if people else "DisplayName"
    return (
        f"{field.name} is a reference, which a content query finds by its id and not by {text!r}; by a field "
        f'of what it points to: query={field.name}:{{{{{behind}:"{text}"}}}}'
    )
