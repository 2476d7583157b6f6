"""Every way to sign in, end to end: the embedded repository and its authority, as real ones answer."""

from __future__ import annotations

import json
import logging
import os
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import keyring
import pytest

import sn_pandas as sn
from sn_pandas.embedded import Faults
from sn_pandas.frames import Repository

from ..embedded.authorities import AUTHORITY, REPOSITORY, World, follow, ticking
from ..fakes import QUICK
from .conftest import MakeWorld, Person
from .keyrings import FileKeyring

ADMIN, PUBLIC = (f"/Root/IMS/BuiltIn/Portal/{name}" for name in ("Admin", "PublicAdmin"))
LOGIN = r"builtin\admin"


def connect(world: World, **options: Any) -> Repository:
    return sn.connect(REPOSITORY, transport=world.transport, **options)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Callable[[World], list[str]]:
    """Return a function that has somebody sign in to a world as soon as a browser opens."""
    opened: list[str] = []

    def ready(world: World) -> list[str]:
        def visit(place: str) -> bool:
            opened.append(place)
            threading.Thread(target=lambda: httpx.get(follow(world, place)), daemon=True).start()
            return True

        monkeypatch.setattr(webbrowser, "open", visit)
        monkeypatch.setenv("DISPLAY", ":0")
        for name in ("JUPYTERHUB_USER", "SSH_CONNECTION", "CODESPACES", "COLAB_RELEASE_TAG"):
            monkeypatch.delenv(name, raising=False)
        return opened

    return ready


def test_an_api_key(make_world: MakeWorld) -> None:
    world = make_world()
    with connect(world, api_key=world.key) as repo:
        assert (repo.user, repo.user.how, repo.user.until) == (ADMIN, "API key", None)


def test_a_token_or_what_gives_one(make_world: MakeWorld) -> None:
    world = make_world()
    token = world.authority.sign({"sub": "1373"}, life=600)
    for given in (token, f"Bearer {token}", lambda: token):
        with connect(world, token=given) as repo:
            assert (repo.user, repo.user.how) == (PUBLIC, "token")
    with connect(world, token=token) as repo:
        assert repo.user.until is not None
        assert repo.user.description.startswith(f"{PUBLIC}, by token until 2")


def test_a_variable_that_is_not_set_is_looked_for_in_the_function(make_world: MakeWorld) -> None:
    with pytest.raises(sn.AuthenticationError, match=r"failed: KeyError \(test_ways\.py, line \d+\)"):
        connect(make_world(), token=lambda: os.environ["REPO_TOKEN"])


@pytest.mark.parametrize("send_secret", [None, "body", "basic"])
@pytest.mark.parametrize("kind", ["InternalClient", "ExternalClient"])
def test_client_credentials(make_world: MakeWorld, send_secret: Any, kind: str) -> None:
    world = make_world()
    with connect(world, **world.program(kind), send_secret=send_secret) as repo:
        assert repo.user == {"InternalClient": ADMIN, "ExternalClient": PUBLIC}[kind]
        assert (repo.user.how, repo.user.until is None) == ("client credentials", False)


def test_the_secret_is_sent_as_the_authority_takes_it(make_world: MakeWorld) -> None:
    world = make_world(client_authentication=["client_secret_basic"])
    with connect(world, **world.program()) as repo:
        assert repo.user == ADMIN
    with pytest.raises(sn.AuthenticationError, match=r"invalid_client \(the client id or its secret"):
        connect(world, **world.program(), send_secret="body")


def test_the_browser(make_world: MakeWorld, window: Callable[[World], list[str]], person: Person) -> None:
    world = make_world()
    opened = window(world)
    with connect(world, browser=True) as repo:
        assert (repo.user, repo.user.how) == (ADMIN, "browser sign-in")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(opened[0]).query).items()}
    assert urlsplit(asked["redirect_uri"]).hostname == "127.0.0.1"
    assert (asked["code_challenge_method"], asked["snrepo"]) == ("S256", REPOSITORY)
    assert asked["client_id"] == world.clients()["AdminUi"]["clientId"]
    assert person.asked == []


def test_the_browser_on_another_computer_is_a_link_and_a_field(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world()

    def paste(question: str) -> str:
        place = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("http"))
        return follow(world, place)

    monkeypatch.setattr("getpass.getpass", paste)
    monkeypatch.setenv("JUPYTERHUB_USER", "olga")
    monkeypatch.setattr(webbrowser, "open", lambda place: pytest.fail("no browser is to be opened"))
    with connect(world, browser=True) as repo:
        assert repo.user == ADMIN
    monkeypatch.delenv("JUPYTERHUB_USER")
    with connect(world, browser="link") as repo:
        assert repo.user == ADMIN


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("http://127.0.0.1:1/?code=x&state=other", "belongs to another sign-in"),
        (
            "http://127.0.0.1:1/?error=access_denied&error_description=no",
            "refused the sign-in: access_denied no",
        ),
        ("http://127.0.0.1:1/", "not the address"),
        ("", "not the address"),
        ("nonsense", r"invalid_grant \(the code "),
    ],
)
def test_what_is_pasted_wrongly_is_told(
    make_world: MakeWorld, person: Person, pasted: str, words: str
) -> None:
    person.answers = [pasted]
    with pytest.raises(sn.AuthenticationError, match=words):
        connect(make_world(), browser="link")


def test_a_browser_sign_in_is_refreshed_and_ends_with_words(
    make_world: MakeWorld, window: Callable[[World], list[str]]
) -> None:
    faults = Faults()
    world = make_world(faults=faults)
    opened = window(world)
    with connect(world, browser=True) as repo:
        faults.on("GET", match="Root/IMS", times=1).revoke_token()
        assert len(repo.read("/Root/IMS", select=["Name"])) > 0
        assert (len(opened), world.authority.tokens_given) == (1, 2)
        faults.on("POST", match="/connect/token").status(400, b'{"error":"invalid_grant"}')
        faults.on("GET", match="Root/IMS", times=1).revoke_token()
        with pytest.raises(
            sn.AuthenticationError, match=r"Sign in again: repo = sn.connect\(.*browser=True\)"
        ):
            repo.read("/Root/IMS", select=["Name"])
    assert len(opened) == 1


def test_a_browser_sign_in_that_cannot_be_kept_is_said(
    make_world: MakeWorld, window: Callable[[World], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world()
    window(world)
    connect(world, browser=True).close()
    assert "not kept" not in capsys.readouterr().err
    connect(world, browser=True, keep=True).close()
    assert "This sign-in was not stored (this computer has no keyring)" in capsys.readouterr().err


def test_only_the_newest_refresh_token_is_kept_if_somebody_says_so(
    make_world: MakeWorld, window: Callable[[World], list[str]], keys: FileKeyring, tmp_path: Path
) -> None:
    world = make_world()
    opened = window(world)

    def kept() -> dict[str, str]:
        path = tmp_path / "keyring.json"
        return json.loads(path.read_text()) if path.exists() else {}

    connect(world, browser=True).close()
    assert kept() == {}
    connect(world, browser=True, keep=True).close()
    first = kept()
    assert (len(opened), len(first)) == (2, 1)
    assert [list(json.loads(text)) for text in first.values()] == [["refresh"]]
    repo = connect(world, browser=True, keep=True)
    assert (len(opened), repo.user) == (2, ADMIN)
    assert kept().keys() == first.keys()
    assert kept() != first
    repo.sign_out()
    assert kept() == {}
    assert repo.closed


def test_sn_auth_asks_for_the_password(make_world: MakeWorld, person: Person) -> None:
    world = make_world(kind="SNAuth")
    person.answers = ["an-0ther-word", world.authority.password]
    with connect(world, login=LOGIN, keep=False) as repo:
        assert (repo.user, repo.user.how) == (ADMIN, "sn-auth sign-in")
        assert repo.user.until is not None
    assert person.asked == [f"Password of {LOGIN} at {REPOSITORY}: "] * 2


def test_sn_auth_asks_for_the_name_and_the_second_factor(make_world: MakeWorld, person: Person) -> None:
    world = make_world(kind="SNAuth", second_factor={"publicadmin": "123456"})
    person.answers = ["publicadmin", world.authority.password, "000000", "123456"]
    with connect(world, login=True, keep=False) as repo:
        assert repo.user == PUBLIC
    assert person.asked[2:] == ["Code of the second factor: "] * 2


def test_sn_auth_after_three_wrong_passwords(make_world: MakeWorld, person: Person) -> None:
    world = make_world(kind="SNAuth")
    person.answers = ["a", "b", "c", "d"]
    with pytest.raises(sn.AuthenticationError, match=r"INVALID_CREDENTIALS \(the login name or the pass"):
        connect(world, login="admin", keep=False)
    assert len(person.asked) == 3


def test_nobody_at_the_keyboard_is_told_what_to_do(make_world: MakeWorld, person: Person) -> None:
    with pytest.raises(sn.AuthenticationError, match=r"cannot ask for input here .*api_key"):
        connect(make_world(kind="SNAuth"), login="admin", keep=False)


def test_sn_auth_is_renewed_when_its_token_is_dead(make_world: MakeWorld, person: Person) -> None:
    faults = Faults()
    world = make_world(kind="SNAuth", faults=faults, clock=ticking())
    person.answers = [world.authority.password]
    with connect(world, login=LOGIN, keep=False) as repo:
        faults.on("GET", match="Root/IMS", times=1).revoke_token()
        assert len(repo.read("/Root/IMS", select=["Name"])) > 0
    assert len(person.asked) == 1


def test_two_connections_of_one_sn_auth_user_share_the_token(
    make_world: MakeWorld, person: Person, keys: FileKeyring
) -> None:
    faults = Faults()
    world = make_world(kind="SNAuth", faults=faults, clock=ticking())
    person.answers = [world.authority.password]
    with connect(world, login=LOGIN) as one, connect(world, login=LOGIN) as other:
        for number in range(4):
            faults.on("GET", match=f"top={number + 50}", times=1).revoke_token()
            reader = (one, other)[number % 2]
            assert len(reader.read("/Root/IMS", select=["Name"], top=number + 50)) > 0
            assert len(one.read("/Root/IMS", select=["Name"])) == len(
                other.read("/Root/IMS", select=["Name"])
            )
    assert len(person.asked) == 1
    with connect(world, login=LOGIN) as later:
        assert later.user == ADMIN
        later.sign_out()
    with pytest.raises(sn.AuthenticationError, match="cannot ask for input"):
        connect(world, login=LOGIN)


def test_login_names_of_one_user_share_the_token(
    make_world: MakeWorld, person: Person, keys: FileKeyring
) -> None:
    world = make_world(kind="SNAuth", clock=ticking())
    person.answers = [world.authority.password] * 2
    with connect(world, login=LOGIN) as one, connect(world, login="ADMIN") as other:
        for repo in (one, other, one, other):
            assert len(repo.read("/Root/IMS", select=["Name"])) > 0
        other.sign_out()
        with pytest.raises(sn.AuthenticationError, match=r"has ended: .*login="):
            one.read("/Root/IMS", select=["Name"])


def test_somebody_elses_login_ends_the_sign_in_with_words(make_world: MakeWorld, person: Person) -> None:
    world = make_world(kind="SNAuth", clock=ticking())
    person.answers = [world.authority.password]
    with connect(world, login=LOGIN, keep=False) as repo:
        world.sn("login", loginName=LOGIN, password=world.authority.password)
        with pytest.raises(sn.AuthenticationError, match=r"has ended: .*login="):
            repo.read("/Root/IMS", select=["Name"])


def test_without_a_keyring_an_api_key_is_offered(
    make_world: MakeWorld, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(kind="SNAuth")
    person.answers = [world.authority.password]
    with connect(world, login=LOGIN) as repo:
        assert "key = repo.create_api_key()" in capsys.readouterr().err
        key = repo.create_api_key()
        assert key.value not in repr(key)
    with connect(world, api_key=key) as repo:
        assert repo.user == ADMIN


def test_from_a_token_to_an_api_key_in_the_keyring(make_world: MakeWorld, keys: FileKeyring) -> None:
    world = make_world()
    with connect(world, token=world.authority.sign({"sub": "1"})) as repo:
        assert repo.create_api_key(keyring=True).in_keyring
    with connect(world) as repo:
        assert (repo.user, repo.user.how) == (ADMIN, "API key")


def test_a_key_of_the_keyring_that_is_no_good_any_more_says_so(
    make_world: MakeWorld, keys: FileKeyring
) -> None:
    world = make_world()
    keys.set_password("sn_pandas", REPOSITORY, "old")
    with pytest.raises(sn.AuthenticationError, match=rf"the keyring \(keyring del sn_pandas {REPOSITORY} "):
        connect(world)


def test_without_a_keyring_no_key_is_made_for_it(make_world: MakeWorld) -> None:
    world = make_world()
    with connect(world, api_key=world.key) as repo:
        with pytest.raises(sn.AuthenticationError, match=r"no key was created: .*keyring"):
            repo.create_api_key(keyring=True)
        assert repo.call(ADMIN, "GetApiKeys") == {"apiKeys": []}


@pytest.mark.parametrize(
    ("kind", "way", "words"),
    [
        ("SNAuth", {"browser": True}, r"sn-auth .*login=…"),
        ("SNAuth", {"client_id": "x", "client_secret": "y"}, r"sn-auth .*login=…"),
        ("IdentityServer", {"login": "admin"}, r"does not use sn-auth.*browser=True"),
    ],
)
def test_the_wrong_way_is_told_and_no_secret_is_asked_for(
    make_world: MakeWorld, person: Person, kind: Any, way: dict[str, Any], words: str
) -> None:
    with pytest.raises(sn.AuthenticationError, match=words):
        connect(make_world(kind=kind), keep=False, **way)
    assert person.asked == []


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"sub": "1", "exp": 1_700_000_000}, "it expired at 2023-11-14 22:13:20 UTC"),
        ({"sub": "1", "aud": "other"}, r"it is meant for 'other' \(aud\), not for 'sensenet'"),
        (
            {"sub": "1", "iss": "https://elsewhere.example"},
            rf"comes from 'https://elsewhere.example' .*{AUTHORITY}",
        ),
        ({}, "it names no user"),
    ],
)
def test_why_a_token_is_not_accepted(make_world: MakeWorld, claims: dict[str, Any], words: str) -> None:
    world = make_world()
    with pytest.raises(sn.AuthenticationError, match=words):
        connect(world, token=world.authority.sign(claims))


def test_no_secret_is_logged_or_shown(
    make_world: MakeWorld,
    person: Person,
    window: Callable[[World], list[str]],
    keys: FileKeyring,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    for options, way in (({}, {"browser": True, "keep": True}), ({"kind": "SNAuth"}, {"login": LOGIN})):
        world = make_world(**options)
        window(world)
        person.answers = [world.authority.password]
        repo = connect(world, **way)
        key = repo.create_api_key()
        token = repo.client.auth.headers()["Authorization"].partition(" ")[2]
        secrets = [world.authority.password, token, key.value]
        secrets += [
            value
            for text in json.loads((tmp_path / "keyring.json").read_text()).values()
            for value in json.loads(text).values()
            if len(value) > 16  # the rest is the id of the user
        ]
        shown += [repr(one) for one in (repo, repo.user, repo.client.auth, key, vars(repo))]
        output = capsys.readouterr()
        everything = "\n".join([*shown, caplog.text, output.out, output.err])
        assert [secret for secret in secrets if secret in everything] == []
        repo.close()


class BrokenKeyring(FileKeyring):
    """A keyring that nobody can open."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("locked")

    delete_password = set_password  # type: ignore[assignment]


def test_a_keyring_that_does_not_work_is_as_none(
    make_world: MakeWorld, person: Person, keys: FileKeyring, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(kind="SNAuth")
    keyring.set_keyring(BrokenKeyring())
    with pytest.raises(sn.AuthenticationError, match="no credentials"):
        connect(world)
    person.answers = [world.authority.password]
    with connect(world, login=LOGIN) as repo:
        assert repo.user == ADMIN
        assert "create_api_key()" in capsys.readouterr().err
        assert not repo.create_api_key(keyring=True).in_keyring
        repo.sign_out()


def test_an_authority_that_stumbles_at_a_renewal_ends_no_sign_in(
    make_world: MakeWorld, person: Person, window: Callable[[World], list[str]], keys: FileKeyring
) -> None:
    for kind, way in (("IdentityServer", {"browser": True, "keep": True}), ("SNAuth", {"login": LOGIN})):
        faults = Faults()
        world = make_world(kind=kind, faults=faults, clock=ticking())
        window(world)
        person.answers = [world.authority.password]
        with connect(world, **way, retries=QUICK) as repo:
            faults.on("POST", match="/connect/token|/refresh-token", times=2).unavailable(retry_after=0)
            faults.on("POST", match="/connect/token|/refresh-token", times=1).reset()
            faults.on("GET", match="Root/IMS", times=1).revoke_token()
            assert len(repo.read("/Root/IMS", select=["Name"])) > 0
            assert len(faults.log) >= 3
            repo.sign_out()
