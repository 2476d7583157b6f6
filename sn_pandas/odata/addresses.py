"""Addresses of contents: paths, ids, and their form in URLs."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from .errors import QueryError

SERVICE = "/odata.svc"
#: What a sensenet takes of an address; a request line has 8,192 bytes with method and protocol.
LONGEST = 8000
#: Characters of it that names of fields, and values of a query, may have with everything else beside them.
ROOM_OF_NAMES, ROOM_OF_VALUES = 5000, 6000
#: Where what is deleted goes.
TRASH = "/Root/Trash"
#: Characters that no name has, in a class of a regular expression.
BAD_IN_NAMES = r"\"#$%&'*+,/:;<=>?@\[\\\]^{|}~`\x00-\x1f\x7f-\x9f"
#: What an id can be; the server counts in 32 bits.
LARGEST_ID = 2**31 - 1
_BY_ID = re.compile(r"/?content\(\(*\s*\+?(\d+)\s*\)*\)/?", re.IGNORECASE)


def normalize(place: str | int, base: str = "/Root") -> str | int:
    """Return the path (``/Root/…``) or the id for any supported way to identify a content.

    Parameters
    ----------
    place : str or int
        An id, ``content(12)``, an absolute path, a path below ``base``, or an entity address
        such as ``/Root/Content('IT')``.
    base : str
        What a relative path is below.

    Raises
    ------
    QueryError
        If it names no content.

    Examples
    --------
    >>> normalize("/Root/Content('IT')")
    '/Root/Content/IT'
    >>> normalize("content(12)")
    12
    >>> normalize("IT/Tasks", base="/Root/Content")
    '/Root/Content/IT/Tasks'
    """
    if not isinstance(place, (str, int)) and hasattr(place, "__index__"):
        place = int(place.__index__())  # an integer of numpy
    if isinstance(place, bool) or not isinstance(place, (str, int)):
        raise QueryError(f"a content is identified by its path or id, not by {place!r}")
    if isinstance(place, int):
        if place <= 0:
            raise QueryError(f"{place} is not the id of a content: ids are positive")
        if place > LARGEST_ID:
            raise QueryError(f"{place} is not the id of a content: ids go up to {LARGEST_ID}")
        return place
    place = place.strip("\t\r\n")
    text = without_service(place.lstrip() if place.lstrip()[:1] == "/" else place)
    if match := _BY_ID.fullmatch(text.strip()):
        return normalize(int(match[1])) if len(match[1]) < 20 else normalize(LARGEST_ID + 1)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise QueryError(
            f"{place!r} is not a path of a content: it contains half of a character (a lone surrogate)"
        )
    steps = [name for step in text.split("/") if step for name in _names(step)]
    if text[:1] != "/" and not (steps and steps[0].lower() == "root"):
        steps = [step for step in base.split("/") if step] + steps
    if not steps:
        raise QueryError(f"{place!r} is not a content path: paths begin with /Root")
    if bad := next((step for step in steps if step in (".", "..")), None):
        raise QueryError(f"{place!r} has the segment {bad!r}, which is not a valid content name")
    return "/" + "/".join(steps)


def canonical_origin(url: str) -> str:
    """Return the one spelling of the address of a server, by which two addresses are compared.

    The letter case of scheme and host, the port that is the default one, a dot behind the host, and all that
    comes with ``/odata.svc`` or a path below ``/Root`` make no other server; the path that a proxy has put
    before does.

    Examples
    --------
    >>> canonical_origin("HTTPS://Repo.Example:443/odata.svc/Root/Content")
    'https://repo.example'
    >>> canonical_origin("http://host:8080/sn/") == canonical_origin("http://HOST:8080/sn")
    True
    """
    parts = urlsplit(url.strip())
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
        port = parts.port
    except (ValueError, UnicodeError):
        return url
    default = {"http": 80, "https": 443}.get(scheme)
    host = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/")
    cut = [at for at in (path.lower().find(SERVICE), f"{path.lower()}/".find("/root/")) if at >= 0]
    prefix = path[: min(cut)] if cut else path
    return f"{scheme}://{host}{'' if port in (None, default) else f':{port}'}{prefix.rstrip('/')}"


def without_service(address: str) -> str:
    """Cut ``/odata.svc``, ignoring case, from the beginning of an address.

    Examples
    --------
    >>> without_service("/OData.svc/Root/Content")
    '/Root/Content'
    """
    if address[: len(SERVICE)].lower() == SERVICE and address[len(SERVICE) : len(SERVICE) + 1] in ("", "/"):
        return address[len(SERVICE) :] or "/"
    return address


def _names(step: str) -> list[str]:
    """Return the names in a segment of an address: ``Content('IT')`` has two, a plain name one."""
    if step.endswith("')") and "('" in step:
        parent, _, name = step.removesuffix("')").partition("('")
        return [n for n in (parent, name) if n]
    return [step]


def entity(place: str | int) -> str:
    """Return the address of one content.

    Examples
    --------
    >>> entity("/Root/Content/My docs")
    "/odata.svc/Root/Content('My%20docs')"
    >>> entity(12)
    '/odata.svc/content(12)'
    """
    if isinstance(place, int):
        return f"{SERVICE}/content({place})"
    parent, _, name = place.rpartition("/")
    return (
        f"{SERVICE}{_quote(parent)}/('{_quote(name)}')"
        if not parent
        else f"{SERVICE}{_quote(parent)}('{_quote(name)}')"
    )


def collection(place: str | int) -> str:
    """Return the address of the children of a content.

    Examples
    --------
    >>> collection("/Root/Content/Q&A (1)")
    '/odata.svc/Root/Content/Q%26A%20(1)'
    """
    if isinstance(place, int):
        return f"{SERVICE}/content({place})/Children"
    return f"{SERVICE}{_quote(place)}"


def path_of(address: str) -> str:
    """Undo the quoting of an address path."""
    return unquote(address)


def _quote(path: str) -> str:
    return quote(path, safe="/()!")


def in_trash(path: str) -> bool:
    """Return whether a path is in the trash."""
    return path.lower().startswith(f"{TRASH}/".lower())
