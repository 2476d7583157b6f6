"""The content query language: what the option ``query`` and a smart folder search for.

Before a query is parsed, its text is worked on as the server does it: it is joined with the place it is asked
at, its control keywords are moved to the end wherever they stand, nested queries give way to what they find,
templates to their values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.errors import ODataError, bad_request, server_error
from sn_pandas.embedded.index.predicates import Predicate, Term, all_of, any_of, fields_in
from sn_pandas.embedded.languages import templates
from sn_pandas.embedded.languages.cql_lexer import TERMINATORS
from sn_pandas.embedded.languages.cql_parser import EMPTY, Controls, parse
from sn_pandas.embedded.reads import searches
from sn_pandas.embedded.reads.references import targets
from sn_pandas.words import lower_letters

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session


@dataclass(slots=True)
class ContentQuery:
    """A query that was understood: what to search for, and what its control keywords say (None = nothing)."""

    predicate: Predicate
    top: int | None = None
    skip: int | None = None
    sort: list[tuple[str, bool]] = field(default_factory=list)
    autofilters: bool = True
    lifespan: bool = False
    all_versions: bool = False
    fields: set[str] = field(default_factory=set)
    """What the text asks for, in nested queries too."""


LONGEST_QUERY = 100_000
"""Letters of a query: an address is shorter anyway, but a smart folder may hold millions."""


def compile(text: str, *, under: str | None, session: Session) -> ContentQuery:
    """Parse a content query.

    Parameters
    ----------
    text
        The query.
    under
        The path at and below which it searches; None = everywhere, and the text is taken as it stands.
    session
        Who asks: nested queries find what he may see, templates are filled in for him.

    Raises
    ------
    ODataError
        400 ParserException if the text is not a query, or too long; 500 for what fails only when it runs.
    """
    if len(text) > LONGEST_QUERY:
        raise bad_request("ParserException", f"A query has {LONGEST_QUERY:,} letters at most.")
    if under is not None:
        text = restrict(text, under)
    fields: set[str] = set()
    text = _resolve_nested(text, session, fields)
    text = _replace_templates(text, session)
    try:
        predicate, controls = parse(text, session.types)
    except RecursionError:
        raise server_error("InsufficientExecutionStackException", "The query is nested too deeply.") from None
    if predicate is None:
        raise server_error("InvalidOperationException", "Stack empty.")
    return ContentQuery(
        predicate,
        controls.top,
        controls.skip,
        controls.sort,
        controls.autofilters is not False,
        bool(controls.lifespan),
        controls.all_versions,
        fields | fields_in(predicate),
    )


# The place, and the keywords at the end

_KEYWORD = re.compile(
    r"""//|/\*|\.(?P<keyword>SKIP|TOP|SORT|REVERSESORT|AUTOFILTERS|LIFESPAN|COUNTONLY|QUICK|ALLVERSIONS|SELECT)
    (?:[ ]*:[ ]*\#?\w+(?:\.\w+)?|(?=[)\s$]|\Z))""",
    re.X,
)


_BARE = rf"[^\s'{re.escape(TERMINATORS)}]"
_PIECE = re.compile(rf""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|/\*|(?!//){_BARE}+|.""", re.DOTALL)
"""A text in quotes, the beginning of a comment, a bare value, which may hold one, or any other character."""


def restrict(text: str, path: str) -> str:
    """Return a query of what another one finds below a path; the keywords of both go to its end."""
    return _move_keywords(f"+({_close_comment(text)}) +(InTree:'{path}')").strip()


def _close_comment(text: str) -> str:
    """Close an open comment at the end; within a value, as in ``Path:/Root/A/*``, there is none."""
    opened = [found.start() for found in _PIECE.finditer(text) if found.group() == "/*"]
    return text + "*/" if opened and text.find("*/", opened[-1] + 2) < 0 else text


def _move_keywords(text: str) -> str:
    """Move control keywords to the end, out of quotes and nested queries too, but not out of comments."""
    moved, at = "", 0
    while (found := _KEYWORD.search(text, at)) is not None:
        if found["keyword"]:
            text = text[: found.start()] + text[found.end() :]
            moved += " " + found.group()
            at = found.start()
        elif found.group() == "//":
            end = text.find("\n", found.start())
            at = len(text) if end < 0 else end
        else:
            end = text.find("*/", found.end())
            at = len(text) if end < 0 else end + 2
    return text + moved


# Nested queries

STORED_IN_INDEX = frozenset(
    ("Id", "VersionId", "OwnerId", "CreatedById", "ModifiedById", "Depth", "Version", "Type", "Name", "Path",
     "IsSystemContent")
)  # fmt: skip
"""Fields whose values the index gives back; ``.SELECT`` of another yields nothing."""

_QUOTED = re.compile(r"""\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|["'].*""", re.S)


def _resolve_nested(text: str, session: Session, fields: set[str]) -> str:
    """Run nested queries, innermost first, and put in their place what they find."""
    bare = _QUOTED.sub(lambda found: "_" * len(found.group()), text)
    while (end := bare.find("}}")) >= 0:
        start = bare.rfind("{{", 0, end + 1)
        if start < 0:
            break
        values = _run_nested(text[start + 2 : end], session, fields)
        put = EMPTY if not values else values[0] if len(values) == 1 else f"({' '.join(values)})"
        text = text[:start] + put + text[end + 2 :]
        bare = bare[:start] + "_" * len(put) + bare[end + 2 :]
    return text


def _run_nested(text: str, session: Session, fields: set[str]) -> list[str]:
    """Return what a nested query finds: ids, or the values of the field that its ``.SELECT`` names."""
    try:
        predicate, controls = parse(text, session.types)
    except ODataError as error:
        if error.exceptiontype != "ParserException":
            raise
        raise server_error("InvalidContentQueryException", f"Invalid content query: {text}") from None
    if predicate is None:
        raise server_error("InvalidOperationException", "Stack empty.")
    asked = fields_in(predicate)
    fields |= asked
    if _autofilters(controls, session):
        predicate = all_of(predicate, Term("IsSystemContent", False))
    hits = searches.find(
        session,
        predicate,
        asked,
        sort=controls.sort,
        top=controls.top or 0,
        skip=controls.skip or 0,
        total=False,
    )
    if controls.select in (None, "Id"):
        return [str(i) for i in hits.ids]
    if controls.select not in STORED_IN_INDEX:
        return []
    values = [_stored_text(content.stored_value(controls.select)) for content in session.load_many(hits.ids)]
    return [_quote_if_needed(v) for v in dict.fromkeys(values) if v]


def _autofilters(controls: Controls, session: Session) -> bool:
    asked = session.options.autofilters
    if asked is None:
        asked = controls.autofilters
    return asked is not False


def _stored_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return lower_letters(str(value))


def _quote_if_needed(text: str) -> str:
    return f"'{text}'" if any(c in text for c in TERMINATORS) else text


def _replace_templates(text: str, session: Session) -> str:
    if "@@" not in text:
        return text
    return templates.replace(
        text,
        caller=session.caller,
        now=session.repository.clock(),
        read=lambda content_id, name: _property(session, content_id, name),
        quoted=True,
        unresolved=EMPTY,
    )


def _property(session: Session, content_id: int, name: str) -> templates.Property | None:
    """Return a property of a content as a template sees it."""
    content = session.store.load(content_id)
    if content is None:
        return None
    definition = fields_of(session, content).get(name)
    if definition is None:
        return None
    if definition.kind == "Reference":
        return templates.References(targets(session, content, name))
    value = content.stored_value(name)
    if definition.kind == "DateTime":
        return None if value is None else templates.moment(value)
    return value if isinstance(value, str | int | bool) else None


def finds_all(session: Session, text: str, ids: set[int]) -> bool:
    """Return whether a content query finds all these contents."""
    query = compile(text, under=None, session=session)
    conditions = [query.predicate, any_of(*(Term("Id", one) for one in ids))]
    if query.autofilters:
        conditions.append(Term("IsSystemContent", False))
    return searches.count(session, all_of(*conditions), query.fields) == len(ids)
