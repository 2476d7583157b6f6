"""The order of texts in the invariant culture: blanks, punctuation, symbols, digits, letters, accents."""

from __future__ import annotations

import unicodedata

_ORDER = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"
_RANKS = {ord(c): chr(i + 1) for i, c in enumerate(_ORDER)}
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
_RANKS |= {ord(c): "".join(_RANKS[ord(p)] for p in parts) for c, parts in _LETTERS.items()}
#: The euro is among the signs, behind the dollar and before the digits.
_RANKS[ord("€")] = _RANKS[ord("$")] + "\x7f"
#: Acute, grave, ring, diaeresis, double acute in their order; others follow by their code points.
_MARKS = {ord(c): chr(i + 1) for i, c in enumerate("\u0301\u0300\u030a\u0308\u030b")}
#: Letters that are another one with a mark of their own, which comes behind the others.
_OWN_MARKS = {"ø": "\u0338", "đ": "\u0335", "ł": "\u0337", "ı": "\uffff"}


def collation_key(text: str | None) -> str | None:
    """Return a text whose code points are in the order of the culture; letter case makes no difference.

    Examples
    --------
    >>> sorted(["zebra", "Über", "100%", "about", "x_y", "x1"], key=collation_key)
    ['100%', 'about', 'Über', 'x_y', 'x1', 'zebra']
    >>> "".join(sorted("öøoőó€1$ä", key=collation_key))
    '$€1äoóöőø'
    """
    if text is None:
        return None
    lower = text.lower()
    if lower.isascii():
        return lower.translate(_RANKS)
    split = unicodedata.normalize("NFD", lower)
    base = "".join(c for c in split if not unicodedata.combining(c))
    marks = "".join(c if unicodedata.combining(c) else _OWN_MARKS.get(c, "") for c in split)
    return f"{base.translate(_RANKS)}\0{marks.translate(_MARKS)}"
