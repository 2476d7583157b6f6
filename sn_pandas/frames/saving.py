"""Saving: check, compare with the server, send, believe what is seen, say what became of each row."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..odata.errors import ConflictError, RefusedError, SaveError, did_you_mean
from ..odata.schema import Field
from . import looking
from .cells import Cell, Json, encode
from .changes import Edit, edits_of, paths_of
from .checking import problem
from .looking import Stored
from .plan import Assignment, Patch, Refusal, assign, no_zone, patches_of, targets_of, typed, types_of
from .report import DRY, Line, Report, report_frame
from .sending import Flow, at_once, differing, patch
from .tracking import Baseline, baseline_of, rebase, rows_of


@dataclasses.dataclass(frozen=True)
class Conflict:
    """A cell that you and somebody else changed; what ``on_conflict`` gets if it is a callable.

    Attributes
    ----------
    id, path, field
        Which cell.
    before, mine, theirs
        What the frame was read with, what you want, and what the server holds now; as JSON.
    """

    id: int
    path: str | None
    field: str
    before: Json
    mine: Json
    theirs: Json


OnConflict = Literal["raise", "skip", "overwrite"] | Callable[[Conflict], Cell]
OnError = Literal["collect", "raise"]


def check(frame: pd.DataFrame) -> list[Refusal]:
    """Give the edits that could not be saved; looks up the contents that references point to."""
    baseline = baseline_of(frame)
    edits = edits_of(frame, baseline)
    assigned, refused = assign(edits, baseline, types_of(edits, baseline))
    return refused + _lost_targets(assigned, baseline)


def save(
    frame: pd.DataFrame,
    *,
    dry_run: bool = False,
    on_conflict: OnConflict = "raise",
    on_error: OnError = "collect",
    workers: int = 8,
) -> Report:
    """Save the edits of a frame; see ``Accessor.save``."""
    _known("on_conflict", on_conflict, ("raise", "skip", "overwrite"))
    _known("on_error", on_error, ("collect", "raise"))
    baseline = baseline_of(frame)
    rows = rows_of(frame, baseline)
    edits = edits_of(frame, baseline, rows)
    run = _Run(frame, baseline, rows.ids, edits, dry_run)
    stored = run.look()
    assigned, refused = assign(edits, baseline, types_of(edits, baseline) | typed(stored))
    refused += _lost_targets(assigned, baseline)
    if refused:
        report = run.refuse(refused)
        if dry_run:
            return report
        raise RefusedError(f"nothing was saved: {_reasons(refused, run)}", report)
    if naive := no_zone(assigned):
        warnings.warn(
            f"{len(naive)} dates of {', '.join(sorted({e.column for e in naive}))} have no time zone and are taken "
            "as UTC; use .dt.tz_localize(…) to say another",
            stacklevel=3,
        )
    patches = patches_of(assigned, run.paths)
    todo = run.compare(patches, stored, on_conflict)
    if on_conflict == "raise" and "conflict" in run.outcomes() and not dry_run:
        report = run.report([])
        first = report.conflicts["reason"].iloc[0]
        raise ConflictError(
            f"nothing was saved: {len(report.conflicts)} rows have conflicts; {first}", report
        )
    if dry_run:
        return run.report(todo)
    flow = Flow(workers)
    answers: list[tuple[Patch, Line]] = []
    try:
        for work, line in at_once(todo, lambda work: patch(baseline.repo.client, work, flow), flow):
            run.lines[work.row] = dataclasses.replace(line, id=work.id, path=line.path or work.path)
            answers.append((work, line))
    finally:
        run.move_on(answers)
    report = run.report(todo)
    if on_error == "raise" and not report.ok:
        raise SaveError(f"not everything was saved: {report!r}", report)
    return report


class _Run:
    """One save: the frame, what is known of its rows, and the outcome of each."""

    def __init__(
        self, frame: pd.DataFrame, baseline: Baseline, ids: Any, edits: list[Edit], dry_run: bool
    ) -> None:
        self.frame = frame
        self.baseline = baseline
        self.ids = ids
        self.edits = edits
        self.dry_run = dry_run
        self.paths: dict[int, str | None] = dict(
            zip([e.id for e in edits], paths_of(edits, frame, baseline), strict=True)
        )
        self.lines: dict[int, Line] = {}

    def look(self) -> dict[int, Stored]:
        """Read again what the edited contents hold in the edited fields."""
        ids = {edit.id for edit in self.edits if edit.id > 0}
        if not ids:
            return {}
        assigned, _ = assign(self.edits, self.baseline, {})
        fields = {field.name: field for _, field in assigned}
        stored = looking.by_id(self.baseline.repo.client, ids, fields.values())
        self.paths.update((id_, str(row["Path"])) for id_, row in stored.items())
        return stored

    def refuse(self, refused: Iterable[Refusal]) -> Report:
        """Give the report of a save that was not begun."""
        for edit in self.edits:
            self.lines[edit.row] = self._line(edit, "unsent", "not sent, because other cells were refused")
        by_row: dict[int, list[Refusal]] = {}
        for refusal in refused:
            by_row.setdefault(refusal.edit.row, []).append(refusal)
        for found in by_row.values():
            reason = "; ".join(f"{r.edit.column}: {r.reason}" for r in found)
            line = self._line(found[0].edit, "refused", reason)
            self.lines[found[0].edit.row] = dataclasses.replace(
                line, fields=tuple(r.edit.column for r in found)
            )
        return self.report([])

    def compare(
        self, patches: Iterable[Patch], stored: Mapping[int, Stored], on_conflict: OnConflict
    ) -> list[Patch]:
        """Compare the rows with what the server holds now, and give what is to be sent."""
        todo = []
        for work in patches:
            now = stored.get(work.id)
            if now is None:
                self._outcome(work, "failed", "there is no such content any more, or you may not see it")
                continue
            wanted = differing(work, work.after, now)
            if not wanted:
                self._outcome(work, "unchanged", "the server holds it already")
                continue
            changed = [name for name in differing(work, work.before, now) if name in wanted]
            if changed and not self._settle(work, now, changed, on_conflict):
                continue
            for name in [n for n in work.after if n not in wanted]:
                del work.after[name], work.before[name]
            for name in changed:
                work.before[name] = now.get(name)
            todo.append(work)
        return todo

    def _settle(self, work: Patch, now: Stored, changed: list[str], on_conflict: OnConflict) -> bool:
        """Decide the conflicts of a row; whether it is to be sent."""
        if on_conflict == "overwrite":
            return True
        if on_conflict in ("raise", "skip"):
            said = "; ".join(
                f"{name} was {work.before[name]!r}, is {now.get(name)!r} now, you want {work.after[name]!r}"
                for name in changed
            )
            self._outcome(work, "conflict", said)
            return False
        assert callable(on_conflict)
        for name in changed:
            field = work.fields[name]
            chosen = on_conflict(
                Conflict(work.id, work.path, name, work.before[name], work.after[name], now.get(name))
            )
            if reason := problem(field, chosen):
                self._outcome(work, "refused", f"{name}: {reason}")
                return False
            work.after[name] = encode(field, chosen)
            work.chosen[name] = chosen
        return True

    def outcomes(self) -> set[str]:
        """Give the outcomes so far."""
        return {line.outcome for line in self.lines.values()}

    def report(self, todo: list[Patch]) -> Report:
        """Give the report; rows without an outcome were not touched, or not sent."""
        requests = [
            f"PATCH {self.baseline.repo.url}{work.target}  {json.dumps(work.after, ensure_ascii=False)}"
            for work in todo
        ]
        for work in todo:
            self.lines.setdefault(work.row, Line("unsent", DRY, tuple(work.after), work.id, work.path))
        index = self.baseline.frame.index
        known = self.baseline.frame["Path"] if "Path" in self.baseline.frame.columns else None
        places = index.get_indexer(pd.Index(self.ids))
        lines = []
        for row, id_ in enumerate(self.ids):
            line = self.lines.get(row)
            if line is None:
                path = known.iloc[places[row]] if known is not None and places[row] >= 0 else None
                line = Line("unchanged", "", (), int(id_), path)
            lines.append(line)
        return Report(report_frame(self.frame.index, lines), dry_run=self.dry_run, requests=requests)

    def move_on(self, answers: Iterable[tuple[Patch, Line]]) -> None:
        """Make the confirmed cells part of the frame's baseline."""
        confirmed = [
            (work, name)
            for work, line in answers
            if line.outcome in ("saved", "ignored")
            for name in work.after
            if line.outcome == "saved" or name not in line.fields
        ]
        seen = [
            edit for edit in self.edits if self.lines.get(edit.row, Line("unsent")).outcome == "unchanged"
        ]
        columns: dict[str, set[int]] = {}
        for work, name in confirmed:
            if name in work.chosen:
                place = self.frame.columns.get_loc(work.columns[name])
                self.frame.iat[work.row, place] = work.chosen[name]
            columns.setdefault(work.columns[name], set()).add(work.row)
        for edit in seen:
            columns.setdefault(edit.column, set()).add(edit.row)
        if columns:
            move_baseline(self.frame, self.baseline, columns, self.ids)

    def _outcome(self, work: Patch, outcome: Any, reason: str) -> None:
        self.lines[work.row] = Line(outcome, reason, tuple(work.after), work.id, work.path)

    def _line(self, edit: Edit, outcome: Any, reason: str) -> Line:
        return Line(outcome, reason, (edit.column,), edit.id, self.paths.get(edit.id))


def move_baseline(
    frame: pd.DataFrame, baseline: Baseline, columns: Mapping[str, Iterable[int]], ids: Any
) -> None:
    """Give the frame a new baseline in which cells are as the frame has them now.

    Parameters
    ----------
    columns : mapping
        For each column the positions of the rows whose cells are confirmed.
    """
    moved = baseline.frame.copy(deep=False)
    aligned = len(frame) == len(moved) and np.array_equal(ids, moved.index.to_numpy())
    for column, rows in columns.items():
        positions = np.sort(np.fromiter(rows, np.intp))
        now = frame[column]
        if aligned:
            kept = now.copy(deep=False)
            open_ = np.setdiff1d(
                np.array([e.row for e in edits_of(frame[[column]], baseline)], dtype=np.intp), positions
            )
            if not len(open_):
                moved[column] = kept.array  # shares its memory with the frame until the next edit
                continue
        places = moved.index.get_indexer(pd.Index(ids[positions]))
        cells = moved[column].astype(object)
        for place, position in zip(places, positions, strict=True):
            cells.iat[place] = now.iloc[position]
        try:
            moved[column] = cells.astype(now.dtype if now.dtype == moved[column].dtype else object)
        except (TypeError, ValueError):
            moved[column] = cells
    rebase(frame, dataclasses.replace(baseline, frame=moved))


def _lost_targets(assigned: list[Assignment], baseline: Baseline) -> list[Refusal]:
    """Give the edits of references that point to nothing: the server would clear the field without a word."""
    wanted = targets_of(assigned)
    if not wanted:
        return []
    client = baseline.repo.client
    found = looking.by_id(client, [t for t in wanted if isinstance(t, int)])
    paths = looking.by_path(client, [t for t in wanted if isinstance(t, str)])
    refused = []
    for edit, field in assigned:
        if field.type != "Reference":
            continue
        for target in targets_of([Assignment(edit, field)]):
            row = found.get(target) if isinstance(target, int) else paths.get(target.lower())
            if row is None:
                reason = (
                    f"there is no content {target}, or you may not see it; the server would clear the field"
                )
                refused.append(Refusal(edit, reason))
            elif reason := _wrong_type(field, row, baseline):
                refused.append(Refusal(edit, reason))
    return refused


def _wrong_type(field: Field, row: Stored, baseline: Baseline) -> str:
    allowed = field.limits.get("AllowedTypes") or ()
    if not allowed or set(baseline.repo.schema.bases(row["Type"])) & set(allowed):
        return ""
    return f"{row['Path']} is a {row['Type']}, {field.name} takes {', '.join(allowed)}"


def _reasons(refused: list[Refusal], run: _Run) -> str:
    shown = [f"\n  {run.paths.get(r.edit.id) or r.edit.id} {r.edit.column}: {r.reason}" for r in refused[:10]]
    more = f"\n  … and {len(refused) - 10} more in .report.frame" if len(refused) > 10 else ""
    return f"{len(refused)} cells cannot be:" + "".join(shown) + more


def _known(name: str, value: Any, words: tuple[str, ...]) -> None:
    if not (callable(value) and name == "on_conflict") and value not in words:
        raise ValueError(
            f"{name} is one of {', '.join(words)}, not {value!r}.{did_you_mean(str(value), words)}"
        )
