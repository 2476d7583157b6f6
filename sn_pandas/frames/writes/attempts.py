"""Creations whose answer was lost: looked for before anything is created a second time.

A new row that has no name is given one when it is saved. If it stays open what became of it, that name is
kept beside the frame's baseline, with what was sent. The next save of the row, in whatever order or copy of
the frame, looks there first.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .authorship import is_ours, there
from .cells import Cell
from .report import Line
from .sending import differing
from .works import Create

if TYPE_CHECKING:
    from ..repository import Repository

#: Outcomes of a creation that leave open whether there is a content.
OPEN = ("unknown", "unsent", "conflict")
SEEN = "the answer of an earlier save was lost; seen by reading"


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
        """What the row would have held, had it been read after the creation."""
        work = self.work
        return {**self.cells, "Name": work.name, "Type": work.type, "Path": work.path}


@dataclasses.dataclass(frozen=True)
class Found:
    """What became of attempts, by the position of their rows.

    Attributes
    ----------
    made : dict
        Those that are there, with the outcome.
    unlike : dict
        The outcome of those of which it cannot be told whether they are there.
    names : dict
        The names of those that are not there, for the next try.
    """

    made: dict[int, tuple[Line, Create]] = dataclasses.field(default_factory=dict)
    unlike: dict[int, Line] = dataclasses.field(default_factory=dict)
    names: dict[int, str] = dataclasses.field(default_factory=dict)


def claimed(
    creates: Iterable[Create], labels: Sequence[Hashable], attempts: Iterable[Attempt]
) -> dict[int, Attempt]:
    """Say which rows were tried before: by their label and what they hold, else by one of these."""
    left = list(attempts)
    found: dict[int, Attempt] = {}
    keys = {
        create.row: ((labels[create.row], _values(create)), _values(create), labels[create.row])
        for create in creates
    }
    for how in range(3):
        waiting: dict[Hashable, list[Attempt]] = {}
        for attempt in left:
            values = _values(attempt.work)
            key = ((attempt.label, values), values, attempt.label)[how]
            waiting.setdefault(key, []).append(attempt)
        for row, key in keys.items():
            if row not in found and waiting.get(key[how]):
                found[row] = waiting[key[how]].pop(0)
        claims = set(found.values())
        left = [attempt for attempt in left if attempt not in claims]
    return found


def look(repo: Repository, attempts: Mapping[int, Attempt]) -> Found:
    """Look what became of attempts, by the position of their rows."""
    found = Found()
    stored = there(repo.client, [attempt.work for attempt in attempts.values()])
    for row, attempt in attempts.items():
        work, now = attempt.work, stored.get(attempt.work.path.lower())
        if now is None:
            found.names[row] = work.name
        elif is_ours(work, now, repo.user, attempt.began):
            id_, path = int(now["Id"]), str(now["Path"])
            if wrong := differing(work, work.after, now):
                said = (
                    f"an earlier save may have made {path}, which differs in {', '.join(wrong)} from what "
                    "was sent then: read it and drop this row, or give the row another Name"
                )
                found.unlike[row] = Line("conflict", said, tuple(wrong), id_, path)
            else:
                found.made[row] = (Line("saved", SEEN, work.names, id_, path), work)
    return found


def _values(create: Create) -> Hashable:
    return create.type, create.parent.lower(), json.dumps(create.after, sort_keys=True, default=str)
