"""Plan the columns of a query, and convert the rows of a page to them."""

from __future__ import annotations

import array
import dataclasses
import re
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ...odata.addresses import ROOM_OF_NAMES
from ...odata.collector import pause_collector
from ...odata.errors import QueryError
from ...odata.field_names import ignored_names, paths_behind_unknown, refuse_scalar
from ...odata.numbers import Rounded
from ...odata.query import Query
from ...odata.rows import Rows
from ...odata.schema import PSEUDO_FIELDS, ROOT, SAMPLES, UNKNOWN, Field, Schema
from ..columns.builders import Fixed
from ..columns.codecs import (
    Backend,
    Codec,
    Lists,
    Number,
    SingleChoice,
    Text,
    convert_array,
)
from ..columns.growing import GrowingColumn, ValueGuard
from ..columns.kinds import create_codec
from ..tracking.snapshots import split


class Chunks(NamedTuple):
    """A page as columns: its ids, a chunk for each column, and the codecs used."""

    ids: Any
    columns: dict[str, Any]
    codecs: Mapping[str, Codec]
    #: Gives the page itself, of the first one whose types are being learned while others are fetched.
    later: Callable[[], Chunks] | None = None

    def resolve(self) -> Chunks:
        """Return the page, once the types of its rows are known."""
        return self if self.later is None else self.later()


_FIRST = ("Name", "DisplayName", "Type", "Path")
#: Never columns unless named: internals of the server, and what it never fills.
HIDDEN = frozenset(
    "TypeIs InTree InFolder NodeType IsRateable RateStr RateAvg RateCount Rate ExtensionData "
    "Sharing SharedWith SharedBy SharingMode SharingLevel Password Captcha".split()
)
_INSTANCE = re.compile(r"#\w[\w.]*|\w+\.\w+")
# Rows that memory is reserved for on the word of the server alone; more is taken as they come.
_MOST_RESERVED = 2_000_000
_ID = Field("Id", "Integer", read_only=True)
_PATHS = Text(Field("Path", "ShortText", read_only=True))


class Replan(Exception):  # noqa: N818 - no error: the rows have to be asked for in another way
    """Rows have a hidden type whose fields must be requested or stored in another way."""


class Plan:
    """The columns of a query: their names, fields and codecs.

    Rows may be of types that the caller may not see: they are learned when the first such row comes in, and
    the columns follow what was learned.

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
    rows : iterable of str
        Hidden types that rows are known to have.
    is_open : bool
        Whether rows may be of further types, hidden ones, that give columns when the query names none.

    Attributes
    ----------
    fields : dict
        The field behind each column.
    query : Query
        What is sent: with the fields of the columns, and nothing expanded but references.
    names : tuple of str
        What is taken of a row, in this order: ``Id``, and the first steps of the columns.
    rows : frozenset of str
        The hidden types that rows were seen to have.
    is_fixed : bool
        Whether rows are given page by page, so that they cannot be asked for in another way after the first.
    paths : Series or None
        The paths of the rows of the last frame, where no column holds them: they are read along.
    baseline : DataFrame
        The last frame once more, in memory that nothing done to that frame can change.

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
        *,
        rows: Iterable[str] = (),
        is_open: bool = False,
    ) -> None:
        self._schema = schema
        self._types = types
        self._instance = instance or {}
        self._backend = backend
        self._asked = query
        self._is_open = is_open and not query.select
        self._meeting = threading.Lock()
        self._heard: set[str] = set()  # names of lists and aspects of which a row had a value
        self._met: set[str] = set()  # types that rows were seen to have
        self._behind: dict[str, set[str]] = {}  # the same of what references lead to
        self._rows_behind: frozenset[str] = frozenset()
        self._chunked = False
        self._is_begun = False
        self.is_fixed = False
        self.rows = frozenset(rows)
        self._unknown: dict[str, str] = {}
        self.fields: dict[str, Field] = {}
        self.codecs: dict[str, Codec] = {}
        self.paths: pd.Series | None = None
        self.baseline = pd.DataFrame()
        self._reads_along = False
        self._fetch: dict[str, None] = {}
        self._build()
        select = tuple(self._fetch)
        expand = dict.fromkeys(n.rpartition("/")[0] for n in self._fetch if "/" in n)
        if not query.select and not expand and len(",".join(select)) > ROOM_OF_NAMES:
            select = ()  # more fields than a request line holds: the server gives all it has
        if self._is_open:
            select = ()  # what there is to be selected is known when the rows are there
        self.query = query._replace_unvalidated(select=select, expand=tuple(expand))
        self.names = tuple(dict.fromkeys(n.partition("/")[0] for n in self._fetch))

    @property
    def keeps_answers(self) -> bool:
        """Whether further fields may be requested after the rows have arrived."""
        return self._is_open

    def take_chunks(self, rows: Rows) -> Chunks:
        """Convert the rows of a page to columns.

        Raises
        ------
        Replan
            If the rows are of a hidden type that has to be read in another way.
        """
        whole = dict(zip(self.names, rows.columns, strict=True))
        if "Type" in whole:
            with ValueGuard("Type"):
                if not self._is_begun and self._learns(whole):
                    return self._begin(rows, whole)
                self._meet(whole)
        self._is_begun = True
        return self._take(rows, whole)

    def _take(self, rows: Rows, whole: dict[str, Sequence[Any]]) -> Chunks:
        with pause_collector():
            self._chunked = True  # before the codecs are taken, so that whoever changes them knows
            codecs = self.codecs
            missing = dict.fromkeys(n for n in map(_get_first_step, codecs) if n not in whole)
            if missing:
                whole |= rows.more(list(missing))
            self._heard |= {n for n in self.list_silent() if any(value is not None for value in whole[n])}
            ids = np.frombuffer(array.array("q", whole["Id"]), "int64")
            columns: dict[str, Any] = {}
            with ValueGuard() as guard:
                for guard.name, codec in codecs.items():
                    columns[guard.name] = codec.chunk(_follow_chain(whole, guard.name))
            if self._reads_along:
                columns["Path"] = _PATHS.chunk(whole["Path"])
            return Chunks(ids, columns, codecs)

    def build_frame(self, pages: Iterable[Chunks], expected: Callable[[], int]) -> pd.DataFrame:
        """Create the frame of some pages, with ``Id`` as its index.

        Parameters
        ----------
        pages : iterable
            What :meth:`take_chunks` gave.
        expected : callable
            Gives about how many rows there will be, once the first page is there.
        """
        source = (page.resolve() for page in pages)
        first = list(islice(source, 1))
        room = min(expected(), _MOST_RESERVED) if first else 0
        ids, paths = Fixed("int64", room), _PATHS.gather(room)
        columns: dict[str, GrowingColumn] = {}
        length = 0
        for page in chain(first, source):
            ids.add(page.ids)
            if self._reads_along:
                paths.add(page.columns.pop("Path"))
            for name in page.codecs.keys() - columns.keys():
                columns[name] = GrowingColumn(room)
                columns[name].add_missing(length)
            with ValueGuard() as guard:
                for guard.name, decoder in page.codecs.items():
                    columns[guard.name].add(decoder, page.columns.pop(guard.name))
            for name in columns.keys() - page.codecs.keys():
                columns[name].add_missing(len(page.ids))
            length += len(page.ids)
        index = pd.Index(ids.done(), name="Id")
        self.paths = pd.Series(paths.done(), index=index) if self._reads_along else None
        data: dict[Hashable, Any] = {}
        for name, decoder in self.codecs.items():
            gathered = columns.pop(name, None)
            if gathered is None:  # known since a later page, which was read ahead
                gathered = GrowingColumn(length)
                gathered.add_missing(length)
            with ValueGuard(name):
                column = convert_array(gathered.done(decoder), self.fields[name], self._backend)
            # An array of objects that happen to be texts would become a column of texts.
            objects = column.dtype == object
            data[name] = pd.Series(column, index=index, dtype=object, copy=False) if objects else column
        shown, kept = split(data)
        self.baseline = pd.DataFrame(kept, index=index, copy=False)
        return pd.DataFrame(shown, index=index, copy=False)

    def replan(self) -> Plan:
        """Return a new plan with the types that are known now."""
        return Plan(
            self._asked,
            self._schema,
            self._types,
            self._instance,
            self._backend,
            rows=self.rows,
            is_open=self._is_open,
        )

    def collect_unknown(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Return the columns of unknown fields, with the missing name and the types that occurred."""
        found = {}
        for column, name in self._unknown.items():
            if column in self.fields:
                before = column.rpartition("/")[0]
                found[column] = name, frozenset(self._behind.get(before, ()) if before else self._met)
        return found

    def list_silent(self) -> list[str]:
        """Return the selected names of lists and aspects without a definition or a value."""
        names = {
            _get_first_step(name) for name in self._asked.select if _INSTANCE.fullmatch(_get_first_step(name))
        }
        return sorted(names - self._instance.keys() - self._heard)

    @property
    def met(self) -> frozenset[str]:
        """The types that occurred in the rows, as far as they were examined."""
        return frozenset(self._met)

    def _learns(self, whole: Mapping[str, Sequence[Any]]) -> bool:
        """Whether the rows have types to be learned without changing the request."""
        hidden = any(
            isinstance(name, str) and self._schema.hides(name) and not self._schema.is_complete(name)
            for name in set(whole["Type"])
        )
        return hidden and not self._unknown

    def _begin(self, rows: Rows, whole: dict[str, Sequence[Any]]) -> Chunks:
        """Learn the types of the first page while the other pages are fetched, and return the page later."""
        done: Future[None] = Future()

        def learn() -> None:
            try:
                self._meet(whole)
            except BaseException as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        def later() -> Chunks:
            done.result()
            return self._take(rows, whole)

        self._is_begun = True
        threading.Thread(target=learn, name="sn_pandas-types", daemon=True).start()
        return Chunks(whole["Id"], {}, {}, later)

    # -- hidden types -----------------------------------------------------------------------------

    def _meet(self, whole: Mapping[str, Sequence[Any]]) -> None:
        """Learn the types of rows that were not met before, and have the columns follow."""
        if not self._behind and self._met.issuperset(whole["Type"]):
            return
        with self._meeting:  # who meets a type that another thread is learning waits for the columns
            seen = {"": (whole["Type"], whole["Id"])}
            for before in self._behind:
                types = list(_iter_flat(_follow_chain(whole, f"{before}/Type")))
                seen[before] = types, list(_iter_flat(_follow_chain(whole, f"{before}/Id")))
            news = {before: self._look(before, *pair) for before, pair in seen.items()}
            if any(news.values()):
                self._follow(news)
            self._met |= news[""]
            for before in self._behind:
                self._behind[before] = self._behind[before] | news[before]

    def _look(self, before: str, types: Sequence[Any], ids: Sequence[Any]) -> set[str]:
        """Return the types that were not met before; those that are hidden are learned by then."""
        met = self._behind[before] if before else self._met
        news = {name for name in set(types) - met if isinstance(name, str)}
        for name in sorted(news):
            if self._schema.hides(name):
                self._learn(name, types, ids)
        return news

    def _learn(self, name: str, types: Sequence[Any], ids: Sequence[Any]) -> None:
        """Learn a hidden type from the first row that identifies it."""
        rows = (id_ for kind, id_ in zip(types, ids, strict=True) if kind == name)
        for content in islice(rows, SAMPLES):
            if not self._schema.is_complete(name):
                self._schema.learn(name, int(content))

    def _follow(self, news: Mapping[str, set[str]]) -> None:
        """Build the columns with the types that were met."""
        rows = frozenset(name for name in self._met | news[""] if self._schema.hides(name))
        behind = {t for b, types in self._behind.items() for t in types | news[b] if self._schema.hides(t)}
        unknown = bool(self._unknown)
        if rows <= self.rows and behind <= self._rows_behind and not unknown:
            return
        fetched, before = set(self._fetch), self.codecs
        self.rows, self._rows_behind = self.rows | rows, self._rows_behind | behind
        self._build()
        if self.is_fixed and self._chunked:
            return
        if not self._is_open and not fetched >= set(self._fetch):
            raise Replan
        if self._chunked and any(not before[n].leads_to(c) for n, c in self.codecs.items() if n in before):
            raise Replan

    def _build(self) -> None:
        """Determine the field, the codec and the requested names of each column."""
        columns = _Columns({}, {}, {"Id": None})
        for name in [*self._choose_columns(self._asked), *self._iter_expanded(self._asked)]:
            self._add(name, columns)
        for name, new in columns.codecs.items():
            columns.codecs[name] = self.codecs[name].followed_by(new) if name in self.codecs else new
        self._reads_along = "Path" not in columns.fields
        columns.fetched.setdefault("Path")
        asked = (
            ignored_names(self._asked.orders(), self._asked.expand, self._schema),
            paths_behind_unknown(self._asked.filter, self._schema, self._asked.added),
        )
        watched = columns.watched or self._asked.unbound is not None
        if watched or any(True for names in asked for _ in names):
            columns.fetched.setdefault("Type")
        self.fields, self.codecs, self._fetch = columns.fields, columns.codecs, columns.fetched
        self._unknown = columns.unknown

    def build_cells(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of one content as cells; None for missing ones."""
        whole = {name: (content.get(name),) for name in self.names}
        self._heard |= {name for name in self.list_silent() if content.get(name) is not None}
        given = {}
        for name, decoder in self.codecs.items():
            with ValueGuard(name):
                given[name] = _decode_cell(decoder, _follow_chain(whole, name))
        return {"Id": content["Id"], **given} if "Id" in content else given

    def collect_unlisted(self) -> dict[str, tuple[str, ...]]:
        """Return the values of choices that were met and are not options of the schema."""
        return {
            n: c.unlisted
            for n, c in self.codecs.items()
            if isinstance(c, SingleChoice) and c.unlisted and not self.fields[n].untold
        }

    def list_rounded(self) -> tuple[str, ...]:
        """Return the columns with numbers of more digits than a float stores exactly."""
        return tuple(n for n, c in self.codecs.items() if isinstance(c, Number) and c.long)

    def _choose_columns(self, query: Query) -> Iterable[str]:
        """Return the names of the columns: the selected ones, or the fields of the types that may occur."""
        if query.select:
            return query.select
        names = dict.fromkeys(_FIRST)
        for type_name in [*self._types, *self._find_further_types()]:
            # of a type that is not known yet there are at least the fields that every type has
            kind = self._schema.get(type_name) or self._schema.get(ROOT)
            for name, field in kind.fields.items() if kind is not None else ():
                if name not in HIDDEN and not field.is_reference:
                    names[name] = None
        return [*names, *self._instance]

    def _find_further_types(self) -> list[str]:
        """Return the types of rows that may replace a named but unknown type."""
        if not self._is_open:
            return []
        types = set(self._types)
        unknown = {name for name in types if name == ROOT or name not in self._schema}
        return sorted(n for n in self.rows - types if unknown.intersection(self._schema.bases(n)))

    def _iter_expanded(self, query: Query) -> Iterator[str]:
        """Yield the expanded references without selected fields."""
        for name in query.expand:
            if not query.select and not any(s.startswith(name + "/") for s in query.select):
                yield name

    def _add(self, name: str, columns: _Columns) -> None:
        if name == "Id" or name in columns.fields:
            return
        field, many = self._field(name)
        if field.type == UNKNOWN:
            columns.unknown[name] = field.name
        columns.fields[name] = Field(name, "List", read_only=True) if many else field
        columns.codecs[name] = (
            Lists(columns.fields[name], create_codec(field)) if many else create_codec(field)
        )
        pointed = field.is_reference or (field.type == UNKNOWN and name in self._asked.expand)
        if field.kind.by_name:
            columns.fetched[f"{name}/Name"] = None
        elif pointed or name.rpartition("/")[2] == "Children":
            columns.fetched |= {f"{name}/Id": None, f"{name}/Path": None}
        else:
            columns.fetched[name] = None
        self._watch(name, field, columns)

    def _watch(self, chain: str, field: Field, columns: _Columns) -> None:
        """Have the types of rows read along where a column may depend on one that is hidden."""
        before, _, _ = chain.rpartition("/")
        if field.type == UNKNOWN and before:
            self._behind.setdefault(before, set())
        if before in self._behind:
            columns.fetched |= {f"{before}/Id": None, f"{before}/Type": None}
        first = _get_first_step(chain)
        if first in self._instance or first in _PSEUDO or _INSTANCE.fullmatch(first):
            return
        root = self._schema.get(ROOT)
        common = root.fields.get(first) if root is not None else None
        if common is None or (common.is_choice and not before):
            is_shown = field.layer == "shown" and not self._schema.is_partial
            columns.watched = columns.watched or not is_shown or first not in self._schema.fields

    def _field(self, chain: str) -> tuple[Field, bool]:
        """Return the field at the end of a chain, and whether it may have several values."""
        *before, last = chain.split("/")
        many = False
        for number, step in enumerate(before):
            field = self._step(step, first=number == 0)
            refuse_scalar(field, chain)
            many = many or field.multiple or step == "Children" or field.kind.several
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
        types, rows = (self._types, self.rows) if first else ((), self._rows_behind)
        field = self._schema.field(name, types, rows)
        if field is not None:
            return field
        if self._schema.may_hide:  # a field of a type that the caller may not see, as far as is known
            return Field(name, UNKNOWN, read_only=True, layer="values")
        raise QueryError.unknown_field(name, self._schema.fields)


@dataclasses.dataclass
class _Columns:
    """Columns that are being put together."""

    fields: dict[str, Field]
    codecs: dict[str, Codec]
    fetched: dict[str, None]
    unknown: dict[str, str] = dataclasses.field(default_factory=dict)
    watched: bool = False


_PSEUDO = {
    "IsFile": Field("IsFile", "Boolean", read_only=True),
    "Children": Field("Children", "Reference", read_only=True, multiple=True),
    "Actions": Field("Actions", "Object", read_only=True),
}
assert set(_PSEUDO) == set(PSEUDO_FIELDS)


def _get_first_step(chain: str) -> str:
    return chain.partition("/")[0]


def _iter_flat(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the values of lists of values."""
    for value in values:
        if isinstance(value, list):
            yield from _iter_flat(value)
        else:
            yield value


def _decode_cell(decoder: Codec, values: Sequence[Any]) -> Any:
    if isinstance(values[0], Rounded):
        return values[0].exact
    value = decoder.decode(values)[0]
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _follow_chain(columns: Mapping[str, Sequence[Any]], chain: str) -> Sequence[Any]:
    """Return the values at the end of a chain that begins with a column."""
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
