"""The text of a query: a place and options, split when it is read and joined when it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlsplit

from .addresses import SERVICE, path_of, without_service
from .errors import QueryError, did_you_mean
from .escaping import cut_short
from .warning import warn_user

#: The name in Python of each option, empty for those that a read sets itself.
OPTIONS = {
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
    "scenario": "scenario",
    "$inlinecount": "",  # totals are asked for by themselves
    "$format": "",
    "metadata": "",
}
_SAFE = "/(),:'$*!@"
_NOT_OURS = ("apikey", "_", "")


def split(text: str) -> tuple[str, list[tuple[str, str]]]:
    r"""Split the text of a query into the place and the decoded options, in order.

    Examples
    --------
    >>> split("/Root/Content?$top=5\n$filter=Index gt 5")
    ('/Root/Content', [('$top', '5'), ('$filter', 'Index gt 5')])
    """
    lines = [s for s in (line.strip() for line in text.splitlines()) if s and not s.startswith("#")]
    if not lines:
        raise QueryError("the query is empty: its first line names a path, such as /Root/Content")
    address, *options = lines
    place, _, search = address.partition("?")
    parts = urlsplit(place)
    if parts.scheme in ("http", "https") or without_service(place) != place:
        place = path_of(_strip_host(parts.path if parts.scheme else place))
        pairs = _drop_ignored(parse_qsl(search, keep_blank_values=True))
    elif "%" in search:
        pairs = parse_qsl(search, keep_blank_values=True)
    else:
        pairs = [_pair(part) for part in _split(search)] if search else []
    return place, [*pairs, *(_pair(option) for option in options)]


def target(address: str, options: Mapping[str, str | int]) -> str:
    """Join an address and its options, encoded for the server."""
    if not options:
        return address
    try:
        return address + "?" + "&".join(f"{k}={quote(str(v), safe=_SAFE)}" for k, v in options.items())
    except UnicodeEncodeError as error:
        text = cut_short(repr(error.object), 80)
        raise QueryError(
            f"{text} contains half of a character (a lone surrogate), which cannot be sent"
        ) from None


def _strip_host(path: str) -> str:
    """Strip the part before ``/odata.svc``, including the path prefix of a proxy."""
    at = path.lower().find(f"{SERVICE}/")
    return path[at:] if at > 0 else path


def _drop_ignored(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Drop ignored parts of an address, with a warning, and credentials, without one."""
    kept_options = []
    for key, value in pairs:
        if key.lower() in OPTIONS:
            kept_options.append((key, value))
        elif key.lower() not in _NOT_OURS:
            warn_user(f"the server ignores {key!r}.{did_you_mean(key, OPTIONS)}")
    return kept_options


def _pair(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found:
        raise QueryError(f"{text!r} is not an option: write options as $select=Name or query=TypeIs:Task")
    return key.strip(), value.strip()


def _split(search: str) -> list[str]:
    """Split options written in one line at the ``&`` that begin an option."""
    return re.split(r"&(?=\$?[A-Za-z]+=)", search)
