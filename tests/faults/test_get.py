"""What goes wrong with a GET, and what comes of it: one line a fault."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.odata.client import Client

from ..fakes import Sockets
from .calls import QUICK, Answer, client_of

GOOD = httpx.Response(200, json={"d": {"Name": "x"}})
PAGE = "<html><body>502 Bad Gateway</body></html>"


def error(
    status: int, code: str = "NotSpecified", kind: str = "Exception", words: str = "Because."
) -> httpx.Response:
    body = {
        "error": {
            "code": code,
            "exceptiontype": kind,
            "message": {"lang": "en-us", "value": words},
            "innererror": None,
        }
    }
    return httpx.Response(status, json=body)


def after(header: str, status: int = 503) -> httpx.Response:
    return httpx.Response(status, headers={"Retry-After": header})


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("late"),
        httpx.ReadError("reset before the body"),
        httpx.RemoteProtocolError("reset in the body"),
        httpx.ReadTimeout("slow"),
        after("0"),
        after("0", 429),
        after(email.utils.formatdate(time.time() - 5, usegmt=True)),
        httpx.Response(503),
        httpx.Response(502, text=PAGE, headers={"Content-Type": "text/html"}),
        httpx.Response(504, text=PAGE),
        httpx.Response(500, text=PAGE),
        httpx.Response(200, text='{"d": {"Name": "x'),
    ],
    ids=str,
)
def test_a_passing_fault_is_not_seen(fault: Answer) -> None:
    client, seen = client_of(fault, fault, GOOD)
    assert client.get("/odata.svc/x") == {"d": {"Name": "x"}}
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("fault", "kind", "builtin", "words"),
    [
        (
            httpx.ConnectError("refused"),
            sn.ConnectionFailed,
            ConnectionError,
            "cannot connect to https://repo.example",
        ),
        (httpx.ReadError("reset"), sn.ConnectionFailed, ConnectionError, "broke"),
        (httpx.ReadTimeout("slow"), sn.ConnectionFailed, ConnectionError, "did not answer in time"),
        (httpx.Response(503), sn.UnavailableError, Exception, "not available now"),
        (httpx.Response(502, text=PAGE), sn.UnavailableError, Exception, "not available now"),
        (httpx.Response(500, text=PAGE), sn.UnavailableError, Exception, "not a sensenet error"),
        (httpx.Response(200, text='{"d": {"Na'), sn.AnswerError, Exception, "cut or damaged"),
    ],
    ids=str,
)
def test_a_lasting_fault_is_said_after_all_tries(
    fault: Answer, kind: type[Exception], builtin: type[Exception], words: str
) -> None:
    client, seen = client_of(fault)
    with pytest.raises(kind, match=words) as caught:
        client.get("/odata.svc/x?apikey=s3cret&$select=Name")
    assert isinstance(caught.value, builtin)
    assert len(seen) == QUICK.attempts
    assert "s3cret" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind", "builtin", "words"),
    [
        (error(500, words="Stack empty."), sn.ServerError, Exception, "Stack empty."),
        (error(500, "NotEnoughPermissions"), sn.ForbiddenError, PermissionError, "Because."),
        (error(400, "RequestError", "ODataParserException"), sn.BadRequestError, ValueError, "Because."),
        (
            error(403, "Forbidden", "SenseNetSecurityException", "Access denied."),
            sn.ForbiddenError,
            PermissionError,
            "denied",
        ),
        (httpx.Response(401), sn.AuthenticationError, PermissionError, "credentials"),
        (httpx.Response(403), sn.ForbiddenError, PermissionError, "403"),
        (httpx.Response(404), sn.NotFoundError, KeyError, "no such content"),
        (httpx.Response(414), sn.BadRequestError, ValueError, "414"),
        (
            httpx.Response(200, text=PAGE, headers={"Content-Type": "text/html"}),
            sn.AnswerError,
            Exception,
            "not from a sensenet",
        ),
        (
            httpx.Response(302, headers={"Location": "https://evil.example/x?key=1"}),
            sn.AnswerError,
            Exception,
            "evil.example/x; ",
        ),
        (httpx.Response(302, headers={"Location": "/login"}), sn.AnswerError, Exception, "/login"),
    ],
    ids=str,
)
def test_a_refusal_is_said_at_once(
    fault: Answer, kind: type[Exception], builtin: type[Exception], words: str
) -> None:
    client, seen = client_of(fault)
    with pytest.raises(kind, match=words) as caught:
        client.get("/odata.svc/x")
    assert isinstance(caught.value, builtin)
    doubtful = isinstance(caught.value, (sn.ForbiddenError, sn.NotFoundError))
    assert len(seen) == (3 if doubtful else 1), "who we are, and once more, if it may be the Visitor's"
    assert all(request.host == "repo.example" for request in seen)


@pytest.mark.parametrize("header", ["1", "3600"])
def test_the_server_is_given_the_time_it_asks_for_but_not_more_than_we_have(header: str) -> None:
    client, seen = client_of(after(header), GOOD)
    began = time.monotonic()
    client.get("/odata.svc/x")
    assert 0.25 <= time.monotonic() - began < 60
    date = email.utils.formatdate(time.time() + int(header), usegmt=True)
    client, seen = client_of(after(date), GOOD)
    client.get("/odata.svc/x")
    assert len(seen) == 2


def test_waits_are_random_up_to_twice_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[tuple[float, float]] = []
    monkeypatch.setattr("random.uniform", lambda low, high: waits.append((low, high)) or 0.0)  # type: ignore[func-returns-value]
    client, _ = client_of(
        httpx.Response(503), retries=sn.Retries(attempts=5, first_wait=0.1, longest_wait=0.3)
    )
    with pytest.raises(sn.UnavailableError):
        client.get("/odata.svc/x")
    assert waits == [(0, 0.1), (0, 0.2), (0, 0.3), (0, 0.3)]


def test_all_requests_share_a_budget() -> None:
    client, seen = client_of(httpx.Response(503), retries=sn.Retries(attempts=4, first_wait=0, budget=5))
    for _ in range(4):
        with pytest.raises(sn.UnavailableError):
            client.get("/odata.svc/x")
    assert len(seen) == 4 + 5


def test_no_try_begins_after_the_deadline() -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        if len(seen) == 2:
            time.sleep(1.5)
        return httpx.Response(503)

    client, seen = client_of(slow, retries=sn.Retries(attempts=99, deadline=1.5, first_wait=0.01))
    with pytest.raises((sn.UnavailableError, sn.ConnectionFailed)):  # the last try may be cut by the deadline
        client.get("/odata.svc/x")
    assert len(seen) <= 2


@pytest.mark.parametrize(
    ("fault", "tries"),
    [(httpx.ConnectError("refused"), 4), (after("0"), 4), (httpx.ReadError("reset"), 1),
     (httpx.Response(502), 1), (httpx.Response(504), 1), (httpx.Response(200, text='{"d'), 1)],
    ids=str,
)  # fmt: skip
def test_a_write_is_sent_again_only_if_the_server_cannot_have_done_it(fault: Answer, tries: int) -> None:
    client, seen = client_of(fault)
    with pytest.raises(sn.SensenetError):
        client.send("PATCH", "/odata.svc/x", body={"Name": "y"})
    assert len(seen) == tries


@pytest.mark.parametrize(
    "target", ["https://evil.example/x", "//evil.example/x", "odata.svc", "@evil.example/"]
)
def test_credentials_go_nowhere_else(target: str) -> None:
    client, seen = client_of(GOOD)
    with pytest.raises(sn.QueryError):
        client.get(target)
    assert not seen


BODY = b'{"d": {"Name": "x"}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"


@pytest.fixture
def serve() -> Iterator[Callable[..., Client]]:
    servers: list[Sockets] = []
    clients: list[Client] = []

    def start(
        *answers: list[bytes], wait: float = 0.0, retries: sn.Retries = QUICK, timeout: float = 60.0
    ) -> Client:
        servers.append(Sockets(*answers, wait=wait))
        clients.append(Client(servers[-1].url, retries=retries, timeout=timeout))
        return clients[-1]

    yield start
    for client in clients:
        client.close()
    for server in servers:
        server.close()


def test_a_connection_that_is_cut_on_a_real_socket(serve: Callable[..., Client]) -> None:
    good = [HEAD % len(BODY), BODY]
    client = serve([b""], [HEAD % len(BODY)], [HEAD % len(BODY), BODY[:7]], good)
    assert client.get("/x") == {"d": {"Name": "x"}}
    assert client.requests == 4


def test_a_body_that_drips_ends_at_the_deadline(serve: Callable[..., Client]) -> None:
    """Without it, the answer would go on for 10 s and then break off, which is another error."""
    client = serve(
        [HEAD % 1000, *[b" "] * 100], wait=0.1, retries=sn.Retries(attempts=3, deadline=0.8, first_wait=0.01)
    )
    with pytest.raises(sn.ConnectionFailed, match="in time"):
        client.get("/x")
