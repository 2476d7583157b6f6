"""A password on its way to the server, which is never displayed."""

from __future__ import annotations


class Masked(str):
    """A text that is sent unchanged but displayed as dots in frames, messages and tracebacks."""

    __slots__ = ()

    def __new__(cls, text: object) -> Masked:
        """Return the text of anything, masked."""
        return super().__new__(cls, str.__str__(text) if isinstance(text, str) else str(text))

    def __repr__(self) -> str:
        return "'•••'"

    def __str__(self) -> str:
        return "•••"

    def __format__(self, spec: str) -> str:
        return "•••"
