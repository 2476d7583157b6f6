"""A save, as five functions: collect the edits, check them, compare them, execute the plan, confirm it.

Each takes what the one before it gave, which ``stages`` describes; ``collect`` and ``confirm`` stand in
modules of their own. What is done with one row is the same for an undo, a resume, a retry and a single
content; see ``running``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import weakref
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

import pandas as pd

from ...odata.addresses import in_trash
from ...odata.errors import ConflictError, RefusedError, SaveWarning
from ...odata.warning import warn_user
from ...odata.wording import count_noun
from ..columns.cells import Cell, are_same_cells
from ..progress import Setting
from ..reads import lookup
from ..reads.lookup import Stored
from ..tracking.baseline import Baseline, get_baseline
from ..tracking.edits import build_changes_frame, shown_value
from .attempts import Attempt
from .collecting import collect
from .comparing import Comparison, OnConflict, check_choice, check_policy
from .comparing import compare as compare_rows
from .creating import creates_of
from .hidden import warn_of_hidden_members
from .naming import find_renames_onto_others
from .outcomes import (
    OnError,
    build_report,
    build_rest,
    create_follower,
    describe_conflicts,
    describe_refusals,
    raise_or_return,
)
from .plan import (
    Assignment,
    Refusal,
    assign,
    build_assignment,
    build_patches,
    find_edits_without_zone,
    get_fields,
    get_stored_types,
    get_types,
    warn_of_missing,
    warn_of_unread,
)
from .references import find_lost_targets
from .report import BECAUSE_OF_OTHERS, DRY, CellProblem, Line, Report
from .running import attach_report, execute_plan
from .stages import Checked, Collected, Compared, Executed, Part, build_unsent
from .updating import confirm
from .works import Create, Patch

Place = str | os.PathLike[str] | None


def find_problems(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the edits that a save, with its new rows, would refuse, with the reason of each.

    The index holds the labels of the frame's own rows.
    """
    collected = collect(frame, dry_run=True, create=True)
    checked = check(collected)
    warn(collected, checked.assigned)
    edited = [field for edit, field in checked.assigned if edit.id > 0]  # a new row has nothing to lose
    warn_of_hidden_members(collected.repo, edited)
    found = sorted(checked.refused, key=lambda refusal: refusal.edit.row)
    table = build_changes_frame(
        [refusal.edit for refusal in found], collected.frame, get_baseline(collected.frame)
    )
    table.index = collected.index.take([refusal.edit.row for refusal in found])
    table.index.names = [f"row {name}" if name in table.columns else name for name in table.index.names]
    if table.index.nlevels == 1 and table.index.name == "row Id":
        table.index.name = "row"
    return table.assign(problem=pd.array([refusal.reason for refusal in found], dtype="str"))


def save(
    frame: pd.DataFrame,
    *,
    dry_run: bool = False,
    on_conflict: OnConflict = "raise",
    on_error: OnError = "collect",
    on_refused: Literal["raise", "skip"] = "raise",
    create: bool = False,
    workers: int = 8,
    journal: Place = None,
    progress: Setting = None,
    only: Part | None = None,
    what: str = "save",
    during: AbstractContextManager[Any] | None = None,
) -> Report:
    """Save the edits of a frame, or of a part of its rows; see ``Accessor.save``.

    ``what`` is the name of it in reports and in the journal. ``during`` is held while the frame is read and
    written, so that others may edit it while the rows are sent.
    """
    during = during or contextlib.nullcontext()
    check_policy(on_conflict)
    check_choice("on_error", on_error, ("collect", "raise"))
    check_choice("on_refused", on_refused, ("raise", "skip"))
    with get_baseline(frame).shared.lock_save():
        with during:
            collected = collect(frame, dry_run=dry_run, create=create, only=only)
        collected.what = what
        checked = check(collected)
        warn(collected, checked.assigned)
        if checked.refused:
            report = refuse(collected, checked, skip=on_refused == "skip")
            if on_refused == "raise":
                if dry_run:
                    return report
                raise RefusedError(describe_refusals(report), report)
        compared = compare(collected, checked, on_conflict)
        settled = [*collected.lines.values(), *compared.lines.values()]
        conflicts = [line for line in settled if line.outcome == "conflict"]
        if conflicts and on_conflict == "raise":
            why = f"{BECAUSE_OF_OTHERS} rows have conflicts"
            report = build_report(collected, checked, [], compared.lines | build_unsent(why, compared.works))
            if dry_run:
                return report
            raise ConflictError(describe_conflicts(conflicts, "nothing was saved"), report)
        if dry_run:
            lines = compared.lines | build_unsent(DRY, compared.works)
            return build_report(collected, checked, compared.works, lines)
        executed, report = execute(
            collected, checked, compared, on_conflict, workers=workers, journal=journal, progress=progress
        )
        with attach_report(lambda: report), during:
            following = confirm(collected, checked, executed)
    rest, kept = build_rest(collected, report), weakref.ref(frame)
    options: dict[str, Any] = {
        "on_conflict": on_conflict, "on_error": on_error, "on_refused": on_refused, "create": create,
        "workers": workers, "progress": progress, "only": rest, "what": what,
        "journal": report.journal.parent if journal is not None and report.journal is not None else None,
    }  # fmt: skip
    report.again = lambda: save(_get_frame(kept), **options)
    report.follow = create_follower(kept, checked.patches, {**compared.lines, **executed.lines})
    report.note = following.note
    return raise_or_return(report, on_conflict, on_error)


def check(collected: Collected) -> Checked:
    """Check all edits against the schema and the server: every problem in one round."""
    baseline, repo = collected.baseline, collected.repo
    existing = [edit for edit in collected.edits if edit.id > 0]
    stored: dict[int, Stored] = {}
    if existing:
        fields = get_fields(existing, baseline).values()
        stored = lookup.read_by_id(repo.client, {edit.id for edit in existing}, fields)
    types = get_types(existing, baseline) | get_stored_types(stored)
    assigned, refused = assign(existing, baseline, types)
    refused += find_lost_targets(assigned, repo.client, repo.schema)
    refused += find_renames_onto_others(
        assigned, {id_: row["Path"] for id_, row in stored.items()}, repo.client
    )
    creates: list[Create] = []
    if collected.create:
        new = [edit for edit in collected.edits if edit.id < 0]
        creates, cells, not_new = creates_of(new, baseline, collected.names)
        assigned, refused = assigned + cells, refused + not_new
    wrong = {refusal.edit.row for refusal in refused}
    good = [assignment for assignment in assigned if assignment.edit.row not in wrong]
    before = _get_places(collected, stored)
    patches = build_patches([a for a in good if a.edit.id > 0], before, baseline.unsure)
    _take_over_decisions(collected, patches)
    return Checked(patches, [c for c in creates if c.row not in wrong], assigned, refused, stored)


def _get_places(collected: Collected, stored: Mapping[int, Stored]) -> dict[int, str | None]:
    """Return the paths of the edited contents at the time of the read, where they matter and are known."""
    baseline = collected.baseline
    inside = in_trash(f"{baseline.query.path}/")
    places: dict[int, str | None] = {id_: row["Path"] for id_, row in stored.items()} if inside else {}
    existing = [edit.id for edit in collected.edits if edit.id > 0]
    read = zip(existing, baseline.get_paths(existing), strict=True)
    return places | {id_: path for id_, path in read if path is not None}


def _take_over_decisions(collected: Collected, patches: Iterable[Patch]) -> None:
    """Apply conflict decisions that were made when a part of the same read was saved.

    The part shows the decision; a frame that it was cut out of still shows the value that lost.
    """
    decided = collected.baseline.shared.decided
    for patch in patches if decided else ():
        for name, edit in patch.edits.items():
            found = decided.get((edit.id, edit.column))
            if found is None:
                continue
            before, mine, chosen, value = found
            field = patch.fields[name]
            if are_same_cells(field, edit.before, before) and are_same_cells(field, edit.after, mine):
                patch.chosen[name], patch.chosen_values[name], patch.after[name] = chosen, value, value


def warn(collected: Collected, assigned: Iterable[Assignment]) -> None:
    """Warn of dates without a zone, of texts of missing cells, and of columns that are not saved."""
    assigned = list(assigned)
    if naive := find_edits_without_zone(assigned):
        columns = ", ".join(sorted({edit.column for edit in naive}))
        have, are = ("has", "is") if len(naive) == 1 else ("have", "are")
        said = f"{count_noun(len(naive), 'date')} of {columns} {have} no time zone and {are} taken as UTC; "
        warn_user(f"{said}set another one with .dt.tz_localize(…)", SaveWarning)
    warn_of_missing(assigned)
    warn_of_unread(collected.frame, collected.baseline)


def refuse(collected: Collected, checked: Checked, *, skip: bool = False) -> Report:
    """Return the report of a save that is not begun; to ``skip`` rows, note those that cannot be saved."""
    by_row: dict[int, list[Refusal]] = {}
    for refusal in checked.refused:
        by_row.setdefault(refusal.edit.row, []).append(refusal)
    paths = checked.paths
    for edit in collected.edits:
        found = by_row.get(edit.row)
        if found:
            reason = "; ".join(f"{r.edit.column}: {r.reason}" for r in found)
            columns = tuple(dict.fromkeys(r.edit.column for r in found))
            cells = tuple(_build_problem(r, collected.baseline) for r in found)
            collected.lines[edit.row] = Line(
                "refused", reason, columns, edit.id, paths.get(edit.id), cells=cells
            )
        elif not skip:
            why = f"{BECAUSE_OF_OTHERS} cells were refused"
            collected.lines[edit.row] = Line("unsent", why, (edit.column,), edit.id, paths.get(edit.id))
    return build_report(collected, checked, [], {})


def _build_problem(refusal: Refusal, baseline: Baseline) -> CellProblem:
    edit = refusal.edit
    return CellProblem(edit.column, refusal.reason, edit.before, shown_value(edit, baseline))


def compare(collected: Collected, checked: Checked, on_conflict: OnConflict) -> Compared:
    """Compare the planned changes with the current state of the server, and check decided values."""
    todo, lines = compare_rows(checked.patches, checked.stored, on_conflict)
    repo = collected.repo
    chosen = [build_assignment(work, name) for work in todo for name in work.chosen]
    names = [build_assignment(work, "Name") for work in todo if "Name" in work.after]
    rows = {edit.row for edit, field in chosen if field.name == "Name"}
    names.sort(key=lambda assignment: assignment.edit.row in rows)
    refused = find_lost_targets(chosen, repo.client, repo.schema)
    if rows:
        refused += find_renames_onto_others(names, checked.paths, repo.client)
    for refusal in refused:
        edit, said = refusal.edit, f"{refusal.edit.column}: {refusal.reason}"
        cells = (_build_problem(refusal, collected.baseline),)
        path = checked.paths.get(edit.id)
        lines[edit.row] = Line("refused", said, (edit.column,), edit.id, path, cells=cells)
    wrong = {refusal.edit.row for refusal in refused}
    return Compared([work for work in todo if work.row not in wrong], checked.creates, lines)


def execute(
    collected: Collected,
    checked: Checked,
    compared: Compared,
    on_conflict: OnConflict,
    *,
    workers: int = 8,
    journal: Place = None,
    progress: Setting = None,
) -> tuple[Executed, Report]:
    """Send the plan, verified and journaled; an interruption carries the report."""
    works = compared.works
    executed = Executed(
        compared.lines | build_unsent("not sent, because the save was interrupted", works), {}
    )
    remember_creations(collected, compared.creates)

    def on_outcome(position: int, line: Line) -> None:
        row = works[position].row
        if line.stored is not None:
            executed.seen[row] = line.stored
        executed.lines[row] = dataclasses.replace(line, stored=None, error=None)

    def report() -> Report:
        return build_report(collected, checked, works, executed.lines)

    def interrupted() -> Report:
        made = report()
        try:
            confirm(collected, checked, executed, quick=True)
        except Exception as error:  # the report of what was written matters more
            made.note = f"the frame may not show everything that was saved ({error}): df.sn.refresh()"
        return made

    comparison = Comparison(collected.repo, compared.patches, on_conflict)
    return executed, execute_plan(
        collected.repo,
        works,
        what=collected.what,
        on_outcome=on_outcome,
        report=report,
        interrupted=interrupted,
        comparison=comparison,
        journal=journal,
        workers=workers,
        progress=progress,
    )


def remember_creations(collected: Collected, creates: Iterable[Create]) -> None:
    """Remember pending creations until their outcome is known."""
    now = min(collected.repo.client.now, pd.Timestamp.now("UTC").to_pydatetime())
    creates = list(creates)
    mine = {collected.claims[work.row] for work in creates if work.row in collected.claims}
    cells: dict[int, dict[str, Cell]] = {}
    for edit in collected.edits:
        cells.setdefault(edit.row, {})[edit.column] = edit.after
    attempts = [attempt for attempt in collected.baseline.attempts if attempt not in mine]
    for work in creates:
        began = collected.claims[work.row].began if work.row in collected.claims else now
        attempts.append(Attempt(collected.index[work.row], work, cells[work.row], began))
    collected.baseline.attempts[:] = attempts


def _get_frame(kept: weakref.ref[pd.DataFrame]) -> pd.DataFrame:
    frame = kept()
    if frame is None:
        raise ValueError("the frame of this save no longer exists; use its journal: sn_pandas.resume(report)")
    return frame
