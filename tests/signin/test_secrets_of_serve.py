"""Law 11 for the server: what clients send it as secrets stands neither in its output nor in its logs."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest

#: The server as a process of its own; with ``x-break`` in a request, it meets an error of its own.
PROGRAM = """
import logging, sys
from sn_pandas.__main__ import main
from sn_pandas.embedded.http import application
if sys.argv[1] == "log":
    logging.basicConfig(level=logging.DEBUG)
dispatch = application.dispatch
def broken(session, address, request):
    if "x-break" in request.headers:
        raise RuntimeError("broken on purpose")
    return dispatch(session, address, request)
application.dispatch = broken
sys.exit(main(["serve", "--empty", "--port", "0", "--authority", "0", "--testing", *sys.argv[2:]]))
"""
ROOT = "/odata.svc/('Root')"
ME = f"{ROOT}/GetCurrentUser?metadata=no&$select=Name"
TOKEN = "/connect/token"


def ask(target: str, **headers: str) -> bytes:
    """Return a GET."""
    return _request("GET", target, headers)


def post(target: str, body: str, kind: str = "application/json") -> bytes:
    """Return a POST of a text."""
    return _request("POST", target, {"Content-Type": kind, "Content-Length": str(len(body))}, body)


def form(target: str, **fields: str) -> bytes:
    """Return a POST of a form."""
    body = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
    return post(target, body, "application/x-www-form-urlencoded")


def given(target: str, **fields: str) -> bytes:
    """Return a POST of JSON."""
    return post(target, json.dumps(fields))


def _request(method: str, target: str, headers: dict[str, str], body: str = "") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body]).encode()


def _basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"client:{secret}".encode()).decode()


#: How a secret comes to the server: True are the requests to the repository.
WAYS: dict[str, tuple[bool, Callable[[str], bytes]]] = {
    "API key": (True, lambda s: ask(ME, apikey=s)),
    "API key in the address": (True, lambda s: ask(f"{ME}&apikey={s}")),
    "token": (True, lambda s: ask(ME, Authorization=f"Bearer {s}")),
    "cookie": (True, lambda s: ask(ME, Cookie=f".sn.auth=Bearer%20{s}")),
    "key of an operation": (True, lambda s: given(f"{ROOT}/DeleteApiKey", apiKey=s)),
    "password": (True, lambda s: given(f"{ROOT}/ValidateCredentials", userName="a", password=s)),
    "client secret": (
        False, lambda s: form(TOKEN, grant_type="client_credentials", client_id="c", client_secret=s)
    ),
    "client secret, basic": (False, lambda s: _request("POST", TOKEN, {"Authorization": _basic(s)})),
    "refresh token": (False, lambda s: form(TOKEN, grant_type="refresh_token", refresh_token=s)),
    "code": (False, lambda s: form(TOKEN, grant_type="authorization_code", code=s, code_verifier=s)),
    "password in the browser": (False, lambda s: form("/account/login", username="admin", password=s)),
    "sn-auth": (False, lambda s: given("/api/auth/login", loginName="builtin\\admin", password=s)),
    "second factor": (
        False, lambda s: given("/api/auth/login/multi-factor", multiFactorAuthToken=s, multiFactorCode=s)
    ),
    "sn-auth, renewed": (False, lambda s: given("/api/auth/refresh-token", token=s)),
}  # fmt: skip
#: What is wrong with the request or the server, as what becomes of the bytes.
FAILURES: dict[str, Callable[[bytes], bytes]] = {
    "not known": lambda sent: sent,
    "no HTTP": lambda sent: sent.replace(b" HTTP/1.1", b"", 1),
    "no method": lambda sent: b"BREW" + sent[sent.index(b" ") :],
    "no host": lambda sent: sent.replace(b"127.0.0.1", b"elsewhere.example", 1),
    "two hosts": lambda sent: sent.replace(b"\r\n", b"\r\nHost: 127.0.0.1\r\n", 1),
    "too many headers": lambda sent: sent.replace(b"\r\n", b"\r\n" + b"X-A: b\r\n" * 300, 1),
    "a line too long": lambda sent: sent.replace(b" HTTP/1.1", b"&x=" + b"x" * 70_000 + b" HTTP/1.1", 1),
    "a body that ends early": lambda sent: re.sub(rb"Content-Length: \d+", b"Content-Length: 9999", sent),
    "not the JSON or form that was said": lambda sent: sent + b"}{",
    "an error of the server": lambda sent: sent.replace(b"\r\n", b"\r\nX-Break: yes\r\n", 1),
    "overloaded": lambda sent: sent.replace(b"\r\n", b"\r\nX-Fault: unavailable\r\n", 1),
    "broken": lambda sent: sent.replace(b"\r\n", b"\r\nX-Fault: reset\r\n", 1),
}


@contextlib.contextmanager
def serving(errors: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str, str]]:
    """Run the program; gives the process, the addresses of the repository and the authority, and a key."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with errors.open("w") as file:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True)
    try:
        assert process.stdout is not None
        told = ""
        while "password" not in told:
            line = process.stdout.readline()
            assert line, errors.read_text()
            told += line
        addresses = re.findall(r" at (http://[\d.:]+)", told)
        yield process, addresses[0], addresses[1], re.findall(r"api_key='(\w+)'", told)[0]
    finally:
        process.kill()
        process.communicate()


def send(address: str, sent: bytes) -> None:
    """Send bytes and wait for the end of the answer, whatever it is."""
    parts = urlsplit(address)
    with (
        socket.create_connection((parts.hostname, parts.port), timeout=60) as connection,
        contextlib.suppress(OSError),  # the server may end the connection before it has read all
    ):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


@pytest.mark.parametrize("kind", ["IdentityServer", "SNAuth"])
@pytest.mark.parametrize("log", ["log", "no log"])
def test_no_secret_is_in_the_output_of_serve(log: str, kind: str, tmp_path: Path) -> None:
    secrets: dict[str, tuple[str, str]] = {}
    errors = tmp_path / "errors.txt"
    options = ["--sn-auth"] if kind == "SNAuth" else []
    with serving(errors, log, *options) as (process, repository, authority, key):
        administrator = {"apikey": key}
        user = f"{repository}/odata.svc/Root/IMS/BuiltIn/Portal('Admin')"
        own_key = httpx.post(f"{user}/CreateApiKey", headers=administrator, json={}, timeout=60).json()[
            "Value"
        ]
        for number, (failure, way) in enumerate(itertools.product(FAILURES, WAYS)):
            secret = own_key if (way, failure) == ("API key", "not known") else f"hush{number}xyzzy" * 3
            secrets[secret] = (way, failure)
            to_repository, made = WAYS[way]
            sent = FAILURES[failure](made(secret))
            fault = re.search(rb"X-Fault: (\w+)", sent)
            if fault:
                rules = [{"fault": fault[1].decode(), "times": 1}]
                httpx.put(
                    f"{repository}/_sn/faults", headers=administrator, json={"rules": rules}, timeout=60
                )
            send(repository if to_repository else authority, sent)
        requests = httpx.get(f"{repository}/_sn/requests", headers=administrator, timeout=60).text
        process.terminate()
        out, err = process.communicate(timeout=120)[0], errors.read_text()
    assert "Stopped" in out
    assert "broken on purpose" in err, "the error of the server was heard"
    assert requests.count("***") > 1, "keys in addresses were hidden"
    for channel, text in {"out": out, "err": err, "/_sn/requests": requests}.items():
        shown = [what for secret, what in secrets.items() if secret in text]
        shown += [what for secret, what in secrets.items() if _basic(secret)[6:] in text]
        assert not shown, channel
        assert key not in text, channel
