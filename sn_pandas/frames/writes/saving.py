"""Saving: check, compare with the server, send, believe what is seen, say what became of each row."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...odata.errors import ConflictError, RefusedError, SaveError, SaveWarning, TrackingError, did_you_mean
from ..baselines import confirm, extend
from ..progress import Setting
from ..tracking import baseline_of, rows_of
from . import looking
from .changes import edits_of
from .comparing import OnConflict, compare
from .creating import creates_of, put_cell
from .looking import Stored
from .naming import renamed_onto
from .plan import Assignment, Refusal, assign, fields_of, no_zone, patches_of, typed, types_of, warn_of_unread
from .references import lost_targets
from .report import DRY, NEW, Line, Report, counted, report_frame
from .running import carry_out
from .works import Create, Patch, Work, in_trash, request_text

OnError = Literal["collect", "raise"]
Place = str | os.PathLike[str] | None


def check(frame: pd.DataFrame) -> list[Refusal]:
    """Give the edits that could not be saved; looks up what references point to, and sends nothing else."""
    baseline = baseline_of(frame)
    edits = edits_of(frame, baseline)
    known = [edit for edit in edits if edit.id > 0]
    assigned, refused = assign(known, baseline, types_of(known, baseline))
    _, _, not_new = creates_of([edit for edit in edits if edit.id < 0], baseline)
    repo = baseline.repo
    return sorted(
        refused + not_new + lost_targets(assigned, repo.client, repo.schema), key=lambda r: r.edit.row
    )


def save(
    frame: pd.DataFrame,
    *,
    dry_run: bool = False,
    on_conflict: OnConflict = "raise",
    on_error: OnError = "collect",
    create: bool = False,
    workers: int = 8,
    journal: Place = None,
    progress: Setting = None,
    only: Iterable[Any] | None = None,
) -> Report:
    """Save the edits of a frame, or of the rows at the positions ``only``; see ``Accessor.save``."""
    _known("on_conflict", on_conflict, ("raise", "skip", "overwrite"))
    _known("on_error", on_error, ("collect", "raise"))
    run = _Run(frame, dry_run, only)
    patches, creates, refused = run.planned(create)
    if refused:
        report = run.refuse(refused)
        if dry_run:
            return report
        raise RefusedError(f"nothing was saved: {_reasons(refused, run.paths)}", report)
    todo, lines = compare(patches, run.stored, on_conflict)
    run.lines.update(lines)
    conflicts = [line for line in lines.values() if line.outcome == "conflict"]
    if conflicts and on_conflict == "raise" and not dry_run:
        run.unsent("not sent, because other rows have conflicts", [*todo, *creates])
        raise ConflictError(_told(conflicts, "nothing was saved"), run.report([]))
    works: list[Work] = [*todo, *creates]
    if dry_run:
        run.unsent(DRY, works)
        return run.report(works)
    run.unsent("not sent, because the save was interrupted", works)

    def told(position: int, line: Line) -> None:
        run.lines[works[position].row] = line

    def settled() -> Report:
        run.confirm(todo, creates)
        return run.report(works)

    report = carry_out(
        run.repo,
        works,
        what="save",
        told=told,
        report=settled,
        journal=journal,
        workers=workers,
        progress=progress,
    )
    report.again = lambda: save(
        frame,
        on_conflict=on_conflict,
        on_error=on_error,
        create=create,
        workers=workers,
        progress=progress,
        only=np.flatnonzero(~report.frame["outcome"].isin(["saved", "unchanged"])),
    )
    return _judged(report, run, on_conflict, on_error)


class _Run:
    """One save: the frame, what the server holds of its rows, and the outcome of each."""

    def __init__(self, frame: pd.DataFrame, dry_run: bool, only: Iterable[Any] | None) -> None:
        self.frame = frame
        self.baseline = baseline_of(frame)
        if self.baseline.query.version:
            raise TrackingError(
                f"the frame shows the version {self.baseline.query.version}, and a save would change the "
                "latest one; tie it to that with df.sn.rebase()"
            )
        self.repo = self.baseline.repo
        self.rows = rows_of(frame, self.baseline)
        self.edits = edits_of(frame, self.baseline, self.rows)
        if only is not None:
            wanted = set(only)
            self.edits = [edit for edit in self.edits if edit.row in wanted]
        self.dry_run = dry_run
        self.index = frame.index  # new rows get another one
        self.ids = self.rows.ids.copy()
        self.stored = self._look()
        self.paths: dict[int, str | None] = {id_: row["Path"] for id_, row in self.stored.items()}
        self.read = self.baseline.paths_of(self.ids)
        self.lines: dict[int, Line] = {}

    def planned(self, create: bool) -> tuple[list[Patch], list[Create], list[Refusal]]:
        """Give what is to be sent, and the cells that cannot be."""
        known = [edit for edit in self.edits if edit.id > 0]
        types = types_of(known, self.baseline) | typed(self.stored)
        assigned, refused = assign(known, self.baseline, types)
        refused += lost_targets(assigned, self.repo.client, self.repo.schema)
        refused += renamed_onto(assigned, self.paths, self.repo.client)
        creates: list[Create] = []
        new_cells: list[Assignment] = []
        if create:
            new = [edit for edit in self.edits if edit.id < 0]
            creates, new_cells, not_new = creates_of(new, self.baseline)
            refused += not_new
        self._warn([*assigned, *new_cells])
        return patches_of(assigned, self._before()) if not refused else [], creates, refused

    def _before(self) -> dict[int, str | None]:
        """Give where the edited contents were when they were read, as far as that matters and is known."""
        inside = in_trash(f"{self.baseline.query.path}/")
        places: dict[int, str | None] = dict(self.paths) if inside else {}
        known = [edit for edit in self.edits if edit.id > 0]
        read = zip(known, self.baseline.paths_of([edit.id for edit in known]), strict=True)
        return places | {edit.id: path for edit, path in read if path is not None}

    def _warn(self, assigned: Iterable[Assignment]) -> None:
        words = []
        if naive := no_zone(assigned):
            columns = ", ".join(sorted({edit.column for edit in naive}))
            words.append(
                f"{len(naive)} dates of {columns} have no time zone and are taken as UTC; "
                "say another with .dt.tz_localize(…)"
            )
        for word in words:
            warnings.warn(word, SaveWarning, stacklevel=5)
        warn_of_unread(self.frame, self.baseline, stacklevel=5)

    def refuse(self, refused: Sequence[Refusal]) -> Report:
        """Give the report of a save that was not begun."""
        by_row: dict[int, list[Refusal]] = {}
        for refusal in refused:
            by_row.setdefault(refusal.edit.row, []).append(refusal)
        for edit in self.edits:
            found = by_row.get(edit.row)
            reason = (
                "; ".join(f"{r.edit.column}: {r.reason}" for r in found)
                if found
                else "not sent, because other cells were refused"
            )
            columns = tuple(r.edit.column for r in found or ()) or (edit.column,)
            self.lines[edit.row] = Line(
                "refused" if found else "unsent", reason, columns, edit.id, self.paths.get(edit.id)
            )
        return self.report([])

    def unsent(self, why: str, works: Iterable[Work]) -> None:
        """Say of rows that they were not sent, until something else is said."""
        for work in works:
            names = tuple(work.fields) if isinstance(work, Create) else tuple(getattr(work, "after", ()))
            self.lines[work.row] = Line("unsent", why, names, work.id, work.path)

    def report(self, works: Iterable[Work]) -> Report:
        """Give the report; rows without an outcome were not edited."""
        lines = [self.lines.get(row) or self._untouched(row) for row in range(len(self.ids))]
        return Report(
            report_frame(self.index, lines),
            dry_run=self.dry_run,
            requests=[request_text(self.repo.url, work) for work in works],
            repo=self.repo,
        )

    def confirm(self, patches: Iterable[Patch], creates: Iterable[Create]) -> None:
        """Make what the server confirmed part of the frame's baseline."""
        columns: dict[str, set[int]] = {}
        for edit in self.edits:
            if self.lines.get(edit.row, _OPEN).outcome == "unchanged":
                columns.setdefault(edit.column, set()).add(edit.row)
        for work in patches:
            line = self.lines.get(work.row, _OPEN)
            stored = {"saved": set(work.after), "ignored": set(work.after) - set(line.fields)}
            for name in stored.get(line.outcome, set()):
                edit = work.edits[name]
                columns.setdefault(edit.column, set()).add(edit.row)
                if name in work.chosen:
                    put_cell(self.frame, work.row, edit.column, work.chosen[name])
        if columns:
            confirm(self.frame, self.baseline, columns, self.ids)
        made = {work.row: (self.lines[work.row], work) for work in creates if self.lines[work.row].id > 0}
        if made:
            extend(self.frame, baseline_of(self.frame), made, self.ids)

    def _untouched(self, row: int) -> Line:
        id_ = int(self.ids[row])
        if id_ < 0:
            return Line("unsent", NEW)
        return Line("unchanged", "", (), id_, self.paths.get(id_) or self.read[row])

    def _look(self) -> dict[int, Stored]:
        """Read again what the edited contents hold in the edited fields."""
        known = [edit for edit in self.edits if edit.id > 0]
        if not known:
            return {}
        fields = fields_of(known, self.baseline).values()
        ids = {edit.id for edit in known}
        found = looking.by_id(self.repo.client, ids, fields)
        if len(found) < len(ids):
            self.repo.still_ourselves()  # the Visitor is told that there is nothing
        return found


_OPEN = Line("unsent")


def _judged(report: Report, run: _Run, on_conflict: OnConflict, on_error: OnError) -> Report:
    lines = run.lines.values()
    conflicts = [line for line in lines if line.outcome == "conflict"]
    if conflicts and on_conflict == "raise":
        raise ConflictError(_told(conflicts, "some rows were not saved"), report)
    if on_error == "raise" and not report.ok:
        raise SaveError(f"not everything was saved\n{report!r}", report)
    return report


def _told(conflicts: Sequence[Line], what: str) -> str:
    shown = [f"\n  {line.path or line.id}: {line.reason}" for line in conflicts[:10]]
    more = f"\n  … and {len(conflicts) - 10} more in .report.conflicts" if len(conflicts) > 10 else ""
    return (
        f"{what}: somebody else changed the same cells in {counted(len(conflicts), 'row')}; decide with "
        "on_conflict='skip', 'overwrite' or a callable, or look with df.sn.refresh()" + "".join(shown) + more
    )


def _reasons(refused: Sequence[Refusal], paths: Mapping[int, str | None]) -> str:
    shown = [
        f"\n  {paths.get(r.edit.id) or (r.edit.id if r.edit.id > 0 else f'new row {r.edit.row}')}, "
        f"{r.edit.column}: {r.reason}"
        for r in refused[:10]
    ]
    more = f"\n  … and {len(refused) - 10} more in .report.frame" if len(refused) > 10 else ""
    return f"{counted(len(refused), 'cell')} cannot be" + "".join(shown) + more


def _known(name: str, value: Any, words: tuple[str, ...]) -> None:
    if not (callable(value) and name == "on_conflict") and value not in words:
        raise ValueError(
            f"{name} is one of {', '.join(words)}, not {value!r}.{did_you_mean(str(value), words)}"
        )
