"""Compare before write: what was read, what is wanted and what the server holds now."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from .cells import Cell, decoded, encode, rewritten, told
from .changes import Edit
from .checking import problem
from .looking import Stored
from .report import Line
from .sending import differing
from .works import Patch, in_trash


@dataclasses.dataclass(frozen=True)
class Conflict:
    """A cell that you and somebody else changed; what ``on_conflict`` gets if it is a callable.

    Attributes
    ----------
    id, path, field
        Which cell.
    before, mine, theirs
        The cell as it was read, as it is in the frame, and as it would be read now.
    """

    id: int
    path: str | None
    field: str
    before: Cell
    mine: Cell
    theirs: Cell


OnConflict = Literal["raise", "skip", "overwrite"] | Callable[[Conflict], Cell]


def compare(
    patches: Iterable[Patch], stored: Mapping[int, Stored], on_conflict: OnConflict
) -> tuple[list[Patch], dict[int, Line]]:
    """Compare rows with what the server holds now.

    A field that somebody else set to the very value that is wanted is not sent; one that somebody else set
    to something different is a conflict; fields that are not edited play no part.

    Returns
    -------
    list of Patch
        What is to be sent.
    dict of int to Line
        The outcome of the other rows.
    """
    todo: list[Patch] = []
    lines: dict[int, Line] = {}
    for work in patches:
        line = compared(work, stored.get(work.id), on_conflict)
        if line is None:
            todo.append(work)
        else:
            lines[work.row] = line
    return todo, lines


def compared(work: Patch, now: Stored | None, on_conflict: OnConflict) -> Line | None:
    """Compare one row: its outcome, or None if it is to be sent, with nothing left in it that is not.

    What ``compare`` does to each row, for who has only one.
    """
    names = tuple(work.after)
    if now is None:
        return Line("failed", "it is gone, or you may not see it", names, work.id, work.path)
    trashed = in_trash(now["Path"]) and not in_trash(work.path or "")
    work.path = now["Path"]
    if trashed and on_conflict != "overwrite":
        return Line("conflict", "somebody moved it to the trash", names, work.id, work.path)
    wanted = differing(work, work.after, now)
    others = {*differing(work, work.before, now), *work.unsure}
    changed = [name for name in wanted if name in others]
    if changed and on_conflict in ("raise", "skip"):
        said = "; ".join(_said(work, name, now) for name in changed)
        return Line("conflict", said, tuple(changed), work.id, work.path)
    if changed and callable(on_conflict) and (reason := _decided(work, now, changed, on_conflict)):
        return Line("refused", reason, tuple(changed), work.id, work.path)
    wanted = differing(work, work.after, now)
    for name in changed:
        work.before[name] = rewritten(work.fields[name], now.get(name))
    for name in names:
        if name not in wanted:
            del work.after[name], work.before[name]
    return None if wanted else Line("unchanged", "the server holds it already", names, work.id, work.path)


def _said(work: Patch, name: str, now: Stored) -> str:
    """Say what a cell in conflict was, is and should be."""
    field = work.fields[name]
    was, is_, wanted = (told(field, value) for value in (work.before[name], now.get(name), work.after[name]))
    if name in work.unsure and was == is_:
        return f"{name} is {is_} in a row that was changed after the frame was read, you want {wanted}"
    return f"{name} was {was}, is {is_} now, you want {wanted}"


def _decided(
    work: Patch, now: Stored, changed: Iterable[str], on_conflict: Callable[[Conflict], Cell]
) -> str:
    """Ask for the value of each cell in conflict; why one cannot be saved, or nothing."""
    for name in changed:
        field = work.fields[name]
        edit = work.edits.get(name) or _edit_of(work, name)
        theirs = decoded(field, edit.column, now.get(name))
        chosen = on_conflict(Conflict(work.id, work.path, edit.column, edit.before, edit.after, theirs))
        if reason := problem(field, chosen):
            return f"{edit.column}: {reason}"
        work.after[name] = encode(field, chosen)
        work.chosen[name] = chosen
    return ""


def _edit_of(work: Patch, name: str) -> Edit:
    """Make the edit again that a work of a journal once was."""
    field = work.fields[name]
    before, after = (decoded(field, name, values[name]) for values in (work.before, work.after))
    return Edit(work.row, work.id, name, before, after)
