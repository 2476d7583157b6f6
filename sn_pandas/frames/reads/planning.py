"""What columns a query gives, and how the rows of a page become them."""

from __future__ import annotations

import array
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import pandas as pd

from ...odata.collector import paused
from ...odata.errors import AnswerError, QueryError, did_you_mean
from ...odata.field_names import refuse_scalar
from ...odata.numbers import Rounded
from ...odata.query import Query
from ...odata.rows import Rows
from ...odata.schema import PSEUDO_FIELDS, Field, Schema
from .columns import Backend, Codec, Lists, Number, SingleChoice, Text, codec, converted
from .gathering import Fixed

#: A page as columns: its ids, and a chunk for each column.
Chunks = tuple[Any, dict[str, Any]]

_FIRST = ("Name", "DisplayName", "Type", "Path")
#: Never columns unless named: internals of the server, and what it never fills.
HIDDEN = frozenset(
    "TypeIs InTree InFolder NodeType IsRateable RateStr RateAvg RateCount Rate ExtensionData "
    "Sharing SharedWith SharedBy SharingMode SharingLevel Password Captcha".split()
)
_INSTANCE = re.compile(r"#\w[\w.]*|\w+\.\w+")
_ROOM = 5000  # characters of names in a request line, which may have 8 KB with everything else
_ID = Field("Id", "Integer", read_only=True)
_PATHS = Text(Field("Path", "ShortText", read_only=True))


class Plan:
    """The columns that a query gives: their names, fields and codecs.

    Parameters
    ----------
    query : Query
        What is read, bound to the schema.
    schema : Schema
        The types of the repository.
    types : sequence of str
        The types that rows may have; they give the columns when the query names none.
    instance : mapping
        The fields that only some contents have: ``#Field`` of lists and ``Aspect.Field``.
    backend : str, optional
        As ``dtype_backend`` of pandas.

    Attributes
    ----------
    fields : dict
        The field behind each column.
    query : Query
        What is sent: with the fields of the columns, and nothing expanded but references.
    names : tuple of str
        What is taken of a row, in this order: ``Id``, and the first steps of the columns.
    paths : Series or None
        The paths of the rows of the last frame, where no column holds them: they are read along.

    Raises
    ------
    QueryError
        If a selected field is in no type.
    """

    def __init__(
        self,
        query: Query,
        schema: Schema,
        types: Sequence[str] = (),
        instance: Mapping[str, Field] | None = None,
        backend: Backend = None,
    ) -> None:
        self._schema = schema
        self._types = types
        self._instance = instance or {}
        self._backend = backend
        self.fields: dict[str, Field] = {}
        self.codecs: dict[str, Codec] = {}
        self._fetched: dict[str, None] = {"Id": None}
        for name in [*self._chosen(query), *self._expanded(query)]:
            self._add(name)
        expand = dict.fromkeys(n.rpartition("/")[0] for n in self._fetched if "/" in n)
        self.paths: pd.Series | None = None
        self._reads_along = "Path" not in self.fields
        self._fetched.setdefault("Path")
        select = tuple(self._fetched)
        if not query.select and not expand and len(",".join(select)) > _ROOM:
            select = ()  # more fields than a request line holds: the server gives all it has
        self.query = query.varied(select=select, expand=tuple(expand))
        self.names = tuple(dict.fromkeys(n.partition("/")[0] for n in ["Id", *self.codecs, "Path"]))

    def chunks(self, rows: Rows) -> Chunks:
        """Take the rows of a page apart into columns."""
        with paused():
            whole = dict(zip(self.names, rows.columns, strict=True))
            ids = np.frombuffer(array.array("q", whole["Id"]), "int64")
            columns = {name: _chunk(codec, name, _behind(whole, name)) for name, codec in self.codecs.items()}
            if self._reads_along:
                columns["Path"] = _PATHS.chunk(whole["Path"])
            return ids, columns

    def frame(self, pages: Iterable[Chunks], expected: Callable[[], int]) -> pd.DataFrame:
        """Make the frame of some pages, with ``Id`` as its index.

        Parameters
        ----------
        pages : iterable
            What :meth:`chunks` gave.
        expected : callable
            Gives about how many rows there will be, once the first page is there.
        """
        source = iter(pages)
        first = list(islice(source, 1))
        room = expected() if first else 0
        ids, columns = Fixed("int64", room), {name: c.gather(room) for name, c in self.codecs.items()}
        paths = _PATHS.gather(room)
        for numbers, pieces in chain(first, source):
            ids.add(numbers)
            if self._reads_along:
                paths.add(pieces.pop("Path"))
            for name, column in columns.items():
                column.add(pieces.pop(name))
        index = pd.Index(ids.done(), name="Id")
        self.paths = pd.Series(paths.done(), index=index) if self._reads_along else None
        data: dict[str, Any] = {}
        for name in list(columns):
            column = converted(columns.pop(name).done(), self.fields[name], self._backend)
            # An array of objects that happen to be texts would become a column of texts.
            objects = column.dtype == object
            data[name] = pd.Series(column, index=index, dtype=object, copy=False) if objects else column
        return pd.DataFrame(data, index=index, copy=False)

    def cells(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Give the columns of one content as cells; None for what is missing."""
        whole = {name: (content.get(name),) for name in self.names}
        given = {name: _cell(decoder, _behind(whole, name)) for name, decoder in self.codecs.items()}
        return {"Id": content["Id"], **given} if "Id" in content else given

    @property
    def known(self) -> bool:
        """Whether we may see content types, without which all columns are as they come."""
        return bool(self._schema)

    def strangers(self) -> dict[str, tuple[str, ...]]:
        """Give the values of choices that were met and are no options of the schema."""
        return {n: c.strangers for n, c in self.codecs.items() if isinstance(c, SingleChoice) and c.strangers}

    def rounded(self) -> tuple[str, ...]:
        """Give the columns of numbers that have more digits than a float surely keeps."""
        return tuple(n for n, c in self.codecs.items() if isinstance(c, Number) and c.long)

    def _chosen(self, query: Query) -> Iterable[str]:
        """Give the names of the columns: what is selected, or the fields of the types that can be there."""
        if query.select:
            return query.select
        names = dict.fromkeys(_FIRST)
        for type_name in self._types:
            if type_name not in self._schema:
                continue
            for name, field in self._schema[type_name].fields.items():
                if name not in HIDDEN and not field.is_reference:
                    names[name] = None
        return [*names, *self._instance]

    def _expanded(self, query: Query) -> Iterator[str]:
        """Give the references that are expanded and of which nothing is selected."""
        for name in query.expand:
            if not query.select and not any(s.startswith(name + "/") for s in query.select):
                yield name

    def _add(self, name: str) -> None:
        if name == "Id" or name in self.fields:
            return
        field, many = self._field(name)
        self.fields[name] = Field(name, "List", read_only=True) if many else field
        self.codecs[name] = Lists(self.fields[name], codec(field)) if many else codec(field)
        if field.type == "AllowedChildTypes":
            self._fetched[f"{name}/Name"] = None
        elif field.is_reference or name.rpartition("/")[2] == "Children":
            self._fetched |= {f"{name}/Id": None, f"{name}/Path": None}
        else:
            self._fetched[name] = None

    def _field(self, chain: str) -> tuple[Field, bool]:
        """Give the field at the end of a chain, and whether there can be several of it."""
        *before, last = chain.split("/")
        many = False
        for number, step in enumerate(before):
            field = self._step(step, first=number == 0)
            refuse_scalar(field, chain)
            many = many or field.multiple or step == "Children" or field.type in _SEVERAL
        return self._step(last, first=not before), many

    def _step(self, name: str, *, first: bool) -> Field:
        if name == "Id":
            return _ID
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._instance:
            return self._instance[name]
        if _INSTANCE.fullmatch(name):
            return Field(name, "Object", read_only=True)
        field = self._schema.field(name, self._types if first else ())
        if field is None and not self._schema:  # whoever may see no content types cannot tell what there is
            return Field(name, "ShortText" if name in _FIRST else "Object", read_only=True)
        if field is None:
            raise QueryError(
                f"no content type has a field {name!r}.{did_you_mean(name, self._schema.fields)}"
            )
        return field


_SEVERAL = ("AllRoles", "DirectRoles", "AllowedChildTypes")
_PSEUDO = {
    "IsFile": Field("IsFile", "Boolean", read_only=True),
    "Children": Field("Children", "Reference", read_only=True, multiple=True),
    "Actions": Field("Actions", "Object", read_only=True),
}
assert set(_PSEUDO) == set(PSEUDO_FIELDS)


def _cell(decoder: Codec, values: Sequence[Any]) -> Any:
    if isinstance(values[0], Rounded):
        return values[0].exact
    value = decoder.decode(values)[0]
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _chunk(codec: Codec, name: str, values: Sequence[Any]) -> Any:
    try:
        return codec.chunk(values)
    except (OverflowError, ValueError) as error:
        raise AnswerError(f"the server gives a value for {name} that is none of its type: {error}") from error


def _behind(columns: Mapping[str, Sequence[Any]], chain: str) -> Sequence[Any]:
    """Give the values at the end of a chain that begins with a column."""
    first, *steps = chain.split("/")
    return [_follow(value, steps) for value in columns[first]] if steps else columns[first]


def _follow(value: Any, steps: Sequence[str]) -> Any:
    for number, step in enumerate(steps):
        if isinstance(value, list):
            return [_follow(item, steps[number:]) for item in value]
        if not isinstance(value, Mapping) or "__deferred" in value:
            return None
        value = value.get(step)
    return None if isinstance(value, Mapping) and "__deferred" in value else value
