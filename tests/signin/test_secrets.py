"""Law 11: no secret appears anywhere, each way to sign in by each failure by each channel."""

from __future__ import annotations

import pickle
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.odata.redaction import SECRETS, hide
from sn_pandas.odata.signin.authority import Authority
from sn_pandas.odata.signin.client_credentials import ClientCredentials
from sn_pandas.odata.signin.conversation import Keyboard
from sn_pandas.odata.signin.credentials import ApiKey, Token
from tests.fakes import FakeServer

from .calls import PLACE
from .hushed import FAILURES, FORBIDDEN, SECRET, TOKEN, begin, everything_logged, of_variables

WAYS: dict[str, dict[str, Any]] = {
    "API key": {"api_key": SECRET},
    "token": {"token": TOKEN},
    "function": {"token": lambda: TOKEN},
    "client": {"client_id": "client", "client_secret": SECRET},
    "client, basic": {"client_id": "client", "client_secret": SECRET, "send_secret": "basic"},
}


def shown(repo: sn.frames.Repository) -> Iterator[str]:
    """Read and save, and yield everything that comes of it."""
    yield from (repr(repo), str(repo.client), repr(vars(repo)), repr(vars(repo.client)), repo.user)
    frame = repo.read(PLACE, select=["Name", "Path", "Index"])
    yield from (repr(frame.attrs), str(pickle.loads(pickle.dumps(frame)).attrs), frame.to_html())
    frame["Index"] = frame["Index"] + 1
    report = frame.sn.save()
    yield from (repr(report), report.frame.to_csv(), "\n".join(report.requests))
    if report.journal:
        yield Path(report.journal).read_text()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("failure", FAILURES)
def test_no_secret_is_seen(
    hushed: tuple[FakeServer, str], way: str, failure: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake, address = hushed
    begin(fake, address)
    FAILURES[failure](fake)
    authority = {"authority": address} if "client" in way else {}
    quick = sn.Retries(attempts=2, deadline=5, first_wait=0.001, longest_wait=0.002)
    texts: list[str] = []
    values: list[str] = []
    happened: Exception | None = None
    with everything_logged() as logged, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with sn.connect(address, retries=quick, **WAYS[way], **authority) as repo:
                texts.extend(shown(repo))
        except sn.SensenetError as error:
            happened = error
            texts += traceback.format_exception(error)
            values += of_variables(error)
            texts += [repr(error), repr(vars(error)), *error._render_traceback_()]
            report = getattr(error, "report", None)
            if report is not None:
                texts += [repr(report), report.frame.to_csv()]
                texts += [Path(report.journal).read_text()] if report.journal else []
    texts += [str(one.message) for one in caught]
    captured = capfd.readouterr()
    channels = {"log": logged[0], "texts": "\n".join(texts), "out": captured.out, "err": captured.err}
    channels["traceback with the values of variables"] = "\n".join(values)
    for name, text in channels.items():
        found = [secret for secret in FORBIDDEN if secret in text]
        assert not found, f"{name}: …{text[max(0, text.index(found[0]) - 300) :][:400]}…"
    assert "httpcore" in logged[0], "the libraries below were heard"
    assert failure != "none" or (happened is None and fake.count("PATCH") == 1), happened


USERS = "Name,LoginName,FullName,Email,Enabled,Password\n" + "".join(
    f"u{n},u{n},User {n},u{n}@example.com,{enabled},Hush-{n}-4711\n"
    for n, enabled in enumerate(["yes", "no", "perhaps"])
)
#: What becomes of users that are created out of a file.
IMPORTS: dict[str, Any] = {
    "created": lambda server: None,
    "refused with an echo": lambda server: server.on("POST", "Public").call(
        lambda request, forward: httpx.Response(
            400, json={"error": {"code": "X", "message": {"value": request.content.decode()}}}
        )
    ),
    "answer lost": lambda server: server.on("POST", "Public").reset(after=True),
    "broken": lambda server: server.on("POST", "Public").reset(),
    "a page": lambda server: server.on("POST", "Public").html(),
}


@pytest.mark.parametrize("refused", ["raise", "skip"])
@pytest.mark.parametrize("failure", IMPORTS)
def test_passwords_of_imported_users_are_seen_nowhere(
    fake: Any, failure: str, refused: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    server = fake(sample=False)
    admin = server.connect(user="Admin")
    IMPORTS[failure](server)
    file, bad = tmp_path / "users.csv", tmp_path / "bad.csv"
    file.write_text(USERS)
    texts: list[str] = []
    values: list[str] = []
    rejected = bad if refused == "skip" else None
    with everything_logged() as logged, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report: Any = admin.import_rows("/Root/IMS/Public", file, "User", dry_run=True, on_refused="skip")
        reports = [report]
        try:
            report = admin.import_rows(
                "/Root/IMS/Public", file, "User", rejected=rejected, on_error="raise", on_refused=refused
            )
        except sn.SaveError as error:
            report = error.report
            texts += [*traceback.format_exception(error), repr(error), str(error)]
            values += of_variables(error)
        reports.append(report)
    for one in reports:
        texts += [repr(one), one._repr_html_(), one.frame.to_csv(), one.problems.to_csv(), repr(vars(one))]
        texts += one.requests
    texts += [path.read_text("utf-8") for path in (tmp_path / "state").rglob("*") if path.is_file()]
    texts += [str(one.message) for one in caught]
    if refused == "skip":
        texts.append(bad.read_text("utf-8"))
    channels = {"log": logged[0], "texts": "\n".join(texts), "variables": "\n".join(values)}
    for name, text in channels.items():
        assert "-4711" not in text, f"{name}: …{text[max(0, text.index('-4711') - 400) :][:500]}…"
    if failure == "created" and refused == "skip":
        assert report.counts == {"saved": 2, "refused": 1}
        assert any(b"Hush-0-4711" in entry.body for entry in server.entries("POST", "Public"))


PASSWORD = "hush4711"
ADDRESSES = [
    f"https://olga:{PASSWORD}@repo.example",
    f"https://olga:{PASSWORD}/x@repo.example",
    f"https://olga:{PASSWORD}?x@repo.example",
    f"https://olga:{PASSWORD}#x@repo.example",
    f"https://{PASSWORD}@repo.example/Root/Content",
    f"https:/olga:{PASSWORD}@repo.example",
    f"https:\\\\olga:{PASSWORD}@repo.example",
    f"https://olga:{PASSWORD}@[repo.example",
    f"olga:{PASSWORD}@repo.example",
    f"ftp://olga:{PASSWORD}@repo.example",
    f"https://repo.example/Root?$top=1&apikey={PASSWORD}",
]


@pytest.mark.parametrize("where", ["address", "authority", "environment", "file"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_credentials_in_an_address_are_refused_and_shown_nowhere(
    address: str, where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"url": "https://repo.example"}
    if where == "address":
        given = {"url": address, "api_key": "a key"}
    elif where == "authority":
        given |= {"client_id": "client", "client_secret": "a secret", "authority": address}
    elif where == "environment":
        given = {}
        monkeypatch.setenv("SENSENET_URL", address)
    else:
        given = {"url": "prod"}
        file = tmp_path / "servers.toml"
        file.write_text(f"[prod]\naddress = '{address}'\n")
        monkeypatch.setenv("SENSENET_CONFIG", str(file))
    with everything_logged() as logged, pytest.raises(sn.SensenetError, match="credentials") as caught:
        sn.connect(transport=FakeServer(None), **given)
    error = caught.value
    channels = {
        "log": logged[0],
        "message": str(error) + repr(error) + "".join(error._render_traceback_()),
        "traceback": "".join(traceback.format_exception(error)),
        "traceback with the values of variables": "".join(of_variables(error)),
    }
    assert not [name for name, text in channels.items() if PASSWORD in text]


@pytest.mark.parametrize(
    "address",
    [
        "https://repo.example:8443/Root/Content/olga@example.com",
        "https://repo.example/odata.svc/Root('olga@example.com')?$filter=Email eq 'a:b@c'",
        "http://[::1]:8765/Root/a:b@c",
        "https://repo.example/Root/a:b@c",
    ],
)
def test_a_sign_in_a_path_is_no_password(address: str) -> None:
    with sn.connect(address, transport=FakeServer(), anonymous=True) as repo:
        assert "@" in repo.base or "?" in address


def test_the_words_of_a_function_that_fails_are_not_shown() -> None:
    def token() -> str:
        raise KeyError(f"no {SECRET} in the vault")

    with pytest.raises(sn.AuthenticationError, match=r"KeyError \(test_secrets.py, line") as caught:
        sn.connect("https://repo.example", token=token, transport=FakeServer(None))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("way", ["API key", "token", "client", "typed"])
def test_a_secret_of_a_connection_stays_hidden_however_many_tokens_come(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: Any
    if way == "API key":
        kept = ApiKey(SECRET)
    elif way == "token":
        kept = Token(SECRET)
    elif way == "client":
        kept = ClientCredentials(Authority("https://repo.example", httpx.Client), "client", SECRET)
    else:
        monkeypatch.setattr("getpass.getpass", lambda question: SECRET)
        kept = Keyboard().ask_secret("Password: ")
    for number in range(2000):
        SECRETS.add(f"token-{number:08}")
    assert SECRET not in hide(f"it says {SECRET}"), kept
