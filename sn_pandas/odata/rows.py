"""Convert the rows of an answer to columns, without a dict for each row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any, TypeVar

import msgspec

from .answers import empty_answer, not_sensenet, parse
from .collector import pause_collector
from .errors import AnswerError
from .messages import Response
from .shapes import Count, Id
from .signin.doubt import have_blank_rows

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
    answers: tuple[Response, ...] = dataclasses.field(default=(), repr=False)

    @property
    def ids(self) -> Sequence[int]:
        """The ids of the contents."""
        return self.columns[0]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, part: slice) -> Rows:
        return Rows(tuple(column[part] for column in self.columns), self.answers)

    def __add__(self, other: Rows) -> Rows:
        pairs = zip(self.columns, other.columns, strict=True)
        return Rows(tuple((*mine, *its) for mine, its in pairs), (*self.answers, *other.answers))

    def where(self, kept: Sequence[bool]) -> Rows:
        """Return the rows selected by a mask."""
        return Rows(tuple(tuple(compress(column, kept)) for column in self.columns), self.answers)

    def more(self, names: Sequence[str]) -> dict[str, Sequence[Any]]:
        """Return further fields of the same rows, from stored answers; None for missing values."""
        reader = RowReader(("Id", *names))
        found: dict[int, tuple[Any, ...]] = {}
        for answer in self.answers:
            _, _, columns = reader.read("", answer, _columns_of, alone=True, nothing=True)
            found.update((row[0], row[1:]) for row in zip(*columns, strict=True))
        none = (None,) * len(names)
        turned = zip(*(found.get(id_, none) for id_ in self.ids), strict=True)
        return dict(zip(names, turned, strict=True)) if self.ids else dict.fromkeys(names, ())


def _columns_of(rows: Rows) -> tuple[Sequence[Any], ...]:
    return rows.columns


class RowReader:
    """Reads answers with certain fields; a missing field is None.

    Parameters
    ----------
    names : sequence of str
        The fields, ``Id`` first, which each row must have.
    keep : bool
        Whether rows keep their answers, so that they can give further fields.
    """

    def __init__(self, names: Sequence[str], *, keep: bool = False) -> None:
        self._names = tuple(names)
        self._keep = keep
        self._decoder = _decoder(self._names)
        self.none = Rows(((),) * len(names))

    def read(
        self,
        what: str,
        answer: Response,
        use: Callable[[Rows], T],
        *,
        alone: bool = False,
        nothing: bool = False,
    ) -> Page[T]:
        """Return the page or the single content of an answer, and the result of ``use`` for the rows.

        The total of one content is None.

        Parameters
        ----------
        alone, nothing : bool
            Whether the answer may be one content instead of a list, and whether it may be empty.

        Raises
        ------
        BrokenAnswer, AnswerError
            If it is neither a list nor a content.
        """
        with pause_collector():
            total, rows = self._rows(what, answer, alone=alone, nothing=nothing)
            if have_blank_rows(self._names, rows.columns):
                answer.is_blank = True  # for the guard of the client
            if self._keep:
                rows = dataclasses.replace(rows, answers=(answer,))
            number, made = len(rows), use(rows)
            del rows  # before the collector would look through them
        return total, number, made

    def _rows(self, what: str, answer: Response, *, alone: bool, nothing: bool) -> tuple[int | None, Rows]:
        try:
            return self._decode(answer.content)
        except (ValueError, RecursionError):  # one content, nothing, or what the decoder does not take
            return self._read_plainly(what, answer, alone=alone, nothing=nothing)

    def _decode(self, content: bytes) -> tuple[int | None, Rows]:
        body = self._decoder.decode(content).d
        return body.total, self._transpose(map(msgspec.structs.astuple, body.results))

    def _read_plainly(
        self, what: str, answer: Response, *, alone: bool, nothing: bool
    ) -> tuple[int | None, Rows]:
        shown = parse(what, answer)
        if shown is None:
            if not nothing:
                raise empty_answer(what)
            return None, self.none
        body = shown.get("d") if isinstance(shown, dict) else None
        if not isinstance(body, dict) or not (alone or "results" in body):
            raise not_sensenet(what, answer, "a list of contents was expected")
        found = body.get("results", [body])
        try:
            total = msgspec.convert(body.get("__count"), Count | None) if "results" in body else None
            msgspec.convert(found, list[_Numbered])
        except msgspec.ValidationError as error:
            raise AnswerError(f"{what}: the answer is not valid: {error}") from None
        return total, self._transpose(tuple(row.get(name) for name in self._names) for row in found)

    def _transpose(self, rows: Iterable[tuple[Any, ...]]) -> Rows:
        columns = tuple(zip(*rows, strict=True))
        return Rows(columns) if columns else self.none


class _Numbered(msgspec.Struct):
    """A row of which only the id is used."""

    Id: Id


@lru_cache(maxsize=64)
def _decoder(names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    keys = [f"f{n}" for n in range(len(names))]
    fields: list[Any] = [(keys[0], Id), *((key, Any, None) for key in keys[1:])]
    row = msgspec.defstruct("Row", fields, rename=dict(zip(keys, names, strict=True)), gc=False)
    results = ("results", list[row])  # type: ignore[valid-type]  # a type made just now
    body = msgspec.defstruct("Body", [results, ("total", Count | None, None)], rename={"total": "__count"})
    return msgspec.json.Decoder(msgspec.defstruct("Answer", [("d", body)]))
