"""``serve --testing`` and ``--faults``: what tests of clients in other languages rely on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sn_pandas.embedded.fault_scripts import FAULTS, FaultScriptError, load, read
from sn_pandas.embedded.http.request_log import RequestLog

from .serving import run_serve, server

KEY = "a-key-for-the-tests"
TASK = "/odata.svc/Root/Content('IT')"


@contextmanager
def running(*arguments: str) -> Iterator[httpx.Client]:
    """Run a server for tests; give a client with the key of the administrator."""
    with (
        server("--key", KEY, "--testing", *arguments) as (_, address, _),
        httpx.Client(base_url=address, headers={"apikey": KEY}, timeout=60) as http,
    ):
        yield http


def test_without_the_switch_there_is_nothing_to_test_with() -> None:
    with server("--empty", "--admin") as (_, address, _):
        for method, path in (("GET", "requests"), ("POST", "reset"), ("PUT", "faults")):
            answer = httpx.request(method, f"{address}/_sn/{path}", timeout=60)
            assert (answer.status_code, answer.content) == (404, b"")


def test_a_reset_puts_everything_back_and_requests_are_remembered() -> None:
    with running() as http:
        before = http.get(f"{TASK}?$select=Id,Index,Version").json()
        assert http.patch(TASK, json={"Index": 4711}).status_code == 200
        made = http.post("/odata.svc/Root/Content", json={"__ContentType": "Folder", "Name": "new"})
        number = made.json()["d"]["Id"]
        assert http.get(f"{TASK}?apikey={KEY}&$select=Index").status_code == 200
        seen = http.get("/_sn/requests").json()
        assert [(one["method"], one["status"]) for one in seen] == [
            ("GET", 200), ("PATCH", 200), ("POST", 200), ("GET", 200),
        ]  # fmt: skip
        assert seen[1] == {"method": "PATCH", "target": TASK, "length": 14, "status": 200}
        assert KEY not in json.dumps(seen)
        assert http.post("/_sn/reset").status_code == 204
        assert http.get("/_sn/requests").json() == []
        assert http.get(f"{TASK}?$select=Id,Index,Version").json() == before
        assert http.get("/odata.svc/Root/Content('new')").status_code == 404
        again = http.post("/odata.svc/Root/Content", json={"__ContentType": "Folder", "Name": "new"})
        assert again.json()["d"]["Id"] == number
        assert http.delete("/_sn/requests").status_code == 204
        assert http.get("/_sn/requests").json() == []


def test_only_administrators_test_and_no_web_page() -> None:
    with server("--user", "olga.okafor", "--testing") as (_, address, key):
        for headers in ({}, {"apikey": key}):
            assert httpx.post(f"{address}/_sn/reset", headers=headers, timeout=60).status_code == 403
    with server("--empty", "--admin", "--testing") as (_, address, _):
        foreign = {"Origin": "http://evil.example"}
        assert httpx.post(f"{address}/_sn/reset", headers=foreign, timeout=60).status_code == 403
        rebound = {"Host": "evil.example"}
        assert httpx.get(f"{address}/_sn/requests", headers=rebound, timeout=60).status_code == 403


def test_a_repository_in_a_file_is_not_reset(tmp_path: Path) -> None:
    with server("--empty", "--admin", "--testing", "--data", str(tmp_path / "r.db")) as (_, address, _):
        answer = httpx.post(f"{address}/_sn/reset", timeout=60)
        assert (answer.status_code, "without --data" in answer.json()["error"]) == (409, True)


def test_faults_of_a_file_and_others_later(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    rule = {"method": "GET", "match": "IT", "nth": [1], "fault": "unavailable", "retry_after": 3}
    script.write_text(json.dumps({"rules": [rule, {"match": "nobody", "fault": "reset"}]}))
    with running("--faults", str(script)) as http:
        failed = http.get(TASK)
        assert (failed.status_code, failed.headers["retry-after"]) == (503, "3")
        assert http.get(TASK).status_code == 200
        with pytest.raises(httpx.TransportError):
            http.get("/odata.svc/Root?x=nobody")
        assert [one["status"] for one in http.get("/_sn/requests").json()] == [503, 200, None]
        http.post("/_sn/reset")
        assert http.get(TASK).status_code == 503  # rules count from the beginning again
        refused = http.put("/_sn/faults", json={"rules": [{"fault": "nonsense"}]})
        assert (refused.status_code, "no fault is called" in refused.json()["error"]) == (400, True)
        given = {"rules": [{"fault": "status", "status": 418, "body": "tea", "headers": {"X-Pot": "1"}}]}
        assert http.put("/_sn/faults", json=given).status_code == 204
        answer = http.get(TASK)
        assert (answer.status_code, answer.text, answer.headers["x-pot"]) == (418, "tea", "1")
        assert http.put("/_sn/faults", json={"rules": []}).status_code == 204
        assert http.get(TASK).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "password=p%26rest", "passw%6Frd=p%23rest", "apikey=rest%3Bp", "x=1&code=rest&y=2",
        "client_secret=a;rest",
        "refresh_token=rest", "id_token=rest", "code_verifier=rest", "secret=rest", "Access_Token=rest",
        "next=%2Fodata.svc%3Ftoken%3Drest",
    ],
)  # fmt: skip
def test_secrets_in_addresses_stand_in_no_log(query: str) -> None:
    log, faults = RequestLog(), read(json.dumps({"rules": [{"fault": "status", "status": 503}]}))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/odata.svc/Root", "QUERY_STRING": query}

    def app(environ: object, start: object) -> list[bytes]:
        return []

    list(log.around(faults.around(app))(environ, lambda *given: None))
    for target in (log.select()[0].target, faults.log[0][1]):
        assert "rest" not in target
        assert "***" in target
    assert "y=2" in log.select()[0].target or "y=2" not in query


GIVEN: dict[str, dict[str, object]] = {"status": {"status": 500}, "delay": {"seconds": 0}}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_stand_in_a_script(fault: str) -> None:
    faults = read(json.dumps({"seed": 3, "rules": [{"fault": fault, "times": 1, **GIVEN.get(fault, {})}]}))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/odata.svc/Root", "QUERY_STRING": "apikey=abc"}

    def app(environ: object, start: object) -> list[bytes]:
        start("200 OK", [])  # type: ignore[operator]
        return [b"x" * 100]

    try:
        list(faults.around(app)(environ, lambda *given: None))
    except ConnectionResetError:
        assert fault in ("reset", "cut")
    assert faults.log == [("GET", "/odata.svc/Root?apikey=***")]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("{", "it is not JSON"),
        ("[]", "a script is an object such as"),
        ('{"rules": [], "more": 1}', "the script has no 'more'; there are seed, rules"),
        ('{"rules": [7]}', "rule 1 is not an object"),
        (
            '{"rules": [{"fault": "reset"}, {"nth": 1}]}',
            "rule 2: no fault is called None; there are unavailable",
        ),
        (
            '{"rules": [{"fault": "reset", "status": 3}]}',
            r"rule 1 \(reset\) has no 'status'; there are fault",
        ),
        (
            '{"rules": [{"fault": "reset", "nth": "1"}]}',
            r'nth is "1", and has to be an integer or a list',
        ),
        ('{"rules": [{"fault": "reset", "nth": [true]}]}', "nth is true, and has to be an integer"),
        ('{"rules": [{"fault": "reset", "rate": "x"}]}', 'rate is "x", and has to be a number'),
        ('{"rules": [{"fault": "reset", "match": "("}]}', "match is not a regular expression"),
        ('{"rules": [{"fault": "delay"}]}', r"rule 1 \(delay\): seconds is missing"),
        ('{"rules": [{"fault": "status"}]}', r"rule 1 \(status\): status is missing"),
        ('{"seed": "x", "rules": []}', 'seed is "x", and has to be an integer'),
    ],
)
def test_a_script_that_cannot_be_read_says_why(tmp_path: Path, script: str, words: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(script)
    with pytest.raises(FaultScriptError, match=words) as caught:
        load(file)
    assert str(caught.value).startswith(str(file))


def test_a_script_that_cannot_be_read_is_refused_at_the_start(tmp_path: Path) -> None:
    done = run_serve("--faults", str(tmp_path / "none.json"))
    assert done.returncode == 2
    assert "none.json: No such file" in done.stderr
