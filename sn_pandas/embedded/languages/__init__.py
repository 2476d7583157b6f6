"""The languages of queries: ``$filter``, content queries, templates, and the tree they compile to."""
