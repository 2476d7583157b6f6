"""Queries with a list of values that is too long for one request line: parts with shorter lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from .errors import QueryError
from .query import Query

#: What the server takes of an address; a request line has 8,192 bytes with method and protocol.
LONGEST = 8000
_VALUE = r'(?:"(?:[^"\\]|\\.)*"|[^\s"()\\{}\[\]]+)'
_GROUP = re.compile(rf"([#\w.]+):\(\s*({_VALUE}(?:\s+(?:OR\s+)?{_VALUE}){{9,}})\s*\)")
_LITERAL = r"(?:'(?:[^']|'')*'|[\w.:+-]+)"
_CHAIN = re.compile(
    rf"\(\s*((?P<field>[#\w./]+) eq {_LITERAL}(?:\s+or\s+(?P=field) eq {_LITERAL}){{9,}})\s*\)"
)


def parts(query: Query, longest: int, length: Callable[[Query], int]) -> list[Query]:
    """Give queries whose requests are short enough and that find the same together.

    Raises
    ------
    QueryError
        If the query is too long and has no list of values that could be cut.
    """
    if length(query) <= longest:
        return [query]
    found = halves(query)
    if len(found) == 1:
        raise QueryError(
            f"the query takes {length(query):,} bytes, the server about {longest:,}: select fewer fields, "
            "or look for a list of values with query='Id:(1 2 3 …)' or F(field).isin(…): it is sent in parts"
        )
    if query.orderby or query.skip:
        raise QueryError(
            "a list of values that is too long for one request is sent in parts, which orderby and skip "
            "cannot span; sort the frame instead: df.sort_values(…)"
        )
    return [part for half in found for part in parts(half, longest, length)]


def halves(query: Query) -> list[Query]:
    """Cut the longest list of values of a query in two; the query itself if it has none."""
    for name, pattern, cut in (("query", _GROUP, _cut_group), ("filter", _CHAIN, _cut_chain)):
        text = getattr(query, name) or ""
        text = f"({text})" if name == "filter" and _CHAIN.fullmatch(f"({text})") else text
        found = max(pattern.finditer(text), key=lambda m: len(m[0]), default=None)
        if found is not None and _joined(text[: found.start()], text[found.end() :]):
            return [
                query.replace(**{name: text[: found.start()] + half + text[found.end() :]})
                for half in cut(found)
            ]
    return [query]


def _joined(before: str, after: str) -> bool:
    """Whether what is around a list narrows it, so that the parts of the list find what the whole finds."""
    around = re.sub(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""", "", f"{before}\0{after}")
    if re.search(r"\bor\b|\bOR\b|\|\||\bnot\b|\bNOT\b|!|\{\{", around) or re.search(r"-\s*\(*\s*\0", around):
        return False
    if re.search(r"\band\b|\bAND\b|&&", around):
        return True
    plain = around.replace("\0", "").strip("() \t\n")
    return not plain or bool(re.search(r"\+\(*\0", around))


def _cut_group(found: re.Match[str]) -> tuple[str, str]:
    values = sorted(dict.fromkeys(v for v in re.findall(_VALUE, found[2]) if v != "OR"), key=_key)
    half = len(values) // 2
    return tuple(f"{found[1]}:({' '.join(some)})" for some in (values[:half], values[half:]))  # type: ignore[return-value]  # two of them


def _cut_chain(found: re.Match[str]) -> tuple[str, str]:
    field = found["field"]
    values = sorted(dict.fromkeys(re.findall(rf"{re.escape(field)} eq ({_LITERAL})", found[1])), key=_key)
    half = len(values) // 2
    return tuple(  # type: ignore[return-value]  # two of them
        "(" + " or ".join(f"{field} eq {v}" for v in some) + ")" for some in (values[:half], values[half:])
    )


def _key(value: str) -> tuple[int, int, str]:
    return (0, int(value), "") if value.isdecimal() else (1, 0, quote(value))
