"""Which server an address names, however it is spelled.

Credentials, journals and files belong to one server. Every comparison of two addresses goes through this
module, so that capitals, a default port or a trailing slash never make two servers of one, nor one of two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import QueryError

if TYPE_CHECKING:
    from .http_transport import Address

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A name and a password may stand before the host, and the password may hold what ends a host elsewhere.
_CREDENTIALS = re.compile(
    r"""(?xi) \s* (?:[a-z][a-z0-9+.-]*:(?=[/\\]))? [/\\]* (?!\[)
    (?: [^/\\?\#@]*@ | [^/\\?\#@:]*:(?!\d*(?:[/?\#]|$)).*@ ) | .*[?&\#]apikey="""
)


def canonical_origin(address: str) -> str:
    """Return the scheme, host and port of an address in canonical spelling.

    The scheme and the host are lower-case, names in other scripts are in their ASCII form (IDNA), the default
    port of the scheme is left out, and so are credentials, path and query.

    Raises
    ------
    QueryError
        If it is not an address of a web server.

    Examples
    --------
    >>> canonical_origin("HTTPS://Repo.Example:443/odata.svc/Root?x=1")
    'https://repo.example'
    >>> canonical_origin("http://[::1]:8080/")
    'http://[::1]:8080'
    """
    scheme, host, port = _parse(address)
    shown = f"[{host}]" if ":" in host else host
    behind = "" if port in (None, _PORTS[scheme]) else f":{port}"
    return f"{scheme}://{shown}{behind}"


def canonical_url(address: str) -> str:
    """Return the canonical origin of an address and its path without a trailing slash.

    This names a repository: two may share one origin and differ in their path.

    Examples
    --------
    >>> canonical_url("https://Repo.example:443/behind/Proxy/")
    'https://repo.example/behind/Proxy'
    """
    canonical_origin(address)
    rest = address.strip().partition("://")[2].partition("?")[0].partition("#")[0]
    path = rest.partition("/")[2].rstrip("/")
    return canonical_origin(address) + (f"/{path}" if path else "")


def holds_credentials(address: str) -> bool:
    """Return whether an address contains a user name, a password or a key.

    Examples
    --------
    >>> holds_credentials("https://olga:secret@repo.example"), holds_credentials("https://repo.example?apikey=secret")
    (True, True)
    >>> holds_credentials("https://repo.example:8080/Root/olga@example.com")
    False
    """
    return _CREDENTIALS.match(address) is not None


def same_origin(one: str, other: str) -> bool:
    """Return whether two addresses have the same scheme, host and port; False for invalid ones.

    Examples
    --------
    >>> same_origin("https://login.example", "https://Login.Example:443/connect/token")
    True
    >>> same_origin("https://login.example", "http://login.example")
    False
    """
    try:
        return canonical_origin(one) == canonical_origin(other)
    except QueryError:
        return False


def is_secure(address: str) -> bool:
    """Return whether nobody can read requests in transit: HTTPS, or this computer.

    Examples
    --------
    >>> is_secure("https://login.example"), is_secure("http://localhost:5000"), is_secure("http://login.example")
    (True, True, False)
    """
    return address.strip().lower().startswith("https:") or is_loopback(address)


def is_loopback(address: str) -> bool:
    """Return whether an address names this very machine."""
    return _parse(address).host in _LOOPBACK


def _parse(address: str) -> Address:
    from .http_transport import split_address  # on use: the notebook extension loads without httpx

    parts = split_address(address)
    if parts is None or parts.scheme not in ("http", "https") or not parts.host:
        shown = str(address).rpartition("@")[2].partition("?")[0][:80]
        raise QueryError(f"{shown!r} is not the address of a server; write https://host")
    return parts
