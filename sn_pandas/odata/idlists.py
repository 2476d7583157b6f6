"""Queries with a list of values that is too long for one request line: parts with shorter lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from urllib.parse import quote

from .errors import QueryError
from .query import Query
from .tokens import FILTER_TEXT, QUERY_TEXT

_VALUE = r'(?:"(?:[^"\\]|\\.)*"|[^\s"()\\{}\[\]]+)'
_GROUP = re.compile(rf"(?P<name>[#\w.]+):\(\s*(?P<values>{_VALUE}(?:\s+(?:OR\s+)?{_VALUE}){{9,}})\s*\)")
_LITERAL = rf"(?:{FILTER_TEXT}|[\w.:+-]+)"
_RUN = rf"\((?P=name) ge {_LITERAL} and (?P=name) le {_LITERAL}\)"
_TERM = rf"(?:(?P=name) eq {_LITERAL}|{_RUN})"
_CHAIN = re.compile(rf"\(\s*((?=\(?(?P<name>[#\w./]+) ){_TERM}(?:\s+or\s+{_TERM}){{9,}})\s*\)")
# What stands in quotes is skipped: it is text, whatever it looks like.
_GROUPS = re.compile(f"{QUERY_TEXT}|{_GROUP.pattern}")
_CHAINS = re.compile(f"{FILTER_TEXT}|{_CHAIN.pattern}")


def parts(query: Query, longest: int, length: Callable[[Query], int]) -> list[Query]:
    """Return queries whose requests are short enough and that find the same together.

    Raises
    ------
    QueryError
        If the query is too long and has no list of values that could be cut.
    """
    if length(query) > longest:
        query = shorter(query)
    if length(query) <= longest:
        return [query]
    found = cut(query, length(query) * 10 // (longest * 9) + 1)  # a part has its address, too
    if len(found) == 1:
        raise QueryError(
            f"the query has {length(query):,} bytes, the server accepts about {longest:,}: select fewer "
            "fields, or look for a list of values with query='Id:(1 2 3 …)' or "
            "F(field).isin(…), which are sent in parts"
        )
    if query.orderby or query.skip:
        raise QueryError(
            "a list of values that is too long for one request is sent in parts, which orderby and skip "
            "cannot span; sort the frame instead: df.sort_values(…)"
        )
    return [short for part in found for short in parts(part, longest, length)]


def has_id_list(query: Query) -> bool:
    """Return whether a query has a list of ids that narrows it, so that it finds no more rows than ids."""
    searched = ((_GROUPS, query.words(), QUERY_TEXT), (_CHAINS, f"({query.filter or ''})", FILTER_TEXT))
    return any(
        found["name"] == "Id" and _is_narrowed(texts, text[: found.start()], text[found.end() :])
        for pattern, text, texts in searched
        for found in _lists(pattern, text)
    )


def shorter(query: Query) -> Query:
    """Write consecutive ids as ranges, since the ids in a folder are mostly consecutive.

    Examples
    --------
    >>> print(shorter(Query("/Root", filter=" or ".join(f"Id eq {n}" for n in [3, *range(5, 500)]))).filter)
    (Id eq 3 or (Id ge 5 and Id le 499))
    """
    text = str(query.filter or "")
    text = f"({text})" if _CHAIN.fullmatch(f"({text})") else text
    return query._replace_unvalidated(filter=_CHAINS.sub(_write_ranges, text) or None)


def cut(query: Query, number: int = 2) -> list[Query]:
    """Split the longest list of values of a query; return the query itself if it has none."""
    for name, pattern, texts, write in (
        ("query", _GROUPS, QUERY_TEXT, _group),
        ("filter", _CHAINS, FILTER_TEXT, _chain),
    ):
        text = getattr(query, name) or ""
        text = f"({text})" if name == "filter" and _CHAIN.fullmatch(f"({text})") else text
        found = max(_lists(pattern, text), key=lambda m: len(m[0]), default=None)
        if found is not None and _is_narrowed(texts, text[: found.start()], text[found.end() :]):
            return [
                query._replace_unvalidated(**{name: text[: found.start()] + part + text[found.end() :]})
                for part in write(found, number)
            ]
    return [query]


def _lists(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return (found for found in pattern.finditer(text) if found["name"])


def _is_narrowed(texts: str, before: str, after: str) -> bool:
    """Return whether a list narrows the result, so that its parts together find what the whole finds."""
    around = re.sub(texts, "", f"{before}\0{after}")
    if re.search(r"\bor\b|\bOR\b|\|\||\bnot\b|\bNOT\b|!|\{\{", around) or re.search(r"-\s*\(*\s*\0", around):
        return False
    if re.search(r"\band\b|\bAND\b|&&", around):
        return True
    plain = around.replace("\0", "").strip("() \t\n")
    return not plain or bool(re.search(r"\+\(*\0", around))


def _group(found: re.Match[str], number: int) -> Iterator[str]:
    values = (value for value in re.findall(_VALUE, found["values"]) if value != "OR")
    for some in _runs(values, number):
        yield f"{found['name']}:({' '.join(some)})"


def _chain(found: re.Match[str], number: int) -> Iterator[str]:
    terms = re.finditer(_TERM.replace("(?P=name)", re.escape(found["name"])), found[1])
    for some in _runs((term[0] for term in terms), number):
        yield f"({' or '.join(some)})"


def _write_ranges(found: re.Match[str]) -> str:
    if found["name"] != "Id":
        return found[0]
    terms = found[1].split(" or ")
    if not all(map(re.compile(r"Id eq \d+").fullmatch, terms)):
        return found[0]
    ids = sorted({int(term.removeprefix("Id eq ")) for term in terms})
    begins = [n for n, id_ in enumerate(ids) if not n or id_ != ids[n - 1] + 1]
    ranges = ((ids[a], ids[b - 1]) for a, b in pairwise([*begins, len(ids)]))
    return f"({' or '.join(f'(Id ge {a} and Id le {b})' if a < b else f'Id eq {a}' for a, b in ranges)})"


def _runs(values: Iterable[str], number: int) -> Iterator[list[str]]:
    """Split the distinct values, in order, into parts of about equal length, of at least two values."""
    ordered = sorted(dict.fromkeys(values), key=_key)
    number = max(2, min(number, len(ordered) // 2))
    bounds = [len(ordered) * n // number for n in range(number + 1)]
    return (ordered[a:b] for a, b in pairwise(bounds) if a < b)


def _key(text: str) -> tuple[int, int, str]:
    """Order by the first number of a term, or by its text."""
    number = re.search(r"(?:^|[ (])(?:eq|ge)? ?(\d+)\b", text)
    return (0, int(number[1]), "") if number and "'" not in text else (1, 0, quote(text))
