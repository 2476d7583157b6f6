"""Creations whose answer was lost: looked for before anything is created a second time.

A new row that has no name is given one when it is saved. If it stays open what became of it, that name is
kept beside the frame's baseline, with what was sent. The next save of the row, in whatever order or copy of
the frame, looks there first.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..columns.cells import Cell
from .authorship import is_ours, read_existing
from .differing import list_differing
from .report import Line
from .works import Create

if TYPE_CHECKING:
    from ..connection import Connection

#: Outcomes of a creation that leave open whether there is a content.
OPEN = ("unknown", "unsent", "conflict")
SEEN = "the answer of an earlier save was lost; verified by reading"


@dataclasses.dataclass(frozen=True, eq=False)
class Attempt:
    """A creation that was begun and may have been done.

    Attributes
    ----------
    label : hashable
        The row's in the index of the frame.
    work : Create
        What was sent, with its name.
    cells : mapping
        What the row held, by column.
    began : datetime
        When it was tried first.
    """

    label: Hashable
    work: Create
    cells: Mapping[str, Cell]
    began: dt.datetime

    @property
    def held(self) -> dict[str, Cell]:
        """The values that the row would have had if it had been read after the creation."""
        work = self.work
        return {**self.cells, "Name": work.name, "Type": work.type, "Path": work.path}


@dataclasses.dataclass(frozen=True)
class Found:
    """The results of attempts, by the position of their rows.

    Attributes
    ----------
    made : dict
        Those that are there, with the outcome.
    unlike : dict
        The outcome of those for which it is unclear whether they are there.
    names : dict
        The names of those that are not there, for the next try.
    """

    made: dict[int, tuple[Line, Create]] = dataclasses.field(default_factory=dict)
    unlike: dict[int, Line] = dataclasses.field(default_factory=dict)
    names: dict[int, str] = dataclasses.field(default_factory=dict)


def match_attempts(
    creates: Iterable[Create],
    labels: Sequence[Hashable],
    attempts: Iterable[Attempt],
    issued: Collection[Hashable] = (),
) -> dict[int, Attempt]:
    """Return which rows were tried before, by the position of the row.

    A label that ``append`` has ``issued`` is that of one row alone, whatever it holds now. Other labels are
    given by users, who may give them again: such a row was tried before if two of its label, its name and
    what it holds are those of the try.
    """
    left = list(attempts)
    found: dict[int, Attempt] = {}
    creates = list(creates)
    for same in (_is_own_row, _has_label_and_values, _has_values, _has_label):
        for create in creates:
            if create.row in found:
                continue
            label = labels[create.row]
            match = next((a for a in left if same(create, label, a, issued)), None)
            if match is not None:
                found[create.row] = match
                left.remove(match)
    return found


def _is_own_row(create: Create, label: Hashable, attempt: Attempt, issued: Collection[Hashable]) -> bool:
    return bool(label == attempt.label and label in issued)


def _has_label_and_values(
    create: Create, label: Hashable, attempt: Attempt, issued: Collection[Hashable]
) -> bool:
    return bool(label == attempt.label) and _has_values(create, label, attempt, issued)


def _has_values(create: Create, label: Hashable, attempt: Attempt, issued: Collection[Hashable]) -> bool:
    mine = label not in issued or attempt.label not in issued  # two rows that append made are two
    return mine and _fits(create, attempt) and _get_values(create) == _get_values(attempt.work)


def _has_label(create: Create, label: Hashable, attempt: Attempt, issued: Collection[Hashable]) -> bool:
    alike = _fits(create, attempt) or _get_values(create) == _get_values(attempt.work)
    return bool(label == attempt.label) and alike


def _fits(create: Create, attempt: Attempt) -> bool:
    """Return whether a row may have the attempted name; a row without a name may."""
    return not create.name or create.name.lower() == attempt.work.name.lower()


def look(repo: Connection, attempts: Mapping[int, Attempt]) -> Found:
    """Return the outcomes of attempts, by the position of their rows."""
    found = Found()
    stored = read_existing(repo.client, [attempt.work for attempt in attempts.values()])
    for row, attempt in attempts.items():
        work, now = attempt.work, stored.get(attempt.work.path.lower())
        if now is None:
            found.names[row] = work.name
        elif is_ours(work, now, repo.user, attempt.began):
            id_, path = int(now["Id"]), str(now["Path"])
            if wrong := list_differing(work, work.after, now):
                said = (
                    f"an earlier save may have created {path}, which differs in {', '.join(wrong)} from what "
                    "was sent then: read it and drop this row, or give the row another Name"
                )
                found.unlike[row] = Line("conflict", said, tuple(wrong), id_, path)
            else:
                found.made[row] = (Line("saved", SEEN, work.names, id_, path), work)
    return found


def _get_values(create: Create) -> Hashable:
    return create.type, create.parent.lower(), json.dumps(create.after, sort_keys=True, default=str)
