"""What was done in the grid, step by step, to be undone and redone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pandas as pd

from ...frames.columns.normalizing import Cell

Key = int | str
_LONGEST = 200


@dataclasses.dataclass(frozen=True)
class Change:
    """A cell of a row that one step changed."""

    key: Key
    column: str
    before: Cell
    after: Cell


@dataclasses.dataclass(frozen=True)
class Step:
    """What one step did: rows that it added, cells that it changed then, and rows that it removed at last."""

    changes: Sequence[Change] = ()
    added: pd.DataFrame | None = None
    removed: pd.DataFrame | None = None

    def turned(self) -> Step:
        """Return the step that takes this one back."""
        changes = [Change(c.key, c.column, c.after, c.before) for c in reversed(self.changes)]
        return Step(changes, self.removed, self.added)


class History:
    """The steps that can be undone, and those that can be redone."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def counts(self) -> tuple[int, int]:
        """How many steps can be undone, and redone."""
        return len(self._done), len(self._undone)

    @property
    def last(self) -> Step:
        """The step that would be undone."""
        return self._done[-1] if self._done else Step()

    @property
    def next(self) -> Step:
        """The step that would be redone."""
        return self._undone[-1] if self._undone else Step()

    def add(self, step: Step) -> None:
        """Add a step that was just done; what was undone before cannot be redone any more."""
        self._done.append(step)
        del self._done[:-_LONGEST]
        self._undone.clear()

    def undo(self) -> Step:
        """Return the step that undoes the last one; an empty one if there is none."""
        return self._turn(self._done, self._undone)

    def redo(self) -> Step:
        """Return the step that redoes the one that was undone last; an empty one if there is none."""
        return self._turn(self._undone, self._done)

    @staticmethod
    def _turn(source: list[Step], target: list[Step]) -> Step:
        if not source:
            return Step()
        turned = source.pop().turned()
        target.append(turned)
        return turned
