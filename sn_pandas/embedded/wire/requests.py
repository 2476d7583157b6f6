"""A parsed request of the embedded repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sn_pandas.embedded.errors import ODataError, server_error
from sn_pandas.embedded.security import tokens
from sn_pandas.embedded.wire import addresses

# What WSGI calls these.
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

LARGEST_BODY = 30_000_000


@dataclass(slots=True)
class Request:
    """One request, taken apart."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: Callable[[], bytes]
    line_length: int = 0
    is_legal: bool = True
    signed_in: tokens.SignedIn | None = None
    """The user by a token, as soon as the token was looked at."""

    @property
    def head_length(self) -> int:
        """Return the size of all headers in bytes."""
        return sum(len(name) + len(value) + 4 for name, value in self.headers.items())


def request_of(environ: Environ) -> Request:
    """Parse a WSGI request; the path stays as it was sent, if the server provides that."""
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if raw is None:
        raw = quote(_path_bytes(environ.get("PATH_INFO", "")), safe="/()'!$&*+,;=:@~")
        raw = f"{raw}?{query}" if query else raw
    headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return Request(
        method,
        addresses.decode_path(raw.partition("?")[0]),
        query,
        headers,
        lambda: _body(environ),
        line_length=len(f"{method} {raw} HTTP/1.1\r\n"),
        is_legal=raw.isascii() and " " not in raw,
    )


def _body(environ: Environ) -> bytes:
    """Read the body of a request."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    limit = LARGEST_BODY + 1
    if not length.isdigit():
        if not environ.get("wsgi.input_terminated"):
            return b""
    elif int(length) <= LARGEST_BODY:
        limit = int(length)
    else:
        raise _too_large()
    data: bytes = environ["wsgi.input"].read(limit)
    if len(data) > LARGEST_BODY:
        raise _too_large()
    return data


def _too_large() -> ODataError:
    return server_error(
        "BadHttpRequestException",
        f"Request body too large. The max request body size is {LARGEST_BODY} bytes.",
    )


def _path_bytes(path: str) -> bytes:
    """Return the bytes of a decoded path; some servers pass text, others bytes decoded as Latin-1."""
    try:
        data = path.encode("latin-1")
        data.decode("utf-8")
    except UnicodeError:
        return path.encode("utf-8", "replace")
    return data
