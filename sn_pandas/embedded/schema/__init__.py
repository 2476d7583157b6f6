"""Content types and their fields, as the repository keeps them, and the texts that name them."""
