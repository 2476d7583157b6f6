"""Widgets: the tree browser."""
