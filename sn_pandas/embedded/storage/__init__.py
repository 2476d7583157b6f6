"""The database: contents in SQLite, its connections, versions and files."""
