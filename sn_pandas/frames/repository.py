"""``Repository``: what ``connect`` gives; the way to everything in one sensenet repository."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

import pandas as pd

from ..odata.addresses import entity, normalize
from ..odata.contentqueries import Clause
from ..odata.errors import QueryError
from ..odata.filters import Filter
from ..odata.pages import count
from ..odata.query import Query
from ..odata.schema import Schema
from ..odata.transport import Client
from .objects.contents import Contents
from .reads import arrow, reading, single
from .reads.identity import who
from .reads.missing import explained

#: Seconds for which we believe that the server still knows us, as long as nothing is missing.
_TRUSTED = 5.0
#: Lists of which is remembered how many rows they had.
_REMEMBERED = 1000

_numbers = itertools.count(1)


class Repository(Contents):
    """A sensenet content repository.

    Made by :func:`sn_pandas.connect`.

    Attributes
    ----------
    url : str
        The address of the server.
    base : str
        What relative paths are below.
    number : int
        The how many-th of this process it is.
    closed : bool
        Whether it was closed.
    """

    def __init__(
        self,
        client: Client,
        *,
        anonymous: bool = False,
        base: str = "/Root",
        browser: Callable[..., Any] | None = None,
    ) -> None:
        self.client = client
        self.url = client.origin
        self.base = base
        self.number = next(_numbers)
        self.closed = False
        self._anonymous = anonymous
        self._browser = browser
        self._verified = -math.inf
        self._totals: dict[int, int] = {}

    @property
    def _repo(self) -> Repository:
        return self

    def __repr__(self) -> str:
        return f"<Repository {self.url}>"

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.closed = True
        self.client.close()

    @cached_property
    def user(self) -> str:
        """Who the server says we are: the path of the user.

        Raises
        ------
        AuthenticationError
            If credentials were given and the server took us for the Visitor all the same.
        """
        asked = time.monotonic()
        path = who(self.client, anonymous=self._anonymous)
        self._verified = asked
        return path

    @cached_property
    def schema(self) -> Schema:
        """The content types, by name, with all their fields."""
        return Schema(self.client.get(entity("/Root") + "/GetSchema"))

    def read(
        self,
        path: Query | str | int | Mapping[str, Any],
        select: str | Sequence[str] = (),
        expand: str | Sequence[str] = (),
        filter: str | Filter | None = None,
        orderby: str | Sequence[str] | None = None,
        top: int | None = None,
        skip: int | None = None,
        query: str | Clause | None = None,
        autofilters: bool | None = None,
        lifespan: bool | None = None,
        version: str | None = None,
        page_size: int = 1000,
        workers: int = 4,
        progress: bool | Callable[[int, int | None], object] | None = None,
        dtype_backend: Literal["numpy_nullable", "pyarrow"] | None = None,
        *,
        property: str | None = None,
        output: Literal["pandas", "arrow"] = "pandas",
    ) -> Any:
        """Read the children of a content, or what a content query finds below it, as a typed frame.

        A path lists its direct children, and ``filter`` chooses among them. ``query`` searches everything
        below the path, on every level: ``query="TypeIs:Task"``. The content itself is read by :meth:`get`.

        Parameters
        ----------
        path : str, int, mapping or Query
            The content whose children are read, or a whole query, as :meth:`sn_pandas.Query.make` takes it.
        select, expand : sequence of str or comma list
            Fields and chains (``AssignedTo/FullName``); without ``select``, the fields of the types that can
            be there. A reference selected by its name gives paths.
        filter : str or Filter, optional
            ``$filter``, or a condition made of :class:`sn_pandas.F`.
        orderby : str or sequence of str, optional
            ``"DueDate desc, Name"``.
        top, skip : int
            How many rows at the most, and from where; 0 is no limit.
        query : str or Clause, optional
            A content query, which finds what is anywhere below the path, or clauses made of
            :class:`sn_pandas.Q`.
        autofilters, lifespan : bool, optional
            Whether system contents are hidden, and contents outside their lifespan.
        version : str, optional
            A version of the content in the path.
        page_size, workers : int
            Rows a request, and requests at once.
        progress : bool or callable, optional
            A bar after a second where somebody may watch; True at once, False never; or ``(done, total)``.
        dtype_backend : "numpy_nullable" or "pyarrow", optional
            As the readers of pandas have it.
        property : str, optional
            A reference property, ``Versions`` or ``Ancestors``, whose contents are read instead of children.
        output : "pandas" or "arrow"
            What is given back: a frame, or a table of pyarrow with the provenance in its metadata.

        Returns
        -------
        DataFrame
            One line a content, on its ``Id``; dtypes from the schema.

        Raises
        ------
        QueryError
            If the query cannot mean what it says.
        NotFoundError
            If there is no such content, or we may not see it.
        ServerError
            If the server refuses it.

        Warns
        -----
        IncompleteWarning
            If there is more than what is given, or the list changed meanwhile.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect()
        >>> users = repo.read("/Root/IMS/BuiltIn/Portal", select=["Name"], filter=sn.isof("User"))
        >>> "Admin" in set(users["Name"])
        True
        >>> below = repo.read("/Root/IMS", query="TypeIs:User", select=["Name"])
        >>> "Admin" in set(below["Name"])
        True
        """
        asked = self.query(
            path, select=select, expand=expand, filter=filter, orderby=orderby, top=top, skip=skip,
            query=query, autofilters=autofilters, lifespan=lifespan, version=version, property=property,
        )  # fmt: skip
        frame = reading.read(self, asked, reading.Manner(page_size, workers, progress, dtype_backend))
        return arrow.table_of(frame) if arrow.wanted(output) else frame

    def read_pages(
        self,
        path: Query | str | int | Mapping[str, Any],
        *,
        page_size: int = 1000,
        workers: int = 4,
        progress: bool | Callable[[int, int | None], object] | None = None,
        dtype_backend: Literal["numpy_nullable", "pyarrow"] | None = None,
        **options: Any,
    ) -> Iterator[pd.DataFrame]:
        """Read like :meth:`read`, as one frame a page: any size in bounded memory.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> pages = sn.connect().read_pages("/Root/IMS/BuiltIn/Portal", select="Name", page_size=2)
        >>> len(next(pages))
        2
        >>> pages.close()
        """
        manner = reading.Manner(page_size, workers, progress, dtype_backend)
        return reading.read_pages(self, self.query(path, **options), manner)

    def count(
        self,
        path: Query | str | int | Mapping[str, Any],
        filter: str | Filter | None = None,
        query: str | Clause | None = None,
        autofilters: bool | None = None,
        lifespan: bool | None = None,
        *,
        property: str | None = None,
    ) -> int:
        """Count the children of a content, or what a content query finds below it."""
        asked = self.query(
            path, filter=filter, query=query, autofilters=autofilters, lifespan=lifespan, property=property
        )
        with explained(self, asked.path):
            number = count(self.client, asked)
        self.seen(asked, number)
        return number

    def get(
        self,
        path: Query | str | int | Mapping[str, Any],
        select: str | Sequence[str] = (),
        expand: str | Sequence[str] = (),
        version: str | None = None,
    ) -> pd.Series[Any]:
        """Read one content as a series of typed cells on its field names.

        Raises
        ------
        NotFoundError
            If there is no such content, or we may not see it.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> sn.connect().get("/Root/IMS", select="Name,Type")["Type"]
        'Domains'
        """
        asked = self.query(path, select=select, expand=expand, version=version, single=True)
        return single.get(self, asked.replace(property=None))

    def value(self, path: str | int, field: str) -> Any:
        """Read one field of one content: a typed cell, for a reference a path or a list of paths.

        Raises
        ------
        NotFoundError
            If there is no such content, or we may not see it.
        """
        return single.value(self, normalize(path, self.base), field)

    def actions(self, path: str | int, scenario: str | None = None) -> pd.DataFrame:
        """List what can be done with a content: operations and applications."""
        return single.actions(self, normalize(path, self.base), scenario)

    def metadata(self, path: str | int | None = None, format: Literal["xml", "json"] = "xml") -> Any:
        """Read the metadata of the service, or of what can be at a place: XML as text, or JSON as a dict.

        ``schema`` is the shorter way to types and fields.
        """
        return single.metadata(self, None if path is None else normalize(path, self.base), format)

    def browse(self, path: str | int = "/Root/Content", **options: Any) -> Any:
        """Show the tree below a path, to look around in and to pick contents from.

        Parameters
        ----------
        path : str or int
            The root of the tree.
        **options
            As for :class:`sn_pandas.widgets.TreeBrowser`: ``multiple=True``, ``label="Name"``.

        Returns
        -------
        TreeBrowser
            A widget; ``selected`` is the path that is selected in it.
        """
        if self._browser is None:
            raise TypeError(
                "this repository was made without widgets: sn_pandas.connect(…) gives one with them"
            )
        return self._browser(self, path, **options)

    def query(self, what: Query | str | int | Mapping[str, Any], **options: Any) -> Query:
        """Make a query of whatever names one, checked against the schema, as ``Query.make`` does."""
        self._refuse_elsewhere(what)
        asked = Query.make(what, self.base, **options)
        named = (asked.filter, asked.query, asked.orderby, asked.expand or None)
        return asked if all(part is None for part in named) else asked.bind(self.schema)

    def _refuse_elsewhere(self, what: Query | str | int | Mapping[str, Any]) -> None:
        """Raise for an address that names another server than ours."""
        place = what.get("path", what.get("")) if isinstance(what, Mapping) else what
        parts = urlsplit(place.lstrip().partition("\n")[0]) if isinstance(place, str) else None
        if parts is None or parts.scheme.lower() not in ("http", "https"):
            return
        if parts.netloc.rpartition("@")[2].lower() != urlsplit(self.url).netloc.lower():
            raise QueryError(
                f"the address is of {parts.scheme}://{parts.hostname}, this repository is {self.url}; "
                "connect to that server, or write the path alone"
            )

    def still_ourselves(self, since: float | None = None) -> None:
        """Make sure that the server still knows us; to others it shows less, without an error.

        It is asked when something that we knew is missing, or a list is empty or shorter than it was.

        Parameters
        ----------
        since : float, optional
            The moment (``time.monotonic()``) from which on an answer of before is good enough; now if not
            given. Many rows that are missed together ask once with the moment of the last.

        Raises
        ------
        AuthenticationError
            If it takes us for the Visitor now.
        """
        wanted = time.monotonic() if since is None else since
        if self._anonymous or self._verified >= wanted:
            return
        asked = time.monotonic()
        who(self.client)
        self._verified = asked

    def seen(self, query: Query, total: int) -> None:
        """Take notice of how many rows a list had, and ask who we are where that leaves a doubt.

        Raises
        ------
        AuthenticationError
            If the server takes us for the Visitor now.
        """
        key = hash(query.url())
        before = self._totals.pop(key, 0)
        self.still_ourselves(None if not total or total < before else time.monotonic() - _TRUSTED)
        self._totals[key] = total
        if len(self._totals) > _REMEMBERED:
            del self._totals[next(iter(self._totals))]
