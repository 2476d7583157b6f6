"""``%sensenet connect`` by every way to sign in: what is asked for stands in no cell and in no history."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import sn_pandas as sn
from sn_pandas import connecting
from sn_pandas.embedded import Application
from sn_pandas.notebook.connections import Connections

from ..embedded.authorities import REPOSITORY, World, follow
from ..fakes import EDITOR
from ..signin.conftest import Person
from .conftest import Session

ADMIN = "/Root/IMS/BuiltIn/Portal/Admin"
OLGA = f"/Root/IMS/Public/{EDITOR}"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    """Yield a function that makes a repository with an authority, which cells connect to."""
    connect, worlds = connecting.connect, []

    def make(**options: Any) -> World:
        worlds.append(World(**options))
        transport = worlds[-1].transport
        monkeypatch.setattr(
            connecting, "connect", lambda url=None, **given: connect(url, transport=transport, **given)
        )
        return worlds[-1]

    yield make
    for one in worlds:
        one.close()


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    person = Person()
    monkeypatch.setattr("builtins.input", person.answer)
    monkeypatch.setattr("getpass.getpass", person.answer)
    return person


def test_client_credentials(
    session: Session, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = world(client_authentication=["client_secret_basic"]).program()
    monkeypatch.setenv("REPO_SECRET", program["client_secret"])
    session.value(
        f"%sensenet connect {REPOSITORY} --client-id {program['client_id']} --client-secret-env REPO_SECRET"
        " --send-secret basic --authority http://localhost:8766 --name prod"
    )
    said = session.printed()
    assert f"connected to {REPOSITORY} as {ADMIN}, by client credentials until 2" in said
    assert "(prod)" in said
    session.value("%sensenet disconnect prod")


def test_a_connection_is_also_a_variable(session: Session, world: Callable[..., World]) -> None:
    world()
    assert session.value(f"%sensenet connect {REPOSITORY} --anonymous --name first") is None
    session.value(f"repo = %sensenet connect {REPOSITORY} --anonymous --name second")
    assert session.value("repo.user.rpartition('/')[2]") == "Visitor"
    session.value("again = %sensenet use first")
    assert session.value("again is not repo and again.url == repo.url")
    session.value("%sensenet disconnect first")
    session.value("%sensenet disconnect second")


def test_servers_on_one_host_have_names_of_their_own() -> None:
    connections = Connections({})
    with closing(Application()) as one, closing(Application()) as two:
        transports = {8765: connecting.InProcess(one), 8767: connecting.InProcess(two)}
        names = [
            connections.connect(f"http://127.0.0.1:{port}", transport=transports[port], anonymous=True)[0]
            for port in (8765, 8767, 8765)
        ]
        assert names == ["127.0.0.1", "127.0.0.1:8767", "127.0.0.1"]
        connections.close()


def test_the_browser(
    session: Session, world: Callable[..., World], person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world(sample=True)
    monkeypatch.setattr(webbrowser, "open", lambda place: pytest.fail("no browser is to be opened"))
    told: list[str] = []
    monkeypatch.setattr(
        "sn_pandas.odata.signin.conversation.Keyboard.tell", lambda self, text: told.append(text)
    )
    monkeypatch.setattr(
        "getpass.getpass",
        lambda question: follow(
            here, next(w for w in told[0].split() if w.startswith(f"{here.authority.address}/")), EDITOR
        ),
    )
    session.value(f"%sensenet connect {REPOSITORY} --link --name me")
    assert f"as {OLGA}, by browser sign-in until 2" in session.printed()
    session.value("%sensenet disconnect me")


def test_sn_auth_leaves_nothing_in_the_history(
    session: Session, world: Callable[..., World], person: Person
) -> None:
    here = world(kind="SNAuth", sample=True)
    person.answers = [here.authority.password]
    session.value(f"%sensenet connect {REPOSITORY} --login {EDITOR} --name me")
    assert f"as {OLGA}, by sn-auth sign-in until 2" in session.printed()
    assert session.shell.history_manager is not None
    assert here.authority.password not in "".join(session.shell.history_manager.input_hist_raw)
    assert here.authority.password not in repr(session.names)
    session.value("%sensenet disconnect me")


def test_a_sign_in_of_which_nothing_is_kept(
    session: Session, world: Callable[..., World], person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        "sn_pandas.odata.signin.conversation.Keyboard.tell", lambda self, text: told.append(text)
    )
    person.answers = [world(kind="SNAuth", sample=True).authority.password]
    session.value(f"%sensenet connect {REPOSITORY} --login {EDITOR} --no-keep --name me")
    assert "cannot share this sign-in (keep=False)" in "".join(told)
    session.value("%sensenet disconnect me")


def test_a_named_server_that_is_read_only(
    session: Session,
    world: Callable[..., World],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    here = world(sample=True)
    file = tmp_path / "servers.toml"
    file.write_text(f'[prod]\naddress = "{REPOSITORY}"\napi_key_env = "REPO_KEY"\nread_only = true')
    monkeypatch.setenv("SENSENET_CONFIG", str(file))
    monkeypatch.setenv("REPO_KEY", here.application.key_of(EDITOR))
    session.value("%sensenet connect prod")
    assert f"connected to {REPOSITORY} as {OLGA}, read-only (prod)" in session.printed()
    session.value("%sensenet status")
    assert f"* prod: {REPOSITORY} as {OLGA}, read-only" in session.printed()
    session.value("%sensenet disconnect prod")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--client-secret-env NOT_SET", "the environment variable NOT_SET is not set"),
        ("api_key=s3cret", "api_key= is Python; in a cell it is --api-key-env"),
        ("--keep read_only = True", "read_only= is Python; in a cell it is --read-only"),
        ("--client-id x", "client_id= requires client_secret="),
        ("--browser --login olga", "not browser= and login="),
        ("--send-secret pigeon", "invalid choice: 'pigeon'"),
        ("--max-requests-per-second many --anonymous", "invalid float value: 'many'"),
    ],
)
def test_lines_that_do_not_go_together(
    session: Session, world: Callable[..., World], line: str, words: str
) -> None:
    world()
    assert words in str(session.error(f"%sensenet connect {REPOSITORY} {line}"))


def test_the_user_of_a_connection_is_shown_with_how_and_until_when(
    session: Session, world: Callable[..., World]
) -> None:
    here = world(sample=True)
    session.names["repo2"] = sn.connect(
        REPOSITORY, transport=here.transport, token=here.authority.sign({"sub": EDITOR})
    )
    shown = session.shell.display_formatter.format(session.names["repo2"].user)[0]["text/plain"]
    assert shown.startswith(f"{OLGA}, by token until 2")
    session.names.pop("repo2").close()
