"""The report of a save, and the errors that carry it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from ...odata.errors import ConflictError, SaveError
from ...odata.wording import count_noun
from ..columns.normalizing import to_plain
from .baselines import look_again
from .comparing import OnConflict
from .report import NEW, Line, Report, collect_cells, group_alike, report_frame
from .stages import OPEN_LINE, Checked, Collected, Part
from .works import Create, Patch, Work, request_text

OnError = Literal["collect", "raise"]


def build_report(
    collected: Collected, checked: Checked, works: Sequence[Work], lines: Mapping[int, Line]
) -> Report:
    """Return the report; rows without an outcome were not edited."""
    paths = checked.paths

    def line_of(row: int) -> Line:
        line = lines.get(row) or collected.lines.get(row) or collected.adopted.get(row)
        if line is not None:
            return line
        id_ = int(collected.ids[row])
        if id_ < 0:
            return Line("unsent", NEW)
        return Line("unchanged", "", (), id_, paths.get(id_) or collected.read_paths[row])

    every = [line_of(row) for row in range(len(collected.ids))]
    return Report(
        report_frame(collected.index, every),
        what=collected.what,
        cells=collect_cells(every),
        dry_run=collected.dry_run,
        requests=[request_text(collected.repo.url, work) for work in works],
        repo=collected.repo,
        layers={
            name: field.layer
            for work in works
            if isinstance(work, (Patch, Create))
            for name, field in work.fields.items()
        },
    )


def build_rest(collected: Collected, report: Report) -> Part:
    """Return the rows that are not in the intended state."""
    rows = np.flatnonzero(~report.frame["outcome"].isin(["saved", "unchanged"])).tolist()
    ids = frozenset(int(collected.ids[row]) for row in rows if collected.ids[row] > 0)
    return Part(ids, frozenset(collected.index[row] for row in rows if collected.ids[row] < 0))


def create_follower(
    kept: weakref.ref[pd.DataFrame], patches: Sequence[Patch], lines: Mapping[int, Line]
) -> Callable[[Collection[int]], bool]:
    """Return a callback that tells the frame of a save that some of its saved cells have changed again."""
    touched = ("saved", "ignored", "unknown", "unsent", "failed")
    cells = {
        work.id: [(edit.column, work.fields[name]) for name, edit in work.edits.items()]
        for work in patches
        if lines.get(work.row, OPEN_LINE).outcome in touched
    }

    def follow(ids: Collection[int]) -> bool:
        frame = kept()
        return frame is not None and look_again(frame, {id_: cells[id_] for id_ in ids if id_ in cells})

    return follow


def raise_or_return(report: Report, on_conflict: OnConflict, on_error: OnError) -> Report:
    """Return the report of a save, or raise it if requested."""
    found = report.frame[report.frame["outcome"] == "conflict"]
    conflicts = [
        Line(
            "conflict", reason, (), -1 if pd.isna(id_) else int(id_), path if isinstance(path, str) else None
        )
        for id_, path, reason in zip(found["Id"], found["Path"], found["reason"], strict=True)
    ]
    if conflicts and on_conflict == "raise":
        raise ConflictError(describe_conflicts(conflicts, "some rows were not saved"), report)
    if on_error == "raise" and not report.ok:
        raise SaveError(f"not everything was saved\n{report!r}", report)
    return report


def describe_conflicts(conflicts: Sequence[Line], what: str) -> str:
    """Describe which rows have conflicts, and how they are decided."""
    shown = [f"\n  {line.path or line.id}: {line.reason}" for line in conflicts[:10]]
    more = f"\n  … and {len(conflicts) - 10} more in .report.conflicts" if len(conflicts) > 10 else ""
    return (
        f"{what}: somebody else changed the same cells in {count_noun(len(conflicts), 'row')}. See them with "
        "sys.last_value.report.conflicts, and decide with on_conflict='skip', 'overwrite' or "
        "lambda c: c.theirs" + "".join(shown) + more
    )


def describe_refusals(report: Report) -> str:
    """Describe which cells cannot be saved."""
    problems = [
        (path if isinstance(path, str) else f"row {to_plain(label)!r}", cell)
        for position, (label, path) in enumerate(zip(report.frame.index, report.frame["Path"], strict=True))
        for cell in report.cells.get(position, ())
    ]
    lines = group_alike(problems)
    shown = [f"\n  {place}, {field}: {reason}" for place, field, reason in lines[:10]]
    left = len(lines) - 10
    more = f"\n  … and {left} more in sys.last_value.report.problems" if left > 0 else ""
    return (
        f"nothing was saved: {count_noun(len(problems), 'cell')} cannot be saved. "
        f"Correct {'it' if len(problems) == 1 else 'them'}, or {report.what} the other rows with "
        "on_refused='skip'" + "".join(shown) + more
    )
