"""How a list is fetched whole: pages by key, several in flight, or by number where an order is asked for."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from .query import Query
from .transport import Client

Row = dict[str, Any]


@dataclasses.dataclass
class Page:
    """Some rows of a list, in its order."""

    rows: list[Row]


@dataclasses.dataclass
class Pages:
    """The pages of a list, fetched as they are iterated over.

    Attributes
    ----------
    total : int or None
        How many rows the server said there are, known after the first page; without ``top`` and ``skip``.
    """

    client: Client
    query: Query
    size: int = 1000
    workers: int = 4
    total: int | None = None

    def __iter__(self) -> Iterator[Page]:
        """Give the pages in order; at most ``workers`` requests and as many finished pages wait."""
        if self.query.property:
            yield Page(self._rows(self.query))
        elif self.query.orderby or self.query.skip or ".SORT" in (self.query.query or ""):
            yield from self._by_number()
        else:
            yield from self._by_key()

    def _by_key(self) -> Iterator[Page]:
        """Walk by ``Id``: nothing is lost or doubled when rows come and go meanwhile."""
        limit = self.query.top
        size = min(self.size, limit) if limit else self.size
        first = self._rows(self.query.replace(orderby="Id", top=size), count=True)
        yield Page(first)
        done = len(first)
        if done < size or (limit and done >= limit) or done >= (self.total or 0):
            return
        last = first[-1]["Id"]
        if limit:
            yield from self._walk(last, None, limit - done)
            return
        newest = self._rows(self.query.replace(orderby="Id desc", top=1, select=("Id",), expand=()))
        end = newest[0]["Id"] if newest else last
        # As many ids as hold one page on average; a denser range is walked in several pages.
        width = max(size, -(-(end - last) * size // max(1, (self.total or 0) - done)))
        ranges = [(low, low + width) for low in range(last, end, width)]
        yield from self._in_flight([partial(self._range, low, high) for low, high in ranges])
        yield from self._walk(ranges[-1][1], None, 0)

    def _range(self, low: int, high: int) -> list[Page]:
        return list(self._walk(low, high, 0))

    def _one(self, query: Query) -> list[Page]:
        return [Page(self._rows(query))]

    def _walk(self, low: int, high: int | None, limit: int) -> Iterator[Page]:
        taken = 0
        while True:
            size = min(self.size, limit - taken) if limit else self.size
            bound = f"Id gt {low}" + (f" and Id le {high}" if high is not None else "")
            text = f"({self.query.filter}) and {bound}" if self.query.filter else bound
            rows = self._rows(self.query.replace(filter=text, orderby="Id", top=size))
            if rows:
                yield Page(rows)
                low = rows[-1]["Id"]
                taken += len(rows)
            if len(rows) < size or low == high or (limit and taken >= limit):
                return

    def _by_number(self) -> Iterator[Page]:
        limit, start = self.query.top, self.query.skip
        order = self.query.orderby
        if order and "Id" not in [key.split()[0] for key in order.split(",")]:
            order += ",Id"
        base = self.query.replace(orderby=order)
        size = min(self.size, limit) if limit else self.size
        first = self._rows(base.replace(top=size), count=True)
        yield Page(first)
        end = self.total or 0
        if limit:
            end = min(end, start + limit)
        steps = range(start + len(first), end, self.size)
        if len(first) < size:
            return
        pages = [base.replace(skip=skip, top=min(self.size, end - skip)) for skip in steps]
        yield from self._in_flight([partial(self._one, page) for page in pages])

    def _in_flight(self, jobs: list[Callable[[], list[Page]]]) -> Iterator[Page]:
        """Run the jobs with a bounded look-ahead and give their pages in order."""
        waiting: collections.deque[Future[list[Page]]] = collections.deque()
        queue = iter(jobs)
        with ThreadPoolExecutor(self.workers, thread_name_prefix="sn_pandas") as pool:
            try:
                for job in queue:
                    waiting.append(pool.submit(job))
                    if len(waiting) >= 2 * self.workers:
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _rows(self, query: Query, *, count: bool = False) -> list[Row]:
        if "Id" not in query.select and query.select:
            query = query.replace(select=("Id", *query.select))
        more = {"metadata": "no", **({"$inlinecount": "allpages"} if count else {})}
        answer = self.client.get(query.url(**more))
        if answer is None:
            return []
        body = answer["d"]
        rows: list[Row] = body.get("results", [body])
        if count:
            self.total = body["__count"]
        return rows
