"""Content types and fields: installed ones, added fields, and what a content has of them."""
