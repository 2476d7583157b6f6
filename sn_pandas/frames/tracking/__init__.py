"""What a frame was when it was read: baseline, matching of rows, and edits."""
