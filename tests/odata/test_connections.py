"""Connections are lent, taken back, and closed."""

from __future__ import annotations

import httpx
import pytest

from sn_pandas.odata import connections


class Recorded(httpx.BaseTransport):
    """A connection that answers nothing, and knows whether it is open."""

    made: list[Recorded]

    def __init__(self, **options: object) -> None:
        self.open = True
        self.made.append(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    def close(self) -> None:
        self.open = False


def test_a_connection_is_used_again_and_closed_when_it_comes_back_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Recorded.made = []
    monkeypatch.setattr(connections.httpx, "HTTPTransport", Recorded)
    lender = connections.Connections()
    request = httpx.Request("GET", "https://repo.example/")
    lender.handle_request(request).close()
    late = lender.handle_request(request)
    lender.handle_request(request).close()
    assert [one.open for one in Recorded.made] == [True, True]
    lender.close()
    assert [one.open for one in Recorded.made] == [True, False]
    late.close()
    assert [one.open for one in Recorded.made] == [False, False]
