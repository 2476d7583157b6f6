"""What somebody reads whose sign-in does not work: what is wrong, and what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sn_pandas as sn
from tests.fakes import QUICK, FakeServer, Sockets

KEY = "k" * 20


@contextlib.contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """Serve the same bytes to whoever sends something, and give the host and port."""
    with contextlib.closing(Sockets([reply])) as server:
        yield server.url.removeprefix("http://")


@pytest.mark.parametrize("way", [{"api_key": KEY}, {"token": KEY}, {"anonymous": True}], ids=str)
def test_a_wrong_address_is_not_called_a_wrong_key(way: dict[str, object]) -> None:
    server = FakeServer(None)
    with pytest.raises(sn.NotFoundError, match=r"not the address of a sensenet.*mean https://repo.example\?"):
        server.connect(url="https://repo.example/admin/content", **way)


def test_a_wrong_key_is_not_called_a_wrong_address(fake: Callable[..., FakeServer]) -> None:
    server = fake(sample=False)
    server.on(match="GetCurrentUser").status(404)
    with pytest.raises(sn.AuthenticationError, match="it is wrong, has expired or was deleted"):
        server.connect(api_key=KEY)


def test_https_is_hinted_at_where_http_was_written(fake: Callable[..., FakeServer]) -> None:
    server = fake(sample=False)
    server.on().redirect("https://repo.example/odata.svc/")
    with pytest.raises(sn.AnswerError, match=r"requires https: write https://repo\.example") as caught:
        server.connect(url="http://repo.example")
    assert "credentials are only sent" in str(caught.value)
    page = b"<h1>The plain HTTP request was sent to HTTPS port</h1>"
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page)
    with answering(head + page) as there, pytest.raises(sn.ServerError, match=f"write https://{there}"):
        sn.connect(f"http://{there}", api_key=KEY, retries=QUICK)


def test_http_is_hinted_at_where_https_does_not_answer() -> None:
    with (
        answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as there,
        pytest.raises(sn.ConnectionFailed, match=f"does not accept https.*write http://{there}"),
    ):
        sn.connect(f"https://{there}", api_key=KEY, retries=QUICK)


def test_a_redirect_to_another_host_is_no_hint(fake: Callable[..., FakeServer]) -> None:
    server = fake(sample=False)
    server.on().redirect("https://elsewhere.example/")
    with pytest.raises(sn.AnswerError, match=r"a redirect to https://elsewhere.example/") as caught:
        server.connect(url="http://repo.example")
    assert "requires https" not in str(caught.value)


def test_a_configuration_file_that_is_named_has_to_be_there(
    fake: Callable[..., FakeServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSENET_CONFIG", str(tmp_path / "servers.toml"))
    with pytest.raises(sn.QueryError, match=r"\$SENSENET_CONFIG names a file that is not there: .*servers"):
        sn.connect("prod", api_key=KEY)
    (tmp_path / "servers.toml").write_text('[prod]\naddress = "https://repo.example"\n')
    server = fake(None)
    server.on().refused()
    with pytest.raises(sn.ConnectionFailed):
        sn.connect("prod", api_key=KEY, transport=server, retries=QUICK)


def test_who_signed_out_is_told_so(fake: Callable[..., FakeServer]) -> None:
    repo = fake(sample=False).connect()
    repo.sign_out()
    with pytest.raises(sn.ConnectionFailed, match=r"you signed out of https://repo\.example; connect again"):
        repo.count("/Root")
