"""The index: tables next to the contents, updated by every save, and searches in them.

``terms`` has a row for each term of each field of a content; ``fulltext`` has its words. See `index_terms`
for what they hold, `search_sql` for how a predicate is asked.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import bad_request, server_error
from sn_pandas.embedded.index import file_texts, sharing_search
from sn_pandas.embedded.index.collation import collation_key
from sn_pandas.embedded.index.index_terms import Indexer
from sn_pandas.embedded.index.predicates import Predicate, optimize
from sn_pandas.embedded.index.search_sql import FieldIds, Query, choice_key
from sn_pandas.embedded.index.search_words import greatest_word, has_phrase, text_has_phrase
from sn_pandas.embedded.index.sql import Sql
from sn_pandas.embedded.schema import field_settings
from sn_pandas.embedded.schema.types import Field, Types

TABLES = f"""{sharing_search.TABLES}
CREATE TABLE IF NOT EXISTS term_fields (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS terms (
    node INTEGER NOT NULL, field INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (node, field, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS terms_value ON terms (field, value, node);
CREATE VIRTUAL TABLE IF NOT EXISTS fulltext USING fts5 (
    words, description, binary, detail = column, columnsize = 0,
    tokenize = "ascii tokenchars '._-/,&@'''"
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

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "collation_key": collation_key,
    "choice_key": choice_key,
    "has_phrase": has_phrase,
    "text_has_phrase": text_has_phrase,
    "greatest_word": greatest_word,
}
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


def register(db: sqlite3.Connection) -> None:
    """Let a connection call `FUNCTIONS`."""
    for name, function in FUNCTIONS.items():
        db.create_function(name, len(signature(function).parameters), function, deterministic=True)


def put(db: sqlite3.Connection, content: Content, types: Types) -> None:
    """Index a content anew: write only what differs from what the index holds of it."""
    terms, texts = _rows_of(db, [content], types)
    before = set(db.execute("SELECT node, field, value FROM terms WHERE node = ?", (content.id,)))
    after = set(terms)
    db.executemany("DELETE FROM terms WHERE node = ? AND field = ? AND value = ?", before - after)
    db.executemany(_INSERT_TERM, after - before)
    held = db.execute(
        "SELECT rowid, words, description, binary FROM fulltext WHERE rowid = ?", (content.id,)
    ).fetchone()
    if held != texts[0]:
        db.execute("DELETE FROM fulltext WHERE rowid = ?", (content.id,))
        db.executemany(_INSERT_TEXT, texts)


def put_many(
    db: sqlite3.Connection,
    contents: Iterable[Content],
    types: Types,
    file: Callable[[int], bytes] | None = None,
) -> None:
    """Index contents that are not in the index; ``file`` reads stored bytes that the database has not."""
    terms, texts = _rows_of(db, contents, types, file)
    db.executemany(_INSERT_TERM, terms)
    db.executemany(_INSERT_TEXT, texts)


_INSERT_TERM = "INSERT OR IGNORE INTO terms VALUES (?, ?, ?)"
_INSERT_TEXT = "INSERT INTO fulltext (rowid, words, description, binary) VALUES (?, ?, ?, ?)"


def _rows_of(
    db: sqlite3.Connection,
    contents: Iterable[Content],
    types: Types,
    file: Callable[[int], bytes] | None = None,
) -> tuple[list[tuple[int, int, Any]], list[tuple[Any, ...]]]:
    """Return the rows of the terms and of the full text of contents."""
    indexer = Indexer(types, lambda binary: _text_of(db, binary, file), _ListFields(db))
    fields = FieldIds(db)
    terms: list[tuple[int, int, Any]] = []
    texts: list[tuple[Any, ...]] = []
    for content in contents:
        document = indexer.document(content)
        terms.extend((content.id, fields[name], value) for name, value in document.terms)
        parts = (document.words, document.description, document.binary)
        texts.append((content.id, *(" ".join(part) for part in parts)))
    return terms, texts


class _ListFields(dict[int, dict[str, Field]]):
    """The fields that the nearest list at or above a content adds to what is below it, by its id."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __call__(self, content_id: int) -> dict[str, Field]:
        return self[content_id]

    def __missing__(self, content_id: int) -> dict[str, Field]:
        row = self._db.execute(_NEAREST_LIST, (content_id,)).fetchone()
        self[content_id] = {field.name: field for field in field_settings.parse(row[0])} if row else {}
        return self[content_id]


_NEAREST_LIST = """
WITH RECURSIVE above (id, distance) AS (
    SELECT ?, 0
    UNION ALL
    SELECT c.parent_id, distance + 1 FROM above JOIN contents AS c ON c.id = above.id WHERE c.parent_id > 0
)
SELECT d.text FROM above JOIN field_definitions AS d ON d.content_id = above.id
WHERE d.aspect = '' ORDER BY distance LIMIT 1
"""


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

    Raises
    ------
    ODataError
        If the index cannot answer, as with a ``?`` beside a ``*``.
    """
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
    if not ids and not counts_past_end(db, sort, skip):
        return Hits(ids, 0)
    return Hits(ids, count(db, predicate, types, visible=visible))


def find_in(
    parts: Sequence[tuple[sqlite3.Connection, Visible | None]],
    predicate: Predicate,
    types: Types,
    *,
    sort: Sort = (),
    top: int = 0,
    skip: int = 0,
    total: bool = True,
) -> Hits:
    """Return the contents that fit a predicate in several indexes, in one order; see `find`."""
    wanted = optimize(predicate)
    last = top and top + skip
    found: list[tuple[list[_Key], int]] = []
    for db, visible in parts:
        query = Query(db, types)
        plan = query.page(wanted, sort, last)
        keys = query.sort_keys(sort)
        where = plan.where if visible is None else plan.where.and_(Sql(*visible))
        columns = ", ".join(["c.id", *(key.text for key, _ in keys)])
        parameters = [value for key, _ in keys for value in key.parameters]
        rows = _run(
            db,
            f"SELECT {columns} FROM {plan.source} WHERE {where.text} ORDER BY {plan.order.text}"
            f" LIMIT {last or -1}",
            [*parameters, *where.parameters, *plan.order.parameters],
        )
        for content_id, *values in rows:
            key = [_Key(value, down) for value, (_, down) in zip(values, keys, strict=True)]
            found.append((key, content_id))
    if sort:
        found.sort(key=lambda row: row[0])
    ids = [content_id for _, content_id in found]
    page = ids[skip : last or None]
    if not total or not last:
        return Hits(page, len(ids))
    if not page and not counts_past_end(parts[0][0], sort, skip):
        return Hits(page, 0)
    return Hits(page, sum(count(db, predicate, types, visible=visible) for db, visible in parts))


class _Key:
    """A value by which rows are sorted, as SQLite compares values."""

    __slots__ = ("down", "value")

    def __init__(self, value: Any, down: bool) -> None:
        rank = 0 if value is None else 2 if isinstance(value, str) else 1
        self.value = (rank, value.encode("utf-8", "surrogatepass") if rank == 2 else value or 0)
        self.down = down

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.value == other.value

    def __lt__(self, other: _Key) -> bool:
        return other.value < self.value if self.down else self.value < other.value

    def __hash__(self) -> int:
        return hash(self.value)


def count(
    db: sqlite3.Connection, predicate: Predicate, types: Types, *, visible: Visible | None = None
) -> int:
    """Return how many contents fit a predicate."""
    where = Query(db, types).where(optimize(predicate))
    if visible is not None:
        where = where.and_(Sql(*visible))
    sql = f"SELECT count(*) FROM contents AS c WHERE {where.text}"
    return int(_run(db, sql, where.parameters)[0][0])


def counts_past_end(db: sqlite3.Connection, sort: Sort, skip: int) -> bool:
    """Return whether a page past the end still tells the total.

    The engine counts only what it sorts, and only if it has as many versions of contents as it has to skip.
    """
    if not sort:
        return False
    versions = "SELECT (SELECT count(*) FROM contents) + (SELECT count(*) FROM versions)"
    return skip < int(db.execute(versions).fetchone()[0])


LONGEST_SEARCH = 3.0
"""Seconds of computing after which the searches of a request are given up: it must not hold up the others."""


@contextmanager
def limit_time(db: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Abort searches in the block that compute for longer than some seconds.

    Raises
    ------
    ODataError
        If it was given up.
    """
    too_long = bad_request(
        "QueryTimeoutException", "The search takes too long. Ask for less, or in fewer words."
    )
    if seconds <= 0:
        raise too_long
    end = time.thread_time() + seconds
    db.set_progress_handler(lambda: int(time.thread_time() > end), 20_000)
    try:
        yield
    except sqlite3.OperationalError as error:
        if time.thread_time() <= end:
            raise
        raise too_long from error
    finally:
        db.set_progress_handler(None, 0)


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


def _text_of(
    db: sqlite3.Connection, binary: dict[str, Any], file: Callable[[int], bytes] | None = None
) -> str:
    """Return the words of a stored file, by the ending of its name."""
    name = str(binary.get("name") or "")
    if not file_texts.is_readable(name):
        return ""
    if file is not None:
        data = file(int(binary.get("file") or 0))
    else:
        row = db.execute("SELECT data FROM files WHERE id = ?", (binary.get("file"),)).fetchone()
        data = bytes(row[0]) if row is not None else b""
    return file_texts.text_of(name, data)
