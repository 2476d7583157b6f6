"""Widgets: the tree browser and the edit grid."""

from .grid import EditGrid
from .tree import TreeBrowser

__all__ = ["EditGrid", "TreeBrowser"]
