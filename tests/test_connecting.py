"""Who we are: laws 11, secrets appear nowhere, and 12, anonymous is never an accident."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sn_pandas as sn

from .fakes import EDITOR, FakeServer, open_sample
from .frames.lists import Server, schema

ADMIN = "/Root/IMS/BuiltIn/Portal/Admin"
#: No word of a sentence: a process hides it in every later message.
KEY = "key-of-somebody"
SECRETS = st.from_regex(r"[A-Za-z0-9._~+/-]{12,40}", fullmatch=True)


class OneKey(Server):
    """Knows one key and one token; who has neither is the Visitor, without a word."""

    def __init__(self, key: str = KEY, *, visitor_sees_root: bool = True) -> None:
        super().__init__([{"Id": 1, "Name": "x"}])
        self.key = key
        self.visitor_sees_root = visitor_sees_root
        self.fake = FakeServer(self)
        self.fake.authority.client_id, self.fake.authority.client_secret = "me", "hush"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.headers.get("apikey") == self.key or token == self.key or token in self.fake.tokens:
            return super().__call__(request)
        if request.url.path == "/odata.svc/$metadata":
            return httpx.Response(200, text="<edmx:Edmx/>", headers={"Content-Type": "application/xml"})
        if not self.visitor_sees_root:
            return httpx.Response(404)
        if "GetCurrentUser" in str(request.url):
            return httpx.Response(200, json={"d": {"Id": 6, "Path": "/Root/IMS/BuiltIn/Portal/Visitor"}})
        if "GetSchema" in str(request.url):
            return httpx.Response(200, json=schema())
        if request.url.path.endswith("/$count"):
            return httpx.Response(200, text="0")
        return httpx.Response(200, json={"d": {"__count": 0, "results": []}})


def connect(server: OneKey, **options: Any) -> sn.frames.Repository:
    return sn.connect("https://repo.example", transport=server.fake, **options)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "API_KEY", "TOKEN", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"SENSENET_{name}", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.mark.parametrize(
    "credentials",
    [
        {"api_key": KEY},
        {"api_key": f" {KEY}\n"},
        {"token": KEY},
        {"token": lambda: KEY},
        {"client_id": "me", "client_secret": "hush"},
        {"client_secret": "hush"},
        {"client_id": "me", "client_secret": "hush", "authority": "https://login.example/"},
    ],
)
def test_ways_to_say_who_we_are(credentials: dict[str, Any]) -> None:
    with connect(OneKey(), **credentials) as repo:
        assert repo.user == ADMIN
        assert list(repo.read("/Root/x", select="Name")["Name"]) == ["x"]


@settings(deadline=None, max_examples=25)
@given(
    wrong=SECRETS,
    visible=st.booleans(),
    kind=st.sampled_from(["api_key", "token", "callable", "client_secret"]),
)
def test_anonymous_is_never_an_accident(wrong: str, visible: bool, kind: str) -> None:
    server = OneKey("another", visitor_sees_root=visible)
    given_: dict[str, Any] = {"token": lambda: wrong} if kind == "callable" else {kind: wrong}
    with pytest.raises(sn.AuthenticationError) as caught:
        connect(server, **given_)
    assert wrong not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("visible", [True, False])
def test_who_means_to_be_anonymous_is(visible: bool) -> None:
    with connect(OneKey(visitor_sees_root=visible), anonymous=True) as repo:
        assert repo.user == "/Root/IMS/BuiltIn/Portal/Visitor"


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, "no credentials"),
        ({"api_key": ""}, "empty"),
        ({"api_key": "schlüssel"}, "characters"),
        ({"token": "a\nb"}, "characters"),
        ({"token": lambda: None}, "empty"),
        ({"api_key": "a", "token": "b"}, "one kind"),
        ({"api_key": "a", "anonymous": True}, "one kind"),
        ({"client_id": "me", "client_secret": "wrong-s3cret"}, "invalid_client"),
    ],
)
def test_credentials_that_are_none(credentials: dict[str, Any], words: str) -> None:
    with pytest.raises(sn.AuthenticationError, match=words):
        connect(OneKey(), **credentials)


def test_a_key_that_stops_being_good_is_noticed() -> None:
    server = OneKey()
    with connect(server, api_key=KEY) as repo:
        repo.read("/Root/x", select="Name")
        server.key = "another"
        with pytest.raises(sn.AuthenticationError):
            repo.read("/Root/x", select="Name")
        server.visitor_sees_root = False
        with pytest.raises(sn.AuthenticationError):
            repo.get("/Root/x", select="Name")


def test_tokens_are_renewed_before_they_expire() -> None:
    server = OneKey()
    server.fake.authority.life = 0
    with connect(server, client_id="me", client_secret="hush") as repo:
        repo.read("/Root/x", select="Name")
    assert len(server.fake.authority.given) > 2
    server = OneKey()
    with connect(server, client_id="me", client_secret="hush") as repo:
        repo.read("/Root/x", select="Name")
    assert len(server.fake.authority.given) == 1


class Expiring(OneKey):
    """Shows the Visitor some rows of a list, and another list whole."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        known = request.headers.get("apikey") == self.key
        self.rows = [{"Id": n, "Name": "x"} for n in range(1, 6 if known else 3)]
        if known or "GetCurrentUser" in str(request.url):
            return super().__call__(request)
        return Server.__call__(self, request)


@pytest.mark.parametrize("visible", [True, False])
def test_a_key_that_is_lost_midway_is_told_where_rows_are_missing(visible: bool) -> None:
    server = Expiring() if visible else OneKey()
    with connect(server, api_key=KEY) as repo:
        repo.read("/Root/x", select="Name")
        repo.count("/Root/x")
        server.key = "other"
        with pytest.raises(sn.AuthenticationError, match="treats the connection as anonymous"):
            repo.read("/Root/x", select="Name")
        with pytest.raises(sn.AuthenticationError, match="treats the connection as anonymous"):
            repo.count("/Root/x")


def test_whether_we_are_known_is_not_asked_with_each_read() -> None:
    server = OneKey()
    with connect(server, api_key=KEY) as repo:

        def asked() -> int:
            return server.fake.count("GET", "GetCurrentUser")

        for _ in range(5):
            repo.read("/Root/x", select="Name")
        assert asked() == 1
        moment = time.monotonic()
        for _ in range(3):  # rows that are missed together
            repo.verify_identity(since=moment)
        assert asked() == 2
        server.rows = []
        before = server.fake.count()
        repo.read("/Root/x", select="Name")
        assert server.fake.count() - before == 3, "an empty list costs two small requests more"


@pytest.mark.parametrize("authority", ["http://login.example", "", None])
def test_a_secret_goes_to_no_authority_that_is_not_secure(authority: str | None) -> None:
    server = OneKey()
    named = {"authority": authority, "type": "IdentityServer", "client_id": "me"}
    server.fake.on("GET", "GetClientRequestParameters").json(named)
    with pytest.raises(sn.AuthenticationError, match="authority"):
        connect(server, client_id="me", client_secret="hush")
    assert not any(b"hush" in entry.body for entry in server.fake.log)


def test_the_environment_and_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    import types

    monkeypatch.setenv("SENSENET_API_KEY", KEY)
    assert connect(OneKey()).user == ADMIN
    monkeypatch.setenv("SENSENET_URL", "https://another.example")
    server = OneKey()
    with pytest.raises(sn.AuthenticationError, match="no credentials"):
        connect(server)
    assert not server.fake.log
    keyring = types.ModuleType("keyring")
    keyring.get_password = lambda service, name: {("sn_pandas", "https://repo.example"): KEY}.get(
        (service, name)
    )  # type: ignore[attr-defined]
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = RuntimeError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert connect(OneKey()).user == ADMIN


@pytest.mark.parametrize(
    ("url", "origin", "base"),
    [
        ("https://repo.example:8443", "https://repo.example:8443", "/Root"),
        (
            "https://repo.example/odata.svc/Root/Content/My%20docs",
            "https://repo.example",
            "/Root/Content/My docs",
        ),
        ("https://repo.example/Root/Content/", "https://repo.example", "/Root/Content"),
        ("https://repo.example/behind/proxy", "https://repo.example/behind/proxy", "/Root"),
        ("https://repo.example/behind/OData.svc", "https://repo.example/behind", "/Root"),
    ],
)
def test_addresses(url: str, origin: str, base: str) -> None:
    repo = sn.connect(url, api_key=KEY, transport=OneKey().fake)
    assert (repo.url, repo.base) == (origin, base)
    assert repo.query("x").path == f"{base}/x"


@pytest.mark.parametrize(
    "url", ["https://me:hush@repo.example", "https://repo.example/?apikey=hush", "ftp://x", "repo.example"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(sn.SensenetError) as caught:
        sn.connect(url, api_key=KEY)
    assert "hush" not in str(caught.value)


@settings(deadline=None, max_examples=20)
@given(secret=SECRETS, kind=st.sampled_from(["api_key", "token"]))
def test_secrets_appear_nowhere(secret: str, kind: str) -> None:
    server = OneKey(secret)
    log: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: log.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        with connect(server, **{kind: secret}) as repo:
            frame = repo.read("/Root/x", select="Name")
            seen = [
                repr(repo),
                str(repo.client),
                repr(vars(repo)),
                repr(repo.client.auth),
                repr(frame.attrs),
                repo.url,
            ]
            seen.append(repo.query("/Root/x", select="Name").url(repo.url))
            with pytest.raises(sn.QueryError) as caught:
                repo.read("/Root/x", select="Name", orderby="Name sideways")
            seen += traceback.format_exception(caught.value)
    finally:
        logging.getLogger().removeHandler(handler)
    assert not [text for text in [*seen, *log] if secret in text]
    assert {entry.host for entry in server.fake.log} == {"repo.example"}
    assert not [entry for entry in server.fake.log if secret in entry.target]


def test_ctrl_c_stops_a_read_at_once_and_leaves_the_client_usable(tmp_path: Path) -> None:
    program = tmp_path / "read.py"
    program.write_text(_INTERRUPTED)
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=180, env=here
    )
    assert done.stdout.split() == ["interrupted", "True", "usable", "True"], done.stdout + done.stderr
    assert done.returncode == 0


_INTERRUPTED = """
import os, signal, threading, time
import httpx
import sn_pandas as sn
from tests.frames.lists import Server

server = Server([{"Id": n, "Name": str(n)} for n in range(1, 5001)])
slow = threading.Event()
def before(number):
    if slow.is_set() and number > 2:
        time.sleep(20)
server.before = before
repo = server.connect()
repo.schema
slow.set()
pressed = []
def press():
    pressed.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(1.0, press).start()
try:
    repo.read("/Root/x", select="Name", page_size=100)
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - pressed[0] < 10)  # and not the 20 of the server
slow.clear()
print("usable", len(repo.read("/Root/x", select="Name", page_size=1000)) == 5000)
"""


@pytest.mark.parametrize("address", ["127.0.0.1:8765", "localhost", "ftp://host/x"])
def test_what_is_no_address_is_named(address: str) -> None:
    with pytest.raises(
        sn.QueryError, match=r"is not the address of a repository\. Addresses begin with https://"
    ) as raised:
        sn.connect(address, api_key="k")
    assert address.rpartition("@")[2] in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_file_that_is_no_repository_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, and it is long enough to see that" * 50)
    for path in (tmp_path / "nowhere" / "x.db", tmp_path / "text.db"):
        with pytest.raises(sn.ConnectionFailed, match=f"{path.name} cannot be opened as a repository"):
            sn.connect(f"embedded://{path}")


def test_the_visitor_who_sees_no_types_reads_by_those_that_are_built_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{__name__}.schema", lambda *_: [])
    server = OneKey()
    with connect(server, anonymous=True) as repo:
        for options in ({"select": "Name,Index"}, {"select": "Name", "orderby": "Index"}):
            frame = repo.read("/Root/x", filter=sn.F("Index") > 5, **options)
            assert "Name" in frame.columns


def test_embedded_repositories_have_addresses_of_their_own(tmp_path: Path) -> None:
    with open_sample() as one, open_sample() as other:
        assert one.url != other.url
    file = tmp_path / "My tasks.db"
    with sn.connect(f"embedded://{file}", user=EDITOR) as one:
        url = one.url
    assert url.startswith("http://embedded-my-tasks-")
    with sn.connect(f"embedded://{file}", user=EDITOR) as again:
        assert again.url == url, "so that a journal finds it again"


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("https:/x.example", "https://x.example,"),
        ("https:////x.example", "https://x.example,"),
        ("ftp://x.example/Root", "https://x.example/Root,"),
        ("localhost:8765", "https://localhost:8765,"),
        ("https://", "https://repository.example.com,"),
    ],
)
def test_the_address_that_may_have_been_meant_is_one(address: str, meant: str) -> None:
    with pytest.raises(sn.QueryError, match=f"such as {meant}"):
        sn.connect(address, api_key="k")


def test_what_is_not_there_is_said_in_the_same_words_by_all() -> None:
    with open_sample() as repo:
        said = set()
        for do in (repo.get, repo.read, repo.delete, lambda path: repo.patch(path, {"Index": 1})):
            with pytest.raises(sn.NotFoundError) as caught:
                do("/Root/Content/Qwertz")
            said.add(str(caught.value))
    assert said == {"/Root/Content/Qwertz: there is no such content, or you may not see it"}
