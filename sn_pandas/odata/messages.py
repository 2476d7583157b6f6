"""Requests, responses and errors, independent of the HTTP library.

Only ``http_transport`` knows such a library. It raises the errors of this module, and everything above it
catches nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

#: A header as it comes over the wire.
RawHeader = tuple[bytes, bytes]


class TransportError(Exception):
    """A request that was not answered, or an answer that broke off.

    Parameters
    ----------
    message : str
        What happened.
    name : str, optional
        What the library that carried the request calls the error.
    """

    def __init__(self, message: str = "", name: str = "") -> None:
        super().__init__(message)
        self.name = name or type(self).__name__


class AnswerTimeoutError(TransportError):
    """No complete answer within the time limit."""


class ConnectTimeoutError(AnswerTimeoutError):
    """No connection within the time limit; nothing was sent."""


class ConnectError(TransportError):
    """No connection; nothing was sent."""


class ProxyUnreachableError(ConnectError):
    """No connection to the proxy."""


class ProxyRefusalError(TransportError):
    """A proxy refused to forward a request; nothing reached the server."""


class DecodingError(TransportError):
    """An answer that cannot be decompressed."""


class AddressError(TransportError, ValueError):
    """An address or a header that cannot be sent."""


class Request(NamedTuple):
    """A request.

    Attributes
    ----------
    method : str
        ``GET``, ``POST``, ``PATCH`` …
    target : str
        Path and query, quoted.
    headers : mapping
        All but those that frame the message, such as ``Content-Length``.
    content : bytes or None
        The body.
    timeout : mapping
        Seconds to wait, by ``connect``, ``read``, ``write`` and ``pool``; None is for ever.
    origin : str
        Scheme, host and port, such as ``https://repo.example``.
    """

    method: str
    target: str
    headers: Mapping[str, str] = MappingProxyType({})
    content: bytes | None = None
    timeout: Mapping[str, float | None] = MappingProxyType({})
    origin: str = ""


class Answer(Protocol):
    """An answer whose body is still to be read; it has to be closed.

    Attributes
    ----------
    encoding : str
        How the pieces of its body are encoded, as in ``Content-Encoding``; empty if they are not.
    """

    status: int
    headers: Sequence[RawHeader]
    encoding: str

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces of the body as they arrive."""

    def close(self) -> None:
        """Discard what was not read."""


class Transport(Protocol):
    """Sends requests to servers; it must be safe to use from several threads.

    ``transport=`` of :func:`sn_pandas.connect` takes one of these, or a transport of httpx. A transport
    follows no redirects and decompresses nothing.

    The module ``sn_pandas.odata.messages`` defines what it takes and gives. A request has a ``method``, an
    ``origin`` such as ``https://repo.example``, a ``target`` (path and query, quoted), ``headers``,
    ``content`` (bytes or None) and ``timeout`` (seconds by ``connect``, ``read``, ``write`` and ``pool``). An
    answer has a ``status``, ``headers`` (pairs of bytes), the ``encoding`` of its body (as in
    ``Content-Encoding``, or empty) and a ``close`` method, and yields the pieces of its body. If a connection
    breaks, a transport raises ``TransportError`` or one of its kinds, which say whether anything was sent.
    """

    def send(self, request: Request) -> Answer:
        """Send a request, and return the answer as soon as its headers have arrived.

        Raises
        ------
        TransportError
            If there is none.
        """

    def close(self) -> None:
        """Close all connections."""


class Headers:
    """The headers of an answer, whatever the case of their names."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Iterable[RawHeader] = ()) -> None:
        self._raw = tuple(raw)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_list(name))

    def get(self, name: str, default: str = "") -> str:
        """Return the value of a header; several are joined by commas.

        Examples
        --------
        >>> Headers([(b"Age", b"12")]).get("age"), Headers().get("age")
        ('12', '')
        """
        return ", ".join(self.get_list(name)) or default

    def get_list(self, name: str) -> list[str]:
        """Return the values of a header that may be repeated."""
        wanted = name.lower().encode("ascii")
        return [_text(value) for given, value in self._raw if given.lower() == wanted]


class Response:
    """An answer with its body.

    Attributes
    ----------
    status_code : int
        Its status.
    headers : Headers
        Its headers, without those of the wire.
    content : bytes
        Its body, decompressed; empty if that is read elsewhere.
    is_read : bool
        Whether the body was read.
    is_blank : bool
        Whether its rows show nothing but their head.
    """

    __slots__ = ("content", "headers", "is_blank", "is_read", "status_code")

    def __init__(
        self,
        status_code: int,
        headers: Iterable[RawHeader] = (),
        content: bytes | None = b"",
    ) -> None:
        self.status_code = status_code
        self.headers = Headers(headers)
        self.content = content or b""
        self.is_read = content is not None
        self.is_blank = False

    def __repr__(self) -> str:
        return f"<Response {self.status_code}>"

    @property
    def is_success(self) -> bool:
        """Whether the request succeeded."""
        return 200 <= self.status_code <= 299

    @property
    def is_redirect(self) -> bool:
        """Whether the answer is a redirect."""
        return 300 <= self.status_code <= 399

    def json(self) -> Any:
        """Return its body as JSON.

        Raises
        ------
        ValueError
            If it is none.
        """
        return json.loads(self.content)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
