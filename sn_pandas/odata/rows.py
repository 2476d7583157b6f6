"""The rows of an answer as columns of the fields that were asked for, without a dict for each row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any, TypeVar

import httpx
import msgspec

from .answers import parsed
from .collector import paused
from .errors import AnswerError

T = TypeVar("T")
#: The total, as far as the server says it, how many rows came, and what was made of them.
Page = tuple[int | None, int, T]


@dataclasses.dataclass(frozen=True, slots=True)
class Rows:
    """Rows as the values of each of their fields; those of ``Id`` are the first.

    Examples
    --------
    >>> rows = Rows(((1, 2, 3), ("a", "b", "c")))
    >>> len(rows), rows.ids, rows[1:].where([False, True])
    (3, (1, 2, 3), Rows(columns=((3,), ('c',))))
    """

    columns: tuple[Sequence[Any], ...]

    @property
    def ids(self) -> Sequence[int]:
        """The ids of the contents."""
        return self.columns[0]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, part: slice) -> Rows:
        return Rows(tuple(column[part] for column in self.columns))

    def __add__(self, other: Rows) -> Rows:
        pairs = zip(self.columns, other.columns, strict=True)
        return Rows(tuple((*mine, *its) for mine, its in pairs))

    def where(self, kept: Sequence[bool]) -> Rows:
        """Give the rows that are to be kept."""
        return Rows(tuple(tuple(compress(column, kept)) for column in self.columns))


class RowReader:
    """Reads answers whose rows have certain fields; a field that a row lacks is None.

    Parameters
    ----------
    names : sequence of str
        The fields, ``Id`` first.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._decoder = _decoder(self._names)
        self.none = Rows(((),) * len(names))

    def read(self, what: str, answer: httpx.Response, use: Callable[[Rows], T]) -> Page[T]:
        """Give the page that an answer holds, or the one content, and what ``use`` makes of the rows.

        Raises
        ------
        BrokenAnswer, AnswerError
            If it is neither a list nor a content.
        """
        with paused():
            try:
                total, rows = self._decoded(answer.content)
            except ValueError:  # one content, nothing at all, or what the decoder does not take
                total, rows = self._plainly(what, parsed(what, answer))
            if None in rows.ids:
                raise AnswerError(f"{what}: the answer has a row without an Id")
            number, made = len(rows), use(rows)
            del rows  # before the collector would look through them
        return total, number, made

    def _decoded(self, content: bytes) -> tuple[int | None, Rows]:
        body = self._decoder.decode(content).d
        return body.total, self._turned(map(msgspec.structs.astuple, body.results))

    def _plainly(self, what: str, answer: Any) -> tuple[int | None, Rows]:
        if answer is None:
            return 0, self.none
        body = answer.get("d") if isinstance(answer, dict) else None
        if isinstance(body, dict):
            found = body.get("results", [body])
            total = body.get("__count") if "results" in body else 1
            rows = isinstance(found, list) and all(isinstance(row, dict) for row in found)
            if rows and isinstance(total, int | None):
                return total, self._turned(tuple(row.get(name) for name in self._names) for row in found)
        raise AnswerError(f"{what}: the answer is neither a list nor a content: {str(answer)[:200]}")

    def _turned(self, rows: Iterable[tuple[Any, ...]]) -> Rows:
        columns = tuple(zip(*rows, strict=True))
        return Rows(columns) if columns else self.none


@lru_cache(maxsize=64)
def _decoder(names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    keys = [f"f{n}" for n in range(len(names))]
    row = msgspec.defstruct(
        "Row", [(key, Any, None) for key in keys], rename=dict(zip(keys, names, strict=True)), gc=False
    )
    results = ("results", list[row])  # type: ignore[valid-type]  # a type made just now
    body = msgspec.defstruct("Body", [results, ("total", int | None, None)], rename={"total": "__count"})
    return msgspec.json.Decoder(msgspec.defstruct("Answer", [("d", body)]))
