"""``Repository``: what ``connect`` gives; the way to everything in one sensenet repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

import pandas as pd

from ..odata.addresses import collection, entity, normalize
from ..odata.errors import AuthenticationError, NotFoundError
from ..odata.pages import Pages
from ..odata.query import Query, target
from ..odata.schema import Schema
from ..odata.transport import Client
from . import accessor as accessor
from .reading import Plan, frame_of
from .tracking import track

_VISITOR = 6


class Repository:
    """A sensenet content repository.

    Made by :func:`sn_pandas.connect`.

    Attributes
    ----------
    url : str
        The address of the server.
    """

    def __init__(self, client: Client, *, anonymous: bool = False) -> None:
        self.client = client
        self.url = client.origin
        self._anonymous = anonymous

    def __repr__(self) -> str:
        return f"<Repository {self.url}>"

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    @cached_property
    def user(self) -> str:
        """Who the server says we are: the path of the user.

        Raises
        ------
        AuthenticationError
            If credentials were given and the server took us for the Visitor all the same.
        """
        address = entity("/Root") + "/GetCurrentUser"
        try:
            answer = self.client.get(target(address, {"$select": "Id,Path", "metadata": "no"}))["d"]
        except NotFoundError:
            answer = {"Id": _VISITOR, "Path": "/Root/IMS/BuiltIn/Portal/Visitor"}
        if answer["Id"] == _VISITOR and not self._anonymous:
            raise AuthenticationError(
                f"{self.url} takes us for the Visitor: the key or token is wrong, expired or missing "
                "(the server never says so by itself); pass anonymous=True to go on as Visitor"
            )
        return str(answer["Path"])

    @cached_property
    def schema(self) -> Schema:
        """The content types, by name, with all their fields."""
        return Schema(self.client.get(entity("/Root") + "/GetSchema"))

    def read(
        self,
        path: str | int | Query,
        select: str | Sequence[str] = (),
        expand: str | Sequence[str] = (),
        filter: str | None = None,
        orderby: str | None = None,
        top: int = 0,
        skip: int = 0,
        query: str | None = None,
        autofilters: bool | None = None,
        lifespan: bool | None = None,
        version: str | None = None,
        page_size: int = 1000,
        workers: int = 4,
    ) -> pd.DataFrame:
        """Read the children of a content, or what a content query finds below it, as a typed frame.

        Parameters
        ----------
        path : str, int or Query
            The content whose children are read, or a whole query.
        select, expand : sequence of str or comma list
            Fields and chains; without ``select``, the fields of the types that can be there.
        filter, orderby, query : str, optional
            ``$filter``, ``$orderby`` and content query texts.
        top, skip : int
            How many rows at the most, and from where; 0 is no limit.
        page_size, workers : int
            Rows a request, and requests at once.

        Returns
        -------
        DataFrame
            One line a content, on its ``Id``; dtypes from the schema.

        Raises
        ------
        QueryError
            If the query cannot mean what it says.
        ServerError
            If the server refuses it.
        """
        asked = (
            path
            if isinstance(path, Query)
            else Query(
                path=path,
                select=_tuple(select),
                expand=_tuple(expand),
                filter=filter,
                orderby=orderby,
                top=top,
                skip=skip,
                query=query,
                autofilters=autofilters,
                lifespan=lifespan,
                version=version,
            )
        )
        plan = Plan(asked, self.schema, self._types_at(asked))
        pages = Pages(self.client, plan.query, size=page_size, workers=workers)
        frame = frame_of(pages, plan)
        total = pages.total if pages.total is not None else len(frame)
        track(frame, self, asked, plan.fields, rows=len(frame), total=total, cut=len(frame) < total)
        return frame

    def count(self, path: str | int, filter: str | None = None, query: str | None = None) -> int:
        """Count the children of a content, or what a content query finds below it."""
        asked = Query(path=path, filter=filter, query=query)
        return self.client.count(
            target(asked.address() + "/$count", {**asked.options(), "$inlinecount": "allpages"})
        )

    def get(
        self, path: str | int, select: str | Sequence[str] = (), expand: str | Sequence[str] = ()
    ) -> pd.Series:
        """Read one content as a series on its field names.

        Raises
        ------
        NotFoundError
            If there is no such content, or we may not see it.
        """
        options = {"$select": ",".join(_tuple(select)), "$expand": ",".join(_tuple(expand)), "metadata": "no"}
        address = entity(normalize(path))
        fields = self.client.get(target(address, {k: v for k, v in options.items() if v}))["d"]
        return pd.Series(fields, name=fields.get("Path", path), dtype=object)

    def value(self, path: str | int, field: str) -> Any:
        """Read one field of one content."""
        return self.client.get(f"{entity(normalize(path))}/{quote(field)}")["d"][field]

    def create(
        self,
        parent: str | int,
        type: str,
        name: str | None = None,
        fields: Mapping[str, Any] | None = None,
        template: str | None = None,
    ) -> pd.Series:
        """Create a content below ``parent`` and give it as the server stored it."""
        body = {"__ContentType": type, **({"Name": name} if name else {}), **(fields or {})}
        if template:
            body["__ContentTemplate"] = template
        address = target(collection(normalize(parent)), {"metadata": "no"})
        stored = self.client.send("POST", address, body=body)["d"]
        return pd.Series(stored, name=stored["Path"], dtype=object)

    def patch(self, path: str | int, fields: Mapping[str, Any]) -> pd.Series:
        """Set some fields of a content and give it as the server stored it."""
        stored = self.client.send("PATCH", target(entity(normalize(path)), {"metadata": "no"}), body=fields)[
            "d"
        ]
        return pd.Series(stored, name=stored["Path"], dtype=object)

    def delete(self, path: str | int, permanent: bool = False) -> None:
        """Delete a content: to the trash, or for good."""
        self.client.request(
            "DELETE", target(entity(normalize(path)), {"permanent": "true"} if permanent else {})
        )

    def _types_at(self, query: Query) -> Iterator[str]:
        """Give the types that rows of a query without ``select`` can have."""
        if query.select:
            return
        known = self.schema
        if query.query or query.property:
            yield "GenericContent"
            return
        options = {
            "$expand": "EffectiveAllowedChildTypes",
            "$select": "EffectiveAllowedChildTypes/Name",
            "metadata": "no",
        }
        allowed = (
            self.client.get(target(entity(query.path), options))["d"]["EffectiveAllowedChildTypes"] or []
        )
        yield from [t["Name"] for t in allowed if t["Name"] in known] or ["GenericContent"]


def _tuple(value: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(value.split(",")) if isinstance(value, str) else tuple(value)
