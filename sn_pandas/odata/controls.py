"""Switches with surprising effects: control words of a content query override options, and one is miswired.

``.TOP:5`` in a content query wins over ``$top``, wherever it stands; pages need these options for themselves.
``enablelifespanfilter`` switches the lifespan filter to what ``enableautofilters`` says.
"""

from __future__ import annotations

import re
from typing import Any

from .literals import query_value
from .query import Query
from .tokens import QUERY_TEXT

#: Words of a content query with which its list cannot be taken in pages.
ONE_ANSWER = re.compile(r"\.(?:ALLVERSIONS|TOP|SKIP|SORT|REVERSESORT)\b")
_TOKEN = re.compile(
    rf"(?P<quoted>{QUERY_TEXT})|(?P<open>{{{{)|(?P<close>}}}})"
    r"""|\.(?P<name>TOP|SKIP|SORT|REVERSESORT)[ ]*:[ ]*(?P<value>[\w#.]+)(?=[\s)]|$)"""
)


def effective_query(query: Query) -> Query:
    """Return an equivalent query whose options have their intended effect.

    Examples
    --------
    >>> q = effective_query(Query("/Root", query="TypeIs:Task .SORT:DueDate .TOP:5"))
    >>> q.query, q.orderby, q.top
    ('TypeIs:Task', 'DueDate', 5)
    >>> effective_query(Query("/Root/Content", lifespan=True)).query
    'InFolder:"/Root/Content" .LIFESPAN:ON'
    """
    if query.single or query.property:
        return query
    return _lift_controls(_lifespan_filter(query))


def _lifespan_filter(query: Query) -> Query:
    """Request the lifespan filter in a form that works."""
    if query.lifespan is None or (query.lifespan and query.autofilters):
        return query
    if not query.lifespan:
        return query.replace(lifespan=None)  # off is the default, and the switch would turn it on
    place = f"ParentId:{query.path}" if isinstance(query.path, int) else f"InFolder:{query_value(query.path)}"
    return query.replace(
        query=f"{query.query or place} .LIFESPAN:ON",
        lifespan=None,
        autofilters=query.autofilters if query.query else False,
    )


def _lift_controls(query: Query) -> Query:
    """Move control words from the text to options, where that is equivalent."""
    text = query.words()
    if "//" in text or "/*" in text:
        return query  # comments hide control words from the server
    kept, found, at, depth = [], [], 0, 0
    for token in _TOKEN.finditer(text):
        depth += bool(token["open"]) - bool(token["close"])
        if token["name"] and depth == 0:
            found.append((token["name"], token["value"]))
            kept.append(text[at : token.start()])
            at = token.end()
    rest = " ".join(["".join(kept) + text[at:]]).strip()
    if not found or ONE_ANSWER.search(rest) or not re.sub(r"\.[A-Z]+:\w+|[()\s]", "", rest):
        return query
    words = dict(found)
    if not all(words[name].isdecimal() for name in ("TOP", "SKIP") if name in words):
        return query
    changes: dict[str, Any] = {name.lower(): int(words[name]) for name in ("TOP", "SKIP") if name in words}
    orders = [f"{v} desc" if n == "REVERSESORT" else v for n, v in found if n in ("SORT", "REVERSESORT")]
    if orders:
        changes["orderby"] = ",".join(orders)
    return query.replace(query=rest, **changes)
