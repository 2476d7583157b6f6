"""Values in typed content queries that find something else on a production server than one would think."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..words import gaps_inside, query_words
from .fields import Field
from .filter_rules import WORD_KINDS, kind_of
from .tokens import QUERY_TEXT

_PATHS = ("Path", "InTree", "InFolder")
#: The longest query that is read: longer ones are lists of ids.
_LONGEST = 4000
_SIMILARITY = "behind one value stands how similar it is, from 0 to below 1"
_BY_ID = "references are found by id"
_TOKEN = re.compile(
    rf"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<nested>\{{\{{.*?\}}\}})
    |(?P<template>@@.*?@@)
    |(?P<control>\.[A-Z]+(?:\s*:\s*[\#\w./]+)?)
    |(?P<range>[\[{{][^\]}}]*[\]}}])
    |(?:(?P<field>\#?[A-Za-z_][\w.]*):(?P<operator><>|[<>]=?)?)
    |(?P<group>\()|(?P<end>\))
    |(?P<value>{QUERY_TEXT}|(?:\\.|[^\s"':+&|!(){{}}\[\]^~\\-])(?:\\.|[^\s":+&|!(){{}}\[\]^~\\-])*)
     (?:~(?P<near>[\d.]*))?
    |.""",
    re.DOTALL | re.VERBOSE,
)


class QueryTerm(NamedTuple):
    """A value that is searched for.

    Attributes
    ----------
    field : str
        The field that it is searched for in; ``_Text`` for the full text.
    operator : str
        What it is compared by; empty for equality.
    value : str
        The value without quotes.
    quoted : bool
        Whether it stands in quotes.
    near : str or None
        What is behind a ``~``; None if there is none.
    """

    field: str
    operator: str
    value: str
    quoted: bool
    near: str | None


def terms(text: str) -> Iterator[QueryTerm]:
    """Yield the values of a content query, but not those of nested queries.

    Examples
    --------
    >>> [(term.field, term.value) for term in terms('+Notes:("blue herons" grey) Index:>5 heron .TOP:3')]
    [('Notes', 'blue herons'), ('Notes', 'grey'), ('Index', '5'), ('_Text', 'heron')]
    """
    groups: list[str] = []
    field, operator = "", ""
    for token in _TOKEN.finditer(text):
        if token["field"]:
            field, operator = token["field"], token["operator"] or ""
        elif token["group"]:
            groups.append(field or (groups[-1] if groups else ""))
            field, operator = "", ""
        elif token["end"]:
            groups = groups[:-1]
        elif value := token["value"]:
            quoted = value[0] in "\"'"
            if quoted or value not in ("AND", "OR", "NOT", "TO"):
                name = field or (groups[-1] if groups else "") or "_Text"
                bare = re.sub(r"\\(.)", r"\1", value[1:-1] if quoted else value)
                yield QueryTerm(name, operator, bare, quoted, token["near"])
            field, operator = "", ""
        elif token["range"] or token["nested"] or token["template"]:
            field, operator = "", ""


def named_fields(text: str) -> Iterator[str]:
    """Yield the fields that a content query compares, but not those of nested queries.

    Examples
    --------
    >>> list(named_fields('+#Price:[1 TO 5] -Keeper:{{Name:ann}} .TOP:3'))
    ['#Price', 'Keeper']
    """
    if len(text) <= _LONGEST:
        yield from (token["field"] for token in _TOKEN.finditer(text) if token["field"])


def query_surprises(text: str, fields: Mapping[str, Field]) -> list[str]:
    """Return what to say of the values of a typed content query that find nothing, or something else.

    Examples
    --------
    >>> fields = {"Notes": Field("Notes", "LongText")}
    >>> print(*query_surprises('Notes:"cat on the roof"', fields))
    Notes:"cat on the roof" finds nothing: servers drop 'on', 'the' and leave a gap in the texts; write
    Notes:"cat on the roof"~2
    """
    if len(text) > _LONGEST:
        return []
    found = [term for term in terms(text) if "@@" not in term.value]
    # beside others a dropped word does no harm
    is_harmless = len(found) > 1 and not re.search(r"\+|\bAND\b|&&", text)
    said = (
        _surprise(term, fields)
        for term in found
        if not (is_harmless and term.field == "_Text" and not term.quoted)
    )
    return list(dict.fromkeys(filter(None, said)))


def _surprise(term: QueryTerm, fields: Mapping[str, Field]) -> str:
    name, value = term.field, term.value
    kind = kind_of(name, fields.get(name))
    prefix = "" if name == "_Text" else f"{name}:"
    shown = f'{prefix}"{value}"' if term.quoted else f"{prefix}{value}"
    if not term.quoted and re.match(r"\d[^.]*\.[^.]*\.", value):
        return f'{shown} ends before its second dot, because it begins with a digit; write {prefix}"{value}"'
    is_between_slashes = len(value) > 1 and value[0] == value[-1] == "/"
    if is_between_slashes and (name in _PATHS or kind in ("text", "list")):
        instead = f"write {prefix}'{value[:-1]}'" if name in _PATHS else "compare in pandas after reading"
        return f"{shown} is taken for a regular expression, because it stands between slashes; {instead}"
    if kind in ("text", "list") and name not in _PATHS and _number(term.near) >= 1:
        return f"{shown}~{term.near} fails: {_SIMILARITY}"
    if kind == "truth" and term.operator in ("<", "<=", ">", ">="):
        return f"{name}:{term.operator}… fails: booleans have no order; write {name}:yes or {name}:no"
    if kind == "reference" and value.startswith("/"):
        return f'{shown} finds nothing: {_BY_ID}; write {name}:{{{{Path:"{value}"}}}}'
    if kind in WORD_KINDS and not term.operator:
        return _surprise_of_words(term, prefix, shown)
    return ""


def _number(text: str | None) -> float:
    return float(text) if text and re.fullmatch(r"\d+(\.\d*)?|\.\d+", text) else 0


def _surprise_of_words(term: QueryTerm, prefix: str, shown: str) -> str:
    value = term.value
    if "*" in value or "?" in value:
        if not re.search(r"\s", value):
            return ""
        return f"{shown} finds nothing: a pattern is compared with single words, and none has a blank in it"
    if not (words := query_words(value)):
        if not value.strip():
            return f"{shown} finds nothing: an empty text has no words; filter in pandas after reading"
        return (
            f"{shown} finds nothing: servers drop all its words; search for other words, or filter in pandas"
        )
    near = _number(term.near)
    if len(words) == 1 and near >= 1:
        return f"{shown}~{term.near} fails: {_SIMILARITY}"
    gaps = gaps_inside(value)
    if len(words) > 1 and gaps > round(near):
        dropped = [repr(word) for word in value.lower().split() if not query_words(word)]
        return (
            f"{shown} finds nothing: servers drop {', '.join(dropped) or 'words'} and leave a gap in the "
            f'texts; write {prefix}"{value}"~{gaps}'
        )
    return ""


#: What was warned of, as the machinery of warnings keeps it: each only once.
_WARNED: dict[Any, Any] = {}


def warn_of_query(text: str, fields: Mapping[str, Field]) -> None:
    """Warn once of values in a typed content query that find nothing, or something else.

    Paths of references are left to what a cell says of a search that finds nothing.
    """
    for words in query_surprises(text, fields):
        if _BY_ID in words:
            continue
        warnings.warn_explicit(f"query={text}: {words}", UserWarning, __name__, 0, registry=_WARNED)
