"""The intermediate results of a save: edits, checked changes, planned operations, outcomes."""

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
    """Some rows of a frame: contents by id, new rows by label."""

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
    """The changes that can be sent, their cells, and the rejected ones.

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
    """The operations to send after the comparison, and the outcomes of the other rows."""

    patches: list[Patch]
    creates: list[Create]
    lines: dict[int, Line]

    @property
    def works(self) -> list[Work]:
        """The operations to send, in order."""
        return [*self.patches, *self.creates]


@dataclasses.dataclass
class Executed:
    """The outcome of each row, and the values that the server returned."""

    lines: dict[int, Line]
    seen: dict[int, Stored]


def build_unsent(why: str, works: Iterable[Work]) -> dict[int, Line]:
    """Return the initial outcomes for rows that are not sent."""
    return {work.row: Line("unsent", why, work.names, work.id, work.path) for work in works}
