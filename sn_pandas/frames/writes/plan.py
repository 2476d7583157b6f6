"""From edited cells to requests: the field of each column, and the PATCH of each row."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from ...odata.errors import SaveWarning, did_you_mean
from ...odata.schema import PSEUDO_FIELDS, Field, Schema
from ...odata.warning import warn_user
from ...odata.wording import count_noun, with_article
from ..columns.cells import are_same_cells, encode, is_missing
from ..columns.encoders import has_no_zone
from ..reads.lookup import Stored
from ..tracking.baseline import Baseline
from ..tracking.edits import Edit, find_renamed
from ..tracking.matching import match_rows
from .checking import find_problem
from .hidden import learn
from .works import Patch

#: What ``str``, ``map(str)`` and f-strings make of a missing cell.
_TEXTS_OF_MISSING = frozenset(["nan", "NaN", "None", "<NA>", "NaT", "null"])
_NO_PASSWORDS = "passwords of users that exist are set one by one: repo.patch(path, {'Password': …})"


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A cell that cannot be saved, with the reason."""

    edit: Edit
    reason: str


class Assignment(NamedTuple):
    """An edit that can be saved, and the field that it writes."""

    edit: Edit
    field: Field


def field_of(column: str, baseline: Baseline) -> Field | str:
    """Return the field that an edit of a column writes, or why it cannot be written.

    The columns ``AssignedTo``, ``AssignedTo/Id`` and ``AssignedTo/Path`` write the reference ``AssignedTo``.
    """
    schema = baseline.repo.schema
    first, _, rest = column.partition("/")
    field = baseline.fields.get(first) or schema.fields.get(first)
    if field is None or first in PSEUDO_FIELDS:
        return f"{first} is not a field that can be written.{did_you_mean(first, schema.fields)}"
    if rest and (not field.is_reference or rest not in ("Id", "Path")):
        return (
            f"{column} belongs to the content that {first} refers to; read and save that one, "
            f"or write {first}/Id to refer to another"
        )
    return field


def assign(
    edits: Iterable[Edit], baseline: Baseline, types: Mapping[int, str]
) -> tuple[list[Assignment], list[Refusal]]:
    """Return the field that each edit writes, and the edits that cannot be saved.

    ``types`` says the content type by id, as far as it is known.
    """
    schema = baseline.repo.schema
    learn(baseline.repo, types)
    assigned: list[Assignment] = []
    refused: list[Refusal] = []
    written: dict[tuple[int, str], Edit] = {}
    for edit in edits:
        field = field_of(edit.column, baseline)
        type_name = types.get(edit.id)
        if isinstance(field, Field) and type_name is not None:
            own = get_own_field(field, type_name, schema)
            field = own or f"{with_article(type_name)} has no field {field.name}, the server would ignore it"
        reason = field if isinstance(field, str) else find_problem(field, edit.after)
        if isinstance(field, Field) and not reason:
            twice = written.setdefault((edit.row, field.name), edit)
            if twice is not edit and not are_same_cells(field, twice.after, edit.after):
                reason = f"{twice.column} has another value in the same row: edit only one of the two columns"
        if isinstance(field, str) or reason:
            refused.append(Refusal(edit, reason))
        else:
            assigned.append(Assignment(edit, field))
    return assigned, refused


def get_own_field(field: Field, type_name: str, schema: Schema) -> Field | None:
    """Return the field as a content type defines it; fields of lists and aspects unchanged."""
    if type_name not in schema or field.name.startswith("#") or "." in field.name:
        return field
    return schema[type_name].fields.get(field.name)


def build_patches(
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


def build_assignment(work: Patch, name: str) -> Assignment:
    """Return an edit as it is going to be sent."""
    edit = work.edits[name]
    if name in work.chosen:
        edit = edit._replace(after=work.chosen[name])
    return Assignment(edit, work.fields[name])


def get_types(edits: Sequence[Edit], baseline: Baseline) -> dict[int, str]:
    """Return the content types that were read with the frame, by id."""
    if "Type" not in baseline.frame.columns:
        return {}
    ids = [edit.id for edit in edits if edit.id > 0]
    types = baseline.frame["Type"].reindex(list(dict.fromkeys(ids)))
    return {int(id_): str(name) for id_, name in types.items() if not is_missing(name)}  # type: ignore[call-overload]  # the index holds ids


def get_stored_types(stored: Mapping[int, Stored]) -> dict[int, str]:
    """Return the content types by id of contents that were just looked at."""
    return {id_: str(row["Type"]) for id_, row in stored.items() if row.get("Type")}


def get_fields(edits: Iterable[Edit], baseline: Baseline) -> dict[str, Field]:
    """Return the fields that edits write, by name."""
    found = {column: field_of(column, baseline) for column in {edit.column for edit in edits}}
    return {field.name: field for field in found.values() if isinstance(field, Field) and field.editable}


def iter_unread(frame: pd.DataFrame, baseline: Baseline) -> Iterator[tuple[str, str]]:
    """Yield columns that look like fields and are not saved, because they were not read, with the reason."""
    names = {name.lower(): name for name in baseline.fields if "/" not in name}
    missing = baseline.frame.columns.difference(frame.columns, sort=False)
    rows = match_rows(frame, baseline) if len(missing) else None
    gone = [name for name in missing if _is_written(name, baseline)]
    for column in frame.columns.difference(baseline.frame.columns, sort=False):
        name = names.get(str(column).lower())
        if name is not None and name != column:
            yield str(column), f"did you mean {name}?"
        elif rows and (old := find_renamed(column, missing, frame, baseline, rows)):
            yield str(column), f"it was read as {old}, so rename the column back to save it"
        elif rows and (old := _of_the_same_kind(column, gone, frame, baseline)):
            yield (
                str(column),
                f"it is not a field, and the column {old} that was read is gone. If this is it, rename it "
                "back",
            )
        elif (
            name is None
            and (field := _find_fitting_field(str(column), baseline))
            and _is_filled(column, frame, baseline)
        ):
            said = "it was not read, so changes by others could not be detected; read it as well"
            yield str(column), _NO_PASSWORDS if field.is_secret else said


def warn_of_unread(frame: pd.DataFrame, baseline: Baseline) -> None:
    """Warn of the columns that look like fields and are not saved."""
    for column, reason in iter_unread(frame, baseline):
        warn_user(f"the column {column} is not saved: {reason}", SaveWarning)


def _is_written(column: str, baseline: Baseline) -> bool:
    """Return whether edits of a column that was read are saved."""
    field = field_of(column, baseline)
    return isinstance(field, Field) and field.editable


def _of_the_same_kind(
    column: Hashable, gone: Sequence[str], frame: pd.DataFrame, baseline: Baseline
) -> str | None:
    """Return the missing column that a new column, which is not a field, may be a renaming of.

    As many are gone as came: where some were left out and others added, nothing was renamed.
    """
    dtype = frame[column].dtype
    come = [
        name
        for name in frame.columns.difference(baseline.frame.columns, sort=False)
        if name != "Id" and name not in baseline.repo.schema.fields and frame[name].dtype == dtype
    ]
    went = [old for old in gone if baseline.frame[old].dtype == dtype]
    return went[come.index(column)] if column in come and len(come) == len(went) else None


def _find_fitting_field(column: str, baseline: Baseline) -> Field | None:
    """Return the field of a column's name that the content types of a frame have."""
    schema = baseline.repo.schema
    read = (
        baseline.frame["Type"].dropna().unique() if "Type" in baseline.frame.columns else ["GenericContent"]
    )
    types = [name for name in read if name in schema and column != "Id"]
    fields = (schema[name].fields.get(column) for name in types)
    return next((f for f in fields if f is not None and (f.editable or f.is_secret)), None)


def _is_filled(column: Hashable, frame: pd.DataFrame, baseline: Baseline) -> bool:
    """Return whether the row of an existing content has a value in a column."""
    ids = match_rows(frame, baseline).ids
    return bool(frame[column].notna().to_numpy()[ids > 0].any())


def find_edits_without_zone(assigned: Iterable[Assignment]) -> list[Edit]:
    """Return the edited dates without a time zone."""
    return [
        edit
        for edit, field in assigned
        if field.is_date and not is_missing(edit.after) and has_no_zone(edit.after)
    ]


def warn_of_missing(assigned: Iterable[Assignment]) -> None:
    """Warn of missing cells that ``str`` turned into text, with the line that restores them."""
    columns: dict[str, list[str]] = {}
    for edit, field in assigned:
        named = isinstance(edit.after, str) and edit.after.strip() in _TEXTS_OF_MISSING
        if named and is_missing(edit.before) and (field.is_text or field.extra_values):
            columns.setdefault(edit.column, []).append(edit.after)
    for column, found in columns.items():
        texts = list(dict.fromkeys(found))
        warn_user(
            f"{count_noun(len(found), 'missing cell')} of {column} became the text "
            f"{' and '.join(map(repr, texts))}, which would be saved as it is: "
            f"df[{column!r}] = df[{column!r}].mask(df[{column!r}].isin({texts}))",
            SaveWarning,
        )
