"""What is asked of a repository: an immutable ``Query`` that is parsed from text and printed as text."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from .addresses import SERVICE, collection, entity, normalize, path_of
from .errors import QueryError, did_you_mean


@dataclasses.dataclass(frozen=True)
class Query:
    """A place in the tree and what to read of it; immutable.

    Parameters
    ----------
    path : str or int
        The content whose children are read, by path or id.
    select, expand : tuple of str
        Fields or chains (``AssignedTo/FullName``).
    filter : str, optional
        A ``$filter`` text, tested on the children.
    orderby : str, optional
        ``"DueDate desc, Name"``.
    top, skip : int
        0 means no limit.
    query : str, optional
        A content query, which searches the whole tree below the path.
    autofilters, lifespan : bool, optional
        Whether system contents are hidden, and contents outside their lifespan.
    version : str, optional
        A version of the content in the path.
    property : str, optional
        A reference property, or ``Ancestors``, ``Versions``, whose contents are read instead of children.

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
    filter: str | None = None
    orderby: str | None = None
    top: int = 0
    skip: int = 0
    query: str | None = None
    autofilters: bool | None = None
    lifespan: bool | None = None
    version: str | None = None
    property: str | None = None

    def __post_init__(self) -> None:
        set_ = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 - the dataclass is frozen
        set_("path", normalize(self.path))
        set_("select", _names(self.select, "select"))
        set_("expand", _names(self.expand, "expand"))
        set_("top", _count(self.top, "top"))
        set_("skip", _count(self.skip, "skip"))
        set_("filter", (self.filter or "").strip() or None)
        set_("query", (self.query or "").strip() or None)
        set_("orderby", _order(self.orderby))
        for chain in self.select:
            first, _, rest = chain.partition("/")
            if rest and not any(e == first or e.startswith(first + "/") for e in self.expand):
                set_("expand", (*self.expand, chain.rpartition("/")[0]))

    def replace(self, **changes: Any) -> Query:
        """Give a query that differs in the named parts."""
        return dataclasses.replace(self, **changes)

    @classmethod
    def parse(cls, text: str, base: str = "/Root") -> Query:
        """Read a query from the lines of a cell, or from an address copied out of a browser.

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
        """Make a query of what :func:`split` gives: a place, and option names with their texts."""
        path, prop = _address(place, base)
        merged: dict[str, str] = {}
        for key, value in pairs:
            name = _OPTIONS.get(key.lower())
            if name is None:
                raise QueryError(f"there is no option {key!r}.{did_you_mean(key, _OPTIONS)}")
            if name:
                merged[name] = f"{merged[name]},{value}" if name in merged and name in _LISTS else value
        return cls(path=path, property=prop, **_typed(merged))

    def options(self) -> dict[str, str]:
        """Give the options as the server names them, without encoding."""
        flags = {None: None, True: "true", False: "false"}
        pairs: dict[str, str | None] = {
            "$select": ",".join(self.select) or None,
            "$expand": ",".join(self.expand) or None,
            "$filter": self.filter,
            "$orderby": self.orderby,
            "$top": str(self.top) if self.top else None,
            "$skip": str(self.skip) if self.skip else None,
            "query": self.query,
            "enableautofilters": flags[self.autofilters],
            "enablelifespanfilter": flags[self.lifespan],
            "version": self.version,
        }
        return {k: v for k, v in pairs.items() if v is not None}

    def address(self) -> str:
        """Give the address without options."""
        return f"{entity(self.path)}/{quote(self.property)}" if self.property else collection(self.path)

    def url(self, origin: str = "", **more: str | int) -> str:
        """Give the whole address that is sent, with ``more`` options."""
        return origin + target(self.address(), {**self.options(), **more})

    def __str__(self) -> str:
        place = f"content({self.path})" if isinstance(self.path, int) else self.path
        if self.property:
            place = f"{path_of(entity(self.path)).removeprefix(SERVICE)}/{self.property}"
        return "\n".join([place, *(f"{k}={v}" for k, v in self.options().items())])


def split(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Take the text of a query apart: the place, and the options in their order, decoded.

    Examples
    --------
    >>> split("/Root/Content?$top=5\\n$filter=Index gt 5")
    ('/Root/Content', [('$top', '5'), ('$filter', 'Index gt 5')])
    """
    lines = [s for s in (line.strip() for line in text.splitlines()) if s and not s.startswith("#")]
    if not lines:
        raise QueryError("the query is empty: its first line names a path, such as /Root/Content")
    address, *options = lines
    place, _, search = address.partition("?")
    encoded = bool(urlsplit(address).scheme) or SERVICE in address.lower()
    if encoded or "%" in search:
        place = path_of(urlsplit(place).path)
        pairs = parse_qsl(search, keep_blank_values=True)
    else:
        pairs = [_pair(part) for part in _split(search)] if search else []
    if place.lower().startswith(SERVICE):
        place = place[len(SERVICE) :] or "/"
    return place, [*pairs, *(_pair(option) for option in options)]


def target(address: str, options: Mapping[str, str | int]) -> str:
    """Join an address and its options, encoded as the server takes them."""
    if not options:
        return address
    return address + "?" + "&".join(f"{k}={quote(str(v), safe=_SAFE)}" for k, v in options.items())


_SAFE = "/(),:'$*!@"
_OPTIONS = {
    "$select": "select",
    "$expand": "expand",
    "$filter": "filter",
    "$orderby": "orderby",
    "$top": "top",
    "$skip": "skip",
    "query": "query",
    "enableautofilters": "autofilters",
    "enablelifespanfilter": "lifespan",
    "version": "version",
    "$inlinecount": "",  # totals are asked for by themselves
    "$format": "",
    "metadata": "",
}
_LISTS = ("select", "expand", "orderby")


def _pair(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found:
        raise QueryError(f"{text!r} is no option: options are written as $select=Name or query=TypeIs:Task")
    return key.strip(), value.strip()


def _split(search: str) -> list[str]:
    """Split options written in one line at the ``&`` that begin an option."""
    return re.split(r"&(?=\$?[A-Za-z]+=)", search)


def _address(place: str, base: str) -> tuple[str | int, str | None]:
    """Split a place into the content and a property behind its entity form."""
    match = re.match(
        r"^(?P<entity>.*\('[^']*'\)|/?content\(\s*\d+\s*\))/(?P<member>[^/]+)/?$", place, re.IGNORECASE
    )
    if not match:
        return normalize(place, base), None
    member = match["member"]
    if member.startswith("$"):
        raise QueryError(
            f"{member} is no list of contents; use repo.count(…), repo.value(…) or repo.metadata(…)"
        )
    return normalize(match["entity"], base), None if member == "Children" else member


def _typed(raw: Mapping[str, str]) -> dict[str, Any]:
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
    items = value.split(",") if isinstance(value, str) else list(value or ())
    names = [item.strip() if isinstance(item, str) else item for item in items]
    if bad := [n for n in names if not isinstance(n, str) or re.search(r"[\s,&?='\"]", n)]:
        raise QueryError(
            f"{bad[0]!r} is no name of a field for {what}: names have no blanks, commas or quotes"
        )
    return tuple(dict.fromkeys(n for n in names if n and not (what == "select" and n == "*")))


def _count(value: Any, what: str) -> int:
    try:
        number = int(value if value is not None else 0)
    except (TypeError, ValueError):
        raise QueryError(f"{what} is a number of rows, not {value!r}") from None
    if number < 0:
        raise QueryError(f"{what} cannot be negative, it is {number}")
    return number


def _order(value: str | Iterable[str] | None) -> str | None:
    keys = value.split(",") if isinstance(value, str) else list(value or ())
    clean = []
    for key in keys:
        words = key.split()
        if not words:
            continue
        if len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise QueryError(f"{key.strip()!r} is no order: write a field, then asc or desc")
        if "/" in words[0]:
            raise QueryError(
                f"the server cannot order by {words[0]}: only fields of the rows themselves order them"
            )
        clean.append(" ".join([words[0], *(w.lower() for w in words[1:])]))
    return ",".join(clean) or None
