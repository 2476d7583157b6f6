"""New rows: the contents to create, and why some cannot be created."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from ...odata.addresses import normalize
from ...odata.errors import QueryError, unknown
from ...odata.schema import Field
from ...odata.wording import with_article
from ..columns.cells import Cell, encode, is_missing
from ..columns.unusable import Unusable
from ..replacing import holds, put
from ..tracking.baseline import Baseline
from ..tracking.edits import Edit
from .checking import explain_absent, find_problem
from .hidden import explain_hidden_types
from .naming import NOT_A_NAME, find_misplaced, give_names
from .plan import Assignment, Refusal, field_of
from .references import find_lost_targets
from .works import Create

#: What of a row says which content it becomes, not what is stored in it.
_PLACE = ("Name", "Type", "Path")


def creates_of(
    edits: Iterable[Edit], baseline: Baseline, names: Mapping[int, str] | None = None
) -> tuple[list[Create], list[Assignment], list[Refusal]]:
    """Return the contents to create, their cells, and the cells that prevent it.

    The name is the row's ``Name``, or the one among ``names`` that it was tried with before, or made of
    ``DisplayName`` or the type, because two contents without a name clash at the server.
    """
    edits = list(edits)
    refused = reject_hidden_types(edits, baseline)
    stopped = {refusal.edit.row for refusal in refused}
    creates, every, wrong = build_drafts([edit for edit in edits if edit.row not in stopped], baseline)
    refused += wrong
    client = baseline.repo.client
    refused += find_lost_targets(every, client, baseline.repo.schema)
    for create in creates:
        create.name = create.name or (names or {}).get(create.row, "")
    give_names(creates, client)
    cells = {(edit.row, edit.column): edit for edit in edits}
    first = {edit.row: edit for edit in reversed(edits)}

    def refusal(create: Create, column: str, why: str) -> Refusal:
        return Refusal(cells.get((create.row, column), first[create.row]), why)

    named = [c for c in creates if not isinstance(_name_of(c, cells), Unusable)]
    misnamed = find_misplaced(named, refusal, client)
    again = {
        wrong.edit.row for wrong in misnamed if NOT_A_NAME in wrong.reason
    }  # says what the name would be
    refused = [wrong for wrong in refused if NOT_A_NAME not in wrong.reason or wrong.edit.row not in again]
    return creates, every, refused + misnamed


def _name_of(create: Create, cells: Mapping[tuple[int, str], Edit]) -> Cell:
    edit = cells.get((create.row, "Name"))
    return edit.after if edit is not None else None


def reject_hidden_types(edits: Iterable[Edit], baseline: Baseline) -> list[Refusal]:
    """Return the new rows of types that the caller may not see: no content of them can be created."""
    cells: dict[int, list[Edit]] = {}
    for edit in edits:
        cells.setdefault(edit.row, []).append(edit)
    drafts = [
        draft for row, some in cells.items() if isinstance(draft := _create(row, some, baseline), Create)
    ]
    refused = []
    for parent in dict.fromkeys(draft.parent for draft in drafts):
        here = [draft for draft in drafts if draft.parent == parent]
        reasons = explain_hidden_types(baseline.repo, parent, {draft.type for draft in here})
        refused += [Refusal(cells[d.row][0], reasons[d.type]) for d in here if d.type in reasons]
    return refused


def build_drafts(
    edits: Iterable[Edit], baseline: Baseline
) -> tuple[list[Create], list[Assignment], list[Refusal]]:
    """Return the contents to create as far as the rows define them; some have no name yet.

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
        assigned, wrong = _assign_cells(cells, create.type, baseline)
        refused += [*wrong, *_find_absent(create, cells, assigned, baseline)]
        create.after = {field.name: encode(field, edit.after) for edit, field in assigned}
        create.fields = {field.name: field for _, field in assigned}
        creates.append(create)
        every += assigned
    return creates, every, refused


def _create(row: int, cells: list[Edit], baseline: Baseline) -> Create | Refusal:
    given = {edit.column: edit.after for edit in cells}
    schema = baseline.repo.schema
    type_name = given.get("Type") or find_only_type(baseline)
    if type_name is None:
        return Refusal(cells[0], "its Type is missing: fill in a content type")
    if type_name not in schema and not schema.may_hide:
        return Refusal(cells[0], unknown("content type", type_name, schema))
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
            return Refusal(cells[0], "its Path is missing: fill in a path such as /Root/Content/IT/Name")
        parent, name = query.path, str(given.get("Name") or "")
    return Create(row, parent, name, str(type_name))


def find_only_type(baseline: Baseline) -> str | None:
    """Return the type of all rows that were read, if they have one; new rows without a Type get it."""
    if "Type" not in baseline.frame.columns:
        return None
    found = baseline.frame["Type"].dropna().unique()
    return str(found[0]) if len(found) == 1 else None


def _assign_cells(
    cells: Iterable[Edit], type_name: str, baseline: Baseline
) -> tuple[list[Assignment], list[Refusal]]:
    kind = baseline.repo.schema.get(type_name)
    own = kind.fields if kind is not None else None
    assigned: list[Assignment] = []
    refused: list[Refusal] = []
    for edit in cells:
        if edit.column in ("Type", "Path"):
            continue
        field = field_of(edit.column, baseline)
        if isinstance(field, Field) and own is not None and not field.name.startswith("#"):
            field = own.get(field.name) or f"{with_article(type_name)} has no field {field.name}"
        if isinstance(field, Field) and field.is_secret:
            reason = "" if isinstance(edit.after, str) and edit.after else "a password is a text"
            reason = edit.after.reason if isinstance(edit.after, Unusable) else reason
        else:
            reason = field if isinstance(field, str) else find_problem(field, edit.after)
        if reason or isinstance(field, str):
            refused.append(Refusal(edit, reason))
        elif field.name != "Name":
            assigned.append(Assignment(edit, field))
    return assigned, refused


def _find_absent(
    create: Create, cells: list[Edit], assigned: Iterable[Assignment], baseline: Baseline
) -> list[Refusal]:
    """Return the required fields that a new content lacks."""
    kind = baseline.repo.schema.get(create.type)
    if kind is None:
        return []
    given = {field.name for _, field in assigned} | {edit.column.partition("/")[0] for edit in cells}
    missing = [
        f"{name}: {reason}"
        for name, f in kind.fields.items()
        if name not in given and (reason := explain_absent(f) or _explain_absent_password(f))
    ]
    return [Refusal(cells[0], "; ".join(missing))] if missing else []


def _explain_absent_password(field: Field) -> str:
    """Return the message for a new user without a password; empty for other fields."""
    if field.is_secret and field.compulsory:
        return "is required, in a column of this name; it is never shown or written to journals"
    return ""


def place_rows(frame: pd.DataFrame, created: Mapping[int, tuple[int, Mapping[str, object]]]) -> None:
    """Write the ids, names and paths of new contents into the frame, in place."""
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
    """Set a cell of a frame in place, by row and column; the column gets a dtype that can store it."""
    place = list(frame.columns).index(column)
    try:
        frame.iat[row, place] = cell
        if holds(frame.iat[row, place], cell):
            return
    except (TypeError, ValueError, OverflowError):
        pass
    frame[column] = put(frame[column], [row], [cell])
