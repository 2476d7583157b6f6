"""The workbook of a list: a visible sheet, and hidden ones with its baseline."""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ...odata.errors import TrackingError
from .packing import create_damage_error, pack, unpack
from .sheet_cells import Column, Value, escape, unescape

#: The sheets: what people see, what it was written from, and the options of its drop-downs.
SHOWN, HIDDEN, LISTS = "Contents", "_sensenet", "_lists"
#: Those that nobody reads.
OWN_SHEETS = (HIDDEN, LISTS)
#: What stands above the ids of the rows.
ID = "Id"
#: Rows that drop-downs have behind the last one, for new rows.
_MORE_ROWS = 500
# Rows above the list that a header is looked for in.
_ABOVE = 20
_WIDTHS = (8, 60)
_MEASURED = 500
_PADDING = 3
# The first lines of the hidden sheet, before the pieces of its data.
_MARK = "sn_pandas list"
_FORMATS: Mapping[str, str] = {"text": "@", "date": "yyyy-mm-dd hh:mm:ss"}
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_ERROR = re.compile(rb"\st=[\"']e[\"']")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell ")
_NOT_COMPUTED = "a formula that was not computed; open the file in Excel or LibreOffice and save it"


@dataclass(frozen=True)
class Sheet:
    """The visible sheet: its columns, and the id and values of each row.

    Attributes
    ----------
    ids : sequence
        None for a new row.
    """

    columns: Sequence[Column]
    ids: Sequence[int | None]
    rows: Sequence[Sequence[Value]]


@dataclass(frozen=True)
class Row:
    """A row of a sheet: its number, and its values by column number."""

    number: int
    values: Sequence[Any]


@dataclass(frozen=True)
class Read:
    """A workbook that was read.

    Attributes
    ----------
    facts : mapping
        What it was written from.
    headers : list of str
        What stands above the columns now; empty above none.
    unusable : mapping
        By the number of their row and column, why cells do not say their value.
    """

    facts: Mapping[str, Any]
    headers: list[str]
    rows: list[Row]
    unusable: Mapping[tuple[int, int], str]


def require() -> None:
    """Raise if openpyxl is not installed.

    Raises
    ------
    ImportError
        If it is not: it says how to install it.
    """
    if importlib.util.find_spec("openpyxl") is None:
        raise ImportError('Excel files need openpyxl: pip install "sn_pandas[excel]"')


def write(path: str | os.PathLike[str], sheet: Sheet, facts: Mapping[str, Any], *, protect: bool) -> None:
    """Write a workbook; an existing file is replaced only by a complete one."""
    require()
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = "sn_pandas"
    shown = book.create_sheet(SHOWN)
    options = _choose_options(sheet)
    _lay_out(shown, sheet, options, protect=protect)
    _fill(shown, sheet)
    if options:
        lists = book.create_sheet(LISTS)
        lists.sheet_state = "hidden"
        for line in itertools.zip_longest(*options.values()):
            lists.append([None if text is None else _create_text_cell(lists, text) for text in line])
    hidden = book.create_sheet(HIDDEN)
    hidden.sheet_state = "veryHidden"
    for said in (_MARK, "Read back with sn_pandas.read_excel(path, repo). Do not change this sheet."):
        hidden.append([said])
    for name in ("origin", "query", "read"):
        hidden.append(
            [_create_text_cell(hidden, name), _create_text_cell(hidden, str(facts.get(name) or ""))]
        )
    for piece in pack(facts):
        hidden.append(["data", piece])
    whole = f"{os.fspath(path)}.part"
    try:
        book.save(whole)
        os.replace(whole, path)
    finally:
        if os.path.exists(whole):
            os.remove(whole)


def write_tables(
    path: str | os.PathLike[str], tables: Mapping[str, pd.DataFrame], *, index: bool = False
) -> None:
    """Write frames to the sheets of a workbook, in which a text stays a text, also one like a formula."""
    require()
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        for title, table in tables.items():
            table.map(_as_cell).to_excel(writer, sheet_name=title, index=index)
            for line in writer.sheets[title].iter_rows():
                for cell in line:
                    if isinstance(cell.value, str):
                        cell.data_type = "s"


def _as_cell(value: Any) -> Any:
    """Return a value as a workbook can hold it."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, (list, tuple, set)):
        return "; ".join(str(item) for item in value)
    if getattr(value, "tzinfo", None) is not None:
        return value.isoformat()
    is_plain = value is None or pd.api.types.is_scalar(value)
    return value if is_plain else str(value)


def read(path: str | os.PathLike[str]) -> Read:
    """Read a workbook written by :func:`write`, in spite of later changes.

    Raises
    ------
    TrackingError
        If it is not one, or its list is not found in it any more.
    """
    require()
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile) as error:
        raise TrackingError(
            f"{os.fspath(path)} is not an .xlsx file: read_excel reads those of df.sn.to_excel; for other "
            "lists there is repo.import_rows"
        ) from error
    try:
        if HIDDEN not in book.sheetnames:
            raise TrackingError(
                f"{os.fspath(path)} is not a file of df.sn.to_excel, or its hidden sheet is gone: save the "
                "whole file under another name instead of copying its rows to a new one"
            )
        lines = book[HIDDEN].iter_rows(values_only=True)
        facts = unpack(str(line[1]) for line in lines if line and line[0] == "data" and len(line) > 1)
        names = _list_headers(facts)
        for sheet in sorted(book.worksheets, key=lambda sheet: sheet.title != SHOWN):
            if sheet.title in OWN_SHEETS:
                continue
            sheet.reset_dimensions()
            if (found := _list_of(sheet, names)) is not None:
                headers, rows = found
                bad = find_unusable(path, sheet.title)
                return Read(facts, headers, rows, {place: why for place, (_, why) in bad.items()})
    finally:
        book.close()
    raise TrackingError(
        f"no sheet of {os.fspath(path)} has the headers {', '.join([ID, *sorted(names)][:6])} …: they name "
        "the columns; write them again above the list"
    )


def _list_headers(facts: Any) -> set[str]:
    try:
        return {str(column["header"]) for column in facts["columns"]}
    except (KeyError, TypeError):
        raise create_damage_error() from None


def format_address(row: int, column: int) -> str:
    """Return the name of a cell in spreadsheet programs, such as ``B7``."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column + 1)}{row}"


def _choose_options(sheet: Sheet) -> dict[int, list[str]]:
    """Return the drop-down options of each column, by its number."""
    offered: dict[int, list[str]] = {}
    for number, column in enumerate(sheet.columns):
        if column.kind == "truth" and column.editable:
            offered[number] = ["yes", "no"]
        elif column.kind in ("choice", "reference") and column.editable and column.labels:
            offered[number] = list(dict.fromkeys(column.labels.values()))
    return offered


def _lay_out(shown: Any, sheet: Sheet, options: Mapping[int, Sequence[str]], *, protect: bool) -> None:
    """Set widths, filter, locks and drop-downs, which precede the rows in the file."""
    from openpyxl.styles import Protection
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    last = len(sheet.rows) + 1
    shown.freeze_panes = "B2"
    shown.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns) + 1)}{last}"
    shown.column_dimensions["A"].width = _WIDTHS[0] + _PADDING
    for number, column in enumerate(sheet.columns):
        letter = get_column_letter(number + 2)
        size = shown.column_dimensions[letter]
        size.width = _compute_width(column, (row[number] for row in sheet.rows[:_MEASURED]))
        size.protection = Protection(locked=not column.editable)  # of the rows that are still empty
        size.number_format = _FORMATS.get(column.kind, "General")
        if number in options:
            place = get_column_letter(list(options).index(number) + 1)
            rule = DataValidation(
                type="list", formula1=f"={LISTS}!${place}$1:${place}${len(options[number])}", allow_blank=True
            )
            rule.showErrorMessage = column.kind != "reference" and not column.open
            rule.errorTitle, rule.error = column.header[:30], "Choose one of the list."
            rule.add(f"{letter}2:{letter}{last + _MORE_ROWS}")
            shown.data_validations.append(rule)
    if protect:
        shown.protection.sheet = True
        for may in ("sort", "autoFilter", "insertRows", "deleteRows", "insertColumns", "formatColumns",
                    "formatRows", "formatCells"):  # fmt: skip
            setattr(shown.protection, may, False)  # what is False is allowed


def _compute_width(column: Column, values: Iterator[Value]) -> int:
    longest = max((len(str(value)) for value in values if value is not None), default=0)
    low, high = _WIDTHS
    return min(max(longest, len(column.header) + _PADDING, low), high) + 1


def _fill(shown: Any, sheet: Sheet) -> None:
    """Write the rows; one cell per column is reused, because creating its style is slow."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, Protection

    head = [
        WriteOnlyCell(shown, _validate_text(text))
        for text in (ID, *(column.header for column in sheet.columns))
    ]
    for cell in head:
        cell.font = Font(bold=True)
        cell.data_type = "s"
    shown.append(head)
    cells = [WriteOnlyCell(shown) for _ in head]
    grey = Font(color="00808080")
    cells[0].font = grey
    for cell, column in zip(cells[1:], sheet.columns, strict=True):
        cell.number_format = _FORMATS.get(column.kind, "General")
        cell.protection = Protection(locked=not column.editable)
        if not column.editable:
            cell.font = grey
        if column.kind == "text":
            cell.quotePrefix = True
    for id_, values in zip(sheet.ids, sheet.rows, strict=True):
        cells[0].value = id_
        for cell, value in zip(cells[1:], values, strict=True):
            if isinstance(value, str):
                cell.value = _validate_text(value)
                cell.data_type = "s"  # a text that looks like a formula stays a text
            else:
                cell.value = value
        shown.append(cells)


def _validate_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{text[:40]!a} holds half a character (a lone surrogate), which no file can keep: "
            "df[column] = df[column].str.encode('utf-8', 'replace').str.decode()"
        ) from None
    return escape(text)


def _create_text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, _validate_text(text))
    cell.data_type = "s"
    return cell


def _list_of(sheet: Any, names: set[str]) -> tuple[list[str], list[Row]] | None:
    """Return the headers and the rows of a sheet; None if no row has headers of the list."""
    headers: list[str] | None = None
    rows: list[Row] = []
    for number, line in enumerate(sheet.iter_rows(values_only=True), 1):
        values = [unescape(value) if type(value) is str else value for value in line]
        if headers is not None:
            if any(value not in (None, "") for value in values):
                rows.append(Row(number, values))
        elif number > _ABOVE:
            return None
        else:
            texts = [str(value).strip() if value is not None else "" for value in values]
            if len({ID, *names} & set(texts)) >= min(2, len(names)):
                headers = texts
    return None if headers is None else (headers, rows)


def find_unusable(path: str | os.PathLike[str], sheet: str | int) -> dict[tuple[int, int], tuple[str, str]]:
    """Return the cells without a value of their own: row (from 1), column (from 0), the text and the reason.

    They have a formula without a value, or are the rest of merged cells, of which only the first has one.

    Parameters
    ----------
    path : str or path
        The workbook.
    sheet : str or int
        The title of the sheet, or its position.
    """
    with zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        if not any(
            sign.search(text) for text in map(parts.read, sheets) for sign in (_FORMULA, _ERROR, _MERGED)
        ):
            return {}
    from openpyxl import load_workbook

    books = load_workbook(path), load_workbook(path, data_only=True)
    written, computed = (book[sheet] if isinstance(sheet, str) else book.worksheets[sheet] for book in books)
    found = {}
    for row in written.iter_rows():
        for cell in row:
            result = computed[cell.coordinate]
            is_empty = result.value is None and result.data_type == "n"  # an empty text is a value
            place = cell.row, cell.column - 1
            if result.data_type == "e":
                found[place] = str(result.value), f"a formula that gives {result.value}"
            elif cell.data_type == "f" and is_empty:
                found[place] = str(cell.value), _NOT_COMPUTED
    for area in written.merged_cells.ranges:
        first, *others = area.cells
        if written.cell(*first).value is not None:
            why = f"no value of its own, because {area.coord} is one merged cell; split it, and fill in each"
            found |= {(row, column - 1): ("", why) for row, column in others}
    return found
