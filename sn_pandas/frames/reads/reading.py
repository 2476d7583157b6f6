"""Reading: a query to pages, pages to columns, columns to a typed frame."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from ...odata.contentqueries import Clause
from ...odata.errors import BadRequestError, IncompleteWarning, QueryError, ServerError, did_you_mean
from ...odata.field_names import ignored_names, paths_behind_unknown
from ...odata.filter_syntax import members, parse
from ...odata.filters import Filter
from ...odata.hints import find_unquoted, hint
from ...odata.misread import reject_misinterpreted
from ...odata.numbers import DIGITS
from ...odata.pages import Pages, count
from ...odata.query import Query
from ...odata.schema import Field, FieldsToAsk, Schema
from ...odata.warning import warn_user
from ..columns.codecs import validate_backend
from ..progress import Progress, Setting
from ..tracking.baseline import track
from . import not_found
from .planning import HIDDEN, Chunks, Plan, Replan
from .types_at import describe_unchecked, find_types, find_types_of_row, learn_at, read_fields

if TYPE_CHECKING:
    from ..connection import Connection


T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class ReadOptions:
    """How a query is read; the options are those of ``repo.read``."""

    page_size: int = 1000
    workers: int = 4
    progress: Setting = None
    dtype_backend: str | None = None


#: How it is read where nothing else is said.
_USUAL = ReadOptions()


def read(repo: Connection, query: Query, options: ReadOptions = _USUAL) -> pd.DataFrame:
    """Read all rows of a query as one frame."""
    began = _get_time(repo)

    def build_frame(plan: Plan, pages: Pages[Chunks]) -> pd.DataFrame:
        return plan.build_frame(_count_pages(pages, options), partial(_get_expected, pages))

    with _explain_errors(repo, query):
        repo.moved.settle(repo.client, query)
        query, plan, pages, frame = _fetch(repo, query, options, build_frame)
    repo.remember_types(query, plan.rows)
    facts = _describe_read(repo, query, pages, len(frame))
    _say(query, pages, plan, facts, judge(repo, query, plan, len(frame)))
    track(frame, repo, query, plan.fields, plan.paths, plan.baseline, **facts, read=began)
    return frame


def read_pages(repo: Connection, query: Query, options: ReadOptions) -> Iterator[pd.DataFrame]:
    """Read the rows of a query as one frame per page."""
    began = _get_time(repo)

    def first(plan: Plan, pages: Pages[Chunks]) -> Iterator[Chunks]:
        plan.is_fixed = True
        source = _count_pages(pages, options)
        return itertools.chain(list(itertools.islice(source, 1)), source)

    with _explain_errors(repo, query):
        repo.moved.settle(repo.client, query)
        query, plan, pages, source = _fetch(repo, query, options, first)
        for chunks in source:
            frame = plan.build_frame([chunks], partial(len, chunks.ids))
            total = pages.total if pages.total is not None else len(frame)
            facts = {"rows": len(frame), "total": total, "cut": len(frame) < total, "read": began}
            track(frame, repo, query, plan.fields, plan.paths, plan.baseline, **facts)
            yield frame
    words = judge(repo, query, plan, pages.rows)
    _say(query, pages, plan, _describe_read(repo, query, pages, pages.rows), words)


def _fetch(
    repo: Connection, query: Query, options: ReadOptions, take: Callable[[Plan, Pages[Chunks]], T]
) -> tuple[Query, Plan, Pages[Chunks], T]:
    """Fetch the pages of a query; repeat it if the types of the rows change the request."""
    query = _prepare(repo, query)
    plan = _plan(repo, query, options)
    tries = 0
    while True:
        pages = _create_pages(repo, plan, options)
        try:
            return query, plan, pages, take(plan, pages)
        except Replan:
            plan = plan.replan()
        except ServerError as error:
            tries += 1
            query = _rewrite(repo, query, error, tries)
            plan = _plan(repo, query, options)


def build_series(repo: Connection, row: Mapping[str, Any], query: Query) -> pd.Series[Any]:
    """Return one content as a series of typed cells on its field names."""
    chosen = query.select or tuple(n for n, v in row.items() if n not in HIDDEN and not _is_deferred(v))
    asked = query.replace(select=chosen)
    plan = Plan(asked, repo.schema, find_types_of_row(repo, row), read_fields(repo, asked))
    cells = plan.build_cells(row)
    return pd.Series(cells, name=row.get("Path", str(query.path)), dtype=object)


def count_rows(repo: Connection, query: Query) -> int:
    """Count the rows of a query."""
    asked = query
    with _explain_errors(repo, query):
        repo.moved.settle(repo.client, query)
        query = _prepare(repo, query)
        behind = _learn_behind(repo, query)
        for tries in itertools.count(1):
            try:
                number = count(repo.client, query)
                break
            except ServerError as error:
                query = _rewrite(repo, query, error, tries)
    for word in [*behind, *(describe_unchecked(repo, query) if not number else ())]:
        warn_user(word, IncompleteWarning)
    repo.record_total(asked, number)
    return number


def _prepare(repo: Connection, query: Query) -> Query:
    """Return a query that can be sent.

    How a value is written depends on the kind of field. One field that is not known is guessed; where there
    are several, the hidden types of the place are learned first.
    """
    if query.unbound is None:
        return query
    unbound, schema = query.unbound, repo.schema
    depending = [name for name in query.unknown if unbound.bind(schema, otherwise=[name]) != query]
    if len(depending) < 2:
        return query
    learn_at(repo, query)
    return unbound.bind(schema)


def _rewrite(repo: Connection, query: Query, error: ServerError, tries: int) -> Query:
    """Return a rejected query rewritten for other possible types of the unknown fields in its conditions.

    The first time another kind is guessed, which is remembered; then the hidden types of the place are
    learned.

    Raises
    ------
    ServerError
        The refusal, if there is no other way.
    """
    is_about_values = isinstance(error, BadRequestError) or type(error) is ServerError
    if query.unbound is None or tries > 2 or not is_about_values or _find_missing_field(repo, query, error):
        raise error
    guesses = repo.schema.guesses
    other = query.unbound.bind(repo.schema, otherwise=query.unknown)
    if error.status == 400 and tries == 1 and guesses.isdisjoint(query.unknown) and other != query:
        guesses.update(query.unknown)
        return other
    guesses.difference_update(query.unknown)
    learn_at(repo, query)
    other = query.unbound.bind(repo.schema)
    if other == query:
        raise error
    return other


def judge(repo: Connection, query: Query, plan: Plan, rows: int) -> list[str]:
    """Return a warning for names of a query that could not be checked with its rows.

    Raises
    ------
    QueryError
        If the types of the rows are known, and none has a field of a name that no other type has either.
    """
    schema = repo.schema
    words = []
    unknown = dict(plan.collect_unknown().values())
    others = (
        dict(ignored_names(query.orders(), query.expand, schema)) if schema.may_hide else {}
    )  # or they were judged before
    for name in [*unknown, *(n for n in others if n not in unknown)]:
        met = unknown.get(name, plan.met)
        is_complete = bool(met) and all(type_name in schema for type_name in met)
        if is_complete and name in others and query.copied and name in query.orders():
            words.append(others[name])
            continue
        if is_complete:
            fields = {f for t in met for f in schema[t].fields} | set(schema.fields)
            raise QueryError(others[name]) if name in others else QueryError.unknown_field(name, fields)
        why = "there are no rows to check it with" if not rows else "the types of the rows are unknown"
        words.append(
            f"{name!r} could not be checked: no content type that you see has this field, and {why}."
            f"{did_you_mean(name, schema.fields)}{_check_with_rows(query, name) if not rows else ''}"
        )
    words += [describe_unknown_field(name) for name in plan.list_silent()]
    if not rows:
        words += describe_unchecked(repo, query)
    if isinstance(query.filter, str) and not query.copied and plan.rows:
        named = {**schema.fields, **query.added}
        reject_misinterpreted(query.filter, named, in_memory=query.property is not None)
    if query.unbound is not None and plan.rows:
        query.unbound.bind(schema)  # refuses what does not go with the types that were learned
    if not rows and schema.may_hide:
        words += _explain_unknown_behind(repo, query)
    return words


def _explain_unknown_behind(repo: Connection, query: Query) -> list[str]:
    """Return the message for a filter that tests a field behind an unknown one."""
    schema = repo.schema
    paths = paths_behind_unknown(query.filter, schema, query.added)
    return [_explain_reference(query, schema, path) for path in paths]


def _learn_behind(repo: Connection, query: Query) -> list[str]:
    """Learn the types that determine whether a filter is valid, if there are no rows to learn them from.

    Raises
    ------
    QueryError
        If it does.
    """
    behind = paths_behind_unknown(query.filter, repo.schema, query.added)
    if query.copied or not repo.schema.may_hide or not any(behind):
        return []
    learn_at(repo, query)
    reject_misinterpreted(str(query.filter), repo.schema.fields, in_memory=query.property is not None)
    return _explain_unknown_behind(repo, query)


def describe_unknown_field(name: str) -> str:
    """Return the message for an unknown field of a list or an aspect."""
    what = "list" if name.startswith("#") else "aspect"
    return f"{name!r} could not be checked: no {what} is found here that has such a field, and no value of it"


def _check_with_rows(query: Query, name: str) -> str:
    """Return the line of code that reads rows to check a name by, if a condition excluded them."""
    if not (query.filter or query.query):
        return ""
    return f" To check it, read some rows: repo.read({query.path!r}, select={name!r}, top=5)"


def _get_first_step(chain: str) -> str:
    return chain.partition("/")[0]


def _explain_reference(query: Query, schema: Schema, path: str) -> str:
    """Explain what a path in a filter means if its first step is a reference."""
    first = _get_first_step(path)
    said = f"it could not be checked whether {first} is a reference: there are no rows to check it with"
    try:
        supposed = {**schema.fields, first: Field(first, "Reference")}
        reject_misinterpreted(str(query.filter), supposed, in_memory=query.property is not None)
    except QueryError as error:
        return f"{said}. If it is one, {error}"
    return f"{said} of {path}"


def _find_missing_field(repo: Connection, query: Query, error: ServerError) -> str | None:
    """Return the name in the conditions that the server reported as unknown."""
    fields = FieldsToAsk(repo.schema)
    if query.unbound is not None:
        for condition in (query.unbound.filter, query.unbound.query):
            if isinstance(condition, (Filter, Clause)):
                condition.text(fields)
    tree = parse(query.filter) if isinstance(query.filter, str) else None
    texts = set(find_unquoted(tree, repo.schema.fields)) if tree else set()
    written = [name for member in members(tree) if (name := member.steps[0]) not in texts] if tree else []
    unknown = [*fields.unknown, *(name for name in written if name not in repo.schema.fields)]
    said = (n for n in unknown if re.search(rf"[Ff]ield( not found)?:\s*{re.escape(n)}\b", error.reason))
    return next(said, None)


@contextlib.contextmanager
def _explain_errors(repo: Connection, query: Query) -> Iterator[None]:
    """Add hints to the server's error."""
    if query.property:
        _refuse_property(repo, query.property)
    try:
        with not_found.explain_missing(repo, query.path, query.version):
            yield
    except BadRequestError as error:
        if name := _find_missing_field(repo, query, error):
            raise QueryError.unknown_field(name, repo.schema.fields) from error
        if said := hint(str(query.filter or ""), {**repo.schema.fields, **query.added}):
            error.args = (f"the server refused the filter (hint: {said}): {error}",)
        raise
    except ServerError as error:
        if query.property and error.code == "UnknownAction":
            references = [n for n, f in repo.schema.fields.items() if f.is_reference and n != query.property]
            raise QueryError(
                f"{query.path} has no reference {query.property!r}.{did_you_mean(query.property, references)}"
            ) from error
        raise


def _refuse_property(repo: Connection, name: str) -> None:
    """Raise for a field that is not a reference."""
    field = repo.schema.fields.get(name)
    if field is not None and not field.is_reference:
        raise QueryError(
            f"{name} is a field of type {field.type}, so that it holds no contents to read; read its value "
            f"with repo.value(path, {name!r}), or as a column with select={name!r}"
        )


def _plan(repo: Connection, query: Query, options: ReadOptions) -> Plan:
    backend = validate_backend(options.dtype_backend)
    there = find_types(repo, query)
    rows = repo.types_met(query)
    instance = read_fields(repo, query)
    return Plan(query, repo.schema, there.names, instance, backend, rows=rows, is_open=there.is_open)


def _create_pages(repo: Connection, plan: Plan, options: ReadOptions) -> Pages[Chunks]:
    return Pages(
        repo.client,
        plan.query,
        plan.names,
        plan.take_chunks,
        size=options.page_size,
        workers=options.workers,
        keep=plan.keeps_answers,
    )


def _get_expected(pages: Pages[Chunks]) -> int:
    return _get_total(pages) or 0


def _count_pages(pages: Pages[Chunks], options: ReadOptions) -> Iterator[Chunks]:
    """Yield the pages and update the progress."""
    source = iter(pages)
    with Progress(options.progress, pages.query.path) as progress:
        held: Chunks | None = None
        for chunks in source:
            progress.show(pages.rows, _get_total(pages))
            if held is not None:
                yield held.resolve()
                held = None
            if chunks.later is not None:  # its types are learned while the next pages are on their way
                held = chunks
            else:
                yield chunks
        if held is not None:
            yield held.resolve()


def _get_time(repo: Connection) -> str:
    """Return the current time of the server; a frame may not show changes after that."""
    return repo.client.now.isoformat(timespec="milliseconds")


def _get_total(pages: Pages[Chunks]) -> int | None:
    """Return the number of expected rows, if the server reports it."""
    if pages.total is None:
        return None
    wanted = max(0, pages.total - pages.skipped)
    return min(wanted, pages.query.top) if pages.query.top else wanted


def _describe_read(repo: Connection, query: Query, pages: Pages[Chunks], rows: int) -> dict[str, Any]:
    """Return the provenance of a read."""
    total = pages.total if pages.total is not None else pages.skipped + rows
    # The server shows less, and no error, once our credentials are no longer good.
    repo.record_total(query, min(rows, total))
    if pages.after is not None and pages.after != pages.total:
        repo.verify_identity()
    facts: dict[str, Any] = {
        "rows": rows,
        "total": total,
        "cut": bool(pages.cut) or (pages.skipped + rows < total and bool(query.top)),
    }
    if pages.after is not None and pages.after != pages.total:
        facts["after"] = pages.after
    if pages.duplicates:
        facts["duplicates"] = pages.duplicates
    if pages.moved:
        facts["moved"] = True
    return facts


def _say(query: Query, pages: Pages[Chunks], plan: Plan, facts: dict[str, Any], words: list[str]) -> None:
    """Warn of everything that makes a frame incomplete."""
    rows, total = facts["rows"], facts["total"]
    if pages.cut == "top":
        words.append(f"{rows:,} of {total:,} rows: cut by top={pages.query.top}")
    elif pages.cut:
        words.append(f"{rows:,} of {total:,} rows: {pages.cut}")
    if "after" in facts:
        words.append(
            f"the list changed while it was read: {total:,} rows before, {facts['after']:,} after, "
            f"{rows:,} read"
        )
    elif (
        not pages.cut
        and not pages.moved
        and total - pages.skipped > rows + pages.duplicates
        and not query.property
    ):
        words.append(
            f"{rows:,} of {total:,} rows: the others disappeared during the read, or cannot be shown"
        )
    if pages.moved or pages.duplicates:
        words.append(
            f"rows moved during the read ({pages.duplicates} came twice and are kept once); some may be "
            "missing. Read again, or drop orderby and sort the frame"
        )
    for name, values in plan.collect_unlisted().items():
        words.append(
            f"{name} holds {', '.join(map(repr, values[:5]))}, which the schema does not list as options"
        )
    if plan.list_rounded():
        facts["rounded"] = list(plan.list_rounded())
        words.append(
            f"{', '.join(plan.list_rounded())}: numbers of more than {DIGITS} digits are rounded to the "
            "nearest float64; repo.get(…) and repo.value(…) return all digits, as a Decimal"
        )
    for word in words:
        warn_user(word, IncompleteWarning)


def _is_deferred(value: Any) -> bool:
    return isinstance(value, Mapping) and "__deferred" in value
