"""Words that are looked for in long texts, which the search engine of a production server cuts into words."""

from __future__ import annotations

from collections.abc import Iterable

from ..words import STOP_WORDS, gaps_inside, query_words
from .errors import QueryError


def check_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return words that can be looked for.

    Raises
    ------
    QueryError
        If one is not a word, or one that the index drops.
    """
    given = tuple(words)
    if not given:
        raise QueryError("has_words takes one word at least: has_words('grey', 'herons')")
    for word in given:
        if not isinstance(word, str) or not word.strip():
            raise QueryError(f"has_words takes words, not {word!r}")
        if len(word.split()) > 1:
            raise QueryError(f"{word!r} is more than one word; write has_phrase({word!r})")
        if not query_words(word):
            raise QueryError(f"{word!r} is not indexed: servers drop such words; leave it out")
        check_phrase(word)  # joints may part it into several, with a stop word among them
    return given


def check_phrase(text: str, distance: int = 0) -> str:
    """Return a phrase that can be looked for.

    Parameters
    ----------
    distance : int
        By how many places words may be moved in all.

    Raises
    ------
    QueryError
        If it has no word that the index keeps, or not enough distance for those that it drops.
    """
    if not isinstance(text, str) or not query_words(text):
        raise QueryError(f"has_phrase takes words that the index keeps, not {text!r}")
    gaps = gaps_inside(text)
    if gaps > distance:
        dropped = [repr(word) for word in text.lower().split() if word in STOP_WORDS]
        raise QueryError(
            f"the index drops {', '.join(dropped) or 'words'} and leaves a gap in the texts, so the phrase "
            f"{text!r} never matches; give the gap some room: Q(…).has_phrase({text!r}, distance={gaps})"
        )
    return text
