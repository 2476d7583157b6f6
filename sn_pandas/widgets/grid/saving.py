"""The plan of a save as the grid shows it, and the save itself: what ``df.sn.save`` does."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import pandas as pd

from ...frames.columns.normalizing import Cell
from ...frames.spreadsheets.sheet_cells import Column
from ...frames.writes import journal, undoing
from ...frames.writes.comparing import Conflict
from ...frames.writes.hidden import warn_of_hidden_members
from ...frames.writes.latest import record_save
from ...frames.writes.report import Report
from ...frames.writes.saving import save
from ...frames.writes.stages import Part
from ...frames.writes.works import Create
from ...odata.errors import JournalError, SaveWarning, SensenetError
from .history import Key
from .sheet import Sheet, new_key, same
from .texts import text_of

Choice = Literal["mine", "theirs", "leave"]
#: Rows of a plan that are listed one by one.
_LISTED = 200
_AGAIN = "Nothing was sent. Look at the plan again: Save."


class PlanChangedError(SensenetError):
    """Somebody else changed a cell after the plan was shown."""


@dataclasses.dataclass
class Plan:
    """What a save would do with each row.

    Attributes
    ----------
    report : Report
        That of a dry run which leaves out rejected rows and conflicts.
    keys : list
        The keys of the rows of the report.
    edits : dict
        The edited cells that it is about.
    theirs : dict
        The cells in conflict, by row and column, with what the server holds.
    notes : list of str
        What the save warns of.
    """

    report: Report
    keys: list[Key]
    edits: dict[tuple[Key, str], Cell]
    theirs: dict[tuple[Key, str], Cell]
    notes: list[str]

    @property
    def send(self) -> int:
        """The number of rows that would be sent."""
        return len(self.report.requests)


def plan(sheet: Sheet) -> Plan:
    """Check all edits against the schema and the server; what is rejected becomes a problem of the sheet."""
    sheet.sync()
    keys = list(sheet.keys)
    edits = {cell: edit.after for cell, edit in sheet.edits.items()}
    with _warnings_apart() as notes:
        report = save(sheet.frame, dry_run=True, on_conflict="skip", on_refused="skip", create=True)
        fields = [field for name in {name for _, name in sheet.edits} if (field := sheet.field(name))]
        warn_of_hidden_members(sheet.baseline.repo, fields)
    theirs: dict[tuple[Key, str], Cell] = {}
    problems: dict[tuple[Key, str], str] = {}
    for row, cells in report.cells.items():
        for cell in cells:
            if report.frame["outcome"].iat[row] == "conflict":
                theirs[keys[row], cell.field] = cell.theirs
            else:
                problems[keys[row], cell.field] = cell.reason
    sheet.set_server_problems(problems)
    return Plan(report, keys, edits, theirs, notes)


def describe(sheet: Sheet, made: Plan) -> dict[str, Any]:
    """Return a plan as the page shows it: texts only."""
    report = made.report
    rows: list[dict[str, Any]] = []
    for row, (outcome, path, reason) in enumerate(
        zip(report.frame["outcome"], report.frame["Path"], report.frame["reason"], strict=True)
    ):
        if outcome in ("saved", "unchanged", "unsent") or len(rows) == _LISTED:
            continue
        key = made.keys[row]
        cells = [
            {
                "column": cell.field,
                "header": sheet.columns[cell.field].header if cell.field in sheet.columns else cell.field,
                "reason": cell.reason,
                **{
                    name: _text(sheet, cell.field, getattr(cell, name)) for name in ("base", "mine", "theirs")
                },
            }
            for cell in report.cells.get(row, ())
        ]
        title = path if isinstance(path, str) else f"new row {key}"
        rows.append({"key": key, "title": title, "outcome": outcome, "reason": reason, "cells": cells})
    counts = report.counts
    left = counts.get("refused", 0) + counts.get("conflict", 0) + counts.get("failed", 0) - len(rows)
    return {
        "send": made.send,
        "rows": rows,
        "more": max(0, left),
        "notes": list(dict.fromkeys(made.notes)),
        "counts": counts,
    }


def carry_out(
    sheet: Sheet,
    made: Plan,
    choices: Mapping[tuple[Key, str], Choice],
    progress: Callable[[int, int | None], object],
) -> Report:
    """Save as planned: rows with a cell whose conflict was not decided stay as they are.

    Raises
    ------
    PlanChangedError
        If cells were edited after the plan was made, or one is in conflict that was not in it or holds
        something else by now; nothing was sent.
    """
    left = {key for (key, column) in made.theirs if choices.get((key, column), "leave") == "leave"}
    with sheet.lock:
        sheet.sync()
        now = {cell: edit.after for cell, edit in sheet.edits.items()}
        if now.keys() != made.edits.keys() or not all(same(now[cell], made.edits[cell]) for cell in now):
            raise PlanChangedError(f"Cells were edited after this plan was made. {_AGAIN}")
        sheet.saving = frozenset(key for key, _ in now) - left
        part = Part(
            frozenset(key for key in sheet.saving if isinstance(key, int)),
            frozenset(
                label
                for label, key in zip(sheet.frame.index, sheet.keys, strict=True)
                if isinstance(key, str) and key in sheet.saving
            ),
        )

    progress(0, None)  # from now on these rows wait

    def decide(conflict: Conflict) -> Cell:
        cell = (conflict.id, conflict.field)
        column = sheet.columns.get(conflict.field) or Column(conflict.field, conflict.field, "other")
        if cell not in made.theirs or text_of(column, made.theirs[cell]) != text_of(column, conflict.theirs):
            place = conflict.path or conflict.id
            said = f"Somebody changed {conflict.field} of {place} after this plan was made"
            raise PlanChangedError(f"{said}. {_AGAIN}")
        return conflict.mine if choices[cell] == "mine" else conflict.theirs

    with _warnings_apart(), record_save() as last:
        last.report = save(
            sheet.frame,
            on_conflict=decide,
            on_refused="skip",
            create=True,
            progress=progress,
            only=part,
            during=sheet.lock,
        )
        return last.report


def undo(
    sheet: Sheet,
    report: Report,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int | None], object] | None = None,
) -> Report:
    """Undo a save of the sheet, as :func:`sn_pandas.undo` does; what others changed since stays.

    The frame shows what the server holds then. Rows that the save created leave it with their contents.
    """
    if report.journal is None:
        raise JournalError("This save sent nothing, so there is nothing to undo.")
    with journal.lock_journal(report.journal) as record:
        undone = undoing.undo(
            record, sheet.baseline.repo, dry_run=dry_run, on_conflict="skip", progress=progress
        )
    if dry_run:
        return undone
    back = {int(id_) for id_ in undone.saved["Id"].dropna()}
    made = {line.id for n, line in record.lines.items() if isinstance(record.works[n], Create)}
    with sheet.lock:
        if report.follow is not None:
            report.follow(back)
        sheet.sync()
        sheet.drop(back & made)
        sheet.outcomes = {
            int(id_): ("undone" if outcome == "saved" else str(outcome), str(reason))
            for id_, outcome, reason in zip(
                *(undone.frame[name] for name in ("Id", "outcome", "reason")), strict=True
            )
            if pd.notna(id_) and (outcome != "unchanged" or reason)
        }
    return dataclasses.replace(undone, follow=report.follow)


def take_outcomes(sheet: Sheet, report: Report) -> None:
    """Show the outcome of each row that was to be saved, and what the save did to the frame."""
    with sheet.lock:
        sheet.sync()
        rows = zip(
            report.frame.index, *(report.frame[name] for name in ("Id", "outcome", "reason")), strict=True
        )
        found = {
            int(id_) if pd.notna(id_) else new_key(label): (str(outcome), str(reason))
            for label, id_, outcome, reason in rows
        }
        sheet.outcomes = {
            key: (outcome, reason)
            for key, (outcome, reason) in found.items()
            if outcome != "unchanged" or reason
        }


@contextlib.contextmanager
def _warnings_apart() -> Iterator[list[str]]:
    """Collect what a save warns of: on a thread, a warning would be printed where nobody looks.

    What others warn of in the meantime is passed on.
    """
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SaveWarning)
        yield notes
    for warning in caught:
        if issubclass(warning.category, SaveWarning):
            notes.append(str(warning.message))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _text(sheet: Sheet, column: str, cell: Cell) -> str:
    shown = sheet.columns.get(column)
    return text_of(shown, cell) if shown is not None else str(cell if cell is not None else "")
