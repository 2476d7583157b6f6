"""From edits to a report: collecting, checks, comparison, requests, journal, undo."""
