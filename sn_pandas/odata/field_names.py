"""Names in a query that the server would ignore, where no field is called so."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .errors import IncompleteWarning, QueryError, did_you_mean
from .schema import PSEUDO_FIELDS, Field, Schema

if TYPE_CHECKING:
    from .query import Query

# What the index can order by beside the fields of the schema.
_INDEX_ONLY = frozenset("Id InTree InFolder Type TypeIs ParentId VersionId _Text".split())
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_SORT = re.compile(r"\.(?:REVERSE)?SORT:([#\w.]+)")


def refuse_unknown(query: Query, schema: Schema) -> None:
    """Raise for an order or an expanded name that the server would ignore without a word.

    Of an order in an address that comes from elsewhere is only told: it brings the rows that it always did.

    Raises
    ------
    QueryError
        With the name that may have been meant.
    """
    if not schema:
        return  # whoever may see no content types cannot be told what there is
    for name in _orders(query):
        if name not in schema.fields and name not in _INDEX_ONLY and not of_some_contents(name):
            words = (
                f"the server ignores an order by {name!r}: no content type has such a field."
                f"{did_you_mean(name, schema.fields)}"
            )
            if not query.copied:
                raise QueryError(words)
            warnings.warn(words, IncompleteWarning, stacklevel=5)
    for chain in query.expand:
        for step in chain.split("/"):
            if step in PSEUDO_FIELDS or of_some_contents(step):
                continue
            field = schema.field(step)
            if field is None:
                raise QueryError(
                    f"the server ignores expand={chain!r}: no content type has a field {step!r}."
                    f"{did_you_mean(step, schema.fields)}"
                )
            refuse_scalar(field, chain)


def refuse_scalar(field: Field, chain: str) -> None:
    """Raise if what a chain goes through is a plain value, behind which there is nothing.

    Raises
    ------
    QueryError
        With the kind of the field.
    """
    if field.is_scalar:
        raise QueryError(
            f"{chain}: {field.name} is a field of type {field.type}, there is nothing behind it; "
            "only references have fields of their own"
        )


def of_some_contents(name: str) -> bool:
    """Whether a name is one of a list's or an aspect's own fields, which the schema does not know."""
    return name.startswith("#") or "." in name


def _orders(query: Query) -> Iterator[str]:
    for key in (query.orderby or "").split(","):
        if key:
            yield key.split()[0]
    yield from _SORT.findall(_QUOTED.sub('""', query.words()))
