"""What goes wrong on the way to a server, for everything that reads: a column a fault, a row an operation.

An operation that meets a fault gives what it gives without it, or an error that names the cause.
"""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository

from ..fakes import FakeServer
from .calls import DOCS, READS

BLOCKED = (
    "<html><head><title>Request blocked</title></head><body><p>Blocked by the security policy. "
    "Support reference 7719</p></body></html>"
)
LOGIN = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>please sign in</body></html>"
OTHER = {"status": "ok", "service": "billing", "items": []}
UNTRUSTED = httpx.ConnectError(
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
    "self-signed certificate in certificate chain (_ssl.c:1006)"
)


@dataclasses.dataclass(frozen=True)
class Column:
    """A fault, and the error that it has to end in; None where it must not be noticed at all.

    For the operations in ``but`` it is an answer like any other.
    """

    answer: Callable[[FakeServer], object]
    error: type[Exception] | tuple[type[Exception], ...] | None = None
    words: str = ""
    but: tuple[str, ...] = ()


def refuse(response: httpx.Response) -> Callable[[FakeServer], object]:
    return lambda server: server.on().call(lambda request, forward: response)


def fail(error: Exception) -> Callable[[FakeServer], object]:
    def raised(request: httpx.Request, forward: object) -> httpx.Response:
        raise error

    return lambda server: server.on().call(raised)


def cache(server: FakeServer) -> None:
    """Answer from memory unless a request asks to be passed on, as caches of HTTP do."""
    kept: dict[str, httpx.Response] = {}

    def answer(request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if "no-cache" not in request.headers.get("cache-control", ""):
            return httpx.Response(200, json={"d": {"__count": 0, "results": []}}, headers={"Age": "60"})
        kept[str(request.url)] = forward(request)
        return kept[str(request.url)]

    server.on("GET").call(answer)


COLUMNS = {
    "HTML with 200": Column(refuse(httpx.Response(200, html=LOGIN)), sn.AnswerError, "please sign in"),
    "other JSON with 200": Column(refuse(httpx.Response(200, json=OTHER)), sn.AnswerError, "billing"),
    "text with 200": Column(refuse(httpx.Response(200, text="OK")), sn.AnswerError, "OK"),
    "empty 200": Column(
        refuse(httpx.Response(200)),
        (sn.AnswerError, sn.AuthenticationError),  # a list that is empty may have been the Visitor's
        "empty|no value",
        ("call",),  # of an operation that gives an empty text
    ),
    "cached": Column(cache),
    "date ahead": Column(lambda server: server.on().clock(3600.0)),
    "date far ahead": Column(lambda server: server.on().headers(Date="Fri, 31 Dec 9999 23:59:59 GMT")),
    "2,048 characters": Column(
        lambda server: server.on(when=lambda request: len(request.url.query) > 2048).status(404)
    ),
    "proxy wants a password": Column(
        refuse(httpx.Response(407)), sn.ConnectionFailed, "proxy asks for a user"
    ),
    "firewall 403": Column(refuse(httpx.Response(403, html=BLOCKED)), sn.ServerError, "reference 7719"),
    "firewall 405": Column(refuse(httpx.Response(405, html=BLOCKED)), sn.ServerError, "reference 7719"),
    "firewall 413": Column(refuse(httpx.Response(413, html=BLOCKED)), sn.ServerError, "reference 7719"),
    "wrong address": Column(refuse(httpx.Response(404, html="<p>nginx</p>")), sn.AnswerError, "nginx"),
    "certificate": Column(fail(UNTRUSTED), sn.ConnectionFailed, "certificate.*self-signed.*verify="),
    "unavailable": Column(refuse(httpx.Response(503, html=BLOCKED)), sn.UnavailableError, "reference 7719"),
}


def same(one: Any, other: Any) -> bool:
    """Whether two results of an operation are the same."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, pd.DataFrame | pd.Series):
        return bool(one.equals(other)) or one.astype(str).equals(other.astype(str))
    if isinstance(one, np.ndarray):
        return bool((one == other).all())
    return bool(one == other)


def given(repo: Repository, name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return READS[name](repo)


def outcome(repo: Repository, name: str) -> Any:
    """Return what an operation gives, or the error that it ends in."""
    try:
        return given(repo, name)
    except sn.SensenetError as error:
        return error


@pytest.fixture
def server(fake: Callable[..., FakeServer]) -> FakeServer:
    server = fake()
    server.connect().upload(DOCS, {"hostile.txt": b"the real thing"})
    return server


# What is tried each time; the others take as long again.
QUICK = ("HTML with 200", "firewall 403", "date far ahead")


@pytest.mark.parametrize(
    "column", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in COLUMNS]
)
def test_reads_name_the_cause_or_do_not_notice(server: FakeServer, column: str) -> None:
    fault = COLUMNS[column]
    repo = server.connect()
    good = {name: outcome(repo, name) for name in READS if name not in fault.but}
    fault.answer(server)
    wrong = []
    for name, before in good.items():
        after = outcome(server.connect() if fault.error is None else repo, name)
        if fault.error is None:
            fine = type(after) is type(before) and (isinstance(before, Exception) or same(before, after))
        else:
            found = re.search(f"(?s){fault.words}", str(after))
            fine = isinstance(after, fault.error) and found is not None
        if not fine:
            wrong.append(f"{name}: {type(after).__name__}: {str(after)[:300]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("number", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_lost_credentials_are_no_result(server: FakeServer, number: int) -> None:
    repo = server.connect()
    good = {name: outcome(repo, name) for name in READS}
    wrong = []
    for name, before in good.items():
        with server.connect() as other:
            other.schema  # noqa: B018 - what it is without the fault
            server.log.clear()
            rule = server.on(when=lambda request: len(server.log) >= number).visitor()
            after = outcome(other, name)
            rule.off()
        if not isinstance(after, sn.AuthenticationError) and (
            isinstance(before, Exception) or not same(before, after)
        ):
            wrong.append(f"{name}: {type(after).__name__}: {str(after)[:200]}")
    assert not wrong, "\n".join(wrong)


def downloaded(frame: pd.DataFrame, folder: Path) -> tuple[list[str], list[bytes]]:
    """Return what a download says of each row, and the files that are there then."""
    try:
        said = frame.sn.download(folder).frame["outcome"].tolist()
    except sn.SensenetError:
        said = ["failed"]
    return said, [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_file_comes_down_whole_or_not_at_all(server: FakeServer, column: str, tmp_path: Path) -> None:
    fault = COLUMNS[column]
    frame = server.connect().read(DOCS, select=["Name"], filter=sn.F("Name") == "hostile.txt")
    fault.answer(server)
    said, files = downloaded(frame, tmp_path)
    if fault.error is None:
        assert (said, files) == (["saved"], [b"the real thing"])
    else:
        assert said != ["saved"]
        assert not files


@pytest.mark.parametrize("after", range(4))
def test_a_file_of_lost_credentials_comes_down_whole_or_not_at_all(
    server: FakeServer, after: int, tmp_path: Path
) -> None:
    frame = server.connect().read(DOCS, select=["Name"], filter=sn.F("Name") == "hostile.txt")
    server.on(nth=range(after + 1, 1000)).visitor()
    said, files = downloaded(frame, tmp_path)
    assert (said, files) in [(["saved"], [b"the real thing"]), (["unsent"], []), (["failed"], [])]
