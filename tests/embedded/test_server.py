"""``python -m sn_pandas serve``: what it prints, who may connect, how it ends, what survives."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import re
import signal
import socket
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from sn_pandas.embedded import Application

from .serving import run_serve, server

pytestmark = pytest.mark.slow  # each test starts a server in a process of its own
FOLDER = {"__ContentType": "Folder"}


def test_callers_need_the_printed_key() -> None:
    with server("--empty") as (_, address, key):
        target = f"{address}/odata.svc/Root('IMS')/?$select=Id&metadata=no"
        assert httpx.get(target, timeout=60).status_code == 404
        assert httpx.get(target, headers={"apikey": key[:-1] + "x"}, timeout=60).status_code == 404
        answer = httpx.get(target, headers={"apikey": key}, timeout=60)
        assert answer.json() == {"d": {"Id": 3}}
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_address_is_logged_which_may_hold_a_key_or_a_code() -> None:
    with server("--empty", "--authority", "0") as (process, address, key):
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        authority = re.search(r"authority is at (http://\S+)", "".join(lines))
        assert authority is not None
        for place in (
            f"{address}/odata.svc/Root?apikey={key}",
            f"{authority[1]}/account/login?returnUrl=s3cret",
            f"{authority[1]}/s3cret",
        ):
            httpx.get(place, timeout=60)
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as raw:
            raw.sendall(b"s3cret\r\n\r\n")
            raw.recv(100)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (err, "s3cret" in out, key in out) == ("", False, False)


def test_ctrl_c_stops_it_cleanly() -> None:
    with server("--empty", "--admin") as (process, address, _):
        assert httpx.get(f"{address}/odata.svc", timeout=60).status_code == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0
        assert out.endswith("Stopped.\n")
        assert "Traceback" not in err


def test_a_second_server_on_the_file_is_refused(tmp_path: Path) -> None:
    data = str(tmp_path / "repository.db")
    with server("--empty", "--data", data):
        second = run_serve("--empty", "--data", data)
    assert second.returncode == 1
    assert "in use by another process" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "99999"], "'99999' is not a port: a number from 0 to 65535"),
        (["--port=-5"], "'-5' is not a port"),
        (["--port", "many"], "'many' is not a port"),
        (["--host", "nosuch.invalid"], "--host nosuch.invalid is not an address"),
        (["--data", "{folder}/missing/x.db"], "missing of --data is not there; make it first"),
        (["--data", "{folder}"], "is a folder; --data names a file in it"),
        (["--user", "olga"], "no user 'olga'. Did you mean 'olga.okafor'?"),
        (["--user", "olga.okafor", "--admin"], "not allowed with argument --user"),
        (["--data", "{folder}/mail.db"], "mail.db cannot be served: it is the SQLite database of another"),
        (["--data", "{folder}/text.db"], "text.db cannot be served: file is not a database"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "text.db").write_text("a letter to a friend, of more than a few words\n" * 30)
    with closing(sqlite3.connect(tmp_path / "mail.db")) as db:
        db.execute("CREATE TABLE mails (x)")
    given = [argument.replace("{folder}", str(tmp_path)) for argument in arguments]
    done = run_serve(*given)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_printed_key_is_that_of_the_user() -> None:
    with server("--user", "olga.okafor") as (_, address, key):
        answer = httpx.get(
            f"{address}/odata.svc/('Root')/GetCurrentUser", headers={"apikey": key}, timeout=60
        )
        assert answer.json()["d"]["LoginName"] == "olga.okafor"


def test_that_a_key_is_new_at_each_start_is_said(tmp_path: Path) -> None:
    with server("--empty", "--data", str(tmp_path / "repository.db")) as (process, _, _):
        assert process.stdout is not None
        assert "new at each start" in process.stdout.readline()


def test_every_answered_write_survives_sigkill(tmp_path: Path) -> None:
    data = str(tmp_path / "repository.db")
    with server("--empty", "--admin", "--data", data) as (process, address, _):
        for number in range(20):
            body = {**FOLDER, "Name": f"f{number}"}
            assert httpx.post(f"{address}/odata.svc/Root/Content", json=body, timeout=60).status_code == 200
        process.kill()
        process.wait()
    with server("--empty", "--admin", "--data", data) as (_, address, _):
        found = httpx.get(f"{address}/odata.svc/Root/Content/$count?$filter=startswith(Name,'f')", timeout=60)
        assert found.text == "20"


def test_connections_stay_open_and_broken_requests_get_empty_answers() -> None:
    with server("--empty", "--admin") as (_, address, _):
        host = address.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=60)
        for _ in range(3):
            connection.request("GET", "/odata.svc")
            assert connection.getresponse().read() == b'{"d":{"EntitySets":["Root"]}}'
            opened = connection.sock
            assert opened is not None
        connection.close()
        name, _, port = host.partition(":")
        for line in (b"GET /odata.svc/Root/a b HTTP/1.1", b"nonsense", b"GET /" + b"x" * 9000 + b" HTTP/1.1"):
            with socket.create_connection((name, int(port)), timeout=60) as raw:
                raw.sendall(line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
                head, _, body = raw.makefile("rb").read().partition(b"\r\n\r\n")
            assert head.split()[1] in (b"400", b"414")
            assert body == b""


@pytest.mark.parametrize(("more", "kind"), [([], "IdentityServer"), (["--sn-auth"], "SNAuth")])
def test_an_authority_beside_it_lets_people_sign_in(more: list[str], kind: str) -> None:
    with server("--empty", "--authority", "0", *more) as (process, address, _):
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        there = re.search(rf"authority is at (http://\S+) \({kind}\)", "".join(lines))
        password = re.search(r"with the password (\S+)", "".join(lines))
        assert there is not None
        assert password is not None
        named = httpx.get(
            f"{address}/odata.svc/('Root')/GetClientRequestParameters?clientType=client", timeout=60
        ).json()
        assert (named["authority"], named["type"]) == (there[1], kind)
        if kind == "SNAuth":
            given = {"loginName": r"builtin\admin", "password": password[1]}
            token = httpx.post(f"{there[1]}/api/auth/login", json=given, timeout=60).json()["accessToken"]
            target = f"{address}/odata.svc/('Root')/GetCurrentUser?metadata=no&$select=Name"
            user = httpx.get(target, headers={"Authorization": f"Bearer {token}"}, timeout=60).json()
            assert user["d"]["Name"] == "Admin"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, "Traceback" in err) == (0, False)
        assert out.endswith("Stopped.\n")


def test_sn_auth_without_an_authority_is_refused() -> None:
    ended = run_serve("--sn-auth")
    assert (ended.returncode, ended.stderr.strip()) == (
        1,
        "sn_pandas serve: --sn-auth says which authority; add --authority PORT",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_sigterm_ends_it_whatever_is_under_way_and_loses_no_answered_write(tmp_path: Path) -> None:
    data, script = tmp_path / "r.db", tmp_path / "faults.json"
    script.write_text(json.dumps({"rules": [{"match": "slowly", "fault": "delay", "seconds": 600}]}))
    answered: list[str] = []

    def write(number: int) -> None:
        with contextlib.suppress(httpx.HTTPError), httpx.Client(base_url=address, timeout=60) as http:
            for name in (f"{number}-{count}" for count in itertools.count()):
                body = {"__ContentType": "Folder", "Name": name}
                if http.post("/odata.svc/Root/Content", json=body).status_code == 200:
                    answered.append(name)

    def wait() -> None:
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{address}/odata.svc/Root?slowly", timeout=600)

    with contextlib.ExitStack() as stack:
        arguments = ("--empty", "--admin", "--data", str(data), "--faults", str(script))
        process, address, _ = stack.enter_context(server(*arguments))
        host, _, port = address.removeprefix("http://").partition(":")
        half_a_body = b"PATCH /odata.svc/Root HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
        for sent in (b"GET /odata", half_a_body):
            for _ in range(5):
                slow = stack.enter_context(socket.create_connection((host, int(port)), timeout=60))
                slow.sendall(sent)
        threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
        threads += [threading.Thread(target=wait) for _ in range(4)]
        for thread in threads:
            thread.start()
        while len(answered) < 20:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        for thread in threads:
            thread.join(60)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("Stopped.\n")
    application = Application(data)
    with application.store.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        there = {row[0] for row in db.execute("SELECT name FROM contents")}
    application.close()
    assert set(answered) <= there
