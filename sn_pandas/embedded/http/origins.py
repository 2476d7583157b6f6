"""Rules for browsers: pages of other origins never write, and host names must be known.

A browser sends requests to a server on this machine for any page that is open in it. It says so in ``Origin``
(and ``Sec-Fetch-Site``); a page that has its own name point at this machine shows in ``Host``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

METHODS = "GET,POST,PATCH,DELETE,MERGE,PUT"
HEADERS = (
    "X-Authentication-Type,X-Refresh-Data,X-Access-Data,X-Requested-With,Authorization,Content-Type,"
    "Content-Range,Content-Disposition,apikey"
)
"""What a page of an allowed origin may send."""


_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.I)
_ORIGIN = re.compile(r"https?://([^/?#@\\\s]+)/?", re.I)


class Origins:
    """The origins whose pages may read answers and write.

    Parameters
    ----------
    allowed
        Origins such as ``http://localhost:3000``, besides the server's own.
    hosts
        Names by which the server is reached, besides addresses and names that no page on the internet can
        have; None = any.
    """

    def __init__(self, allowed: Iterable[str] = (), hosts: Iterable[str] | None = None) -> None:
        self.allowed = frozenset(one.rstrip("/").lower() for one in allowed)
        self.hosts = None if hosts is None else frozenset(one.lower() for one in hosts)

    def knows_host(self, headers: Mapping[str, str]) -> bool:
        """Return whether the name in ``Host`` is one of this server.

        Examples
        --------
        >>> here = Origins(hosts=["repo.example.com"])
        >>> here.knows_host({"host": "127.0.0.1:8765"}), here.knows_host({"host": "repo.example.com"})
        (True, True)
        >>> here.knows_host({"host": "evil.example:8765"})
        False
        """
        if self.hosts is None or not headers.get("host"):
            return True
        found = _HOST.fullmatch(headers["host"])
        if found is None:
            return False
        name = found[1].lower().strip("[]").rstrip(".")
        if ("." not in name and ":" not in name) or name.endswith(".localhost") or name in self.hosts:
            return True
        return _is_address(name)

    def may_write(self, headers: Mapping[str, str]) -> bool:
        """Return whether a write comes from no page, from one of this server, or from an allowed one.

        Examples
        --------
        >>> Origins().may_write({"host": "127.0.0.1:80"})
        True
        >>> Origins().may_write({"host": "127.0.0.1:80", "origin": "http://evil.example"})
        False
        >>> Origins(["http://localhost:3000"]).may_write({"host": "h", "origin": "http://localhost:3000"})
        True
        """
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none").lower() in ("none", "same-origin")
        if origin.rstrip("/").lower() in self.allowed:
            return True
        found = _ORIGIN.fullmatch(origin)
        return found is not None and found[1].lower() == headers.get("host", "").lower()

    def headers_for(self, headers: Mapping[str, str], *, preflight: bool = False) -> dict[str, str]:
        """Return the headers that allow a page of an allowed origin to read the answer."""
        origin = headers.get("origin", "")
        if not origin or origin.rstrip("/").lower() not in self.allowed:
            return {}
        found = {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
        if preflight:
            found |= {"access-control-allow-methods": METHODS, "access-control-allow-headers": HEADERS}
        return found


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether a browser asks before a request to another origin. The answer alone allows nothing."""
    asks = method == "OPTIONS" and "access-control-request-method" in headers
    return asks and headers.get("origin", "null") != "null"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
