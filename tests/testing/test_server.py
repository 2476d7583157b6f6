"""The embedded server that tests of users get: who connects, what fails, what is logged, what is put back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

import sn_pandas as sn
from sn_pandas.embedded import UnknownUserError
from sn_pandas.testing import EmbeddedServer, Faults, populate

TASKS = "/Root/Content/IT/Tasks"


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def server(shared: EmbeddedServer) -> EmbeddedServer:
    shared.reset()
    return shared


def test_anybody_connects(server: EmbeddedServer) -> None:
    assert server.connect().user == "/Root/IMS/Public/olga.okafor"
    assert server.connect("hugo.horvath").user.endswith("/hugo.horvath")
    assert server.connect("admin").user.endswith("/Admin")
    assert server.connect(anonymous=True).user.endswith("/Visitor")
    with pytest.raises(UnknownUserError, match="nobody"):
        server.connect("nobody")
    server.user = "hugo.horvath"
    assert server.connect().user.endswith("/hugo.horvath")


def test_the_environment_of_the_developer_has_no_say(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSENET_URL", "https://production.example")
    monkeypatch.setenv("SENSENET_TOKEN", "a-token")
    assert server.connect().url.startswith("https://sensenet")


def test_options_are_those_of_connect(server: EmbeddedServer) -> None:
    repo = server.connect(read_only=True)
    with pytest.raises(sn.ReadOnlyError):
        repo.patch(TASKS, {"Index": 7})


def test_requests_fail_on_purpose_and_are_logged(server: EmbeddedServer) -> None:
    repo = server.connect()
    assert repo.count(TASKS) == 60
    server.requests.clear()
    server.faults.on("GET", match="Tasks.*count").unavailable(503, retry_after=60)
    with pytest.raises(sn.UnavailableError):
        repo.count(TASKS)
    assert isinstance(server.faults, Faults)
    assert server.requests.count("GET", "Tasks") == len(server.requests) == 4
    assert {one.status for one in server.requests} == {503}
    assert "apikey=" not in repr(server.requests)
    server.faults.clear()
    server.faults.on("GET", times=1).reset()
    assert repo.count(TASKS) == 60
    assert [one.status for one in server.requests][-2:] == [None, 200]
    assert str(next(iter(server.requests))).startswith("GET /odata.svc/Root/Content/IT/Tasks")


def test_a_reset_puts_everything_back(server: EmbeddedServer) -> None:
    first = server.connect()
    made = first.create(TASKS, "Task", "new")["Id"]
    first.delete(TASKS)
    server.add_user("ann")
    server.faults.on().unavailable()
    server.user = "admin"
    server.reset()
    assert first.closed
    assert len(server.requests) == 0
    repo = server.connect()
    assert repo.user.endswith("/olga.okafor")
    assert repo.count(TASKS) == 60
    assert repo.create(TASKS, "Task", "new")["Id"] == made
    with pytest.raises(UnknownUserError):
        server.connect("ann")


def test_somebody_may_do_just_what_the_test_says(server: EmbeddedServer) -> None:
    server.faults.on("POST").unavailable()
    path = server.add_user("ann", {TASKS: ["Open"]})
    assert len(server.requests) == 0, "what prepares a test is neither logged nor fails"
    repo = server.connect("ann")
    assert repo.user == path
    assert repo.count(TASKS) == 60
    with pytest.raises(sn.SensenetError):
        repo.patch(TASKS, {"Index": 7})


def test_two_servers_are_two_repositories(server: EmbeddedServer) -> None:
    with EmbeddedServer(sample=False) as other:
        assert other.url != server.url
        repo = other.connect()
        assert repo.user.endswith("/Admin")
        populate(50, into=other.application)
        assert repo.count("/Root/Content/Many", query="TypeIs:Task") == 50
        with pytest.raises(sn.NotFoundError):
            server.connect().count("/Root/Content/Many")
    assert repo.closed


def test_other_processes_reach_it_on_a_socket(server: EmbeddedServer) -> None:
    program = """
import sys, sn_pandas
with sn_pandas.connect(sys.argv[1], api_key=sys.argv[2]) as repo:
    print(repo.user)
"""
    with server.listen() as address:
        run = subprocess.run(
            [sys.executable, "-c", program, address, server.create_key("hugo.horvath")],
            capture_output=True,
            text=True,
            check=True,
        )
    assert run.stdout.strip() == "/Root/IMS/Public/hugo.horvath"
    assert server.requests.count("GET", "GetCurrentUser") >= 1
