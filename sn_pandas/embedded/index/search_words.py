"""Search in the full text, and for words side by side in fields whose words are indexed one by one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache

from sn_pandas.embedded.index.index_terms import MARKS, WORD_COLUMNS
from sn_pandas.embedded.index.matching import (
    AnyOf,
    Exactly,
    Matcher,
    Never,
    Phrase,
    Wildcards,
    select_matching,
)
from sn_pandas.embedded.index.predicates import Range
from sn_pandas.embedded.index.sql import NEVER, Condition, Sql, compare
from sn_pandas.words import GAP, JOINTS, lower_letters, matches_phrase, words_of

#: How many different words a pattern may stand for.
MOST_WORDS = 2_000


def word_condition(db: sqlite3.Connection, field: str, asked: Matcher | Range) -> Condition:
    """Return the condition that a content has words in a field, or (``_Text``) anywhere."""
    column = WORD_COLUMNS.get(field)
    if isinstance(asked, Never):
        return NEVER
    if isinstance(asked, Phrase):
        return _phrase(column, asked)
    parts = asked.parts if isinstance(asked, AnyOf) else [asked]
    query = " OR ".join(dict.fromkeys(found for part in parts if (found := _query(db, part, column))))
    return _matching(query, column) if query else NEVER


def _query(db: sqlite3.Connection, asked: Matcher | Range, column: str | None) -> str:
    """Return the full-text query for some words; empty if there are none."""
    if isinstance(asked, Exactly):
        return _quote(str(asked.value))
    if isinstance(asked, Wildcards) and asked.prefix and asked.text == asked.prefix + "*":
        return f"{_quote(asked.prefix)} *" if _may_be_in_words(asked.prefix) else ""
    return " OR ".join(_quote(word) for word in _words(db, asked, column))


def phrase_in_field(name: str, first: Sql, phrase: Phrase) -> Condition:
    """Return the condition that a field of a type holds words side by side.

    Parameters
    ----------
    first
        Selects the ids of the contents that have one of the words.
    """
    text = "coalesce(json_extract(c.data, ?), json_extract(c.data, ?))"
    where = f"c.id IN ({first.text}) AND has_phrase({text}, ?)"
    parameters = [*first.parameters, f'$."{name}".text', f'$."{name}"', _encode_phrase(phrase)]
    return Condition(Sql("+" + where, parameters), Sql(where, parameters))


def has_phrase(text: str | None, written: str) -> bool:
    """Return whether a text has the words that are asked for: a function of the database."""
    if text is None:
        return False
    words = words_of(text) if _decode_phrase(written)[2] == "words" else lower_letters(text).split()
    return _holds(words, written)


def text_has_phrase(words: str, description: str, binary: str, written: str) -> bool:
    """Whether the full text of a content has the words that are asked for: a function of the database."""
    found: list[str] = []
    for word in words.split():
        if word == MARKS["Description"]:
            found += description.split()
        elif word == MARKS["Binary"]:
            found += binary.split()
        else:
            found.append(word)
    return _holds(found, written)


def greatest_word(words: str | None) -> str | None:
    """Return the word by which an order ranks a text, the last by code points: a function of the database."""
    return max((word for word in (words or "").split() if word != GAP), default=None)


def _holds(words: Sequence[str], written: str) -> bool:
    phrase, distance, _ = _decode_phrase(written)
    return matches_phrase(words, phrase, distance)


def _encode_phrase(phrase: Phrase) -> str:
    return json.dumps([phrase.words, phrase.distance, phrase.analysis])


@lru_cache(maxsize=64)
def _decode_phrase(written: str) -> tuple[tuple[str, ...], int, str]:
    words, distance, analysis = json.loads(written)
    return tuple(words), distance, analysis


def _phrase(column: str | None, phrase: Phrase) -> Condition:
    query = " AND ".join(_quote(word) for word in dict.fromkeys(phrase.words))
    holds = "text_has_phrase(words, description, binary, ?)"
    if column is not None:
        query, holds = f"{{{column}}} : ({query})", f"text_has_phrase({column}, '', '', ?)"
    ids = Sql(
        f"SELECT rowid FROM fulltext WHERE fulltext MATCH ? AND {holds}", [query, _encode_phrase(phrase)]
    )
    return _id_condition(ids)


def _matching(query: str, column: str | None) -> Condition:
    if column is not None:
        query = f"{{{column}}} : ({query})"
    return _id_condition(Sql("SELECT rowid FROM fulltext WHERE fulltext MATCH ?", [query]))


def _id_condition(ids: Sql) -> Condition:
    driver = f"c.id IN ({ids.text})"
    return Condition(Sql("+" + driver, ids.parameters), Sql(driver, ids.parameters), ids=ids)


def _may_be_in_words(text: str) -> bool:
    """Return whether words can hold all characters of a text."""
    return all(c.isalnum() or c in JOINTS or not c.isascii() for c in text)


def _quote(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _words(db: sqlite3.Connection, asked: Matcher | Range, column: str | None) -> list[str]:
    """Return the indexed words that are asked for."""
    condition = Sql("1")
    if isinstance(asked, Range):
        condition = compare("term", asked)
    elif isinstance(asked, Wildcards):
        condition = asked.test("term")
    where = f"term NOT IN (?, ?, ?) AND {condition.text}"
    parameters = [GAP, *MARKS.values(), *condition.parameters]
    if column is not None:
        where += " AND col = ?"
        parameters.append(column)
    rows = db.execute(f"SELECT DISTINCT term FROM fulltext_words WHERE {where}", parameters)
    words: Iterable[str] = (row[0] for row in rows)
    if not isinstance(asked, Range | Wildcards):
        words = select_matching(words, asked)
    return [word for _, word in zip(range(MOST_WORDS), words, strict=False)]
