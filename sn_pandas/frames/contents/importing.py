"""Rows of a file or a frame to new contents: read, coerced by the schema, and created as a save does it."""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.errors import RefusedError, SaveError, TrackingError, alternatives, did_you_mean
from ...odata.schema import Field
from ...odata.wording import count_noun, with_article
from ..columns.coercing import Coercion, is_zone, match_header
from ..columns.masked import Masked
from ..columns.normalizing import is_missing
from ..columns.unusable import Unusable
from ..spreadsheets import workbooks
from ..writes.appending import append
from ..writes.hidden import explain_hidden_types
from ..writes.outcomes import describe_refusals
from ..writes.report import CellProblem, Report
from .rows import drop_places, read_rows, save_rows
from .targets import read_path

if TYPE_CHECKING:
    from ..connection import Connection

#: The name of the labels of rows of a file: 1 is the row of the headers.
FILE_ROW = "file row"
#: The column that files of rejected rows have behind the others; an import leaves it out.
PROBLEM = "problem"
_EXCEL = (".xlsx", ".xlsm", ".xls", ".ods")
_OPENPYXL = (".xlsx", ".xlsm")
_SEPARATORS = ",;\t|"
#: Columns that are not written as fields, but have a meaning.
_MEANT = ("Type",)
_BLANKS = re.compile(r"[\s_]+")
_ZONE = re.compile(r"(.*\S)\s*\(([\w+/-]+)\)")
#: How pandas calls a column without a header.
_NAMELESS = re.compile(r"Unnamed: (\d+)")
#: How pandas calls another column of the same header.
_NUMBERED = re.compile(r"(.+)\.\d+", re.DOTALL)


@dataclass(frozen=True)
class FileFormat:
    """How the cells of a CSV file are separated and encoded, and the sheet of a workbook beside others."""

    separator: str = ","
    encoding: str = "utf-8-sig"
    sheet: str = "Sheet1"
    other_sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """The rows to import as they were given, and the field of each column.

    Attributes
    ----------
    rows : DataFrame
        On the labels that problems refer to.
    fields : dict
        By header, the name of the field.
    form : FileFormat
        The format of the file that they come from. A file of rejected rows has the same, so that the same
        options, and the same program, read it.
    zones : dict
        By header, the time zone that it names: ``Due date (Europe/Budapest)``.
    """

    rows: pd.DataFrame
    fields: dict[str, str]
    form: FileFormat
    zones: dict[str, str]


def import_rows(
    repo: Connection,
    folder: str | int,
    rows: Any,
    type_name: str | None,
    how: Coercion,
    columns: Mapping[str, str | None],
    rejected: str | os.PathLike[str] | None,
    reading: Mapping[str, Any],
    **options: Any,
) -> Report:
    """Create contents out of rows; see ``Repository.import_rows``."""
    target = _check_target(rejected, rows)
    path = read_path(repo, folder)
    if type_name is not None and (reason := explain_hidden_types(repo, path, [type_name]).get(type_name)):
        raise RefusedError(f"nothing was sent: {reason}")
    source = _read_source(repo, rows, type_name, columns, reading)
    coerced = _coerce(repo, source, type_name, how)
    frame = read_rows(repo, path, [], [str(column) for column in coerced.columns])
    both = append(frame, coerced.reset_index(drop=True))
    headers = {name: header for header, name in source.fields.items()}
    if target is not None:
        options["on_refused"] = "skip"
    try:
        report = save_rows(both, source.rows.index, "import", **options)
    except SaveError as error:
        if isinstance(error.report, Report):
            _explain(error.report, source, headers, target, repo.schema.fields, how)
            if isinstance(error, RefusedError):
                raise RefusedError(describe_refusals(error.report), error.report) from None
        raise
    _explain(report, source, headers, target, repo.schema.fields, how)
    _note_zones(report, source, repo.schema.fields, how)
    return report


# --- what is given


def _check_target(rejected: Any, rows: Any) -> Path | None:
    """Return the file for rejected rows, after checking that it can be written."""
    if rejected is None:
        return None
    target = Path(rejected)
    if target.suffix.lower() not in (".csv", ".xlsx"):
        raise ValueError(f"rejected is the name of a .csv or .xlsx file, not {str(rejected)!r}")
    if target.suffix.lower() == ".xlsx":
        workbooks.require()
    if isinstance(rows, (str, os.PathLike)) and target.exists() and target.samefile(rows):
        raise ValueError("rejected is the very file that is imported: name another one")
    return target


def _read_source(
    repo: Connection,
    rows: Any,
    type_name: str | None,
    columns: Mapping[str, str | None],
    reading: Mapping[str, Any],
) -> Source:
    if isinstance(rows, (str, os.PathLike)):
        given, form = _read_file(rows, reading)
    else:
        given, form = drop_places(rows), FileFormat()
    given.columns = pd.Index([str(column) for column in given.columns])
    given = given.drop(columns=[PROBLEM, "Id", "Path"], errors="ignore")
    if not given.columns.is_unique:
        raise TrackingError(f"the rows have two columns {given.columns[given.columns.duplicated()][0]!r}")
    schema = repo.schema
    kind = schema.get(type_name) if type_name is not None else None
    own = dict(kind.fields) if kind is not None else dict(schema.fields)
    fields: dict[str, str] = {}
    zones: dict[str, str] = {}
    unknown: list[str] = []
    for header in given.columns:
        wanted = columns.get(header, header)
        if wanted is None:
            continue
        bare, zone = _split_zone(wanted)
        name = (
            wanted
            if wanted in _MEANT
            else match_header(wanted, own) or match_header(wanted, dict(schema.fields))
        )
        if name is None and zone and (dated := match_header(bare, own)) and own[dated].is_date:
            name, zones[header] = dated, zone
        if name is None:
            renamed = f" (as {wanted!r})" if wanted != header else ""
            unknown.append(f"{header!r}{renamed}.{did_you_mean(str(wanted), own)}")
        elif name in fields.values():
            twice = next(other for other, field_name in fields.items() if field_name == name)
            raise TrackingError(
                f"the columns {twice!r} and {header!r} are both {name}: leave one of them out"
            )
        else:
            fields[header] = name
    if missing := [header for header in columns if header not in given.columns]:
        raise TrackingError(
            f"columns names {missing[0]!r}, which is not a column of the rows."
            f"{did_you_mean(str(missing[0]), [str(column) for column in given.columns])}"
        )
    if unknown:
        what = with_article(str(type_name)) if kind is not None else "every type that you see"
        others = [f"sheet={name!r}" for name in form.other_sheets] if not fields else []
        elsewhere = f". To read another sheet: {' or '.join(others)}" if others else ""
        raise TrackingError(
            f"{count_noun(len(unknown), 'column')} cannot be imported, because {what} lacks the field: "
            f"{' '.join(unknown)} Name the field with columns={{'Header': 'Field'}}, or leave the column out "
            f"with columns={{'Header': None}}{elsewhere}"
        )
    for header in _find_secret_headers(fields, schema.fields):
        given[header] = _to_objects(
            [c if is_missing(c) or isinstance(c, Unusable) else Masked(c) for c in given[header]], given.index
        )
    return Source(given, fields, form, zones)


def _split_zone(header: str) -> tuple[str, str]:
    """Return a header without the time zone that it names, as ``df.sn.to_excel`` writes it, and the zone."""
    found = _ZONE.fullmatch(str(header).strip())
    return (found[1], found[2]) if found and is_zone(found[2]) else (str(header), "")


def _to_objects(cells: Sequence[Any], index: pd.Index) -> pd.Series:
    """Return cells without conversion: pandas would turn a 3 next to an empty cell into 3.0."""
    return pd.Series([*cells, None], dtype=object).iloc[:-1].set_axis(index)


def _find_secret_headers(names: Mapping[str, str], fields: Mapping[str, Field]) -> list[str]:
    """Return the headers of the columns with passwords."""
    return [header for header, name in names.items() if name in fields and fields[name].is_secret]


def _read_file(file: str | os.PathLike[str], reading: Mapping[str, Any]) -> tuple[pd.DataFrame, FileFormat]:
    """Read a file without converting its cells; blank rows are skipped."""
    path = Path(file)
    rows, form = (_read_excel if path.suffix.lower() in _EXCEL else _read_csv)(path, reading)
    _reject_repeated(rows, path, form)
    rows = _drop_nameless_columns(rows, path.name)
    rows.index = pd.RangeIndex(2, len(rows) + 2, name=FILE_ROW)
    blank = rows.map(_is_blank)
    return (rows[~blank.all(axis=1)] if len(rows.columns) else rows), form


def _reject_repeated(rows: pd.DataFrame, path: Path, form: FileFormat) -> None:
    """Raise if two columns have the same header: pandas numbers the second one."""
    names = {str(name) for name in rows.columns}
    if not any((found := _NUMBERED.fullmatch(name)) and found[1] in names for name in names):
        return
    how: dict[str, Any] = {"header": None, "nrows": 1, "dtype": str, "keep_default_na": False}
    if path.suffix.lower() in _EXCEL:
        head = pd.read_excel(path, sheet_name=form.sheet, **how)
    else:
        head = pd.read_csv(path, sep=form.separator, encoding=form.encoding, **how)
    headers = [header for header in head.iloc[0] if header]
    if twice := [header for header in headers if headers.count(header) > 1]:
        raise TrackingError(
            f"{path.name} has several columns {twice[0]!r}: delete all but one, or rename the others"
        )


def _is_blank(cell: Any) -> bool:
    return is_missing(cell) or (isinstance(cell, str) and not cell.strip())


def _drop_nameless_columns(rows: pd.DataFrame, file: str) -> pd.DataFrame:
    """Return rows without the empty columns that have no header, as a separator behind the last one makes.

    Raises
    ------
    TrackingError
        If there are cells in such a column.
    """
    nameless = [column for column in rows.columns if _NAMELESS.fullmatch(str(column))]
    for column in nameless:
        filled = ~rows[column].map(_is_blank).to_numpy()
        if filled.any():
            number = int(str(column).rpartition(" ")[2]) + 1
            raise TrackingError(
                f"{file}: column {number} has no header, and its cell in row {int(filled.argmax()) + 2} is "
                f"{rows[column].iloc[int(filled.argmax())]!r}: write a header into the first row, or delete "
                "the column"
            )
    return rows.drop(columns=nameless)


def _read_csv(path: Path, reading: Mapping[str, Any]) -> tuple[pd.DataFrame, FileFormat]:
    encoding = reading.get("encoding") or "utf-8-sig"
    try:
        with path.open(encoding=encoding, newline="") as opened:
            head = next(csv.reader([opened.readline()], delimiter="\0"), [""])
        separator = reading.get("sep") or _detect_separator(head[0] if head else "")
        rows = pd.read_csv(
            path, sep=separator, dtype=object, keep_default_na=False, encoding=encoding,
            skip_blank_lines=False, na_values=[""],
        )  # fmt: skip
        if not isinstance(rows.index, pd.RangeIndex) and rows.iloc[:, -1].map(_is_blank).all():
            shifted = rows.reset_index()  # each row ends with a separator, and the first row does not
            rows = shifted.iloc[:, :-1].set_axis(rows.columns, axis=1) if rows.index.nlevels == 1 else rows
        if not isinstance(rows.index, pd.RangeIndex):  # pandas takes the first cells for labels
            raise pd.errors.ParserError(
                "its rows have more cells than the first row has headers, from line 2 on"
            )
        # Excel takes UTF-8 for another encoding unless the file begins with its mark.
        unicode = codecs.lookup(encoding).name == "utf-8"
        return rows, FileFormat(
            separator if len(separator) == 1 else ",", "utf-8-sig" if unicode else encoding
        )
    except UnicodeDecodeError as error:
        raise TrackingError(
            f"{path.name} is not a text in {encoding.removesuffix('-sig').upper()}: name its encoding, such "
            "as encoding='cp1252'"
        ) from error
    except pd.errors.EmptyDataError as error:
        raise TrackingError(f"{path.name} is empty: its first row has to name the fields") from error
    except pd.errors.ParserError as error:
        raise TrackingError(f"{path.name} cannot be read as a table: {error}") from error


def _detect_separator(head: str) -> str:
    counts = {sign: head.count(sign) for sign in _SEPARATORS}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else ","


def _read_excel(path: Path, reading: Mapping[str, Any]) -> tuple[pd.DataFrame, FileFormat]:
    if path.suffix.lower() in _OPENPYXL:
        workbooks.require()
    sheet = reading.get("sheet")
    sheet = 0 if sheet is None else sheet
    try:
        with pd.ExcelFile(path) as book:
            names = [str(name) for name in book.sheet_names if name not in workbooks.OWN_SHEETS]
            if isinstance(sheet, str) and sheet not in book.sheet_names:
                raise TrackingError(f"{path.name} has no sheet {sheet!r}.{alternatives(sheet, names)}")
            rows = pd.read_excel(book, sheet_name=sheet, dtype=object, keep_default_na=False, na_values=[""])
            title = sheet if isinstance(sheet, str) else str(book.sheet_names[sheet])
    except ValueError as error:
        raise TrackingError(f"{path.name} cannot be read as a workbook: {error}") from error
    # pandas reads them as empty cells
    bad = workbooks.find_unusable(path, sheet) if path.suffix.lower() in _OPENPYXL else {}
    for (row, column), (value, why) in bad.items():
        if 2 <= row < len(rows) + 2 and column < len(rows.columns):
            cell: Any = Unusable(value, f"the cell has {why}")
            rows.iat[row - 2, column] = cell
    return rows, FileFormat(sheet=title, other_sheets=tuple(name for name in names if name != title))


# --- what it means


def _coerce(repo: Connection, source: Source, type_name: str | None, how: Coercion) -> pd.DataFrame:
    """Return the rows converted to the types of the fields; invalid cells stay, with the reason."""
    schema = repo.schema
    data: dict[str, Any] = {}
    types = _list_types(source, type_name)
    for header, name in source.fields.items():
        if name == "Type":
            continue
        zoned = replace(how, tz=source.zones.get(header, how.tz))
        cells = []
        for cell, kind in zip(source.rows[header], types, strict=True):
            own = schema.get(kind) if kind is not None else None
            field = (own.fields.get(name) if own is not None else None) or schema.fields[name]
            cells.append(zoned.coerce(field, cell))
        data[name] = pd.Series([*cells, None], dtype=object).iloc[:-1]
    if any(kind is not None for kind in types):
        data["Type"] = pd.Series(types, dtype=object)
    frame = pd.DataFrame(data, index=pd.RangeIndex(len(source.rows)))
    frame.index = source.rows.index
    return frame


def _list_types(source: Source, type_name: str | None) -> list[str | None]:
    """Return the content type of each row: that of its column, else the one that was named."""
    header = next((header for header, name in source.fields.items() if name == "Type"), None)
    if header is None:
        return [type_name] * len(source.rows)
    return [
        type_name if is_missing(cell) or not str(cell).strip() else str(cell).strip()
        for cell in source.rows[header]
    ]


# --- what is reported


def _explain(
    report: Report,
    source: Source,
    headers: Mapping[str, str],
    target: Path | None,
    fields: Mapping[str, Field],
    how: Coercion,
) -> None:
    """Use the headers of the file in the problems of a report, and write the rejected rows if requested."""
    report.cells = {
        row: tuple(_as_in_file(cell, row, source, headers) for cell in cells)
        for row, cells in report.cells.items()
    }
    reasons = report.frame["reason"].tolist()
    for row, cells in report.cells.items():
        reasons[row] = "; ".join(f"{cell.name}: {cell.reason}" for cell in cells)
    report.frame["reason"] = pd.array(reasons, dtype="str")
    if target is not None and not report.dry_run:
        _write_rejected(report, source, target, fields, how)


def _note_zones(report: Report, source: Source, fields: Mapping[str, Field], how: Coercion) -> None:
    """Say in a report in what time zone dates were read that name none."""
    counts = {
        header: sum(how.lacks_zone(fields[name], cell) for cell in source.rows[header])
        for header, name in source.fields.items()
        if name in fields and header not in source.zones
    }
    naive = {header: count for header, count in counts.items() if count}
    if not naive:
        return
    have, are = ("has", "is") if sum(naive.values()) == 1 else ("have", "are")
    other = "" if how.tz else "; tz='Europe/Budapest' takes them as times there"
    dates = count_noun(sum(naive.values()), "date")
    note = f"{dates} of {', '.join(naive)} {have} no time zone and {are} taken as {how.tz or 'UTC'}{other}."
    report.note = " ".join([*([report.note] if report.note else []), note])


def _as_in_file(cell: CellProblem, row: int, source: Source, headers: Mapping[str, str]) -> CellProblem:
    """Return a problem with the header and the value of the file."""
    name, colon, reason = cell.reason.partition(": ")
    if colon and name in headers and name != cell.field:  # a field of a new content without a cell
        cell = replace(cell, field=name, reason=reason, mine=None)
    header = headers.get(cell.field)
    if header is None:
        return cell
    value = cell.mine if isinstance(cell.mine, (Masked, type(None))) else source.rows[header].iloc[row]
    value = value.value if isinstance(value, Unusable) else value
    is_alike = _BLANKS.sub("", header).lower() == cell.field.lower()
    label = header if is_alike else f"{header} ({cell.field})"
    return replace(cell, field=header, label=label, mine=value)


def _write_rejected(
    report: Report, source: Source, target: Path, fields: Mapping[str, Field], how: Coercion
) -> None:
    """Write the rows that were not created to a file that can be mended and imported again.

    Passwords are left out. Rows of which it is not known whether they were created are not in it.
    """
    outcomes = report.frame["outcome"].isin(["refused", "failed", "unsent", "conflict"]).to_numpy()
    rows = source.rows[outcomes].copy()
    if not len(rows):
        return
    for header in rows.columns:
        cells = [cell.value if isinstance(cell, Unusable) else cell for cell in rows[header]]
        rows[header] = _to_objects(cells, rows.index)
    secret = (
        [header for header, name in source.fields.items() if fields[name].type == "Password"]
        if rows.size
        else []
    )
    for header in secret:
        rows[header] = ""
    rows[PROBLEM] = [
        "; ".join(f"{cell.name}: {cell.reason}" for cell in report.cells.get(row, ())) or reason
        for row, reason in enumerate(report.frame["reason"])
        if outcomes[row]
    ]
    if target.suffix.lower() == ".csv":
        for header, name in source.fields.items():
            if name in fields and fields[name].is_number:
                rows[header] = _to_objects([how.format_number(cell) for cell in rows[header]], rows.index)
        # Only the problems, which the file did not have, may hold letters that its encoding lacks.
        form = source.form
        rows.to_csv(target, sep=form.separator, index=False, encoding=form.encoding, errors="replace")
    else:
        workbooks.write_tables(target, {source.form.sheet: rows})
    were, are, them = ("was", "is", "it") if len(rows) == 1 else ("were", "are", "them")
    words = [
        f"{count_noun(len(rows), 'row')} that {were} not created {are} in {target}: mend {them} and import "
        "the file again."
    ]
    if secret:
        words.append("Passwords are not in it: fill them in.")
    report.note = " ".join([*([report.note] if report.note else []), *words])
