"""The order of texts in the invariant culture: blanks, punctuation, symbols, digits, letters, accents."""

from __future__ import annotations

import unicodedata

_ORDER = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"
_RANKS = {ord(c): chr(i + 1) for i, c in enumerate(_ORDER)}
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
_RANKS |= {ord(c): "".join(_RANKS[ord(p)] for p in parts) for c, parts in _LETTERS.items()}


def collation_key(text: str | None) -> str | None:
    """Return a text whose code points are in the order of the culture; letter case makes no difference.

    Examples
    --------
    >>> sorted(["zebra", "Über", "100%", "about", "x_y", "x1"], key=collation_key)
    ['100%', 'about', 'Über', 'x_y', 'x1', 'zebra']
    """
    if text is None:
        return None
    lower = text.lower()
    if lower.isascii():
        return lower.translate(_RANKS)
    split = unicodedata.normalize("NFD", lower)
    base = "".join(c for c in split if not unicodedata.combining(c))
    marks = "".join(c for c in split if unicodedata.combining(c))
    return f"{base.translate(_RANKS)}\0{marks}"
