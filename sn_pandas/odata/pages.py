"""Fetch complete lists: pages by id, concurrently, or by number if an order is requested."""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Generic, TypeVar

from . import shapes
from .addresses import entity
from .client import Client
from .controls import ONE_ANSWER, effective_query
from .errors import AddressTooLongError, AnswerError, BadRequestError, BrokenAnswer, QueryError
from .flight import Job, in_order
from .idlists import has_id_list, parts
from .query import Query
from .query_text import target
from .rows import Page, RowReader, Rows
from .schema import Field

T = TypeVar("T")
U = TypeVar("U")
_SKIP = re.compile(r"\.SKIP:(\d{1,9})\b")
# Characters that every web server takes of an address.
_SURELY_SHORT = 1000
#: How many rows, what was made of them, and the rows themselves where they may have to be cut.
Piece = tuple[int, T, Rows]


@dataclasses.dataclass
class Pages(Generic[T]):
    """The pages of a list, fetched as they are iterated over.

    Parameters
    ----------
    client : Client
        Where from.
    query : Query
        What; bound to a schema.
    names : sequence of str
        The fields of a row, ``Id`` first.
    make : callable
        What becomes of the rows of a page; called in the thread that fetched them.
    size, workers : int
        Rows a request, and requests at once.
    keep : bool
        Whether rows can be asked for fields beyond ``names``.

    Attributes
    ----------
    total : int or None
        How many rows there are without ``top`` and ``skip``; known after the first page, None if the
        server does not say.
    after : int or None
        The same when the last page was there, if there were several.
    rows : int
        How many rows were given.
    duplicates : int
        How many rows came twice and were given once.
    moved : bool
        Whether rows changed places between two pages.
    cut : str
        Why there are more rows than were given; empty if there are not.
    """

    client: Client
    query: Query
    names: Sequence[str]
    make: Callable[[Rows], T]
    size: int = 1000
    workers: int = 4
    keep: bool = False
    total: int | None = None
    after: int | None = None
    rows: int = 0
    duplicates: int = 0
    moved: bool = False
    cut: str = ""

    def __post_init__(self) -> None:
        self.size, self.workers = (
            _check_integer("page_size", self.size),
            _check_integer("workers", self.workers),
        )
        self.query = effective_query(self.query)
        self._reader = RowReader(self.names, keep=self.keep)

    def __iter__(self) -> Iterator[T]:
        """Yield the pages in order."""
        pieces = _pieces(self.client, self.query, partial(_length, size=self.size))
        while pieces:
            try:
                yield from self._all(pieces)
                break
            except AddressTooLongError as error:
                if self.rows:
                    raise
                pieces = _shorter(self.client, self.query, partial(_length, size=self.size), error)
        if self.query.top and self.total is not None and self.total > self.query.skip + self.rows:
            self.cut = self.cut or "top"

    @property
    def skipped(self) -> int:
        """How many rows are left out at the beginning, by ``skip`` or by ``.SKIP`` in the query."""
        found = _SKIP.findall(self.query.words())
        return int(found[-1]) if found else self.query.skip

    def _all(self, pieces: Sequence[Query]) -> Iterator[T]:
        if len(pieces) == 1:
            yield from self._list(pieces[0])
            return
        if not self.query.top and all(map(has_id_list, pieces)):
            yield from self._read_at_once(pieces)
            return
        total = 0
        for piece in pieces:  # each is a part of one list of values, in ascending order
            left = self.query.top - self.rows if self.query.top else 0
            if self.query.top and left <= 0:
                total += self._count(piece)
                continue
            self.total = None
            yield from self._list(piece._replace_unvalidated(top=left))
            total += self.total or 0
        self.total, self.after = total, None

    def _read_at_once(self, pieces: Sequence[Query]) -> Iterator[T]:
        """Yield the results for parts of a list of ids, concurrently; none has more rows than ids."""
        total = 0
        for part, made in in_order((partial(self._part, piece) for piece in pieces), self.workers):
            self.rows += part.rows
            total += part.total or 0
            self.moved = self.moved or part.moved
            self.cut = self.cut or part.cut
            yield from made
        self.total = total

    def _part(self, piece: Query) -> tuple[tuple[Pages[T], list[T]], list[Any]]:
        part = Pages(self.client, piece, self.names, self.make, self.size, 1, self.keep)
        return (part, list(part)), []

    def _list(self, query: Query) -> Iterator[T]:
        if query.single:
            yield self._count_given(self._answer(query, {}, _same)[2])
            self.total = 1
        elif query.property:
            yield from self._property(query)
        elif ONE_ANSWER.search(query.words()):
            self.size = 2**31 - 1
            own = query.orderby or "SORT:" in query.words()
            yield from self._read_by_number(
                query if own else query._replace_unvalidated(orderby="Id"), ordered=False
            )
        elif query.orderby:
            yield from self._read_by_number(query, ordered=True)
        else:
            yield from self._read_by_key(query)

    # -- by key -----------------------------------------------------------------------------------

    def _read_by_key(self, query: Query) -> Iterator[T]:
        """Read pages by ``Id``: no row is lost or repeated when rows are added or removed meanwhile."""
        limit, begun = query.top, self.rows
        first, full = self._page(
            _pad_first_page(query, self.size)._replace_unvalidated(orderby="Id"), limit, count=True
        )
        if any(a >= b for a, b in pairwise(first.ids)):
            yield from self._read_by_number(query, ordered=False)  # a smart folder with an order of its own
            return
        yield self._count_given(first)
        self._count_past_the_end(query, first)
        there = max(0, (self.total or 0) - query.skip)
        if not full and len(first) < (min(there, limit) if limit else there):
            self.cut = "the server returns no more: the query of the folder limits its rows"
        if not full or (limit and len(first) >= limit) or len(first) >= there:
            return
        rest = query._replace_unvalidated(top=0, skip=0)
        low, left = first.ids[-1], there - len(first)
        end = self._newest(rest, low)
        wanted = min(left, limit - len(first)) if limit else left
        for number, made, rows in in_order(self._ranges(rest, low, end, left, wanted), self.workers):
            room = limit - (self.rows - begun) if limit else number
            if number > room:
                yield self._count_given(rows[:room])
            elif number:
                self.rows += number
                yield made
            if limit and self.rows - begun >= limit:
                break
        else:
            yield from self._newcomers(rest, end, limit - (self.rows - begun) if limit else 0)
        self.after = self._count(query)

    def _count_past_the_end(self, query: Query, first: Rows) -> None:
        """Count the rows if the first page is past the end, where servers report a total of 0."""
        if self.skipped and not first and not self.total:
            self.total = self._count(query)

    def _newest(self, query: Query, low: int) -> int:
        last = query._replace_unvalidated(orderby="Id desc", top=1, select=("Id",), expand=())
        _, _, rows = self._answer(last, {}, _same)
        return max(low, rows.ids[0]) if rows.ids else low

    def _ranges(self, query: Query, low: int, end: int, left: int, wanted: int) -> Iterator[Job[Piece[T]]]:
        """Yield a job for each range of ids, with one page on average."""
        dense = left >= end - low
        width = self.size if dense else max(1, int(0.9 * self.size * (end - low) / max(1, left)))
        if wanted < left:
            width = max(1, min(width, -(-(end - low) * wanted // left)))
        for start in range(low, end, width):
            yield partial(self._range, query, start, min(start + width, end), wanted < left)

    def _range(self, query: Query, low: int, high: int, cut: bool) -> tuple[Piece[T], list[Any]]:
        """Fetch a page of a range; the rest of a larger range is split among the other threads."""
        bound = f"Id gt {low} and Id le {high}"
        text = f"({query.filter}) and {bound}" if query.filter else bound

        def piece(rows: Rows) -> tuple[int, Piece[T]]:
            _check_range(rows.ids, low, high)
            last = rows.ids[-1] if rows else high
            return last, (len(rows), self.make(rows), rows if cut else self._reader.none)

        (last, made), full = self._fetch(query._replace_unvalidated(filter=text, orderby="Id"), 0, piece)
        more: list[Any] = []
        if full and last < high:
            pieces = min(2 * self.workers, high - last, 1 + (high - last) // self.size)
            steps = [last + (high - last) * n // pieces for n in range(pieces + 1)]
            more = [partial(self._range, query, a, b, cut) for a, b in pairwise(steps)]
        return made, more

    def _newcomers(self, query: Query, low: int, limit: int) -> Iterator[T]:
        """Yield the rows that were created during the read."""
        taken = 0
        while True:
            text = f"({query.filter}) and Id gt {low}" if query.filter else f"Id gt {low}"
            rows, full = self._page(
                query._replace_unvalidated(filter=text, orderby="Id"), limit - taken if limit else 0
            )
            _check_range(rows.ids, low, shapes.LARGEST)
            taken += len(rows)
            if rows:
                yield self._count_given(rows)
                low = rows.ids[-1]
            if not full or (limit and taken >= limit):
                return

    # -- by number --------------------------------------------------------------------------------

    def _read_by_number(self, query: Query, *, ordered: bool) -> Iterator[T]:
        """Read pages by ``$skip``; each page repeats the last row before it, to detect moved rows."""
        order = query.orderby
        if ordered and order and "Id" not in [key.split()[0] for key in order.split(",")]:
            order += ",Id"
        query = query._replace_unvalidated(orderby=order)
        first, full = self._page(query, query.top, count=True)
        self._count_past_the_end(query, first)
        there = max(0, (self.total or 0) - self.skipped)
        wanted = min(there, query.top) if query.top else there
        distinct = ordered
        seen: set[int] = set()
        last = first.ids[-1] if first else None
        yield self._count_given(self._drop_duplicates(first, seen) if distinct else first)
        if not full or len(first) >= wanted:
            if len(first) < wanted:
                self.cut = "the server returns no more: the query of the folder limits its rows"
            return
        starts = range(query.skip + len(first), query.skip + wanted, self.size)
        end = query.skip + wanted
        for rows, _ in in_order(
            (partial(self._slice, query, s, min(s + self.size, end)) for s in starts), self.workers
        ):
            if not rows or rows.ids[0] != last:
                self.moved = True
            else:
                rows = rows[1:]
            if rows:
                last = rows.ids[-1]
                yield self._count_given(self._drop_duplicates(rows, seen) if distinct else rows)
        self.after = self._count(query)

    def _slice(self, query: Query, start: int, end: int) -> tuple[tuple[Rows, None], list[Any]]:
        """Fetch the rows from ``start - 1`` on, in several answers if one would be too large."""
        rows = self._reader.none
        at = start - 1
        while at < end:
            page, full = self._page(query._replace_unvalidated(skip=at), end - at)
            rows += page
            at += len(page)
            if not full:
                break
        return (rows, None), []

    def _drop_duplicates(self, rows: Rows, seen: set[int]) -> Rows:
        fresh = rows.where([id_ not in seen and not seen.add(id_) for id_ in rows.ids])  # type: ignore[func-returns-value]  # add gives None
        self.duplicates += len(rows) - len(fresh)
        return fresh

    def _property(self, query: Query) -> Iterator[T]:
        """Yield the contents of a reference, in their stored order unless another one is requested."""
        skip, taken = query.skip, 0
        while True:
            answer_rows, full = self._page(
                query._replace_unvalidated(skip=skip),
                query.top - taken if query.top else 0,
                count=not query.filter,
            )
            taken += len(answer_rows)
            skip += len(answer_rows)
            yield self._count_given(answer_rows)
            if not full or (query.top and taken >= query.top):
                break
        if query.filter:
            self.total = None if query.top and taken == query.top else skip
        elif self.total is None:  # at most one
            self.total = skip

    # -- requests ---------------------------------------------------------------------------------

    def _count_given(self, rows: Rows) -> T:
        self.rows += len(rows)
        return self.make(rows)

    def _page(self, query: Query, limit: int, *, count: bool = False) -> tuple[Rows, bool]:
        """Fetch a page of at most ``limit`` rows, and return whether it is full, so that more may follow."""
        return self._fetch(query, limit, _same, count=count)

    def _fetch(
        self, query: Query, limit: int, use: Callable[[Rows], U], *, count: bool = False
    ) -> tuple[U, bool]:
        """Fetch a page and return the result of ``use`` for its rows."""
        while True:
            size = min(self.size, limit) if limit else self.size
            try:
                total, number, made = self._answer(
                    query._replace_unvalidated(top=size), {"$inlinecount": "allpages"} if count else {}, use
                )
            except BadRequestError as error:
                if "Response length limit exceeded" not in error.reason or size <= 1:
                    raise
                self.size = size // 2
                continue
            if count:
                self.total = total
            return made, number >= size and not (query.property and total is None)  # the one that there is

    def _answer(self, query: Query, more: dict[str, str], use: Callable[[Rows], U]) -> Page[U]:
        alone, nothing = query.single or bool(query.property), bool(query.property)
        page: Page[U] = self.client.get(
            query.url(metadata="no", **more),
            lambda what, answer: self._reader.read(what, answer, use, alone=alone, nothing=nothing),
        )
        if nothing and page[0] is None and not page[1]:
            self._confirm_nothing(query)
        return page

    def _confirm_nothing(self, query: Query) -> None:
        """Raise if an empty reference is not empty: servers answer an empty reference with nothing.

        So would whatever cuts an answer on its way.
        """
        name = str(query.property)
        options = {"metadata": "no", "$select": f"Id,{name}/Id", "$expand": name}
        address = target(entity(query.path), options)
        shape = shapes.content("Id", fields=[Field(name, "Reference")])
        held = self.client.get(address, shape).get(name)
        if held and "__deferred" not in held:
            raise BrokenAnswer(f"{query.path}: {name} came back empty, but refers to a content")

    def _count(self, query: Query) -> int:
        return count(self.client, query)


def _check_range(ids: Sequence[int], low: int, high: int) -> None:
    """Raise if an answer has rows outside of the requested range, or in another order.

    Raises
    ------
    AnswerError
        If it does: it is an answer to another request, as one that a cache mixed up.
    """
    if ids and (ids[0] <= low or ids[-1] > high or sorted(set(ids)) != list(ids)):
        raise AnswerError(
            f"contents with ids over {low} up to {high} were requested, but the answer contains others, as "
            "if it belonged to another request. Is there a cache or a proxy between this computer and the "
            "server?"
        )


def count(client: Client, query: Query) -> int:
    """Count the rows of a list, whatever its ``top`` and ``skip``."""
    if query.property:  # the server does not count there, and gives one content where there can be only one
        everything = query._replace_unvalidated(select=("Id",), expand=(), top=0, skip=0)
        return sum(Pages(client, everything, ("Id",), len, size=shapes.LARGEST, workers=1))
    query, length = (
        query._replace_unvalidated(orderby=None, skip=0),
        lambda piece: len(_count_address(piece)) + 40,
    )
    pieces = _pieces(client, query, length)
    while True:
        try:
            return sum(client.count(_count_address(piece)) for piece in pieces)
        except AddressTooLongError as error:
            pieces = _shorter(client, query, length, error)


def _check_integer(name: str, value: Any) -> int:
    """Return an option that is an integer of at least 1.

    Raises
    ------
    QueryError
        If it is something else.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if isinstance(value, bool) or not 1 <= number <= shapes.LARGEST:
        raise QueryError(f"{name} must be an integer of at least 1, not {value!r}")
    return number


def _pieces(client: Client, query: Query, length: Callable[[Query], int]) -> list[Query]:
    """Return queries with the same combined result, none with an address known to be too long."""
    return parts(query, client.longest, length)


def _shorter(
    client: Client, query: Query, length: Callable[[Query], int], error: AddressTooLongError
) -> list[Query]:
    """Return queries with shorter addresses than rejected ones, or raise the error."""
    try:
        return _pieces(client, query, length)
    except QueryError as why:
        error.args = (f"{error}; {why}",)
        raise error from None


def _count_address(query: Query) -> str:
    """Return the address that counts."""
    options = {
        k: v
        for k, v in query.options().items()
        if k in ("$filter", "query", "enableautofilters", "enablelifespanfilter", "version")
    }
    return target(query.address() + "/$count", {**options, "$inlinecount": "allpages"})


def _pad_first_page(query: Query, size: int) -> Query:
    """Return a query for a first page whose address is as long as those of all other pages.

    So what is too long for a web server shows before any row was given.
    """
    if _length(query, size) <= _SURELY_SHORT:
        return query
    bound = "Id gt 0 and Id le 2147483647"
    return query._replace_unvalidated(filter=f"({query.filter}) and {bound}" if query.filter else bound)


def _length(query: Query, size: int) -> int:
    """Return how long the longest request line of a query gets."""
    bound = f"({query.filter or ''}) and Id gt 2147483647 and Id le 2147483647"
    asked = query._replace_unvalidated(filter=bound, orderby=query.orderby or "Id", top=size)
    return len(asked.url(metadata="no")) + 40


def _same(rows: Rows) -> Rows:
    return rows
