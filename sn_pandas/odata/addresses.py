"""Where contents are: paths, ids, and the addresses that the server takes for them."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from .errors import QueryError

SERVICE = "/odata.svc"
_BY_ID = re.compile(r"/?content\(\(*\s*\+?(\d+)\s*\)*\)/?", re.IGNORECASE)


def normalize(place: str | int, base: str = "/Root") -> str | int:
    """Give the path (``/Root/…``) or the id that a user's way of naming a content means.

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
        raise QueryError(f"a content is named by its path or its id, not by {place!r}")
    if isinstance(place, int):
        if place <= 0:
            raise QueryError(f"{place} is no id of a content: ids are positive")
        return place
    place = place.strip("\t\r\n")
    text = without_service(place.lstrip() if place.lstrip()[:1] == "/" else place)
    if match := _BY_ID.fullmatch(text.strip()):
        return int(match[1])
    steps = [name for step in text.split("/") if step for name in _names(step)]
    if text[:1] != "/" and not (steps and steps[0].lower() == "root"):
        steps = [step for step in base.split("/") if step] + steps
    if not steps:
        raise QueryError(f"{place!r} is no path of a content: paths begin with /Root")
    if bad := next((step for step in steps if step in (".", "..")), None):
        raise QueryError(f"{place!r} has the step {bad!r}, which no content can be named")
    return "/" + "/".join(steps)


def without_service(address: str) -> str:
    """Cut ``/odata.svc``, in any letter case, from the beginning of an address.

    Examples
    --------
    >>> without_service("/OData.svc/Root/Content")
    '/Root/Content'
    """
    if address[: len(SERVICE)].lower() == SERVICE and address[len(SERVICE) : len(SERVICE) + 1] in ("", "/"):
        return address[len(SERVICE) :] or "/"
    return address


def _names(step: str) -> list[str]:
    """Give the names that a step of an address means: ``Content('IT')`` is two, a plain name one."""
    if step.endswith("')") and "('" in step:
        parent, _, name = step.removesuffix("')").partition("('")
        return [n for n in (parent, name) if n]
    return [step]


def entity(place: str | int) -> str:
    """Give the address of one content.

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
    """Give the address of the children of a content.

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
