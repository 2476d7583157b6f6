"""Links from cells to contents of the repository, and to their files."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urljoin, urlsplit

from ...frames.columns.normalizing import Cell
from ...odata.addresses import canonical_origin


def link_of(origin: str, cell: Cell) -> str:
    """Return the address of a path or a file; empty for another cell, and for a file elsewhere.

    Repositories in this process have no address that a browser could open.

    Examples
    --------
    >>> link_of("https://example.com", "/Root/Content/a b.txt")
    'https://example.com/Root/Content/a%20b.txt'
    >>> link_of("https://example.com", {"__mediaresource": {"media_src": "/binaryhandler.ashx?nodeid=7"}})
    'https://example.com/binaryhandler.ashx?nodeid=7'
    >>> link_of("https://example.com", {"__mediaresource": {"media_src": "//elsewhere.com/x"}})
    ''
    """
    host = urlsplit(origin).hostname or ""
    if host == "embedded" or host.startswith("embedded-"):
        return ""
    if isinstance(cell, str) and cell.startswith("/Root"):
        return origin.rstrip("/") + quote(cell)
    source = _file(cell).get("media_src")
    if not isinstance(source, str) or not source:
        return ""
    try:
        address = urljoin(f"{origin.rstrip('/')}/", source)
        parts = urlsplit(address)
        same = canonical_origin(f"{parts.scheme}://{parts.netloc}") == canonical_origin(origin)
    except ValueError:
        return ""
    return address if same and address.startswith(("http://", "https://")) else ""


def file_text(cell: Cell) -> str | None:
    """Return what is shown of a file: its media type; None if a cell is not a file.

    Examples
    --------
    >>> file_text({"__mediaresource": {"content_type": "text/plain"}}), file_text({"a": 1})
    ('text/plain', None)
    """
    if not isinstance(cell, Mapping) or "__mediaresource" not in cell:
        return None
    kind = _file(cell).get("content_type")
    return kind if isinstance(kind, str) else "file"


def _file(cell: Cell) -> Mapping[str, object]:
    found = cell.get("__mediaresource") if isinstance(cell, Mapping) else None
    return found if isinstance(found, Mapping) else {}
