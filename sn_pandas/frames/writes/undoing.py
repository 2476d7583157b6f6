"""What a journal is for: finishing what was interrupted, and taking back what was done."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from ...odata.errors import ConflictError, JournalError
from ...odata.transport import Client
from ..progress import Setting
from . import looking
from .authorship import is_ours, there
from .comparing import OnConflict, compare
from .journal import Journal, Record
from .looking import Stored
from .report import DRY, Line, Report, counted, report_frame
from .running import carry_out
from .sending import differing
from .works import Create, Delete, Move, Patch, Restore, Work, in_trash, request_text

if TYPE_CHECKING:
    from ..repository import Repository

W = TypeVar("W")
Numbered = Mapping[int, W]


def resume(
    place: str | os.PathLike[str],
    repo: Repository,
    *,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Send what a save did not come to, after looking what of it is done already.

    The journal is held before it is read, so that of two processes only one goes on with it.
    """
    log = Journal.go_on(place)
    with contextlib.ExitStack() as held:
        held.callback(log.let_go)
        record = log.record()
        lines = dict(record.lines)
        left = {number: record.works[number] for number in record.open}
        if not left:
            done = {number: _was_done(line) for number, line in lines.items()}
            report = _report(repo, "resume", record.works, done, ())
            return dataclasses.replace(report, journal=record.path)
        todo, settled = _looked(repo, left, on_conflict, record)
        settled = {n: _was_saved(line) for n, line in settled.items()}
        _stop_at_conflicts(record.works, settled, on_conflict)
        try:
            for number, line in settled.items():
                log.done(number, line)
        except OSError as error:
            raise JournalError(
                f"nothing was sent, because the journal {log.path} cannot be written: {error}"
            ) from error
        lines.update(settled)
        held.pop_all()  # it is closed when everything is sent
    if not todo:
        log.close()
    report = _finished(repo, "resume", record.works, todo, lines, log, workers, progress)
    return dataclasses.replace(report, journal=record.path)


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
    """Put back what a save changed, delete what it created, restore what it deleted, move back what moved."""
    lines: dict[int, Line] = {}
    patches: dict[int, Work] = {}
    creates: dict[int, Create] = {}
    others: dict[int, Delete | Restore | Move] = {}
    for number, work in enumerate(record.works):
        line = record.lines.get(number, Line("unknown"))
        id_ = line.id if line.id > 0 else work.id
        if line.outcome in ("conflict", "failed", "refused", "unchanged", "unsent"):
            lines[number] = Line("unchanged", "it was not saved", (), id_, work.path)
        elif ids is not None and id_ not in ids:
            lines[number] = Line("unchanged", "not among the rows to be undone", (), id_, work.path)
        elif isinstance(work, Patch):
            patches[number] = work.reversed()
        elif isinstance(work, Create):
            creates[number] = dataclasses.replace(work, id=id_)
        else:
            others[number] = work
    todo, settled = _looked(repo, patches, on_conflict, record)
    lines.update(settled)
    for number, back in _backwards(repo, creates, others, record).items():
        if isinstance(back, Line):
            lines[number] = back
        else:
            todo[number] = back
    if dry_run:
        for number, work in todo.items():
            lines[number] = Line("unsent", DRY, work.names, work.id, work.path)
        report = _report(repo, "undo", record.works, lines, todo.values())
        return dataclasses.replace(report, dry_run=True)
    _stop_at_conflicts(record.works, lines, on_conflict)
    return _finished(repo, "undo", record.works, todo, lines, None, workers, progress)


def _looked(
    repo: Repository, works: Numbered[Work], on_conflict: OnConflict, record: Record
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
    named = there(repo.client, [work for work in works.values() if isinstance(work, Create)])
    for number, work in works.items():
        line: Line | None = None
        if isinstance(work, Patch):
            continue
        if isinstance(work, Create):
            line = _made(work, named.get(work.path.lower()), record)
        elif work.is_done(looking.place_of(repo.client, work.id)):
            line = Line("unchanged", "it is so already", (), work.id, work.path)
        if line is None:
            todo[number] = work
        else:
            lines[number] = line
    return todo, lines


def _made(work: Create, stored: Stored | None, record: Record) -> Line | None:
    """Give the outcome of a creation that may have been sent already; None if nothing has its name."""
    if stored is None:
        return None
    if not is_ours(work, stored, record.user, record.began):
        return Line("conflict", "somebody else made a content of this name", (), stored["Id"], work.path)
    if wrong := differing(work, work.after, stored):
        return Line("ignored", f"{', '.join(wrong)} differ", tuple(wrong), stored["Id"], work.path)
    return Line("unchanged", "it is there", work.names, stored["Id"], work.path)


def _backwards(
    repo: Repository,
    creates: Numbered[Create],
    others: Numbered[Delete | Restore | Move],
    record: Record,
) -> dict[int, Work | Line]:
    """Give what takes works other than patches back, or why it cannot be."""
    fields = {field.name: field for work in creates.values() for field in work.fields.values()}
    known = looking.by_id(repo.client, [w.id for w in creates.values() if w.id > 0], fields.values())
    named = there(repo.client, [work for work in creates.values() if work.id < 0])
    found: dict[int, Work | Line] = {}
    for number, work in creates.items():
        stored = known.get(work.id) if work.id > 0 else named.get(work.path.lower())
        found[number] = _uncreated(work, stored, record)
    deletes = {number: back for number, back in found.items() if isinstance(back, Delete)}
    found.update(_with_others_below(repo.client, deletes))
    for number, other in others.items():
        found[number] = _put_back(other, looking.place_of(repo.client, other.id))
    return found


def _uncreated(work: Create, stored: Stored | None, record: Record) -> Work | Line:
    if stored is None:
        return Line("unchanged", "it is gone already", (), work.id, work.path)
    place = str(stored["Path"])
    if in_trash(place) and not in_trash(work.path):
        return Line("unchanged", "it is in the trash already", (), stored["Id"], place)
    if work.id < 0 and not is_ours(work, stored, record.user, record.began):
        reason = "the answer of the save was lost, and somebody else made the content of this name"
        return Line("conflict", reason, (), stored["Id"], place)
    if wrong := differing(work, work.after, stored):
        reason = f"somebody else changed {', '.join(wrong)} of it since"
        return Line("conflict", reason, tuple(wrong), stored["Id"], place)
    return Delete(work.row, stored["Id"], place)


def _with_others_below(client: Client, deletes: Numbered[Delete]) -> dict[int, Line]:
    """Give the deletions that would take along what is not among them, the deepest first."""
    held: dict[int, Line] = {}
    going = {work.id for work in deletes.values()}
    below = looking.below(client, going)
    for number, work in sorted(deletes.items(), key=lambda item: -(item[1].path or "").count("/")):
        if others := [row["Path"] for row in below.get(work.id, ()) if row["Id"] not in going]:
            going.discard(work.id)
            said = f"it holds {counted(len(others), 'content')} that this save did not create, as {others[0]}"
            held[number] = Line("conflict", f"{said}: move or delete that first", (), work.id, work.path)
    return held


def _put_back(work: Delete | Restore | Move, place: str | None) -> Work | Line:
    if isinstance(work, Restore):
        return Delete(work.row, work.id, work.path)
    if place is None:
        gone = "it was deleted for good" if isinstance(work, Delete) else "it is gone, or you may not see it"
        return Line("failed", gone, (), work.id, work.path)
    if isinstance(work, Move):
        if place.lower() == work.path.lower():
            return Line("unchanged", "it is there", (), work.id, place)
        if not work.is_done(place):
            return Line("conflict", f"somebody moved it to {place} since", (), work.id, place)
        return work.reversed()
    if not in_trash(place):
        return Line("unchanged", "it is there", (), work.id, place)
    bag = "/".join(place.split("/")[:4])
    return Restore(work.row, work.id, work.path or place, bag)


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
    """Send what is to be done; what is below a content that is deleted, too, goes with that."""
    tops = {work.path.lower(): n for n, work in todo.items() if isinstance(work, Delete) and work.path}
    within = {
        n: top
        for n, work in todo.items()
        if isinstance(work, Delete) and (top := _above(work.path or "", tops)) is not None
    }
    numbers = [number for number in todo if number not in within]
    before = sum(1 for number, line in lines.items() if line.outcome == "saved" and number not in todo)

    def told(position: int, line: Line) -> None:
        lines[numbers[position]] = line

    def report() -> Report:
        for number, top in within.items():
            if top in lines:
                said = f"with {lines[top].path}"
                lines[number] = dataclasses.replace(lines[top], reason=said, id=todo[number].id)
                lines[number] = dataclasses.replace(lines[number], path=todo[number].path)
        made = _report(repo, what, works, lines, [todo[number] for number in numbers])
        return dataclasses.replace(made, before=before)

    return carry_out(
        repo,
        [todo[number] for number in numbers],
        what=what,
        told=told,
        report=report,
        journal=log,
        numbers=dict(enumerate(numbers)) if log is not None else None,
        workers=workers,
        progress=progress,
    )


def _above(path: str, tops: Mapping[str, int]) -> int | None:
    """Give the number of the topmost content above a path that is deleted, too."""
    steps = path.lower().split("/")
    above = ("/".join(steps[:length]) for length in range(2, len(steps)))
    return next((tops[step] for step in above if step in tops), None)


def _report(
    repo: Repository, what: str, works: Sequence[Work], lines: Mapping[int, Line], sent: Iterable[Work]
) -> Report:
    every = [
        lines.get(n) or Line("unsent", "", work.names, work.id, work.path) for n, work in enumerate(works)
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
            "decide with on_conflict='skip', 'overwrite' or lambda c: c.theirs\n"
            f"  {first.path or first.id}: {first.reason}",
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
