"""Saving: check, compare with the server, send, believe what is seen, say what became of each row."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import warnings
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...odata.errors import ConflictError, RefusedError, SaveError, SaveWarning, TrackingError, did_you_mean
from ..baselines import confirm, extend, look_again
from ..progress import Setting
from ..tracking import baseline_of, rows_of
from . import looking
from .attempts import OPEN, Attempt, claimed, look
from .cells import Cell
from .changes import Edit, edits_of
from .comparing import OnConflict, compare
from .creating import creates_of, drafts_of, put_cell
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
    """Give the edits that a save, with its new rows, would refuse before it sends anything."""
    run = _Run(frame, dry_run=True, create=True)
    plan = run.planned()
    run.warn(plan.assigned)
    return sorted(plan.refused, key=lambda refusal: refusal.edit.row)


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
    only: Part | None = None,
) -> Report:
    """Save the edits of a frame, or of a part of its rows; see ``Accessor.save``."""
    _known("on_conflict", on_conflict, ("raise", "skip", "overwrite"))
    _known("on_error", on_error, ("collect", "raise"))
    run = _Run(frame, dry_run=dry_run, create=create, only=only)
    plan = run.planned()
    run.warn(plan.assigned)
    if plan.refused:
        report = run.refuse(plan.refused)
        if dry_run:
            return report
        raise RefusedError(f"nothing was saved: {_reasons(plan.refused, run.paths)}", report)
    todo = run.decided(*compare(plan.patches, run.stored, on_conflict))
    creates = plan.creates
    conflicts = [line for line in run.lines.values() if line.outcome == "conflict"]
    if conflicts and on_conflict == "raise":
        run.unsent("not sent, because other rows have conflicts", [*todo, *creates])
        if dry_run:
            return run.report([])
        raise ConflictError(_told(conflicts, "nothing was saved"), run.report([]))
    works: list[Work] = [*todo, *creates]
    if dry_run:
        run.unsent(DRY, works)
        return run.report(works)
    run.unsent("not sent, because the save was interrupted", works)
    run.attempt(creates)

    def told(position: int, line: Line) -> None:
        run.lines[works[position].row] = line

    def settled() -> Report:
        run.confirm(plan.patches, creates)
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
    rest = run.rest(report)
    report.again = lambda: save(
        frame,
        on_conflict=on_conflict,
        on_error=on_error,
        create=create,
        workers=workers,
        progress=progress,
        only=rest,
    )
    report.follow = run.follower(plan.patches)
    return _judged(report, run, on_conflict, on_error)


@dataclasses.dataclass(frozen=True)
class Part:
    """Some rows of a frame, wherever they stand: contents by their ids, new rows by their labels."""

    ids: frozenset[int]
    labels: frozenset[Hashable]


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What is to be sent, the cells that go with it, and those that cannot be saved."""

    patches: list[Patch]
    creates: list[Create]
    assigned: list[Assignment]
    refused: list[Refusal]


class _Run:
    """One save: the frame, what the server holds of its rows, and the outcome of each."""

    def __init__(self, frame: pd.DataFrame, *, dry_run: bool, create: bool, only: Part | None = None) -> None:
        self.index = frame.index  # new rows get another one
        self.frame = frame.copy(deep=False) if dry_run else frame
        self.dry_run = dry_run
        self.lines: dict[int, Line] = {}
        self.adopted: dict[int, Line] = {}
        self._create = create
        self._names: dict[int, str] = {}
        self._claims: dict[int, Attempt] = {}
        self._read(only)
        if create and self.baseline.attempts:
            self._settle(only)
        self.stored = self._look()
        self.paths: dict[int, str | None] = {id_: row["Path"] for id_, row in self.stored.items()}
        self.read = self.baseline.paths_of(self.ids)

    def _read(self, only: Part | None) -> None:
        self.baseline = baseline_of(self.frame)
        if self.baseline.query.version:
            raise TrackingError(
                f"the frame shows the version {self.baseline.query.version}, and a save would change the "
                "latest one; tie it to that with df.sn.rebase()"
            )
        self.repo = self.baseline.repo
        rows = rows_of(self.frame, self.baseline)
        self.ids = rows.ids.copy()
        self.edits = [
            edit
            for edit in edits_of(self.frame, self.baseline, rows)
            if edit.row not in self.lines and (only is None or self._is_part(edit, only))
        ]

    def _is_part(self, edit: Edit, only: Part) -> bool:
        return edit.id in only.ids if edit.id > 0 else self.index[edit.row] in only.labels

    def _settle(self, only: Part | None) -> None:
        """Find the new rows that an earlier save may have created: those are no new ones any more."""
        attempts = self.baseline.attempts
        drafts, _, _ = drafts_of([edit for edit in self.edits if edit.id < 0], self.baseline)
        self._claims = claimed(drafts, list(self.index), attempts)
        found = look(self.repo, self._claims)
        self._names = found.names
        self.lines.update(found.unlike)
        self.adopted = {row: line for row, (line, _) in found.made.items()}
        if found.made:
            held = {row: self._claims[row].held for row in found.made}
            extend(self.frame, self.baseline, found.made, self.ids, held)
            if not self.dry_run:
                done = {self._claims[row] for row in found.made}
                attempts[:] = [attempt for attempt in attempts if attempt not in done]
        if self.adopted or self.lines:
            self._read(only)

    def planned(self) -> _Plan:
        """Say what is to be sent, and which cells cannot be: the same for a check and a save."""
        known = [edit for edit in self.edits if edit.id > 0]
        types = types_of(known, self.baseline) | typed(self.stored)
        assigned, refused = assign(known, self.baseline, types)
        refused += lost_targets(assigned, self.repo.client, self.repo.schema)
        refused += renamed_onto(assigned, self.paths, self.repo.client)
        patches = patches_of(assigned, self._before(), self.baseline.unsure) if not refused else []
        creates: list[Create] = []
        if self._create:
            new = [edit for edit in self.edits if edit.id < 0]
            creates, cells, not_new = creates_of(new, self.baseline, self._names)
            assigned, refused = assigned + cells, refused + not_new
        return _Plan(patches, creates, assigned, refused)

    def decided(self, todo: list[Patch], lines: Mapping[int, Line]) -> list[Patch]:
        """Take over the outcome of a comparison, and look at the values that were decided on in it."""
        self.lines.update(lines)
        chosen = [_assignment(work, name) for work in todo for name in work.chosen]
        names = [_assignment(work, "Name") for work in todo if "Name" in work.after]
        rows = {edit.row for edit, field in chosen if field.name == "Name"}
        names.sort(key=lambda assignment: assignment.edit.row in rows)
        refused = lost_targets(chosen, self.repo.client, self.repo.schema)
        if rows:
            refused += renamed_onto(names, self.paths, self.repo.client)
        for edit, reason in ((refusal.edit, refusal.reason) for refusal in refused):
            said = f"{edit.column}: {reason}"
            self.lines[edit.row] = Line("refused", said, (edit.column,), edit.id, self.paths.get(edit.id))
        wrong = {refusal.edit.row for refusal in refused}
        return [work for work in todo if work.row not in wrong]

    def attempt(self, creates: Iterable[Create]) -> None:
        """Keep what is going to be created, until it is known what became of it."""
        now = dt.datetime.now(dt.UTC)
        mine = set(self._claims.values())
        cells: dict[int, dict[str, Cell]] = {}
        for edit in self.edits:
            cells.setdefault(edit.row, {})[edit.column] = edit.after
        attempts = [attempt for attempt in self.baseline.attempts if attempt not in mine]
        for work in creates:
            began = self._claims[work.row].began if work.row in self._claims else now
            attempts.append(Attempt(self.index[work.row], work, cells[work.row], began))
        self.baseline.attempts[:] = attempts

    def rest(self, report: Report) -> Part:
        """Give the rows that are not as they were meant to be."""
        rows = np.flatnonzero(~report.frame["outcome"].isin(["saved", "unchanged"])).tolist()
        ids = frozenset(int(self.ids[row]) for row in rows if self.ids[row] > 0)
        return Part(ids, frozenset(self.index[row] for row in rows if self.ids[row] < 0))

    def _before(self) -> dict[int, str | None]:
        """Give where the edited contents were when they were read, as far as that matters and is known."""
        inside = in_trash(f"{self.baseline.query.path}/")
        places: dict[int, str | None] = dict(self.paths) if inside else {}
        known = [edit for edit in self.edits if edit.id > 0]
        read = zip(known, self.baseline.paths_of([edit.id for edit in known]), strict=True)
        return places | {edit.id: path for edit, path in read if path is not None}

    def warn(self, assigned: Iterable[Assignment]) -> None:
        """Warn of dates without a zone, and of columns that look like fields and are not saved."""
        if naive := no_zone(assigned):
            columns = ", ".join(sorted({edit.column for edit in naive}))
            said = f"{len(naive)} dates of {columns} have no time zone and are taken as UTC; "
            warnings.warn(f"{said}say another with .dt.tz_localize(…)", SaveWarning, stacklevel=4)
        warn_of_unread(self.frame, self.baseline, stacklevel=4)

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
            self.lines[work.row] = Line("unsent", why, work.names, work.id, work.path)

    def report(self, works: Iterable[Work]) -> Report:
        """Give the report; rows without an outcome were not edited."""
        lines = [
            self.lines.get(row) or self.adopted.get(row) or self._untouched(row)
            for row in range(len(self.ids))
        ]
        return Report(
            report_frame(self.index, lines),
            dry_run=self.dry_run,
            requests=[request_text(self.repo.url, work) for work in works],
            repo=self.repo,
        )

    def confirm(self, patches: Iterable[Patch], creates: Iterable[Create]) -> None:
        """Make what the server confirmed part of the frame's baseline."""
        columns: dict[str, set[int]] = {}
        for work in patches:
            line = self.lines.get(work.row, _OPEN)
            if line.outcome not in ("saved", "unchanged", "ignored"):
                continue
            for name in work.edits.keys() - (set(line.fields) if line.outcome == "ignored" else ()):
                edit = work.edits[name]
                columns.setdefault(edit.column, set()).add(edit.row)
                if name in work.chosen:
                    put_cell(self.frame, work.row, edit.column, work.chosen[name])
        if columns:
            confirm(self.frame, self.baseline, columns, self.ids)
        made = {work.row: (self.lines[work.row], work) for work in creates if self._is_made(work)}
        settled = {id(work) for work in creates if self.lines[work.row].outcome not in OPEN}
        attempts = self.baseline.attempts
        attempts[:] = [attempt for attempt in attempts if id(attempt.work) not in settled]
        if made:
            extend(self.frame, baseline_of(self.frame), made, self.ids)

    def follower(self, patches: Sequence[Patch]) -> Callable[[Collection[int]], bool]:
        """Give what has the frame know of its saved cells, of some ids, that they are others now."""
        saved = [work for work in patches if self.lines[work.row].outcome == "saved"]
        cells = {
            work.id: [(work.edits[name].column, work.fields[name]) for name in work.after] for work in saved
        }
        return lambda ids: look_again(self.frame, {id_: cells[id_] for id_ in ids if id_ in cells})

    def _is_made(self, work: Create) -> bool:
        line = self.lines[work.row]
        return line.outcome in ("saved", "ignored") and line.id > 0

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


def _assignment(work: Patch, name: str) -> Assignment:
    """Give an edit as it is going to be sent."""
    edit = work.edits[name]
    return Assignment(dataclasses.replace(edit, after=work.chosen.get(name, edit.after)), work.fields[name])


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
        f"{what}: somebody else changed the same cells in {counted(len(conflicts), 'row')}; look at "
        "error.report.conflicts, and decide with on_conflict='skip', 'overwrite' or "
        "lambda c: c.theirs" + "".join(shown) + more
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
