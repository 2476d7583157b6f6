"""The server on its socket: where a request ends, who may call from a browser, what is read of strangers."""

from __future__ import annotations

import itertools
import json
import logging
import socket
import threading
from collections.abc import Iterator
from typing import NoReturn

import httpx
import pytest

from sn_pandas.embedded import Application, serve
from sn_pandas.embedded.http import wsgi_server
from sn_pandas.embedded.http.origins import Origins
from sn_pandas.embedded.wire import addresses

HEAD = b"PATCH /odata.svc/Root('Content')?metadata=no&$select=Id HTTP/1.1\r\nHost: x\r\n"
NEXT = b"GET /odata.svc/Root('Content')?metadata=no&$select=Id HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    found = Application(sample=False, origins=Origins(["http://localhost:3000"], hosts=["repo.example.com"]))
    yield found
    found.close()


@pytest.fixture(scope="module")
def port(application: Application) -> Iterator[int]:
    server = serve(application)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(60)
    server.server_close()
    assert not thread.is_alive()


def raw(port: int, data: bytes) -> bytes:
    """Send bytes, say that there are no more, and return everything that comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}",
        b"Content-Length: 2\r\ncontent-length : 2\r\n\r\n{}",
        b"Content-Length: 2, 2\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 0x2\r\n\r\n{}",
        b"Content-Length: \xb2\r\n\r\n{}",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        b"X: a\r\n Content-Length: 60\r\nContent-Length: 2\r\n\r\n{}",
        b"X: a\nContent-Length: 60\r\nContent-Length: 2\r\n\r\n{}",
        b"X: a\rContent-Length: 60\r\nContent-Length: 2\r\n\r\n{}",
        b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
        b" Content-Length: 2\r\n\r\n{}",
        b"Host: localhost\r\nContent-Length: 2\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2;" + b"a" * 3_000,
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 2_900,
    ],
)
def test_a_request_that_may_end_elsewhere_is_refused_and_nothing_behind_it_is_read(
    port: int, rest: bytes
) -> None:
    answer = raw(port, HEAD + rest + NEXT)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"PATCH {target} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
        (b"GET {target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET {target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501),
        (b"GET {target} HTTP/1.1\r\n folded: y\r\nHost: x\r\n\r\n", 400),
        (b"GET {target} HTTP/1.1\nHost: x\n\n\r\n\r\n", 400),
        (b"GET {target} HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5_000 + b"\r\n", 431),
        (b"GET {target} HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 200_000, 431),
        (b"GET http://x{target} HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET HTTP://X{target} HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET http://x{target} HTTP/1.1\r\n\r\n", 200),
        (b"GET {target} HTTP/1.1\r\n\r\n", 400),
        (b"GET http://evil.example{target} HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http://evil.example{target} HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n", 403),
        (b"GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 200),
        (b"GET {target} HTTP/1.0\r\n\r\n", 200),
    ],
)
def test_unusual_heads_have_one_meaning(port: int, head: bytes, status: int) -> None:
    target = b"/odata.svc/$metadata"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall(head.replace(b"{target}", target))
            answer = connection.recv(65536)
        except ConnectionError:  # refused before all of it was sent
            answer = b"HTTP/1.1 431 "
    assert int(answer.split()[1]) == status


@pytest.mark.parametrize("announced", [b"fffffffff", b"10", b"3"])
def test_chunks_that_are_cut_harm_nobody(port: int, announced: bytes) -> None:
    raw(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + announced + b"\r\n{}")
    assert httpx.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 200


def test_chunks_and_pipelines_work(port: int, application: Application) -> None:
    key = f"apikey: {application.api_key}\r\n".encode()
    chunked = b"Transfer-Encoding: chunked\r\n\r\nc\r\n" + b'{"Index": 6}' + b"\r\n0\r\n\r\n"
    answer = raw(port, HEAD + key + chunked + NEXT.replace(b"\r\n\r\n", b"\r\n" + key + b"\r\n"))
    assert answer.count(b"HTTP/1.1 200") == 2


def test_one_continue_for_one_request(port: int, application: Application) -> None:
    key = f"apikey: {application.api_key}\r\n".encode()
    answer = raw(port, HEAD + key + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")
    assert answer.count(b"100 Continue") == 1


def test_of_strangers_no_large_body_is_read(port: int, application: Application) -> None:
    body = b" " * 5_000_000
    target = f"http://127.0.0.1:{port}/odata.svc/Root('Content')"
    assert httpx.patch(target, content=body, timeout=60).status_code == 413
    assert httpx.patch(target, content=body[:1000], timeout=60).status_code == 404
    known = httpx.patch(
        target, content=body[:100_000] + b"{}", headers={"apikey": application.api_key}, timeout=60
    )
    assert known.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "http://{host}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "repo.example.com"}, 200),
        ({"Host": "localhost:99"}, 200),
        ({"Host": "LOCALHOST."}, 200),
        ({"Host": "Repo.Example.Com.:80"}, 200),
        ({"Host": "[::1]:80"}, 200),
        ({"Host": "[::1"}, 403),
        ({"Host": "EVIL.example."}, 403),
        ({"Host": "evil.example@127.0.0.1"}, 403),
        ({"Host": "127.0.0.1, evil.example"}, 403),
        ({"Host": "127.0.0.1:80:evil.example"}, 403),
        ({"Host": "evil.example#127.0.0.1"}, 403),
        ({"Host": "evil%2eexample"}, 403),
        ({"Host": "repo.example.com.evil.example"}, 403),
        ({"Origin": "HTTP://{host}/"}, 200),
        ({"Origin": "http://LOCALHOST:3000"}, 200),
        ({"Origin": "http://localhost:3000.evil.example"}, 403),
        ({"Origin": "http://localhost:3000, http://evil.example"}, 403),
        ({"Origin": "http://x@{host}"}, 403),
        ({"Origin": "http://evil.example#@{host}"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "moz-extension://{host}"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_pages_of_other_origins_do_not_write(
    port: int, application: Application, headers: dict[str, str], status: int
) -> None:
    here = f"127.0.0.1:{port}"
    sent = {name: value.replace("{host}", here) for name, value in headers.items()}
    answer = httpx.patch(
        f"http://{here}/odata.svc/Root('Content')?$select=Id",
        json={"Index": 3},
        headers={"apikey": application.api_key, **sent},
        timeout=60,
    )
    assert answer.status_code == status


def test_only_pages_that_are_allowed_read_the_answers(port: int) -> None:
    target = f"http://127.0.0.1:{port}/odata.svc/Root('Nope')"
    allowed = httpx.get(target, headers={"Origin": "http://localhost:3000"}, timeout=60)
    assert allowed.status_code == 404
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "PATCH"}
    preflight = httpx.options(target, headers=asked)
    assert preflight.status_code == 204
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    for origin in ("http://evil.example", "null"):
        other = httpx.get(
            target, headers={"Origin": origin, "Access-Control-Request-Method": "PATCH"}, timeout=60
        )
        assert not [name for name in other.headers if name.startswith("access-control")]


def test_clients_that_take_no_answers_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_server, "LOOKED_AFTER", 1)
    application = Application(sample=False, admin=True)
    server = serve(application)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    lines = httpx.post(
        f"{address}/odata.svc/Root/Content",
        json={"__ContentType": "DocumentLibrary", "Name": "L"},
        timeout=60,
    )
    assert lines.status_code == 200
    sent = httpx.post(
        f"{address}/odata.svc/Root/Content('L')/Upload",
        files={"f": ("large.bin", bytes(29_000_000))},
        data={"FileName": "large.bin", "ChunkToken": "0**True*True"},
        timeout=60,
    )
    assert sent.status_code == 200
    takers = []
    try:
        for _ in range(2 * wsgi_server.THREADS):
            taker = socket.socket()
            taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            taker.connect(("127.0.0.1", server.server_port))
            taker.sendall(b"GET /Root/Content/L/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
            takers.append(taker)
        for _ in range(5):
            assert httpx.get(f"{address}/odata.svc", timeout=60).status_code == 200
        whole = httpx.get(f"{address}/Root/Content/L/large.bin", timeout=60)
        assert len(whole.content) == 29_000_000
    finally:
        for taker in takers:
            taker.close()
        server.shutdown()
        thread.join(60)
        server.server_close()
        application.close()


def test_no_secret_is_logged_at_any_level(
    port: int, application: Application, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "S3cretS3cretS3cret"
    targets = [
        f"/odata.svc/Root?apikey={secret}&$select=Id",
        f"/odata.svc/Root?access_token={secret}",
        f"http://x/odata.svc/Root?apikey={secret}",
        f"/odata.svc/Root?$filter=Name eq '{secret}'",
        f"/odata.svc/Root%zz?apikey={secret}",
        f"/{secret}?apikey={secret}",
    ]
    headers = [f"apikey: {secret}", f"Authorization: Bearer {secret}", f"Cookie: .sn.auth=Bearer%20{secret}"]
    for method, version, target, header in itertools.product(
        ("GET", "POST", "FOO"), ("HTTP/1.1", "HTTP/1.0", "x"), targets, headers
    ):
        body = json.dumps({"password": secret})
        head = f"{method} {target} {version}\r\nHost: x\r\n{header}\r\nContent-Length: {len(body)}\r\n\r\n"
        raw(port, (head + body).encode())
    assert caplog.text == ""

    def fail(path: str) -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr(addresses, "parse", fail)
    head = f"GET {targets[0]} HTTP/1.1\r\nHost: x\r\n{headers[1]}\r\n\r\n"
    assert b" 500 " in raw(port, head.encode())
    assert "ZeroDivisionError" in caplog.text
    assert secret not in caplog.text
