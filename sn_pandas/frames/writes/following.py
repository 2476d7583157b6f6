"""Update the columns of a frame that depend on saved values: references and their fields, modification."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...odata.errors import SensenetError
from ..columns.cells import Cell, decode_cell
from ..reads import reading
from ..reads.lookup import Stored
from .works import Patch

if TYPE_CHECKING:
    import pandas as pd

    from ..connection import Connection
    from .stages import Collected


#: What the server sets by itself whenever a content is saved.
STAMPS = frozenset(
    [
        "ModificationDate", "ModifiedBy", "ModifiedById", "Version", "VersionId", "VersionCreationDate",
        "VersionCreatedBy", "VersionModificationDate", "VersionModifiedBy",
    ]
)  # fmt: skip


@dataclasses.dataclass
class Following:
    """Cells of a frame that changed by a save, by column and row position.

    Attributes
    ----------
    cells : dict
        The cells.
    note : str
        What could not be read again.
    """

    cells: dict[str, dict[int, Cell]] = dataclasses.field(default_factory=dict)
    note: str = ""


def follow(collected: Collected, saved: Mapping[int, Patch], seen: Mapping[int, Stored]) -> Following:
    """Return the current values of columns that depend on what was saved.

    A reference reads as paths, whatever it was written as, and ``AssignedTo/FullName`` is that of the new
    one; ``ModificationDate`` and the like are new with each save, and a content without a display name shows
    its new name. What the answers of the save do not show is read with one request for all rows.
    """
    following = Following()
    behind: dict[str, list[str]] = {}
    for column in collected.baseline.frame.columns:
        behind.setdefault(str(column).partition("/")[0], []).append(str(column))
    unread: dict[str, set[int]] = {}
    for row, work in saved.items():
        follows = STAMPS | ({"DisplayName"} if "Name" in work.after else frozenset())
        for name in follows - work.after.keys():
            for column in behind.get(name, ()):
                unread.setdefault(column, set()).add(row)
        for name in work.after:
            field = work.fields[name]
            if not field.is_reference or row not in seen:
                continue
            for column in behind.get(name, ()):
                if column.partition("/")[2] in ("", "Id", "Path"):
                    cell = decode_cell(field, column, seen[row].get(name))
                    following.cells.setdefault(column, {})[row] = cell
                else:
                    unread.setdefault(column, set()).add(row)
    if unread:
        _read(collected, unread, following)
    return following


def _read(collected: Collected, unread: Mapping[str, set[int]], following: Following) -> None:
    rows = sorted(set().union(*unread.values()))
    ids = {int(collected.ids[row]): row for row in rows}
    try:
        read = read_columns(collected.repo, list(unread), ids)
    except SensenetError:
        columns = ", ".join(unread)
        following.note = f"{columns} could not be read again and may be out of date: df.sn.refresh()"
        return
    for column, wanted in unread.items():
        for id_, cell in zip(read.index.tolist(), read[column], strict=True) if column in read else ():
            if ids.get(id_) in wanted:
                following.cells.setdefault(column, {})[ids[id_]] = cell


def read_columns(repo: Connection, columns: Sequence[str], ids: Iterable[int]) -> pd.DataFrame:
    """Read some columns of some contents, indexed by id."""
    query = f"Id:({' '.join(map(str, sorted(ids)))})"
    asked = repo.query("/Root", select=("Name", *columns), query=query, autofilters=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return reading.read(repo, asked, reading.ReadOptions(progress=False))
