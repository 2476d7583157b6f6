"""The languages of queries: ``$filter``, content queries and templates."""
