"""From edited cells to a report: changes, checks, plan, requests, journal, undo."""
