"""From edited cells to what is sent: the field that each column writes, and the PATCH of each row."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from ...odata.errors import SaveWarning, did_you_mean
from ...odata.schema import PSEUDO_FIELDS, Field, Schema
from ..tracking import Baseline, rows_of
from .cells import encode, has_no_zone, is_missing, same_cell
from .changes import Edit, renamed
from .checking import problem
from .looking import Stored
from .works import Patch


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A cell that cannot be saved, and why."""

    edit: Edit
    reason: str


class Assignment(NamedTuple):
    """An edit that can be saved, and the field that it writes."""

    edit: Edit
    field: Field


def field_of(column: str, baseline: Baseline) -> Field | str:
    """Give the field that an edit of a column writes, or why it cannot be written.

    The columns ``AssignedTo``, ``AssignedTo/Id`` and ``AssignedTo/Path`` write the reference ``AssignedTo``.
    """
    schema = baseline.repo.schema
    first, _, rest = column.partition("/")
    field = baseline.fields.get(first) or schema.fields.get(first)
    if field is None or first in PSEUDO_FIELDS:
        return f"{first} is no field that can be written.{did_you_mean(first, schema.fields)}"
    if rest and (not field.is_reference or rest not in ("Id", "Path")):
        return (
            f"{column} belongs to the content that {first} refers to; read and save that one, "
            f"or write {first}/Id to refer to another"
        )
    return field


def assign(
    edits: Iterable[Edit], baseline: Baseline, types: Mapping[int, str]
) -> tuple[list[Assignment], list[Refusal]]:
    """Say which field each edit writes, and which edits cannot be saved.

    ``types`` says the content type by id, as far as it is known.
    """
    schema = baseline.repo.schema
    assigned: list[Assignment] = []
    refused: list[Refusal] = []
    written: dict[tuple[int, str], Edit] = {}
    for edit in edits:
        field = field_of(edit.column, baseline)
        type_name = types.get(edit.id)
        if isinstance(field, Field) and type_name is not None:
            own = own_field(field, type_name, schema)
            field = own or f"a {type_name} has no field {field.name}, the server would ignore it"
        reason = field if isinstance(field, str) else problem(field, edit.after)
        if isinstance(field, Field) and not reason:
            twice = written.setdefault((edit.row, field.name), edit)
            if twice is not edit and not same_cell(field, twice.after, edit.after):
                reason = f"{twice.column} says something else in the same row: edit one of the two columns"
        if isinstance(field, str) or reason:
            refused.append(Refusal(edit, reason))
        else:
            assigned.append(Assignment(edit, field))
    return assigned, refused


def own_field(field: Field, type_name: str, schema: Schema) -> Field | None:
    """Give the field as a content type defines it; fields of lists and aspects are of no type."""
    if type_name not in schema or field.name.startswith("#") or "." in field.name:
        return field
    return schema[type_name].fields.get(field.name)


def patches_of(
    assigned: Iterable[Assignment],
    paths: Mapping[int, str | None],
    unsure: Mapping[str, Collection[int]],
) -> list[Patch]:
    """Put the edits of each row together; ``unsure``: those of a ``Baseline``."""
    patches: dict[int, Patch] = {}
    for edit, field in assigned:
        patch = patches.setdefault(edit.row, Patch(edit.row, edit.id, paths.get(edit.id)))
        patch.before[field.name] = encode(field, edit.before)
        patch.after[field.name] = encode(field, edit.after)
        patch.fields[field.name] = field
        patch.edits[field.name] = edit
        if edit.id in unsure.get(edit.column, ()):
            patch.unsure.add(field.name)
    return list(patches.values())


def types_of(edits: Sequence[Edit], baseline: Baseline) -> dict[int, str]:
    """Give the content types that were read with the frame, by id."""
    if "Type" not in baseline.frame.columns:
        return {}
    ids = [edit.id for edit in edits if edit.id > 0]
    types = baseline.frame["Type"].reindex(list(dict.fromkeys(ids)))
    return {int(id_): str(name) for id_, name in types.items() if not is_missing(name)}  # type: ignore[call-overload]  # the index holds ids


def typed(stored: Mapping[int, Stored]) -> dict[int, str]:
    """Give the content types by id of contents that were just looked at."""
    return {id_: str(row["Type"]) for id_, row in stored.items() if row.get("Type")}


def fields_of(edits: Iterable[Edit], baseline: Baseline) -> dict[str, Field]:
    """Give the fields that edits write, by name."""
    found = {column: field_of(column, baseline) for column in {edit.column for edit in edits}}
    return {field.name: field for field in found.values() if isinstance(field, Field) and field.editable}


def unread_of(frame: pd.DataFrame, baseline: Baseline) -> Iterator[tuple[str, str]]:
    """Give columns that look like fields and are not saved, because they were not read, with the reason."""
    names = {name.lower(): name for name in baseline.fields if "/" not in name}
    missing = baseline.frame.columns.difference(frame.columns, sort=False)
    rows = rows_of(frame, baseline) if len(missing) else None
    gone = [name for name in missing if _is_written(name, baseline)]
    for column in frame.columns.difference(baseline.frame.columns, sort=False):
        name = names.get(str(column).lower())
        if name is not None and name != column:
            yield str(column), f"did you mean {name}?"
        elif rows and (old := renamed(column, missing, frame, baseline, rows)):
            yield str(column), f"it was read as {old}, and columns go by their names; name it so again"
        elif rows and (old := _of_the_same_kind(str(column), gone, frame, baseline)):
            yield (
                str(column),
                f"it is no field, and {old} was read and is gone; if it is that, rename it back",
            )
        elif name is None and _fits(str(column), frame, baseline) and _is_filled(column, frame, baseline):
            yield (
                str(column),
                "it was not read, so changes by others could not be seen; read it, too",
            )


def warn_of_unread(frame: pd.DataFrame, baseline: Baseline, stacklevel: int) -> None:
    """Warn of the columns that look like fields and are not saved."""
    for column, reason in unread_of(frame, baseline):
        warnings.warn(f"the column {column} is not saved: {reason}", SaveWarning, stacklevel=stacklevel + 1)


def _is_written(column: str, baseline: Baseline) -> bool:
    """Whether edits of a column that was read are saved."""
    field = field_of(column, baseline)
    return isinstance(field, Field) and field.editable


def _of_the_same_kind(
    column: str, gone: Sequence[str], frame: pd.DataFrame, baseline: Baseline
) -> str | None:
    """Give the column that was read and is gone which a new one that is no field may be.

    As many are gone as came: where some were left out and others added, nothing was renamed.
    """
    dtype = frame[column].dtype
    come = [
        str(name)
        for name in frame.columns.difference(baseline.frame.columns, sort=False)
        if name != "Id" and name not in baseline.repo.schema.fields and frame[name].dtype == dtype
    ]
    went = [old for old in gone if baseline.frame[old].dtype == dtype]
    return went[come.index(column)] if column in come and len(come) == len(went) else None


def _fits(column: str, frame: pd.DataFrame, baseline: Baseline) -> bool:
    """Whether the content types of a frame, or all if they are not known, have a field of a column's name."""
    schema = baseline.repo.schema
    read = (
        baseline.frame["Type"].dropna().unique() if "Type" in baseline.frame.columns else ["GenericContent"]
    )
    types = [name for name in read if name in schema and column != "Id"]
    return any(column in schema[name].fields and schema[name].fields[column].editable for name in types)


def _is_filled(column: Hashable, frame: pd.DataFrame, baseline: Baseline) -> bool:
    """Whether a row that is a content already has something in a column."""
    ids = rows_of(frame, baseline).ids
    return bool(frame[column].notna().to_numpy()[ids > 0].any())


def no_zone(assigned: Iterable[Assignment]) -> list[Edit]:
    """Give the edits of dates that say no time zone."""
    return [
        edit
        for edit, field in assigned
        if field.type == "DateTime" and not is_missing(edit.after) and has_no_zone(edit.after)
    ]
