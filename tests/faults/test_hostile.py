"""Answers of hostile or broken servers: whatever comes, it is taken, or it is an error of ours."""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
import random
import tracemalloc
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.odata.client import Client

from ..fakes import FakeServer, Sockets
from ..seeds import seeds
from .calls import DOCS, READS

#: Bytes of an answer here.
LIMIT = 1_000_000
IMPATIENT = sn.Retries(attempts=2, deadline=60.0, first_wait=0.0, longest_wait=0.0, budget=10**9)

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>please sign in</p></body></html>"
VALUES: list[Any] = [
    None, "", "x", "/Root", "../..", "x" * 5000, 0, -1, 1, 2**31, 2**63, 10**25, 10**400, -0.5, 1e308, True,
    [], {}, [None], [[]], {"": None}, {"Path": 1}, {"results": 5}, {"__deferred": {}}, "\ud800",
    "\0\x1b[31m", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "2026-13-45", "NaN", ["1", "2"],
    [1, "a", None], {"Id": "1"}, {"error": 1},
]  # fmt: skip
RAW = [
    b"", b" ", b"{", b"}", b"null", b"true", b"0", b"[]", b"{}", b'""', b'{"d":', PAGE, b"OK",
    b"\xff\xfe\x00", b"\xef\xbb\xbf{}", '{"d":{}}'.encode("utf-16"), b"[" * 100_000,
    b"[" * 900 + b"]" * 900, b'{"d":' * 5000 + b"1" + b"}" * 5000,
    b'{"d":{"results":[{"Id":Infinity}]}}', b'{"d":{"__count":NaN,"results":[]}}',
    b'{"d":{"results":[{"Id":' + b"9" * 5000 + b"}]}}", b'{"d":{"Id":1e999,"Path":"/Root"}}',
    b"9" * 5000, b"1e9", b"-1", b'{"d":{"__count":1000000000000,"results":[]}}',
    b'{"d":{"__count":2147483647,"results":[]}}', b'{"error":{"message":{"value":{"a":1}}}}',
    b'{"error":{"code":5,"message":{"lang":1,"value":null}}}', b'{"error":"no"}',
    b'{"error":{"code":"X","message":"no"}}', b'{"d":{"results":{}}}', b'{"d":[{"Id":1}]}',
    b"<?xml version='1.0'?><edmx:Edmx/>", b'<?xml?><!DOCTYPE a [<!ENTITY b "c">]><edmx:Edmx>&b;',
    bytes(range(256)) * 20, b"x" * (LIMIT + 1),
]  # fmt: skip
STATUS = [200] * 12 + [
    201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 407, 413, 414, 418, 429, 431, 500, 502, 503, 599
]  # fmt: skip
HEADERS: list[dict[str, str]] = [
    {}, {}, {}, {"Content-Type": "text/html"}, {"Content-Type": "application/json; charset=nope"},
    {"Content-Type": "application/json;odata=verbose"}, {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"},
    {"Date": "Mon, 01 Jan 0001 00:00:00 +9999"}, {"Date": "x" * 1000}, {"Age": "9" * 50}, {"Age": "-1"},
    {"Retry-After": "9" * 400}, {"Retry-After": "Mon, 01 Jan 99999 00:00:00 GMT"}, {"Location": "http://[::1"},
    {"Location": "//evil.example/\x7f"}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"},
    {"Content-Encoding": "deflate, gzip, deflate"}, {"Content-Disposition": "attachment"}, {"X": "y" * 5000},
]  # fmt: skip


class Hostile:
    """Changes answers at random: their values, their bodies, their heads."""

    def __init__(self, server: FakeServer) -> None:
        self.random = random.Random(0)
        self.on = False
        self._kept: dict[tuple[str, str], httpx.Response] = {}
        server.on().call(self.answer)

    def answer(
        self, request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
    ) -> httpx.Response:
        key = (request.method, str(request.url))
        if key not in self._kept:
            self._kept[key] = forward(request)
        good = self._kept[key]
        if not self.on or self.random.random() < 0.3:
            return httpx.Response(good.status_code, headers=good.headers, content=good.content)
        status, headers, body = self.random.choice(STATUS), dict(self.random.choice(HEADERS)), good.content
        if self.random.random() < 0.6:
            status, headers = (
                good.status_code,
                {"Content-Type": good.headers.get("content-type", ""), **headers},
            )
            body = self._changed(body)
        else:
            body = self.random.choice(RAW)
        if self.random.random() < 0.05:
            headers["Content-Encoding"], body = "gzip", gzip.compress(body, 1)
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

    def _changed(self, body: bytes) -> bytes:
        try:
            shown = copy.deepcopy(json.loads(body))
        except ValueError:
            return body[: self.random.randrange(len(body) + 1)]
        for _ in range(self.random.choice([1, 1, 1, 3])):
            places = list(_places(shown))[:400] if isinstance(shown, dict | list) else []
            if not places:
                return json.dumps(self.random.choice(VALUES)).encode()
            holder, key = self.random.choice(places)
            if self.random.random() < 0.1 and isinstance(holder, dict):
                holder.pop(key, None)
            else:
                holder[key] = copy.deepcopy(self.random.choice(VALUES))
        return json.dumps(shown).encode()


def _places(shown: Any) -> Iterator[tuple[Any, Any]]:
    """Yield where values are in some JSON, the outermost first."""
    todo = [shown]
    while todo:
        holder = todo.pop(0)
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            yield holder, key
            if isinstance(holder[key], dict | list) and len(todo) < 200:
                todo.append(holder[key])


def try_all(fake: Callable[..., FakeServer], number: int, seed: int) -> None:
    server = fake()
    hostile = Hostile(server)
    repo = server.connect(max_answer=LIMIT, retries=IMPATIENT)
    repo.schema  # noqa: B018 - a hostile schema is tried by itself
    repo.upload(DOCS, {"hostile.txt": b"the real thing"})
    hostile.on = True
    reads = {**READS, "connect": lambda repo: server.connect(max_answer=LIMIT, retries=IMPATIENT).schema}
    for example in range(number):
        hostile.random.seed(f"{seed}-{example}")
        name = hostile.random.choice(list(reads))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                reads[name](repo)
            except sn.SensenetError:
                pass
            except Exception as error:
                raise AssertionError(
                    f"seed {seed}-{example}, {name}: {type(error).__name__}: {error}"
                ) from error


def test_hostile_answers_end_in_errors_of_ours(fake: Callable[..., FakeServer]) -> None:
    try_all(fake, 300, seed=1)


@pytest.mark.long
def test_ten_thousand_hostile_answers(fake: Callable[..., FakeServer]) -> None:
    try_all(fake, 10_000, seeds(1, 2)[0])


def bomb(size: int, wrapped: int = 1) -> bytes:
    """Return some bytes that stand for very many blanks."""
    body = b" " * size
    for _ in range(wrapped):
        body = zlib.compress(body, 9)
    return body


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LARGE: dict[str, list[bytes]] = {
    "plain": [HEAD + b"Content-Length: 40000000\r\n\r\n", *[b"x" * 1_000_000] * 40],
    "without an end": [
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        *[b"100000\r\n" + b"x" * 0x100000 + b"\r\n"] * 60,
    ],
    "compressed": [HEAD + b"Content-Encoding: deflate\r\nConnection: close\r\n\r\n" + bomb(100_000_000)],
    "compressed twice": [
        HEAD + b"Content-Encoding: deflate, deflate\r\nConnection: close\r\n\r\n" + bomb(100_000_000, 2)
    ],
    "an error": [b"HTTP/1.1 500 No\r\nContent-Length: 40000000\r\n\r\n", *[b"x" * 1_000_000] * 40],
}
#: Bytes, and the seconds between them.
DRIPS: dict[str, list[bytes]] = {
    "head": [b"HTTP/1.1 200 OK\r\n", *[b"X-%d: y\r\n" % n for n in range(200)]],
    "status line": [bytes([byte]) for byte in b"HTTP/1.1 200 " + b"O" * 200],
    "body": [HEAD + b"Content-Length: 1000\r\n\r\n", *[b" "] * 200],
    "chunks": [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * 200],
    "informational answers": [b"HTTP/1.1 102 Processing\r\n\r\n"] * 200,
}


@pytest.mark.parametrize("answer", LARGE)
def test_memory_holds_no_more_than_an_answer_may_have(answer: str) -> None:
    server = Sockets(LARGE[answer])
    retries = sn.Retries(attempts=1, deadline=120.0)
    with contextlib.closing(Client(server.url, retries=retries, max_answer=4_000_000)) as client:
        tracemalloc.start()
        try:
            with pytest.raises(sn.SensenetError, match="more than 4,000,000 bytes"):
                client.get("/odata.svc/Root")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 * 4_000_000


REQUESTS: dict[str, Callable[[Client], object]] = {
    "read": lambda client: client.get("/odata.svc/x"),
    "write": lambda client: client.send("POST", "/odata.svc/x", body={}),
    "download": lambda client: client.stream("/x", lambda answer, pieces: b"".join(pieces)),
}


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("answer", DRIPS)
def test_the_deadline_holds_for_answers_that_drip(answer: str, request_: str) -> None:
    """Without it, the answer would go on for 20 s and then break off, which is another error."""
    server = Sockets(DRIPS[answer], wait=0.1)
    retries = sn.Retries(attempts=1, deadline=0.6)
    client = Client(server.url, retries=retries, timeout=10)
    with contextlib.closing(client), pytest.raises(sn.ConnectionFailed, match="did not answer in time"):
        REQUESTS[request_](client)
