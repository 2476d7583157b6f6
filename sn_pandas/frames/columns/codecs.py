"""Codecs: decode the values of the server to columns whose dtypes depend only on the schema.

A codec takes the values of a page (``chunk``) in the thread that fetched it; what it ``gather``s of all pages
is the column. Which field type has which codec stands in ``kinds``, and how a cell becomes JSON again in
``encoders``.
"""

from __future__ import annotations

import array
import datetime as dt
import json
import struct
import threading
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...odata.errors import AnswerError, QueryError
from ...odata.numbers import long
from ...odata.schema import Field
from .builders import Fixed, Masked, Objects, Read, Texts

try:
    import pyarrow as pa
    import pyarrow.compute as pc
except ImportError:  # the extra "fast" is not installed
    pa = pc = None

#: A value as JSON has it.
Json = Any
#: What pandas takes for a column.
Array = Any
#: A column that grows page by page.
Gatherer = Objects | Texts | Fixed | Masked | Read
#: As ``dtype_backend`` of the readers of pandas; None is the dtype of the field.
Backend = Literal["numpy_nullable", "pyarrow"] | None
_BACKENDS = (None, "numpy_nullable", "pyarrow")
_LACKING = -2  # as the code of a choice in a row that has no such field; -1 is an empty choice
_SET = np.datetime64("0002-01-01", "us")  # whatever is before means that the date is not set
_UNSET = np.datetime64("NaT", "us")


class Codec:
    """The default codec: values without conversion."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def chunk(self, values: Sequence[Json]) -> Any:
        """Convert the values of a page to a chunk."""
        return list(values)

    def gather(self, expected: int = 0) -> Gatherer:
        """Start a column of about so many values."""
        return Objects()

    def becomes(self, other: Codec) -> bool:
        """Return whether columns that this codec has begun go on with another one as they are."""
        return type(self) is type(other) and self.field.kind.by_name == other.field.kind.by_name

    def leads_to(self, other: Codec) -> bool:
        """Return whether another codec can continue a column of this one."""
        return self.becomes(other) or (
            type(self).values is not Codec.values and type(other) is not type(self)
        )

    def values(self, column: Gatherer | Any) -> Sequence[Json] | None:
        """Return the raw values of a column or chunk; None if they cannot be restored."""
        return None

    def followed_by(self, other: Codec) -> Codec:
        """Return the codec that continues a column of this one once more is known about the field."""
        return self if self.becomes(other) else other

    def decode(self, values: Sequence[Json]) -> Array:
        """Create an array from some values."""
        column = self.gather(len(values))
        column.add(self.chunk(values))
        return column.done()


class Unknown(Codec):
    """A field of unknown type: values are stored unconverted and decoded once the type is known."""

    def becomes(self, other: Codec) -> bool:
        return True

    def followed_by(self, other: Codec) -> Codec:
        return other


class Text(Codec):
    """ShortText, LongText, RichText and the like: ``str``, missing for null."""

    def chunk(self, values: Sequence[Json]) -> Any:
        if pa is None:
            return [v if v is None or isinstance(v, str) else _to_text(v) for v in values]
        try:
            return pa.array(values, pa.large_string())
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
            return pa.array([None if v is None else _to_text(v) for v in values], pa.large_string())

    def gather(self, expected: int = 0) -> Gatherer:
        return Texts()


class Integer(Codec):
    """Integer: ``Int64``, missing where a row's type lacks the field."""

    def chunk(self, values: Sequence[Json]) -> Any:
        try:
            return np.frombuffer(struct.pack(f"{len(values)}q", *values), "int64"), None
        except struct.error:  # None is among them, or a number with a fraction
            pass
        missing = np.fromiter((v is None for v in values), bool, len(values))
        return np.fromiter(
            (0 if v is None else self._parse_integer(v) for v in values), "int64", len(values)
        ), missing

    def gather(self, expected: int = 0) -> Gatherer:
        return Masked("int64", expected, pd.arrays.IntegerArray)

    def _parse_integer(self, value: Json) -> int:
        try:
            number = int(value)
            if number == float(value):
                return number
        except (TypeError, ValueError):
            pass
        raise AnswerError(f"the server sent {value!r} for {self.field.name}, an integer field")


class Number(Codec):
    """Number and Currency: ``float64``, the nearest to the server's decimal."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        #: Whether there was one of more digits than a float surely keeps.
        self.long = False

    def chunk(self, values: Sequence[Json]) -> Any:
        try:
            return np.frombuffer(struct.pack(f"{len(values)}d", *values), "float64")
        except struct.error:  # None is among them
            return _parse_numbers(values)

    def gather(self, expected: int = 0) -> Gatherer:
        return Read("float64", expected, self._join, lambda numbers: numbers)

    def _join(self, chunks: list[Any]) -> Any:
        numbers = np.concatenate(chunks)
        self.long = self.long or long(numbers)
        return numbers


class Boolean(Codec):
    """Boolean: ``boolean``."""

    def chunk(self, values: Sequence[Json]) -> Any:
        try:
            truths = np.frombuffer(bytes(values), "uint8")
            if truths.max(initial=0) <= 1:
                return truths.view("bool"), None
        except (TypeError, ValueError):  # None is among them, or a number that is not a boolean
            pass
        missing = np.fromiter((v is None for v in values), bool, len(values))
        return np.fromiter((self._parse_boolean(v) for v in values), bool, len(values)), missing

    def gather(self, expected: int = 0) -> Gatherer:
        return Masked("bool", expected, pd.arrays.BooleanArray)

    def _parse_boolean(self, value: Json) -> bool:
        if value is None or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        raise AnswerError(f"the server sent {value!r} for {self.field.name}, a boolean field")


class DateTime(Codec):
    """DateTime: ``datetime64[us, UTC]``; year 1, which means unset, is NaT."""

    def chunk(self, values: Sequence[Json]) -> Any:
        try:
            return values if pa is None else pa.array(values, pa.string())  # read when there are many
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            return _parse_moments([None if v is None else str(v) for v in values])

    def gather(self, expected: int = 0) -> Gatherer:
        return Read("datetime64[us]", expected, _join_moments, _localize_to_utc)


class SingleChoice(Codec):
    """A choice of one option: ``category`` with the options of the schema."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self._options = list(dict.fromkeys(o.value for o in field.options))
        self._codes = {value: n for n, value in enumerate(self._options)}
        self._lock = threading.Lock()

    @property
    def unlisted(self) -> tuple[str, ...]:
        """Values that are not options of the schema; they become additional categories."""
        return tuple(value for value in self._codes if value not in self._options)

    def values(self, column: Gatherer | Any) -> Sequence[Json]:
        codes: Any = column.join() if isinstance(column, Read) else column
        names: list[Json] = [[name] for name in self._codes]
        return [names[code] if code >= 0 else None if code == _LACKING else [] for code in codes.tolist()]

    def followed_by(self, other: Codec) -> Codec:
        if not isinstance(other, SingleChoice):
            return other
        with self._lock:  # other threads go on writing its codes
            self._options = other._options
            for value in self._options:
                self._codes.setdefault(value, len(self._codes))
        return self

    def chunk(self, values: Sequence[Json]) -> Any:
        codes = self._codes
        try:  # mostly each is a list of one known option
            return np.frombuffer(array.array("i", [codes[value] for (value,) in values]), "int32")
        except (KeyError, ValueError, TypeError):
            pass
        return np.array([self._encode_option(v) for v in values], dtype="int32")

    def gather(self, expected: int = 0) -> Gatherer:
        return Read("int32", expected, np.concatenate, self._build_categories)

    def _build_categories(self, codes: Any) -> Array:
        names = list(self._codes)
        codes = np.maximum(codes, -1)
        column = pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype="str"))
        wanted = [*self._options, *self.unlisted]
        return column if names == wanted else column.reorder_categories(wanted)

    def _encode_option(self, value: Json) -> int:
        if value is None or value == []:
            return _LACKING if value is None else -1
        text = _join_options(value)
        with self._lock:
            return self._codes.setdefault(text, len(self._codes))


class OpenChoice(Text):
    """A single choice that also accepts other texts: ``str``."""

    def chunk(self, values: Sequence[Json]) -> Any:
        return super().chunk([_join_options(v) if v else None for v in values])


class References(Codec):
    """A reference: the path of a content, or a list of paths; content types by name."""

    def chunk(self, values: Sequence[Json]) -> Any:
        key = "Name" if self.field.kind.by_name else "Path"
        return [_extract_target(v, key) for v in values]


class Lists(Codec):
    """A field behind a multiple reference: lists of the values of that field."""

    def __init__(self, field: Field, inner: Codec) -> None:
        super().__init__(field)
        self.inner = inner

    def becomes(self, other: Codec) -> bool:
        return isinstance(other, Lists) and self.inner.becomes(other.inner)

    def followed_by(self, other: Codec) -> Codec:
        if not isinstance(other, Lists) or not self.inner.becomes(other.inner):
            return other
        return Lists(other.field, self.inner.followed_by(other.inner))

    def chunk(self, values: Sequence[Json]) -> Any:
        plain = [v if isinstance(v, list) else None if v is None else [v] for v in values]
        items = list(self.inner.decode(list(chain.from_iterable(v for v in plain if v))))
        ends = accumulate((len(v) if v else 0 for v in plain), initial=0)
        return [None if v is None else items[a:b] for v, (a, b) in zip(plain, pairwise(ends), strict=True)]


def choose_choice_codec(field: Field) -> Codec:
    """Return the codec of a choice: single, multiple, or open to other texts."""
    if field.multiple:
        return Codec(field)
    return OpenChoice(field) if field.extra_values else SingleChoice(field)


def validate_backend(backend: str | None) -> Backend:
    """Return the name of a backend, or raise for one that does not exist or is not installed."""
    if backend not in _BACKENDS:
        raise QueryError(f"dtype_backend is 'numpy_nullable' or 'pyarrow', not {backend!r}")
    if backend == "pyarrow" and pa is None:
        raise ImportError("dtype_backend='pyarrow' needs pyarrow: pip install sn_pandas[fast]")
    return backend  # type: ignore[return-value]  # it is one of them


def convert_array(column: Array, field: Field, backend: Backend) -> Array:
    """Return a column in the dtypes of a backend; lists and objects stay as they are."""
    if backend is None or column.dtype == object:
        return column
    if isinstance(column, np.ndarray):  # NaN means missing here
        column = pd.arrays.FloatingArray(column, np.isnan(column))
    if backend == "numpy_nullable":
        return column.astype(pd.StringDtype()) if isinstance(column.dtype, pd.StringDtype) else column
    kinds = {
        "integer": pa.int64(),
        "decimal": pa.float64(),
        "truth": pa.bool_(),
        "date": pa.timestamp("us", "UTC"),
    }
    return column.astype(pd.ArrowDtype(kinds.get(field.kind.value, pa.string())))


def _parse_numbers(values: Sequence[Json]) -> Any:
    if pa is not None:
        try:
            return pa.array(values, pa.float64()).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass
    return np.array(values, dtype="float64")


def _parse_moments(texts: Any) -> Any:
    """Parse the dates of the server: in UTC, with up to 7 fractional digits, of which 6 are kept."""
    moments = None
    if pa is not None:
        try:
            moments = _cast(texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string()))
            moments = moments.to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            texts = texts.to_pylist() if isinstance(texts, pa.Array) else texts
    if moments is None:
        moments = np.array([None if t is None else _strip_zone(t) for t in texts], dtype="datetime64[us]")
    return np.where(moments < _SET, _UNSET, moments)


def _cast(texts: Any) -> Any:
    """Read dates in the plainest way that their lengths allow."""
    lengths = pc.min_max(pc.binary_length(texts)).as_py()
    if (lengths["max"] or 0) > len("2026-01-31T12:30:15.1234567Z"):
        raise pa.ArrowInvalid("it may end with a zone, which must not be cut off")
    if (lengths["max"] or 0) > len("2026-01-31T12:30:15.123456Z"):
        return pc.cast(pc.utf8_slice_codeunits(pc.ascii_rtrim(texts, "Z"), 0, 26), pa.timestamp("us"))
    if (lengths["min"] or 20) < len("2026-01-31T12:30:15Z"):  # an unset date has no Z
        texts = pc.if_else(pc.equal(texts, "0001-01-01T00:00:00"), None, texts)
    return pc.cast(texts, pa.timestamp("us", "UTC"))


def _strip_zone(text: str) -> str:
    if text.endswith("Z"):
        return text[:-1]
    moment = dt.datetime.fromisoformat(text)
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat() if moment.tzinfo else text


def _join_moments(chunks: list[Any]) -> Any:
    if pa is not None and all(isinstance(chunk, pa.Array) for chunk in chunks):
        return _parse_moments(pa.concat_arrays(chunks))
    return np.concatenate([c if isinstance(c, np.ndarray) else _parse_moments(c) for c in chunks])


def _localize_to_utc(moments: Any) -> Array:
    return pd.DatetimeIndex(moments).tz_localize("UTC").array


def _join_options(value: Json) -> str:
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def _extract_target(value: Json, key: str) -> Any:
    """Return the target of a reference; None if it is empty or was not expanded."""
    if isinstance(value, list):
        return [_extract_target(item, key) for item in value]
    place = value.get(key) if isinstance(value, Mapping) else value
    if place is not None and not isinstance(place, str | int):
        raise ValueError(f"a reference points to {place!r:.80}")
    return place


def _to_text(value: Json) -> str:
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return value.encode("utf-8", "replace").decode()
