"""What the grid shows of a cell, and what a text that is typed or pasted into it means."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from ...frames.columns.coercing import Coercion
from ...frames.columns.normalizing import Cell, list_items
from ...frames.columns.unusable import Unusable
from ...frames.spreadsheets.sheet_cells import Column, show, split
from ...odata.refs import as_ref, ref
from ...odata.schema import Field
from .links import file_text

#: Letters of a text that is shown as it is, without a look at what a sheet can hold.
_SHORT = 4_000
# A cell of a block: in quotes if they end before the next cell, else up to the next tab or line.
_CELL = re.compile(r'(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\n|\r|$)')


def text_of(column: Column, cell: Cell) -> str:
    """Return the text that the grid shows of a cell.

    Examples
    --------
    >>> text_of(Column("DueDate", "Due", "date"), pd.Timestamp("2026-12-31 17:00", tz="UTC"))
    '2026-12-31 17:00'
    >>> text_of(Column("Index", "Index", "number"), 7.0)
    '7'
    """
    if column.kind == "other" and (file := file_text(cell)) is not None:
        return file
    items_of_refs = list_items(cell) if column.kind in ("reference", "references") else []
    if any(as_ref(item) is not None for item in items_of_refs):
        names = [one.name if (one := as_ref(item)) is not None else item for item in items_of_refs]
        cell = names if column.kind == "references" else names[0]
    value = show(column, cell)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        precise = value.second or value.microsecond
        return value.isoformat(" ") if precise else value.isoformat(" ", "minutes")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def texts_of(column: Column, cells: Iterable[Cell]) -> list[str]:
    """Return the texts that the grid shows of many cells; of equal ones it is made once."""
    made: dict[Any, str] = {}
    texts = []
    for cell in cells:
        if type(cell) is str and column.kind == "text" and len(cell) <= _SHORT:
            texts.append(cell)
            continue
        try:
            key = (type(cell), cell)
            text = made.get(key)
            if text is None:
                text = made[key] = text_of(column, cell)
        except TypeError:  # a list has no hash
            text = text_of(column, cell)
        texts.append(text)
    return texts


def parse_text(column: Column, field: Field, text: str, coercion: Coercion) -> Cell:
    """Return the cell that a text means for a field; a text that means nothing there stays a text.

    Names in references stand for the content that is called so: a name that the column shows already for
    that content, another one as :func:`sn_pandas.ref`.

    Examples
    --------
    >>> parse_text(Column("InUse", "In use", "truth"), Field("InUse", "Boolean"), "no", Coercion())
    False
    >>> parse_text(Column("Index", "Index", "number"), Field("Index", "Integer"), "many", Coercion())
    'many'
    """
    if not text.strip():
        return [] if column.kind in ("choices", "references") else None
    if column.kind in ("reference", "choice") and text in column.values:
        return column.values[text]
    if column.kind in ("reference", "references"):
        targets = [_target(column, name) for name in split(text)]
        return targets[0] if column.kind == "reference" and len(targets) == 1 else targets
    if column.kind in ("choice", "choices"):
        labelled = [column.values.get(name, name) for name in split(text)]
        if column.kind == "choices" or len(labelled) > 1:
            return [coercion.coerce(field, name) if isinstance(name, str) else name for name in labelled]
        return _usable(coercion.coerce(field, labelled[0]), text)
    if column.kind == "date":
        return _date(column, _usable(coercion.coerce(field, text), text), text)
    return _usable(coercion.coerce(field, text), text)


def rows_of_block(text: str) -> list[list[str]]:
    r"""Return the cells of a block as spreadsheets put it on the clipboard.

    Examples
    --------
    >>> rows_of_block('a\tb\r\n"two\nlines"\t"5"" pipe"\r\n')
    [['a', 'b'], ['two\nlines', '5" pipe']]
    >>> rows_of_block('"quoted" only in part\tb')
    [['"quoted" only in part', 'b']]
    """
    rows: list[list[str]] = [[]]
    for cell, end in _cells(text):
        rows[-1].append(cell)
        if end != "\t" and end:
            rows.append([])
    return rows if rows[-1] else rows[:-1]


def block_of_rows(rows: list[list[str]]) -> str:
    r"""Return cells as a block that spreadsheets, and :func:`rows_of_block`, read.

    Examples
    --------
    >>> rows_of_block(block_of_rows([["a", 'say "b"'], ["", "two\nlines"]]))
    [['a', 'say "b"'], ['', 'two\nlines']]
    """
    return "\n".join("\t".join(map(_quoted, row)) for row in rows)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search('["\t\r\n]', text) else text


def _cells(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _CELL.match(text, at)
        assert found is not None  # the pattern matches any text
        yield found[1].replace('""', '"') if found[1] is not None else found[2], found[3]
        at = found.end()
        if at == len(text) and found[3] == "\t":
            yield "", ""


def _usable(cell: Cell, text: str) -> Cell:
    return text if isinstance(cell, Unusable) else cell


def _target(column: Column, name: str) -> Cell:
    value = column.values.get(name)
    if value is not None or name.startswith("/") or as_ref(name) is not None:
        return value or name
    return int(name) if name.isdecimal() else ref(name)


def _date(column: Column, cell: Cell, text: str) -> Cell:
    """Return a date in the time zone that the column shows, unless the text names another one."""
    day_only = isinstance(cell, pd.Timestamp)
    try:
        stamp = cell.tz_localize(None) if day_only else pd.Timestamp(dt.datetime.fromisoformat(cell))
        if stamp.tzinfo is None:
            stamp = stamp.tz_localize(column.zone, ambiguous="raise", nonexistent="raise")
        return stamp.tz_convert("UTC").as_unit("us")
    except (ValueError, TypeError, OverflowError):
        return text
