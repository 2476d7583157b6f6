"""What was done in the grid, step by step, to be undone and redone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

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


Step = Sequence[Change]


class History:
    """The steps that can be undone, and those that can be redone."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def counts(self) -> tuple[int, int]:
        """How many steps can be undone, and redone."""
        return len(self._done), len(self._undone)

    def add(self, step: Step) -> None:
        """Add a step that was just done; what was undone before cannot be redone any more."""
        self._done.append(step)
        del self._done[:-_LONGEST]
        self._undone.clear()

    def undo(self) -> Step:
        """Return the changes that undo the last step; nothing if there is none."""
        return self._turn(self._done, self._undone)

    def redo(self) -> Step:
        """Return the changes that redo the step that was undone last; nothing if there is none."""
        return self._turn(self._undone, self._done)

    @staticmethod
    def _turn(source: list[Step], target: list[Step]) -> Step:
        if not source:
            return ()
        turned = [Change(c.key, c.column, c.after, c.before) for c in reversed(source.pop())]
        target.append(turned)
        return turned
