"""Fields outside of the search index, which queries silently ignore or misinterpret.

On a running server a filter by one of them finds nothing or is refused, a content query finds nothing, and an
order by one of them is not an order at all, with status 200.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import QueryError
from .filter_syntax import Member, members, parse
from .tokens import without_texts

#: The fields of the built-in types that are not in the index.
NOT_INDEXED = frozenset(
    "AllowedChildTypes Versions RemainingDays DueText DueCssClass AllRoles DirectRoles Password Avatar "
    "BrowseUrl".split()
)
_FIELD = re.compile(r"(?<![\w.#/])(\w+)\s*:")
_SORT = re.compile(r"\.(?:REVERSE)?SORT\s*:\s*(\w+)")


def reject_unsearchable(filter: str | None, query: str | None, orderby: str | None) -> None:
    """Raise if a filter, a content query or an order uses a field outside of the search index.

    Examples
    --------
    >>> reject_unsearchable("RemainingDays gt 5", None, None)
    Traceback (most recent call last):
    sn_pandas.odata.errors.QueryError: RemainingDays is not in the search index, so ...
    """
    for name in _fields_of_filter(filter or ""):
        _raise(name, "filter", f"df[df[{name!r}] …]")
    for name in _fields_of_query(query or ""):
        _raise(name, "search", f"df[df[{name!r}] …]")
    for name in (*_fields_of_order(orderby or ""), *_SORT.findall(without_texts(query or ""))):
        if name in NOT_INDEXED:
            _raise(name, "order", f"df.sort_values({name!r})")


def unsearchable(names: Iterable[str]) -> list[str]:
    """Return the names that are not in the search index."""
    return [name for name in dict.fromkeys(names) if name in NOT_INDEXED]


def _fields_of_filter(text: str) -> list[str]:
    if not any(name in text for name in NOT_INDEXED) or (tree := parse(text)) is None:
        return []
    found = [member for member in members(tree) if isinstance(member, Member)]
    return unsearchable(member.steps[0] for member in found if len(member.steps) == 1)


def _fields_of_query(text: str) -> list[str]:
    return unsearchable(_FIELD.findall(without_texts(text).replace("{{", '""').replace("}}", '""')))


def _fields_of_order(text: str) -> list[str]:
    return [key.split()[0] for key in text.split(",") if key.strip()]


def _raise(name: str, verb: str, instead: str) -> None:
    raise QueryError(
        f"{name} is not in the search index, so the server cannot {verb} by it (it reports no error, and "
        f"{'keeps another order' if verb == 'order' else 'finds nothing'}); read it and let pandas do it: "
        f"select=[…, {name!r}], then {instead}"
    )
