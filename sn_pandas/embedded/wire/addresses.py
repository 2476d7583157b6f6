"""The grammar of addresses: what a URL path below ``/odata.svc`` points at."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from sn_pandas.embedded.errors import ODataError, parse_error

ROOT_SEGMENT = "odata.svc"
INT32_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Address:
    """What an address points at.

    Parameters
    ----------
    service
        The address is the service root itself.
    path, content_id
        The content, by one of them.
    entity
        True for ``/Root('A')``, false for the collection ``/Root/A``.
    member
        Name of a property or an operation behind the entity; with two segments ``A.B``.
    metadata, value, count
        The address ends in ``$metadata``, ``$value`` or ``$count``.
    """

    service: bool = False
    path: str = ""
    content_id: int | None = None
    entity: bool = False
    member: str | None = None
    controller: bool = False
    metadata: bool = False
    value: bool = False
    count: bool = False


def decode_path(raw: str) -> str:
    """Decode the path of a request as the web server does: once, but for ``%2F``; dot steps are resolved."""
    parts = re.split("(%2[Ff])", raw)
    text = "".join(
        part if part in ("%2F", "%2f") else unquote_to_bytes(part).decode("utf-8", "replace")
        for part in parts
    )
    if "/." in text:
        steps: list[str] = []
        for step in text.split("/"):
            if step == "..":
                if len(steps) > 1:
                    steps.pop()
            elif step != ".":
                steps.append(step)
        if posixpath.basename(text) in (".", ".."):
            steps.append("")
        text = "/".join(steps)
    return text


def is_service(path: str) -> bool:
    """Return whether a decoded path lies below the service root."""
    return path.lower() == f"/{ROOT_SEGMENT}" or path.lower().startswith(f"/{ROOT_SEGMENT}/")


def parse(path: str) -> Address:
    """Read a decoded path that lies below the service root.

    Raises
    ------
    ODataError
        If the form is not understood.
    """
    rest = path[len(ROOT_SEGMENT) + 1 :]
    if rest == "":
        return Address(service=True)
    steps: list[str] = []
    members: list[str] = []
    flags: dict[str, bool] = {}
    content_id: int | None = None
    entity = False
    for number, segment in enumerate(s for s in rest.split("/") if s):
        lower = segment.lower()
        if lower in ("$metadata", "$value", "$count"):
            flags[lower[1:]] = True
            break
        if entity:
            members.append(segment)
            continue
        if number == 0 and (match := re.fullmatch(r"content\((.*)\)", segment, re.IGNORECASE | re.DOTALL)):
            inner = match.group(1).strip("()")
            if not (inner.startswith("'") or inner.endswith("'")):
                content_id, entity = _content_id(inner), True
                continue
        if segment.endswith("')"):
            before, quote, name = segment[:-2].partition("('")
            if not quote:
                raise parse_error("ArgumentOutOfRangeException", f"The segment {segment} is not understood.")
            steps += [before] if before else []
            steps.append(name.strip("'"))
            entity = True
            continue
        steps.append(segment)
    member = ".".join(members[:2]) if members else None
    if content_id is None and not steps:
        entity = False
    return Address(
        path="/" + "/".join(steps).replace("%2F", "/"),
        content_id=content_id,
        entity=entity,
        member=member,
        controller=len(members) > 1,
        **flags,
    )


def uri(path: str) -> str:
    """Return the address of a content in ``__metadata``."""
    parent, _, name = path.rpartition("/")
    return f"/{ROOT_SEGMENT}{parent}('{name}')"


def usable_uri(path: str) -> str:
    """Return the address of a content; unlike `uri`, it also works for the root."""
    parent, _, name = path.rpartition("/")
    return f"/{ROOT_SEGMENT}{parent}('{name}')" if parent else f"/{ROOT_SEGMENT}/('{name}')"


def _content_id(text: str) -> int:
    if text == "":
        raise parse_error("IndexOutOfRangeException", "The id of the content is missing.")
    try:
        number = int(text) if re.fullmatch(r"\s*[+-]?[0-9]+\s*", text) else None
    except ValueError:
        number = None
    if number is None or not -INT32_MAX - 1 <= number <= INT32_MAX:
        raise ODataError("InvalidId", "ODataException", f"Invalid content id: {text}")
    return number


def decode_target(environ: Mapping[str, Any]) -> str:
    """Return path and query of a WSGI request, decoded.

    Examples
    --------
    >>> decode_target({"PATH_INFO": "/odata.svc/Root", "QUERY_STRING": "%24top=1"})
    '/odata.svc/Root?$top=1'
    """
    return _target(environ, environ.get("QUERY_STRING", ""))


def describe_target(environ: Mapping[str, Any]) -> str:
    """Return path and query of a WSGI request as logs show them: decoded, without secrets.

    Examples
    --------
    >>> describe_target({"PATH_INFO": "/odata.svc/Root", "QUERY_STRING": "%24top=1&password=p%26q"})
    '/odata.svc/Root?$top=1&password=***'
    """
    pairs = environ.get("QUERY_STRING", "").split("&")  # before they are decoded: a secret may hold an &
    return remove_secrets(_target(environ, "&".join(map(_remove_secret, pairs))))


def _remove_secret(pair: str) -> str:
    name, sign, _ = pair.partition("=")
    return f"{name}=***" if sign and _SECRETS.fullmatch(f"{_decode(name)}=") else pair


def _target(environ: Mapping[str, Any], query: str) -> str:
    path: str = environ.get("PATH_INFO", "")
    with contextlib.suppress(UnicodeError):  # the transport of httpx hands over text, servers bytes
        path = path.encode("latin-1").decode("utf-8")
    return f"{path}?{_decode(query)}" if query else path


def _decode(query: str) -> str:
    return unquote(query.replace("+", " "))


def remove_secrets(target: str) -> str:
    """Return a target without secrets.

    Examples
    --------
    >>> remove_secrets("/odata.svc/Root?$top=1&apikey=abc&$skip=2")
    '/odata.svc/Root?$top=1&apikey=***&$skip=2'
    """
    return _SECRETS.sub(r"\1***", target)


_SECRETS = re.compile(
    r"(?i)((?:^|[?&;])(?:api_?key|(?:access_|refresh_|id_)?token|(?:client_)?secret|password|code(?:_verifier)?)=)"
    r"[^&;#]*"
)
