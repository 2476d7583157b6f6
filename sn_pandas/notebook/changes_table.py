"""How ``df.sn.changes()`` and ``check()`` are displayed: differences marked, reasons and paths complete."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..odata.escaping import escape_controls, escape_html, html_block
from .frame_table import STYLE
from .limits import count_rows, cut_end

#: The columns that such a table begins with.
COLUMNS = ("Id", "Path", "field", "before", "after")
_MARKS = {
    "before": '<del style="opacity:.7">{}</del>',
    "after": '<ins style="text-decoration:none;background:rgba(0,158,115,.25);padding:0 .2em">{}</ins>',
}
#: Columns whose texts tell what to do, or where.
WHOLE = ("Path", "field", "fields", "problem", "reason", "query")
#: Letters of a cell, by default, and of one that is shown whole.
_CELL, _LONGEST = 60, 2_000
#: Letters that stand before the first difference of two long texts.
_BEFORE = 15
_PANDAS_CELL = 50
#: Lines below a table in text, at most.
_MOST_LINES = 10


def is_changes(frame: pd.DataFrame) -> bool:
    """Return whether a frame is the result of ``changes()`` or ``check()``."""
    return tuple(frame.columns[: len(COLUMNS)]) == COLUMNS


def format_changes_html(changes: pd.DataFrame) -> str:
    """Return the HTML of a table of changes; only the displayed rows are formatted."""
    rows, cut = _choose_rows(changes)
    shown = _format_cells(changes.iloc[rows]).map(escape_html)
    for column, mark in _MARKS.items():
        shown[column] = [mark.format(text or "(nothing)") for text in shown[column]]
    if cut:
        dots = pd.DataFrame("...", index=shown.index[:1], columns=shown.columns)
        shown = pd.concat([shown.iloc[:cut], dots, shown.iloc[cut:]])
    labels = _format_labels(changes.index[rows])
    if cut:
        labels = labels[:cut].append(_build_dots(labels)).append(labels[cut:])
    shown.index = labels
    shown.columns = _format_labels(changes.columns)
    with pd.option_context("display.max_colwidth", None, "display.html.use_mathjax", False):
        table = str(shown.to_html(escape=False, max_rows=None))
    foot = f"<p>{len(changes):,} rows × {len(changes.columns)} columns</p>" if cut else ""
    return html_block(STYLE, f'<div class="sn-frame sn-wrap">{table}{foot}</div>')


def format_changes_text(changes: pd.DataFrame) -> str:
    """Return a table as text: as pandas formats it, followed by the paths and reasons that it truncates."""
    most = pd.get_option("display.max_colwidth")
    whole = [column for column in WHOLE if column in changes.columns]
    lines: list[str] = []
    for row in _choose_rows(changes)[0] if most is not None else ():
        cells = [_format_cell(changes.iloc[row][column]) for column in whole]
        if any(len(cell) >= most for cell in cells):
            lines.append("  ".join(cut_end(cell, _LONGEST) for cell in cells if cell))
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"… and {len(lines) - _MOST_LINES:,} more"]
    return escape_controls("\n".join([repr(changes), *(["", *lines] if lines else [])]))


def _choose_rows(frame: pd.DataFrame) -> tuple[list[int], int]:
    """Return the rows to display, and the number of rows before the gap; 0 if there is none."""
    some = count_rows(len(frame))
    if some == len(frame):
        return list(range(len(frame))), 0
    some = max(2, some)
    first = some - some // 2
    return [*range(first), *range(len(frame) - some // 2, len(frame))], first


def _format_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the cells as texts, cut where they are long; on row numbers."""
    width = pd.get_option("display.max_colwidth")
    most = _CELL if width == _PANDAS_CELL else width
    columns: dict[int, list[str]] = {}
    for number, column in enumerate(frame.columns):
        length = _LONGEST if column in WHOLE and most is not None else most
        columns[number] = [cut_end(_format_cell(value), length) for value in frame.iloc[:, number]]
    if most is not None:
        pairs = zip(frame["before"], frame["after"], strict=True) if is_changes(frame) else ()
        before, after = COLUMNS.index("before"), COLUMNS.index("after")
        for row, (old, new) in enumerate(pairs):
            columns[before][row], columns[after][row] = _cut_texts(_format_cell(old), _format_cell(new), most)
    return pd.DataFrame(columns, dtype=object).set_axis(frame.columns, axis=1)


def _format_cell(value: object) -> str:
    missing = pd.api.types.is_scalar(value) and pd.isna(value)  # type: ignore[call-overload]  # one cell
    return "" if missing else str(value)


def _cut_texts(before: str, after: str, most: int) -> tuple[str, str]:
    """Return two texts shortened so that their first difference is visible."""
    if max(len(before), len(after)) <= most:
        return before, after
    pairs = enumerate(zip(before, after, strict=False))
    alike = next((place for place, (one, two) in pairs if one != two), min(len(before), len(after)))
    begin = alike - _BEFORE if alike > most - _BEFORE else 0
    return cut_end(before, most, begin), cut_end(after, most, begin)


def _format_labels(labels: pd.Index) -> pd.Index:
    """Return labels and their name as HTML."""
    names: Any = [None if name is None else escape_html(name) for name in labels.names]
    if isinstance(labels, pd.MultiIndex):
        return pd.MultiIndex.from_tuples([tuple(map(_format_label, label)) for label in labels], names=names)
    if pd.api.types.is_numeric_dtype(labels.dtype):
        return labels.rename(names[0])
    return pd.Index([_format_label(label) for label in labels], dtype=object, name=names[0])


def _format_label(label: object) -> object:
    return label if isinstance(label, (int, float)) else escape_html(label)


def _build_dots(labels: pd.Index) -> pd.Index:
    if isinstance(labels, pd.MultiIndex):
        return pd.MultiIndex.from_tuples([("...",) * labels.nlevels], names=labels.names)
    return pd.Index(["..."], dtype=object, name=labels.name)
