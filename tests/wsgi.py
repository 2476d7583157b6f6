"""Requests to a WSGI application exactly as they are written: nothing is encoded or completed."""

from __future__ import annotations

import io
import sys
from typing import Any


def request(
    application: Any,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers by lower-case name, and body of the answer."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "embedded",
        "SERVER_PORT": "80",
    }
    if body is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    head: list[tuple[str, list[tuple[str, str]]]] = []
    sent = b"".join(application(environ, lambda status, fields: head.append((status, fields))))
    status, fields = head[0]
    return int(status[:3]), {name.lower(): value for name, value in fields}, sent
