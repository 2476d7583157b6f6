"""Edits that a grid before this one left unsaved, offered to be restored or discarded."""

from __future__ import annotations

import dataclasses
import datetime as dt

from ...frames.columns.normalizing import Cell
from ...odata.wording import count_noun
from .history import Key
from .sheet import Done, Sheet, same
from .stash import Left, Values, left_behind


@dataclasses.dataclass(frozen=True)
class Offer:
    """What stashes hold for the rows of a sheet.

    Attributes
    ----------
    cells : dict
        Edited cells of contents: as they were read, and edited.
    rows : list of dict
        New rows.
    doubtful : int
        New rows that were being saved when the session ended: they are not made a second time.
    """

    cells: dict[tuple[Key, str], Values]
    rows: list[dict[str, Cell]]
    doubtful: int
    written: dt.datetime
    parts: list[tuple[Left, set[tuple[Key, str]], set[tuple[Key, str]]]]

    def __str__(self) -> str:
        said = []
        if self.cells:
            rows = len({key for key, _ in self.cells})
            said.append(f"{count_noun(len(self.cells), 'edit')} of {count_noun(rows, 'row')}")
        if self.rows:
            said.append(count_noun(len(self.rows), "new row"))
        text = ""
        if said:
            one = len(self.cells) + len(self.rows) == 1
            when = f"{self.written.astimezone():%Y-%m-%d %H:%M}"
            text = f"{' and '.join(said)}, made until {when}, {'was' if one else 'were'} not saved."
        if self.doubtful:
            text += f" The session ended during a save of {count_noun(self.doubtful, 'new row')}: "
            text += "sn_pandas.journals() says what became of it."
        return text.strip()

    def restore(self, sheet: Sheet) -> Done:
        """Make the edits again, as edits of what was read then, and remove them from the stashes."""
        done = sheet.restore(self.cells, self.rows)
        for left, offered, _ in self.parts:
            left.without(offered)
        return done

    def discard(self) -> None:
        """Remove the edits from the stashes."""
        for left, offered, doubtful in self.parts:
            left.without(offered | doubtful)


def find_offer(sheet: Sheet) -> Offer | None:
    """Return the unsaved edits for the rows of a sheet; what it holds already is forgotten."""
    cells: dict[tuple[Key, str], Values] = {}
    rows: list[dict[str, Cell]] = []
    parts = []
    doubtful_rows = 0
    takes_rows = bool(sheet.place) and not sheet.why_no_rows()
    for left in left_behind(sheet.baseline):
        settled: set[tuple[Key, str]] = set()
        offered: set[tuple[Key, str]] = set()
        new: dict[Key, dict[str, Cell]] = {}
        for cell, (before, after) in left.cells.items():
            key, column = cell
            if column not in sheet.columns:
                continue
            if sheet.has(key) and same(sheet.held(key, column), after):
                settled.add(cell)
            elif isinstance(key, str):
                new.setdefault(key, {})[column] = after
            elif sheet.has(key) and not sheet.why_fixed(key, column):
                offered.add(cell)
                cells[cell] = before, after
        doubtful: set[tuple[Key, str]] = set()
        for key, row in new.items() if takes_rows and left.place == sheet.place else ():
            made = {(key, column) for column in row}
            if key in left.sent:
                doubtful |= made
                doubtful_rows += 1
            else:
                offered |= made
                rows.append(row)
        left = left.without(settled) if settled else left
        if offered or doubtful:
            parts.append((left, offered, doubtful))
    if not parts:
        return None
    written = max(left.written for left, _, _ in parts)
    return Offer(cells, rows, doubtful_rows, written, parts)
