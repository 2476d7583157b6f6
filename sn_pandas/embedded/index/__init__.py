"""The index: what is kept of a content to find it, and the SQL that finds."""
