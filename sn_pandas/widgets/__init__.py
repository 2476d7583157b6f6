"""Widgets: the tree browser."""

from .tree import TreeBrowser

__all__ = ["TreeBrowser"]
