"""The fake server does what its rules say."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

import sn_pandas as sn

from . import FakeServer

TASKS = "/Root/Content/IT/Tasks"
TARGET = "https://repo.example/odata.svc/Root/Content/IT/Tasks?$select=Name&$top=2&metadata=no"
Fake = Callable[..., FakeServer]


def ask(server: FakeServer, target: str = TARGET, **headers: str) -> httpx.Response:
    with httpx.Client(transport=server) as client:
        return client.get(target, headers={"apikey": server.key_of(), **headers})


def test_requests_are_answered_logged_and_counted(fake: Fake) -> None:
    server = fake()
    with server.connect() as repo:
        assert repo.user == "/Root/IMS/Public/olga.okafor"
        assert repo.count(TASKS) > 0
    assert server.count("GET", r"Tasks.*count") == 1
    assert server.entries(match="Tasks")[0].status == 200
    assert "apikey" in server.log[0].headers


@pytest.mark.parametrize(
    ("rule", "status", "words"),
    [
        (lambda rule: rule.status(418, "tea"), 418, "tea"),
        (lambda rule: rule.html(), 200, "sign in"),
        (lambda rule: rule.empty(), 200, ""),
        (lambda rule: rule.json({"d": 1}), 200, '"d"'),
        (lambda rule: rule.redirect("https://x.example"), 302, ""),
        (lambda rule: rule.unavailable(retry_after=3), 503, ""),
        (lambda rule: rule.visitor(), 404, ""),
        (lambda rule: rule.headers(Age="60"), 200, "Name"),
        (lambda rule: rule.drip(200, 0), 200, "Name"),
    ],
)
def test_rules_apply_to_chosen_requests(fake: Fake, rule: Callable, status: int, words: str) -> None:
    server = fake()
    rule(server.on("GET", "Tasks", nth=2))
    first, second, third = (ask(server) for _ in range(3))
    assert first.content == third.content
    assert (first.status_code, second.status_code) == (200, status)
    assert words in second.text


@pytest.mark.parametrize("rule", ["refused", "reset", "timeout", "cut"])
def test_broken_connections(fake: Fake, rule: str) -> None:
    server = fake()
    getattr(server.on("GET", "Tasks", times=1), rule)()
    with pytest.raises(httpx.TransportError):
        ask(server)
    assert ask(server).status_code == 200


def test_the_answer_is_lost_after_the_write(fake: Fake) -> None:
    server = fake()
    server.on("POST", times=1).reset(after=True)
    with server.connect() as repo:
        with pytest.raises(sn.ConnectionFailed):
            repo.client.send(
                "POST", "/odata.svc/Root/Content('IT')", body={"__ContentType": "Folder", "Name": "x"}
            )
        assert repo.get("/Root/Content/IT/x", select="Name")["Name"] == "x"


def test_ordinary_users_see_what_they_may(fake: Fake) -> None:
    server = fake()
    path = server.add_user("ann", {TASKS: ["Open"]})
    with server.connect(user="ann") as repo:
        assert repo.user == path
        assert len(repo.read(TASKS, select="Name")) > 0
        first = repo.read(TASKS, select="Path")["Path"].iloc[0]
        with pytest.raises(sn.SensenetError):
            repo.patch(first, {"Index": 5})


def test_tokens_of_the_authority_are_good_as_long_as_they_live(fake: Fake) -> None:
    server = fake()
    server.cookies = True
    with server.connect(client_id="client", client_secret="s3cret-s3cret") as repo:
        assert repo.user.endswith("/Admin")
    (token,) = server.authority.given
    answer = ask(server, apikey="", authorization=f"Bearer {token}")
    assert answer.headers["set-cookie"].startswith(".sn.auth=Bearer%20")
    del server.tokens[token]
    answer = ask(
        server, "https://repo.example/odata.svc/('Root')", apikey="", authorization=f"Bearer {token}"
    )
    assert answer.headers["set-cookie"].startswith(".sn.auth=;")


def test_a_real_socket(fake: Fake) -> None:
    server = fake()
    server.on("GET", "Tasks", nth=1).reset()
    with server.listening() as address, server.connect(url=address) as repo:
        assert len(repo.read(TASKS, select="Name")) > 3
    assert server.count("GET", "Tasks") >= 2
