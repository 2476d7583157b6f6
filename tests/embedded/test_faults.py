"""Faults: which requests they hit, and what the client of a socket sees."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

import sn_pandas as sn
from sn_pandas.embedded.faults import Faults

from ..wsgi import request


class Counter:
    """An application that counts what it was asked."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self, environ, start_response):
        self.done += 1
        body = json.dumps({"done": self.done, "padding": "x" * 200}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def port(counter: Counter, faults: Faults) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, faults.around(counter), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def ask(port: int, method: str = "GET", target: str = "/odata.svc/Root/Content") -> tuple[int, dict, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_no_rule_no_fault(port, counter, faults):
    assert ask(port)[0] == 200
    assert faults.log == []


def test_only_the_requests_of_the_rule_fail(port, counter, faults):
    faults.on("PATCH", match=r"Tasks\('x y'\)", nth=2).unavailable(503, retry_after=2)
    target = "/odata.svc/Root/Content/Tasks('x%20y')"
    assert [ask(port, "PATCH", target)[0] for _ in range(3)] == [200, 503, 200]
    assert ask(port, "GET", target)[0] == 200
    assert ask(port, "PATCH", "/odata.svc/Root/Other")[0] == 200
    assert faults.log == [("PATCH", "/odata.svc/Root/Content/Tasks('x y')")]


def test_a_rate_hits_that_share_and_is_the_same_again(counter):
    def hits() -> list[int]:
        faults = Faults(seed=3)
        faults.on(rate=0.3).unavailable()
        app = faults.around(counter)
        return [n for n in range(1000) if request(app, "GET", "/x")[0] == 503]

    first = hits()
    assert 240 < len(first) < 360
    assert hits() == first


def test_times_bounds_a_rule(port, counter, faults):
    faults.on(times=2).page(502)
    assert [ask(port)[0] for _ in range(4)] == [502, 502, 200, 200]


@pytest.mark.parametrize("status", [429, 503])
def test_unavailable_says_when_to_come_back(port, counter, faults, status):
    faults.on().unavailable(status, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    got, headers, body = ask(port)
    assert (got, headers["Retry-After"], body) == (status, "Wed, 21 Oct 2026 07:28:00 GMT", b"")
    assert counter.done == 0


def test_a_page_is_html(port, counter, faults):
    faults.on().page(502)
    _, headers, body = ask(port)
    assert headers["Content-Type"] == "text/html"
    assert b"<h1>502" in body


def test_out_of_date_is_the_answer_of_the_server(port, counter, faults):
    faults.on("PATCH").out_of_date()
    status, _, body = ask(port, "PATCH")
    assert status == 400
    assert json.loads(body)["error"]["exceptiontype"] == "NodeIsOutOfDateException"


@pytest.mark.parametrize(("after", "done"), [(False, 0), (True, 1)])
def test_reset_before_and_after_it_was_done(port, counter, faults, after, done):
    faults.on().reset(after=after)
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        ask(port)
    assert counter.done == done


def test_cut_breaks_the_answer(port, counter, faults):
    faults.on().cut(10)
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        ask(port)
    assert counter.done == 1


def test_garble_ends_the_answer_early_but_well(port, counter, faults):
    faults.on().garble(10)
    assert ask(port)[2] == b'{"done": 1'


def test_stale_answers_the_first_answer_again(port, counter, faults):
    faults.on("GET").stale()
    assert json.loads(ask(port)[2])["done"] == 1
    ask(port, "PATCH")
    assert json.loads(ask(port)[2])["done"] == 1
    faults.clear()
    assert json.loads(ask(port)[2])["done"] > 2


def test_in_process_a_broken_connection_is_an_exception(counter, faults):
    faults.on().reset()
    with pytest.raises(ConnectionResetError):
        faults.around(counter)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *a: None)


@pytest.mark.parametrize("name", ["Ünnep", "Kőszeg", "Пример", "日本", "naïve 🎉"])
def test_faults_know_names_in_all_languages(name: str) -> None:
    faults = Faults()
    with sn.connect("embedded://", faults=faults) as repo:
        assert repo.create("/Root/Content", "Folder", name)["Name"] == name
        faults.on("GET", match=name).status(400)
        with pytest.raises(sn.BadRequestError):
            repo.get(f"/Root/Content/{name}")
