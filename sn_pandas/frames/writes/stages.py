"""What the steps of a save hand on: the edits, what can be sent of them, what is sent, what became of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..reads.lookup import Stored
from ..tracking.baseline import Baseline
from ..tracking.edits import Edit
from .attempts import Attempt
from .plan import Assignment, Refusal
from .report import Line
from .works import Create, Patch, Work

if TYPE_CHECKING:
    from ..connection import Connection

#: The outcome of a row of which nothing is known yet.
OPEN_LINE = Line("unsent")


@dataclasses.dataclass(frozen=True)
class Part:
    """Some rows of a frame, wherever they stand: contents by their ids, new rows by their labels."""

    ids: frozenset[int]
    labels: frozenset[Hashable]

    def has(self, edit: Edit, index: pd.Index) -> bool:
        """Return whether an edit is of one of these rows."""
        return edit.id in self.ids if edit.id > 0 else index[edit.row] in self.labels


@dataclasses.dataclass
class Collected:
    """The edits of a frame.

    Attributes
    ----------
    frame : DataFrame
        The frame, which the outcome of a save goes into; a copy for a dry run.
    index : Index
        The labels of its rows when the save began.
    ids : array of int
        The ids of its rows, -1 for new ones.
    edits : list of Edit
        The edited cells, with what was in them at this moment.
    read_paths : list
        By row, where the contents were when they were read.
    lines : dict
        The outcomes that are known by now, by row.
    adopted : dict
        The outcomes of rows that an earlier save had created.
    names, claims : dict
        By row, the name that a creation was tried with before, and that try.
    what : str
        What reports and the journal call it.
    """

    frame: pd.DataFrame
    index: pd.Index
    baseline: Baseline
    ids: npt.NDArray[np.int64]
    edits: list[Edit]
    read_paths: list[str | None]
    create: bool
    dry_run: bool
    lines: dict[int, Line] = dataclasses.field(default_factory=dict)
    adopted: dict[int, Line] = dataclasses.field(default_factory=dict)
    names: dict[int, str] = dataclasses.field(default_factory=dict)
    claims: dict[int, Attempt] = dataclasses.field(default_factory=dict)
    what: str = "save"

    @property
    def repo(self) -> Connection:
        """Where the contents are."""
        return self.baseline.repo


@dataclasses.dataclass
class Checked:
    """What can be sent, the cells that go with it, and those that cannot be saved.

    Attributes
    ----------
    stored : dict
        By id what the server holds of the edited contents, in the edited fields.
    """

    patches: list[Patch]
    creates: list[Create]
    assigned: list[Assignment]
    refused: list[Refusal]
    stored: Mapping[int, Stored]

    @property
    def paths(self) -> dict[int, str | None]:
        """Where the edited contents are, by id."""
        return {id_: row["Path"] for id_, row in self.stored.items()}


@dataclasses.dataclass
class Compared:
    """What is to be sent after the comparison with what the server holds, and the outcome of other rows."""

    patches: list[Patch]
    creates: list[Create]
    lines: dict[int, Line]

    @property
    def works(self) -> list[Work]:
        """What is to be sent, in this order."""
        return [*self.patches, *self.creates]


@dataclasses.dataclass
class Executed:
    """What became of what was sent: the outcome of each row, and what the server showed of it."""

    lines: dict[int, Line]
    seen: dict[int, Stored]


def unsent(why: str, works: Iterable[Work]) -> dict[int, Line]:
    """Return outcomes for rows that are not sent, until something else is known."""
    return {work.row: Line("unsent", why, work.names, work.id, work.path) for work in works}
