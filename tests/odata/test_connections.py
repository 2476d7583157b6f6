"""Connections are lent, taken back, and closed; small requests leave whole."""

from __future__ import annotations

import httpcore
import httpx
import pytest

from sn_pandas.odata import connections

REQUEST = httpx.Request("PATCH", "https://repo.example/x", content=b'{"Index":1}')


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
    monkeypatch.setattr(connections.httpcore, "HTTPConnection", Recorded)
    return Recorded.made


def test_a_connection_is_used_again_and_closed_when_it_comes_back_late(made: list[Recorded]) -> None:
    lender = connections.Connections()
    lender.handle_request(REQUEST).close()
    late = lender.handle_request(REQUEST)
    lender.handle_request(REQUEST).close()
    assert [one.open for one in made] == [True, True]
    lender.close()
    assert [one.open for one in made] == [True, False]
    late.close()
    assert [one.open for one in made] == [False, False]


def test_a_connection_that_the_server_closed_is_not_used_again(made: list[Recorded]) -> None:
    lender = connections.Connections()
    lender.handle_request(REQUEST).close()
    made[0].expired = True
    lender.handle_request(REQUEST).close()
    assert [one.open for one in made] == [False, True]
    answer = lender.handle_request(REQUEST)
    made[1].open = False
    answer.close()
    lender.handle_request(REQUEST).close()
    assert len(made) == 3


def test_connections_that_were_idle_for_long_are_not_used_and_not_kept(made: list[Recorded]) -> None:
    lender = connections.Connections()
    answers = [lender.handle_request(REQUEST) for _ in range(3)]
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
    lender = connections.Connections()
    request = httpx.Request("PATCH", "http://repo.example/x", content=b'{"Index":1}')
    answer = lender.handle_request(request)
    assert answer.read() == b"ok"
    answer.close()
    assert len(written) == 1
    assert written[0].startswith(b"PATCH /x HTTP/1.1\r\n")
    assert written[0].endswith(b'\r\n\r\n{"Index":1}')
    large = httpx.Request("PUT", "http://repo.example/x", content=b"x" * 50_000)
    lender.handle_request(large).close()
    assert b"".join(written[1:]).endswith(b"x" * 50_000)


def test_errors_are_those_of_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*place: object, **options: object) -> httpcore.NetworkStream:
        raise httpcore.ConnectTimeout("too long")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", refuse)
    with pytest.raises(httpx.ConnectTimeout, match="too long"):
        connections.Connections().handle_request(REQUEST)
