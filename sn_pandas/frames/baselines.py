"""Moving a baseline on: cells that the server confirmed, contents that were created, values read again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..odata.errors import TrackingError
from ..odata.schema import Field
from .tracking import Baseline, Rows, baseline_of, rebase
from .writes import looking
from .writes.cells import Cell, decoded
from .writes.changes import edits_of
from .writes.creating import place_rows
from .writes.report import Line
from .writes.works import Create


def confirm(frame: pd.DataFrame, baseline: Baseline, columns: Mapping[str, Iterable[int]], ids: Any) -> None:
    """Give the frame a baseline in which some cells are as the frame has them now.

    Frames that were derived from it before keep theirs, so that they never take the new values for old ones.

    Parameters
    ----------
    columns : mapping
        For each column the positions of the rows whose cells are confirmed.
    ids : array
        The ids of the frame's rows.
    """
    moved = baseline.frame.copy(deep=False)
    aligned = len(frame) == len(moved) and np.array_equal(ids, moved.index.to_numpy())
    for column, rows in columns.items():
        now = frame[column]
        positions = np.sort(np.fromiter(rows, np.intp))
        if aligned:
            left = {e.row for e in edits_of(frame[[column]], baseline, Rows(ids, None))}
            if left <= set(positions.tolist()):
                moved[column] = now.array.view()  # shares its memory with the frame until the next edit
                continue
        places = moved.index.get_indexer(pd.Index(ids[positions]))
        moved[column] = put(moved[column], places, now.iloc[positions])
    renamed = [int(row) for row in columns.get("Name", ())]
    paths = _beside(baseline, [int(ids[row]) for row in renamed], [frame["Name"].iloc[r] for r in renamed])
    seen = {column: {int(ids[row]) for row in rows} for column, rows in columns.items()}
    rebase(frame, dataclasses.replace(baseline, frame=moved).moved(paths).sure_of(seen))


def extend(
    frame: pd.DataFrame,
    baseline: Baseline,
    made: Mapping[int, tuple[Line, Create]],
    ids: Any,
    held: Mapping[int, Mapping[str, Any]] | None = None,
) -> None:
    """Give the rows of contents that were just created their ids, and take them into the baseline.

    Parameters
    ----------
    held : mapping, optional
        What of a row, by column, the content holds otherwise than the frame.
    """
    for row, (line, _) in made.items():
        ids[row] = line.id
    shown = {
        row: (line.id, {"Path": line.path, "Name": (line.path or "").rpartition("/")[2], "Type": work.type})
        for row, (line, work) in made.items()
    }
    place_rows(frame, shown)
    columns = [column for column in baseline.frame.columns if column in frame.columns]
    rows = sorted(made)
    new = frame.iloc[rows][columns].copy()
    new.attrs = {}
    new.index = pd.Index(ids[rows], name="Id")
    for place, row in enumerate(rows):
        line = made[row][0]
        other = dict.fromkeys(line.fields) if line.outcome == "ignored" else (held or {}).get(row, {})
        for name in new.columns.intersection(
            list(other)
        ):  # what the server does not hold is still to be done
            new[name] = put(new[name], [place], pd.Series([other[name]], dtype=object))
    moved = pd.concat([baseline.frame, new.reindex(columns=baseline.frame.columns)])
    paths = {line.id: line.path for line, _ in made.values() if line.path}
    rebase(frame, dataclasses.replace(baseline, frame=moved).moved(paths))


def look_again(frame: pd.DataFrame, cells: Mapping[int, Sequence[tuple[str, Field]]]) -> bool:
    """Take what the server holds now of some cells into the baseline; the frame keeps what it shows.

    Parameters
    ----------
    cells : mapping
        For each content the columns of the cells, with the fields that they show.

    Returns
    -------
    bool
        Whether there was such a cell.
    """
    try:
        baseline = baseline_of(frame)
    except TrackingError:
        return False
    fields = {field.name: field for row in cells.values() for _, field in row}
    stored = looking.by_id(baseline.repo.client, cells, fields.values())
    moved = baseline.frame.copy(deep=False)
    found: dict[str, dict[int, Cell]] = {}
    for id_, row in cells.items():
        for column, field in row if id_ in stored and id_ in moved.index else ():
            found.setdefault(column, {})[id_] = decoded(field, column, stored[id_].get(field.name))
    for column, values in found.items():
        told = pd.Series([*values.values(), None], dtype=object).iloc[:-1]  # lists stay cells
        moved[column] = put(moved[column], moved.index.get_indexer(pd.Index(list(values))), told)
    if found:
        paths = {id_: str(row["Path"]) for id_, row in stored.items()}
        rebase(frame, dataclasses.replace(baseline, frame=moved).moved(paths))
    return bool(found)


def _beside(baseline: Baseline, ids: Sequence[int], names: Sequence[str]) -> dict[int, str]:
    """Give the paths of contents that were given other names."""
    return {
        id_: f"{path.rpartition('/')[0]}/{name}"
        for id_, path, name in zip(ids, baseline.paths_of(ids), names, strict=True)
        if path
    }


def put(column: pd.Series, places: Any, cells: pd.Series) -> pd.Series:
    """Give a column with other cells at some places, of its own dtype if they fit."""
    changed = column.astype(object)
    changed.iloc[places] = np.fromiter(cells, dtype=object, count=len(cells))
    try:
        return changed.astype(column.dtype)
    except (TypeError, ValueError):
        return changed
