"""A sensenet-compatible repository on SQLite that runs in the user's process."""
