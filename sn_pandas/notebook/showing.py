"""How results are displayed: a note for each read, and a caption for tracked frames."""

from __future__ import annotations

import sys
import textwrap
import warnings
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from ..odata.errors import IncompleteWarning
from ..odata.escaping import NO_MATH, escape_controls, escape_html
from ..odata.warning import warn_user
from ..odata.wording import count_noun
from .changes_table import format_changes_html, format_changes_text, is_changes
from .frame_table import KEY, belongs_to_repository, format_frame

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell


_CAPTION = f'<code class="sensenet-caption {NO_MATH}" style="font-size:85%;opacity:.75">{{}}</code>'
#: Columns by which tables of ours are known, also parts of them: changes, checks, reports, queries.
_TABLES = (
    {"field", "before", "after"},
    {"field", "problem"},
    {"outcome", "reason"},
    {"fields", "reason"},
    {"query", "rows", "seconds"},
)
#: The columns of tables about contents: who can do what there, permissions, versions, actions.
_ABOUT_CONTENTS = (
    {"user", "through", "path"},
    {"identity", "permission", "value", "inherited"},
    {"VersionModificationDate", "CheckInComments"},
    {"OpId", "Scenario", "Forbidden"},
)
#: Edited cells of a column that are looked at one by one to be counted.
MANY_EDITS = 10_000
#: Rows up to which a frame in another order is matched to what was read, to count.
MANY_ROWS = 100_000
_QUERY = 300
_MIME = ("text/html", "text/plain")


def note(name: str | None, frame: pd.DataFrame, seconds: float, requests: int, source: str = "") -> str:
    """Describe the result of a read in one line: rows, total, time and source."""
    facts = frame.attrs.get(KEY, {})
    rows, total = len(frame), facts.get("total")
    of = facts.get("cut") and total
    cut = "; cut by $top or --limit" if facts.get("cut") else ""
    what = f"{name}: " if name else ""
    got = f"{rows:,} of {count_noun(total, 'row')}" if of else count_noun(rows, "row")
    return (
        f"{what}{got}, {seconds:.2f} s, {count_noun(requests, 'request')}{cut}{source and f'; from {source}'}"
    )


def repeat_warnings(warned: Iterable[warnings.WarningMessage], *, noted: bool, is_cut_reported: bool) -> None:
    """Print the warnings of a read below its note, or issue them again if there is no note.

    That rows were cut is not said twice, nor to who asked for just that.
    """
    for warning in warned:
        text = str(warning.message)
        if not issubclass(warning.category, IncompleteWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        elif "cut by top" in text and is_cut_reported:
            continue
        elif noted:
            say(f"warning: {text}")
        else:
            warn_user(text, IncompleteWarning)


def say(text: str) -> None:
    """Print a line below the cell."""
    sys.stdout.write(f"{escape_controls(text)}\n")


def build_caption(frame: pd.DataFrame) -> str:
    """Return the caption of a frame that carries a repository: its query and the unsaved cells."""
    facts = frame.attrs.get(KEY)
    if not isinstance(facts, dict) or not facts.get("query"):
        return ""
    query = textwrap.shorten(str(facts["query"]), _QUERY, placeholder=" …")
    return f"{facts.get('origin', '')} {query}{_describe_quickly(frame)}"


def count_unsaved(frame: pd.DataFrame) -> int:
    """Count the unsaved cells of a tracked frame; 0 if that cannot be determined.

    Where there are very many, those of a column count as a whole: nobody waits for the last of a million.
    """
    try:
        from ..frames.tracking.baseline import get_baseline
        from ..frames.tracking.edits import count_edits

        return count_edits(frame, get_baseline(frame), MANY_EDITS)
    except Exception:  # showing a frame never fails
        return 0


def describe_unsaved(value: Any) -> str:
    """Describe the number of unsaved cells of a frame; empty if there are none, or if it is not tracked."""
    cells = count_unsaved(value) if KEY in getattr(value, "attrs", ()) else 0
    return count_noun(cells, "unsaved cell") if cells else ""


def find_repository(value: Any) -> Any:
    """Return the repository that a frame was read from, or None."""
    try:
        return value.sn.baseline.repo
    except Exception:  # whatever it is, it is no such frame
        return None


def _describe_quickly(frame: pd.DataFrame) -> str:
    """Describe how many cells are unsaved, if that is quick to determine."""
    if len(frame) > MANY_ROWS and _is_reordered(frame):
        return " · unsaved cells not counted: rows were moved or dropped"
    unsaved = count_unsaved(frame)
    return f" · {count_noun(unsaved, 'unsaved cell')}" if unsaved else ""


def _is_reordered(frame: pd.DataFrame) -> bool:
    import numpy as np

    from ..frames.tracking.baseline import get_baseline
    from ..frames.tracking.matching import find_ids

    try:
        ids, read = np.asarray(find_ids(frame)), get_baseline(frame).frame.index.to_numpy()
        return not (len(read) == len(frame) and np.array_equal(ids, read))
    except Exception:  # showing a frame never fails
        return False


class Options(Protocol):
    """What users decide about the display of frames; see ``%config SensenetMagics``."""

    caption: bool
    readable: bool
    time_zone: str


def register(shell: InteractiveShell, options: Options) -> None:
    """Display frames of a repository as readable tables with a caption, by the usual formatter."""
    import pandas as pd

    before = {mime: _find_printer(formatter, pd.DataFrame) for mime, formatter in _list_formatters(shell)}

    def as_html(frame: pd.DataFrame) -> str | None:
        own = before["text/html"] or _create_bundle_printer(shell, frame)
        if own is None:
            return _format_html(frame, options)
        table: str | None = own(frame)
        text = build_caption(frame) if options.caption and table else ""
        return f"{table}{_CAPTION.format(escape_html(text))}" if text else table

    def as_text(frame: pd.DataFrame, printer: Any, cycle: bool) -> None:
        own = before["text/plain"]
        if own is None:
            printer.text(_format_text(frame))
        else:
            own(frame, printer, cycle)
        if text := build_caption(frame) if options.caption else "":
            printer.text(f"\n{escape_controls(text)}")

    ours = {"text/html": as_html, "text/plain": as_text}
    for mime, formatter in _list_formatters(shell):
        formatter.for_type(pd.DataFrame, ours[mime])
    _registered[shell] = {mime: (ours[mime], before[mime]) for mime in _MIME}


def unregister(shell: InteractiveShell) -> None:
    """Restore the formatters, except those that somebody else has set since."""
    import pandas as pd

    registered = _registered.pop(shell, {})
    for mime, formatter in _list_formatters(shell):
        ours, before = registered.get(mime, (None, None))
        if ours is None or _find_printer(formatter, pd.DataFrame) is not ours:
            continue
        if before is None:
            formatter.pop(pd.DataFrame, None)
        else:
            formatter.for_type(pd.DataFrame, before)


def _format_html(frame: pd.DataFrame, options: Options) -> str | None:
    """Return the HTML of a frame: a readable table if it is a repository's, that of pandas otherwise."""
    is_ours = _is_ours(frame)
    if is_ours and is_changes(frame):
        return format_changes_html(frame)
    if not is_ours and not belongs_to_repository(frame) and not _has_columns(frame, _ABOUT_CONTENTS):
        table: str | None = frame._repr_html_()  # type: ignore[operator]  # pandas-stubs does not know it
        return table
    readable = _format_readable_html(frame, options.time_zone) if options.readable and not is_ours else None
    table = readable or _format_pandas_html(frame, is_whole=is_ours)
    text = build_caption(frame) if options.caption and table else ""
    return f"{table}{_CAPTION.format(escape_html(text))}" if text else table


def _format_readable_html(frame: pd.DataFrame, time_zone: str) -> str | None:
    try:
        return format_frame(frame, ZoneInfo(time_zone) if time_zone else None)
    except Exception:  # showing a frame never fails
        return None


def _format_pandas_html(frame: pd.DataFrame, *, is_whole: bool) -> str | None:
    """Return the HTML of a frame as pandas formats it, with escaped texts and, if asked for, whole ones."""
    import pandas as pd

    whole = ("display.max_colwidth", None) if is_whole else ()
    with pd.option_context("display.html.use_mathjax", False, *whole):
        table: str | None = frame._repr_html_()  # type: ignore[operator]  # pandas-stubs does not know it
    return table


def _format_text(frame: pd.DataFrame) -> str:
    return format_changes_text(frame) if _is_ours(frame) else repr(frame)


def _is_ours(frame: pd.DataFrame) -> bool:
    """Return whether a frame is a table of ours, or a part of one."""
    return _has_columns(frame, _TABLES)


def _has_columns(frame: pd.DataFrame, tables: Iterable[set[str]]) -> bool:
    """Return whether a frame has the columns of one of several tables."""
    columns = set(map(str, frame.columns))
    return any(part <= columns for part in tables)


def _list_formatters(shell: InteractiveShell) -> list[tuple[str, Any]]:
    assert shell.display_formatter is not None
    return [(mime, shell.display_formatter.formatters[mime]) for mime in _MIME]


def _find_printer(formatter: Any, kind: type) -> Any:
    """Return the formatter of a type, if one is registered for this very type."""
    formatter.for_type(kind)  # finds what was registered by the name of the type
    return formatter.type_printers.get(kind)


def _create_bundle_printer(shell: InteractiveShell, frame: pd.DataFrame) -> Any:
    """Return a function for the HTML of a frame, if the user has registered a mimebundle formatter."""
    import pandas as pd

    assert shell.display_formatter is not None
    bundle = _find_printer(shell.display_formatter.mimebundle_formatter, pd.DataFrame)
    if bundle is None:
        return None

    def own(shown: pd.DataFrame) -> str | None:
        made = bundle(shown)
        data = made[0] if isinstance(made, tuple) else made
        html: str | None = (data or {}).get("text/html")
        return html

    return own


#: What we registered, and what was there before.
_registered: weakref.WeakKeyDictionary[InteractiveShell, dict[str, tuple[Any, Any]]] = (
    weakref.WeakKeyDictionary()
)
