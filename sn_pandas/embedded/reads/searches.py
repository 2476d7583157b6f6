"""Searches on behalf of a caller: nothing is found by what the caller may not read.

A query on more than the head of contents passes over those that may only be seen; a draft is found by those
who may open it, its last public version by the others.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sn_pandas.embedded.index import search
from sn_pandas.embedded.index.predicates import Predicate, optimize, place_of
from sn_pandas.embedded.index.search import Hits, Sort, Visible
from sn_pandas.embedded.security.rights import permission_to_find
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import old_versions


def find(
    session: Session,
    predicate: Predicate,
    fields: Iterable[str],
    *,
    sort: Sort = (),
    top: int = 0,
    skip: int = 0,
    total: bool = True,
    all_versions: bool = False,
) -> Hits:
    """Return what fits a predicate and may be found by the caller; see `search.find`.

    Parameters
    ----------
    fields
        The fields that the caller asks for, as `predicates.fields_in` names them.
    """
    place = None if all_versions else place_of(optimize(predicate))
    with _parts(session, place, fields) as parts:
        if all_versions:
            with old_versions.build_indexes(session.store) as indexes:
                every = [*parts[:1], *((index, _exclude_lookups(parts[0][1])) for index in indexes)]
                return search.find_in(
                    every, predicate, session.types, sort=sort, top=top, skip=skip, total=total
                )
        if len(parts) == 1:
            db, visible = parts[0]
            return search.find(
                db, predicate, session.types, sort=sort, top=top, skip=skip, visible=visible, total=total
            )
        return search.find_in(parts, predicate, session.types, sort=sort, top=top, skip=skip, total=total)


def count(session: Session, predicate: Predicate, fields: Iterable[str]) -> int:
    """Return how much fits a predicate and may be found by the caller."""
    with _parts(session, place_of(optimize(predicate)), fields) as parts:
        return sum(search.count(db, predicate, session.types, visible=visible) for db, visible in parts)


def total(session: Session, predicate: Predicate, fields: Iterable[str], *, sort: Sort, skip: int) -> int:
    """Return the total that a page reports: past the end it may be 0, see `search.counts_past_end`."""
    number = count(session, predicate, fields)
    if skip < number:
        return number
    with session.store.reading() as db:
        return number if search.counts_past_end(db, sort, skip) else 0


@contextmanager
def _parts(
    session: Session, place: str | None, fields: Iterable[str]
) -> Iterator[list[tuple[sqlite3.Connection, Visible | None]]]:
    """Yield the indexes to search, each with the condition for what the caller finds there."""
    permission = permission_to_find(fields)
    rights = session.rights
    left, began = search.LONGEST_SEARCH - session.searched, time.thread_time()
    with session.store.reading() as db, search.limit_time(db, left):
        try:
            parts = [(db, rights.visible(permission, place))]
            public = rights.visible_as_public(permission)
            if public[0] == "0":
                yield parts
                return
            with session.store.public_versions.open_index(db) as index:
                if index is not None:
                    parts.append((index, _exclude_lookups(public)))
                yield parts
        finally:
            session.searched += time.thread_time() - began


def _exclude_lookups(visible: Visible | None) -> Visible:
    """Return a condition for an index that also has rows which are not to be found."""
    condition, parameters = visible or ("1", ())
    return f"c.version_id >= 0 AND ({condition})", parameters
