"""The wire: addresses, queries, literals, transport, pages, schema and errors; no pandas."""
