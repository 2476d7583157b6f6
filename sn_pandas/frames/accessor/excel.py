"""Write a frame to an Excel file, and read such a file back as a frame with the changes as edits."""

from __future__ import annotations

import collections
import dataclasses
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ...odata.errors import SaveWarning, TrackingError
from ...odata.origins import canonical_origin
from ...odata.schema import Field
from ...odata.warning import warn_user
from ...odata.wording import count_noun
from ..columns.coercing import Coercion
from ..columns.file_forms import classify_form
from ..columns.normalizing import Cell, is_list, is_missing, to_integer
from ..columns.unusable import Unusable
from ..replacing import put
from ..spreadsheets import packing, workbooks
from ..spreadsheets.sheet_cells import Column, is_cut, is_unchanged, parse, show
from ..tracking.baseline import KEY, get_baseline, rebase
from ..tracking.edits import find_edits
from ..tracking.matching import match_rows
from .rebase import rebase_on
from .sheet_columns import build_sheet_columns

if TYPE_CHECKING:
    from ..repository import Repository

# Cells and rows that a warning names.
_NAMED = 8
# What a text means in a column of a kind. The kind is in the file: the schema need not show the type.
_MEANINGS = {
    "number": Field("", "Number"),
    "truth": Field("", "Boolean"),
    "date": Field("", "DateTime"),
    "reference": Field("", "Reference"),
    "references": Field("", "Reference", multiple=True),
}
_ERRORS = frozenset(
    ["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "Err:502", "Err:508"]
)


def to_excel(frame: pd.DataFrame, path: str | os.PathLike[str], *, protect: bool = True) -> None:
    """Write a frame to an Excel file; see ``Accessor.to_excel``."""
    workbooks.require()
    if not os.fspath(path).lower().endswith(".xlsx"):
        raise ValueError(f"{os.fspath(path)} does not end with .xlsx, and no program would open it")
    baseline = get_baseline(frame)
    if baseline.query.version:
        raise TrackingError(
            f"the frame shows the version {baseline.query.version}, and edits of an old version cannot be "
            "saved; write the latest one: df.sn.rebase()"
        )
    rows = match_rows(frame, baseline)
    frame = frame.set_axis([str(name) for name in frame.columns], axis="columns")
    columns = build_sheet_columns(frame, baseline)
    names = {column.name for column in columns}  # without passwords, which the hidden sheet must not hold
    edits = [edit for edit in find_edits(frame, baseline, rows) if edit.id > 0 and edit.column in names]
    ids = [int(id_) if id_ > 0 else None for id_ in rows.ids.tolist()]
    shown = [[show(column, cell) for cell in frame[column.name].array] for column in columns]
    # nothing of a row or a column that the user dropped: the file is for other people
    kept = [column.name for column in columns if column.name in baseline.frame.columns]
    originals = baseline.frame.loc[pd.Index([id_ for id_ in ids if id_ is not None], dtype="int64"), kept]
    facts = {
        "origin": baseline.repo.url,
        "query": str(baseline.query),
        "read": frame.attrs.get(KEY, {}).get("read"),
        "columns": [dataclasses.asdict(column) for column in columns],
        "baseline": packing.pack_frame(originals),
        "edits": [[edit.id, edit.column, packing.pack_cell(edit.after)] for edit in edits],
        "unsure": {name: sorted(baseline.unsure[name]) for name in kept if name in baseline.unsure},
    }
    sheet = workbooks.Sheet(columns, ids, list(zip(*shown, strict=True)) if shown else [() for _ in ids])
    workbooks.write(path, sheet, facts, protect=protect)


def read_excel(
    path: str | os.PathLike[str],
    repo: Repository,
    *,
    resolve: Literal["names"] | None = None,
    dayfirst: bool | None = None,
    decimal: Literal[".", ","] | None = None,
) -> pd.DataFrame:
    """Read a file written by ``df.sn.to_excel``; the changes made in it become edits of the frame.

    Rows may be sorted, filtered and deleted there, and new ones inserted; columns may be moved, removed and
    added. A row without an ``Id`` is a new one, which ``save(create=True)`` creates. A row that was deleted
    stays as it is on the server. The edits are compared with what the frame was read as before it was
    written, so a save finds what others have changed since as if the frame had stayed here.

    A text that was typed where the field has dates, numbers or references is read as in
    ``repo.import_rows``: "31.12.2026" is a date. What may mean two things stays a text, which a save rejects,
    and a warning says so.

    Parameters
    ----------
    path : str or path
        The file, as Excel or LibreOffice saved it (``.xlsx``).
    repo : Repository
        The repository that it was written from.
    resolve : {"names"}, optional
        Read other texts in references as names of contents; the names of the list itself need no option.
    dayfirst : bool, optional
        Whether the day stands first in typed dates such as 03.04.2026.
    decimal : {".", ","}, optional
        What stands before the decimals of typed numbers; the other sign groups thousands.

    Returns
    -------
    DataFrame
        In the order of the rows of the sheet.

    Raises
    ------
    TrackingError
        If the file is from another repository or was not written by ``df.sn.to_excel``, or its rows cannot be
        matched to contents.

    Warns
    -----
    SaveWarning
        If rows were deleted, columns were added or removed, or cells could not be read; it names them.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> repo = sn.connect(user="olga.okafor")
    >>> tasks = repo.read("/Root/Content/IT/Tasks", select=["Name", "Status", "DueDate"])
    >>> tasks.sn.to_excel("tasks.xlsx")  # doctest: +SKIP
    >>> sn.read_excel("tasks.xlsx", repo).sn.save()  # doctest: +SKIP
    """
    how = Coercion(dayfirst=dayfirst, decimal=decimal, resolve=resolve)
    read = workbooks.read(path)
    facts = read.facts
    try:
        then = packing.unpack_frame(facts["baseline"])
        columns = [Column(**column) for column in facts["columns"]]
        edits = {(id_, name): packing.unpack_cell(cell) for id_, name, cell in facts["edits"]}
        unsure = {str(name): set(ids) for name, ids in facts["unsure"].items()}
        origin = {name: str(facts[name]) for name in ("origin", "query", "read") if facts[name]}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise packing.create_damage_error() from None
    name = os.path.basename(os.fspath(path))
    if canonical_origin(origin["origin"]) != canonical_origin(repo.url):
        raise TrackingError(
            f"{name} was written from {origin['origin']}, and this repository is {repo.url}, where other "
            f"contents have its ids. Connect to that one: sn.connect({origin['origin']!r}). To create its "
            f"rows here: repo.import_rows(folder, {name!r})"
        )
    sheet = _Sheet(name, read, then, columns, how)
    frame = sheet.frame(edits)
    frame.attrs[KEY] = origin
    rebase_on(frame, repo, then)
    for column, id_ in sheet.unsure:
        unsure.setdefault(column, set()).add(id_)
    _mark_doubtful_cells(
        frame, [name for name in map(str, frame.columns) if name not in then.columns], unsure
    )
    sheet.warn()
    return frame


class _Sheet:
    """A list that was read from a file, with its rows matched to contents, and its changes."""

    def __init__(
        self,
        name: str,
        read: workbooks.Read,
        then: pd.DataFrame,
        columns: Sequence[Column],
        how: Coercion,
    ) -> None:
        self._name = name
        self._read = read
        self._then = then
        self._how = how
        places: dict[str, int] = {}
        for number, header in enumerate(read.headers):
            if header:
                places.setdefault(header, number)
        self._columns = [(column, places[column.header]) for column in columns if column.header in places]
        self._removed = [column.header for column in columns if column.header not in places]
        headers = {workbooks.ID, *(column.header for column in columns)}
        self.added = {header: number for header, number in places.items() if header not in headers}
        self.ids = self._read_ids(places)
        #: Column and id of cells of which it is not known whether a person or a program changed them.
        self.unsure: list[tuple[str, int]] = []
        self._problems: list[str] = []
        self._texts: list[str] = []
        self._check_headers()

    def frame(self, edits: Mapping[tuple[int, str], Cell]) -> pd.DataFrame:
        """Return the list as a frame on its ids; ``edits`` are those that it was written with."""
        new = iter(range(-1, -1 - len(self.ids), -1))
        index = pd.Index([next(new) if id_ is None else id_ for id_ in self.ids], dtype="int64", name="Id")
        data = {}
        for column, number in self._columns:
            data[column.name] = self._read_cells(column, number, index, edits)
        for header, number in self.added.items():
            values = [self._get_value(row, number) for row in self._read.rows]
            data[header] = pd.Series(values, index=index, dtype=object).infer_objects()
        return pd.DataFrame(data, index=index, copy=False)

    def warn(self) -> None:
        """Warn of missing rows and columns, of new columns, and of cells without a usable value."""
        gone = self._then.index.difference(pd.Index([id_ for id_ in self.ids if id_ is not None]))
        said = []
        if len(gone):
            paths = self._then["Path"].loc[gone] if "Path" in self._then.columns else gone
            rows = count_noun(len(gone), "row")
            said.append(
                f"{rows} of the list {'is' if len(gone) == 1 else 'are'} gone "
                f"({_join_some(map(str, paths))}): "
                "contents are not deleted with their rows; to delete them: "
                f"repo.delete([{_join_some(map(str, gone))}])"
            )
        if self._removed:
            said.append(f"{_describe_columns(self._removed)} gone, which leaves the fields as they are")
        if self.added:
            said.append(f"{_describe_columns(self.added)} new; only columns that were read are saved")
        if self._problems:
            cells = count_noun(len(self._problems), "cell")
            stay = "stays as it was" if len(self._problems) == 1 else "stay as they were"
            said.append(f"{cells} could not be read and {stay}: {_join_some(self._problems)}")
        if self._texts:
            cells = count_noun(len(self._texts), "cell")
            stay = "stays a text" if len(self._texts) == 1 else "stay texts"
            said.append(f"{cells} {stay}, which a save rejects: {_join_some(self._texts)}")
        for text in said:
            warn_user(f"{self._name}: {text}", SaveWarning)

    def _read_ids(self, places: Mapping[str, int]) -> list[int | None]:
        """Return the id of each row; None for a new one."""
        by_path = None
        if workbooks.ID not in places:
            by_path = self._map_paths_to_ids()
        read_ids = set(self._then.index)
        ids: list[int | None] = []
        rows: dict[int, int] = {}
        key = places[workbooks.ID] if by_path is None else self._find_paths()
        for row in self._read.rows:
            if problem := self._read.unusable.get((row.number, key)):
                raise TrackingError(
                    f"{self._name}: the cell {workbooks.format_address(row.number, key)} has to say which "
                    f"content the row is, and is {problem}; empty it if the row is to be created"
                )
            value = self._get_value(row, key) if by_path is None else self._read_path(row, by_path)
            id_ = _parse_id(value) if by_path is None else by_path.get(value)
            if id_ is not None and id_ not in read_ids:
                raise TrackingError(
                    f"{self._name}: row {row.number} has the Id {value}, which is none of the list; "
                    "empty the Id of rows that are to be created"
                )
            if id_ is not None and id_ in rows:
                raise TrackingError(
                    f"{self._name}: the rows {rows[id_]} and {row.number} both have the Id {value}, so it is "
                    "not clear which one counts; delete one, or empty its Id if it is to be created"
                )
            if id_ is not None:
                rows[id_] = row.number
            ids.append(id_)
        return ids

    def _map_paths_to_ids(self) -> dict[Any, int]:
        """Return the ids by path, for a sheet that has no Id any more."""
        if not any(column.name == "Path" for column, _ in self._columns):
            raise TrackingError(
                f"{self._name} has neither a column {workbooks.ID} nor one of paths any more, so its rows "
                "cannot be matched to contents; take them from a copy of the file as it was written"
            )
        return dict(zip(self._then["Path"], self._then.index.tolist(), strict=True))

    def _find_paths(self) -> int:
        return next(number for column, number in self._columns if column.name == "Path")

    def _read_path(self, row: workbooks.Row, ids: Mapping[Any, int]) -> Any:
        path = self._get_value(row, self._find_paths())
        if path not in (None, "") and path not in ids:
            raise TrackingError(
                f"{self._name}: row {row.number} has the path {path!r}, which is none of the list, and the "
                f"column {workbooks.ID} is gone"
            )
        return path

    def _check_headers(self) -> None:
        """Raise for a header of two columns; give a name to columns with values but without a header."""
        seen = collections.Counter(header for header in self._read.headers if header)
        headers = {column.header for column, _ in self._columns}
        if twice := [header for header, count in seen.items() if count > 1 and header in headers]:
            raise TrackingError(
                f"{self._name}: {twice[0]!r} stands above several columns, so it is not clear which one "
                "counts; rename or delete the others"
            )
        for number, header in enumerate(self._read.headers):
            if not header and any(self._get_value(row, number) is not None for row in self._read.rows):
                self._problems.append(
                    f"{workbooks.format_address(1, number)[:-1]} (a column without a header)"
                )

    def _get_value(self, row: workbooks.Row, number: int) -> Any:
        return row.values[number] if number < len(row.values) else None

    def _read_cells(
        self, column: Column, number: int, index: pd.Index, edits: Mapping[tuple[int, str], Cell]
    ) -> pd.Series:
        """Return a column: as it was written, but for the cells that changed in the sheet."""
        name = column.name
        if name in self._then.columns:
            was = self._then[name].reindex(index)
        else:
            was = pd.Series([None] * len(index), index=index, dtype=object)
        changed: dict[int, Cell] = {}
        text = Field(name, "ShortText")
        for place, (row, id_, cell) in enumerate(zip(self._read.rows, self.ids, was.array, strict=True)):
            if id_ is not None and (id_, name) in edits:
                cell = changed[place] = edits[id_, name]
            value = self._get_value(row, number)
            shown = show(column, cell) if id_ is not None and name in self._then.columns else None
            if is_unchanged(shown, value):
                continue
            if problem := self._describe_problem(row, number, shown, value):
                self._problems.append(
                    f"{workbooks.format_address(row.number, number)} ({column.header}): {problem}"
                )
                continue
            where = f"{workbooks.format_address(row.number, number)} ({column.header})"
            try:
                changed[place] = self._coerce(column, parse(column, value), where)
            except ValueError:
                self._problems.append(f"{where}: {value} is a time that {column.zone} has twice or never")
                continue
            if id_ is not None and column.kind == "text" and classify_form(text, shown, value):
                self.unsure.append((name, id_))
        cells = put(was, list(changed), changed.values()) if changed else was
        return cells if name in self._then.columns else cells.infer_objects()

    def _coerce(self, column: Column, cell: Cell, where: str) -> Cell:
        """Return what a typed text means in a field of another kind; the text itself if that is not sure."""
        field = _MEANINGS.get(column.kind)
        if field is None or not (isinstance(cell, str) or is_list(cell)):
            return cell
        coerced = dataclasses.replace(self._how, tz=column.zone).coerce(field, cell)
        if isinstance(coerced, Unusable):
            self._texts.append(f"{where}: {coerced.reason}")
            return cell
        return to_integer(coerced)

    def _describe_problem(self, row: workbooks.Row, number: int, shown: Any, value: Any) -> str:
        """Return why the value of a sheet cannot be used; empty if it can."""
        if problem := self._read.unusable.get((row.number, number)):
            return problem
        if isinstance(value, str) and value in _ERRORS:
            return f"a formula that gives {value}"
        if is_cut(shown) or is_cut(value):  # a row that somebody copied has the cut text of another row
            return "the text is cut in the sheet, so a change of it would lose the rest"
        return ""


def _parse_id(value: Any) -> int | None:
    """Return the id of a row of the sheet; None if it is empty or negative, as for new rows."""
    if is_missing(value) or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return -1
    if number <= 0:
        return None
    return int(number) if number.is_integer() else -1


def _mark_doubtful_cells(frame: pd.DataFrame, unread: Iterable[str], unsure: Mapping[str, set[int]]) -> None:
    """Mark the cells whose original value is unknown, or which somebody else may have changed.

    An unread column that has the name of a field was added by somebody: what it says is in doubt, and its
    empty cells say nothing.
    """
    baseline = get_baseline(frame)
    doubtful = {column: set(ids) for column, ids in unsure.items()}
    new = [column for column in unread if column in baseline.frame.columns]
    edits = (
        [edit for edit in find_edits(frame, baseline) if edit.column in new and edit.id > 0] if new else []
    )
    for column in new:
        empty = [edit for edit in edits if edit.column == column and is_missing(edit.after)]
        frame[column] = put(frame[column], [edit.row for edit in empty], [edit.before for edit in empty])
    for edit in edits:
        if not is_missing(edit.after):
            doubtful.setdefault(edit.column, set()).add(edit.id)
    if doubtful:
        found = {column: frozenset(ids) for column, ids in doubtful.items()}
        rebase(frame, dataclasses.replace(baseline, unsure=found))


def _describe_columns(names: Collection[str]) -> str:
    return f"the column {_join_some(names)} is" if len(names) == 1 else f"the columns {_join_some(names)} are"


def _join_some(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:_NAMED]) + (", …" if len(found) > _NAMED else "")
