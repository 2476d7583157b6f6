"""Whatever changes contents: writes, versions, the Trash, batches, files."""
