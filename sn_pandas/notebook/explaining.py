"""What the server will really do with a query, in words, and the traps in it."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..odata.errors import QueryError, did_you_mean
from ..odata.query import Query
from .showing import NO_MATHS

if TYPE_CHECKING:
    from ..odata.schema import Field, Schema

_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
_WORDS = {
    "eq": "is",
    "ne": "is not",
    "gt": "is more than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
}
_FUNCTIONS = {
    "startswith": "begins with",
    "endswith": "ends with",
    "substringof": "contains",
}
_TOKEN = re.compile(r"'(?:[^']|'')*'|datetime\s*'[^']*'|[#\w][\w.#/]*|\(|\)|,|\S")
_FILTER_ONLY = ("tolower", "toupper", "trim", "length", "indexof", "replace", "substring", "concat")
_DATE_PARTS = ("day", "hour", "minute", "month", "second", "year")
_NUMBERS = ("round", "floor", "ceiling")


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What a query does and what is treacherous in it; shows itself as text and as HTML."""

    does: tuple[str, ...]
    traps: tuple[str, ...]

    def __repr__(self) -> str:
        lines = [f"- {text}" for text in self.does]
        if self.traps:
            lines += ["", "Beware:", *(f"- {text}" for text in self.traps)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def items(texts: tuple[str, ...]) -> str:
            return "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in texts) + "</ul>"

        traps = f"<p><b>Beware</b></p>{items(self.traps)}" if self.traps else ""
        return f'<div class="{NO_MATHS}">{items(self.does)}{traps}</div>'


def explain(
    place: str, options: Sequence[tuple[str, str]], schema: Schema, base: str = "/Root"
) -> Explanation:
    """Say what the server will do with a query, also with one that is refused here.

    Parameters
    ----------
    place, options
        The query as :func:`sn_pandas.notebook.cells.parts_of` gives it.
    schema : Schema
        The types of the repository, which decide what a comparison means.
    """
    try:
        return _explained(Query.of(place, options, base).bind(schema), schema)
    except QueryError as error:
        filters = [value for name, value in options if name.lower() == "$filter"]
        query = Query.of(place, [option for option in options if option[0].lower() != "$filter"], base)
        known = _explained(query, schema, filters[-1] if filters else None)
        return Explanation(known.does, (f"refused before it is sent: {error}", *known.traps))


def _explained(query: Query, schema: Schema, condition: str | None = None) -> Explanation:
    condition = condition or (str(query.filter) if query.filter else None)
    does = [*_place(query), *_hidden(query)]
    traps: list[str] = []
    if condition:
        does.append(f"keeps the rows where {_in_words(condition)}")
        traps += _filter_traps(condition, schema)
    if query.query:
        traps += _query_traps(str(query.query), query)
    does += _order(query, schema)
    does.append(f"gives {', '.join(query.select) or 'the fields of the types that can be there'}")
    if query.top or query.skip:
        does.append(f"skips {query.skip} rows and gives {query.top or 'all others'}")
    return Explanation(tuple(does), tuple(dict.fromkeys(traps)))


def _place(query: Query) -> Iterator[str]:
    place = f"content {query.path}" if isinstance(query.path, int) else str(query.path)
    if query.property:
        yield f"lists what {query.property} of {place} holds; rows are tested one by one, not by the index"
    elif query.single:
        yield f"reads {place} itself"
    elif query.query:
        yield f"searches everything below {place}, {place} itself included, for {query.query}"
    else:
        yield f"lists the direct children of {place}"


def _hidden(query: Query) -> Iterator[str]:
    hides = query.autofilters if query.autofilters is not None else bool(query.query)
    if query.query or query.autofilters is not None:
        yield "hides system contents" if hides else "shows system contents, too"
    if query.lifespan:
        yield "hides contents outside of the days in which they are valid"


def _order(query: Query, schema: Schema) -> Iterator[str]:
    if not query.orderby:
        yield "asks for the rows in the order of their ids, so that none is lost between pages"
        return
    keys = [key.split()[0] for key in query.orderby.split(",")]
    dates = [key for key in keys if key in schema.fields and schema.fields[key].type == "DateTime"]
    yield f"orders by {query.orderby}" + ("" if "Id" in keys else ", then by Id")
    if dates:
        yield f"compares {', '.join(dates)} by the minute when ordering"


def _in_words(text: str) -> str:
    """Put a filter into words, as far as they differ from the filter."""
    tokens = _TOKEN.findall(text)
    words: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        lower = token.lower()
        call = tokens[position + 1 : position + 6]
        if lower in _FUNCTIONS and len(call) == 5 and call[0] == "(" and call[2] == "," and call[4] == ")":
            member, part = (call[3], call[1]) if lower == "substringof" else (call[1], call[3])
            words.append(f"{member} {_FUNCTIONS[lower]} {part}")
            position += 6
        elif lower == "isof" and len(call) > 2 and call[0] == "(" and call[2] == ")":
            words.append(f"the type is {call[1]} or derived from it")
            position += 4
        else:
            words.append(_WORDS.get(token, token))
            position += 1
    return re.sub(r"\( | (?=\)|,)", lambda m: m[0].strip(), " ".join(words))


def _filter_traps(text: str, schema: Schema) -> Iterator[str]:
    tokens = _TOKEN.findall(text)
    yield from _structure_traps(text, tokens)
    for at, token in enumerate(tokens):
        lower = token.lower()
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if following == "(" and lower in (*_FILTER_ONLY, *_DATE_PARTS, *_NUMBERS):
            yield f"{token}(…) on a field is refused by the server (500); it works on constants only"
        if token in _WORDS and 0 < at < len(tokens) - 1:
            yield from _comparison_traps(tokens[at - 1], token, tokens[at + 1], schema)
        if "/" in token and not token.startswith("'") and token[0].isalpha():
            yield (
                f"{token}: only {token.rpartition('/')[2]} counts, and of the row itself, not the reference; "
                f"search with a content query instead: query={token.partition('/')[0]}:{{{{…}}}}"
            )


def _structure_traps(text: str, tokens: list[str]) -> Iterator[str]:
    bare = re.sub(r"'(?:[^']|'')*'", "''", text)
    if not re.search(r"\b(eq|ne|gt|ge|lt|le)\b|\(", bare) and bare.strip().lower() in ("true", "false", "''"):
        yield "a filter that is only a constant is ignored: every row comes"
    if re.search(r"\bor\b", bare) and re.search(r"\bne\b|\bnot\b", bare):
        yield "a negation (ne, not) inside of or finds nothing; only the other side of the or counts"
    if re.search(r"not\s*\(\s*(not\b|[^()]*\bne\b)", bare):
        yield "a double negation matches every row"
    if re.search(r"\bnot\s+[#\w]+\s+(eq|ne|gt|ge|lt|le)\b", bare):
        yield "not binds to the next word only; write not (…)"
    if any("*" in token for token in tokens if token.startswith("'")):
        yield "a * in a text is a wildcard, and cannot be quoted"
    if re.search(r"\b(true|false)\s+(and|or)\b|\b(and|or)\s+(true|false)\b", bare) and " eq " not in bare:
        yield "a constant beside and or or is refused by the server (500)"


def _comparison_traps(left: str, operator: str, right: str, schema: Schema) -> Iterator[str]:
    constant = left.startswith(("'", "datetime")) or left[0].isdigit() or left in ("true", "false", "null")
    member, value = (right, left) if constant else (left, right)
    if constant and operator in _MIRRORED:
        yield (
            f"{left} {operator} {right} is executed as {right} {operator} {left}; "
            f"write {right} {_MIRRORED[operator]} {left}"
        )
    name = member.rpartition("/")[2]
    field = schema.fields.get(name)
    if field is None:
        if name[:1].isalpha() and name not in ("ContentType", "Id"):
            yield f"no content type has a field {name!r}.{did_you_mean(name, schema.fields)}".strip()
        return
    common = schema["GenericContent"].fields if "GenericContent" in schema else {}
    yield from _typed_traps(field, member, operator, value, common)


def _typed_traps(
    field: Field, member: str, operator: str, value: str, common: Mapping[str, Field]
) -> Iterator[str]:
    if field.type == "DateTime":
        yield from _date_traps(member, operator, value)
    elif field.type in ("Number", "Currency") and re.fullmatch(r"[+-]?[\d.]+", value):
        yield f"{member} needs a decimal: {value}m"
    elif field.is_choice and value.startswith("'") and not value.startswith("'$"):
        known = [option for option in field.options if option.value.lower() == value[1:-1].lower()]
        if known:
            yield f"{value} is compared with the labels of {member}; for the value write '${known[0].value}'"
    elif field.is_reference and value != "null":
        yield f"the reference {member} cannot be compared here; write query={member}:ID"
    elif field.type == "Boolean" and operator in ("eq", "ne"):
        yield f"{member} is not known of contents whose type lacks it; they match neither true nor false"
    elif field.type in ("LongText", "RichText"):
        yield f"{member} is searched word by word if it is indexed so: a text of several words finds nothing"
    if value == "null" and (field.is_reference or field.is_choice):
        yield f"an empty {member} has no entry in the index: eq null finds nothing, ne null everything"
    elif operator == "ne" and field.type != "Boolean" and field.name not in common:
        yield f"{member} ne … is also true of contents whose type has no {member}"


def _date_traps(member: str, operator: str, value: str) -> Iterator[str]:
    time = re.search(r"T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?", value)
    if value == "null":
        yield f"a date is never null: an empty {member} is found with {member} eq datetime'0001-01-01'"
        return
    seconds = float(time[3] or 0) if time else 0.0
    if seconds:
        yield (
            f"{member} is kept by the minute in the index: {operator} with seconds "
            + ("finds nothing" if operator == "eq" else "misses or adds rows of that minute")
        )
    elif operator == "gt":
        yield f"{member} gt … does not find rows of that very minute"
    if value.endswith("Z'"):
        yield "a Z is turned into the server's own time zone; leave it out and write UTC"


def _query_traps(text: str, query: Query) -> Iterator[str]:
    bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", '""', text)
    if re.search(r"\s(and|or|not)\s", bare):
        yield "and, or, not in small letters are words to search for; write AND, OR, NOT"
    if re.search(r":[\w/]+-\w", bare):
        yield "a value with - must be quoted: Name:w-low means Name:w without the word low"
    if re.search(r":/[^\s\"']*\(", bare):
        yield "a path with ( must be quoted"
    if re.search(r"[\w\])]\s*[<>]=?\s*\d", bare) and not re.search(r":[<>]", bare):
        yield "an operator needs a colon before it: Index:>5"
    if "{{" in bare:
        yield "a nested query searches the whole repository, and hides system contents"
    for keyword, option in ((".TOP:", query.top), (".SKIP:", query.skip), (".SORT:", query.orderby)):
        if keyword in bare and option:
            yield f"{keyword[:-1]} in the query beats the option beside it"
    if re.search(r"\.(TOP|SKIP|SORT|REVERSESORT|AUTOFILTERS|LIFESPAN|QUICK|SELECT)\b", text) and len(
        re.findall(r"\.[A-Z]{3,}", text)
    ) != len(re.findall(r"\.[A-Z]{3,}", bare)):
        yield "a control word inside of quotes is cut out of the text and takes effect; escape its dot"
    if re.search(r"//|/\*", text):
        yield "// and /* begin a comment, also in quotes; escape the slashes"
