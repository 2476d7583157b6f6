"""What an answer of the server means: its JSON, or the error that it tells of."""

from __future__ import annotations

import codecs
import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from .collector import paused
from .errors import (
    AnswerError,
    AuthenticationError,
    BrokenAnswer,
    SensenetError,
    UnavailableError,
    server_error,
)
from .numbers import number
from .retrying import retry_after

_loads = msgspec.json.Decoder(float_hook=number).decode


def parsed(what: str, answer: httpx.Response) -> Any:
    """Give the JSON of an answer; None if it is empty.

    Raises
    ------
    BrokenAnswer
        If it is JSON that was cut.
    AnswerError
        If it is something else.
    """
    content = answer.content
    if not content:
        return None
    try:
        return decoded(content)
    except ValueError:
        pass
    if content.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        try:
            # more lenient: lone surrogates, numbers out of range
            return json.loads(content.decode("utf-8-sig"), parse_float=number)
        except ValueError:
            raise BrokenAnswer(f"{what}: the answer is JSON that was cut or damaged") from None
    raise AnswerError(
        f"{what}: the answer is not JSON, it begins with {answer.text[:60]!r}; "
        "is this the address of a sensenet?"
    )


def decoded(content: bytes) -> Any:
    """Decode JSON, as fast as it goes."""
    with paused():
        return _loads(content)


def refusal(what: str, origin: str, answer: httpx.Response) -> SensenetError:
    """Give the error that an answer without success means."""
    status = answer.status_code
    if answer.is_redirect:
        place = urlsplit(answer.headers.get("location", ""))
        return AnswerError(
            f"{what}: the answer is a redirect to {place.scheme}://{place.hostname}{place.path}; "
            "it is not followed, so that credentials stay with the server they are for"
            if place.hostname
            else f"{what}: the answer is a redirect to {place.path}; it is not followed"
        )
    try:
        error = _loads(answer.content).get("error") or {}
        code, kind = str(error.get("code") or ""), str(error.get("exceptiontype") or "")
        reason = str((error.get("message") or {}).get("value") or "").replace("\\n", "\n").strip()
    except (ValueError, AttributeError):
        code = kind = reason = ""
    facts: dict[str, Any] = {"status": status, "code": code, "exceptiontype": kind, "reason": reason}
    if status in (429, 502, 503, 504):
        return UnavailableError(
            f"{what}: {origin} is not available now ({status}); try again later",
            retry_after=retry_after(answer.headers.get("retry-after")),
            **facts,
        )
    if status == 401:
        return AuthenticationError(f"{what}: {origin} does not take our credentials (401)")
    if status >= 500 and not code and answer.content:
        return UnavailableError(f"{what} failed with {status}: the answer is no sensenet error", **facts)
    return server_error(what, status, code, kind, reason)
