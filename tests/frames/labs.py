"""Repositories to write to: the embedded one in this process, without sample content.

The administrator sets them up; tests connect as an editor, who may do everything below ``/Root/Content`` but
sees only the content types that everybody sees, and Asset. What is about administration is done by ``admin``.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import pandas as pd
import pytest

from sn_pandas.connecting import InProcess, connect
from sn_pandas.embedded import Application, Faults
from sn_pandas.frames import Repository
from sn_pandas.odata.retrying import Retries

from ..fakes import FakeServer
from .recorded import exchanges

ASSET = "/Root/System/Schema/ContentTypes/GenericContent/Asset"
#: The folder that tests work in.
LAB = "/Root/Content/Lab"
#: What is read of the assets in it.
COLUMNS = "Name Path Type DisplayName Serial Code Quantity Weight".split()
COLUMNS += "InUse BoughtOn Condition Labels Keeper Parts".split()
#: Who connects: an ordinary user.
EDITOR = "edna"
#: All that one can do with a content.
RIGHTS = (
    "See Preview PreviewWithoutWatermark PreviewWithoutRedaction Open OpenMinor Save Publish ForceCheckin "
    "AddNew Approve Delete RecallOldVersion DeleteOldVersion SeePermissions SetPermissions RunApplication "
    "ManageListsAndWorkspaces"
).split()
#: What the editor may do, by place.
ALLOWED = {
    "/Root/Content": RIGHTS,
    "/Root/IMS": ["See", "Open"],
    "/Root/IMS/BuiltIn/Portal": ["See", "Open"],
    "/Root/Trash": ["See", "Open"],
}
#: Retries that do not wait.
SWIFT = Retries(attempts=4, first_wait=0.001, longest_wait=0.01, budget=10_000)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have journals in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "sn_pandas" / "journals"


@pytest.fixture
def opened() -> Iterator[Callable[..., Repository]]:
    """Yield a function that opens a repository with the type Asset and the folder ``/Root/Content/Lab``."""
    closing: list[Application] = []

    def open_(
        faults: Faults | None = None, user: str | None = EDITOR, retries: Retries = SWIFT
    ) -> Repository:
        application = Application(sample=False)
        closing.append(application)
        prepare(application)
        return client_of(application, faults, user, retries)

    yield open_
    for application in closing:
        application.close()


@pytest.fixture
def application() -> Iterator[Application]:
    """Yield an embedded repository with the type Asset and the folder ``/Root/Content/Lab``."""
    application = Application(sample=False)
    prepare(application)
    yield application
    application.close()


@pytest.fixture
def repo(application: Application) -> Repository:
    """Return the repository with the type Asset and the folder ``/Root/Content/Lab``, as the editor."""
    return client_of(application)


@pytest.fixture
def admin(application: Application) -> Repository:
    """Return the same repository as its administrator."""
    return client_of(application, user=None)


def lab(fake: Callable[..., FakeServer], rows: int = 3) -> FakeServer:
    """Return a fake server before an empty repository with the type Asset and some assets in ``Lab``.

    The editor connects to it if nobody else is named: ``server.connect(user="Admin")``.
    """
    server = fake(sample=False)
    prepare(server.app)
    server.user = EDITOR
    client = client_of(server.app)
    for n in range(rows):
        fields = {"Serial": f"AB-{n:04}", "Quantity": n, "Weight": n / 4, "DisplayName": f"Asset {n}"}
        client.create(LAB, "Asset", f"a{n}", fields)
    return server


def client_of(
    application: Application,
    faults: Faults | None = None,
    user: str | None = EDITOR,
    retries: Retries = SWIFT,
) -> Repository:
    """Return a client of an application, of the editor or another user, with faults between them."""
    app = faults.around(application) if faults else application
    key = application.key_of(user) if user else application.api_key
    watched = Watched(app)
    repo = connect("http://lab.example", api_key=key, transport=watched, retries=retries)
    _WATCHED[repo] = watched
    return repo


class Watched(InProcess):
    """A transport that shows each request to a test before it leaves; what that raises, breaks it."""

    def __init__(self, app: object) -> None:
        super().__init__(app)
        self.on_request: Callable[[httpx.Request], object] = lambda request: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.on_request(request)
        return super().handle_request(request)


_WATCHED: WeakKeyDictionary[Repository, Watched] = WeakKeyDictionary()


def watch(repo: Repository, on_request: Callable[[httpx.Request], object]) -> None:
    """Call a function with each request of a client of ``client_of`` from now on, and no other any more."""
    _WATCHED[repo].on_request = on_request


def requests_of(repo: Repository) -> list[tuple[str, str]]:
    """Return a list to which the method and the target of each request are added from now on."""
    sent: list[tuple[str, str]] = []
    watch(repo, lambda request: sent.append((request.method, request.url.raw_path.decode())))
    return sent


def prepare(application: Application) -> None:
    """Install the type Asset, make the folder that tests work in, and the editor."""
    if application.store.in_memory:
        with contextlib.closing(sqlite3.connect(":memory:")) as image:
            image.deserialize(_prepared())
            application.store.restore(image)
    else:
        _set_up(application)


@functools.cache
def _prepared() -> bytes:
    """Return the database of a repository that is set up, which each test gets a copy of."""
    with contextlib.closing(Application(sample=False)) as application:
        _set_up(application)
        with contextlib.closing(application.store.snapshot()) as image:
            return image.serialize()


def _set_up(application: Application) -> None:
    client = client_of(application, user=None).client
    upload = next(e for e in exchanges("00_types") if e.get("name") == "upload Asset definition")
    client.request("POST", upload["target"], content=upload["body"].encode())

    def create(parent: str, kind: str, name: str, **fields: object) -> None:
        body = {"__ContentType": kind, "Name": name, **fields}
        client.send("POST", f"/odata.svc{parent}?metadata=no&$select=Id", body=body)

    def allow(place: str, identity: str, permissions: Sequence[str]) -> None:
        parent, _, name = place.rpartition("/")
        entry = {"identity": identity, **dict.fromkeys(permissions, "allow")}
        client.send("POST", f"/odata.svc{parent}('{name}')/SetPermissions", body={"r": [entry]})

    create("/Root/Content", "SystemFolder", "Lab")
    person = {"LoginName": EDITOR, "FullName": "Edna Editor", "Email": "edna@example.com", "Enabled": True}
    create("/Root/IMS/Public", "User", EDITOR, **person, Password="Edna-12345678")
    allow(ASSET, "/Root/IMS/BuiltIn/Portal/Everyone", ["See"])
    for place, permissions in ALLOWED.items():
        allow(place, f"/Root/IMS/Public/{EDITOR}", permissions)


def fill(repo: Repository, count: int = 5) -> pd.DataFrame:
    """Create assets, A0 and so on, and read them."""
    for n in range(count):
        fields = {"Serial": f"AB-{n:04}", "Quantity": n, "Weight": n / 2, "Code": f"c{n}", "Labels": ["red"]}
        repo.create(LAB, "Asset", f"A{n}", fields)
    return repo.read(LAB, select=COLUMNS, filter="isof('Asset')")


def held(repo: Repository, field: str, name: str = "A0") -> Any:
    """Return the value of a field of an asset, as the server holds it."""
    return repo.client.get(f"/odata.svc{LAB}('{name}')?metadata=no&$select={field}")["d"][field]


def sorted_in_place(frame: pd.DataFrame, by: str = "Quantity") -> pd.DataFrame:
    """Sort a frame in place, as people do although pandas warns of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.sort_values(by, ascending=False, inplace=True)
    return frame


def in_another_process(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame from a file as another process has it, which knows nothing of the reads of this one."""
    frame.attrs.get("sensenet", {}).pop("token", None)
    return frame.rename_axis(index=str(frame.index.name)) if frame.index.name else frame
