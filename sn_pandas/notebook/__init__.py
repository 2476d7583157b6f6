"""The notebook: the magic, its completions, progress, how results and errors show."""
