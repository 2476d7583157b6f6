"""Answers: a status, headers and bytes; JSON as the server writes it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from sn_pandas.embedded.errors import ODataError

Json = Any
VERBOSE = "application/json;odata=verbose;charset=utf-8"

_ROWS_AT_A_TIME = 50
_TOKEN = f"\x00{secrets.token_hex(8)}:"
_DECIMAL = re.compile(re.escape(json.dumps(_TOKEN, ensure_ascii=False)[:-1]) + '([^"]*)"')
_ESCAPED = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029", "\x85": "\\u0085"})


@dataclass(slots=True)
class Answer:
    """What is sent back.

    Parameters
    ----------
    body
        Bytes, or None for an answer without one (its length is then said to be 0).
    headers
        Lower-case names.
    """

    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterable[bytes] | None = None


def empty(status: int = 200) -> Answer:
    """Return an answer without a body."""
    return Answer(status, None)


def text(value: str) -> Answer:
    """Return raw text; the server sends it without a content type."""
    return Answer(200, value.encode("utf-8", "replace"))


def document(value: Json, status: int = 200, content_type: str = VERBOSE) -> Answer:
    """Return JSON."""
    return Answer(status, dumps(value), {"content-type": content_type})


def listing(count: int, rows: Iterable[Json]) -> Answer:
    """Return a list as JSON.

    The rows are written some at a time: thousands of them, kept as dictionaries, would take many times the
    memory of the text, and the garbage collector of Python would walk through all of them again and again.
    """
    parts, remaining = [], iter(rows)
    while some := list(islice(remaining, _ROWS_AT_A_TIME)):
        parts.append(dumps(some)[1:-1])
    body = b'{"d":{"__count":%d,"results":[%b]}}' % (count, b",".join(parts))
    return Answer(200, body, {"content-type": VERBOSE})


def error(problem: ODataError) -> Answer:
    """Return an error."""
    return document(problem.json(), problem.status)


def dumps(value: Json) -> bytes:
    """Write JSON: decimals with a point and without exponent, everything that is not ASCII as it is."""
    decimals: list[Decimal] = []

    def other(item: Any) -> str:
        if not isinstance(item, Decimal):
            raise TypeError(f"{type(item).__name__} is not JSON")
        decimals.append(item)
        digits = f"{item:f}"
        return _TOKEN + (digits if "." in digits else f"{digits}.0")

    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=other)
    if decimals:
        written = _DECIMAL.sub(r"\1", written)
    return written.translate(_ESCAPED).encode("utf-8", "replace")
