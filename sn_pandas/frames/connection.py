"""``Connection``: what reading and writing need from a repository."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ..odata import shapes
from ..odata.added_fields import added_fields
from ..odata.addresses import entity
from ..odata.client import Client
from ..odata.errors import QueryError
from ..odata.fields import Field, of_some_contents
from ..odata.filter_reading import list_filter_warnings, list_made_warnings
from ..odata.filters import Filter
from ..odata.learning import describe_type, type_names
from ..odata.origins import canonical_origin, same_origin
from ..odata.query import Query
from ..odata.query_reading import list_query_warnings
from ..odata.schema import Schema
from ..odata.signin.credentials import Auth
from ..odata.signin.user import User, user_of
from ..odata.smart_folders import reject_in_smart_folder
from ..odata.warning import warn_user
from .moved import Moved

if TYPE_CHECKING:
    import pandas as pd

#: Seconds for which we trust that the server still accepts the credentials, as long as nothing is missing.
TRUSTED = 5.0
#: Lists of which is remembered how many rows they had.
_REMEMBERED = 1000

_numbers = itertools.count(1)


class Connection:
    """A repository as the layers below ``Repository`` use it: client, schema and authenticated user.

    Attributes
    ----------
    client : Client
        Sends the requests.
    url : str
        The address of the server.
    base : str
        What relative paths are below.
    number : int
        Its number among the connections of this process, from 1.
    closed : bool
        Whether it was closed.
    moved : Moved
        What was moved, renamed or restored a moment ago.
    """

    def __init__(
        self,
        client: Client,
        *,
        anonymous: bool = False,
        base: str = "/Root",
        browser: Callable[..., Any] | None = None,
        editor: Callable[..., Any] | None = None,
        opener: Callable[[Auth], Client] | None = None,
    ) -> None:
        self.client = client
        self.url = client.origin
        self.base = base
        self.number = next(_numbers)
        self.closed = False
        self.moved = Moved()
        self._anonymous = anonymous
        self._browser = browser
        self._editor = editor
        self._opener = opener
        self._totals: dict[int, int] = {}
        self._types_met: dict[int, frozenset[str]] = {}
        self._warned: set[str] = set()

    def close(self) -> None:
        """Close the connections."""
        self.closed = True
        self.client.close()

    @property
    def user(self) -> User:
        """The path of the authenticated user.

        It is a text with two attributes more: ``how`` the connection is signed in, and ``until`` when.

        Raises
        ------
        AuthenticationError
            If credentials were given but the server treats the caller as anonymous.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> repo.user, repo.user.how
        ('/Root/IMS/Public/olga.okafor', 'API key')
        """
        return user_of(self._user, self.client.auth)

    @cached_property
    def _user(self) -> str:
        identity = self.client.identity()
        if identity.is_visitor and not self._anonymous:
            raise self.client.guard.refusal({})
        return identity.path

    @cached_property
    def schema(self) -> Schema:
        """The content types, by name, with all their fields.

        Those that you may not see are there, too, as far as they are known, each with the ``layer`` that
        knows it.
        """
        answer = self.client.get(entity("/Root") + "/GetSchema", shapes.types)
        return Schema(answer, partial(describe_type, self.client), partial(type_names, self.client))

    def query(self, what: Query | str | int | Mapping[str, Any], **options: Any) -> Query:
        """Create a query from anything that specifies one, and check it against the schema."""
        self._refuse_elsewhere(what)
        asked = Query.make(what, self.base, **options)
        named = (asked.filter, asked.query, asked.orderby, asked.expand or None)
        if all(part is None for part in named):
            return asked
        added = self.added_fields(asked)
        bound = asked.bind(self.schema, added=added)
        if isinstance(asked.filter, str) and asked.property is None:
            self._warn_once(list_filter_warnings(asked.filter, self.schema, added))
        if isinstance(asked.filter, Filter) and asked.property is None:
            said = str(bound.filter or "")
            self._warn_once(list_made_warnings(asked.filter, said, self.schema, added))
        if isinstance(asked.query, str):
            self._warn_once(list_query_warnings(asked.query, {**self.schema.fields, **added}))
        if bound.rewritten is not None and bound.rewritten is not asked.rewritten:
            if bound.rewritten.lists:
                reject_in_smart_folder(self.client, bound.path, bound.rewritten)
            self._warn_once([bound.rewritten.warning(bound.words())])
        return bound

    def _warn_once(self, messages: Iterable[str]) -> None:
        """Warn of what this connection has not warned of before: Python's own memory of it is often reset."""
        for message in messages:
            if message not in self._warned:
                warn_user(message)
                self._warned.add(message)

    def added_fields(self, query: Query, names: Iterable[str] | None = None) -> dict[str, Field]:
        """Read the definitions of the fields of a list and of aspects that a query compares or orders by.

        Parameters
        ----------
        query : Query
            The query, which says where they are.
        names : iterable of str, optional
            The names of the fields, if they are not those that it names itself.

        Raises
        ------
        QueryError
            If the place is in a list that has no such field, or if lists in which the query searches define
            one in different ways.
        """
        if query.property is not None:  # the contents that a reference points to may be in any list
            return {}
        names = {name for name in (query.names() if names is None else names) if of_some_contents(name)}
        names = {n for n in names if n.startswith("#") or n.partition(".")[0] not in self.schema.fields}
        below = query.query is not None
        if not names:
            return {}
        return added_fields(self.client, query.path, names, compared=True, below=below)

    def open_tree(self, path: str | int, **options: Any) -> Any:
        """Show the tree below a path; see ``Repository.browse``."""
        if self._browser is None:
            raise TypeError("this repository has no widgets; connect with sn_pandas.connect(…)")
        return self._browser(self, path, **options)

    def open_grid(self, frame: pd.DataFrame, **options: Any) -> Any:
        """Show a frame that was read here in the edit grid; see ``Accessor.edit``."""
        if self._editor is None:
            raise TypeError("this repository has no widgets; connect with sn_pandas.connect(…)")
        return self._editor(frame, **options)

    def _refuse_elsewhere(self, what: Query | str | int | Mapping[str, Any]) -> None:
        """Raise for an address that names another server than ours."""
        place = what.get("path", what.get("")) if isinstance(what, Mapping) else what
        address = place.lstrip().partition("\n")[0] if isinstance(place, str) else ""
        if not address.lower().startswith(("http://", "https://")):
            return
        if not same_origin(address, self.url):
            raise QueryError(
                f"the address is of {canonical_origin(address)}, this repository is {self.url}. Connect to "
                "that server, or pass only the path"
            )

    def verify_identity(self, since: float | None = None) -> None:
        """Verify that the server still identifies the caller; otherwise it returns less, without an error.

        The client asks by itself where an answer may have been given to somebody else. This is for
        callers that draw conclusions from what several answers do not hold.

        Parameters
        ----------
        since : float, optional
            The moment (``time.monotonic()``) from which on an earlier confirmation is enough; now if not
            given. Many rows that are missed together ask once, with the moment of the last.

        Raises
        ------
        AuthenticationError
            If the server treats the connection as anonymous now.
        """
        if not self._anonymous:
            self.client.guard.verify(since)

    def record_total(self, query: Query, total: int) -> None:
        """Record the total of a list, and verify the identity of the caller if it has decreased.

        Raises
        ------
        AuthenticationError
            If the server treats the connection as anonymous now.
        """
        key = hash(query.url())
        before = self._totals.pop(key, 0)
        # an empty list was asked for twice already
        self.verify_identity(None if 0 < total < before else time.monotonic() - TRUSTED)
        self._totals[key] = total
        if len(self._totals) > _REMEMBERED:
            del self._totals[next(iter(self._totals))]

    def types_met(self, query: Query) -> frozenset[str]:
        """Return the hidden types that the rows of a query had when it was read the last time."""
        return self._types_met.get(hash(query.url()), frozenset())

    def remember_types(self, query: Query, types: frozenset[str]) -> None:
        """Remember the hidden types that occurred in the rows of a query, so that it keeps its dtypes."""
        if types:
            self._types_met[hash(query.url())] = types | self.types_met(query)
        if len(self._types_met) > _REMEMBERED:
            del self._types_met[next(iter(self._types_met))]
