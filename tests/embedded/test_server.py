"""``python -m sn_pandas serve``: what it prints, who may connect, how it ends, what survives."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

FOLDER = {"__ContentType": "Folder"}


@contextmanager
def server(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run a server; gives the process, its address and the key it printed."""
    command = [sys.executable, "-m", "sn_pandas", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        address = re.search(r"http://\S+", first)
        assert address is not None, process.stderr.read() if process.stderr else ""
        key = re.search(r"api_key='(\w+)'", second)
        yield process, address.group(), key.group(1) if key else ""
    finally:
        process.kill()
        process.communicate()


def test_callers_need_the_printed_key() -> None:
    with server("--empty") as (_, address, key):
        target = f"{address}/odata.svc/Root('IMS')/?$select=Id&metadata=no"
        assert httpx.get(target).status_code == 404
        assert httpx.get(target, headers={"apikey": key[:-1] + "x"}).status_code == 404
        answer = httpx.get(target, headers={"apikey": key})
        assert answer.json() == {"d": {"Id": 3}}
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_ctrl_c_stops_it_cleanly() -> None:
    with server("--empty", "--admin") as (process, address, _):
        assert httpx.get(f"{address}/odata.svc").status_code == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert out.endswith("Stopped.\n")
        assert "Traceback" not in err


def test_a_second_server_on_the_file_is_refused(tmp_path: Path) -> None:
    data = str(tmp_path / "repository.db")
    with server("--empty", "--data", data):
        command = [sys.executable, "-m", "sn_pandas", "serve", "--port", "0", "--empty", "--data", data]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert "in use by another process" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "99999"], "'99999' is no port: a number from 0 to 65535"),
        (["--port=-5"], "'-5' is no port"),
        (["--port", "many"], "'many' is no port"),
        (["--host", "nosuch.invalid"], "--host nosuch.invalid is no address"),
        (["--data", "{folder}/missing/x.db"], "missing of --data is not there; make it first"),
        (["--data", "{folder}"], "is a folder; --data names a file in it"),
        (["--data", "{folder}/text.db"], "text.db cannot be served: file is not a database"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "text.db").write_text("a letter to a friend, of more than a few words\n" * 30)
    given = [argument.replace("{folder}", str(tmp_path)) for argument in arguments]
    command = [sys.executable, "-m", "sn_pandas", "serve", "--port", "0", *given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_that_a_key_is_new_at_each_start_is_said(tmp_path: Path) -> None:
    with server("--empty", "--data", str(tmp_path / "repository.db")) as (process, _, _):
        assert process.stdout is not None
        assert "new at each start" in process.stdout.readline()


def test_every_answered_write_survives_sigkill(tmp_path: Path) -> None:
    data = str(tmp_path / "repository.db")
    with server("--empty", "--admin", "--data", data) as (process, address, _):
        for number in range(20):
            body = {**FOLDER, "Name": f"f{number}"}
            assert httpx.post(f"{address}/odata.svc/Root/Content", json=body).status_code == 200
        process.kill()
        process.wait()
    with server("--empty", "--admin", "--data", data) as (_, address, _):
        found = httpx.get(f"{address}/odata.svc/Root/Content/$count?$filter=startswith(Name,'f')")
        assert found.text == "20"


def test_connections_stay_open_and_broken_requests_get_empty_answers() -> None:
    with server("--empty", "--admin") as (_, address, _):
        host = address.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=20)
        for _ in range(3):
            connection.request("GET", "/odata.svc")
            assert connection.getresponse().read() == b'{"d":{"EntitySets":["Root"]}}'
            opened = connection.sock
            assert opened is not None
        connection.close()
        name, _, port = host.partition(":")
        for line in (b"GET /odata.svc/Root/a b HTTP/1.1", b"nonsense", b"GET /" + b"x" * 9000 + b" HTTP/1.1"):
            with socket.create_connection((name, int(port)), timeout=20) as raw:
                raw.sendall(line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
                head, _, body = raw.makefile("rb").read().partition(b"\r\n\r\n")
            assert head.split()[1] in (b"400", b"414")
            assert body == b""
