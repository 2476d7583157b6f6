"""Connections are lent, taken back, and closed; small requests leave whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn_pandas.odata import http_transport

ORIGIN = "https://repo.example"
REQUEST = http_transport.Request("PATCH", "/x", {"apikey": "k"}, b'{"Index":1}')


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
    lender.send(http_transport.Request("PUT", "/x", content=b"x" * 50_000)).close()
    assert b"".join(written[1:]).endswith(b"x" * 50_000)


def test_errors_are_those_of_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*place: object, **options: object) -> httpcore.NetworkStream:
        raise httpcore.ConnectTimeout("too long")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", refuse)
    with pytest.raises(httpx.ConnectTimeout, match="too long"):
        http_transport.Connections(ORIGIN).send(REQUEST)


def carried(carrier: http_transport.Carrier, request: http_transport.Request, seen: list[Any]) -> Any:
    """Return what leaves of a request; None if it cannot be sent."""
    with contextlib.suppress(httpx.InvalidURL, UnicodeError):
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

    request = http_transport.Request(method, f"/{target}", {"X-Name": value}, content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http_transport.httpcore, "HTTPConnection", Connection)
        ours = carried(http_transport.Connections(origin), request, seen)
    theirs = carried(http_transport.OfHttpx(origin, httpx.MockTransport(httpx_sends)), request, seen)
    assert ours == theirs
