"""A tracked frame as the grid shows and edits it: rows in an order, texts, marks, steps that can be undone.

Nothing here knows of a page. The frame itself holds the cells: an edit of the sheet is an edit of the frame,
and what Python does to the frame is in the sheet after :meth:`Sheet.sync`.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...frames.accessor.sheet_columns import build_sheet_columns, make_labels_unique
from ...frames.columns.coercing import Coercion
from ...frames.columns.kinds import get_column_kind
from ...frames.columns.normalizing import Cell, are_equal, is_missing, to_plain
from ...frames.replacing import put
from ...frames.spreadsheets.sheet_cells import Column
from ...frames.tracking.baseline import Baseline, get_baseline, rebase
from ...frames.tracking.edits import Edit, find_edits
from ...frames.tracking.matching import match_rows
from ...frames.writes.creating import build_drafts, find_only_type
from ...frames.writes.plan import assign, field_of, get_types
from ...odata.errors import TrackingError
from ...odata.schema import Field
from .cells import write
from .history import Change, History, Key, Step
from .links import link_of
from .ordering import Positions, ranks, sort
from .rows import apart, folder_of, insert, new_rows, take_out, why_none
from .texts import block_of_rows, parse_text, rows_of_block, text_of, texts_of

Which = Literal["all", "changed", "problems", "failed"]
#: Columns that say what is about a row, beside those of the frame.
ABOUT: Mapping[str, str] = {"*change": "Change", "*problem": "Problem", "*outcome": "Outcome"}
_SETTLED = ("saved", "unchanged", "undone")
_SAVING = "Rows come and go when the save has ended."
_OWN = "a column of your own, which is not saved: edit it in Python"
#: What says which content a new row becomes, and where; of contents that exist, it stays.
_PLACE = {name: Field(name, "ShortText") for name in ("Type", "Path")}


@dataclasses.dataclass(frozen=True)
class Done:
    """What became of an edit: how many cells it changed, and those that it left as they are.

    Attributes
    ----------
    cells : list
        The cells that changed, as keys of their rows and columns.
    position : int or None
        Where the first of them stands among the rows that are shown.
    read_only : int
        Cells that cannot be edited.
    cut : int
        Cells of a block that stand outside of the sheet.
    skipped : int
        Cells and rows that an undo left alone, because they were changed by something else since.
    added, removed : int
        New rows that came, and that went.
    saving : int
        Cells that it left alone because their rows are being saved.
    """

    cells: list[tuple[Key, str]]
    position: int | None = None
    read_only: int = 0
    cut: int = 0
    skipped: int = 0
    added: int = 0
    removed: int = 0
    saving: int = 0


class Sheet:
    """The rows and columns of a tracked frame, and the edits that are made in them.

    Parameters
    ----------
    frame : DataFrame
        The frame; edits go into this very one.
    dayfirst, decimal
        How dates and numbers that are typed or pasted are read; see ``Repository.import_rows``.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        dayfirst: bool | None = None,
        decimal: Literal[".", ","] | None = None,
    ) -> None:
        self.frame = frame
        self.lock = threading.RLock()
        self.order = 0
        self.outcomes: dict[Key, tuple[str, str]] = {}
        self._coercion = Coercion(dayfirst=dayfirst, decimal=decimal)
        self._history = History()
        self._sorts: list[tuple[str, bool]] = []
        self._which: Which = "all"
        self._needle = ""
        self._server_problems: dict[tuple[Key, str], tuple[Cell, str]] = {}
        self._names: dict[str, str] = {}
        baseline = self.baseline
        if baseline.query.version:
            raise TrackingError(
                f"the frame shows the version {baseline.query.version}, and edits of an old version cannot "
                "be saved. Attach it to the latest version with df.sn.rebase()"
            )
        #: The rows that are being saved, which cannot be edited meanwhile.
        self.saving: frozenset[Key] = frozenset()
        #: The content types that new rows may have.
        self.types: list[str] = []
        self.columns: dict[str, Column] = {}
        #: Columns whose cells are links.
        self.links: list[str] = []
        self._column_names: list[str] = []
        self.reasons: dict[str, str] = {}
        self._fields: dict[str, Field] = {}
        self.keys: list[Key] = []
        self._positions: dict[Key, int] = {}
        self.edits: dict[tuple[Key, str], Edit] = {}
        self.problems: dict[tuple[Key, str], str] = {}
        self._changes: dict[Key, int] = {}
        self._problem_rows: dict[Key, str] = {}
        self.view: Positions = np.empty(0, dtype=np.intp)
        self.sync()

    # ---- what the frame holds ----

    @property
    def baseline(self) -> Baseline:
        """What the frame was read as; another one after each save."""
        return get_baseline(self.frame)

    @property
    def totals(self) -> dict[str, int]:
        """Numbers of rows, of changed cells and rows, of problems, and of rows that a save left open."""
        undo, redo = self._history.counts
        failed = sum(1 for outcome, _ in self.outcomes.values() if outcome not in _SETTLED)
        return {
            "rows": len(self.frame), "shown": len(self.view), "cells": len(self.edits),
            "changed": len(self._changes), "problems": len(self.problems), "failed": failed,
            "undo": undo, "redo": redo, "new": sum(1 for key in self.keys if isinstance(key, str)),
        }  # fmt: skip

    def sync(self) -> bool:
        """Take over what Python did to the frame; return whether rows or columns came, went or moved."""
        with self.lock:
            moved = self._match()
            self._look(self.baseline)
            if moved:
                self._arrange()
            return moved

    def _match(self) -> bool:
        """Match rows and columns with those of the frame; return whether some came, went or moved."""
        baseline = self.baseline
        rows = match_rows(self.frame, baseline)
        keys: list[Key] = [
            int(id_) if id_ > 0 else new_key(label)
            for id_, label in zip(rows.ids.tolist(), self.frame.index, strict=True)
        ]
        names = [str(name) for name in self.frame.columns]
        same = keys == self.keys and names == self._column_names
        self.keys = keys
        self._positions = {key: position for position, key in enumerate(keys)}
        if names != self._column_names:
            self._column_names = names
            self._set_columns(baseline)
        return not same

    def _set_columns(self, baseline: Baseline) -> None:
        self.columns, self.reasons, self._fields, self.links = {}, {}, {}, []
        for column in build_sheet_columns(self.frame, baseline):
            self.columns[column.name] = dataclasses.replace(column, labels=dict(column.labels))
            field = field_of(column.name, baseline) if column.kind != "own" else _OWN
            if isinstance(field, str):
                self.reasons[column.name] = field
            elif field.why_not_editable:
                self.reasons[column.name] = field.why_not_editable
            elif not get_column_kind(field).checks:
                self.reasons[column.name] = f"a field of type {field.type} cannot be edited here"
            if isinstance(field, Field):
                self._fields[column.name] = field
            first, _, rest = column.name.partition("/")
            written = baseline.repo.schema.fields.get(rest or first)
            if (rest or first) == "Path" or (written is not None and written.type == "Binary"):
                self.links.append(column.name)

    def field(self, column: str, key: Key | None = None) -> Field | None:
        """Return the field that edits of a column, in a row, write; None if there is none."""
        return _PLACE[column] if isinstance(key, str) and column in _PLACE else self._fields.get(column)

    def why_fixed(self, key: Key, column: str) -> str:
        """Return why a cell cannot be edited; empty if it can."""
        if isinstance(key, str) and column in _PLACE:
            return ""
        return self.reasons.get(column, "" if column in self._fields else _OWN)

    def why_no_rows(self) -> str:
        """Return why the frame takes no new rows now; empty if it does."""
        return _SAVING if self.saving else why_none(self.frame, self.baseline)

    def _look(self, baseline: Baseline) -> None:
        """Find the edits of the frame, and the problems that can be seen without asking the server."""
        edits = find_edits(self.frame, baseline)
        self.edits = {(self.keys[edit.row], edit.column): edit for edit in edits}
        existing = [edit for edit in edits if edit.id > 0]
        _, refused = assign(existing, baseline, get_types(existing, baseline))
        new = [edit for edit in edits if edit.id < 0]
        refused += build_drafts(new, baseline)[2] if new else []
        self.problems = {}
        for refusal in refused:
            self.problems.setdefault((self.keys[refusal.edit.row], refusal.edit.column), refusal.reason)
        for cell, (after, reason) in list(self._server_problems.items()):
            edit = self.edits.get(cell)
            if edit is not None and (edit.after is after or same(edit.after, after)):
                self.problems.setdefault(cell, reason)
            else:
                del self._server_problems[cell]
        self._changes = {key: 0 for key in self.keys if isinstance(key, str)}
        for key, _ in self.edits:
            self._changes[key] = self._changes.get(key, 0) + 1
        self._problem_rows = {}
        for (key, column), reason in self.problems.items():
            said = f"{self._header(column)}: {reason}"
            before = self._problem_rows.get(key)
            self._problem_rows[key] = f"{before}; {said}" if before else said

    def _header(self, column: str) -> str:
        return self.columns[column].header if column in self.columns else column

    def set_server_problems(self, found: Mapping[tuple[Key, str], str]) -> None:
        """Remember what only the server knew of some cells, until they are edited again."""
        with self.lock:
            self._server_problems = {
                cell: (self.edits[cell].after, reason) for cell, reason in found.items() if cell in self.edits
            }
            self._look(self.baseline)

    # ---- the rows that are shown ----

    def arrange(self, sorts: Iterable[tuple[str, bool]], which: Which = "all", needle: str = "") -> None:
        """Sort and filter the rows; an edit moves or hides no row until this is called again.

        Parameters
        ----------
        sorts : iterable of (str, bool)
            Columns, and whether they are ascending; the first counts most.
        which : {"all", "changed", "problems", "failed"}
            The rows to be shown.
        needle : str
            A text that they have in some cell as it is shown; letter case does not matter.
        """
        with self.lock:
            self._sorts = [(name, bool(up)) for name, up in sorts if name in self.columns or name in ABOUT]
            self._which, self._needle = which, needle.casefold()
            self._look(self.baseline)
            self._arrange()

    def _arrange(self) -> None:
        positions = np.arange(len(self.keys), dtype=np.intp)
        chosen: Collection[Key] | None = None
        if self._which == "changed":
            chosen = self._changes
        elif self._which == "problems":
            chosen = self._problem_rows
        elif self._which == "failed":
            chosen = {key for key, (outcome, _) in self.outcomes.items() if outcome not in _SETTLED}
        if chosen is not None:
            positions = np.array(
                sorted(self._positions[key] for key in chosen if key in self._positions), dtype=np.intp
            )
        if self._needle:
            positions = positions[self._having(self._needle, positions)]
        keys = [(self._ranks(name), ascending) for name, ascending in self._sorts]
        self.view = sort(positions, keys)
        self.order += 1

    def _having(self, needle: str, positions: Positions) -> np.ndarray:
        found = np.zeros(len(positions), dtype=bool)
        for name in [*self.columns, *ABOUT]:
            rest = np.flatnonzero(~found)
            texts = self.texts(name, positions[rest])
            found[rest] = [needle in text.casefold() for text in texts]
        return found

    def _ranks(self, name: str) -> Any:
        texts = self.texts(name, np.arange(len(self.keys), dtype=np.intp))
        column = self.columns.get(name) or Column(name, name, "text")
        cells = self.frame[name] if name in self.columns else pd.Series(texts, dtype=object)
        return ranks(column, cells, texts)

    def texts(self, name: str, positions: Positions) -> list[str]:
        """Return what some rows of the frame show in a column."""
        if name in ABOUT:
            return [self._about(name, self.keys[position]) for position in positions]
        return texts_of(self.columns[name], self.frame[name].array.take(positions))

    def _about(self, name: str, key: Key) -> str:
        if name == "*change":
            count = self._changes.get(key, 0)
            if isinstance(key, str):
                return "new"
            return f"{count} cell{'s' if count > 1 else ''}" if count else ""
        if name == "*problem":
            return self._problem_rows.get(key, "")
        outcome, reason = self.outcomes.get(key, ("", ""))
        return f"{outcome}: {reason}" if reason else outcome

    def block(self, start: int, size: int) -> dict[str, Any]:
        """Return some rows that are shown: keys, texts by column, and marks of the cells that are not plain.

        A mark is the row within the block, the column, ``changed`` or ``invalid``, the text as it was read,
        and the problem.
        """
        with self.lock:
            positions = self.view[start : start + size]
            keys = [self.keys[position] for position in positions]
            marks = []
            offsets = {key: offset for offset, key in enumerate(keys) if key in self._changes}
            for (key, column), edit in self.edits.items() if offsets else ():
                if key in offsets and column in self.columns:
                    marks.append([offsets[key], column, *self._mark(key, column, edit)])
            for (key, column), problem in self.problems.items():
                if (key, column) not in self.edits and key in offsets and column in self.columns:
                    marks.append([offsets[key], column, "invalid", "", problem])
            return {
                "order": self.order,
                "start": start,
                "keys": keys,
                "columns": {name: self.texts(name, positions) for name in [*self.columns, *ABOUT]},
                "marks": marks,
                "links": {name: self._links(name, positions) for name in self.links},
                "saving": [offset for offset, key in enumerate(keys) if key in self.saving],
            }

    def _links(self, name: str, positions: Positions) -> list[str]:
        origin = self.baseline.repo.url
        return [link_of(origin, cell) for cell in self.frame[name].array.take(positions)]

    def _mark(self, key: Key, column: str, edit: Edit) -> tuple[str, str, str]:
        problem = self.problems.get((key, column), "")
        return "invalid" if problem else "changed", text_of(self.columns[column], edit.before), problem

    def position_of(self, key: Key) -> int | None:
        """Return where a row stands among those that are shown; None if it is not."""
        at = self._positions.get(key)
        found = np.flatnonzero(self.view == (-1 if at is None else at))
        return int(found[0]) if len(found) else None

    def has(self, key: Key) -> bool:
        """Return whether the frame has a row."""
        return key in self._positions

    def held(self, key: Key, column: str) -> Cell:
        """Return what a cell of a row holds."""
        return self.frame[column].iat[self._positions[key]]

    @property
    def place(self) -> str:
        """The folder whose children were read; empty if the frame shows something else."""
        return folder_of(self.baseline)

    # ---- edits ----

    def problem_of(self, key: Key, column: str, text: str) -> str:
        """Return why a text that is being typed could not be saved; empty if it could, as far as is known."""
        with self.lock:
            field = self.field(column, key)
            if field is None or (why := self.why_fixed(key, column)) or key not in self._positions:
                return self.reasons.get(column, "") if field is None else why
            baseline, row = self.baseline, self._positions[key]
            cell = parse_text(self.columns[column], field, text, self._coercion)
            before = self.frame[column].iat[row]
            if isinstance(key, int):
                edit = Edit(row, key, column, before, cell)
                refused = assign([edit], baseline, get_types([edit], baseline))[1]
            else:
                edits = [e for (other, name), e in self.edits.items() if other == key and name != column]
                refused = build_drafts([*edits, Edit(row, -1, column, None, cell)], baseline)[2]
            return next((refusal.reason for refusal in refused if refusal.edit.column == column), "")

    def edit(self, cells: Iterable[tuple[Key, str, str]]) -> Done:
        """Type texts into cells: one step of the history."""
        with self.lock:
            return self._type([(key, column, text) for key, column, text in cells])

    def paste(self, start: int, columns: Sequence[str], text: str, rows: int = 1) -> Done:
        """Paste a block of a spreadsheet.

        Parameters
        ----------
        start : int
            The first row, as it is shown.
        columns : sequence of str
            The columns from the first one on, in the order in which they are shown.
        rows : int
            The rows that are selected: one line, or several that fit into them, fill all of them.

        Lines below the last row become new rows, where the frame takes some.
        """
        with self.lock:
            block = rows_of_block(text)
            if block and rows > len(block) and rows % len(block) == 0:
                block = block * (rows // len(block))
            more = start + len(block) - len(self.view)
            added = None
            if more > 0 and not self.why_no_rows():
                added = new_rows(self.frame, [self._blank()] * more)
                self._insert(added)
            shown = self.view[start : start + len(block)]
            cells = [
                (self.keys[position], column, cell)
                for position, line in zip(shown, block, strict=False)
                for column, cell in zip(columns, line, strict=False)
            ]
            done = self._type(cells, added)
            return dataclasses.replace(done, cut=sum(map(len, block)) - len(cells))

    def add(self, rows: Sequence[Mapping[str, Cell]] = ()) -> Done:
        """Append rows for new contents, an empty one if none are given: one step of the history.

        Raises
        ------
        TrackingError
            If the frame lacks the columns that say what they become.
        """
        with self.lock:
            if why := self.why_no_rows():
                raise TrackingError(why)
            return self._record(Step(added=new_rows(self.frame, rows or [self._blank()])))

    def remove(self, start: int, rows: int) -> Done:
        """Remove the new rows among some that are shown; contents that exist stay."""
        with self.lock:
            keys = [self.keys[position] for position in self.view[start : start + rows]]
            new = [self._positions[key] for key in keys if isinstance(key, str)]
            if new and self.saving:
                raise TrackingError(_SAVING)
            if not new:
                return Done([])
            return self._record(Step(removed=apart(self.frame.iloc[new])))

    def restore(
        self, cells: Mapping[tuple[Key, str], tuple[Cell, Cell]], rows: Sequence[Mapping[str, Cell]]
    ) -> Done:
        """Make edits that were made before, as edits of what was read then; and new rows.

        A cell that the server holds otherwise by now shows in the next plan as a conflict. One that was
        edited since is left alone.
        """
        with self.lock:
            open_ = {cell: values for cell, values in cells.items() if cell not in self.edits}
            was: dict[str, dict[int, Cell]] = {}
            for (key, column), (before, _) in open_.items():
                if not same(self.held(key, column), before):
                    was.setdefault(column, {})[self._positions[key]] = before
            self._read_as(was)
            changes = [
                Change(key, column, self.held(key, column), after)
                for (key, column), (_, after) in open_.items()
            ]
            added = new_rows(self.frame, rows) if rows else None
            if added is not None:
                self._insert(added)
            done = self._do(changes, 0, added)
            return dataclasses.replace(done, skipped=len(cells) - len(open_))

    def _read_as(self, cells: Mapping[str, Mapping[int, Cell]]) -> None:
        """Have cells, by column and position, be what was read: in the baseline and in the frame."""
        if not cells:
            return
        baseline = self.baseline
        read = baseline.frame.copy(deep=False)
        for column, some in cells.items():
            ids = pd.Index([self.keys[position] for position in some])
            read[column] = put(read[column], read.index.get_indexer(ids), some.values())
            self.frame[column] = put(self.frame[column], list(some), some.values())
        rebase(self.frame, dataclasses.replace(baseline, frame=read))

    def _blank(self) -> dict[str, Cell]:
        """Return what is known of a new row: its type, if there is only one."""
        kind = find_only_type(self.baseline) or (self.types[0] if len(self.types) == 1 else None)
        return {"Type": kind} if kind else {}

    def fill(self, start: int, rows: int, columns: Sequence[str]) -> Done:
        """Copy the cells of a row that is shown down to the rows below it."""
        with self.lock:
            shown = self.view[start : start + rows]
            changes: list[Change] = []
            read_only = 0
            for column in columns:
                if column not in self._fields or column in self.reasons:
                    read_only += max(0, len(shown) - 1)
                    continue
                held = self.frame[column].array.take(shown)
                keys = [self.keys[position] for position in shown[1:]]
                changes += [
                    Change(key, column, before, held[0]) for key, before in zip(keys, held[1:], strict=True)
                ]
            return self._do(changes, read_only)

    def clear(self, start: int, rows: int, columns: Sequence[str]) -> Done:
        """Empty cells of rows that are shown."""
        with self.lock:
            keys = [self.keys[position] for position in self.view[start : start + rows]]
            return self._type([(key, column, "") for key in keys for column in columns])

    def replace(self, find: str, text: str, columns: Sequence[str]) -> Done:
        """Replace a text in all cells of the rows that are shown; letter case matters."""
        with self.lock:
            cells = []
            for column in columns:
                kind = self.columns[column].kind if column in self.columns else "own"
                if find and kind == "text" and column not in self.reasons:
                    for position, held in zip(self.view, self.texts(column, self.view), strict=True):
                        if find in held:
                            cells.append((self.keys[position], column, held.replace(find, text)))
            return self._type(cells)

    def copy(self, start: int, rows: int, columns: Sequence[str]) -> str:
        """Return rows that are shown as a block for a spreadsheet."""
        with self.lock:
            shown = self.view[start : start + rows]
            texts = [self.texts(column, shown) for column in columns]
            return block_of_rows([list(row) for row in zip(*texts, strict=True)])

    def undo(self) -> Done:
        """Undo the last step of the grid, but for cells that were changed by something else since."""
        with self.lock:
            self._refuse_saving(self._history.last)
            return self._apply(self._history.undo())

    def redo(self) -> Done:
        """Redo the step that was undone last."""
        with self.lock:
            self._refuse_saving(self._history.next)
            return self._apply(self._history.redo())

    def _refuse_saving(self, step: Step) -> None:
        rows = step.added is not None or step.removed is not None
        if self.saving and (rows or any(change.key in self.saving for change in step.changes)):
            raise TrackingError("Rows of this step are being saved: do it when the save has ended.")

    def name(self, names: Mapping[str, str]) -> None:
        """Remember the names of contents by path, to be shown where a cell comes to refer to them."""
        self._names.update(names)

    def _type(self, cells: Sequence[tuple[Key, str, str]], added: pd.DataFrame | None = None) -> Done:
        changes: list[Change] = []
        read_only = 0
        for key, column, text in cells:
            field = self.field(column, key)
            if field is None or self.why_fixed(key, column):
                read_only += 1
                continue
            if key not in self._positions:
                continue
            before = self.frame[column].iat[self._positions[key]]
            shown = self.columns[column]
            if text_of(shown, before) == text:
                continue  # what is shown may be less than what the cell holds, such as seconds
            changes.append(Change(key, column, before, parse_text(shown, field, text, self._coercion)))
        return self._do(changes, read_only, added)

    def _do(self, changes: list[Change], read_only: int, added: pd.DataFrame | None = None) -> Done:
        """Change cells, as one step of the history with rows that were just added."""
        real = [change for change in changes if not same(change.before, change.after)]
        changes = [change for change in real if change.key not in self.saving]
        waiting = len(real) - len(changes)
        if changes or added is not None:
            self._history.add(Step(changes, added))
        done = self._apply(Step(changes))
        rows = 0 if added is None else len(added)
        return dataclasses.replace(done, read_only=read_only, added=rows, saving=waiting)

    def _record(self, step: Step) -> Done:
        self._history.add(step)
        return self._apply(step)

    def _insert(self, rows: pd.DataFrame) -> None:
        shown = [self.keys[position] for position in self.view]
        insert(self.frame, rows)
        self._follow([*shown, *map(new_key, rows.index)])

    def _take_out(self, rows: pd.DataFrame) -> tuple[int, int]:
        """Remove rows that hold what they held; return how many went, and how many did not."""
        shown = [self.keys[position] for position in self.view]
        places = [self._positions.get(new_key(label)) for label in rows.index]
        gone = [
            at for number, at in enumerate(places) if at is not None and _alike(self.frame, at, rows, number)
        ]
        take_out(self.frame, gone, self.baseline.frame)
        self._follow(shown)
        return len(gone), len(rows) - len(gone)

    def drop(self, keys: Collection[Key]) -> None:
        """Remove rows from the frame, not from the server."""
        with self.lock:
            shown = [self.keys[position] for position in self.view]
            take_out(
                self.frame,
                [self._positions[key] for key in keys if key in self._positions],
                self.baseline.frame,
            )
            self._follow(shown)
            self._look(self.baseline)

    def _follow(self, shown: Iterable[Key]) -> None:
        """Go on showing rows, as far as they are there, after others came or went."""
        self._match()
        places = [self._positions[key] for key in shown if key in self._positions]
        self.view = np.array(places, dtype=np.intp)
        self.order += 1

    def _apply(self, step: Step) -> Done:
        cells: dict[str, dict[int, Cell]] = {}
        done: list[tuple[Key, str]] = []
        skipped = added = removed = 0
        if step.added is not None:
            self._insert(step.added)
            added = len(step.added)
        for change in step.changes:
            at = self._positions.get(change.key)
            if at is not None and self._holds(at, change.column, change.before):
                cells.setdefault(change.column, {})[at] = change.after
                done.append((change.key, change.column))
            else:
                skipped += 1
        write(self.frame, self.baseline.frame, cells)
        self._label(cells)
        for key, _ in done:
            self.outcomes.pop(key, None)
        if step.removed is not None:
            removed, left = self._take_out(step.removed)
            skipped += left
        self._look(self.baseline)
        first = (
            new_key(step.added.index.tolist()[0]) if step.added is not None else done[0][0] if done else None
        )
        position = None if first is None else self.position_of(first)
        return Done(done, position, skipped=skipped, added=added, removed=removed)

    def _holds(self, at: int, column: str, cell: Cell) -> bool:
        return column in self.frame.columns and same(self.frame[column].iat[at], cell)

    def _label(self, cells: Mapping[str, Mapping[int, Cell]]) -> None:
        """Show the names of contents that cells have come to refer to, where they were looked up before."""
        for name, some in cells.items():
            column = self.columns.get(name)
            if column is None or column.kind not in ("reference", "references"):
                continue
            paths = {path for cell in some.values() for path in (cell if isinstance(cell, list) else [cell])}
            new = {path: self._names[path] for path in paths if path in self._names}
            if new.keys() - column.labels.keys():
                labels = make_labels_unique({**column.labels, **new})
                self.columns[name] = dataclasses.replace(column, labels=labels)

    # ---- going from one to the next ----

    def next(self, what: Which, start: int, step: int = 1) -> int | None:
        """Return the next row that is shown and is changed, has problems, or failed; it goes round."""
        with self.lock:
            for offset in range(1, len(self.view) + 1):
                at = (start + step * offset) % len(self.view)
                key = self.keys[self.view[at]]
                outcome = self.outcomes.get(key, ("saved", ""))[0]
                if {
                    "all": True,
                    "changed": key in self._changes,
                    "problems": key in self._problem_rows,
                    "failed": outcome not in _SETTLED,
                }[what]:
                    return at
            return None


def new_key(label: Any) -> str:
    """Return the key of a row that is not a content yet."""
    return f"new {label!r}"


def same(one: Cell, other: Cell) -> bool:
    """Return whether two cells hold the very same; lists are compared by their items."""
    if is_missing(one) or is_missing(other):
        return is_missing(one) and is_missing(other)
    one, other = to_plain(one), to_plain(other)
    return isinstance(one, str) == isinstance(other, str) and are_equal(one, other)


def _alike(frame: pd.DataFrame, at: int, rows: pd.DataFrame, number: int) -> bool:
    """Return whether a row of a frame holds what one of some rows does."""
    return all(
        same(frame[name].iat[at], rows[name].iat[number]) for name in rows.columns if name in frame.columns
    )
