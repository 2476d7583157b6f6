"""New rows: which contents they are to become, and why some cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from ...odata.addresses import normalize
from ...odata.errors import QueryError, did_you_mean
from ...odata.schema import ContentType, Field
from ..tracking import Baseline
from .cells import Cell, encode, is_missing
from .changes import Edit
from .checking import absent, problem
from .naming import give_names, misplaced
from .plan import Assignment, Refusal, field_of
from .references import lost_targets
from .works import Create

#: What of a row says which content it becomes, not what is stored in it.
_PLACE = ("Name", "Type", "Path")


def creates_of(
    edits: Iterable[Edit], baseline: Baseline, names: Mapping[int, str] | None = None
) -> tuple[list[Create], list[Assignment], list[Refusal]]:
    """Give the contents that new rows are to become, their cells, and the cells that keep rows from it.

    The name is the row's ``Name``, or the one among ``names`` that it was tried with before, or made of
    ``DisplayName`` or the type, because two contents without a name clash at the server.
    """
    edits = list(edits)
    creates, every, refused = drafts_of(edits, baseline)
    client = baseline.repo.client
    refused += lost_targets(every, client, baseline.repo.schema)
    if not refused:
        for create in creates:
            create.name = create.name or (names or {}).get(create.row, "")
        give_names(creates, client)
        first = {edit.row: edit for edit in reversed(edits)}
        refused = misplaced(creates, lambda create, why: Refusal(first[create.row], why), client)
    return creates, every, refused


def drafts_of(
    edits: Iterable[Edit], baseline: Baseline
) -> tuple[list[Create], list[Assignment], list[Refusal]]:
    """Give what new rows are to become as far as they say it themselves, some of them without a name.

    The type is the row's ``Type``, or that of all rows that were read; the parent is that of its ``Path``, or
    the content whose children were read.
    """
    by_row: dict[int, list[Edit]] = {}
    for edit in edits:
        by_row.setdefault(edit.row, []).append(edit)
    creates: list[Create] = []
    every: list[Assignment] = []
    refused: list[Refusal] = []
    for row, cells in by_row.items():
        create = _create(row, cells, baseline)
        if isinstance(create, Refusal):
            refused.append(create)
            continue
        assigned, wrong = _assigned(cells, create.type, baseline)
        refused += wrong or _absent(create, cells, assigned, baseline)
        create.after = {field.name: encode(field, edit.after) for edit, field in assigned}
        create.fields = {field.name: field for _, field in assigned}
        creates.append(create)
        every += assigned
    return creates, every, refused


def _create(row: int, cells: list[Edit], baseline: Baseline) -> Create | Refusal:
    given = {edit.column: edit.after for edit in cells}
    schema = baseline.repo.schema
    type_name = given.get("Type") or _only_type(baseline)
    if type_name is None:
        return Refusal(cells[0], "say what it is to be: fill in its Type")
    if type_name not in schema:
        return Refusal(
            cells[0], f"there is no content type {type_name!r}.{did_you_mean(str(type_name), schema)}"
        )
    path = given.get("Path")
    if path is not None:
        try:
            parent, _, name = str(normalize(str(path))).rpartition("/")
        except QueryError as error:
            return Refusal(cells[0], str(error))
        name = str(given.get("Name") or name)
    else:
        query = baseline.query
        if query.query or query.property or not isinstance(query.path, str):
            return Refusal(cells[0], "say where it is to be: fill in its Path, such as /Root/Content/IT/Name")
        parent, name = query.path, str(given.get("Name") or "")
    return Create(row, parent, name, str(type_name))


def _only_type(baseline: Baseline) -> str | None:
    if "Type" not in baseline.frame.columns:
        return None
    found = baseline.frame["Type"].dropna().unique()
    return str(found[0]) if len(found) == 1 else None


def _assigned(
    cells: Iterable[Edit], type_name: str, baseline: Baseline
) -> tuple[list[Assignment], list[Refusal]]:
    own = baseline.repo.schema[type_name].fields
    assigned: list[Assignment] = []
    refused: list[Refusal] = []
    for edit in cells:
        if edit.column in ("Type", "Path"):
            continue
        field = field_of(edit.column, baseline)
        if isinstance(field, Field) and not field.name.startswith("#"):
            field = own.get(field.name) or f"a {type_name} has no field {field.name}"
        reason = field if isinstance(field, str) else problem(field, edit.after)
        if reason or isinstance(field, str):
            refused.append(Refusal(edit, reason))
        elif field.name != "Name":
            assigned.append(Assignment(edit, field))
    return assigned, refused


def _absent(
    create: Create, cells: list[Edit], assigned: Iterable[Assignment], baseline: Baseline
) -> list[Refusal]:
    """Give what a new content of this type cannot go without."""
    kind: ContentType = baseline.repo.schema[create.type]
    given = {field.name for _, field in assigned}
    missing = [
        f"{name}: {reason}" for name, f in kind.fields.items() if name not in given and (reason := absent(f))
    ]
    return [Refusal(cells[0], "; ".join(missing))] if missing else []


def place_rows(frame: pd.DataFrame, created: Mapping[int, tuple[int, Mapping[str, object]]]) -> None:
    """Put the ids, names and paths of new contents into the frame, in place."""
    if "Id" in frame.columns:
        for row, (id_, _) in created.items():
            put_cell(frame, row, "Id", id_)
    elif frame.index.nlevels == 1:
        labels = list(frame.index)
        for row, (id_, _) in created.items():
            labels[row] = id_
        frame.index = pd.Index(labels, name=frame.index.name)
    for row, (_, shown) in created.items():
        for name in _PLACE:
            if name in frame.columns and name in shown and is_missing(frame.iloc[row][name]):
                put_cell(frame, row, name, shown[name])


def put_cell(frame: pd.DataFrame, row: int, column: str, cell: Cell) -> None:
    """Put a cell into a frame, in place, by the position of its row."""
    frame.iat[row, list(frame.columns).index(column)] = cell
