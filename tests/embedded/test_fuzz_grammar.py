"""The other half of 100,000 odd requests: made by the grammar, in process and over sockets."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from sn_pandas.embedded import Application

from .fuzzing import (
    EXCEPTIONS_OF_500,
    EXCHANGES,
    STATUSES,
    Judge,
    Pool,
    Request,
    build,
    check_database,
    exception_of,
    made,
    mutated,
    randoms,
    records_of,
    wire_bytes,
)

ROUNDS, ROUND = 15, 3_000
"""Requests in process: every thousand on a new repository."""
SOCKETS, SOCKET_ROUND = 5, 1_000


def play(chance: random.Random, count: int) -> None:
    application = Application(sample=False, admin=True)
    try:
        build(application)
        with Judge() as judge:
            for _ in range(count):
                judge.ask(application, made(chance))
        print(
            f"{count} requests, {dict(judge.statuses)}, slowest {judge.slowest[0]:.2f} s: {judge.slowest[1]}"
        )
        assert not judge.faults, judge.report()
        check_database(application)
    finally:
        application.close()


def test_a_few_requests_of_the_grammar() -> None:
    play(randoms("a few"), 1_000)


@pytest.mark.long
@pytest.mark.parametrize("number", range(ROUNDS))
def test_requests_of_the_grammar(number: int) -> None:
    chance = randoms(f"grammar {number}")
    for _ in range(ROUND // 1_000):
        play(chance, 1_000)


@contextmanager
def server(data: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server whose callers are the Admin; give the process and the port."""
    command = [sys.executable, "-m", "sn_pandas", "serve", "--port", "0", "--admin", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = re.search(r":(\d+)$", process.stdout.readline().strip())
        assert port is not None
        yield process, int(port[1])
    finally:
        process.kill()
        process.communicate()


def exchange(port: int, data: bytes) -> bytes:
    """Send bytes, say that no more come, and return what is answered until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        answer = b""
        try:
            connection.sendall(data)
            with contextlib.suppress(OSError):  # hung up on before that
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:  # hung up on before all was read
            pass
    return answer


def judge_answer(data: bytes, answer: bytes) -> None:
    assert b"The embedded repository has an error" not in answer, data
    if answer.startswith(b"HTTP/1.1 500") and not data.startswith(b"HEAD"):
        body = answer.partition(b"\r\n\r\n")[2]
        if body.startswith(b"{"):
            assert exception_of(body.partition(b"HTTP/1.")[0]) in EXCEPTIONS_OF_500, (data, answer)
    if answer:
        assert int(answer.split(None, 2)[1]) in STATUSES | {100, 413, 501}, (data, answer)


def play_on_sockets(chance: random.Random, data: Path, count: int) -> None:
    with closing(Application(data, sample=False, admin=True)) as application:
        build(application)
    pool = Pool(records_of(EXCHANGES / "16_http.jsonl"))
    recorded = [one for one in records_of(EXCHANGES / "16_http.jsonl") if "body_base64" not in one]
    with server(data) as (process, port):
        for number in range(count):
            if number % 3:
                one = made(chance)
            else:
                record = chance.choice(recorded)
                body = record["body"].encode() if "body" in record else None
                one = mutated(chance, Request(record["method"], record["target"], body), pool)
            sent = wire_bytes(chance, one)
            judge_answer(sent, exchange(port, sent))
            assert process.poll() is None, sent
        assert httpx.get(f"http://127.0.0.1:{port}/odata.svc", timeout=60).status_code == 200
        process.terminate()
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    with closing(Application(data)) as application:
        check_database(application)


def test_a_few_requests_on_sockets(tmp_path: Path) -> None:
    play_on_sockets(randoms("few sockets"), tmp_path / "repository.db", 150)


@pytest.mark.long
@pytest.mark.parametrize("number", range(SOCKETS))
def test_requests_on_sockets(tmp_path: Path, number: int) -> None:
    play_on_sockets(randoms(f"sockets {number}"), tmp_path / "repository.db", SOCKET_ROUND)
