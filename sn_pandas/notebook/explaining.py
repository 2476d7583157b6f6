"""Explain what the server does with a query, and its pitfalls."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..odata.errors import QueryError
from ..odata.escaping import escape_controls, escape_html, html_block
from ..odata.fields import of_some_contents
from ..odata.filter_reading import Reading
from ..odata.filter_syntax import members, parse
from ..odata.hints import hint as hint_of
from ..odata.query import Query
from ..odata.query_reading import query_sentences, query_surprises
from ..odata.schema import PSEUDO_FIELDS
from ..odata.tokens import without_texts

if TYPE_CHECKING:
    from ..odata.schema import Field, Schema


_KEYWORDS = "TOP|SKIP|SORT|REVERSESORT|AUTOFILTERS|LIFESPAN|QUICK|SELECT"


@dataclasses.dataclass(frozen=True)
class Explanation:
    """The effects and pitfalls of a query, displayed as text or HTML."""

    does: tuple[str, ...]
    traps: tuple[str, ...]

    def __repr__(self) -> str:
        lines = [f"- {text}" for text in self.does]
        if self.traps:
            lines += ["", "Beware:", *(f"- {text}" for text in self.traps)]
        return escape_controls("\n".join(lines))

    def _repr_html_(self) -> str:
        def items(texts: tuple[str, ...]) -> str:
            return "<ul>" + "".join(f"<li>{escape_html(text)}</li>" for text in texts) + "</ul>"

        traps = f"<p><b>Beware</b></p>{items(self.traps)}" if self.traps else ""
        return html_block(items(self.does), traps)


def explain(
    place: str,
    options: Sequence[tuple[str, str]],
    schema: Schema,
    base: str = "/Root",
    added_of: Callable[[Query], Mapping[str, Field]] | None = None,
) -> Explanation:
    """Explain what the server will do with a query, even if this package rejects it.

    Parameters
    ----------
    place, options
        The query as :func:`sn_pandas.notebook.cells.split_cell` gives it.
    schema : Schema
        The types of the repository, which decide what a comparison means.
    base : str
        What a relative path is below.
    added_of : callable, optional
        Returns the fields of lists and aspects that a query names, as far as they are known.
    """
    try:
        query = Query.of(place, options, base)
        return _explain(query.bind(schema, added=added_of(query) if added_of else None), schema)
    except QueryError as error:
        filters = [value for name, value in options if name.lower() == "$filter"]
        others = [option for option in options if option[0].lower() not in ("$filter", "$orderby")]
        refused = f"is rejected before it is sent, so nothing is read: {error}"
        try:
            explained = _explain(Query.of(place, others, base), schema, filters[-1] if filters else None)
        except QueryError:  # another part is refused, too
            return Explanation((refused,), ())
        return Explanation((refused,), tuple(trap for trap in explained.traps if trap not in str(error)))


def _explain(query: Query, schema: Schema, condition: str | None = None) -> Explanation:
    moved = query.rewritten
    condition = condition or (moved.asked if moved else str(query.filter) if query.filter else None)
    does = [*_describe_place(query), *_describe_hidden(query)]
    traps: list[str] = [] if moved is None else [moved.note(query.words())]
    if condition:
        kept, treacherous = _describe_filter(condition, schema, query.added)
        does += kept
        traps += treacherous
    if query.query:
        fields = {**schema.fields, **query.added}
        does += query_sentences(str(query.query), fields)
        traps += query_surprises(str(query.query), fields)
        traps += _warn_of_query(str(query.query), query)
    does += _describe_order(query, schema)
    does.append(f"returns {', '.join(query.select) or 'the fields of the types that may occur'}")
    does += _describe_layers(query, schema)
    if query.top or query.skip:
        does.append(f"skips {query.skip} rows and returns {query.top or 'all others'}")
    return Explanation(tuple(does), tuple(dict.fromkeys(traps)))


def _describe_layers(query: Query, schema: Schema) -> Iterator[str]:
    """Describe the fields of a query whose types are hidden from the caller."""
    selected = [
        *query.select,
        *query.expand,
        *(key.split()[0] for key in (query.orderby or "").split(",") if key),
    ]
    names = [step for chain in selected for step in chain.split("/")]
    if query.filter and (tree := parse(str(query.filter))) is not None:
        chains = [member.steps for member in members(tree) if ".".join(member.steps) not in query.added]
        names += [step for steps in chains for step in steps]
    by_layer: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        if (field := schema.fields.get(name)) is not None:
            by_layer.setdefault(field.layer, []).append(name)
        elif schema.is_partial and name not in ("ContentType", *PSEUDO_FIELDS) and not of_some_contents(name):
            by_layer.setdefault("", []).append(name)
    for layer, words in _LAYERS.items():
        if layer in by_layer:
            yield f"{words} {', '.join(by_layer[layer])}"


_LAYERS = {
    "learned": "takes the definitions from contents of types that you may not see:",
    "built in": "takes the definitions from the built-in types, which you may not see:",
    "values": "infers the definitions from the shape of the values:",
    "": "sends these without checking, until the types of the rows are available:",
}


def _describe_place(query: Query) -> Iterator[str]:
    place = f"content {query.path}" if isinstance(query.path, int) else str(query.path)
    if query.property:
        yield f"lists the contents of {query.property} of {place}; rows are tested one by one, not by index"
    elif query.single:
        yield f"reads {place} itself"
    elif query.rewritten is not None and query.rewritten.lists:
        yield f"lists the direct children of {place}"
    elif query.query:
        yield f"searches everything below {place}, {place} itself included, for {query.query}"
    else:
        yield f"lists the direct children of {place}"


def _describe_hidden(query: Query) -> Iterator[str]:
    hides = query.autofilters if query.autofilters is not None else bool(query.query)
    if query.rewritten is not None and query.rewritten.lists and not hides:
        return
    if query.query or query.autofilters is not None:
        yield "hides system contents" if hides else "shows system contents, too"
    if query.lifespan:
        yield "hides contents that are not valid yet, or no longer"


def _describe_order(query: Query, schema: Schema) -> Iterator[str]:
    if not query.orderby:
        yield "requests the rows in the order of their ids, so that none is lost between pages"
        return
    keys = [key.split()[0] for key in query.orderby.split(",")]
    dates = [key for key in keys if key in schema.fields and schema.fields[key].is_date]
    yield f"orders by {query.orderby}" + ("" if "Id" in keys else ", then by Id")
    texts = [k for k in keys if k in schema.fields and schema.fields[k].dtype in ("str", "category")]
    if texts:
        yield f"orders {', '.join(texts)} by the language of the server, ignoring case"
        is_descending = f"{texts[0]} desc" in query.orderby.split(",")
        missing = "ascending=False" if is_descending else "na_position='first'"  # as the server has them
        key = "key=lambda s: s.str.lower()"
        yield f"is sorted exactly by pandas: df.sort_values({texts[0]!r}, {missing}, {key})"
    fields = [schema.fields[key] for key in keys if key in schema.fields]
    if any(field.is_number or field.is_date for field in fields):
        yield "sorts contents without such a number or date as 0 or the year 1"
    if references := [key for key in keys if key in schema.fields and schema.fields[key].is_reference]:
        names = ", ".join(references)
        yield f"orders {names} by the ids of what is referred to, not by names; sort the frame for these"
    if dates:
        yield f"compares {', '.join(dates)} by the minute when ordering"


def _describe_filter(text: str, schema: Schema, added: Mapping[str, Field]) -> tuple[list[str], list[str]]:
    """Return what a filter does, in words and as a pandas expression, and its pitfalls."""
    tree, fields = parse(text), {**schema.fields, **added}
    hints = [hint] if (hint := hint_of(text, fields)) else []
    if tree is None:
        return [f"keeps the rows where {text}"], hints
    reading = Reading(tree, fields, schema)
    sentence, expression = reading.sentence(), reading.pandas()
    does = [f"keeps the rows where {text if '…' in sentence else sentence}"]
    if expression:
        does.append(f"finds what pandas finds in a frame of all rows with df[{expression}]")
    return does, [*hints, *reading.surprises()]


def _warn_of_query(text: str, query: Query) -> Iterator[str]:
    bare = without_texts(text)
    if re.search(r"\s(and|or|not)\s", bare):
        yield "and, or, not in small letters are words to search for; write AND, OR, NOT"
    if re.search(r":/[^\s\"']*\(", bare):
        yield "a path with ( must be quoted"
    if re.search(r"[\w\])]\s*[<>]=?\s*\d", bare) and not re.search(r":[<>]", bare):
        yield "an operator needs a colon before it: Index:>5"
    if "{{" in bare and query.rewritten is None:
        yield "a nested query searches the whole repository, and hides system contents"
    for keyword, option in ((".TOP:", query.top), (".SKIP:", query.skip), (".SORT:", query.orderby)):
        if keyword in bare and option:
            yield f"{keyword[:-1]} in the query overrides the option"
    if re.search(rf"\.({_KEYWORDS})\b", text) and len(re.findall(r"\.[A-Z]{3,}", text)) != len(
        re.findall(r"\.[A-Z]{3,}", bare)
    ):
        yield "a control word inside quotes is removed from the text and takes effect; escape its dot"
    if re.search(rf"/\*.*\.(?:{_KEYWORDS})\b", text, re.DOTALL):
        yield "control words behind a /* are not recognized, so the query fails; write them before it"
    elif re.search(r"//|(?<![\w.-])/\*", text):
        yield "// and /* begin a comment, also in quotes; escape the slashes"
