"""Repositories to write to: the embedded one in this process, without sample content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sn_pandas.connecting import InProcess, connect
from sn_pandas.embedded import Application, Faults
from sn_pandas.frames import Repository
from sn_pandas.odata.retrying import Retries

from .recorded import exchanges

#: Retries that do not wait.
SWIFT = Retries(attempts=4, first_wait=0.001, longest_wait=0.01, budget=10_000)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have journals in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "sn_pandas" / "journals"


@pytest.fixture
def opened() -> Iterator[Callable[..., Repository]]:
    """Give a function that opens a repository with the type Asset and the folder ``/Root/Content/Lab``."""
    closing: list[Application] = []

    def open_(faults: Faults | None = None) -> Repository:
        application = Application(sample=False)
        closing.append(application)
        prepare(application)
        return client_of(application, faults)

    yield open_
    for application in closing:
        application.close()


@pytest.fixture
def repo(opened: Callable[..., Repository]) -> Repository:
    """Give a repository with the type Asset and the folder ``/Root/Content/Lab``."""
    return opened()


def client_of(application: Application, faults: Faults | None = None) -> Repository:
    """Give a client of an application, with faults between them."""
    app = faults.around(application) if faults else application
    transport = InProcess(app)
    return connect("http://lab.example", api_key=application.api_key, transport=transport, retries=SWIFT)


def prepare(application: Application) -> None:
    """Install the type Asset and make the folder that tests work in."""
    client = client_of(application).client
    upload = next(e for e in exchanges("00_types") if e.get("name") == "upload Asset definition")
    client.request("POST", upload["target"], content=upload["body"].encode())
    body = {"__ContentType": "SystemFolder", "Name": "Lab"}
    client.send("POST", "/odata.svc/Root('Content')?metadata=no&$select=Id", body=body)
