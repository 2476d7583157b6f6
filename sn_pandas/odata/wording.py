"""Words of messages that hang on the words beside them."""

from __future__ import annotations


def with_article(noun: str) -> str:
    """Return a noun with its indefinite article.

    Examples
    --------
    >>> with_article("Asset"), with_article("User"), with_article("File")
    ('an Asset', 'a User', 'a File')
    """
    return f"{'an' if noun[:1].lower() in ('a', 'e', 'i', 'o') else 'a'} {noun}"


def count_noun(count: int, noun: str) -> str:
    """Return a number of something in words.

    Examples
    --------
    >>> count_noun(1, "row"), count_noun(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
