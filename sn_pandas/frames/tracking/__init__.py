"""The baseline of a frame, matching of rows, and edits."""
