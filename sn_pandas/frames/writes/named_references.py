"""References by name among the edits of a save: looked up in bulk before anything is checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from ...odata.refs import Ref, as_ref
from ...odata.schema import Field
from ..columns.cells import Cell, list_items
from ..columns.normalizing import is_list, normalize
from ..columns.unusable import Unusable
from ..reads.finding import Resolver
from ..tracking.baseline import Baseline
from ..tracking.edits import Edit
from .creating import put_cell
from .plan import field_of

if TYPE_CHECKING:
    from ..connection import Connection


def resolve_edits(frame: pd.DataFrame, baseline: Baseline, edits: list[Edit]) -> list[Edit]:
    """Replace references by name with paths in edits, and in the frame, in place.

    A name that stands for no content, or for several, becomes a cell that cannot be used.
    """
    fields = {column: field_of(column, baseline) for column in {edit.column for edit in edits}}
    named = {
        at: field
        for at, edit in enumerate(edits)
        if isinstance(field := fields[edit.column], Field) and find_refs(field, edit.after)
    }
    if not named:
        return edits
    refs = [one for at, field in named.items() for one in find_refs(field, edits[at].after)]
    resolver = Resolver(baseline.repo, refs)
    resolved = list(edits)
    for at, field in named.items():
        edit = edits[at]
        cell = resolve_with(resolver, field, edit.after)
        resolved[at] = edit._replace(after=cell)
        if not isinstance(cell, Unusable):
            put_cell(frame, edit.row, edit.column, cell)
    return resolved


def resolve_cell(repo: Connection, field: Field, cell: Cell) -> Cell:
    """Return a cell with paths in place of references by name, or one that cannot be used."""
    refs = find_refs(field, cell)
    return resolve_with(Resolver(repo, refs), field, cell) if refs else cell


def resolve_with(resolver: Resolver, field: Field, cell: Cell) -> Cell:
    """Return a cell with paths in place of the references by name that a resolver knows."""
    cell = normalize(field, cell)
    paths: list[Cell] = []
    wrong: list[str] = []
    for item in list_items(cell):
        if (one := as_ref(item)) is None:
            paths.append(item)
            continue
        found = resolver.resolve(one, field)
        if isinstance(found, str):
            wrong.append(found)
        else:
            paths.append(str(found["Path"]))
    if wrong:
        return Unusable(cell, "; ".join(wrong))
    return paths if is_list(cell) else paths[0]


def find_refs(field: Field, cell: Cell) -> list[Ref]:
    """Return the references by name in a cell of a field."""
    if field.type != "Reference" or isinstance(cell, Unusable):
        return []
    if isinstance(cell, str) and "ref" not in cell:
        return []
    return [one for item in _list_items(normalize(field, cell)) if (one := as_ref(item)) is not None]


def _list_items(cell: Cell) -> Iterable[Cell]:
    return list_items(cell) if isinstance(cell, str) or is_list(cell) else ()
