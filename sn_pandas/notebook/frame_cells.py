"""What the readable table shows of the cells of a column: HTML, all of it escaped."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ..odata.escaping import escape_controls, escape_html
from ..odata.redaction import HIDDEN, Secret
from ..odata.refs import as_ref
from ..odata.schema import Field
from .limits import cut_end, cut_middle

#: Letters of a text that the tooltip of a cell shows, at most.
_TOOLTIP = 2_000
#: Floats from which on not all digits before the point are significant.
_LARGE = 1e15
#: Digits that are never omitted from amounts of money that have a fraction.
_CENTS = 2


@dataclasses.dataclass(frozen=True)
class Style:
    """What all cells of a table have in common.

    Attributes
    ----------
    width : int or None
        Letters of a cell, at most.
    zone : tzinfo or None
        The time zone of dates in UTC; the local one if None.
    link : callable
        Returns the address of a content by its path, empty if there is none.
    """

    width: int | None
    zone: dt.tzinfo | None
    link: Callable[[str], str]


@dataclasses.dataclass(frozen=True)
class Cells:
    """The cells of a column as HTML, their class in the style sheet, and the time zones of their dates."""

    html: list[str]
    css: str = ""
    zones: tuple[str, ...] = ()


def show_column(column: pd.Series, field: Field | None, style: Style) -> Cells:
    """Return the cells of a column, formatted alike.

    Examples
    --------
    >>> plain = Style(50, dt.UTC, lambda path: "")
    >>> show_column(pd.Series([1.5, None, 20.0]), None, plain).html
    ['1.5', '', '20.0']
    >>> show_column(pd.to_datetime(pd.Series(["2026-12-31 17:00:00.123456", None]), utc=True), None, plain)
    Cells(html=['2026-12-31 17:00', ''], css='sn-date', zones=('UTC',))
    """
    from ..frames.columns.normalizing import is_missing, to_plain

    cells = [None if is_missing(cell) else to_plain(cell) for cell in column]
    present = [cell for cell in cells if cell is not None]
    if present and all(map(_is_number, present)):
        texts = iter(_format_numbers(present, field))
        return Cells([escape_html(next(texts)) if cell is not None else "" for cell in cells], "sn-number")
    if present and all(isinstance(cell, dt.datetime) for cell in present):
        shown, zones = _format_dates(present, field, style)
        dates = iter(shown)
        return Cells([_to_line(next(dates)) if cell is not None else "" for cell in cells], "sn-date", zones)
    if present and all(isinstance(cell, dt.timedelta) for cell in present):
        return Cells([_to_line(cell) if cell is not None else "" for cell in cells], "sn-number")
    css = "sn-number" if pd.api.types.is_numeric_dtype(column.dtype) and not _holds_booleans(column) else ""
    return Cells([_format_cell(cell, field, style) if cell is not None else "" for cell in cells], css)


def format_path(path: str, text: str, style: Style) -> str:
    """Return a text that stands for a content, with its path as a tooltip, linked if it has an address."""
    address = style.link(path)
    title = escape_html(path)
    if not address:
        return f'<bdi title="{title}">{text}</bdi>'
    link = f'href="{escape_html(address)}" target="_blank" rel="noopener noreferrer"'
    return f'<a {link} title="{title}"><bdi>{text}</bdi></a>'


def format_text(text: str, width: int | None) -> str:
    """Return a text in one line; a long one is cut, and its tooltip shows more."""
    if width is None or len(text) <= width:
        return _to_line(text)
    cut = cut_middle(text, width) if _is_path(text) else cut_end(text, width)
    return f'<span title="{_format_tooltip(text)}">{_to_line(cut)}</span>'


def _format_cell(cell: Any, field: Field | None, style: Style) -> str:
    if isinstance(cell, Secret):
        return _to_line(HIDDEN)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if _is_number(cell):
        return _to_line(_format_numbers([cell], field)[0])
    if isinstance(cell, dt.datetime):
        return _to_line(_format_dates([cell], field, style)[0][0])
    if isinstance(cell, str) and _is_path(cell):
        if field is not None and field.points_to_contents:
            return _name(cell, style)
        return format_path(cell, _to_line(cut_middle(cell, style.width)), style)
    if _holds_several(cell):
        return _list(cell, field, style)
    if isinstance(cell, Mapping) and (named := _name_of(cell)) is not None:
        return (
            f'<span title="{_format_tooltip(_to_text(cell))}">{_to_line(cut_end(named, style.width))}</span>'
        )
    return format_text(_to_text(cell), style.width)


def _name_of(value: Mapping[Any, Any]) -> str | None:
    """Return what people look for in a value with parts: the type of a file, the text of a link."""
    file = value.get("__mediaresource")
    parts = (
        (file.get("content_type"),) if isinstance(file, Mapping) else map(value.get, ("Text", "Href", "Url"))
    )
    texts = [part for part in parts if isinstance(part, str)]
    return next(filter(None, texts), "") if texts else None


def _list(cell: Any, field: Field | None, style: Style) -> str:
    """Return the items of a list, joined by commas; those that do not fit are counted."""
    from ..frames.columns.normalizing import is_missing, list_items

    found = [item for item in list_items(cell) if not is_missing(item)]
    shown: list[str] = []
    letters = 0
    for item in found:
        is_content = isinstance(item, str) and _is_path(item)
        text = _get_last_part(item) if is_content else _format_item(item, field, style)
        letters += len(text) + 2
        if shown and style.width is not None and letters > style.width:
            rest = ", ".join(map(_to_text, found[len(shown) :]))
            shown.append(f'<span title="{_format_tooltip(rest)}">… {len(found) - len(shown):,} more</span>')
            break
        shown.append(_name(item, style) if is_content else f"<bdi>{format_text(text, style.width)}</bdi>")
    return ", ".join(shown)


def _format_item(item: Any, field: Field | None, style: Style) -> str:
    """Return the text of an item of a list."""
    if isinstance(item, bool):
        return "yes" if item else "no"
    return _format_dates([item], field, style)[0][0] if isinstance(item, dt.datetime) else _to_text(item)


def _name(path: str, style: Style) -> str:
    """Return the last part of the path of a content."""
    return format_path(path, _to_line(cut_end(_get_last_part(path), style.width)), style)


def _get_last_part(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path


def _is_path(text: str) -> bool:
    return text.lower().startswith("/root/")


def _holds_several(cell: Any) -> bool:
    from ..frames.columns.normalizing import is_list

    return is_list(cell) and not isinstance(cell, (pd.Series, pd.DataFrame))


def _to_text(cell: Any) -> str:
    """Return the text of whatever has no form of its own here."""
    if isinstance(cell, Secret):
        return HIDDEN
    if (reference := as_ref(cell)) is not None:
        return str(reference.name)
    if isinstance(cell, Mapping) or _holds_several(cell):
        return json.dumps(cell, default=str, ensure_ascii=False)
    return str(cell)


def _to_line(text: object) -> str:
    return escape_html(escape_controls(text, lines=False))


def _format_tooltip(text: str) -> str:
    return escape_html(cut_end(text, _TOOLTIP))


def _is_number(cell: Any) -> bool:
    from decimal import Decimal

    return isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool)


def _holds_booleans(column: pd.Series) -> bool:
    return pd.api.types.is_bool_dtype(column.dtype)


def _format_numbers(numbers: Sequence[Any], field: Field | None) -> list[str]:
    """Return numbers as texts: floats with the same number of decimals, as few as they need."""
    given = pd.get_option("display.float_format")
    floats = [number for number in numbers if isinstance(number, float)]
    if given is not None:
        return [str(given(number)) if isinstance(number, float) else str(number) for number in numbers]
    precision = int(pd.get_option("display.precision"))
    finite = [abs(number) for number in floats if math.isfinite(number) and number]
    if finite and (max(finite) >= _LARGE or min(finite) < 0.5 * 10**-precision):
        return [f"{n:.{precision}g}" if isinstance(n, float) else str(n) for n in numbers]
    fractions = (f"{number:.{precision}f}".partition(".")[2].rstrip("0") for number in finite)
    decimals = max(map(len, fractions), default=0)
    if decimals and field is not None and field.type == "Currency":
        decimals = max(decimals, min(_CENTS, precision))
    return [f"{n:.{decimals}f}" if isinstance(n, float) else str(n) for n in numbers]


def _format_dates(
    moments: Iterable[dt.datetime], field: Field | None, style: Style
) -> tuple[list[str], tuple[str, ...]]:
    """Return dates as precise as the most precise one, up to seconds, and the time zones that they are in."""
    is_day = field is not None and field.is_date and field.limits.get("DateTimeMode") == "Date"
    local = [moment if is_day else _localize(moment, style.zone) for moment in moments]
    found = [moment for moment in local if isinstance(moment, dt.datetime)]
    if all((m.hour, m.minute, m.second, m.microsecond) == (0, 0, 0, 0) for m in found):
        shown = [m.date().isoformat() if isinstance(m, dt.datetime) else m for m in local]
        midnight = () if is_day else _list_zones(found)
        return shown, midnight
    spec = "seconds" if any(m.second for m in found) else "minutes"
    texts = [m.replace(tzinfo=None).isoformat(" ", spec) if isinstance(m, dt.datetime) else m for m in local]
    return texts, _list_zones(found)


def _localize(moment: dt.datetime, zone: dt.tzinfo | None) -> dt.datetime | str:
    """Return a date in the zone of the reader if it is in UTC; one in another zone stays in that."""
    try:
        plain = moment.to_pydatetime(warn=False) if isinstance(moment, pd.Timestamp) else moment
        return plain.astimezone(zone) if str(plain.tzinfo) == "UTC" else plain
    except (OverflowError, OSError, ValueError):  # no calendar of Python has it, or no clock of the system
        return str(moment)


def _list_zones(moments: Iterable[dt.datetime]) -> tuple[str, ...]:
    names = (getattr(m.tzinfo, "key", None) or m.tzname() for m in moments if m.tzinfo is not None)
    return tuple(dict.fromkeys(name for name in names if name))
