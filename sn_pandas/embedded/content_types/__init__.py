"""Content types and fields: the built-in ones, installed ones, and how they are described."""
