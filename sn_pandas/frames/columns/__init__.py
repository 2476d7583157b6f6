"""Columns and cells: how values of the server become those of a frame, and the other way round."""
