"""What a journal is for: finishing what was interrupted, and taking back what was done."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from ...odata.errors import ConflictError
from ..progress import Setting
from . import looking
from .comparing import OnConflict, compare
from .journal import Journal, Record
from .looking import Stored
from .report import DRY, Line, Report, counted, report_frame
from .running import carry_out
from .sending import differing, in_trash, is_done
from .works import Create, Delete, Patch, Restore, Work, request_text

if TYPE_CHECKING:
    from ..repository import Repository

W = TypeVar("W")
Numbered = Mapping[int, W]

#: Outcomes after which nothing is to be finished.
_FINAL = ("saved", "unchanged", "ignored", "conflict", "failed", "refused")


def resume(
    record: Record,
    repo: Repository,
    *,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Send what a save did not come to, after looking what of it is done already."""
    lines = dict(record.lines)
    left = {
        n: work for n, work in enumerate(record.works) if n not in lines or lines[n].outcome not in _FINAL
    }
    if not left:
        done = {number: _was_done(line) for number, line in lines.items()}
        return dataclasses.replace(_report(repo, "resume", record.works, done, ()), journal=record.path)
    todo, settled = _looked(repo, left, on_conflict)
    settled = {n: _was_saved(line) for n, line in settled.items()}
    _stop_at_conflicts(record.works, settled, on_conflict)
    log = Journal.go_on(record)
    for number, line in settled.items():
        log.done(number, line)
    lines.update(settled)
    return _finished(repo, "resume", record.works, todo, lines, log, workers, progress)


def undo(
    record: Record,
    repo: Repository,
    *,
    ids: Collection[int] | None = None,
    dry_run: bool = False,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Put back what a save changed, delete what it created, restore what it deleted."""
    lines: dict[int, Line] = {}
    todo: dict[int, Work] = {}
    patches: dict[int, Patch] = {}
    others: dict[int, Work] = {}
    for number, work in enumerate(record.works):
        line = record.lines.get(number, Line("unknown"))
        id_ = line.id if line.id > 0 else work.id
        if line.outcome in ("conflict", "failed", "refused", "unchanged"):
            lines[number] = Line("unchanged", "it was not saved", (), id_, work.path)
        elif ids is not None and id_ not in ids:
            lines[number] = Line("unchanged", "not among the rows to be undone", (), id_, work.path)
        elif isinstance(work, Patch):
            patches[number] = work.reversed()
        else:
            others[number] = dataclasses.replace(work, id=id_)
    more, settled = _looked(repo, patches, on_conflict)
    todo.update(more)
    lines.update(settled)
    for number, work in others.items():
        back = _backwards(repo, work)
        if isinstance(back, Line):
            lines[number] = back
        else:
            todo[number] = back
    if dry_run:
        for number, work in todo.items():
            lines[number] = Line("unsent", DRY, tuple(work.fields), work.id, work.path)
        report = _report(repo, "undo", record.works, lines, todo.values())
        return dataclasses.replace(report, dry_run=True)
    _stop_at_conflicts(record.works, lines, on_conflict)
    return _finished(repo, "undo", record.works, todo, lines, None, workers, progress)


def _looked(
    repo: Repository, works: Numbered[Work], on_conflict: OnConflict
) -> tuple[dict[int, Work], dict[int, Line]]:
    """Compare what is to be done with what the server holds: what is left, and the outcome of the rest."""
    todo: dict[int, Work] = {}
    lines: dict[int, Line] = {}
    patches = {n: _numbered(w, n) for n, w in works.items() if isinstance(w, Patch)}
    fields = {field.name: field for work in patches.values() for field in work.fields.values()}
    stored = looking.by_id(repo.client, [work.id for work in patches.values()], fields.values())
    changed, compared = compare(patches.values(), stored, on_conflict)
    for patch in changed:
        number = patch.row
        todo[number] = _numbered(patch, works[number].row)
    lines.update(compared)
    for number, work in works.items():
        if isinstance(work, Create):
            _settle(number, work, lines, todo, _there(repo, work))
        elif isinstance(work, (Delete, Restore)):
            done = is_done(work, looking.place_of(repo.client, work.id))
            line = Line("unchanged", "it is so already", (), work.id, work.path) if done else None
            _settle(number, work, lines, todo, line)
    return todo, lines


def _settle(
    number: int, work: Work, lines: dict[int, Line], todo: dict[int, Work], line: Line | None
) -> None:
    if line is None:
        todo[number] = work
    else:
        lines[number] = line


def _there(repo: Repository, work: Create) -> Line | None:
    """Give the outcome of a creation that was sent already; None if there is nothing of this name."""
    found = looking.by_path(repo.client, [work.path], work.fields.values())
    stored = found.get(work.path.lower())
    if stored is None:
        return None
    if stored["Type"] != work.type:
        return Line("conflict", "something else of this name is there", (), stored["Id"], work.path)
    if wrong := differing(work, work.after, stored):
        return Line("ignored", f"{', '.join(wrong)} differ", tuple(wrong), stored["Id"], work.path)
    return Line("unchanged", "it is there", tuple(work.after), stored["Id"], work.path)


def _backwards(repo: Repository, work: Work) -> Work | Line:
    """Give what takes a creation or a deletion back, or why it cannot be."""
    if isinstance(work, Create):
        stored = _entity(repo, work)
        if stored is None:
            return Line("unchanged", "it is gone already", (), work.id, work.path)
        if wrong := differing(work, work.after, stored):
            reason = f"somebody else changed {', '.join(wrong)} of it since"
            return Line("conflict", reason, tuple(wrong), stored["Id"], work.path)
        return Delete(work.row, stored["Id"], stored["Path"])
    place = looking.place_of(repo.client, work.id)
    if isinstance(work, Restore):
        return Delete(work.row, work.id, work.path)
    if place is None:
        return Line("failed", "it was deleted for good", (), work.id, work.path)
    if not in_trash(place):
        return Line("unchanged", "it is there", (), work.id, place)
    bag = "/".join(place.split("/")[:4])
    return Restore(work.row, work.id, work.path or place, bag)


def _entity(repo: Repository, work: Create) -> Stored | None:
    if work.id > 0:
        return looking.by_id(repo.client, [work.id], work.fields.values()).get(work.id)
    return looking.by_path(repo.client, [work.path], work.fields.values()).get(work.path.lower())


def _finished(
    repo: Repository,
    what: str,
    works: Sequence[Work],
    todo: Numbered[Work],
    lines: dict[int, Line],
    log: Journal | None,
    workers: int,
    progress: Setting,
) -> Report:
    numbers = list(todo)

    def told(position: int, line: Line) -> None:
        lines[numbers[position]] = line

    if log is not None and not todo:
        log.close()
    return carry_out(
        repo,
        list(todo.values()),
        what=what,
        told=told,
        report=lambda: _report(repo, what, works, lines, todo.values()),
        journal=log,
        numbers=dict(enumerate(numbers)) if log is not None else None,
        workers=workers,
        progress=progress,
    )


def _report(
    repo: Repository, what: str, works: Sequence[Work], lines: Mapping[int, Line], sent: Iterable[Work]
) -> Report:
    every = [
        lines.get(n) or Line("unsent", "", tuple(work.fields), work.id, work.path)
        for n, work in enumerate(works)
    ]
    requests = [request_text(repo.url, work) for work in sent]
    return Report(report_frame(pd.RangeIndex(len(every)), every), what=what, requests=requests, repo=repo)


def _stop_at_conflicts(works: Sequence[Work], lines: Mapping[int, Line], on_conflict: OnConflict) -> None:
    conflicts = [line for line in lines.values() if line.outcome == "conflict"]
    if conflicts and on_conflict == "raise":
        frame = report_frame(
            pd.RangeIndex(len(works)), [lines.get(n) or Line("unsent") for n in range(len(works))]
        )
        first = conflicts[0]
        raise ConflictError(
            f"nothing was sent: somebody else changed the same cells in {counted(len(conflicts), 'row')}; "
            f"decide with on_conflict='skip' or 'overwrite'\n  {first.path or first.id}: {first.reason}",
            Report(frame),
        )


def _was_saved(line: Line) -> Line:
    """Of what is to be finished, what the server holds already was saved before the interruption."""
    if line.outcome != "unchanged":
        return line
    return dataclasses.replace(line, outcome="saved", reason="it was saved before the interruption")


def _was_done(line: Line) -> Line:
    """Of a save that was finished, nothing is done now."""
    if line.outcome != "saved":
        return line
    return dataclasses.replace(
        line, outcome="unchanged", reason="the save was finished: nothing was left to do"
    )


def _numbered(work: Patch, number: int) -> Patch:
    return dataclasses.replace(work, row=number, before=dict(work.before), after=dict(work.after))
