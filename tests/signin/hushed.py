"""Secrets that must be seen nowhere, a server that knows them, and what may show them."""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ..fakes import FakeServer
from .calls import PLACE, make, prepared

SECRET = "Zq81+hush/4711~xyzzy"
TOKEN = "eyJhbGciOiJub25lIn0.Zq81-hush-token.4711"
#: What must not be seen, in the spellings of headers, forms, addresses and ``Authorization: Basic``.
FORBIDDEN = [
    *(spelled for s in (SECRET, TOKEN) for spelled in (s, quote(s, safe=""), repr(s)[1:-1])),
    base64.b64encode(f"client:{quote(SECRET, safe='')}".encode()).decode(),
]
_TESTS = str(Path(__file__).resolve().parents[1])
Fail = Callable[[FakeServer], object]


def echo(request: httpx.Request) -> str:
    """Return the credentials of a request, as a careless server repeats them."""
    key = request.headers.get("apikey", "")
    form = request.content.decode() if "connect/token" in request.url.path else ""
    return f"{request.headers.get('authorization', '')} apikey={key} {quote(key, safe='')} {form}"


def _error(request: httpx.Request) -> httpx.Response:
    words = f"Bad credentials: {echo(request)}"
    return httpx.Response(500, json={"error": {"code": "X", "message": {"value": words}}})


def _page(status: int) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(status, html=f"<p>{echo(request)}</p>")


def _refusal(request: httpx.Request) -> httpx.Response:
    return httpx.Response(400, json={"error": "invalid_client", "error_description": echo(request)})


def _redirect(request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"Location": f"https://x.example/{quote(echo(request), safe='')}"})


FAILURES: dict[str, Fail] = {
    "none": lambda s: None,
    "credentials that are not known": lambda s: s.on(host="127.0.0.1", match="odata.svc").visitor(),
    "lost while saving": lambda s: s.on("PATCH").visitor(),
    "echoed by the authority": lambda s: s.on(match="connect/token").script(_refusal),
    "page of the authority": lambda s: s.on(match="connect/token").script(_page(500)),
    "authority is down": lambda s: s.on(match="connect/token").unavailable(),
    "token with a line break": lambda s: s.on(match="connect/token").json({"access_token": TOKEN + "\nx"}),
    "echoed by the server": lambda s: s.on("PATCH").script(_error),
    "page of a proxy": lambda s: s.on("GET", "Lab").script(_page(403)),
    "redirect": lambda s: s.on("GET", "Lab").script(_redirect),
    "broken": lambda s: s.on("PATCH").reset(after=True),
    "refused": lambda s: s.on("GET", "Lab").status(403),
}  # fmt: skip


@pytest.fixture(scope="module")
def hushed() -> Iterator[tuple[FakeServer, str]]:
    """Yield a server on a socket, which is its own authority, so that all libraries log what they log."""
    server = FakeServer(sample=False)
    prepared(server)
    with server.connect() as admin:
        make(admin, PLACE, "Folder", "a", Index=1)
    server.cookies = True
    with server.listening() as address:
        yield server, address
    server.end()


def begin(server: FakeServer, address: str) -> None:
    """Have the server know the secrets, and be the authority."""
    server.clear()
    server.tokens.clear()
    server.tokens[TOKEN] = "Admin"
    server.authority.endpoint = f"{address}/connect/token"
    server.authority.client_secret, server.authority.scripted = SECRET, [TOKEN] * 99
    key = server.key_of()

    def known(request: httpx.Request, forward: Any) -> httpx.Response:
        request.headers["apikey"] = key
        return forward(request)

    server.on(when=lambda request: request.headers.get("apikey") == SECRET).call(known)
    server.on(match="openid-configuration|connect/token").call(lambda r, _: server.authority(r))


@contextlib.contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Collect what is logged at any level, by any logger, with its traceback."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(exc_text)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    texts: list[str] = []
    try:
        yield texts
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        texts.append(stream.getvalue())


def of_variables(error: BaseException) -> list[str]:
    """Return a traceback with the values of variables, as tools that report errors make it.

    The variables of these tests are the user's own and not looked at.
    """
    found: list[str] = []
    seen = [error]
    for one in seen:
        seen += [e for e in (one.__cause__, one.__context__) if e is not None and e not in seen]
        frames = traceback.walk_tb(one.__traceback__)
        ours = ((f, n) for f, n in frames if not f.f_code.co_filename.startswith(_TESTS))
        found += traceback.StackSummary.extract(ours, capture_locals=True).format()
    return found
