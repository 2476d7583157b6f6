"""Indexes of all versions before the present ones, for searches that ask for every version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING

from sn_pandas.embedded.index import search
from sn_pandas.embedded.storage import rows, versions
from sn_pandas.embedded.storage.public_versions import add_surroundings, new_index

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.content_table import ContentTable


@contextmanager
def build_indexes(store: ContentTable) -> Iterator[list[sqlite3.Connection]]:
    """Yield indexes in memory, made for one search: the first versions, the second ones, and so on.

    A content has one row in each, under its own id.
    """
    with store.reading() as db:
        ids = [row[0] for row in db.execute("SELECT DISTINCT content_id FROM versions")]
        old = [versions.load_archived(store, one) for one in store.load_many(ids)]
    indexes: list[sqlite3.Connection] = []
    try:
        for generation in zip_longest(*old):
            index = new_index()
            indexes.append(index)
            contents = [one for one in generation if one is not None]
            for one in contents:
                rows.insert(index, one)
            add_surroundings(store, index, {one.id for one in contents})
            search.put_many(index, contents, store.types, store.file)
        yield indexes
    finally:
        for index in indexes:
            index.close()
