"""The index: tables beside the contents, kept in step by every save, and what is found in them.

``terms`` has a row for each term of each field of a content; ``fulltext`` has its words. See `index_terms`
for what they hold, `search_sql` for how a predicate is asked.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.content_types.types import Types
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.index.collation import collation_key
from sn_pandas.embedded.index.index_terms import Indexer, split_words
from sn_pandas.embedded.index.search_sql import FieldIds, Query, choice_key
from sn_pandas.embedded.index.sql import Sql
from sn_pandas.embedded.languages.predicates import Predicate, optimize

TABLES = """
CREATE TABLE IF NOT EXISTS term_fields (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS terms (
    node INTEGER NOT NULL, field INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (node, field, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS terms_value ON terms (field, value, node);
CREATE VIRTUAL TABLE IF NOT EXISTS fulltext USING fts5 (
    name, words, description, binary, detail = column, columnsize = 0,
    tokenize = 'ascii'
);
CREATE VIRTUAL TABLE IF NOT EXISTS fulltext_words USING fts5vocab (fulltext, col);
CREATE INDEX IF NOT EXISTS contents_name ON contents (
    substr(key, length(rtrim(key, replace(key, '/', ''))) + 1)
);
CREATE INDEX IF NOT EXISTS contents_named ON contents (
    parent_id, collation_key(substr(key, length(rtrim(key, replace(key, '/', ''))) + 1))
);
CREATE INDEX IF NOT EXISTS contents_key ON contents (key, type, is_system, holder, owner, version);
CREATE INDEX IF NOT EXISTS contents_parent ON contents (
    parent_id, id, type, is_system, holder, owner, version
);
CREATE INDEX IF NOT EXISTS contents_type ON contents (type, key, is_system, holder, owner, version);
CREATE INDEX IF NOT EXISTS contents_shuffled ON contents (
    (id * 40503 + stamp * 9973) % 65521, id, parent_id, key, type, is_system, holder, owner, version
);
CREATE INDEX IF NOT EXISTS contents_idx ON contents (idx, rtrim(modified, 'Z'));
CREATE INDEX IF NOT EXISTS contents_creation ON contents (substr(created, 1, 16));
CREATE INDEX IF NOT EXISTS contents_modification ON contents (substr(modified, 1, 16));
"""
# Counts and what callers may see are answered by these indexes alone: a million rows in 0.2 s, not in 2.

FUNCTIONS = {"collation_key": collation_key, "choice_key": choice_key}
"""Functions that the tables and the searches call."""

Visible = tuple[str, Sequence[Any]]
"""An SQL condition on the table ``contents``, called ``c``, and its parameters."""
Sort = Sequence[tuple[str, bool]]
"""Fields to sort by; True = descending."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found: the ids of the page, and how many there are in all."""

    ids: list[int]
    total: int


def moment(text: str) -> int:
    """Return the term of a date in stored form."""
    return dates.from_iso(text)


def put(db: sqlite3.Connection, content: Content, types: Types) -> None:
    """Index a content anew."""
    remove(db, [content.id])
    put_many(db, [content], types)


def put_many(db: sqlite3.Connection, contents: Iterable[Content], types: Types) -> None:
    """Index contents that are not in the index."""
    indexer = Indexer(types, lambda binary: _text_of(db, binary))
    fields = FieldIds(db)
    terms: list[tuple[int, int, Any]] = []
    texts: list[tuple[int | str, ...]] = []
    for content in contents:
        document = indexer.document(content)
        terms.extend((content.id, fields[name], value) for name, value in document.terms)
        parts = (content.name, " ".join(document.words), document.description, document.binary)
        texts.append((content.id, *(" ".join(split_words(part)) for part in parts)))
    db.executemany("INSERT OR IGNORE INTO terms VALUES (?, ?, ?)", terms)
    db.executemany(
        "INSERT INTO fulltext (rowid, name, words, description, binary) VALUES (?, ?, ?, ?, ?)", texts
    )


def remove(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Forget contents."""
    rows = [(i,) for i in ids]
    db.executemany("DELETE FROM terms WHERE node = ?", rows)
    db.executemany("DELETE FROM fulltext WHERE rowid = ?", rows)


def find(
    db: sqlite3.Connection,
    predicate: Predicate,
    types: Types,
    *,
    sort: Sort = (),
    top: int = 0,
    skip: int = 0,
    visible: Visible | None = None,
    total: bool = True,
    all_versions: bool = False,
) -> Hits:
    """Return the contents that fit a predicate.

    Parameters
    ----------
    sort
        Without it the order means nothing and changes when a content is saved. Ties stand in the order of the
        last saves.
    top, skip
        The page; ``top`` 0 = no limit.
    visible
        What the caller may see.
    total
        Whether the number of all hits is wanted; without it ``Hits.total`` is the number of ids.
    all_versions
        Whether a content counts once for each of its versions. What is searched is its current one.

    Raises
    ------
    ODataError
        If the index cannot answer, as with a ``?`` beside a ``*``.
    """
    if all_versions:
        found = find(db, predicate, types, sort=sort, visible=visible)
        ids = _once_a_version(db, found.ids)
        return Hits(ids[skip : skip + top] if top else ids[skip:], len(ids))
    query = Query(db, types)
    wanted = optimize(predicate)
    plan = query.page(wanted, sort, top and top + skip)
    where = plan.where if visible is None else plan.where.and_(Sql(*visible))
    limit = f" LIMIT {top or -1} OFFSET {skip}" if top or skip else ""
    rows = _run(
        db,
        f"SELECT c.id FROM {plan.source} WHERE {where.text} ORDER BY {plan.order.text}{limit}",
        [*where.parameters, *plan.order.parameters],
    )
    ids = [row[0] for row in rows]
    if not total or not limit or (not skip and top and len(ids) < top):
        return Hits(ids, len(ids))
    return Hits(ids, count(db, predicate, types, visible=visible))


def count(
    db: sqlite3.Connection, predicate: Predicate, types: Types, *, visible: Visible | None = None
) -> int:
    """Return how many contents fit a predicate."""
    where = Query(db, types).where(optimize(predicate))
    if visible is not None:
        where = where.and_(Sql(*visible))
    sql = f"SELECT count(*) FROM contents AS c WHERE {where.text}"
    return int(_run(db, sql, where.parameters)[0][0])


def _once_a_version(db: sqlite3.Connection, ids: list[int]) -> list[int]:
    older = dict(db.execute("SELECT content_id, count(*) FROM versions GROUP BY content_id").fetchall())
    return [i for i in ids for _ in range(1 + older.get(i, 0))]


_TOO_COMPLEX = (
    "parser stack overflow",
    "Expression tree is too large",
    "too many terms",
    "too many SQL variables",
)


def _run(db: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> list[Any]:
    """Return the rows of a search; one nested too deeply for the database ends in an error of its own."""
    try:
        return db.execute(sql, parameters).fetchall()
    except sqlite3.OperationalError as error:
        if any(text in str(error) for text in _TOO_COMPLEX):
            raise server_error(
                "InsufficientExecutionStackException", "The search is nested too deeply."
            ) from None
        raise


_PLAIN, _MARKED_UP = frozenset({"txt", "settings"}), frozenset({"xml", "contenttype"})
_LONGEST_TEXT = 4_000_000


def _text_of(db: sqlite3.Connection, binary: dict[str, Any]) -> str:
    """Return the words of a stored file, by the ending of its name."""
    ending = str(binary.get("name") or "").rpartition(".")[2].lower()
    if ending not in _PLAIN and ending not in _MARKED_UP:
        return ""
    row = db.execute("SELECT data FROM files WHERE id = ?", (binary.get("file"),)).fetchone()
    if row is None:
        return ""
    text = bytes(row[0])[:_LONGEST_TEXT].decode("utf-8-sig", "replace")
    return text if ending in _PLAIN else unescape(re.sub("<[^>]*>", " ", text))
