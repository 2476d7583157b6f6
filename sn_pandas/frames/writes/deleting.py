"""Deletions: which contents go, which go with another one, and which are gone for good then."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ...odata.addresses import in_trash
from ..progress import Setting
from ..reads import lookup
from ..reads.lookup import Stored
from ..tracking.baseline import get_baseline
from ..tracking.matching import match_rows
from . import finality
from .report import DRY, Line, Report, report_frame
from .running import execute_plan
from .saving import Place
from .works import Delete, Work, request_text

if TYPE_CHECKING:
    from ..connection import Connection


def delete(
    frame: pd.DataFrame,
    *,
    permanent: bool = False,
    dry_run: bool = False,
    workers: int = 8,
    journal: Place = None,
    progress: Setting = None,
) -> Report:
    """Delete the contents of a frame's rows; see ``Accessor.delete``."""
    baseline = get_baseline(frame)
    ids = [int(id_) for id_ in match_rows(frame, baseline).ids]
    return delete_contents(
        baseline.repo,
        ids,
        frame.index,
        permanent=permanent,
        dry_run=dry_run,
        workers=workers,
        journal=journal,
        progress=progress,
    )


def delete_contents(
    repo: Connection,
    ids: Sequence[int],
    index: pd.Index,
    gone: Mapping[int, Line] | None = None,
    *,
    permanent: bool = False,
    dry_run: bool = False,
    workers: int = 8,
    journal: Place = None,
    progress: Setting = None,
) -> Report:
    """Delete contents, each once, and what is below another one with that.

    Parameters
    ----------
    ids : sequence of int
        The contents; 0 for one that is not there any more, negative for a row that was never saved.
    index : Index
        Of the report.
    gone : mapping, optional
        The outcomes of those that were not found, by their position.
    """
    lines: dict[int, Line] = {}
    stored = lookup.read_by_id(repo.client, {id_ for id_ in ids if id_ > 0}, [finality.FLAG])
    works = _build_deletes(ids, stored, gone or {}, lines, permanent=permanent)
    final = finality.explain_final(repo, works, stored)
    stuck = finality.explain_irrecoverable(repo, [work for work in works if work.id not in final], stored)
    first: dict[int, int] = {}
    for work in works:
        first.setdefault(work.id, work.row)
    above = {work.path.lower(): first[work.id] for work in works if work.path}
    within: dict[int, int] = {}
    for work in works:
        top = _find_ancestor(work.path or "", above)
        if top is not None or first[work.id] != work.row:
            within[work.row] = first[work.id] if top is None else top
    todo: list[Work] = [work for work in works if work.row not in within]
    if dry_run:
        for work in works:
            said = f"{DRY}: it would be deleted for good: {final[work.id]}" if work.id in final else DRY
            said = f"{said}: {stuck[work.id]}" if work.id in stuck else said
            lines[work.row] = Line("unsent", said, (), work.id, work.path)

    def report() -> Report:
        for work in todo if not dry_run else ():
            if (
                work.id in stuck
                and (line := lines.get(work.row))
                and (line.outcome, line.reason) == ("saved", "")
            ):
                lines[work.row] = dataclasses.replace(line, reason=stuck[work.id])
        for work in works if not dry_run else ():
            if work.row in within:
                lines[work.row] = _build_dependent_line(lines[within[work.row]], work)
        return Report(
            report_frame(index, [lines[row] for row in range(len(ids))]),
            what="delete",
            dry_run=dry_run,
            requests=[request_text(repo.url, work) for work in todo],
            repo=repo,
        )

    if dry_run:
        return report()
    finality.warn([work for work in todo if isinstance(work, Delete)], final)
    return execute_plan(
        repo,
        todo,
        what="delete",
        on_outcome=lambda position, line: lines.__setitem__(todo[position].row, line),
        report=report,
        journal=journal,
        workers=workers,
        progress=progress,
    )


def _build_deletes(
    ids: Sequence[int],
    stored: Mapping[int, Stored],
    gone: Mapping[int, Line],
    lines: dict[int, Line],
    *,
    permanent: bool,
) -> list[Delete]:
    """Return the deletions of contents; outcomes of missing ones and of new rows go to ``lines``."""
    works = []
    for row, id_ in enumerate(ids):
        found = stored.get(id_)
        if id_ < 0:
            lines[row] = Line("unchanged", "a new row: there is nothing to delete")
        elif found is None:
            said = "it is already gone, or you may not see it"
            lines[row] = gone.get(row) or Line("unchanged", said, (), id_)
        elif in_trash(found["Path"]) and not permanent:
            lines[row] = Line("unchanged", "it is already in the trash", (), id_, found["Path"])
        else:
            works.append(Delete(row, id_, found["Path"], permanent))
    return works


def _build_dependent_line(other: Line, work: Delete) -> Line:
    """Return the outcome of a content that went, or stayed, with another one."""
    reason = "named twice" if other.path == work.path else f"with {other.path}"
    said = reason if other.outcome == "saved" else f"{reason}: {other.reason}"
    return Line(other.outcome, said, (), work.id, work.path)


def _find_ancestor(path: str, rows: Mapping[str, int]) -> int | None:
    """Return the row of the topmost content above a path that is deleted, too."""
    steps = path.lower().split("/")
    for length in range(2, len(steps)):
        row = rows.get("/".join(steps[:length]))
        if row is not None:
            return row
    return None
