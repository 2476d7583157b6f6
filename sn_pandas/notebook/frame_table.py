"""The readable table: how a notebook displays a frame of a repository, which stays as it is."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ..odata.addresses import entity
from ..odata.errors import SensenetError
from ..odata.escaping import escape_controls, escape_html, html_block
from ..odata.origins import canonical_url, holds_credentials
from ..odata.wording import count_noun
from .frame_cells import Cells, Style, format_path, show_column
from .limits import count_rows

if TYPE_CHECKING:
    from ..frames.tracking.baseline import Baseline
    from ..odata.schema import Field

KEY = "sensenet"
#: Columns that name a row, in the order in which they are displayed.
NAMES = ("DisplayName", "FullName", "Name")
#: Fields of all contents that are displayed before what the server keeps for itself.
_GENERAL = ("Description", "ModificationDate", "ModifiedBy", "CreationDate", "CreatedBy", "Version")
#: Letters of a cell from which on it is wrapped.
_WRAPPED = 80
#: The style sheet of tables in notebooks; it is part of each, as nothing else reaches an exported page.
STYLE = """<style>
div.sn-frame { overflow-x: auto; }
div.sn-frame table.dataframe { table-layout: auto; margin: 0; border: none; border-collapse: collapse; }
div.sn-frame table.dataframe :is(th, td) { padding: 0.3em 0.7em; border: none; text-align: left;
  vertical-align: top; white-space: pre; max-width: none; }
div.sn-frame.sn-wrap table.dataframe td { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 60em; }
div.sn-frame table.dataframe thead th { font-weight: 600; vertical-align: bottom; }
div.sn-frame table.dataframe thead tr:last-child th {
  border-bottom: 1px solid var(--jp-border-color1, currentColor); }
div.sn-frame table.dataframe tbody th { font-weight: normal; }
div.sn-frame table.dataframe :is(.sn-number, .sn-date) { font-variant-numeric: tabular-nums; }
div.sn-frame table.dataframe .sn-number { text-align: right; }
div.sn-frame table.dataframe .sn-id, div.sn-frame p {
  color: color-mix(in srgb, currentColor 75%, transparent); }
div.sn-frame table.dataframe a { color: var(--jp-content-link-color, LinkText); }
div.sn-frame p { margin: 0.4em 0; font-size: 90%; }
@media (forced-colors: active), (prefers-contrast: more) {
  div.sn-frame table.dataframe .sn-id, div.sn-frame p { color: inherit; } }
</style>"""


@dataclasses.dataclass(frozen=True)
class _Column:
    """A column of the table: its labels, one for each row of the head, and its cells."""

    labels: tuple[str, ...]
    cells: Cells
    title: str = ""
    is_index: bool = False


def belongs_to_repository(frame: pd.DataFrame) -> bool:
    """Return whether a frame was read from a repository, or derived from one that was."""
    facts = frame.attrs.get(KEY)
    return (isinstance(facts, Mapping) and "origin" in facts) or _find_baseline(frame) is not None


def format_frame(frame: pd.DataFrame, zone: dt.tzinfo | None = None) -> str | None:
    """Return a frame as a table for reading; only what is displayed is formatted.

    Parameters
    ----------
    zone : tzinfo, optional
        The time zone of dates; by default that of this computer.

    Returns
    -------
    str or None
        None if pandas is set to display no HTML, or a summary instead of rows.
    """
    if not pd.get_option("display.notebook_repr_html") or pd.get_option("display.large_repr") == "info":
        return None
    baseline = _find_baseline(frame)
    width = pd.get_option("display.max_colwidth")
    style = Style(width, zone, _create_linker(frame, baseline))
    shown = frame.iloc[: count_rows(len(frame))]
    places = _order(frame, baseline)
    most = pd.get_option("display.max_columns") or len(places)
    left_out = places[most:]
    columns = [_build_column(shown, place, baseline, style) for place in places[:most]]
    _link_names(columns, shown, baseline, style)
    table = _format_table(shown, columns, bool(left_out), style)
    foot = _format_foot(frame, len(shown), left_out, columns)
    wraps = " sn-wrap" if width is None or width > _WRAPPED else ""
    return html_block(STYLE, f'<div class="sn-frame{wraps}">{table}{foot}</div>')


def _find_baseline(frame: pd.DataFrame) -> Baseline | None:
    from ..frames.tracking.baseline import get_baseline

    if not isinstance(frame.attrs.get(KEY, {}), Mapping):
        return None
    try:
        return get_baseline(frame)
    except SensenetError:
        return None


# ---- which columns, and in which order ----


def _order(frame: pd.DataFrame, baseline: Baseline | None) -> list[int]:
    """Return the columns by position: what names a row first, ids last.

    Columns that the user has put into another order keep it.
    """
    places = list(range(frame.shape[1]))
    if frame.columns.nlevels > 1:
        return places
    names = [str(name) for name in frame.columns]
    if baseline is not None:
        read = [str(name) for name in baseline.frame.columns]
        kept = [name for name in names if name in read]
        if kept != [name for name in read if name in kept]:
            return places
    selected = baseline is None or bool(baseline.query.select)
    is_named = any(name in NAMES for name in names)
    return sorted(places, key=lambda place: _rank(names[place], selected, is_named))


def _rank(name: str, selected: bool, is_named: bool) -> tuple[int, int]:
    """Return where a column is displayed; columns of one rank stay in the order of the frame."""
    if name in NAMES:
        return 0, NAMES.index(name)
    if name.endswith("Id"):
        return 9, 0
    if name == "Path":
        return (8, 0) if is_named else (0, 9)
    if selected:
        return 2, 0
    if name == "Type":
        return 1, 0
    if name in _GENERAL:
        return 3, _GENERAL.index(name)
    return (4 if name in _list_general_fields() else 2), 0


@functools.cache
def _list_general_fields() -> frozenset[str]:
    """Return the fields that contents of all types have."""
    from ..odata.built_in import built_in_types
    from ..odata.schema import ROOT

    return frozenset(next(one.fields for one in built_in_types() if one.name == ROOT)) | {"PreviewEnabled"}


def _build_column(shown: pd.DataFrame, place: int, baseline: Baseline | None, style: Style) -> _Column:
    label = shown.columns[place]
    labels = tuple(map(str, label)) if isinstance(label, tuple) else (str(label),)
    field = _field(labels[0], baseline) if len(labels) == 1 else None
    cells = show_column(shown.iloc[:, place], field, style)
    if labels[-1] == "Id":
        cells = dataclasses.replace(cells, css="sn-number sn-id")
    facts = [field.display_name if field is not None and field.display_name != field.name else ""]
    return _Column(labels, cells, " · ".join([*filter(None, facts), *cells.zones]))


def _field(name: str, baseline: Baseline | None) -> Field | None:
    if baseline is None or name not in baseline.frame.columns:
        return None
    return baseline.fields.get(name)


# ---- links ----


def _create_linker(frame: pd.DataFrame, baseline: Baseline | None) -> Callable[[str], str]:
    """Return the function that makes addresses of paths; they are empty where nobody could open them."""
    facts = frame.attrs.get(KEY)
    origin = baseline.repo.url if baseline is not None else facts.get("origin") if facts else None
    from ..connecting import is_embedded

    if not isinstance(origin, str) or holds_credentials(origin) or is_embedded(origin):
        return lambda path: ""
    try:
        url = canonical_url(origin)
    except SensenetError:
        return lambda path: ""
    return lambda path: url + entity(path)


def _link_names(columns: list[_Column], shown: pd.DataFrame, baseline: Baseline | None, style: Style) -> None:
    """Link the first column that names the rows to their contents."""
    named = next((n for n, column in enumerate(columns) if column.labels[-1] in NAMES), None)
    if named is None:
        return
    paths = _find_paths(shown, baseline)
    cells = columns[named].cells
    html = [
        text if path is None or text.startswith(("<a ", "<bdi")) else format_path(path, text, style)
        for path, text in zip(paths, cells.html, strict=True)
    ]
    columns[named] = dataclasses.replace(columns[named], cells=dataclasses.replace(cells, html=html))


def _find_paths(shown: pd.DataFrame, baseline: Baseline | None) -> Sequence[str | None]:
    """Return the paths of rows, as far as they are certain."""
    from ..frames.tracking.matching import find_ids

    try:
        ids = find_ids(shown)
    except (SensenetError, ValueError, TypeError):  # rows of another kind, such as averages
        ids = None
    if baseline is not None and ids is not None and not isinstance(ids, list):
        return baseline.get_paths(ids)
    if "Path" in shown.columns and shown.columns.is_unique:
        return [path if isinstance(path, str) and path.startswith("/") else None for path in shown["Path"]]
    return [None] * len(shown)


# ---- the table ----


def _format_table(shown: pd.DataFrame, columns: list[_Column], gap: bool, style: Style) -> str:
    index = [_build_level(shown.index, level, style) for level in range(shown.index.nlevels)]
    if gap:
        dots = ("…",) * shown.columns.nlevels
        columns = [*columns, _Column(dots, Cells(["…"] * len(shown)))]
    if shown.index.nlevels == 1 and shown.index.name == "Id":
        columns, index = [*columns, *index], []
    body = [
        f"<tr>{''.join(_format_body_cell(column, row) for column in [*index, *columns])}</tr>"
        for row in range(len(shown))
    ]
    return (
        f'<table class="dataframe"><thead>{_format_head(shown, index, columns)}</thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _build_level(index: pd.Index, level: int, style: Style) -> _Column:
    """Return a level of the index as a column; the Id of contents is one that stands last."""
    name = index.names[level]
    cells = show_column(pd.Series(index.get_level_values(level)), None, style)
    if name == "Id" and index.nlevels == 1:
        return _Column(("Id",), dataclasses.replace(cells, css="sn-number sn-id"), "the index of the frame")
    if index.nlevels > 1 and level < index.nlevels - 1 and pd.get_option("display.multi_sparse"):
        cells = dataclasses.replace(cells, html=_blank_repetitions(index, level, cells.html))
    if name is None and index.nlevels == 1 and cells.css == "sn-number":
        cells = dataclasses.replace(cells, css="sn-number sn-id")
    return _Column(("" if name is None else str(name),), cells, " · ".join(cells.zones), is_index=True)


def _blank_repetitions(index: pd.Index, level: int, html: list[str]) -> list[str]:
    labels = [tuple(map(str, label[: level + 1])) for label in index]
    return ["" if row and labels[row] == labels[row - 1] else html[row] for row in range(len(labels))]


def _format_head(shown: pd.DataFrame, index: list[_Column], columns: list[_Column]) -> str:
    """Return the rows of the head: one for each level of the columns."""
    levels = shown.columns.nlevels
    names = ["" if name is None else str(name) for name in shown.columns.names]
    rows = []
    for level in range(levels):
        is_last = level == levels - 1
        corners = [
            _format_corner(column, is_last, names[level] if n == 0 else "") for n, column in enumerate(index)
        ]
        heads = []
        for labels, same in itertools.groupby(columns, key=lambda column: _get_prefix(column, level, levels)):
            group = list(same)
            if is_last:
                heads += [_format_head_cell(column, labels[-1]) for column in group]
            else:
                heads.append(f'<th scope="colgroup" colspan="{len(group)}">{_format_line(labels[-1])}</th>')
        rows.append(f"<tr>{''.join(corners + heads)}</tr>")
    return "".join(rows)


def _get_prefix(column: _Column, level: int, levels: int) -> tuple[str, ...]:
    """Return the labels of a column down to a level; the Id of the rows has one, in the last row."""
    labels = ("",) * (levels - len(column.labels)) + column.labels
    return labels[: level + 1]


def _format_corner(column: _Column, is_last: bool, name: str) -> str:
    own = column.labels[0] if is_last else ""
    text = " / ".join(filter(None, (own, name)))
    return f'<th scope="col"{_build_css(column)}>{_format_line(text)}</th>'


def _format_head_cell(column: _Column, label: str) -> str:
    title = f' title="{_format_line(column.title)}"' if column.title else ""
    return f'<th scope="col"{_build_css(column)}{title}>{_format_line(label)}</th>'


def _format_body_cell(column: _Column, row: int) -> str:
    kind = 'th scope="row"' if column.is_index else "td"
    direction = "" if column.cells.css else ' dir="auto"'
    return f"<{kind}{_build_css(column)}{direction}>{column.cells.html[row]}</{kind[:2]}>"


def _build_css(column: _Column) -> str:
    return f' class="{column.cells.css}"' if column.cells.css else ""


def _format_line(text: str) -> str:
    return escape_html(escape_controls(text, lines=False))


def _format_foot(frame: pd.DataFrame, rows: int, left_out: Sequence[int], columns: Sequence[_Column]) -> str:
    """Return the line below the table: how much there is, how much is shown, and the clock of the dates."""
    facts = []
    if pd.get_option("display.show_dimensions") is not False:
        facts.append(count_noun(len(frame), "row"))
        if rows < len(frame):
            facts[-1] = f"{count_noun(len(frame), 'row')}, showing the first {rows:,}"
        if left_out:
            hidden = _format_line(", ".join(str(frame.columns[place]) for place in left_out))
            shown = f"{frame.shape[1] - len(left_out):,}"
            facts.append(
                f'<span title="not shown: {hidden}">{frame.shape[1]:,} columns, showing {shown}</span>'
            )
    if zones := dict.fromkeys(zone for column in columns for zone in column.cells.zones):
        facts.append(f"times in {_format_line(', '.join(zones))}")
    return f"<p>{' · '.join(facts)}</p>" if facts else ""
