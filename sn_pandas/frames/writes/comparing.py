"""Compare before writing: the baseline, the edit and the current value of the server."""

from __future__ import annotations

import dataclasses
import decimal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

from ...odata.addresses import in_trash
from ...odata.errors import SensenetError, did_you_mean
from ...odata.schema import Field
from ..columns.cells import Cell, Json, decode_cell, encode, encode_unchanged, format_value
from ..columns.file_forms import classify_form
from ..reads import lookup, not_found
from ..reads.lookup import Stored
from ..tracking.edits import Edit
from .checking import find_problem
from .differing import list_differing
from .report import CellProblem, Line
from .works import Patch

if TYPE_CHECKING:
    from ..connection import Connection

#: Seconds after which a comparison is repeated before its row is sent.
YOUNG = 2.0
# How long before they are sent rows are read again, in seconds.
_AHEAD = 0.5
#: Rows that are compared again with one request, at the most.
_MOST = 500


@dataclasses.dataclass(frozen=True)
class Conflict:
    """A cell that you and somebody else changed; the argument of a callable ``on_conflict``.

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


Policy = Literal["raise", "skip", "overwrite"]
OnConflict = Policy | Callable[[Conflict], Cell]


def check_policy(on_conflict: OnConflict) -> None:
    """Raise a ``ValueError`` unless conflicts can be decided so: anything else would overwrite them."""
    if not callable(on_conflict):
        check_choice("on_conflict", on_conflict, get_args(Policy))


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Raise a ``ValueError`` unless the value of an argument is one of some words."""
    if value not in choices:
        raise ValueError(
            f"{name} is one of {', '.join(choices)}, not {value!r}.{did_you_mean(str(value), choices)}"
        )


def compare(
    patches: Iterable[Patch], stored: Mapping[int, Stored], on_conflict: OnConflict
) -> tuple[list[Patch], dict[int, Line]]:
    """Compare rows with the current state of the server.

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
        line = compare_row(work, stored.get(work.id), on_conflict)
        if line is None:
            todo.append(work)
        else:
            lines[work.row] = line
    return todo, lines


def compare_row(work: Patch, now: Stored | None, on_conflict: OnConflict) -> Line | None:
    """Compare one row: return its outcome, or None if it is to be sent, reduced to its real changes.

    What ``compare`` does to each row, for who has only one.
    """
    names = tuple(work.after)
    if now is None:
        return Line("failed", not_found.GONE, names, work.id, work.path)
    trashed = in_trash(now["Path"]) and not in_trash(work.path or "")
    work.path = now["Path"]
    if trashed and on_conflict != "overwrite":
        return Line("conflict", "somebody moved it to the trash", names, work.id, work.path)
    wanted = list_differing(work, work.after, now)
    others = {*list_differing(work, work.before, now), *work.unsure}
    changed = [name for name in wanted if name in others]
    if changed and on_conflict in ("raise", "skip"):
        said = {name: _describe_conflict(work, name, now) for name in changed}
        cells = tuple(_build_problem(work, name, now, why) for name, why in said.items())
        return Line("conflict", "; ".join(said.values()), tuple(changed), work.id, work.path, cells=cells)
    if changed and callable(on_conflict) and (reason := _decide_conflicts(work, now, changed, on_conflict)):
        return Line("refused", reason, tuple(changed), work.id, work.path)
    wanted = list_differing(work, work.after, now)
    for name in names:
        if name not in wanted:
            del work.after[name], work.before[name]
        else:  # to the last digit, which a frame may not hold
            work.before[name] = encode_exact(work.fields[name], now.get(name))
    work.unsure.difference_update(changed)
    return (
        None if wanted else Line("unchanged", "the server already has this value", names, work.id, work.path)
    )


def encode_exact(field: Field, read: Json) -> Json:
    """Return the JSON that writes a value of the server unchanged, to its last digit.

    Examples
    --------
    >>> encode_exact(Field("DueDate", "DateTime"), "2026-01-02T03:04:05.1234567Z")
    '2026-01-02T03:04:05.1234567Z'
    """
    plain = not (field.is_choice or field.is_reference)
    if plain and (isinstance(read, str) or (field.kind.value == "integer" and isinstance(read, int))):
        return read  # a date, too, with the digits that a frame does not hold
    if field.kind.value == "decimal" and isinstance(read, decimal.Decimal):
        return str(read)  # the server keeps 28 digits of a text, and 15 of a number
    return encode_unchanged(field, read)


def _describe_conflict(work: Patch, name: str, now: Stored) -> str:
    """Describe the old, current and new value of a cell in conflict."""
    field = work.fields[name]
    was, is_, wanted = (
        format_value(field, value) for value in (work.before[name], now.get(name), work.after[name])
    )
    edit = work.edits.get(name)
    if name in work.unsure and was == is_ and edit and classify_form(field, edit.before, edit.after):
        return f"{name} is {is_}, which a file may have made {wanted}: whether you did is not known"
    if name in work.unsure and was == is_:
        why = "in a row that was changed after the frame was read or by a file"
        return f"{name} is {is_} {why}, you want {wanted}"
    return f"{name} was {was}, is {is_} now, you want {wanted}"


def _build_problem(work: Patch, name: str, now: Stored, why: str) -> CellProblem:
    edit = work.edits.get(name) or _edit_of(work, name)
    theirs = decode_cell(work.fields[name], edit.column, now.get(name))
    return CellProblem(edit.column, why, edit.before, edit.after, theirs)


def _decide_conflicts(
    work: Patch, now: Stored, changed: Iterable[str], on_conflict: Callable[[Conflict], Cell]
) -> str:
    """Decide each cell in conflict; return why one cannot be saved, or an empty text."""
    for name in changed:
        field = work.fields[name]
        edit = work.edits.get(name) or _edit_of(work, name)
        theirs = decode_cell(field, edit.column, now.get(name))
        chosen = on_conflict(Conflict(work.id, work.path, edit.column, edit.before, edit.after, theirs))
        if reason := find_problem(field, chosen):
            return f"{edit.column}: {reason}"
        work.after[name] = work.chosen_values[name] = encode(field, chosen)
        work.chosen[name] = chosen
    return ""


def _edit_of(work: Patch, name: str) -> Edit:
    """Restore the edit from an operation of a journal."""
    field = work.fields[name]
    before, after = (decode_cell(field, name, values[name]) for values in (work.before, work.after))
    return Edit(work.row, work.id, name, before, after)


class Comparison:
    """Keep the comparison of each row recent until the row is sent.

    All rows are compared in bulk before anything is sent. A row that waited longer than a second or two, or
    whose request was answered with "later" or "somebody else at the same moment", is compared again; rows
    that wait are read together with those behind them.

    Parameters
    ----------
    repo : Connection
        Where the rows are.
    works : sequence of Patch
        The rows in the order in which they are sent, compared just now.
    on_conflict : {"raise", "skip", "overwrite"} or callable
        What is done with a cell that somebody else changed meanwhile. Nobody is asked in the middle of a
        save, so a callable leaves such a row as a conflict.
    """

    def __init__(self, repo: Connection, works: Sequence[Patch], on_conflict: OnConflict) -> None:
        self._repo = repo
        self._policy: OnConflict = "skip" if callable(on_conflict) else on_conflict
        self._works = list(works)
        self._number = {id(work): number for number, work in enumerate(self._works)}
        self._began = time.monotonic()
        self._compared = [self._began] * len(self._works)
        self._stored: dict[int, Stored | None] = {}
        self._lock = threading.Lock()
        self._reading = False

    def compare_waiting(self, work: Patch) -> Line | None:
        """Compare a row again if it had to wait: return its outcome, or None if it is to be sent."""
        number = self._number.get(id(work))
        if number is None:
            return None
        with self._lock:
            now = time.monotonic()
            rate = (number + 1) / max(now - self._began, 0.05)  # rows a second so far
            count = min(_MOST, max(8, int(rate * (YOUNG - _AHEAD))))
            ahead = number + max(1, int(rate * _AHEAD))
            if now - self._compared[number] > YOUNG:
                self._take(number, now, self._read(number, count))
            elif (
                not self._reading
                and ahead < len(self._works)
                and now + _AHEAD - self._compared[ahead] > YOUNG
            ):
                self._reading = True
                threading.Thread(target=self._read_ahead, args=(ahead, count), daemon=True).start()
            if number not in self._stored:
                return None
            stored = self._stored.pop(number)
        return self._judge(work, stored)

    def again(self, work: Patch) -> Line | None:
        """Compare a row with the current state of the server, even if it was just compared."""
        fields = work.fields.values()
        return self._judge(work, lookup.read_by_id(self._repo.client, [work.id], fields).get(work.id))

    def compare_with(self, work: Patch, stored: Stored) -> Line | None:
        """Compare a row with values that were just read."""
        return self._judge(work, stored)

    def _judge(self, work: Patch, stored: Stored | None) -> Line | None:
        line = compare_row(work, stored, self._policy)
        if line is not None and line.outcome == "conflict":
            return dataclasses.replace(line, reason=f"while this save was running, {line.reason}")
        return line

    def _read_ahead(self, number: int, count: int) -> None:
        """Read rows that are sent within the next moments, while others are sent."""
        now = time.monotonic()
        try:
            stored = self._read(number, count)
        except SensenetError:  # the row that comes first will read again, and tell
            stored = []
        with self._lock:
            self._take(number, now, stored)
            self._reading = False

    def _read(self, number: int, count: int) -> list[Stored | None]:
        some = self._works[number : number + count]
        fields = {field.name: field for work in some for field in work.fields.values()}
        stored = lookup.read_by_id(self._repo.client, [work.id for work in some], fields.values())
        return [stored.get(work.id) for work in some]

    def _take(self, number: int, now: float, stored: Sequence[Stored | None]) -> None:
        for n, one in enumerate(stored, number):
            self._compared[n], self._stored[n] = now, one
