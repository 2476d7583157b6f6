"""``Repository``: the result of ``connect``, with all operations on one sensenet repository."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

import pandas as pd

from ..odata.addresses import normalize
from ..odata.client import Client
from ..odata.contentqueries import Clause
from ..odata.errors import AuthenticationError
from ..odata.filters import Filter
from ..odata.query import Query
from ..odata.signin.credentials import Anonymous, ApiKey
from ..odata.signin.guard import VISITOR
from ..odata.signin.user import NewApiKey
from ..odata.signin.vault import explain_missing_keyring, write_api_key
from .connection import TRUSTED, Connection
from .contents.methods import Contents
from .other_users import BorrowedKey, create_key, find_key, find_user
from .reads import arrow, finding, reading, single

#: Public attributes that are there for the modules of this package, not for users.
_SHARED = frozenset(
    [
        "added_fields",
        "base",
        "client",
        "moved",
        "number",
        "open_grid",
        "open_tree",
        "record_total",
        "remember_types",
        "types_met",
        "verify_identity",
    ]
)


class Repository(Connection, Contents):
    """A sensenet content repository.

    Made by :func:`sn_pandas.connect`.

    Attributes
    ----------
    url : str
        The address of the server.
    closed : bool
        Whether it was closed.
    """

    def __init__(self, client: Client, **options: Any) -> None:
        super().__init__(client, **options)
        #: The open connections as other users, which are closed with this one.
        self._others: list[Repository] = []
        self._others_lock = threading.RLock()

    @property
    def _repo(self) -> Repository:
        return self

    def __repr__(self) -> str:
        return f"<Repository {self.url}>"

    def __dir__(self) -> list[str]:
        """Return the names that the Tab key offers: those for users."""
        return [name for name in super().__dir__() if name not in _SHARED]

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def create_api_key(self, *, keyring: bool = False) -> NewApiKey:
        """Create an API key for yourself, which signs in without asking until it expires or is deleted.

        Parameters
        ----------
        keyring : bool
            Whether to put it into the keyring, where ``connect`` finds it for this address from then on.

        Returns
        -------
        NewApiKey
            Its ``value`` is the key, which ``connect(url, api_key=…)`` takes; it is not shown otherwise.

        Raises
        ------
        AuthenticationError
            If ``keyring=True`` and there is none. No key is made then.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> key = repo.create_api_key()
        >>> len(key.value)
        83
        >>> repo.call(repo.user, "DeleteApiKey", apiKey=key.value)
        """
        if keyring and (problem := explain_missing_keyring()):
            raise AuthenticationError(f"no key was created: {problem}")
        key = create_key(self.client, self._user)
        kept = keyring and write_api_key(self.url, key.value)
        return dataclasses.replace(key, in_keyring=kept)

    def as_user(self, user: str | int | NewApiKey) -> Repository:
        """Connect to the same repository as another user, to see and do what they can.

        By an API key of theirs, or by one that is created for it. The latter needs the permission ``Save`` on
        the user; the key is deleted when the connection or this one is closed, or Python ends.

        Parameters
        ----------
        user : str, int or NewApiKey
            A login name, a path, an id, ``sn.ref("Olga Okafor")``, or an API key. The Visitor stands for
            those who have not signed in, and needs no key.

        Returns
        -------
        Repository
            A connection of its own; close it, or use it in ``with``.

        Raises
        ------
        ForbiddenError
            If you may not create a key for the user.
        AuthenticationError
            If the server does not accept the key.
        NotFoundError, RefusedError
            If there is no such user, or you may not see it.

        Warns
        -----
        SensenetWarning
            If a key is created, or if it cannot be deleted.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> with repo.as_user("Visitor") as visitor:
        ...     visitor.user
        '/Root/IMS/BuiltIn/Portal/Visitor'
        """
        if self._opener is None:
            raise TypeError("this repository opens no other connection; connect with sn_pandas.connect(…)")
        with self._others_lock:  # what is opened while this one is closed would stay open
            other = self._open_as(user)
            self._others = [*(one for one in self._others if not one.closed), other]
        return other

    def _open_as(self, user: str | int | NewApiKey) -> Repository:
        """Connect as another user, whose key is deleted if that fails."""
        assert self._opener is not None
        key = find_key(user)
        path = "" if key is not None else find_user(self, cast("str | int", user))
        anonymous = path == VISITOR
        borrowed = BorrowedKey(self.client, path) if key is None and not anonymous else None
        value = key if borrowed is None else borrowed.key.value
        client = self._opener(Anonymous() if anonymous else ApiKey(cast("str", value)))
        if borrowed is not None:
            client.close_with(borrowed.give_back)
        other = Repository(
            client,
            anonymous=anonymous,
            base=self.base,
            browser=self._browser,
            editor=self._editor,
            opener=self._opener,
        )
        try:
            met = other.user
            if borrowed is not None and met.lower() != path.lower():
                raise AuthenticationError(f"the API key that was created for {path} signs in {met}")
            if borrowed is not None:
                borrowed.announce()
        except BaseException:
            other.close()
            raise
        return other

    def close(self) -> None:
        """Close the connections, also those as other users."""
        with self._others_lock:
            try:
                for other in self._others:
                    other.close()
            finally:
                super().close()

    def sign_out(self) -> None:
        """End the sign-in, remove what was stored of it, and close the connections.

        A sign-in by sn-auth ends for all processes of the user; a refresh token that was kept in the keyring
        for the browser is forgotten. API keys stay as they are.
        """
        with self._others_lock:
            for other in self._others:
                other.close()
        try:
            end = getattr(self.client.auth, "sign_out", None)
            if end is not None:
                end()
        finally:
            self.closed = True
            self.client.close(f"you signed out of {self.url}")

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
        """Read the children of a content, or the results of a content query below it, as a typed frame.

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
            How many rows at the most, and from where; 0 for no limit.
        query : str or Clause, optional
            A content query, which finds what is anywhere below the path, or clauses made of
            :class:`sn_pandas.Q`.
        autofilters, lifespan : bool, optional
            Whether system contents are hidden, and contents outside their lifespan.
        version : str, optional
            A version of the content in the path: ``"V1.0.A"``, ``"lastmajor"``.
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
            One line per content, on its ``Id``; dtypes from the schema.

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
        >>> repo = sn.connect(user="olga.okafor")
        >>> users = repo.read("/Root/IMS/Public", select=["Name"], filter=sn.isof("User"))
        >>> "anna.acs" in set(users["Name"])
        True
        >>> below = repo.read("/Root/Content", query="TypeIs:TaskList", select=["Name"])
        >>> "Tasks" in set(below["Name"])
        True
        """
        as_table = arrow.wants_arrow(output)
        asked = self.query(
            path, select=select, expand=expand, filter=filter, orderby=orderby, top=top, skip=skip,
            query=query, autofilters=autofilters, lifespan=lifespan, version=version, property=property,
        )  # fmt: skip
        frame = reading.read(self, asked, reading.ReadOptions(page_size, workers, progress, dtype_backend))
        return arrow.build_table(frame) if as_table else frame

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
        """Read like :meth:`read`, one frame per page: any size in bounded memory.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> pages = repo.read_pages("/Root/Content/IT/Tasks", select="Name", page_size=2)
        >>> len(next(pages))
        2
        >>> pages.close()
        """
        read_options = reading.ReadOptions(page_size, workers, progress, dtype_backend)
        return reading.read_pages(self, self.query(path, **options), read_options)

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
        """Count the children of a content, or the results of a content query below it."""
        asked = self.query(
            path, filter=filter, query=query, autofilters=autofilters, lifespan=lifespan, property=property
        )
        return reading.count_rows(self, asked)

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
        >>> repo = sn.connect(user="olga.okafor")
        >>> repo.get("/Root/Content/IT/Tasks", select="Name,Type")["Type"]
        'TaskList'
        """
        asked = self.query(path, select=select, expand=expand, version=version, single=True)
        found = single.get(self, asked.replace(property=None))
        self.verify_identity(time.monotonic() - TRUSTED)
        return found

    def find(self, text: str, type: str | None = None, below: str | int = "/Root") -> pd.DataFrame:
        """Read the contents whose name, display name, full name, login or e-mail address has a text in it.

        Parameters
        ----------
        text : str
            A name or a part of one; neither letter case nor the order of the words matters, and ``*`` and
            ``?`` are wildcards.
        type : str, optional
            Only contents of this type, or of types derived from it.
        below : str or int
            Where to look.

        Returns
        -------
        DataFrame
            ``Name``, ``DisplayName``, ``Type``, ``FullName``, ``LoginName``, ``Email`` and ``Path`` of the
            contents on their ``Id``: first those that are called exactly so, then those with the same words
            in another order, then those whose name begins so. It is a frame like one of :meth:`read`.

        Raises
        ------
        QueryError
            If nothing can be looked for, or there is no such type.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> repo.find("okafor", type="User")["Path"].tolist()
        ['/Root/IMS/Public/olga.okafor']
        """
        return finding.find(self, text, type, below)

    def value(self, path: str | int, field: str) -> Any:
        """Read one field of one content: a typed cell, for a reference a path or a list of paths.

        Raises
        ------
        NotFoundError
            If there is no such content, or we may not see it.
        """
        found = single.read_value(self, normalize(path, self.base), field)
        self.verify_identity(time.monotonic() - TRUSTED)
        return found

    def actions(self, path: str | int, scenario: str | None = None) -> pd.DataFrame:
        """List the actions of a content: operations and applications."""
        return single.list_actions(self, normalize(path, self.base), scenario)

    def metadata(self, path: str | int | None = None, format: Literal["xml", "json"] = "xml") -> Any:
        """Read the metadata of the service or of a place: XML as text, or JSON as a dict.

        ``schema`` is the shorter way to types and fields.
        """
        return single.read_metadata(self, None if path is None else normalize(path, self.base), format)

    def browse(self, path: str | int = "/Root/Content", **options: Any) -> Any:
        """Show the tree below a path, to browse and to select contents.

        Parameters
        ----------
        path : str or int
            The root of the tree.
        **options
            As for :class:`sn_pandas.TreeBrowser`: ``multiple=True``, ``label="Name"``.

        Returns
        -------
        TreeBrowser
            A widget; ``selected`` is the path that is selected in it.
        """
        return self.open_tree(path, **options)
