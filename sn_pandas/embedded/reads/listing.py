"""Lists: children, query results, references, results of operations.

Children and queries run in the index (`searches`); references, actions and results of operations in memory,
which the same options cut and order by other rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.index.predicates import Predicate, Range, Term, all_of, any_of, fields_in
from sn_pandas.embedded.languages import memory_filter
from sn_pandas.embedded.reads import searches
from sn_pandas.embedded.reads.projection import json_reader
from sn_pandas.embedded.session import Session

Json = Any


@dataclass(slots=True)
class Listing:
    """What a list answers: the ids of its rows in order, and its ``__count``."""

    ids: list[int]
    count: int


def children(session: Session, content: Content, *, count_only: bool = False) -> Listing:
    """Return what a collection lists: its children, or what the option ``query`` finds below it."""
    options = session.options
    definition = content.fields.get("Query") if _is_smart(session, content) else None
    if options.query:
        return _run_query(session, content, options.query, content.path, count_only)
    if definition:
        return _run_query(session, content, str(definition), None, count_only)
    conditions: list[Predicate] = [Term("InFolder", content.path.lower())]
    if options.autofilters:
        conditions.append(not_system())
        if options.lifespan is not None:
            conditions.append(within_lifespan(session))
    return _search(session, conditions, set(), options.order, options.top, options.skip, count_only)


def all_children(session: Session, content: Content) -> list[Content]:
    """Return the children that ``$expand=Children`` shows: only ``enableautofilters`` reaches them."""
    conditions: list[Predicate] = [Term("InFolder", content.path.lower())]
    if session.options.autofilters:
        conditions.append(not_system())
    return session.load_many(searches.find(session, all_of(*conditions), ()).ids)


def filter_in_memory(
    session: Session,
    items: Sequence[Content],
    *,
    ignore_case: bool,
    total_before: bool,
    reader: memory_filter.Reader | None = None,
) -> tuple[list[Content], int]:
    """Filter, order and cut a list of contents.

    Parameters
    ----------
    ignore_case
        Whether ``eq`` on text ignores letter case: it does on results of operations, not on references.
    total_before
        Whether the total counts what the filter removes: it does on references.
    reader
        Reads the fields, if these are not contents of a type.
    """
    options = session.options
    reader = reader or memory_filter.Reader(session.types, json_reader(session))
    where = partial(options.filter.matches, ignore_case=ignore_case) if options.filter is not None else None
    rows = memory_filter.select(items, reader, where=where, order=options.order)
    total = len(items) if total_before else len(rows)
    rows = rows[options.skip :]
    if options.top:
        rows = rows[: options.top]
    return rows, total if options.total else len(rows)


def not_system() -> Predicate:
    """Return the condition of the autofilter."""
    return Term("IsSystemContent", False)


def within_lifespan(session: Session) -> Predicate:
    """Return the condition of the lifespan filter: no lifespan, or now within it."""
    now = dates.from_iso(session.now())
    return any_of(
        Term("EnableLifespan", False),
        all_of(Term("EnableLifespan", True), Range("ValidFrom", None, now), Range("ValidTill", now, None)),
    )


def _run_query(session: Session, content: Content, text: str, under: str | None, count_only: bool) -> Listing:
    from sn_pandas.embedded.reads import contentquery

    options = session.options
    query = contentquery.compile(text, under=under, session=session)
    conditions: list[Predicate] = [query.predicate]
    # The real server takes the value of the one option for the other.
    lifespan = _switch(session, content, "EnableLifespanFilter")
    if options.lifespan is not None:
        lifespan = options.autofilters
    autofilters = False if under is None else _switch(session, content, "EnableAutofilters")
    if options.autofilters is not None:
        autofilters = options.autofilters
    if query.autofilters if autofilters is None else autofilters:
        conditions.append(not_system())
    if query.lifespan if lifespan is None else lifespan:
        conditions.append(within_lifespan(session))
    return _search(
        session,
        conditions,
        query.fields,
        query.sort or options.order,
        options.top if query.top is None else query.top,
        options.skip if query.skip is None else query.skip,
        count_only,
        all_versions=query.all_versions,
    )


def _search(
    session: Session,
    conditions: list[Predicate],
    fields: set[str],
    order: Sequence[tuple[str, bool]],
    top: int,
    skip: int,
    count_only: bool,
    all_versions: bool = False,
) -> Listing:
    options = session.options
    if options.filter is not None:
        predicate = options.filter.predicate()
        if predicate is not None:
            conditions = [*conditions, predicate]
            fields = fields | fields_in(predicate)
    wanted = all_of(*conditions)
    if count_only and not all_versions:
        if options.total:
            return Listing([], searches.total(session, wanted, fields, sort=order, skip=skip))
        rest = max(0, searches.count(session, wanted, fields) - skip)
        return Listing([], min(top, rest) if top else rest)
    hits = searches.find(
        session,
        wanted,
        fields,
        sort=order,
        top=top,
        skip=skip,
        total=options.total,
        all_versions=all_versions,
    )
    return Listing(hits.ids, hits.total if options.total else len(hits.ids))


def _switch(session: Session, content: Content, name: str) -> bool | None:
    """Return what a smart folder says of a filter itself; None = nothing."""
    if not _is_smart(session, content):
        return None
    return {"1": True, "2": False}.get((content.fields.get(name) or ["0"])[0])


def _is_smart(session: Session, content: Content) -> bool:
    return session.types.of(content.type).is_a("SmartFolder")
