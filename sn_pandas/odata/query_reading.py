"""Values in typed content queries that are interpreted differently on a production server."""

from __future__ import annotations

import datetime as dt
import operator as op
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..words import gaps_inside, lower_letters, query_words
from .fields import Field, of_some_contents
from .filter_rules import WORD_KINDS, kind_of
from .literals import cut_to_precision
from .tokens import QUERY_TEXT, without_texts

_PATHS = ("Path", "InTree", "InFolder")
#: The longest query that is read: longer ones are lists of ids.
_LONGEST = 4000
_COMPARE = {"": op.eq, "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
_SIMILARITY = "the similarity after a value is a number from 0 to below 1"
_BY_ID = "references are found by id"
#: Kinds of fields whose texts are compared with patterns and similar words.
_SEARCHED = (*WORD_KINDS, "text", "whole", "list", "type", "tags", "unknown")
#: Kinds of fields whose values often are several words.
_STRAY_KINDS = (*WORD_KINDS, "text", "whole", "tags", "choice", "choices")
#: Kinds of fields that are compared by their value.
_EXACT = ("integer", "number", "truth", "date", "moment")
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
    """Yield the values of a content query, except those of nested queries.

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
        elif limits := token["range"]:
            name = field or (groups[-1] if groups else "") or "_Text"
            yield from _ends(name, limits[1:-1])
            field, operator = "", ""
        elif token["nested"] or token["template"]:
            field, operator = "", ""


def _ends(name: str, limits: str) -> Iterator[QueryTerm]:
    """Yield the ends of a range as comparisons; the upper one of two has the operator ``TO``."""
    low, _, high = (part.strip() for part in re.sub(r"\bTO\b", "\0", limits, count=1).partition("\0"))
    for operator, text in ((">=", low), ("TO" if low else "<=", high)):
        if text:
            quoted = text[0] in "\"'" and len(text) > 1
            bare = re.sub(r"\\(.)", r"\1", text[1:-1] if quoted else text)
            yield QueryTerm(name, operator, bare, quoted, None)


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
    """Return messages for values of a typed content query that find nothing, or something else.

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
    bounded = {term.field for term in found if term.operator in (">", ">=")}
    # beside others a dropped word does no harm
    is_harmless = len(found) > 1 and not re.search(r"\+|\bAND\b|&&", text)
    said = (
        _surprise(term, fields)
        for term in found
        if not (is_harmless and term.field == "_Text" and not term.quoted)
    )
    unset = (
        f"{term.field}:{term.operator}… also finds contents whose {term.field} is not set, which counts as "
        f"the year 1; add +{term.field}:>'0001-01-01'"
        for term in found
        if term.operator in ("<", "<=")
        and term.field not in bounded
        and kind_of(term.field, fields.get(term.field)) == "date"
    )
    zeros = (_surprise_of_unset(term, fields) for term in found)
    strays = _strays(text, fields)
    return list(dict.fromkeys(filter(None, (*_dashes(text), *strays, *said, *unset, *zeros))))


def query_sentences(text: str, fields: Mapping[str, Field]) -> list[str]:
    r"""Return how a content query looks for the texts in it: as a whole, word by word, in the full text.

    Examples
    --------
    >>> print(*query_sentences("herons Code:red", {"Code": Field("Code", "ShortText")}), sep="\n")
    looks for whole words in the full text: texts, numbers, labels and files, but not names, paths and dates
    compares the whole of Code, ignoring case; Code:*part* finds a part of it
    """
    if len(text) > _LONGEST:
        return []
    found = [term for term in terms(text) if not term.operator and "@@" not in term.value]
    plain = [t.field for t in found if t.near is None and not _is_pattern(t.value) and not _is_expression(t)]
    kinds = {name: kind_of(name, fields.get(name)) for name in plain if name not in _PATHS}
    cut = [name for name, kind in kinds.items() if kind in WORD_KINDS and name != "_Text"]
    whole = [name for name, kind in kinds.items() if kind == "text"]
    said = []
    if "_Text" in kinds:
        said.append(
            "looks for whole words in the full text: texts, numbers, labels and files, but not names, paths "
            "and dates"
        )
    if cut:
        said.append(f"searches {', '.join(cut)} word by word; several words in quotes stand side by side")
    if whole:
        said.append(
            f"compares the whole of {', '.join(whole)}, ignoring case; {whole[0]}:*part* finds a part of it"
        )
    special = (_sentence(term, kind_of(term.field, fields.get(term.field))) for term in found)
    said += dict.fromkeys(filter(None, special))
    if _has_optional_parts(text):
        said.append(
            "finds only what all parts with + find; those beside them without a sign only change the order"
        )
    return said


def _sentence(term: QueryTerm, kind: str) -> str:
    """Describe how a pattern, a similar word or a phrase with a distance is looked for."""
    if kind not in _SEARCHED or (term.near is None and not _is_pattern(term.value)):
        return ""
    where = "the full text" if term.field == "_Text" else term.field
    is_cut = kind in WORD_KINDS
    if _is_pattern(term.value):
        if is_cut and not term.value.strip("*"):
            return f"{_shown(term)} finds contents with a word in {where}"
        what = f"{'each word' if is_cut else 'each one' if kind == 'tags' else 'the whole'} of {where}"
        return f"compares {what} with {term.value}, ignoring case: * is any characters, ? is one"
    near = _number(term.near) if term.near else 0.5
    if is_cut and len(query_words(term.value)) > 1:
        places = f", moved by up to {round(near)} places in all" if round(near) else ""
        return f"looks for the words of {term.value} side by side in {where}{places}"
    if near >= 1:
        return ""
    return (
        f"{_shown(term)}~{term.near} finds {'words' if is_cut else 'texts'} of {where} that differ from "
        f"{term.value} in less than {round(100 * (1 - near))} % of the letters of the shorter one"
    )


def _has_optional_parts(text: str) -> bool:
    """Return whether a part without a sign stands beside one with a ``+``, in any group."""
    signs: list[set[str]] = [set()]
    found: list[set[str]] = []
    sign, follows = "", False  # whether a field waits for its value
    for token in _TOKEN.finditer(text):
        if token["comment"] or token["control"] or not token[0].strip():
            continue
        if token["end"]:
            found += signs[1:][-1:]
            signs = signs[:-1] or [set()]
        elif token["value"] in ("AND", "OR", "NOT") or token[0] in ("&", "|"):
            signs[-1].add("operator")
        elif token[0] in ("+", "-", "!"):
            sign = token[0]
        else:
            if not follows:
                signs[-1].add(sign)
            sign, follows = "", bool(token["field"])
            if token["group"]:
                signs.append(set())
    return any({"+", ""} <= group and "operator" not in group for group in [*found, *signs])


def _is_expression(term: QueryTerm) -> bool:
    """Return whether a value is taken for a regular expression."""
    return len(term.value) > 1 and term.value[0] == term.value[-1] == "/"


def _shown(term: QueryTerm) -> str:
    """Return a value as it was written, without what is behind a ``~``."""
    prefix = "" if term.field == "_Text" else f"{term.field}:"
    return f'{prefix}"{term.value}"' if term.quoted else f"{prefix}{term.value}"


def _is_pattern(value: str) -> bool:
    return "*" in value or "?" in value


def _strays(text: str, fields: Mapping[str, Field]) -> Iterator[str]:
    """Yield what to say of words behind the value of a text without quotes: they are not of its field."""
    name = mark = before = ""
    for token in _TOKEN.finditer(text):
        value = token["value"]
        if token["field"]:
            name, mark, before = token["field"], token["operator"] or "", ""
        elif value and value not in ("AND", "OR", "NOT", "TO") and value[0] not in "\"'":
            if before and token["near"] is None:
                yield (
                    f"{value} is looked for in the full text, not in {before.partition(':')[0]}; "
                    f"write {before.replace(':', ':' + chr(39), 1)} {value}'"
                )
            is_text = kind_of(name, fields.get(name)) in _STRAY_KINDS and name not in _PATHS
            is_plain = token["near"] is None and not mark and not _is_pattern(value)
            before = f"{name}:{value}" if name and is_text and is_plain else ""
            name = mark = ""
        elif token[0].strip():
            name = mark = before = ""


def _dashes(text: str) -> Iterator[str]:
    """Yield what to say of a ``-`` inside a value without quotes."""
    bare = re.sub(r"@@.*?@@|\{\{.*?\}\}|\\.", " ", without_texts(text))
    for found in re.finditer(r"(?<![^\s(])([-+!]*(?:[#\w.]+:[<>=]*)?[\w./]*\w)((?:-\w[\w.]*)+)", bare):
        words = found[2][1:].split("-")
        name, _, value = found[1].lstrip("-+!").rpartition(":")
        before = f"{name}:" if name else ""
        mark = re.match("[<>=]*", value)
        sign = mark[0] if mark else ""
        yield (
            f"a value with - must be quoted: {before}{value}{found[2]} means {before}{value} without the "
            f"word {' or '.join(words)}; write {before}{sign}'{value[len(sign) :]}{found[2]}'"
        )


def _surprise(term: QueryTerm, fields: Mapping[str, Field]) -> str:
    name, value = term.field, term.value
    if term.operator == "TO":  # the lower end says it
        return ""
    kind = kind_of(name, fields.get(name))
    prefix = "" if name == "_Text" else f"{name}:"
    shown = _shown(term)
    if not term.quoted and re.match(r"\d[^.]*\.[^.]*\.", value):
        return f'{shown} ends before its second dot, because it begins with a digit; write {prefix}"{value}"'
    if _is_expression(term) and (name in _PATHS or kind in _SEARCHED):
        instead = f"write {prefix}'{value[:-1]}'" if name in _PATHS else "compare in pandas after reading"
        return f"{shown} is treated as a regular expression, because it is between slashes; {instead}"
    if kind in _EXACT and not term.operator and _is_pattern(value):
        return f"{shown} fails: {name} holds no texts, and only these are compared with patterns"
    if kind in ("integer", "number", "truth", "reference") and term.near is not None:
        return f"{shown}~{term.near} is compared exactly: {name} holds no texts"
    if kind in ("text", "list") and name not in _PATHS and _number(term.near) >= 1:
        return f"{shown}~{term.near} fails: {_SIMILARITY}"
    if kind == "text" and name not in _PATHS and not term.operator and value and not value.strip("*"):
        return f"{shown} also finds contents whose {name} is empty; write {name}:?*"
    if kind == "text" and not term.quoted and not term.operator and value.lower() == "null":
        return f"{shown} looks for the text {value}; write {name}:'' for contents whose {name} is empty"
    if kind == "text" and term.operator in ("<", "<="):
        return f"{name}:{term.operator}… also finds contents whose {name} is empty; add +{name}:?*"
    if kind == "truth" and term.operator in ("<", "<=", ">", ">="):
        return f"{name}:{term.operator}… fails: booleans have no order; write {name}:yes or {name}:no"
    if kind == "reference" and not value.isdecimal() and not term.operator:
        if value.lower() in ("", "null"):
            return (
                f"{shown} finds nothing: servers do not find empty references; filter in pandas after reading"
            )
        by = "Path" if value.startswith("/") else "Name"
        return f'{shown} finds nothing: {_BY_ID}; write {name}:{{{{{by}:"{value}"}}}}'
    if kind in ("choice", "choices"):
        return _surprise_of_option(term, fields[name], shown)
    if kind in ("date", "moment") and not term.operator:
        return _surprise_of_moment(value, fields[name], shown)
    if kind in WORD_KINDS and not term.operator:
        return _surprise_of_words(term, prefix, shown)
    if kind in WORD_KINDS and term.operator != "<>":
        return (
            f"{name}:{term.operator}… is compared with each word of {name}; compare in pandas after reading"
        )
    return ""


def _surprise_of_option(term: QueryTerm, field: Field, shown: str) -> str:
    name, value = term.field, lower_letters(term.value)
    if term.operator not in ("", "<>"):
        return f"{name}:{term.operator}…: options have no order; name them: {name}:($a $b)"
    if value in ("", "null"):
        return f"{shown} finds nothing: servers do not find empty choices; filter in pandas after reading"
    if value in [lower_letters(option.text) for option in field.options]:
        return ""
    meant = next((option.value for option in field.options if lower_letters(option.value) == value), None)
    if meant is None:
        return ""
    return f"{shown} is compared with the labels of {name}, and none is {term.value}; write {name}:${meant}"


def _surprise_of_moment(value: str, field: Field, shown: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return ""
    cut = cut_to_precision(moment, field)
    if cut == moment:
        return ""
    precision = str(field.limits.get("Precision") or "minute").lower()
    return (
        f"{shown} finds nothing: {field.name} is in the index by the {precision}; write "
        f'{field.name}:"{cut.isoformat(sep=" ")}"'
    )


def _surprise_of_unset(term: QueryTerm, fields: Mapping[str, Field]) -> str:
    """Return that a number or a boolean of a list or an aspect counts as 0 where it is not set."""
    name = term.field
    kind = kind_of(name, fields.get(name))
    if not of_some_contents(name) or kind not in ("integer", "number", "truth"):
        return ""
    if kind == "truth":
        is_found = term.operator == "" and term.value.lower() in ("no", "false", "n", "0")
        return f"{name} counts as no where it is not set" if is_found else ""
    try:
        limit = float(term.value)
    except ValueError:
        return ""
    is_found = term.operator in _COMPARE and _COMPARE[term.operator](0, limit)
    return f"{name} counts as 0 where it is not set, and such rows are found, too" if is_found else ""


def _number(text: str | None) -> float:
    return float(text) if text and re.fullmatch(r"\d+(\.\d*)?|\.\d+", text) else 0


def _surprise_of_words(term: QueryTerm, prefix: str, shown: str) -> str:
    value = term.value
    if _is_pattern(value):
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


def list_query_warnings(text: str, fields: Mapping[str, Field]) -> list[str]:
    """Return what to warn of in a typed content query: values that find nothing, or something else.

    Paths of references are left to what a cell says of a search that finds nothing.
    """
    return [f"query={text}: {words}" for words in query_surprises(text, fields) if _BY_ID not in words]
