"""Finish interrupted saves from their journals, and undo saves."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard, TypeVar

import pandas as pd

from ...odata.addresses import in_trash
from ...odata.client import Client
from ...odata.errors import ConflictError, JournalError
from ...odata.wording import count_noun
from ..progress import Setting
from ..reads import lookup, not_found
from ..reads.lookup import Stored
from ..tracking.edits import Edit
from .authorship import MADE, is_ours, read_existing
from .comparing import Comparison, OnConflict, check_policy, compare
from .differing import list_differing
from .hidden import remove_somebody
from .journal import Journal, JournalWriter
from .naming import are_nested, find_renames_onto_others
from .permitting import build_own_entry
from .plan import Assignment
from .references import find_lost_targets
from .report import BECAUSE_OF_OTHERS, DRY, CellProblem, Line, Report, collect_cells, report_frame
from .running import execute_plan
from .works import Create, Delete, Move, Patch, Permit, Restore, Work, request_text

if TYPE_CHECKING:
    from ..connection import Connection

W = TypeVar("W")
Numbered = Mapping[int, W]


def resume(
    place: str | os.PathLike[str],
    repo: Connection,
    *,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Send the unsent part of a save, after checking what was already done.

    The journal is held before it is read, so that of two processes only one goes on with it. It is checked
    and compared like a save. What cannot be sent now, such as a name that is taken, stays open in it.
    """
    check_policy(on_conflict)
    log = JournalWriter.go_on(place)
    with contextlib.ExitStack() as held:
        held.callback(log.let_go)
        record = log.record()
        lines = dict(record.lines)
        left = {number: record.works[number] for number in record.open}
        if not left:
            done = {number: _build_done_line(line) for number, line in lines.items()}
            report = build_numbered_report(repo, "resume", record.works, done, ())
            return dataclasses.replace(report, journal=record.path)
        plan = _plan(repo, left, on_conflict, record)
        settled = {n: _build_saved_line(line) for n, line in plan.lines.items()}
        _stop_at_conflicts("resume", record.works, settled, on_conflict)
        try:
            for number, line in settled.items():
                if line.outcome not in ("refused", "unsent"):
                    log.done(number, line)
        except OSError as error:
            raise JournalError(
                f"nothing was sent, because the journal {log.path} cannot be written: {error}"
            ) from error
        lines.update(settled)
        if not plan.todo:
            log.close()
        report = finish(repo, "resume", record.works, plan.todo, lines, on_conflict, log, workers, progress)
        return dataclasses.replace(report, journal=record.path)


def undo(
    record: Journal,
    repo: Connection,
    *,
    ids: Collection[int] | None = None,
    dry_run: bool = False,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Restore changed fields, delete created contents, restore deleted ones, and move back moved ones."""
    check_policy(on_conflict)
    lines: dict[int, Line] = {}
    patches: dict[int, Work] = {}
    unseen: dict[int, str] = {}
    creates: dict[int, Create] = {}
    others: dict[int, Delete | Restore | Move] = {}
    permits: dict[int, Permit] = {}
    for number, work in enumerate(record.works):
        line = record.lines.get(number, Line("unknown"))
        id_ = line.id if line.id > 0 else work.id
        if line.outcome in ("conflict", "failed", "refused", "unchanged", "unsent"):
            lines[number] = Line("unchanged", "it was not saved", (), id_, work.path)
        elif ids is not None and id_ not in ids:
            lines[number] = Line("unchanged", "not among the rows to be undone", (), id_, work.path)
        elif isinstance(work, Patch):
            patch, names = remove_somebody(work.reverse())
            if names:
                unseen[number] = f"{', '.join(names)}: the former value is hidden from you, so it stays"
            if patch.after:
                patches[number] = patch
            else:
                lines[number] = Line("refused", unseen[number], tuple(names), id_, work.path)
        elif isinstance(work, Create):
            creates[number] = dataclasses.replace(work, id=id_)
        elif isinstance(work, Permit):
            permits[number] = work
        else:
            others[number] = work
    plan = _plan(repo, patches, on_conflict, record)
    lines.update(plan.lines)
    todo = plan.todo
    back_all = _revert_others(repo, creates, others, record, on_conflict) | _revert_permissions(
        repo, permits, on_conflict
    )
    for number, back in back_all.items():
        if isinstance(back, Line):
            lines[number] = back
        else:
            todo[number] = back
    if dry_run:
        for number, work in todo.items():
            lines[number] = Line("unsent", DRY, work.names, work.id, work.path)
        report = build_numbered_report(repo, "undo", record.works, lines, todo.values())
        return dataclasses.replace(report, dry_run=True)
    _stop_at_conflicts("undo", record.works, lines, on_conflict)
    report = finish(repo, "undo", record.works, todo, lines, on_conflict, None, workers, progress)
    return _add_unseen(report, unseen)


def _add_unseen(report: Report, unseen: Mapping[int, str]) -> Report:
    """Add the fields that were not restored, because their former values are hidden, to an undo report."""
    for number, said in unseen.items():
        reason = str(report.frame["reason"].iloc[number])
        if said not in reason:
            column = list(report.frame.columns).index("reason")
            report.frame.iloc[number, column] = f"{reason}; {said}" if reason else said
    if unseen:
        numbers = count_noun(len(unseen), "row")
        report.note = f"{numbers} kept a value, because the former one is hidden from you: .frame says which"
    return report


@dataclasses.dataclass
class NumberedPlan:
    """The operations to send, and the outcomes of the others, by their number in the journal.

    Attributes
    ----------
    paths : dict
        The paths that the contents of changes have now, by id.
    """

    todo: dict[int, Work] = dataclasses.field(default_factory=dict)
    lines: dict[int, Line] = dataclasses.field(default_factory=dict)
    paths: dict[int, str] = dataclasses.field(default_factory=dict)


def _plan(repo: Connection, works: Numbered[Work], on_conflict: OnConflict, record: Journal) -> NumberedPlan:
    """Check and compare the entries of a journal like the edits of a frame, in bulk."""
    patches = {n: w for n, w in works.items() if isinstance(w, Patch)}
    creates = {n: w for n, w in works.items() if isinstance(w, Create)}
    others = {n: w for n, w in works.items() if not isinstance(w, (Patch, Create, Permit))}
    plan = plan_patches(repo, patches, on_conflict)
    plan.todo.update({n: w for n, w in works.items() if isinstance(w, Permit)})  # it may be done twice
    created = _read_created(repo, creates, record)
    for number, work in creates.items():
        line = _find_created(work, created.get(number), record)
        if line is None and work.left_out:
            said = f"{', '.join(work.left_out)} is not kept in a journal: save the row of the frame again"
            line = Line("unsent", said, work.left_out, -1, work.path)
        if line is None:
            plan.todo[number] = work
        else:
            plan.lines[number] = line
    places = lookup.read_by_id(repo.client, [work.id for work in others.values()])
    for number, other in others.items():
        found = places.get(other.id)
        place = str(found["Path"]) if found else None
        if other.is_done(place):
            plan.lines[number] = Line(
                "unchanged", "it is already in the requested state", (), other.id, place or other.path
            )
        elif place is None:
            gone = not_found.GONE
            plan.lines[number] = Line("failed", gone, (), other.id, other.path)
        else:
            plan.todo[number] = other
    return plan


def plan_patches(repo: Connection, works: Numbered[Patch], on_conflict: OnConflict) -> NumberedPlan:
    """Compare changes of fields with what the server holds now, and check them like the edits of a frame."""
    plan = NumberedPlan()
    patches = [_number_patch(work, number) for number, work in works.items()]
    fields = {field.name: field for work in patches for field in work.fields.values()}
    stored = lookup.read_by_id(repo.client, [work.id for work in patches], fields.values())
    plan.paths = {id_: str(row["Path"]) for id_, row in stored.items()}
    changed, plan.lines = compare(patches, stored, on_conflict)
    refused = _find_refused(repo, changed, stored)
    for patch in changed:
        if found := refused.get(patch.row):
            said = "; ".join(f"{cell.name}: {cell.reason}" for cell in found)
            plan.lines[patch.row] = Line("refused", said, patch.names, patch.id, patch.path, cells=found)
        else:
            plan.todo[patch.row] = _number_patch(patch, works[patch.row].row)
    return plan


def _find_refused(
    repo: Connection, patches: Sequence[Patch], stored: Numbered[Stored]
) -> dict[int, tuple[CellProblem, ...]]:
    """Return why some edits cannot be sent now, by number, as a save would report."""
    assigned = [
        Assignment(Edit(patch.row, patch.id, name, patch.before.get(name), value), patch.fields[name])
        for patch in patches
        for name, value in patch.after.items()
    ]
    paths = {id_: str(row["Path"]) for id_, row in stored.items()}
    found: dict[int, tuple[CellProblem, ...]] = {}
    refusals = find_lost_targets(assigned, repo.client, repo.schema) + find_renames_onto_others(
        assigned, paths, repo.client
    )
    for refusal in refusals:
        edit = refusal.edit
        cell = CellProblem(edit.column, refusal.reason, edit.before, edit.after)
        found[edit.row] = (*found.get(edit.row, ()), cell)
    return found


def _read_created(repo: Connection, creates: Numbered[Create], record: Journal) -> dict[int, Stored]:
    """Read created contents by the reported ids, or by their paths."""
    fields = {field.name: field for work in creates.values() for field in [*work.fields.values(), *MADE]}
    ids = {n: record.lines[n].id for n in creates if n in record.lines and record.lines[n].id > 0}
    ids |= {n: work.id for n, work in creates.items() if work.id > 0}
    by_id = lookup.read_by_id(repo.client, ids.values(), fields.values())
    found = {number: by_id[id_] for number, id_ in ids.items() if id_ in by_id}
    left = [work for number, work in creates.items() if number not in ids]
    named = read_existing(repo.client, left)
    if left and len(named) < len({work.path.lower() for work in left}):
        repo.verify_identity()
    for number, work in creates.items():
        if number not in ids and work.path.lower() in named:
            found[number] = named[work.path.lower()]
    return found


def _find_created(work: Create, stored: Stored | None, record: Journal) -> Line | None:
    """Return the outcome of a creation that may have been sent already; None if its name does not exist."""
    if stored is None:
        return None
    if not is_ours(work, stored, record.user, record.began):
        return Line("conflict", "somebody else created a content of this name", (), stored["Id"], work.path)
    if wrong := list_differing(work, work.after, stored):
        return Line("ignored", f"{', '.join(wrong)} differ", tuple(wrong), stored["Id"], work.path)
    return Line("unchanged", "it is there", work.names, stored["Id"], work.path)


def _revert_others(
    repo: Connection,
    creates: Numbered[Create],
    others: Numbered[Delete | Restore | Move],
    record: Journal,
    on_conflict: OnConflict,
) -> dict[int, Work | Line]:
    """Return the operations that revert others than patches, or why that is impossible."""
    created = _read_created(repo, creates, record)
    found: dict[int, Work | Line] = {}
    for number, work in creates.items():
        found[number] = _revert_creation(work, created.get(number), record, on_conflict)
    deletes = {number: back for number, back in found.items() if isinstance(back, Delete)}
    found.update(_reject_with_others_below(repo.client, deletes))
    places = lookup.read_by_id(repo.client, [work.id for work in others.values()])
    for number, other in others.items():
        stored = places.get(other.id)
        found[number] = _put_back(other, str(stored["Path"]) if stored else None)
    return found


def _revert_permissions(
    repo: Connection, permits: Numbered[Permit], on_conflict: OnConflict
) -> dict[int, Work | Line]:
    """Return the operation that restores permissions, unless somebody changed them since."""
    found: dict[int, Work | Line] = {}
    for number, work in permits.items():
        held = build_own_entry(repo.client, work.id, work.identity, local=work.local)
        if held == work.before:
            found[number] = Line("unchanged", "it is already in the requested state", (), work.id, work.path)
        elif (wrong := work.list_wrong(held)) and on_conflict != "overwrite":
            said = f"somebody changed {', '.join(wrong)} since"
            found[number] = Line("conflict", said, tuple(wrong), work.id, work.path)
        else:
            found[number] = dataclasses.replace(work, before=held, after=dict(work.before), whole=True)
    return found


def _revert_creation(
    work: Create, stored: Stored | None, record: Journal, on_conflict: OnConflict
) -> Work | Line:
    if stored is None:
        return Line("unchanged", "it is already gone", (), work.id, work.path)
    place = str(stored["Path"])
    if in_trash(place) and not in_trash(work.path):
        return Line("unchanged", "it is already in the trash", (), stored["Id"], place)
    if work.id < 0 and not is_ours(work, stored, record.user, record.began):
        reason = "the answer of the save was lost, and somebody else created the content of this name"
        return Line("conflict", reason, (), stored["Id"], place)
    wrong = list_differing(work, work.after, stored)
    if wrong and on_conflict != "overwrite":
        reason = f"somebody else changed {', '.join(wrong)} of it since"
        return Line("conflict", reason, tuple(wrong), stored["Id"], place)
    return Delete(work.row, stored["Id"], place)


def _reject_with_others_below(client: Client, deletes: Numbered[Delete]) -> dict[int, Line]:
    """Return the outcomes of deletions that would also delete other contents, deepest first."""
    held: dict[int, Line] = {}
    going = {work.id for work in deletes.values()}
    below = lookup.read_children(client, going)
    for number, work in sorted(deletes.items(), key=lambda item: -(item[1].path or "").count("/")):
        if others := [row["Path"] for row in below.get(work.id, ()) if row["Id"] not in going]:
            going.discard(work.id)
            said = (
                f"it holds {count_noun(len(others), 'content')} that this save did not create, as {others[0]}"
            )
            held[number] = Line("conflict", f"{said}: move or delete that first", (), work.id, work.path)
    return held


def _put_back(work: Delete | Restore | Move, place: str | None) -> Work | Line:
    if isinstance(work, Restore):
        if place is None or in_trash(place):
            return Line("unchanged", "it is not there any more", (), work.id, place or work.path)
        return Delete(work.row, work.id, place)
    if place is None:
        gone = "it was deleted for good" if isinstance(work, Delete) else not_found.GONE
        return Line("failed", gone, (), work.id, work.path)
    if isinstance(work, Move):
        if place.lower() == work.path.lower():
            return Line("unchanged", "it is there", (), work.id, place)
        if not work.is_done(place):
            return Line("conflict", f"somebody moved it to {place} since", (), work.id, place)
        return work.reverse()
    if not in_trash(place):
        return Line("unchanged", "it is there", (), work.id, place)
    bag, inside = "/".join(place.split("/")[:4]), place.split("/")[4:]
    if len(inside) > 1:
        said = f"it is in {bag} with {inside[0]}, which was deleted later: restore that first"
        return Line("conflict", said, (), work.id, place)
    return Restore(work.row, work.id, work.path or place, bag)


def finish(
    repo: Connection,
    what: str,
    works: Sequence[Work],
    todo: Numbered[Work],
    lines: dict[int, Line],
    on_conflict: OnConflict,
    log: JournalWriter | str | os.PathLike[str] | None,
    workers: int,
    progress: Setting,
) -> Report:
    """Send the operations; contents below a deleted one are deleted with it."""
    tops = {work.path.lower(): n for n, work in todo.items() if isinstance(work, Delete) and work.path}
    within = {
        n: top
        for n, work in todo.items()
        if isinstance(work, Delete) and (top := _find_above(work.path or "", tops)) is not None
    }
    numbers = sorted((n for n in todo if n not in within), key=lambda n: _compute_depth(todo[n]))
    sent = [todo[number] for number in numbers]
    patches = [work for work in sent if isinstance(work, Patch)]
    placed = [work.destination if isinstance(work, Move) else work.path for work in sent if _is_placed(work)]
    before = sum(1 for number, line in lines.items() if line.outcome == "saved" and number not in todo)

    def on_outcome(position: int, line: Line) -> None:
        lines[numbers[position]] = dataclasses.replace(line, stored=None, error=None)

    def report() -> Report:
        for number, top in within.items():
            if top in lines:
                said = f"with {lines[top].path}"
                lines[number] = dataclasses.replace(lines[top], reason=said, id=todo[number].id)
                lines[number] = dataclasses.replace(lines[number], path=todo[number].path)
        made = build_numbered_report(repo, what, works, lines, sent)
        return dataclasses.replace(made, before=before)

    return execute_plan(
        repo,
        sent,
        what=what,
        on_outcome=on_outcome,
        report=report,
        comparison=Comparison(repo, patches, on_conflict),
        journal=log,
        numbers=dict(enumerate(numbers)) if isinstance(log, JournalWriter) else None,
        workers=1 if are_nested(placed) else workers,  # what is above others comes first
        progress=progress,
    )


def _is_placed(work: Work) -> TypeGuard[Move | Restore]:
    return isinstance(work, (Move, Restore))


def _compute_depth(work: Work) -> int:
    """Return the depth of the target of a move or restoration; 0 for other operations."""
    if isinstance(work, Move):
        return work.destination.count("/")
    return work.path.count("/") if isinstance(work, Restore) else 0


def _find_above(path: str, tops: Mapping[str, int]) -> int | None:
    """Return the number of the topmost content above a path that is deleted, too."""
    steps = path.lower().split("/")
    above = ("/".join(steps[:length]) for length in range(2, len(steps)))
    return next((tops[step] for step in above if step in tops), None)


def build_numbered_report(
    repo: Connection, what: str, works: Sequence[Work], lines: Mapping[int, Line], sent: Iterable[Work]
) -> Report:
    """Return the report of numbered operations; ``sent`` are those whose requests it shows."""
    every = [
        lines.get(n) or Line("unsent", "", work.names, work.id, work.path) for n, work in enumerate(works)
    ]
    requests = [request_text(repo.url, work) for work in sent]
    frame, cells = report_frame(pd.RangeIndex(len(every)), every), collect_cells(every)
    return Report(frame, what=what, requests=requests, repo=repo, cells=cells)


def _stop_at_conflicts(
    what: str, works: Sequence[Work], lines: Mapping[int, Line], on_conflict: OnConflict
) -> None:
    conflicts = [line for line in lines.values() if line.outcome == "conflict"]
    if conflicts and on_conflict == "raise":
        why = f"{BECAUSE_OF_OTHERS} rows have conflicts"
        every = [lines.get(n) or Line("unsent", why, (), work.id, work.path) for n, work in enumerate(works)]
        frame = report_frame(pd.RangeIndex(len(works)), every)
        first = conflicts[0]
        raise ConflictError(
            f"nothing was sent: somebody else changed the same cells in {count_noun(len(conflicts), 'row')}; "
            "decide with on_conflict='skip', 'overwrite' or lambda c: c.theirs\n"
            f"  {first.path or first.id}: {first.reason}",
            Report(frame, what=what, cells=collect_cells(every)),
        )


def _build_saved_line(line: Line) -> Line:
    """Return outcomes for operations of a resumed save that were done before the interruption."""
    if line.outcome != "unchanged":
        return line
    return dataclasses.replace(line, outcome="saved", reason="it was saved before the interruption")


def _build_done_line(line: Line) -> Line:
    """Return outcomes for a save that is complete."""
    if line.outcome != "saved":
        return line
    return dataclasses.replace(
        line, outcome="unchanged", reason="the save is already complete: there was nothing left to do"
    )


def _number_patch(work: Patch, number: int) -> Patch:
    return dataclasses.replace(
        work, row=number, before=dict(work.before), after=dict(work.after), unsure=set(work.unsure)
    )
