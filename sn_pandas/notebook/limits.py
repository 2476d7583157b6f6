"""How much of a table is displayed, as the options of pandas say."""

from __future__ import annotations

import pandas as pd


def count_rows(total: int) -> int:
    """Return how many rows are displayed: all, or ``min_rows`` if there are more than ``max_rows``.

    Examples
    --------
    >>> count_rows(60), count_rows(61)
    (60, 10)
    """
    most = pd.get_option("display.max_rows") or total
    return total if total <= most else max(1, min(most, pd.get_option("display.min_rows") or most))


def cut_end(text: str, most: int | None, begin: int = 0) -> str:
    """Return a part of a text, with an ellipsis where something is omitted.

    Examples
    --------
    >>> cut_end("a long text", 6), cut_end("a long text", 6, 2)
    ('a lon…', '…long …')
    """
    if most is None or len(text) <= most:
        return text
    begin = max(0, min(begin, len(text) - most))
    part = text[begin : begin + most - 1]
    return ("…" if begin else "") + part + ("…" if begin + most - 1 < len(text) else "")


def cut_middle(text: str, most: int | None) -> str:
    """Return the beginning and the end of a text; the end is longer, because paths end with names.

    Examples
    --------
    >>> cut_middle("/Root/Content/IT/Documents/2026/plan.docx", 24)
    '/Root/C…s/2026/plan.docx'
    """
    if most is None or len(text) <= most:
        return text
    end = most - 1 - (most - 1) // 3
    return f"{text[: most - 1 - end]}…{text[len(text) - end :]}"
