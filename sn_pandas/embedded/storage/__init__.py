"""The database: contents in SQLite, its connections, the untouched tree."""
