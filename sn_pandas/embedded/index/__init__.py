"""The search index: the terms stored for each content, and the SQL to search them."""
