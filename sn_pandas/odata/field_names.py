"""Names in a query that the server would ignore, where no field is called so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from .errors import IncompleteWarning, QueryError, did_you_mean, unknown_field
from .fields import INDEX_ONLY, of_some_contents
from .filter_rules import order_refusal
from .filter_syntax import members, parse
from .schema import PSEUDO_FIELDS, Field, Schema
from .tokens import without_texts
from .warning import warn_user

_SORT = re.compile(r"\.(?:REVERSE)?SORT\s*:\s*([#\w.]+(?:/[\w.]+)*)")


def refuse_unknown(
    orders: Collection[str],
    expand: Collection[str],
    schema: Schema,
    *,
    copied: bool,
    in_memory: bool,
    added: Mapping[str, Field] | None = None,
) -> None:
    """Raise for an order that a server would not keep, or a name that it would silently ignore.

    An order in a copied address only causes a warning: it returns the rows that it always did.
    Where the caller may not see all types, a name that is not known may be that of a hidden one and is let
    through.

    Parameters
    ----------
    orders, expand : collection of str
        The fields that are ordered by, and the chains that are expanded.
    copied : bool
        Whether they come from an address.
    in_memory : bool
        Whether the server orders the rows themselves, not by the index.
    added : mapping, optional
        Fields of lists and aspects by name, as far as they are known.

    Raises
    ------
    QueryError
        With the name that may have been meant.
    """
    for name in orders if not in_memory else ():
        if words := order_refusal(name, (added or {}).get(name) or schema.fields.get(name)):
            if not copied:
                raise QueryError(words)
            warn_user(words, UserWarning)
    for name, words in ignored_names(orders, expand, schema):
        if schema.may_hide:
            return
        if not (copied and name in orders):
            raise QueryError(words)
        warn_user(words, IncompleteWarning)
    for chain in expand:
        for step in chain.split("/"):
            field = None if step in PSEUDO_FIELDS or of_some_contents(step) else schema.field(step)
            if field is not None:
                refuse_scalar(field, chain)


def ignored_names(
    orders: Collection[str], expand: Collection[str], schema: Schema
) -> Iterator[tuple[str, str]]:
    """Yield the names in a query that the server would ignore, as far as is known, each with a message."""
    for name in orders:
        if name not in schema.fields and name not in INDEX_ONLY and not of_some_contents(name):
            yield (
                name,
                f"the server ignores an order by {name!r}: no content type has such a field."
                f"{did_you_mean(name, schema.fields)}",
            )
    for chain in expand:
        for step in chain.split("/"):
            if step not in PSEUDO_FIELDS and not of_some_contents(step) and step not in schema.fields:
                yield (
                    step,
                    f"the server ignores expand={chain!r}: {unknown_field(step, schema.fields)}",
                )


def paths_behind_unknown(condition: object, schema: Schema, added: Collection[str] = ()) -> Iterator[str]:
    """Yield the paths of a filter that begin with a name that no layer of the schema has.

    If it is a reference, the server tests the rows themselves; if it is an aspect, all is well, as with the
    fields of aspects in ``added``.
    """
    if isinstance(condition, str) and "/" in condition and (tree := parse(condition)):
        for member in members(tree):
            first = member.steps[0]
            if len(member.steps) == 1 or first in schema.fields or of_some_contents(first):
                continue
            if ".".join(member.steps) not in added:
                yield "/".join(member.steps)


def refuse_scalar(field: Field, chain: str) -> None:
    """Raise if a path continues after a field that is not a reference.

    Raises
    ------
    QueryError
        With the kind of the field.
    """
    if field.kind.is_scalar:
        raise QueryError(
            f"{chain}: {field.name} is a field of type {field.type}, so it has no fields of its own; only "
            "references do"
        )


def sort_fields(orderby: str | None, words: str) -> tuple[str, ...]:
    """Return the fields in an order and in the sort keys of a content query.

    Examples
    --------
    >>> sort_fields("DueDate desc,Name", "TypeIs:Task .SORT:Index")
    ('DueDate', 'Name', 'Index')
    """
    keys = [key.split()[0] for key in (orderby or "").split(",") if key]
    return (*keys, *_SORT.findall(without_texts(words)))
