"""The notebook integration: the magic, its completion, progress, and how results and errors are shown."""
