"""Moving a baseline on: cells that the server confirmed, contents that were created, values read again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ...odata.errors import TrackingError
from ...odata.schema import Field
from ..columns.cells import are_same_cells, decode_cell, decode_cells, encode
from ..columns.encoders import parse_moment
from ..columns.normalizing import Cell, is_missing, normalize
from ..interrupting import defer_interrupts
from ..reads import lookup
from ..replacing import put
from ..tracking.baseline import Baseline, get_baseline, rebase
from ..tracking.edits import find_edits
from ..tracking.matching import match_rows
from .creating import place_rows
from .following import read_columns
from .plan import Assignment
from .report import Line
from .works import Create


@dataclasses.dataclass
class Confirmed:
    """The confirmed values of a save for a frame and its baseline, by column and row position.

    Attributes
    ----------
    sent : dict
        Cells that the server holds now, as they were in the frame when the save began.
    chosen : dict
        Cells that were decided on in conflicts, with those that they replace.
    followed : dict
        Other cells that the server shows otherwise after the save.
    paths : dict
        By id, where contents are now.
    """

    sent: dict[str, dict[int, Cell]] = dataclasses.field(default_factory=dict)
    chosen: dict[str, dict[int, tuple[Cell, Cell]]] = dataclasses.field(default_factory=dict)
    followed: dict[str, dict[int, Cell]] = dataclasses.field(default_factory=dict)
    paths: dict[int, str] = dataclasses.field(default_factory=dict)


def settle(frame: pd.DataFrame, baseline: Baseline, ids: Any, confirmed: Confirmed) -> None:
    """Set the baseline to the saved values, and update the frame to those of the server.

    Cells that the user edited meanwhile stay edits. Frames that were derived from this one before keep their
    baseline, so that they never take the new values for old ones.
    """
    if not (confirmed.sent or confirmed.followed or confirmed.paths):
        return
    moved = baseline.frame.copy(deep=False)
    shown: dict[str, dict[int, Cell]] = {}
    for column, pairs in confirmed.chosen.items():
        for row, (mine, cell) in pairs.items():
            if _are_alike(baseline, column, frame[column].iloc[row], mine):
                shown.setdefault(column, {})[row] = cell
    for column, cells in confirmed.followed.items():
        if column not in frame.columns or column not in moved.columns:
            continue
        places = moved.index.get_indexer(pd.Index(ids[list(cells)]))
        for (row, cell), place in zip(cells.items(), places, strict=True):
            kept = confirmed.sent.get(column, {}).get(row, moved[column].iloc[place])
            if _are_alike(baseline, column, frame[column].iloc[row], kept):
                shown.setdefault(column, {})[row] = cell
    for values in (confirmed.sent, confirmed.followed):
        for column, cells in values.items():
            if column in moved.columns:
                places = moved.index.get_indexer(pd.Index(ids[list(cells)]))
                moved[column] = put(moved[column], places, _to_objects(cells.values()))
    paths = _extend_paths(baseline, ids, confirmed.paths)
    seen = {column: {int(ids[row]) for row in cells} for column, cells in confirmed.sent.items()}
    columns = {
        column: put(frame[column], list(cells), _to_objects(cells.values()))
        for column, cells in shown.items()
    }
    after = dataclasses.replace(baseline, frame=moved).replace_paths(paths).confirm_cells(seen)
    if paths and "Path" in frame.columns:
        positions = dict(zip(ids.tolist(), range(len(ids)), strict=True))
        rows = {positions[id_]: path for id_, path in paths.items() if id_ in positions}
        columns["Path"] = put(columns.get("Path", frame["Path"]), list(rows), _to_objects(rows.values()))
    with defer_interrupts():
        for column, whole in columns.items():
            frame[column] = whole
        rebase(frame, after)


def _are_alike(baseline: Baseline, column: str, one: Cell, other: Cell) -> bool:
    """Return whether two cells of a column mean the same."""
    return are_same_cells(baseline.fields.get(column), one, other)


def _extend_paths(baseline: Baseline, ids: Any, paths: Mapping[int, str]) -> dict[int, str]:
    """Return the paths of contents that are elsewhere now, and of the rows below them."""
    new_paths = dict(paths)
    every = [int(id_) for id_ in ids if id_ > 0] if paths else []
    before = dict(zip(every, baseline.get_paths(every), strict=True))
    moves = sorted(
        ((before.get(id_) or "", path) for id_, path in paths.items()), key=lambda move: len(move[0])
    )
    for id_, path in before.items():
        for old, new in moves if id_ not in paths and path else ():
            if old and path and path.lower().startswith(f"{old.lower()}/"):
                new_paths[id_] = new + path[len(old) :]
    return new_paths


def as_stored(assigned: Sequence[Assignment]) -> list[Cell]:
    """Return edited cells as a read would return them: an option by its value, a date as a date.

    Cells of one column are decoded together, as those of a read are.
    """
    cells: list[Cell] = [None] * len(assigned)
    alike: dict[tuple[str, int], list[int]] = {}
    for place, (edit, field) in enumerate(assigned):
        if "/" in edit.column or field.is_reference:
            cells[place] = normalize(field, edit.after)
        elif field.is_date:
            cells[place] = pd.NaT if is_missing(edit.after) else parse_moment(edit.after)
        else:
            alike.setdefault((edit.column, id(field)), []).append(place)
    for places in alike.values():
        field = assigned[places[0]].field
        read = decode_cells(field, [encode(field, assigned[place].edit.after) for place in places])
        for place, cell in zip(places, read, strict=True):
            cells[place] = cell
    return cells


def extend(
    frame: pd.DataFrame,
    baseline: Baseline,
    made: Mapping[int, tuple[Line, Create]],
    ids: Any,
    held: Mapping[int, Mapping[str, Any]] | None = None,
) -> None:
    """Set the ids of rows that were just created, and add them to the baseline.

    Parameters
    ----------
    held : mapping, optional
        What of a row, by column, the content holds otherwise than the frame.
    """
    with defer_interrupts():
        for row, (line, _) in made.items():
            ids[row] = line.id
        shown = {
            row: (
                line.id,
                {"Path": line.path, "Name": (line.path or "").rpartition("/")[2], "Type": work.type},
            )
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
        rebase(frame, dataclasses.replace(baseline, frame=moved).replace_paths(paths))


def show_created(frame: pd.DataFrame, ids: Iterable[int]) -> None:
    """Fill cells of newly created contents with values that the server assigned.

    Without it a row that left out ``Index`` would differ from its content, which holds 0.
    """
    baseline = get_baseline(frame)
    places = {int(id_): row for row, id_ in enumerate(match_rows(frame, baseline).ids.tolist())}
    made = [id_ for id_ in ids if id_ in places]
    columns = [
        column
        for column in baseline.frame.columns.intersection(frame.columns)
        if (field := baseline.fields.get(column)) is not None
        and not field.is_reference
        and "/" not in column
        and any(is_missing(frame[column].iloc[places[id_]]) for id_ in made)
    ]
    found = _read_references(frame, baseline, places, made)
    fields = [baseline.fields[column] for column in columns]
    stored = lookup.read_by_id(baseline.repo.client, made, fields) if columns else {}
    for column, field in zip(columns, fields, strict=True):
        found[column] = {
            id_: decode_cell(field, column, stored[id_].get(field.name))
            for id_ in made
            if id_ in stored and field.name in stored[id_] and is_missing(frame[column].iloc[places[id_]])
        }
    moved = baseline.frame.copy(deep=False)
    shown: dict[str, pd.Series] = {}
    for column, read in found.items():
        if cells := {id_: cell for id_, cell in read.items() if not is_missing(cell)}:
            at = moved.index.get_indexer(pd.Index(list(cells)))
            moved[column] = put(moved[column], at, _to_objects(cells.values()))
            rows = [places[id_] for id_ in cells]
            shown[column] = put(frame[column], rows, _to_objects(cells.values()))
    if shown:
        with defer_interrupts():
            for column, whole in shown.items():
                frame[column] = whole
            rebase(frame, dataclasses.replace(baseline, frame=moved))


def _read_references(
    frame: pd.DataFrame, baseline: Baseline, places: Mapping[int, int], made: Sequence[int]
) -> dict[str, dict[int, Cell]]:
    """Return the references of newly created contents as read, with the columns behind them.

    A reference reads as paths, whatever it was written as. A cell that was edited since is left out.
    """
    columns = [
        column
        for column in map(str, baseline.frame.columns.intersection(frame.columns))
        if "/" in column or ((field := baseline.fields.get(column)) is not None and field.is_reference)
    ]
    if not columns or not made:
        return {}
    read = read_columns(baseline.repo, columns, made)
    found: dict[str, dict[int, Cell]] = {}
    for column in read.columns.intersection(columns):
        field = baseline.fields.get(column)
        for id_, cell in zip(read.index.tolist(), read[column], strict=True):
            now, kept = frame[column].iloc[places[id_]], baseline.frame[column].get(id_)
            if is_missing(now) or are_same_cells(field, now, kept):
                found.setdefault(column, {})[id_] = cell
    return found


def look_again(frame: pd.DataFrame, cells: Mapping[int, Sequence[tuple[str, Field]]]) -> bool:
    """Update some cells of the frame and its baseline from the server.

    A cell that the user has edited meanwhile stays an edit, now of what the server holds.

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
        baseline = get_baseline(frame)
        rows = match_rows(frame, baseline)
    except TrackingError:
        return False
    edited = {(edit.id, edit.column) for edit in find_edits(frame, baseline, rows)}
    places = {int(id_): row for row, id_ in enumerate(rows.ids.tolist()) if id_ > 0}
    fields = {field.name: field for row in cells.values() for _, field in row}
    stored = lookup.read_by_id(baseline.repo.client, cells, fields.values())
    moved = baseline.frame.copy(deep=False)
    found: dict[str, dict[int, Cell]] = {}
    for id_, row in cells.items():
        for column, field in row if id_ in stored and id_ in moved.index else ():
            found.setdefault(column, {})[id_] = decode_cell(field, column, stored[id_].get(field.name))
    shown: dict[str, tuple[list[int], pd.Series]] = {}
    for column, values in found.items():
        moved[column] = put(
            moved[column], moved.index.get_indexer(pd.Index(list(values))), _to_objects(values.values())
        )
        same = [id_ for id_ in values if (id_, column) not in edited and id_ in places]
        if same and column in frame.columns:
            shown[column] = [places[id_] for id_ in same], _to_objects(values[id_] for id_ in same)
    if found:
        with defer_interrupts():
            for column, (where, new_cells) in shown.items():
                frame[column] = put(frame[column], where, new_cells)
            paths = {id_: str(row["Path"]) for id_, row in stored.items()}
            rebase(frame, dataclasses.replace(baseline, frame=moved).replace_paths(paths))
    return bool(found)


def _to_objects(values: Iterable[Cell]) -> pd.Series:
    """Return cells as a series of objects in which lists stay cells."""
    return pd.Series([*values, None], dtype=object).iloc[:-1]
