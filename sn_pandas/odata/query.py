"""An immutable ``Query``, parsed from text and formatted as text."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from .addresses import collection, entity, normalize, path_of, without_service
from .contentqueries import Clause, Q
from .errors import QueryError, UnknownOptionError, unknown
from .field_names import refuse_unknown, sort_fields
from .filter_rules import order_refusal
from .filter_syntax import members, parse
from .filters import F, Filter
from .misread import reject_misinterpreted
from .query_reading import named_fields
from .query_text import OPTIONS, split, target
from .reference_filters import Rewritten, rewrite
from .schema import Field, FieldsToAsk, Schema
from .unsearchable import reject_unsearchable
from .warning import warn_user


@dataclasses.dataclass(frozen=True)
class Query:
    """A place in the tree and the options of a read; immutable.

    Parameters
    ----------
    path : str or int
        The content whose children are read, by path or id.
    select, expand : tuple of str
        Fields or chains (``AssignedTo/FullName``). What is expanded is selected, too.
    filter : str or Filter, optional
        What is tested on the children: a ``$filter`` text, or a condition made of :class:`~sn_pandas.F`.
    orderby : str, optional
        ``"DueDate desc, Name"``.
    top, skip : int
        0 means no limit.
    query : str or Clause, optional
        A content query, which searches the whole tree below the path: a text, or clauses made of
        :class:`~sn_pandas.Q`.
    autofilters, lifespan : bool, optional
        Whether system contents are hidden, and contents outside their lifespan.
    version : str, optional
        A version of the content in the path: ``"V1.0.A"``, ``"1.0"``, ``"lastmajor"`` or ``"lastminor"``.
    property : str, optional
        A reference property, or ``Ancestors``, ``Versions``, whose contents are read instead of children.
    single : bool
        Whether the content of the path itself is read, not its children.
    scenario : str, optional
        Which actions an expanded ``Actions`` holds.

    Raises
    ------
    QueryError
        If it cannot mean what it says: a name that is none, an order that the server ignores, a filter
        that it silently reads as something else.

    Examples
    --------
    >>> q = Query("/Root/Content/IT", select=("Name", "Index"), filter="Index gt 5")
    >>> print(q.url())
    /odata.svc/Root/Content/IT?$select=Name,Index&$filter=Index%20gt%205
    >>> Query.parse(q.url()) == q
    True
    >>> print(q)
    /Root/Content/IT
    $select=Name,Index
    $filter=Index gt 5
    """

    path: str | int
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    filter: str | Filter | None = None
    orderby: str | None = None
    top: int = 0
    skip: int = 0
    query: str | Clause | None = None
    autofilters: bool | None = None
    lifespan: bool | None = None
    version: str | None = None
    property: str | None = None
    single: bool = False
    scenario: str | None = None
    #: Whether it is a copied address: parts that the server ignores cause a warning, not an error.
    copied: bool = dataclasses.field(default=False, repr=False, compare=False)
    #: The query before it was bound, where its conditions name fields of types that the caller may not see.
    unbound: Query | None = dataclasses.field(default=None, repr=False, compare=False)
    #: The names of those fields.
    unknown: tuple[str, ...] = dataclasses.field(default=(), repr=False, compare=False)
    #: The fields of a list or of aspects that it names, as far as they are known; a changed query has none.
    added: Mapping[str, Field] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    #: What could not be checked of its conditions, because the caller may not see all types.
    unchecked: str = dataclasses.field(default="", repr=False, compare=False)
    #: The filter of which its content query tests a part, after it was bound.
    rewritten: Rewritten | None = dataclasses.field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def set_(name: str, value: object) -> None:
            object.__setattr__(self, name, value)  # the dataclass is frozen

        set_("path", normalize(self.path))
        set_("select", _names(self.select, "select"))
        set_("expand", _names(self.expand, "expand"))
        set_("top", _count(self.top, "top"))
        set_("skip", _count(self.skip, "skip"))
        set_("orderby", _order(self.orderby))
        set_("version", _version(self.version, copied=self.copied))
        for name in ("filter", "query"):
            text = getattr(self, name)
            if text is None or isinstance(text, str):
                set_(name, (text or "").strip() or None)
        if not isinstance(self.filter, (str, Filter, type(None))):
            raise QueryError(_not_a_filter(self.filter))
        if not isinstance(self.query, (str, Clause, type(None))):
            said = "a condition made of F(…), which goes to filter=" if isinstance(self.query, Filter) else ""
            raise QueryError(f"query is a text or made of Q(…), not {said or type(self.query).__name__}")
        if isinstance(self.filter, str) and (self.property is not None or rewrite(self.filter, {}) is None):
            reject_misinterpreted(self.filter, in_memory=self.property is not None)
        if self.property is not None and not re.fullmatch(r"#?\w[\w.]*", self.property):
            raise QueryError(f"{self.property!r} is not a valid property name")
        if self.query is not None and self.property is not None:
            raise QueryError("the server ignores a content query on a property; use filter=")
        for chain in self.expand if self.select else ():  # only what is selected, too, would be shown
            first = chain.partition("/")[0]
            beside = [name for name in self.select if name.partition("/")[0] == first]
            if all(name != chain and f"{chain}/".startswith(f"{name}/") for name in beside):
                set_("select", (*self.select, chain))
        for chain in self.select:
            first, _, rest = chain.partition("/")
            if rest and not any(e == first or e.startswith(first + "/") for e in self.expand):
                set_("expand", (*self.expand, chain.rpartition("/")[0]))

    def bind(
        self,
        schema: Schema,
        *,
        otherwise: Collection[str] = (),
        added: Mapping[str, Field] | None = None,
    ) -> Query:
        """Return the query with its filter and content query as texts, checked against the types.

        What a filter tests on a field of a reference becomes a part of the content query, as a server tests
        the rows themselves for it.

        A name that no layer of the schema has is let through where the caller may not see all types, and so
        is an option of a choice.

        Parameters
        ----------
        schema : Schema
            The content types.
        otherwise : collection of str
            Unknown fields that are guessed to be of another kind, as :class:`FieldsToAsk` has it.
        added : mapping, optional
            The fields of a list or of aspects that it names, as far as they are known; those that it was
            bound with before if not given.

        Raises
        ------
        QueryError
            If a condition, an order or what is expanded names no field, or a value does not fit its field.
        """
        added = self.added if added is None else added
        in_memory = self.property is not None
        refuse_unknown(
            self.orders(), self.expand, schema, copied=self.copied, in_memory=in_memory, added=added
        )
        named = {**schema.fields, **added}
        fields, unchecked = FieldsToAsk(schema, otherwise=otherwise, added=added), ""
        try:
            text, words, rewritten = self._texts(fields, named)
        except UnknownOptionError as error:
            if not schema.may_hide:
                raise
            fields, unchecked = (
                FieldsToAsk(schema, otherwise=otherwise, any_option=True, added=added),
                str(error),
            )
            text, words, rewritten = self._texts(fields, named)
        if text and (rewritten or in_memory or isinstance(self.filter, str)):
            reject_misinterpreted(text, named, in_memory=in_memory)
        if not in_memory:  # a list behind a reference is tested row by row, without the index
            reject_unsearchable(text, words, self.orderby)
        bound = self._replace_unvalidated(added=added) if added is not self.added else self
        if (text, words) == (self.filter, self.query):
            return bound
        unknown = tuple(dict.fromkeys(fields.unknown))
        unbound = bound if unknown else None
        if rewritten is not None:  # a list shows system contents, and a search hides them by default
            shows = False if self.query is None and self.autofilters is None else self.autofilters
            bound = bound._replace_unvalidated(rewritten=rewritten, autofilters=shows)
        return bound._replace_unvalidated(
            filter=text, query=words, unbound=unbound, unknown=unknown, unchecked=unchecked
        )

    def _texts(
        self, fields: Mapping[str, Field], named: Mapping[str, Field]
    ) -> tuple[str | None, str | None, Rewritten | None]:
        """Return the filter and the content query as texts, and what was moved from one to the other."""
        text = self.filter.text(fields) if isinstance(self.filter, Filter) else self.filter
        words = self.query.text(fields) if isinstance(self.query, Clause) else self.query
        rewritten = rewrite(text, named) if text and self.property is None else None
        if rewritten is None:
            return text, words, None
        beside: Clause
        rewritten = dataclasses.replace(rewritten, lists=words is None)
        if words is not None:
            typed: Any = Q(f"({words})")
            beside = self.query if isinstance(self.query, Clause) else typed
        elif isinstance(self.path, int):
            beside = Q("ParentId") == self.path
        else:
            beside = Q("InFolder") == self.path
        return rewritten.rest, (beside & rewritten.clause).text(fields), rewritten

    def replace(self, **changes: Any) -> Query:
        """Return a query that differs in the named parts."""
        return dataclasses.replace(self, **changes)

    def varied(self, **changes: Any) -> Query:
        """Return a query that differs in the named parts.

        .. deprecated:: 0.1.0
            Use :meth:`replace`, which also validates the parts.
        """
        warn_user("Query.varied is deprecated and will be removed; use Query.replace", DeprecationWarning)
        return self._replace_unvalidated(**changes)

    def _replace_unvalidated(self, **changes: Any) -> Query:
        """Return the result of :meth:`replace` for valid parts, without validation."""
        other = copy.copy(self)
        for name, value in changes.items():
            object.__setattr__(other, name, value)  # the dataclass is frozen
        return other

    @classmethod
    def parse(cls, text: str, base: str = "/Root") -> Query:
        """Parse a query from the lines of a cell, or from an address copied from the browser.

        Parameters
        ----------
        text : str
            The first line is the path, or a whole address; each further line is one option
            (``$select=…``, ``query=…``); lines that begin with ``#`` and empty lines are skipped.
        base : str
            What a relative path is below.

        Raises
        ------
        QueryError
            If a line cannot be understood.
        """
        place, pairs = split(text)
        return cls.of(place, pairs, base)

    @classmethod
    def of(cls, place: str, pairs: Iterable[tuple[str, str]], base: str = "/Root") -> Query:
        """Create a query from the result of :func:`split`: a place, and option names with their texts."""
        merged: dict[str, str] = {}
        for key, value in pairs:
            name = OPTIONS.get(key.lower())
            if name is None:
                raise QueryError(unknown("option", key, OPTIONS))
            if name:
                merged[name] = f"{merged[name]},{value}" if name in merged and name in _LISTS else value
        return cls(**_address(place, base), **_convert_types(merged), copied=without_service(place) != place)

    @classmethod
    def make(cls, what: Query | str | int | Mapping[str, Any], base: str = "/Root", **options: Any) -> Query:
        """Create a query from anything that specifies one, with further options.

        Parameters
        ----------
        what : Query, str, int or mapping
            A query, the text of one, a path, an id, or a mapping with the key ``path`` whose other keys are
            the options in the words of this class (``top``) or of the server (``$top``).
        base : str
            What a relative path is below.
        **options
            Parts of the query; None and what is empty changes nothing.

        Examples
        --------
        >>> print(Query.make({"path": "IT", "$top": 5}, base="/Root/Content", select="Name"))
        /Root/Content/IT
        $select=Name
        $top=5
        """
        given = {
            k: v
            for k, v in options.items()
            if v is not None and not (isinstance(v, (str, tuple, list)) and not v)
        }
        given = {k: v for k, v in given.items() if not (k in ("top", "skip") and v is not False and v == 0)}
        if isinstance(what, Mapping):
            renamed = {OPTIONS.get(str(k).lower(), k): v for k, v in what.items()}
            strange = [k for k in renamed if k and k not in cls.__dataclass_fields__]
            if strange:
                raise QueryError(unknown("option", strange[0], cls.__dataclass_fields__))
            if "path" not in renamed:
                raise QueryError("a query names a path")
            texts = {k: v for k, v in renamed.items() if isinstance(v, str)}
            parts = {**renamed, **_convert_types(texts), "path": normalize(renamed["path"], base)}
            parts.pop("", None)
            return cls(**{**parts, **given})
        if isinstance(what, Query):
            return what.replace(**given) if given else what
        if isinstance(what, str) and ("?" in what or "\n" in what or "://" in what):
            asked = cls.parse(what, base)
            return asked.replace(**given) if given else asked
        return cls(path=normalize(what, base), **given)

    def orders(self) -> tuple[str, ...]:
        """Return the fields of the order, including the sort keys of a content query."""
        return sort_fields(self.orderby, self.words())

    def names(self) -> Iterator[str]:
        """Yield the names of the fields that its conditions and its order name, as columns are called."""
        if isinstance(self.filter, Filter):
            yield from self.filter.names()
        elif self.filter and (tree := parse(self.filter)) is not None:
            yield from (".".join(member.steps) for member in members(tree))
        if isinstance(self.query, Clause):
            yield from self.query.names()
        elif self.query:
            yield from named_fields(self.query)
        yield from self.orders()

    def words(self) -> str:
        """Return the content query as text; empty if there is none."""
        return "" if self.query is None else str(self.query)

    def options(self) -> dict[str, str]:
        """Return the options as the server names them, without encoding."""
        flags = {None: None, True: "true", False: "false"}
        pairs: dict[str, str | None] = {
            "$select": ",".join(self.select) or None,
            "$expand": ",".join(self.expand) or None,
            "$filter": str(self.filter) if self.filter is not None else None,
            "$orderby": self.orderby,
            "$top": str(self.top) if self.top else None,
            "$skip": str(self.skip) if self.skip else None,
            "query": str(self.query) if self.query is not None else None,
            "enableautofilters": flags[self.autofilters],
            "enablelifespanfilter": flags[self.lifespan],
            "version": self.version,
            "scenario": self.scenario,
        }
        return {k: v for k, v in pairs.items() if v is not None}

    def address(self) -> str:
        """Return the address without options."""
        if self.property:
            return f"{entity(self.path)}/{quote(self.property)}"
        return entity(self.path) if self.single else collection(self.path)

    def url(self, origin: str = "", **more: str | int) -> str:
        """Return the complete address of the request, with ``more`` options."""
        return origin + target(self.address(), {**self.options(), **more})

    def __str__(self) -> str:
        place = path_of(entity(self.path)) if self.property or self.single else str(self.path)
        if self.property:
            place = f"{without_service(place)}/{self.property}"
        elif isinstance(self.path, int) and not self.single:
            place = f"content({self.path})"
        return "\n".join([place, *(f"{k}={v}" for k, v in self.options().items())])


def _not_a_filter(given: object) -> str:
    """Explain why something cannot be a filter, and what to write instead."""
    if isinstance(given, Clause):
        return "filter is a text or made of F(…), not of Q(…): pass a content query as query="
    if isinstance(given, F):
        return f"{given!r} is a field, not a condition; compare it with a value: {given!r} == …"
    said = f"filter is a text or made of F(…), not {type(given).__name__}"
    if isinstance(given, Mapping):
        return f"{said}: join comparisons with &, (F('Status') == 'active') & (F('Index') > 5)"
    if isinstance(given, (list, tuple, set)):
        return f"{said}: join the conditions with & or |"
    return f"{said}; rows are also selected in pandas after reading"


_ENTITY = re.compile(
    r"^(?P<entity>.*\('[^/]*'\)|/?content\(\s*\+?\d+\s*\))(?:/(?P<member>[^/]+))?/?$", re.IGNORECASE
)
_VERSION = re.compile(r"v?[0-9]{1,9}\.[0-9]{1,9}(\.[adplr])?|lastmajor|lastminor", re.IGNORECASE)
_LISTS = ("select", "expand", "orderby")


def _address(place: str, base: str) -> dict[str, Any]:
    """Return the place of a query: children, a property of a content, or one content."""
    bare = without_service(place)
    if re.search(r"/\$(count|value|metadata)/?$", bare, re.IGNORECASE):
        member = bare.rstrip("/").rpartition("/")[2]
        raise QueryError(
            f"{member} is not a list of contents; use repo.count(…), repo.value(…) or repo.metadata(…)"
        )
    match = _ENTITY.match(bare)
    if not match:
        return {"path": normalize(bare, base)}
    path, member = normalize(match["entity"], base), match["member"]
    if member is None:
        return {"path": path, "single": bare != place}
    return {"path": path} if member == "Children" else {"path": path, "property": member}


def _convert_types(raw: Mapping[str, str]) -> dict[str, Any]:
    typed: dict[str, Any] = dict(raw)
    for name in ("top", "skip"):
        if name in typed:
            typed[name] = _count(typed[name], name)
    for name in ("autofilters", "lifespan"):
        if name in typed:
            if typed[name].lower() not in ("true", "false"):
                raise QueryError(f"enable{name} is true or false, not {typed[name]!r}")
            typed[name] = typed[name].lower() == "true"
    return typed


def _names(value: str | Iterable[str] | None, what: str) -> tuple[str, ...]:
    items = _items(value, what)
    names = [item.strip() if isinstance(item, str) else item for item in items]
    if bad := [n for n in names if not isinstance(n, str) or re.search(r"[\s,&?='\"]", n)]:
        raise QueryError(
            f"{bad[0]!r} is not a valid field name for {what}: names have no blanks, commas or quotes"
        )
    return tuple(dict.fromkeys(n for n in names if n and not (what == "select" and n == "*")))


def _items(value: str | Iterable[str] | None, what: str) -> list[str]:
    if isinstance(value, str):
        return value.split(",")
    if value is not None and not isinstance(value, Iterable):
        raise QueryError(f"{what} must be a text or a list of texts, not {value!r}")
    items = [] if value is None else list(value)
    if what == "orderby" and (bad := [item for item in items if not isinstance(item, str)]):
        raise QueryError(f"{what} must be a text or a list of texts, and {bad[0]!r} is not a text")
    return items


def _version(value: Any, *, copied: bool) -> str | None:
    """Return a valid version; the server would treat anything else as the latest."""
    if value is None or value == "":
        return None
    text = value.strip() if isinstance(value, str) else ""
    if _VERSION.fullmatch(text):
        return text
    said = f"{value!r} is not a version, and the server would return the latest one"
    if not copied:
        raise QueryError(f"{said}: write 'V1.0.A', '1.0', 'lastmajor' or 'lastminor'")
    warn_user(said)
    return None


def _count(value: Any, what: str) -> int:
    if isinstance(value, (bool, float)) and value != 0:
        raise QueryError(f"{what} must be an integer, the number of rows, not {value!r}")
    try:
        number = int(value if value is not None else 0)
    except (TypeError, ValueError):
        raise QueryError(f"{what} must be an integer, the number of rows, not {value!r}") from None
    if number < 0:
        raise QueryError(f"{what} cannot be negative, it is {number}")
    return number


def _order(value: str | Iterable[str] | None) -> str | None:
    keys = _items(value, "orderby")
    clean = []
    for key in keys:
        words = key.split()
        if not words:
            continue
        if len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise QueryError(
                f"{key.strip()!r} is not a valid sort expression: write a field, then asc or desc"
            )
        if "/" in words[0]:
            raise QueryError(order_refusal(words[0], None))
        clean.append(" ".join([words[0], *(w.lower() for w in words[1:])]))
    return ",".join(clean) or None
