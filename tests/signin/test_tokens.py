"""Tokens are renewed in time, by one thread for all, and secrets stay where they belong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sn_pandas as sn
from sn_pandas.odata.signin.claims import explain_token
from sn_pandas.odata.signin.tokens import Grant, RenewedToken
from sn_pandas.odata.signin.vault import Vault
from tests.fakes import EDITOR, FakeServer
from tests.fakes.authority import jwt

from .keyrings import FileKeyring

Fake = Callable[..., FakeServer]
TASKS = "/Root/Content/IT/Tasks"
CLIENT = {"client_id": "client", "client_secret": "s3cret-s3cret"}
LOGIN = "login.example"


def all_of_it(repo: sn.frames.Repository) -> tuple[int, dict[str, int]]:
    """Read and save, and return how much that was."""
    frame = repo.read(TASKS, select="Name,Index", page_size=20)
    frame["Index"] = frame["Index"] + 1
    return len(frame), frame.sn.save().counts


@pytest.mark.parametrize("cookies", [True, False])
def test_a_token_that_dies_early_is_renewed_once(fake: Fake, cookies: bool) -> None:
    server = fake()
    server.cookies = cookies
    with server.connect(**CLIENT) as repo:
        before = repo.count(TASKS)
        server.tokens.clear()
        assert repo.count(TASKS) == before
        assert all_of_it(repo) == (before, {"saved": before})
    assert len(server.authority.given) == 2


STUMBLES: dict[str, Callable[[Any], object]] = {
    "503": lambda rule: rule.unavailable(),
    "429": lambda rule: rule.unavailable(429, retry_after=0),
    "500": lambda rule: rule.status(500),
    "page": lambda rule: rule.html(502),
    "reset": lambda rule: rule.reset(),
    "lost": lambda rule: rule.reset(after=True),
    "refused": lambda rule: rule.refused(),
    "late": lambda rule: rule.timeout(),
}


@pytest.mark.parametrize("place", ["connect/token", "openid-configuration", "GetClientRequestParameters"])
@pytest.mark.parametrize("stumble", STUMBLES)
def test_requests_for_tokens_are_tried_again(fake: Fake, stumble: str, place: str) -> None:
    server = fake(sample=False)
    STUMBLES[stumble](server.on(match=place, times=2))
    with server.connect(client_secret="s3cret-s3cret") as repo:
        assert repo.user.endswith("/Admin")
        if place == "connect/token":
            STUMBLES[stumble](server.on(match=place, times=2))
            server.tokens.clear()
            assert repo.count("/Root") > 0


@pytest.mark.parametrize("stumble", [name for name in STUMBLES if name != "late"])
@pytest.mark.parametrize("host", ["repo.example", LOGIN])
def test_who_is_down_is_not_called_wrong_credentials(fake: Fake, host: str, stumble: str) -> None:
    server = fake(sample=False)
    STUMBLES[stumble](server.on(host=host))
    with pytest.raises((sn.ConnectionFailed, sn.UnavailableError), match=host) as caught:
        server.connect(**CLIENT)
    if stumble == "refused":
        assert "connection refused" in str(caught.value), "the reason is told"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda s: setattr(s.authority, "kind", "SNAuth"), "sn-auth"),
        (lambda s: setattr(s.authority, "origin", "http://login.example"), "not secure"),
        (lambda s: setattr(s.authority, "origin", "https://localhost:5001"), "on this computer"),
        (lambda s: setattr(s.authority, "origin", "login.example"), "not an address"),
        (lambda s: setattr(s.authority, "origin", ""), "does not name an authority"),
        (lambda s: setattr(s.authority, "endpoint", "https://evil.example/connect/token"), "evil.example"),
        (lambda s: setattr(s.authority, "endpoint", "http://login.example/connect/token"), "http://login"),
        (lambda s: s.on(match="openid").status(500), "500"),
        (lambda s: s.on(match="openid").redirect("https://evil.example"), "evil.example"),
        (lambda s: s.on(match="GetClientRequest").redirect("https://evil.example/x"), "evil.example"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_secret_goes_where_none_belongs(
    fake: Fake, prepare: Callable[[FakeServer], object], words: str
) -> None:
    server = fake(sample=False)
    prepare(server)
    with pytest.raises(sn.SensenetError, match=words):
        server.connect(**CLIENT)
    assert not [entry for entry in server.log if b"s3cret" in entry.body or "s3cret" in str(entry.headers)]


def test_who_is_not_reached_by_https_names_no_authority(fake: Fake) -> None:
    server = fake(sample=False)
    with pytest.raises(sn.AuthenticationError, match=r'authority="https://login\.example"'):
        server.connect(url="http://repo.example", **CLIENT)
    assert not any(b"s3cret" in entry.body for entry in server.log)
    with server.connect(url="http://repo.example", authority="https://login.example", **CLIENT) as repo:
        assert repo.user.endswith("/Admin")


@pytest.mark.parametrize(
    "endpoint",
    ["https://Login.Example/connect/token", "https://login.example:443/connect/token", "/connect/token"],
)
def test_one_authority_however_it_is_spelled(fake: Fake, endpoint: str) -> None:
    server = fake(sample=False)
    server.authority.endpoint = endpoint
    with server.connect(**CLIENT) as repo:
        assert repo.user.endswith("/Admin")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"token": lambda: b"abc"}, "returned bytes"),
        ({"token": "a b"}, "blank"),
        ({"authority": "login.example", **CLIENT}, 'authority="https://login.example"'),
        ({"authority": "https://", **CLIENT}, "not an address"),
    ],
)
def test_words_for_what_was_pasted_wrong(fake: Fake, given: dict[str, Any], words: str) -> None:
    with pytest.raises(sn.AuthenticationError, match=words):
        fake(sample=False).connect(**given)


def test_a_scheme_that_was_copied_with_a_token_is_taken_off(fake: Fake) -> None:
    server = fake(sample=False)
    server.tokens["abc"] = "Admin"
    with server.connect(token="Bearer abc") as repo:
        assert repo.user.endswith("/Admin")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": 1_000_000_000}, "expired at 2001-09-09 01:46:40 UTC"),
        ({"exp": None}, "no expiry time"),
        ({"nbf": 4_000_000_000}, "valid from 2096"),
        ({"aud": "other"}, "meant for 'other'"),
        ({"aud": None}, "meant for nobody"),
        ({"aud": ["a", "sensenet"]}, "as they should be"),
        ({"iss": "https://evil.example"}, "comes from 'https://evil.example'"),
        ({"iss": None}, "names no authority that it comes from"),
        ({"iss": "https://Login.Example:443"}, "as they should be"),
        ({"sub": None}, "names no user"),
        ({"sub": None, "client_sub": "5"}, "as they should be"),
    ],
)
def test_errors_say_why_a_token_is_not_accepted(fake: Fake, claims: dict[str, Any], words: str) -> None:
    token = jwt(**claims)
    assert words in explain_token(f"Bearer {token}", "https://login.example")
    if "iss" not in claims:
        with pytest.raises(sn.AuthenticationError, match=words) as caught:
            fake(sample=False).connect(token=token)
        assert token not in str(caught.value)


class Counted(RenewedToken):
    """Fetches tokens that live as long as the test says."""

    def __init__(self, life: float, fail: Exception | None = None) -> None:
        super().__init__()
        self.life, self.fail, self.fetched = life, fail, 0

    def fetch(self, before: Grant | None) -> Grant:
        time.sleep(0.05)
        self.fetched += 1
        if self.fail:
            raise self.fail
        return Grant(f"token-{self.fetched}", self.life)


@pytest.mark.parametrize("fails", [False, True])
def test_one_thread_fetches_for_all(fails: bool) -> None:
    auth = Counted(60, sn.ConnectionFailed("down") if fails else None)
    seen: list[Any] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        try:
            seen.append(auth.headers()["Authorization"])
        except sn.ConnectionFailed as error:
            seen.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1
    assert auth.fetched == 1 or fails


def test_a_thread_that_looks_while_a_token_is_replaced_fetches_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever it looks: a new token is never taken for as old as the one before."""
    now, later, looking = time.time, [0.0], list[threading.Thread]()
    monkeypatch.setattr(time, "time", lambda: now() + later[0])

    class Watched(Counted):
        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if later[0] and threading.current_thread() is threading.main_thread():
                looking.append(threading.Thread(target=self.headers))
                looking[-1].start()
                looking[-1].join(0.05)  # it waits for the other thread, or has what it wants

    tokens = Watched(3600)
    tokens.headers()
    later[0] = 4000.0
    tokens.headers()
    for thread in looking:
        thread.join()
    assert tokens.fetched == 2


def test_a_renewal_that_fails_does_not_end_a_token_that_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    auth, now, later = Counted(100), time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + later[0])
    first = auth.headers()
    auth.fail = sn.ConnectionFailed("down")
    later[0] = 92
    assert auth.headers() == first
    later[0] = 101
    with pytest.raises(sn.ConnectionFailed, match="down"):
        auth.headers()


def test_a_laptop_that_slept_has_an_old_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The monotonic clock stands still meanwhile; the other one does not."""
    auth, now = Counted(3600), time.time
    first = auth.headers()
    monkeypatch.setattr(time, "time", lambda: now() + 7200)
    assert auth.headers() != first


@pytest.mark.parametrize(
    ("do", "most"),
    [
        (lambda repo: len(repo.read(f"{TASKS}/none", select="Name")), 2),
        (lambda repo: repo.count(TASKS, filter="Index eq -77"), 2),
        (lambda repo: len(repo.read(TASKS, filter="Index eq -77", select="Name")), 2),
    ],
)
def test_what_is_empty_costs_two_small_requests(fake: Fake, do: Callable[..., int], most: int) -> None:
    server = fake()
    with server.connect(user="Admin") as admin:
        admin.create(TASKS, "SystemFolder", "none")
    for credentials in ({}, {"token": "abc"}):
        server.tokens["abc"] = EDITOR
        server.cookies = bool(credentials)
        with server.connect(**credentials) as repo:
            len(repo.schema)
            repo.read(f"{TASKS}/none", select="Name")  # some things are asked for once
            before = repo.client.requests
            assert do(repo) == 0
            assert repo.client.requests - before <= 1 + (0 if credentials else most)


@pytest.mark.long
def test_pages_and_rows_with_tokens_that_live_five_seconds(fake: Fake) -> None:
    """50 pages and 2,000 rows; each request takes a while, so that several tokens are needed."""
    server = fake(sample=False)
    server.cookies = True
    server.authority.life = 5
    with server.connect() as admin:
        admin.create("/Root/Content", "SystemFolder", "Many")
        for number in range(2000):
            body = {"__ContentType": "Folder", "Name": f"n{number:04}", "Index": number}
            admin.client.send("POST", "/odata.svc/Root/Content/Many?metadata=no&$select=Id", body=body)
    server.on("GET", "Many").slow(0.25)
    server.on("PATCH").slow(0.03)
    with server.connect(**CLIENT) as repo:
        began = time.monotonic()
        frame = repo.read("/Root/Content/Many", select="Name,Index", page_size=40, workers=1)
        read, tokens = time.monotonic() - began, len(server.authority.given)
        assert frame["Index"].tolist() == list(range(2000))
        frame["Index"] = frame["Index"] + 1
        began = time.monotonic()
        assert frame.sn.save(workers=4).counts == {"saved": 2000}
        saved = time.monotonic() - began
    given = len(server.authority.given)
    print(f"read {read:.1f} s with {tokens} tokens, save {saved:.1f} s with {given - tokens} more")
    assert 2 <= given <= 3 + (read + saved) / 4


@pytest.mark.parametrize("trouble", [PermissionError("read-only home"), NotImplementedError("no locks here")])
def test_tokens_are_kept_where_the_file_system_gives_no_lock(
    keys: FileKeyring, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise trouble

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    vault = Vault("https://repo.example login admin")
    with vault.lock(), vault.lock():
        vault.write({"refresh": "a-refresh-token-4711"})
    assert vault.read() == {"refresh": "a-refresh-token-4711"}
    with pytest.raises(PermissionError, match="mine"), vault.lock():
        raise PermissionError("mine")


def test_a_file_in_the_way_of_the_lock_keeps_nobody_from_signing_in(
    keys: FileKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("platformdirs.user_state_path", lambda *args, **options: tmp_path / "file" / "state")
    vault = Vault("https://repo.example login admin")
    with vault.lock():
        vault.write({"refresh": "a-refresh-token-4711"})
    assert vault.read() == {"refresh": "a-refresh-token-4711"}
