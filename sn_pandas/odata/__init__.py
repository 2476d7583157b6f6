"""The wire: addresses, queries, literals, transport, pages, schema and errors; no pandas."""

from .errors import SensenetError
from .query import Query
from .schema import ContentType, Field, Schema
from .transport import Client, Retries

__all__ = ["Client", "ContentType", "Field", "Query", "Retries", "Schema", "SensenetError"]
