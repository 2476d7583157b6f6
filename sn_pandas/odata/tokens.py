"""The tokens of ``$filter`` and of content queries: the one place that determines where a text ends.

In a filter a quote within a text is doubled, in a content query a backslash stands before it.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

#: A text of a filter.
FILTER_TEXT = r"'(?:[^']|'')*'"
#: A text of a content query.
QUERY_TEXT = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?[LmMdDf]?(?!\w)"
_QUERY_TEXT = re.compile(QUERY_TEXT, re.DOTALL)


class Token(NamedTuple):
    """A piece of a filter.

    ``kind`` is ``blank``, ``text``, ``number``, ``word`` (a name, a path of names, an operator), ``mark``,
    ``extra`` or ``other``, which is one character that has no place in a filter.
    """

    kind: str
    text: str


def filter_tokens(text: str, extra: str = "") -> list[Token]:
    """Return the tokens of a filter, blanks too: together they are the text, whatever it is.

    Parameters
    ----------
    text : str
        What stands in ``$filter``, or a part of it.
    extra : str
        A regular expression of what may stand beside the tokens of the language.

    Examples
    --------
    >>> [token.text for token in filter_tokens("Owner/Name eq 'it''s' and Index ge 1.50m")]
    ['Owner/Name', ' ', 'eq', ' ', "'it''s'", ' ', 'and', ' ', 'Index', ' ', 'ge', ' ', '1.50m']
    >>> filter_tokens("a='")
    [Token(kind='word', text='a'), Token(kind='other', text='='), Token(kind='other', text="'")]
    """
    return [Token(found.lastgroup or "", found[0]) for found in _filter_token(extra).finditer(text)]


def without_texts(query: str, instead: str = '""') -> str:
    r"""Return a content query with quoted texts replaced.

    Examples
    --------
    >>> without_texts(r'Name:"say \"OR\"" OR Index:5')
    'Name:"" OR Index:5'
    """
    return _QUERY_TEXT.sub(lambda _: instead, query)


@functools.cache  # there are two
def _filter_token(extra: str) -> re.Pattern[str]:
    kinds = {
        "blank": r"\s+",
        "text": FILTER_TEXT,
        **({"extra": extra} if extra else {}),
        "number": _NUMBER,
        "word": r"[#\w][\w.#/]*",
        "mark": r"[(),/+-]",
        "other": ".",
    }
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in kinds.items()), re.DOTALL)
