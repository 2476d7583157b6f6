"""A sensenet content repository as typed DataFrames in a notebook."""
