"""Downloads: the binary handler and the direct paths of files, outside the service root."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from sn_pandas.embedded.changes import binaries, versions
from sn_pandas.embedded.content_types import type_xml
from sn_pandas.embedded.contents import VISITOR, Content
from sn_pandas.embedded.errors import MissingError, ODataError
from sn_pandas.embedded.http.answers import Answer, empty
from sn_pandas.embedded.repository import Session
from sn_pandas.embedded.security import callers

HANDLER = "/binaryhandler.ashx"
INTEGER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")

CACHED = {"jpeg": 604800, "jpg": 604800, "gif": 604800, "png": 604800, "svg": 604800, "swf": 604800,
          "css": 600, "js": 600}  # fmt: skip
"""Extension -> for how many seconds a browser may keep the file."""

ACTIVE = re.compile(r"text/html|.*[/+]xml", re.IGNORECASE)
"""Content types whose scripts a browser would run if it showed them: they are handed over as a file."""


def answer(
    session: Session, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]
) -> Answer | None:
    """Return a file; None if the address is that of no content.

    Parameters
    ----------
    parameters
        The query, names in any letter case.
    headers
        Of the request, lower-case names.
    """
    given = {name.lower(): value for name, value in parameters.items()}
    direct = path.lower() != HANDLER
    content = session.by_path(path) if direct else _asked(session, given)
    if content is None or not session.can(content, "Open"):
        return None
    if given.get("version"):
        try:
            content = versions.load(session, content, given["version"], strict=True)
        except (MissingError, ODataError):
            return None
    name = "Binary" if direct else (given.get("propertyname") or "Binary").replace("$", "#")
    if direct and "Binary" not in session.fields_of(content):
        return None
    return _file(session, content, name, direct, given, headers)


def _asked(session: Session, given: Mapping[str, str]) -> Content | None:
    """Return the content that the parameters of the handler name."""
    if INTEGER.fullmatch(given.get("nodeid", "")):
        return session.by_id(int(given["nodeid"]))
    return session.by_path(given["nodepath"]) if given.get("nodepath") else None


def _file(
    session: Session,
    content: Content,
    name: str,
    direct: bool,
    given: Mapping[str, str],
    headers: Mapping[str, str],
) -> Answer | None:
    if content.saving_state == 1:
        return None
    if content.saving_state:
        return Answer(500)
    field = session.fields_of(content).get(name)
    if field is None or field.kind != "Binary":
        return Answer(200, b"")
    stored = content.fields.get(name)
    if not stored and content.type == "ContentType" and content.name in session.types:
        data = type_xml.written(session.types[content.name])
        described = binaries.described(0, content.name, len(data), "text/xml")
        return Answer(200, data, _headers(session, content, described, len(data), direct, given))
    if not stored:
        return Answer(500) if name in content.fields else Answer(200, b"")
    is_resized = INTEGER.fullmatch(given.get("width", "")) and INTEGER.fullmatch(given.get("height", ""))
    if is_resized and not stored["type"].startswith("image/"):
        return Answer(500)
    size = binaries.size_of(session.store, stored)
    told = _headers(session, content, stored, size, direct, given)
    if _kept(content) and _fresh(headers.get("if-modified-since"), told["last-modified"]):
        return empty(304)
    return Answer(200, None, told, binaries.pieces(session.store, stored["file"], size))


def _headers(
    session: Session,
    content: Content,
    stored: binaries.Stored,
    size: int,
    direct: bool,
    given: Mapping[str, str],
) -> dict[str, str]:
    name, kind = binaries.full_name(stored["name"]), stored["type"]
    told = {"content-length": str(size), **({"content-type": kind} if kind else {})}
    shown = direct and kind != "" and not ACTIVE.match(kind)
    told["content-disposition"] = f"{'inline' if shown else 'attachment'}; filename={quoted(name)}"
    told["last-modified"] = format_datetime(_moment(content.version_modified), usegmt=True)
    if ACTIVE.match(kind):
        told["content-security-policy"] = "sandbox; default-src 'none'"
    days = given.get("maxage", "")
    if days.isascii() and days.isdigit() and len(days) < 6:
        told["cache-control"] = f"max-age={int(days) * 86400}"
    elif (kept := _kept(content)) is not None:
        visitor = session.repository.session(callers.load(session.repository, VISITOR))
        public = visitor.can(content, "Open")
        told["cache-control"] = f"public, max-age={kept}" if public else f"max-age={kept}, private"
    return told


def _kept(content: Content) -> int | None:
    """Return for how many seconds clients may keep files with the extension of a content."""
    return CACHED.get(content.name.rpartition(".")[2].lower())


def quoted(name: str) -> str:
    """Return a file name as a header tells it: bare if it is a token, encoded if it is not ASCII.

    >>> quoted("a.txt"), quoted("a b.txt"), quoted("ű.txt")
    ('a.txt', '"a b.txt"', '"=?utf-8?B?xbEudHh0?="')
    """
    if not name.isascii():
        return f'"=?utf-8?B?{base64.b64encode(name.encode()).decode()}?="'
    if re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", "_", escaped) + '"'


def _fresh(since: str | None, modified: str) -> bool:
    if since is None:
        return False
    try:
        return parsedate_to_datetime(since) >= parsedate_to_datetime(modified)
    except (TypeError, ValueError):
        return False


def _moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored[:19] + "+00:00")
