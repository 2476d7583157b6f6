"""A column that is put together page by page, and the error for a value that cannot be one of its field."""

from __future__ import annotations

from typing import Any, Self

from ...odata.errors import AnswerError, SensenetError
from ...odata.escaping import cut_short
from ...odata.schema import UNKNOWN, Field
from .codecs import Codec, Gatherer, Unknown

_NONE = Unknown(Field("", UNKNOWN))
#: What decoding raises of a value that is none of its field.
_UNBELIEVABLE = (ArithmeticError, ValueError, TypeError, AttributeError, RecursionError)


class GrowingColumn:
    """A column that grows page by page; pages that arrive before its field is known are decoded later."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._codec: Codec = _NONE
        self._waiting: list[list[Any]] = []
        self._gathered: Gatherer | None = None

    def add(self, codec: Codec, chunk: Any) -> None:
        """Add the values of a page, in the chunk of a codec."""
        if isinstance(codec, Unknown) and self._gathered is None:
            self._waiting.append(chunk)
            return
        if self._gathered is None:
            self._begin(codec)
        elif isinstance(codec, Unknown):
            chunk = self._codec.chunk(chunk)
        elif codec is not self._codec and not codec.becomes(self._codec):
            if codec.values(chunk) is not None:  # from before it was known that there are other options
                chunk = self._codec.chunk(codec.values(chunk) or ())
            else:
                self._waiting = [list(self._codec.values(self._gathered) or ())]
                self._begin(codec)
        assert self._gathered is not None
        self._gathered.add(chunk)

    def add_missing(self, length: int) -> None:
        """Add a page whose rows lack the field."""
        self.add(_NONE, [None] * length)

    def _begin(self, codec: Codec) -> None:
        self._codec, self._gathered = codec, codec.gather(self._expected)
        for values in self._waiting:
            self._gathered.add(codec.chunk(values))
        self._waiting = []

    def done(self, codec: Codec) -> Any:
        """Return the column, decoded by the last codec where no page had one."""
        if self._gathered is None:
            self._begin(codec)
        elif not self._codec.becomes(codec) and (values := self._codec.values(self._gathered)) is not None:
            self._waiting = [list(values)]
            self._begin(codec)
        assert self._gathered is not None
        return self._gathered.done()


class ValueGuard:
    """Turn the error of an invalid value in the field ``name`` into an `AnswerError`.

    One stands around all columns of a page: one for each column would take a thirtieth of a read.

    Raises
    ------
    AnswerError
        If what is done with the values of a column fails.
    """

    __slots__ = ("name",)

    def __init__(self, name: str = "") -> None:
        self.name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        if isinstance(error, SensenetError) or not isinstance(error, _UNBELIEVABLE):
            return
        said = f"{type(error).__name__}: {cut_short(str(error), 200)}"
        raise AnswerError(
            f"the server gives a value for {self.name} that is not one of its type ({said})"
        ) from error
