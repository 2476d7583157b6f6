"""Downloads: the binary handler and the direct paths of files, outside the service root."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from sn_pandas.embedded import callers, endings
from sn_pandas.embedded.changes import versions
from sn_pandas.embedded.content_types import definitions, type_xml
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import VISITOR, Content
from sn_pandas.embedded.errors import MissingError, ODataError
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import binaries
from sn_pandas.embedded.wire.answers import Answer

HANDLER = "/binaryhandler.ashx"
INTEGER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*", re.ASCII)

CACHED = {
    **dict.fromkeys("jpeg jpg gif png svg swf webp".split(), 604800),
    **dict.fromkeys("css js".split(), 600),
}
"""Ending of a name -> for how many seconds a client may keep the file."""
CACHED_TYPES = {"Settings": 1, "PreviewImage": 1}
"""Content type, not one derived from it -> the same."""

ACTIVE = re.compile(r"text/html|.*[/+]xml", re.IGNORECASE)
"""Content types whose scripts a browser would run if it showed them: they are handed over as a file."""


def answer(
    session: Session, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]
) -> Answer | None:
    """Return a file; None if the address is not that of a content that the caller may open.

    Of a draft that he may not read, his right to open the content tells: the server fails over its bytes.

    Parameters
    ----------
    parameters
        The query, names ignoring case.
    headers
        Of the request, lower-case names.
    """
    given = {name.lower(): value for name, value in parameters.items()}
    direct = path.lower() != HANDLER
    present = session.store.by_path(path) if direct else _find_content(session, given)
    if present is None or not session.can(present, "Open"):
        return None
    if direct and ("Binary" not in fields_of(session, present) or present.type == "ContentType"):
        return None
    content = session.rights.version(present)
    if given.get("version"):
        try:
            content = versions.load(session, present, given["version"], strict=True)
        except MissingError:
            return None
        except ODataError:
            return Answer(500)
    if content is None:
        return Answer(500)
    name = "Binary" if direct else (given.get("propertyname") or "Binary").replace("$", "#")
    return _file(session, content, name, direct, given, headers)


def _find_content(session: Session, given: Mapping[str, str]) -> Content | None:
    """Return the content that the parameters of the handler name, in its present version."""
    if INTEGER.fullmatch(given.get("nodeid", "")):
        return session.store.load(int(given["nodeid"]))
    return session.store.by_path(given["nodepath"]) if given.get("nodepath") else None


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
    field = fields_of(session, content).get(name)
    if field is None or field.kind != "Binary":
        return Answer(200, b"")
    stored = content.fields.get(name)
    if not binaries.has_bytes(stored) and content.type == "ContentType" and content.name in session.types:
        data = type_xml.definition_of(session.types[content.name])
        described = binaries.describe(0, content.name, len(data), definitions.MIME_TYPE)
        return Answer(200, data, _headers(session, content, described, len(data), direct, given))
    if not binaries.has_bytes(stored):
        erased = name in content.fields and content.fields[name] is None
        return Answer(500) if erased else Answer(200, b"")
    is_resized = INTEGER.fullmatch(given.get("width", "")) and INTEGER.fullmatch(given.get("height", ""))
    if is_resized and not stored["type"].startswith("image/"):
        return Answer(500)
    size = binaries.size_of(session.store, stored)
    answer_headers = _headers(session, content, stored, size, direct, given)
    if _max_age(content) and _is_fresh(headers.get("if-modified-since"), answer_headers["last-modified"]):
        return Answer(304, None, {"cache-control": answer_headers["cache-control"]})
    return Answer(200, None, answer_headers, binaries.pieces(session.store, stored["file"], size))


def _headers(
    session: Session,
    content: Content,
    stored: binaries.Stored,
    size: int,
    direct: bool,
    given: Mapping[str, str],
) -> dict[str, str]:
    name, kind = binaries.full_name(content.name), stored["type"]
    if content.type == "ContentType":
        name = f"{content.name}.ContentType"
    headers = {"content-length": str(size), **({"content-type": kind} if kind else {})}
    shown = direct and kind != "" and not ACTIVE.match(kind)
    headers["content-disposition"] = f"{'inline' if shown else 'attachment'}; filename={quote_name(name)}"
    headers["last-modified"] = format_datetime(_moment(content.version_modified), usegmt=True)
    if ACTIVE.match(kind):
        headers["content-security-policy"] = "sandbox; default-src 'none'"
    days = given.get("maxage", "")
    if days.isascii() and days.isdigit() and len(days) < 6:
        private = "" if _max_age(content) is None else ", private"
        headers["cache-control"] = f"max-age={int(days) * 86400}{private}"
    elif (kept := _max_age(content)) is not None:
        visitor = session.repository.session(callers.load(session.repository, VISITOR))
        public = visitor.can(content, "Open")
        headers["cache-control"] = f"public, max-age={kept}" if public else f"max-age={kept}, private"
    return headers


def _max_age(content: Content) -> int | None:
    """Return for how many seconds clients may keep the file; None if they ask each time."""
    return CACHED_TYPES.get(content.type) or CACHED.get(endings.ending(content.name))


def quote_name(name: str) -> str:
    """Return a file name as a header tells it: bare if it is a token, encoded if it is not ASCII.

    >>> quote_name("a.txt"), quote_name("a b.txt"), quote_name("ű.txt")
    ('a.txt', '"a b.txt"', '"=?utf-8?B?xbEudHh0?="')
    """
    if not name.isascii():
        return f'"=?utf-8?B?{base64.b64encode(name.encode()).decode()}?="'
    if re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", "_", escaped) + '"'


def _is_fresh(since: str | None, modified: str) -> bool:
    if since is None:
        return False
    try:
        return parsedate_to_datetime(since) >= parsedate_to_datetime(modified)
    except (TypeError, ValueError):
        return False


def _moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored[:19] + "+00:00")
