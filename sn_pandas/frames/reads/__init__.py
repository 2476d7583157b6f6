"""From a query to a typed frame."""
