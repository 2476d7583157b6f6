"""How results show: a line about a read, and tracked frames with a caption."""

from __future__ import annotations

import html
import sys
import textwrap
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..odata.errors import IncompleteWarning

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell

    from .magic import SensenetMagics

KEY = "sensenet"
# Front ends set what stands between dollars as mathematics, but for code and these classes.
NO_MATHS = "tex2jax_ignore mathjax_ignore"
_CAPTION = f'<code class="sensenet-caption {NO_MATHS}" style="font-size:85%;opacity:.75">{{}}</code>'
_CHANGES = ["Id", "Path", "field", "before", "after"]
_MARKS = {
    "before": '<del style="opacity:.7">{}</del>',
    "after": '<ins style="text-decoration:none;background:rgba(0,158,115,.25);padding:0 .2em">{}</ins>',
}
_CELL = 60
#: Edited cells of a column that are looked at one by one to be counted.
_MANY = 10_000
#: Rows up to which a frame in another order is matched to what was read, to count.
_SORTED = 100_000
_QUERY = 300
_MIME = ("text/html", "text/plain")


def note(name: str | None, frame: pd.DataFrame, seconds: float, requests: int, source: str = "") -> str:
    """Say in one line what a read gave: how many rows, of how many, how fast, and from where."""
    facts = frame.attrs.get(KEY, {})
    rows, total = len(frame), facts.get("total")
    of = facts.get("cut") and total
    cut = "; cut by $top or --limit" if facts.get("cut") else ""
    what = f"{name}: " if name else ""
    got = f"{rows:,} of {count(total, 'row')}" if of else count(rows, "row")
    return f"{what}{got}, {seconds:.2f} s, {count(requests, 'request')}{cut}{source and f'; from {source}'}"


def count(number: int, noun: str) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> count(1, "row"), count(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def say_again(warned: Iterable[warnings.WarningMessage], *, noted: bool, cut_known: bool) -> None:
    """Pass on what a read warned of: below the note, or as warnings where there is none.

    That rows were cut is not said twice, nor to who asked for just that.
    """
    for warning in warned:
        text = str(warning.message)
        if not issubclass(warning.category, IncompleteWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        elif "cut by top" in text and cut_known:
            continue
        elif noted:
            say(f"beware: {text}")
        else:
            warnings.warn(text, IncompleteWarning, stacklevel=2)


def say(text: str) -> None:
    """Write a line below the cell."""
    sys.stdout.write(f"{text}\n")


def caption(frame: pd.DataFrame) -> str:
    """Give the caption of a frame that carries a repository: its query and the unsaved cells."""
    facts = frame.attrs.get(KEY)
    if not isinstance(facts, dict) or not facts.get("query"):
        return ""
    query = textwrap.shorten(str(facts["query"]), _QUERY, placeholder=" …")
    return f"{facts.get('origin', '')} {query}{_unsaved(frame)}"


def unsaved_cells(frame: pd.DataFrame) -> int:
    """Count the cells of a tracked frame that differ from what was read; 0 where that cannot be known.

    Where there are very many, those of a column count as a whole: nobody waits for the last of a million.
    """
    try:
        from ..frames.writes.changes import edited_cells

        return edited_cells(frame, frame.sn.baseline, _MANY)
    except Exception:  # showing a frame never fails
        return 0


def _unsaved(frame: pd.DataFrame) -> str:
    """Say how many cells are unsaved, where that is told at once."""
    if len(frame) > _SORTED and _reordered(frame):
        return " · unsaved cells not counted: rows were moved or dropped"
    unsaved = unsaved_cells(frame)
    return f" · {count(unsaved, 'unsaved cell')}" if unsaved else ""


def _reordered(frame: pd.DataFrame) -> bool:
    from ..frames.tracking import ids_of

    try:
        ids, read = ids_of(frame), frame.sn.baseline.frame.index.to_numpy()
        return not (len(read) == len(frame) and bool((ids == read).all()))
    except Exception:  # showing a frame never fails
        return False


def changes_html(changes: pd.DataFrame) -> str:
    """Show what ``df.sn.changes()`` or ``check()`` gives, with the cells before and after marked."""
    import pandas as pd

    def cell(value: object) -> str:
        missing = not isinstance(value, (list, tuple)) and bool(pd.isna(value))  # type: ignore[call-overload]  # one cell
        text = "" if missing else str(value)
        return html.escape(text if len(text) <= _CELL else f"{text[: _CELL - 1]}…")

    shown = changes.astype(object).map(cell)
    for column, mark in _MARKS.items():
        shown[column] = [mark.format(text or "(nothing)") for text in shown[column]]
    with pd.option_context("display.max_colwidth", None, "display.html.use_mathjax", False):
        rows = pd.get_option("display.max_rows")
        cut = len(shown) > (rows or len(shown))
        return str(shown.to_html(escape=False, max_rows=rows, show_dimensions=cut))


def register(shell: InteractiveShell, magics: SensenetMagics) -> None:
    """Show frames that carry a repository with a caption."""
    import pandas as pd

    def as_html(frame: pd.DataFrame) -> str | None:
        if list(frame.columns[:5]) == _CHANGES:
            return changes_html(frame)
        table: str | None = frame._repr_html_()  # type: ignore[operator]  # pandas-stubs does not know it
        text = caption(frame) if magics.caption and table else ""
        return f"{table}{_CAPTION.format(html.escape(text))}" if text else table

    def as_text(frame: pd.DataFrame, printer: Any, cycle: bool) -> None:
        text = caption(frame) if magics.caption else ""
        printer.text(repr(frame) + (f"\n{text}" if text else ""))

    formatters = _formatters(shell)
    _before[id(shell)] = [
        (mime, formatters[mime].for_type(pd.DataFrame, render))
        for mime, render in zip(_MIME, (as_html, as_text), strict=True)
    ]


def unregister(shell: InteractiveShell) -> None:
    """Show frames as before."""
    import pandas as pd

    for mime, render in _before.pop(id(shell), []):
        formatter = _formatters(shell)[mime]
        if render is None:
            formatter.pop(pd.DataFrame, None)
        else:
            formatter.for_type(pd.DataFrame, render)


def _formatters(shell: InteractiveShell) -> dict[str, Any]:
    assert shell.display_formatter is not None
    formatters: dict[str, Any] = shell.display_formatter.formatters
    return formatters


_before: dict[int, list[tuple[str, Any]]] = {}
