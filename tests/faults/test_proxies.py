"""Who says no on the way is named, with their words, and is not asked again where that cannot help."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.odata.answers import words_of
from sn_pandas.odata.client import Client
from sn_pandas.odata.messages import Response

from ..fakes import Proxy
from .calls import QUICK, client_of

NOWHERE = "repo.example.invalid"


@pytest.fixture
def proxy(request: pytest.FixtureRequest) -> Iterator[Proxy]:
    proxy = Proxy(f"HTTP/1.1 {request.param}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    yield proxy
    proxy.close()


@pytest.fixture(autouse=True)
def _no_proxies_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("proxy", "tries", "words"),
    [
        (
            "407 Proxy Authentication Required",
            1,
            "407.*user name and a password.*https_proxy=http://user:pass",
        ),
        ("403 Forbidden", 1, "403 Forbidden"),
        ("502 Bad Gateway", QUICK.attempts, "502 Bad Gateway"),
    ],
    indirect=["proxy"],
)
def test_a_proxy_that_lets_nobody_through_is_named(
    proxy: Proxy, tries: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://me:s3cret@{proxy.address}")
    client = Client(f"https://{NOWHERE}", retries=QUICK)
    with pytest.raises(
        sn.ConnectionFailed, match=f"proxy http://{proxy.address} does not forward requests.*{words}"
    ) as error:
        client.get("/odata.svc/x")
    client.close()
    assert len(proxy.asked) == tries
    assert all(request.startswith(f"CONNECT {NOWHERE}:443".encode()) for request in proxy.asked)
    assert b"Proxy-Authorization: Basic" in proxy.asked[0]
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("proxy", ["407 Proxy Authentication Required"], indirect=True)
def test_a_proxy_that_wants_a_password_is_named_without_tls(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy.address)
    client = Client(f"http://{NOWHERE}", retries=QUICK)
    with pytest.raises(sn.ConnectionFailed, match="proxy asks for a user name and a password"):
        client.get("/odata.svc/x")
    client.close()
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_not_the_server(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv(f"{scheme}_proxy", f"http://{address}")
    client = Client(f"{scheme}://{NOWHERE}", retries=QUICK)
    with pytest.raises(sn.ConnectionFailed, match=f"cannot connect to the proxy http://{address}"):
        client.get("/odata.svc/x")
    client.close()


@pytest.mark.parametrize("address", ["nonsense://x", "http://", "http://[::1"])
def test_an_address_of_a_proxy_that_is_none_is_said(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", address)
    with pytest.raises(sn.ConnectionFailed, match="proxy"):
        Client(f"https://{NOWHERE}", retries=QUICK).get("/odata.svc/x")


def test_answers_come_by_way_of_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"d": {"Name": "x"}}'
    proxy = Proxy(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
    monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
    client = Client(f"http://{NOWHERE}", retries=QUICK)
    assert client.get("/odata.svc/x") == {"d": {"Name": "x"}}
    client.close()
    proxy.close()
    assert proxy.asked[0].startswith(f"GET http://{NOWHERE}/odata.svc/x HTTP/1.1".encode())


def test_a_certificate_that_is_not_accepted_is_said_once() -> None:
    said = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch (_ssl.c:1006)"
    client, seen = client_of(httpx.ConnectError(said))
    with pytest.raises(sn.ConnectionFailed, match=r"accepted: Hostname mismatch\. .*cafile=.*SSL_CERT_FILE"):
        client.get("/odata.svc/x")
    assert len(seen) == 1


@pytest.mark.parametrize("status", [403, 404, 405, 406, 413, 418, 451])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_firewall_is_quoted_and_not_asked_again(status: int, method: str) -> None:
    page = "<style>p {x: y}</style><h1>Blocked</h1><script>run()</script>Reference&nbsp;<b>7719</b>\x1b[31m"
    client, seen = client_of(httpx.Response(status, html=page))
    with pytest.raises(sn.InterceptedError, match=f"{status}.*'Blocked Reference 7719") as error:
        client.send(method, "/odata.svc/x", kind="read" if method == "GET" else "write")
    assert error.value.status == status
    assert not isinstance(error.value, sn.NotFoundError | sn.ForbiddenError)
    assert "\x1b" not in str(error.value)
    assert len(seen) == 1


def test_the_words_of_a_long_page_are_cut() -> None:
    assert len(words_of(Response(200, content=b"<p>" + b"many words " * 100_000))) < 400
    assert words_of(Response(200, content=b"<" * 100_000)) == ""
    assert words_of(Response(200, content=b"<!--" * 50_000 + b"<script" * 50_000)) == ""


def test_a_cached_answer_is_asked_for_past_the_cache_and_then_refused() -> None:
    old = httpx.Response(200, json={"d": {"Name": "old"}}, headers={"Age": "60"})
    new = httpx.Response(200, json={"d": {"Name": "new"}}, headers={"Age": "0"})
    client, seen = client_of(old, new)
    assert client.get("/odata.svc/x?$select=Name", fresh=True) == {"d": {"Name": "new"}}
    assert seen[0].headers["cache-control"] == seen[0].headers["pragma"] == "no-cache"
    assert seen[1].target.startswith(f"{seen[0].target}&nocache=")
    client, seen = client_of(old)
    assert client.get("/odata.svc/x") == {"d": {"Name": "old"}}
    with pytest.raises(sn.AnswerError, match="a cache answered with a copy that is 60 s old"):
        client.get("/odata.svc/x", fresh=True)


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +9999", "soon"])
def test_a_date_that_cannot_be_is_no_time(date: str) -> None:
    client, _ = client_of(httpx.Response(200, json={"d": {}}, headers={"Date": date}))
    client.get("/odata.svc/x")
    assert 2000 < client.now.year < 2200
