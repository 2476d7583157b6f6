"""The last step of a save: update the baseline to what was sent, and the frame to the server's state."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping

from ...odata.errors import SensenetError
from ..columns.cells import Cell, are_same_cells
from ..tracking.baseline import Baseline, get_baseline
from .attempts import OPEN
from .baselines import Confirmed, as_stored, extend, settle, show_created
from .creating import put_cell
from .following import Following, follow
from .plan import build_assignment
from .report import Line
from .stages import OPEN_LINE, Checked, Collected, Executed
from .works import Create, Patch


def confirm(collected: Collected, checked: Checked, executed: Executed, *, quick: bool = False) -> Following:
    """Update the baseline to verified values, and the frame to the server's state.

    A cell that the user edited while the save ran stays an edit.
    """
    lines, baseline = executed.lines, collected.baseline
    confirmed = Confirmed()
    done = list(_iter_done(checked.patches, lines))
    cells = as_stored([build_assignment(work, name) for work, name in done])
    for (work, name), cell in zip(done, cells, strict=True):
        edit, line = work.edits[name], lines[work.row]
        if name in work.chosen:
            value = work.chosen_values[name]
            confirmed.chosen.setdefault(edit.column, {})[edit.row] = (edit.after, cell)
            decided = (edit.before, edit.after, work.chosen[name], value)
            baseline.shared.decided[(edit.id, edit.column)] = decided
        confirmed.sent.setdefault(edit.column, {})[edit.row] = cell
        if name == "Name" and line.path:
            confirmed.paths[work.id] = line.path
    saved = {work.row: work for work in checked.patches if lines.get(work.row, OPEN_LINE).outcome == "saved"}
    following = Following() if quick else follow(collected, saved, executed.seen)
    confirmed.followed = following.cells
    settle(collected.frame, baseline, collected.ids, confirmed)
    creates = checked.creates
    made = {work.row: (lines[work.row], work) for work in creates if _is_made(lines.get(work.row))}
    settled = {id(work) for work in creates if lines.get(work.row, OPEN_LINE).outcome not in OPEN}
    attempts = baseline.attempts
    attempts[:] = [attempt for attempt in attempts if id(attempt.work) not in settled]
    if made:
        baseline = get_baseline(collected.frame)
        held = _find_edited_meanwhile(collected, made, baseline)
        extend(collected.frame, baseline, made, collected.ids, held)
        _forget_passwords(collected, made)
        if not quick:
            with contextlib.suppress(SensenetError):  # it is only shown later then
                show_created(collected.frame, [line.id for line, _ in made.values()])
    return following


def _iter_done(patches: Iterable[Patch], lines: Mapping[int, Line]) -> Iterator[tuple[Patch, str]]:
    """Yield the fields that now have the intended values on the server."""
    for work in patches:
        line = lines.get(work.row, OPEN_LINE)
        if line.outcome in ("saved", "unchanged", "ignored"):
            ignored = set(line.fields) if line.outcome == "ignored" else ()
            yield from ((work, name) for name in work.edits.keys() - ignored)


def _forget_passwords(collected: Collected, made: Mapping[int, tuple[Line, Create]]) -> None:
    """Remove passwords from the rows of newly created users: nobody can read them back."""
    columns = {n for _, work in made.values() for n, f in work.fields.items() if f.is_secret}
    for column in columns & set(collected.frame.columns):
        for row in made:
            put_cell(collected.frame, row, column, None)


def _find_edited_meanwhile(
    collected: Collected, made: Iterable[int], baseline: Baseline
) -> dict[int, dict[str, Cell]]:
    """Return the cells of new rows that the user edited while they were created, as they were sent."""
    sent: dict[int, dict[str, Cell]] = {}
    for edit in collected.edits:
        sent.setdefault(edit.row, {})[edit.column] = edit.after
    frame, held = collected.frame, dict[int, dict[str, Cell]]()
    columns = [column for column in baseline.frame.columns if column in frame.columns]
    for row in made:
        for column in columns:
            was, now = sent.get(row, {}).get(column), frame[column].iloc[row]
            if not are_same_cells(baseline.fields.get(column), was, now):
                held.setdefault(row, {})[column] = was
    return held


def _is_made(line: Line | None) -> bool:
    return line is not None and line.outcome in ("saved", "ignored") and line.id > 0
