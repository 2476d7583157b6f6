"""Keep secrets out of texts and logs."""

from __future__ import annotations

import base64
import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from .errors import SensenetError

T = TypeVar("T")

#: What stands in place of a secret.
HIDDEN = "***"
#: Loggers of libraries that write what goes over the wire.
_LOGGERS = (
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "httpx",
    "oauthlib",
    "hpack",
)
# Values of headers and cookies that are secrets, in the spellings of a log of headers.
_PATTERNS = re.compile(
    r"""(?ix)
    ( \.sn\.auth= (?:Bearer(?:%20|\s))? | \b(?:Bearer|Basic)(?:%20|\s+)
    | \bapikey['"]?\s*[,:=]\s*b?['"]? | \bset-cookie['"]?\s*[,:=]\s*b?['"]?[^=;'"\s]+= )
    ( [^\s;'",)&]+ )"""
)
#: Secrets shorter than this are not looked for: they would hide ordinary words.
_SHORTEST = 4
#: Secrets that are remembered besides those that are kept; tokens are renewed often.
_MOST = 1000


class Secret(str):
    """A secret whose ``repr`` hides it: in a traceback with the values of variables, or in a dict.

    Examples
    --------
    >>> {"apikey": Secret("4711")}
    {'apikey': '***'}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(HIDDEN)


class SecretBytes(bytes):
    """Bytes with a secret, whose ``repr`` hides all of them."""

    def __repr__(self) -> str:
        return repr(HIDDEN.encode())


def conceal(value: Any) -> Any:
    """Return a secret text or bytes with a ``repr`` that hides it; other objects unchanged."""
    if isinstance(value, str):
        return Secret(value)
    return SecretBytes(value) if isinstance(value, bytes) else value


def conceal_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping whose ``repr`` hides the texts in it."""
    return {name: conceal(value) for name, value in values.items()}


class Secrets:
    """Secrets that must not be shown; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issued: dict[str, None] = {}
        self._kept: set[str] = set()

    def add(self, *secrets: str | None) -> None:
        """Remember secrets for a while; their usual encodings are hidden, too."""
        with self._lock:
            for secret in secrets:
                for spelled in _spellings(secret or ""):
                    self._issued.pop(spelled, None)
                    self._issued[spelled] = None
            while len(self._issued) > _MOST:
                del self._issued[next(iter(self._issued))]

    def keep(self, secret: str) -> None:
        """Remember a secret that is used for as long as this process lives, such as an API key."""
        with self._lock:
            self._kept.update(_spellings(secret))

    @contextlib.contextmanager
    def forgetting(self) -> Iterator[None]:
        """Forget at the end of the block the secrets that were remembered in it.

        Examples
        --------
        >>> secrets = Secrets()
        >>> with secrets.forgetting():
        ...     secrets.keep("waiting")
        ...     secrets.hide("waiting for an answer")
        '*** for an answer'
        >>> secrets.hide("waiting for an answer")
        'waiting for an answer'
        """
        with self._lock:
            issued, kept = self._issued.copy(), self._kept.copy()
        try:
            yield
        finally:
            with self._lock:
                self._issued, self._kept = issued, kept

    def hide(self, text: str) -> str:
        """Return a text with every known secret replaced."""
        with self._lock:
            secrets_ = sorted(self._kept.union(self._issued), key=len, reverse=True)
        for secret in secrets_:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text


#: The secrets of this process.
SECRETS = Secrets()


def hide(text: str) -> str:
    """Return a text without the known secrets."""
    return SECRETS.hide(text)


def hide_headers(text: str) -> str:
    """Return a text without known secrets, and without anything that looks like a secret header.

    Examples
    --------
    >>> hide_headers("(b'Set-Cookie', b'.sn.auth=Bearer%20eyJhbGciOi.x.y; path=/')")
    "(b'Set-Cookie', b'.sn.auth=***; path=/')"
    """
    return SECRETS.hide(_PATTERNS.sub(rf"\g<1>{HIDDEN}", text))


def redact(error: BaseException) -> None:
    """Remove the known secrets from an error: from its message and from quoted answers."""
    error.args = tuple(hide(arg) if isinstance(arg, str) else arg for arg in error.args)
    reason = getattr(error, "reason", None)
    if isinstance(reason, str):
        vars(error)["reason"] = hide(reason)


def redact_errors(once: Callable[[float], T]) -> Callable[[float], T]:
    """Return a wrapper that removes secrets from the errors of a function, even for loggers of retries."""

    def call(end: float) -> T:
        try:
            return once(end)
        except SensenetError as error:
            redact(error)
            raise

    return call


class _Redacting(logging.Filter):
    """Hides secrets in the records of a logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record; none is dropped."""
        try:
            text = record.getMessage()
        except Exception:  # a record that cannot be formatted is the logging module's to report
            return True
        hidden = hide_headers(text)
        if hidden != text:
            record.msg, record.args = hidden, ()
        return True


def protect_logs() -> None:
    """Have the libraries below this package log no secrets, at any level."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, _Redacting) for one in logger.filters):
            logger.addFilter(_Redacting())


def _spellings(secret: str) -> Iterator[str]:
    if len(secret) < _SHORTEST:
        return
    secret = str(secret)  # a plain text, whose repr hides nothing
    yield from {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}
    yield base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")
