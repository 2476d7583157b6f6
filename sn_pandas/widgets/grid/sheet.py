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

from ...frames.accessor.sheet_columns import sheet_columns, unique_labels
from ...frames.columns.coercing import Coercion
from ...frames.columns.kinds import column_kind
from ...frames.columns.normalizing import Cell, is_missing, plain, same_content
from ...frames.spreadsheets.sheet_cells import Column
from ...frames.tracking.baseline import Baseline, baseline_of
from ...frames.tracking.edits import Edit, edits_of
from ...frames.tracking.matching import rows_of
from ...frames.writes.creating import drafts_of
from ...frames.writes.plan import assign, field_of, types_of
from ...odata.errors import TrackingError
from ...odata.schema import Field
from .cells import write
from .history import Change, History, Key, Step
from .ordering import Positions, ranks, sort
from .texts import block_of_rows, parse_text, rows_of_block, text_of, texts_of

Which = Literal["all", "changed", "problems", "failed"]
#: Columns that say what is about a row, beside those of the frame.
ABOUT: Mapping[str, str] = {"*change": "Change", "*problem": "Problem", "*outcome": "Outcome"}
_SETTLED = ("saved", "unchanged")
_OWN = "a column of your own, which is not saved: edit it in Python"


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
        Cells that an undo left alone, because they were changed by something else since.
    """

    cells: list[tuple[Key, str]]
    position: int | None = None
    read_only: int = 0
    cut: int = 0
    skipped: int = 0


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
        self.columns: dict[str, Column] = {}
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
        return baseline_of(self.frame)

    @property
    def totals(self) -> dict[str, int]:
        """Numbers of rows, of changed cells and rows, of problems, and of rows that a save left open."""
        undo, redo = self._history.counts
        failed = sum(1 for outcome, _ in self.outcomes.values() if outcome not in _SETTLED)
        return {
            "rows": len(self.frame), "shown": len(self.view), "cells": len(self.edits),
            "changed": len(self._changes), "problems": len(self.problems), "failed": failed,
            "undo": undo, "redo": redo,
        }  # fmt: skip

    def sync(self) -> bool:
        """Take over what Python did to the frame; return whether rows or columns came, went or moved."""
        with self.lock:
            baseline = self.baseline
            rows = rows_of(self.frame, baseline)
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
            self._look(baseline)
            if not same:
                self._arrange()
            return not same

    def _set_columns(self, baseline: Baseline) -> None:
        self.columns, self.reasons, self._fields = {}, {}, {}
        for column in sheet_columns(self.frame, baseline):
            self.columns[column.name] = dataclasses.replace(column, labels=dict(column.labels))
            field = field_of(column.name, baseline) if column.kind != "own" else _OWN
            if isinstance(field, str):
                self.reasons[column.name] = field
            elif field.why_not_editable:
                self.reasons[column.name] = field.why_not_editable
            elif not column_kind(field).checks:
                self.reasons[column.name] = f"a field of type {field.type} cannot be edited here"
            if isinstance(field, Field):
                self._fields[column.name] = field

    def field(self, column: str) -> Field | None:
        """Return the field that edits of a column write, if there is one."""
        return self._fields.get(column)

    def _look(self, baseline: Baseline) -> None:
        """Find the edits of the frame, and the problems that can be seen without asking the server."""
        edits = edits_of(self.frame, baseline)
        self.edits = {(self.keys[edit.row], edit.column): edit for edit in edits}
        existing = [edit for edit in edits if edit.id > 0]
        _, refused = assign(existing, baseline, types_of(existing, baseline))
        new = [edit for edit in edits if edit.id < 0]
        refused += drafts_of(new, baseline)[2] if new else []
        self.problems = {}
        for refusal in refused:
            self.problems.setdefault((self.keys[refusal.edit.row], refusal.edit.column), refusal.reason)
        for cell, (after, reason) in list(self._server_problems.items()):
            edit = self.edits.get(cell)
            if edit is not None and (edit.after is after or same(edit.after, after)):
                self.problems.setdefault(cell, reason)
            else:
                del self._server_problems[cell]
        self._changes = {}
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
            }

    def _mark(self, key: Key, column: str, edit: Edit) -> tuple[str, str, str]:
        problem = self.problems.get((key, column), "")
        return "invalid" if problem else "changed", text_of(self.columns[column], edit.before), problem

    def position_of(self, key: Key) -> int | None:
        """Return where a row stands among those that are shown; None if it is not."""
        at = self._positions.get(key)
        found = np.flatnonzero(self.view == (-1 if at is None else at))
        return int(found[0]) if len(found) else None

    # ---- edits ----

    def problem_of(self, key: Key, column: str, text: str) -> str:
        """Return why a text that is being typed could not be saved; empty if it could, as far as is known."""
        with self.lock:
            field = self._fields.get(column)
            if field is None or column in self.reasons or key not in self._positions:
                return self.reasons.get(column, "")
            baseline, row = self.baseline, self._positions[key]
            cell = parse_text(self.columns[column], field, text, self._coercion)
            before = self.frame[column].iat[row]
            edit = Edit(row, key if isinstance(key, int) else -1, column, before, cell)
            refused = assign([edit], baseline, types_of([edit], baseline))[1]
            return refused[0].reason if refused else ""

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
        """
        with self.lock:
            block = rows_of_block(text)
            if block and rows > len(block) and rows % len(block) == 0:
                block = block * (rows // len(block))
            shown = self.view[start : start + len(block)]
            cells = [
                (self.keys[position], column, cell)
                for position, line in zip(shown, block, strict=False)
                for column, cell in zip(columns, line, strict=False)
            ]
            done = self._type(cells)
            return dataclasses.replace(done, cut=sum(map(len, block)) - len(cells))

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
            return self._apply(self._history.undo())

    def redo(self) -> Done:
        """Redo the step that was undone last."""
        with self.lock:
            return self._apply(self._history.redo())

    def name(self, names: Mapping[str, str]) -> None:
        """Remember the names of contents by path, to be shown where a cell comes to refer to them."""
        self._names.update(names)

    def _type(self, cells: Sequence[tuple[Key, str, str]]) -> Done:
        changes: list[Change] = []
        read_only = 0
        for key, column, text in cells:
            field = self._fields.get(column)
            if field is None or column in self.reasons:
                read_only += 1
                continue
            if key not in self._positions:
                continue
            before = self.frame[column].iat[self._positions[key]]
            shown = self.columns[column]
            if text_of(shown, before) == text:
                continue  # what is shown may be less than what the cell holds, such as seconds
            changes.append(Change(key, column, before, parse_text(shown, field, text, self._coercion)))
        return self._do(changes, read_only)

    def _do(self, changes: list[Change], read_only: int) -> Done:
        changes = [change for change in changes if not same(change.before, change.after)]
        self._history.add(changes) if changes else None
        return dataclasses.replace(self._apply(changes), read_only=read_only)

    def _apply(self, step: Step) -> Done:
        cells: dict[str, dict[int, Cell]] = {}
        done: list[tuple[Key, str]] = []
        skipped = 0
        for change in step:
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
        self._look(self.baseline)
        position = self.position_of(done[0][0]) if done else None
        return Done(done, position, skipped=skipped)

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
                labels = unique_labels({**column.labels, **new})
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
    one, other = plain(one), plain(other)
    return isinstance(one, str) == isinstance(other, str) and same_content(one, other)
