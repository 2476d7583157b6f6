"""A cell that was given but cannot be written, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Unusable:
    """A value that cannot become a cell of its field, such as an unknown name or an invalid date.

    The check of a save rejects it with its reason, like a value that breaks a rule.

    Attributes
    ----------
    value : object
        What was given.
    reason : str
        Why it cannot be used, and what can be done.
    """

    value: Any
    reason: str

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return repr(self.value)
