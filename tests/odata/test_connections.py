"""Connections are lent, taken back, and closed; small requests leave whole."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.odata import http_transport, messages
from sn_pandas.odata.client import Client, Retries

from ..fakes import FakeServer

ORIGIN = "https://repo.example"
REQUEST = messages.Request("PATCH", "/x", {"apikey": "k"}, b'{"Index":1}')


class Recorded:
    """A connection that answers nothing, and knows whether it is open."""

    made: list[Recorded]

    def __init__(self, *place: object, **options: object) -> None:
        self.open = True
        self.expired = False
        self.options = options
        self.made.append(self)

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        return httpcore.Response(200, content=b"")

    def has_expired(self) -> bool:
        return self.expired

    def is_closed(self) -> bool:
        return not self.open

    def close(self) -> None:
        self.open = False


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    Recorded.made = []
    monkeypatch.setattr(http_transport.httpcore, "HTTPConnection", Recorded)
    return Recorded.made


def test_a_connection_is_used_again_and_closed_when_it_comes_back_late(made: list[Recorded]) -> None:
    lender = http_transport.Connections(ORIGIN)
    lender.send(REQUEST).close()
    late = lender.send(REQUEST)
    lender.send(REQUEST).close()
    assert [one.open for one in made] == [True, True]
    lender.close()
    assert [one.open for one in made] == [True, False]
    late.close()
    assert [one.open for one in made] == [False, False]


def test_a_connection_that_the_server_closed_is_not_used_again(made: list[Recorded]) -> None:
    lender = http_transport.Connections(ORIGIN)
    lender.send(REQUEST).close()
    made[0].expired = True
    lender.send(REQUEST).close()
    assert [one.open for one in made] == [False, True]
    answer = lender.send(REQUEST)
    made[1].open = False
    answer.close()
    lender.send(REQUEST).close()
    assert len(made) == 3


def test_connections_that_were_idle_for_long_are_not_used_and_not_kept(made: list[Recorded]) -> None:
    lender = http_transport.Connections(ORIGIN)
    answers = [lender.send(REQUEST) for _ in range(3)]
    for answer in answers[:2]:
        answer.close()
    made[0].expired = True
    answers[2].close()
    assert [one.open for one in made] == [False, True, True]
    assert made[0].options["keepalive_expiry"] <= 10


def test_head_and_body_of_a_small_request_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    class Server(httpcore.MockStream):
        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            written.append(buffer)

    server = Server([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"] * 2)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *place, **options: server)
    lender = http_transport.Connections("http://repo.example")
    answer = lender.send(REQUEST)
    assert b"".join(answer) == b"ok"
    answer.close()
    assert len(written) == 1
    assert written[0].startswith(b"PATCH /x HTTP/1.1\r\n")
    assert written[0].endswith(b'\r\n\r\n{"Index":1}')
    lender.send(messages.Request("PUT", "/x", content=b"x" * 50_000)).close()
    assert b"".join(written[1:]).endswith(b"x" * 50_000)


def errors_of(library: Any, *, leaving_out: frozenset[str]) -> list[type[Exception]]:
    """Return the errors of a library that can end a request."""
    named = {name: getattr(library, name) for name in dir(library) if name not in leaving_out}
    return [one for one in named.values() if isinstance(one, type) and issubclass(one, Exception)]


#: What is no trouble of a connection, but of how its library is used.
MISUSES = frozenset(
    "CookieConflict HTTPError HTTPStatusError RequestError RequestNotRead ResponseNotRead StreamClosed "
    "StreamConsumed StreamError TooManyRedirects".split()
)
CAUGHT = errors_of(httpcore, leaving_out=MISUSES) + errors_of(httpx, leaving_out=MISUSES)


@pytest.mark.parametrize("error", CAUGHT, ids=lambda error: f"{error.__module__}.{error.__name__}")
def test_every_error_of_the_libraries_becomes_one_of_ours(error: type[Exception]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise error("too long")

    kinds = {
        "ConnectTimeout": messages.ConnectTimeoutError,
        "PoolTimeout": messages.ConnectTimeoutError,
        "ReadTimeout": messages.AnswerTimeoutError,
        "WriteTimeout": messages.AnswerTimeoutError,
        "TimeoutException": messages.AnswerTimeoutError,
        "ConnectError": messages.ConnectError,
        "ProxyError": messages.ProxyRefusalError,
        "DecodingError": messages.DecodingError,
        "InvalidURL": messages.AddressError,
    }
    with pytest.raises(messages.TransportError, match="too long") as found:
        http_transport.OfHttpx(ORIGIN, FakeServer(refuse)).send(REQUEST)
    assert type(found.value) is kinds.get(error.__name__, messages.TransportError)
    assert found.value.name == error.__name__


def test_errors_of_a_connection_become_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*place: object, **options: object) -> httpcore.NetworkStream:
        raise httpcore.ConnectTimeout("too long")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", refuse)
    with pytest.raises(messages.ConnectTimeoutError, match="too long"):
        http_transport.Connections(ORIGIN).send(REQUEST)


@pytest.mark.parametrize("is_proxied", [False, True])
def test_120_threads_ask_at_once(is_proxied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = 120
    together = threading.Barrier(threads)

    def answer(request: httpx.Request) -> httpx.Response:
        together.wait(30)  # nobody is answered before all have asked
        return httpx.Response(200, json={"d": {"Name": request.url.path}})

    for name in ("http_proxy", "all_proxy", "no_proxy", "NO_PROXY", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with FakeServer(answer).listening() as address:
        if is_proxied:
            monkeypatch.setenv("http_proxy", address)
        origin = "http://repo.example" if is_proxied else address
        client = Client(origin, timeout=30, retries=Retries(attempts=1))
        with ThreadPoolExecutor(threads) as pool:
            answers = list(pool.map(client.get, [f"/{n}" for n in range(threads)]))
        client.close()
    assert [one["d"]["Name"] for one in answers] == [f"/{n}" for n in range(threads)]


class Plain:
    """A transport of nobody's library: a connection of the standard library for each request."""

    def __init__(self, address: str) -> None:
        self.asked: list[str] = []
        self.is_open = True
        self._place = address.removeprefix("http://")

    def send(self, request: messages.Request) -> messages.Answer:
        self.asked.append(f"{request.origin}{request.target}")
        connection = http.client.HTTPConnection(self._place, timeout=request.timeout["read"])
        try:
            connection.request(request.method, request.target, request.content, dict(request.headers))
            return PlainAnswer(connection)
        except OSError as error:
            raise messages.TransportError(str(error)) from error

    def close(self) -> None:
        self.is_open = False


class PlainAnswer:
    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._answer = connection.getresponse()
        self.status = self._answer.status
        self.headers = [(n.encode(), v.encode()) for n, v in self._answer.getheaders()]
        self.encoding = self._answer.getheader("Content-Encoding", "")

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._answer.read(1000):
            yield piece

    def close(self) -> None:
        self._connection.close()


def test_a_transport_of_the_users_own_carries_everything() -> None:
    server = FakeServer()
    with server.listening() as address:
        transport = Plain(address)
        with sn.connect("http://repo.example:8080", api_key=server.key_of(), transport=transport) as repo:
            frame = repo.read("/Root/Content", filter=sn.F("Name") != "a b", select="Name")
            assert "Sales" in set(frame["Name"])
            repo.patch("/Root/Content", {"Description": "ü"})
            assert repo.value("/Root/Content", "Description") == "ü"
    server.end()
    assert not transport.is_open
    assert all(one.startswith("http://repo.example:8080/odata.svc/") for one in transport.asked)
    assert not any(" " in one for one in transport.asked)


def carried(carrier: messages.Transport, request: messages.Request, seen: list[Any]) -> Any:
    """Return what leaves of a request; None if it cannot be sent."""
    with contextlib.suppress(messages.AddressError):
        carrier.send(request).close()
        return seen.pop()
    return None


@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    target=st.text(st.characters(exclude_characters="#", codec="utf-8"), max_size=20)
    | st.text("ab/.%2f0 '\"()?&$=[]{}|\\^`~:;,@!*+-_<>\n\x7f", max_size=20),
    value=st.text("aé ~", max_size=5),
    content=st.none() | st.binary(max_size=5),
    origin=st.sampled_from(
        ["https://repo.example", "http://bücher.example:8080/sub site", "https://[::1]:1"]
    ),
)
def test_what_leaves_is_what_httpx_would_send(
    method: str, target: str, value: str, content: bytes | None, origin: str
) -> None:
    seen: list[Any] = []

    class Connection:
        def __init__(self, *place: object, **options: object) -> None:
            pass

        def handle_request(self, request: httpcore.Request) -> httpcore.Response:
            body = request.stream
            assert isinstance(body, Iterable)
            seen.append((request.method, bytes(request.url), sorted(request.headers), b"".join(body)))
            return httpcore.Response(200, content=b"")

        def is_closed(self) -> bool:
            return True

    def httpx_sends(request: httpx.Request) -> httpx.Response:
        url = request.url
        there = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        seen.append((request.method.encode(), bytes(there), sorted(request.headers.raw), request.content))
        return httpx.Response(200)

    request = messages.Request(method, f"/{target}", {"X-Name": value}, content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http_transport.httpcore, "HTTPConnection", Connection)
        ours = carried(http_transport.Connections(origin), request, seen)
    theirs = carried(http_transport.OfHttpx(origin, FakeServer(httpx_sends)), request, seen)
    assert ours == theirs
