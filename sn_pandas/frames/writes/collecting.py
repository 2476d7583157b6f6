"""The first step of a save: the edited cells of a frame, and the outcomes of unfinished creations."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pandas as pd

from ...odata.errors import TrackingError
from ..tracking.baseline import get_baseline
from ..tracking.edits import find_edits
from ..tracking.matching import match_rows
from .attempts import look, match_attempts
from .baselines import extend
from .creating import build_drafts
from .named_references import resolve_edits
from .report import Line
from .stages import Collected, Part


def collect(
    frame: pd.DataFrame, *, dry_run: bool = False, create: bool = False, only: Part | None = None
) -> Collected:
    """Collect the edited cells of a frame, and resolve unfinished creations."""
    index = frame.index  # new rows get another one
    frame = frame.copy(deep=False) if dry_run else frame
    collected = _collect_edits(frame, index, dry_run, create, only, {})
    if create and collected.baseline.attempts:
        collected = _adopt(collected, only)
    return collected


def _collect_edits(
    frame: pd.DataFrame,
    index: pd.Index,
    dry_run: bool,
    create: bool,
    only: Part | None,
    lines: Mapping[int, Line],
) -> Collected:
    baseline = get_baseline(frame)
    if baseline.query.version:
        raise TrackingError(
            f"the frame shows the version {baseline.query.version}, and a save would change the latest one. "
            "Attach it to the latest version with df.sn.rebase()"
        )
    rows = match_rows(frame, baseline)
    edits = [
        edit
        for edit in find_edits(frame, baseline, rows)
        if edit.row not in lines and (only is None or only.has(edit, index))
    ]
    edits = resolve_edits(frame, baseline, edits)
    ids = rows.ids.copy()
    return Collected(
        frame, index, baseline, ids, edits, baseline.get_paths(ids), create, dry_run, dict(lines)
    )


def _adopt(collected: Collected, only: Part | None) -> Collected:
    """Find the new rows that an earlier save may have created: those are not new ones any more."""
    baseline, attempts = collected.baseline, collected.baseline.attempts
    drafts, _, _ = build_drafts([edit for edit in collected.edits if edit.id < 0], baseline)
    claims = match_attempts(drafts, list(collected.index), attempts, baseline.shared.issued)
    found = look(collected.repo, claims)
    lines = {**collected.lines, **found.unlike}
    adopted = {row: line for row, (line, _) in found.made.items()}
    if found.made:
        held = {row: claims[row].held for row in found.made}
        extend(collected.frame, baseline, found.made, collected.ids, held)
        if not collected.dry_run:
            done = {claims[row] for row in found.made}
            attempts[:] = [attempt for attempt in attempts if attempt not in done]
    if adopted or lines:
        collected = _collect_edits(
            collected.frame, collected.index, collected.dry_run, collected.create, only, lines
        )
    return dataclasses.replace(collected, adopted=adopted, names=found.names, claims=claims)
