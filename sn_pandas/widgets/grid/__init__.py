"""The edit grid: a tracked frame that is edited like a spreadsheet."""

from .widget import EditGrid

__all__ = ["EditGrid"]
