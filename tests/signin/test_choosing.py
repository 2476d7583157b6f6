"""Which credentials are used: arguments, environment, file, keyring, in this order; never mixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sn_pandas as sn
from sn_pandas.signing_in import Credentials, choose

from ..embedded.authorities import REPOSITORY
from .conftest import MakeWorld
from .keyrings import FileKeyring

HERE = "https://repo.example"
VALUES = {
    "API_KEY": "k",
    "TOKEN": "t",
    "CLIENT_SECRET": "s",
    "BROWSER": "1",
    "LOGIN": "olga",
    "ANONYMOUS": "1",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(f"SENSENET_{name}", value)

    return put


@pytest.mark.parametrize(
    ("given", "way", "secret"),
    [
        ({"api_key": "k"}, "api_key", "k"),
        ({"token": "t"}, "token", "t"),
        ({"client_id": "i", "client_secret": "s"}, "client", "s"),
        ({"browser": True}, "browser", None),
        ({"browser": "link"}, "browser", None),
        ({"login": "olga"}, "login", None),
        ({"login": True}, "login", None),
        ({"anonymous": True}, "anonymous", None),
    ],
    ids=str,
)
def test_arguments_win_over_the_environment_as_a_whole(
    environment: Any, given: dict[str, Any], way: str, secret: str | None
) -> None:
    environment(CLIENT_ID="other", CLIENT_SECRET="environment's", AUTHORITY="https://other.example")
    found = choose(HERE, given)
    assert (found.way, found.secret, found.source) == (way, secret, "arguments")
    assert (found.client_id, found.authority) == (given.get("client_id"), None)


@pytest.mark.parametrize("one", VALUES)
@pytest.mark.parametrize("other", VALUES)
def test_several_kinds_in_the_environment_are_refused_by_name(environment: Any, one: str, other: str) -> None:
    if one == other:
        environment(**{one: VALUES[one]})
        assert choose(HERE, {}).source == f"$SENSENET_{one}"
        return
    environment(**{one: VALUES[one], other: VALUES[other]})
    with pytest.raises(sn.AuthenticationError) as caught:
        choose(HERE, {})
    assert f"$SENSENET_{one}" in str(caught.value)
    assert f"$SENSENET_{other}" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"api_key": "k", "token": "t"}, "not api_key= and token="),
        ({"browser": True, "login": "x"}, "not browser= and login="),
        ({"anonymous": True, "client_secret": "s"}, "not client_secret= and anonymous="),
        ({"client_id": "i"}, "client_id= requires client_secret="),
        ({"client_id": "i", "api_key": "k"}, "client_id= belongs to client_secret="),
        ({"browser": "window"}, "browser='window': pass True"),
        ({"login": 7}, "login= takes the login name"),
    ],
    ids=str,
)
def test_arguments_that_do_not_go_together(given: dict[str, Any], words: str) -> None:
    with pytest.raises(sn.AuthenticationError, match=words):
        choose(HERE, given)


def test_nothing_at_all_names_the_ways() -> None:
    with pytest.raises(sn.AuthenticationError, match=r"browser=True or login=.*SENSENET_API_KEY"):
        choose(HERE, {})


def test_credentials_of_another_server_are_not_used(environment: Any) -> None:
    environment(API_KEY="k", URL="https://other.example/Root")
    with pytest.raises(
        sn.AuthenticationError, match=r"no credentials.*\$SENSENET_API_KEY .*only for the server of"
    ):
        choose(HERE, {})
    environment(URL="HTTPS://Repo.example:443/Root/Content")
    assert choose(HERE, {}).secret == "k"


def test_a_client_id_alone_is_told(environment: Any) -> None:
    environment(CLIENT_ID="i")
    with pytest.raises(sn.AuthenticationError, match=r"ID requires \$SENSENET_CLIENT_SECRET"):
        choose(HERE, {})


def test_all_of_the_environment(environment: Any) -> None:
    environment(CLIENT_ID="i", CLIENT_SECRET="s", AUTHORITY="https://login.example", SEND_SECRET="basic")
    expected = Credentials("client", "$SENSENET_CLIENT_SECRET", "s", "i", "https://login.example", "basic")
    assert choose(HERE, {}) == expected
    environment(SEND_SECRET="pigeon")
    with pytest.raises(sn.AuthenticationError, match="SENSENET_SEND_SECRET"):
        choose(HERE, {})


def test_credentials_belong_to_the_server_that_a_name_means(environment: Any, config: Any) -> None:
    config('[prod]\naddress = "https://repo.example"')
    environment(API_KEY="k", URL="prod")
    assert choose(HERE, {}).secret == "k"
    for home in ("embedded://", "elsewhere", "https://repo.example.com"):
        environment(URL=home)
        with pytest.raises(sn.AuthenticationError, match="no credentials"):
            choose(HERE, {})
    environment(URL="prod")
    with pytest.raises(sn.AuthenticationError, match="no credentials"):
        choose("https://other.example", {})


def test_a_client_id_beside_a_key_is_refused(environment: Any) -> None:
    environment(CLIENT_ID="i", API_KEY="k")
    with pytest.raises(sn.AuthenticationError, match=r"\$SENSENET_CLIENT_ID and \$SENSENET_API_KEY"):
        choose(HERE, {})


@pytest.mark.parametrize(("value", "expected"), [("1", None), ("true", None), ("link", True)])
def test_the_browser_by_the_environment(environment: Any, value: str, expected: bool | None) -> None:
    environment(BROWSER=value)
    found = choose(HERE, {})
    assert (found.way, found.link) == ("browser", expected)


def test_no_means_no(environment: Any) -> None:
    environment(BROWSER="0", ANONYMOUS="false", API_KEY="k")
    assert choose(HERE, {}).way == "api_key"


def test_no_secret_is_shown(environment: Any) -> None:
    for way in ("api_key", "token", "client_secret"):
        assert "s3cret" not in repr(choose(HERE, {way: "s3cret"}))
    environment(API_KEY="s3cret", TOKEN="s3cret-2")
    with pytest.raises(sn.AuthenticationError) as caught:
        choose(HERE, {})
    assert "s3cret" not in str(caught.value)


# Named servers


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that writes a configuration file, of the user or of the site."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "site"))

    def write(text: str, whose: str = "user") -> Path:
        file = tmp_path / whose / "sn_pandas" / "servers.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_a_named_server_end_to_end(
    make_world: MakeWorld, config: Any, environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    program = world.program("ExternalClient")
    config(
        f"""
        [prod]
        address = "{REPOSITORY}/Root/Content"
        client_id = "{program["client_id"]}"
        client_secret_env = "REPO_SECRET"
        read_only = true
        application = "price-report/1.2"
        """
    )
    monkeypatch.setenv("REPO_SECRET", program["client_secret"])
    with sn.connect("prod", transport=world.transport) as repo:
        assert (repo.url, repo.base) == (REPOSITORY, "/Root/Content")
        assert repo.user == "/Root/IMS/BuiltIn/Portal/PublicAdmin"
        with pytest.raises(sn.ReadOnlyError, match="by the address of the server instead of its name"):
            repo.create("/Root/Content", "Folder", "x")
    environment(URL="prod")
    with sn.connect(transport=world.transport) as repo:
        assert repo.user == "/Root/IMS/BuiltIn/Portal/PublicAdmin"
    with sn.connect("prod", transport=world.transport, api_key=world.key) as repo:
        assert repo.user == "/Root/IMS/BuiltIn/Portal/Admin"
    environment(API_KEY=world.key)
    with sn.connect("prod", transport=world.transport) as repo:
        assert repo.user == "/Root/IMS/BuiltIn/Portal/Admin"


def test_the_file_wins_over_the_keyring(
    make_world: MakeWorld, config: Any, keys: FileKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    keys.set_password("sn_pandas", REPOSITORY, world.key)
    monkeypatch.setenv("REPO_TOKEN", world.authority.sign({"sub": "1373"}))
    config(
        f'[a]\naddress = "{REPOSITORY}"\ntoken_env = "REPO_TOKEN"\n'
        f'[b]\naddress = "{REPOSITORY}"\nsign_in = "api_key"'
    )
    for name, user in (("a", "PublicAdmin"), ("b", "Admin")):
        with sn.connect(name, transport=world.transport) as repo:
            assert repo.user.endswith(f"/{user}")


def test_an_entry_of_the_user_replaces_one_of_the_site_as_a_whole(config: Any) -> None:
    from sn_pandas.servers import find_server, server_names

    config(
        '[prod]\naddress = "https://site.example"\nread_only = true\n[lab]\naddress = "https://lab.example"',
        "site",
    )
    config('[prod]\naddress = "https://user.example"')
    assert (find_server("prod").address, find_server("prod").read_only) == ("https://user.example", False)
    assert find_server("lab").address == "https://lab.example"
    assert server_names() == ["prod", "lab"]


@pytest.mark.parametrize("key", ["api_key", "token", "client_secret", "password", "API-KEY", "refresh_token"])
def test_a_secret_in_the_file_is_refused_and_not_shown(config: Any, key: str) -> None:
    file = config(f'[prod]\naddress = "https://repo.example"\n{key} = "s3cret-value"')
    with pytest.raises(sn.QueryError) as caught:
        sn.connect("prod")
    said = str(caught.value)
    assert str(file) in said
    assert key in said
    assert "_env" in said
    assert "s3cret-value" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('address = "https://u:p@repo.example"', "address contains credentials"),
        ('address = "https://repo.example/?apikey=x"', "address contains credentials"),
        ('address = "repo.example"', "address is not an address"),
        ("read_only = true", "the address is missing"),
        ('address = "https://a.example"\nreadonly = true', "no setting 'readonly'. Did you mean"),
        ('address = "https://a.example"\nread_only = "yes"', "read_only must be true or false, it is str"),
        ('address = "https://a.example"\ntimeout = true', "timeout must be a number, it is bool"),
        ('address = "https://a.example"\ntimeout = -1', "timeout must be greater than 0"),
        ('address = "https://a.example"\nsign_in = "api-key"', "no way to sign in 'api-key'. Did you mean"),
        ('address = "https://a.example"\nsign_in = "token"', "add token_env"),
        ('address = "https://a.example"\ntoken_env = "SN_NOT_SET"', "SN_NOT_SET.* is not set"),
        (
            'address = "https://a.example"\nsign_in = "browser"\nlogin = "olga"',
            "'browser' and has settings of 'login'",
        ),
        ('address = "https://a.example"\ntoken_env = "A"\napi_key_env = "B"', "several ways to sign in"),
        (
            'address = "https://a.example"\nca_file = "none.pem"\nsign_in = "anonymous"',
            "none.pem cannot be used",
        ),
        ("address = ", "servers.toml is not TOML"),
    ],
)
def test_a_wrong_file_is_told_with_the_place(config: Any, text: str, words: str) -> None:
    config(f"[prod]\n{text}")
    with pytest.raises((sn.QueryError, sn.AuthenticationError), match=words):
        sn.connect("prod")


def test_a_name_that_there_is_not(config: Any) -> None:
    with pytest.raises(sn.QueryError, match=r"(?s)no server has this name.*\[prod\]\naddress"):
        sn.connect("prod")
    config('[production]\naddress = "https://repo.example"')
    with pytest.raises(sn.QueryError, match=r"there is no server 'prodution'\. Did you mean production\?"):
        sn.connect("prodution")
    with pytest.raises(
        sn.QueryError, match=r"an address begins with https://, such as https://repo\.example"
    ):
        sn.connect("repo.example")


def test_embedded_without_its_slashes(config: Any) -> None:
    with pytest.raises(sn.QueryError, match="is embedded://, with the slashes"):
        sn.connect("embedded")


def test_the_file_that_a_variable_names(tmp_path: Path, environment: Any) -> None:
    from sn_pandas.servers import find_server

    file = tmp_path / "mine.toml"
    file.write_text('[lab]\naddress = "https://lab.example"\nca_file = "company.pem"')
    environment(CONFIG=str(file))
    assert find_server("lab").ca_file == str(tmp_path / "company.pem")
