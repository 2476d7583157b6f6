"""Search in the full text, and in the fields whose words are indexed one by one."""

from __future__ import annotations

import sqlite3

from sn_pandas.embedded.index.index_terms import WORD_COLUMNS, is_word
from sn_pandas.embedded.index.sql import NEVER, Condition, Pattern, Sql, compared
from sn_pandas.embedded.languages.predicates import Range, Term

MOST_WORDS = 2_000
"""How many different words a pattern may stand for."""


def word_condition(db: sqlite3.Connection, predicate: Term | Range, pattern: Pattern | None) -> Condition:
    """Return the condition that a content has a word, in a field or (``_Text``) anywhere.

    The path is part of the full text: a word in the name of a folder finds everything below it too.
    """
    column = WORD_COLUMNS.get(predicate.field)
    if isinstance(predicate, Term) and pattern is None:
        query = _quoted(str(predicate.value))
    elif pattern is not None and pattern.prefix and not pattern.suffix:
        query = f"{_quoted(pattern.prefix)} *" if is_word(pattern.prefix) else ""
    else:
        query = " OR ".join(_quoted(word) for word in _words(db, predicate, pattern, column))
    if not query:
        return NEVER
    if column is not None:
        return _matching(f"{{{column}}} : ({query})")
    found = _matching(query)
    folders = _named_folders(db, f"{{name}} : ({query})")
    if not folders:
        return found
    below = " OR ".join("c.key >= ? AND c.key < ?" for _ in folders)
    parameters = [*found.check.parameters, *(end for key in folders for end in (key + "/", key + "0"))]
    return Condition(Sql(f"{found.check.text} OR {below}", parameters))


def _matching(query: str) -> Condition:
    ids = Sql("SELECT rowid FROM fulltext WHERE fulltext MATCH ?", [query])
    driver = f"c.id IN ({ids.text})"
    return Condition(Sql("+" + driver, [query]), Sql(driver, [query]), ids=ids)


def _quoted(word: str) -> str:
    """Return a word for the full text; a text that is no single word is none of its terms."""
    return f'"{word}"' if is_word(word) else ""


def _words(
    db: sqlite3.Connection, predicate: Term | Range, pattern: Pattern | None, column: str | None
) -> list[str]:
    """Return the indexed words that are asked for."""
    if isinstance(predicate, Range):
        condition = compared("term", predicate)
    else:
        assert pattern is not None
        condition = pattern.test("term")
    where, parameters = condition.text, list(condition.parameters)
    if column is not None:
        where += " AND col = ?"
        parameters.append(column)
    sql = f"SELECT DISTINCT term FROM fulltext_words WHERE {where} LIMIT {MOST_WORDS}"
    return [row[0] for row in db.execute(sql, parameters)]


def _named_folders(db: sqlite3.Connection, query: str) -> list[str]:
    """Return the keys of contents with children whose name has a word."""
    return [
        row[0]
        for row in db.execute(
            "SELECT c.key FROM contents AS c"
            " WHERE c.id IN (SELECT rowid FROM fulltext WHERE fulltext MATCH ?)"
            " AND EXISTS (SELECT 1 FROM contents AS d WHERE d.parent_id = c.id) LIMIT 200",
            (query,),
        )
    ]
