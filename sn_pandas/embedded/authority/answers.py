"""Answers of an authority, and what its two kinds share."""

from __future__ import annotations

import hmac
import json
from typing import Any

from werkzeug.wrappers import Response

Json = Any

REFRESH_LIFE = 30 * 86400.0
"""Seconds that a refresh token lives."""


def as_page(html: str, status: int = 200) -> Response:
    """Return a page that runs no script, loads nothing, and that no other page shows in a frame."""
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
        "base-uri 'none'",
        "Referrer-Policy": "same-origin",  # with none a browser would not say where the form comes from
        "X-Frame-Options": "DENY",
    }
    return Response(html, status, headers, content_type="text/html; charset=utf-8")


def as_text(words: str, status: int) -> Response:
    """Return a plain text."""
    return Response(words, status, content_type="text/plain; charset=utf-8")


def as_json(value: Json, status: int = 200) -> Response:
    """Return JSON."""
    return Response(json.dumps(value), status, content_type="application/json; charset=utf-8")


def equal_in_constant_time(one: str, other: str) -> bool:
    """Return whether two texts are equal, in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
