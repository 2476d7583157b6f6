"""Interpret an answer of the server: its JSON, or the error it describes."""

from __future__ import annotations

import codecs
import html
import json
import re
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec

from .collector import pause_collector
from .errors import (
    AnswerError,
    AuthenticationError,
    BrokenAnswer,
    InterceptedError,
    NoAnswer,
    SensenetError,
    UnavailableError,
    server_error,
)
from .escaping import cut_short as cut_short
from .messages import Response
from .numbers import number
from .redaction import hide
from .retrying import retry_after

_loads = msgspec.json.Decoder(float_hook=number).decode

# What is looked through for words; pages begin with them.
_LOOKED_THROUGH = 64 * 1024
# Statuses that ask to try again later.
_LATER = (429, 502, 503, 504)


def parse(what: str, answer: Response) -> Any:
    """Return the JSON of an answer; None if it is empty.

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
        return decode(content)
    except RecursionError:
        raise _too_deep(what) from None
    except ValueError:
        pass
    if content.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        try:
            # more lenient: lone surrogates, integers of more than 64 bits
            shown = json.loads(content.decode("utf-8-sig"), parse_float=number, parse_constant=_reject)
            return _reject_surrogates(shown)
        except RecursionError:
            raise _too_deep(what) from None
        except ValueError:
            raise BrokenAnswer(f"{what}: the answer is JSON that was cut or damaged") from None
    raise not_sensenet(what, answer, "JSON was expected")


def decode(content: bytes) -> Any:
    """Decode JSON, with the fast decoder where possible."""
    with pause_collector():
        return _loads(content)


def not_sensenet(what: str, answer: Response, expected: str = "") -> AnswerError:
    """Return the error of an answer that has not the shape of one of a sensenet."""
    return AnswerError(
        f"{what}: the answer is not from a sensenet server, but "
        f"{describe(answer)}{f' ({cut_short(expected)})' if expected else ''}; is this the address of a "
        "sensenet, or did a proxy, a login page or a maintenance page answer?"
    )


def empty_answer(what: str) -> BrokenAnswer:
    """Return the error for an answer without a required body."""
    return BrokenAnswer(
        f"{what}: the answer is empty, which a sensenet server never sends here; something between this "
        "computer and the server may have cut it"
    )


def describe(answer: Response) -> str:
    """Describe an answer in the words of its sender."""
    said = words_of(answer)
    begin = answer.content[:200].lstrip().lower()
    if not said and not begin:
        return "empty"
    if begin.startswith(b"<") and (b"<html" in begin or b"<!doctype html" in begin or _is_html(answer)):
        return f"a page that says {said!r}" if said else "an empty page"
    if begin[:1] in (b"{", b"["):
        return f"unexpected JSON: {said}"
    return f"this text: {said!r}"


def words_of(answer: Response) -> str:
    """Return the words of an answer that is not one of a sensenet, without markup and cut short.

    Examples
    --------
    >>> page = "<html><head><title>Blocked</title><style>p {}</style></head><p>Reference&nbsp;7719</p></html>"
    >>> words_of(Response(403, content=page.encode()))
    'Blocked Reference 7719'
    """
    text = answer.content[:_LOOKED_THROUGH].decode("utf-8", "replace")
    if "<" in text[:500]:
        text = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)", " ", text)
        text = html.unescape(re.sub(r"<[^>]*>?", " ", text))
    return cut_short(hide(text))


def kind_of(answer: Response) -> str:
    """Return the media type of an answer in lower case; empty if it has none."""
    return "".join(answer.headers.get("content-type", "").lower().split())


def refusal(what: str, origin: str, answer: Response) -> SensenetError:
    """Return the error for an answer without success."""
    status = answer.status_code
    if answer.is_redirect:
        return _redirect(what, origin, answer)
    error = _error_of(answer)
    code, kind, reason = error or ("", "", "")
    facts: dict[str, Any] = {"status": status, "code": code, "exceptiontype": kind, "reason": reason}
    said = "" if error or not answer.content else f"; the answer is {describe(answer)}"
    if status in _LATER:
        return UnavailableError(
            f"{what}: {origin} is not available now ({status}); try again later{said}",
            retry_after=retry_after(answer.headers.get("retry-after")),
            **facts,
        )
    if status == 407:
        return NoAnswer(
            f"{what}: the proxy asks for a user name and a password (407){said}; put them into its address, "
            "such as $https_proxy=http://user:password@proxy.example:8080",
            sent=False,
            lasting=True,
        )
    if status == 500 and "Collection was modified" in reason:
        # a list of the server changed while it went through it; what it had done until then is open
        return UnavailableError(f"{what} failed with 500: {reason}", **facts)
    if status == 401:
        return AuthenticationError(f"{what}: {origin} does not accept these credentials (401){said}")
    if error is None and status >= 500 and answer.content:
        return UnavailableError(
            f"{what} failed with {status}: the answer is not a sensenet error but {describe(answer)}",
            **facts,
        )
    if error is None and (answer.content or status in (405, 406)) and status != 414:
        return InterceptedError(
            f"{what} failed with {status}: the answer is not from a sensenet server but "
            f"{describe(answer)}; {_interceptor(what, origin, status)}",
            **facts,
        )
    return server_error(what, status, code, kind, reason)


def _interceptor(what: str, origin: str, status: int) -> str:
    if status == 404:
        return f"is {origin} the address of a sensenet server, up to /odata.svc?"
    if status == 400 and origin.startswith("http:"):
        return f"if it uses https, write {_secure(origin)}"
    method = what.partition(" ")[0]
    return f"a firewall or proxy rejects this {method}; ask its administrators"


def _error_of(answer: Response) -> tuple[str, str, str] | None:
    """Return code, kind and words of a sensenet error; None for other answers."""
    try:
        error = _loads(answer.content)["error"]
        message = error["message"]
        reason = message["value"] if isinstance(message, dict) else None
        code, kind = error.get("code"), error.get("exceptiontype")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    return str(code or ""), str(kind or ""), str(reason or "").replace("\\n", "\n").strip()


def _secure(origin: str) -> str:
    return f"https://{origin.removeprefix('http://')}"


def _redirect(what: str, origin: str, answer: Response) -> AnswerError:
    try:
        place = urlsplit(answer.headers.get("location", ""))
        host, path = place.hostname, cut_short(place.path)
    except ValueError:
        return AnswerError(f"{what}: the answer is a redirect to an invalid address; it is not followed")
    here = urlsplit(origin)
    if here.scheme == "http" and place.scheme == "https" and host == here.hostname:
        return AnswerError(
            f"{what}: {origin} requires https: write {_secure(origin)}. Redirects are not followed, so "
            f"that credentials are only sent to the server they are meant for"
        )
    return AnswerError(
        f"{what}: the answer is a redirect to {place.scheme}://{host}{path}; "
        "it is not followed, so that credentials are only sent to the server they are meant for"
        if host
        else f"{what}: the answer is a redirect to {path}; it is not followed"
    )


def _is_html(answer: Response) -> bool:
    return "html" in kind_of(answer)


def _too_deep(what: str) -> AnswerError:
    return AnswerError(f"{what}: the answer is nested too deeply to be from a sensenet server")


def _reject_surrogates(shown: Any) -> Any:
    """Return JSON; raise if it contains lone surrogates, which could not be written back."""
    if isinstance(shown, str):
        return shown if shown.isascii() else shown.encode("utf-8", "replace").decode()
    if isinstance(shown, list):
        return [_reject_surrogates(item) for item in shown]
    if isinstance(shown, dict):
        return {_reject_surrogates(key): _reject_surrogates(item) for key, item in shown.items()}
    return shown


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")
