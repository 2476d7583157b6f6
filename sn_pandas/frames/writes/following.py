"""What else a frame shows of what was saved: references as they read, and columns behind them."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...odata.errors import SensenetError
from ..columns.cells import Cell, decoded
from ..reads import reading
from ..reads.lookup import Stored
from .works import Patch

if TYPE_CHECKING:
    from .stages import Collected


@dataclasses.dataclass
class Following:
    """Cells that a frame shows otherwise after a save, by column and position of the row.

    Attributes
    ----------
    cells : dict
        The cells.
    note : str
        What could not be read again.
    """

    cells: dict[str, dict[int, Cell]] = dataclasses.field(default_factory=dict)
    note: str = ""


def follow_references(
    collected: Collected, saved: Mapping[int, Patch], seen: Mapping[int, Stored]
) -> Following:
    """Return how the columns of edited references read now.

    A reference reads as paths, whatever it was written as, and ``AssignedTo/FullName`` is that of the new
    one. What the answers of the save do not show is read with one request for all rows.
    """
    following = Following()
    behind: dict[str, list[str]] = {}
    for column in collected.baseline.frame.columns:
        behind.setdefault(str(column).partition("/")[0], []).append(str(column))
    unread: dict[str, set[int]] = {}
    for row, work in saved.items():
        for name in work.after:
            field = work.fields[name]
            if not field.is_reference or row not in seen:
                continue
            for column in behind.get(name, ()):
                if column.partition("/")[2] in ("", "Id", "Path"):
                    cell = decoded(field, column, seen[row].get(name))
                    following.cells.setdefault(column, {})[row] = cell
                else:
                    unread.setdefault(column, set()).add(row)
    if unread:
        _read(collected, unread, following)
    return following


def _read(collected: Collected, unread: Mapping[str, set[int]], following: Following) -> None:
    rows = sorted(set().union(*unread.values()))
    ids = {int(collected.ids[row]): row for row in rows}
    query = f"Id:({' '.join(map(str, sorted(ids)))})"
    asked = collected.repo.query("/Root", select=("Name", *unread), query=query, autofilters=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = reading.read(collected.repo, asked, reading.ReadOptions(progress=False))
    except SensenetError:
        columns = ", ".join(unread)
        following.note = f"{columns} could not be read again and may be out of date: df.sn.refresh()"
        return
    for column, wanted in unread.items():
        for id_, cell in zip(read.index.tolist(), read[column], strict=True) if column in read else ():
            if ids.get(id_) in wanted:
                following.cells.setdefault(column, {})[ids[id_]] = cell
