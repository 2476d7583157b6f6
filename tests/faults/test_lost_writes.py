"""Writes whose answer is late, wrong or missing: nothing is done twice, nothing is said that is not so."""

from __future__ import annotations

import html
import json
import time
import types

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.embedded import Faults
from sn_pandas.frames.writes import sending
from sn_pandas.odata.errors import NoAnswer, SensenetError

from ..frames.test_saving import LAB, fill
from .test_get import client_of
from .test_writes import REFUSED

SECRET = 'hush "it\'s" <1>'


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(sending, "_LOOKS", (0.0, 0.001, 0.001))


def done_but(rule, body=REFUSED, status=500):
    """Have the server do what was asked, and answer something else."""

    def fault(app, environ, start):
        b"".join(app(environ, lambda *head: None))
        start(f"{status} Fault", [("Content-Length", str(len(body)))])
        return [body]

    rule.fault = fault


@pytest.mark.parametrize("kind", ["PATCH", "POST", "DELETE"])
def test_a_refusal_is_believed_only_when_seen(opened, kind):
    """An error of the server with a code of its own, after it has done what was asked."""
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 2)
    done_but(faults.on(kind, match="Lab|content", times=1))
    if kind == "POST":
        frame.loc[-1, ["Name", "Serial"]] = ["B", "XY-1"]
        report = frame.sn.save(create=True)
    elif kind == "PATCH":
        frame.loc[frame.index[0], "Quantity"] = 50
        report = frame.sn.save()
    else:
        report = frame.iloc[:1].sn.delete()
    assert len(faults.log) == 1
    assert report.counts["saved"] == 1, report
    assert repo.count(LAB, filter="isof('Asset')") == {"PATCH": 2, "POST": 3, "DELETE": 1}[kind]


def test_a_delete_that_is_late_is_not_done_once_more_in_the_trash(repo, monkeypatch):
    """The first DELETE is answered by nobody and done only when the second one comes."""
    frame = fill(repo, 2)
    original, late = repo.client.request, []

    def request(method, address, **more):
        if method != "DELETE":
            return original(method, address, **more)
        late.append(address)
        if len(late) == 1:
            raise NoAnswer("lost", sent=True)
        original(method, late[0], **more)
        return original(method, address, **more)

    monkeypatch.setattr(repo.client, "request", request)
    report = frame.iloc[:1].sn.delete()
    assert report.counts == {"saved": 1}
    assert late == [f"/odata.svc/content({frame.index[0]})", f"/odata.svc{LAB}('A0')"]
    bags = repo.read("/Root/Trash", select=["OriginalPath"], filter="isof('TrashBag')")
    assert bags["OriginalPath"].tolist() == [LAB]
    monkeypatch.undo()
    assert sn.undo(report).counts == {"saved": 1}
    assert repo.count(LAB, filter="isof('Asset')") == 2


def test_a_write_is_not_tried_longer_than_the_deadline(opened, monkeypatch):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 1)
    frame["Quantity"] += 10
    faults.on("PATCH").reset()
    clock = iter(range(0, 10_000, 25))
    monkeypatch.setattr(sending, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(repo.client, "retries", sn.Retries(deadline=60.0))
    report = frame.sn.save()
    assert report.counts == {"failed": 1}
    assert "after 3 tries" in report.failed["reason"].iloc[0]
    assert len(faults.log) == 3


def test_an_answer_to_a_write_does_not_drip_for_ever():
    class Drops(httpx.SyncByteStream):
        def __iter__(self):
            for _ in range(1000):
                time.sleep(0.005)
                yield b" "

    client, _ = client_of(retries=sn.Retries(deadline=0.05))
    client._transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Drops()))
    with pytest.raises(NoAnswer, match="did not answer in time") as error:
        client.send("PATCH", "/odata.svc/content(1)", body={})
    assert error.value.sent


ECHOES = {
    "as it is": lambda words: words,
    "quoted by Python": lambda words: repr(words),
    "quoted by JSON": lambda words: json.dumps(words),
    "quoted by HTML": lambda words: html.escape(words),
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [400, 500, 503])
def test_passwords_are_in_no_error(opened, echo, status):
    faults = Faults()
    repo = opened(faults)
    user = repo.read("/Root/IMS", filter="isof('User')", select=["Name"], query="TypeIs:User").index[0]
    words = {"value": f"{ECHOES[echo](SECRET)} is no good"}
    body = json.dumps({"error": {"code": "NotSpecified", "exceptiontype": "X", "message": words}}).encode()
    faults.on("PATCH").status(status, body)
    with pytest.raises(SensenetError) as error:
        repo.patch(int(user), {"Password": SECRET, "FullName": "Other"})
    assert "is no good" in str(error.value) or status == 503
    clean(error.value)


def test_passwords_are_in_no_outcome_of_other_fields(opened):
    faults = Faults()
    repo = opened(faults)
    user = repo.read("/Root/IMS", filter="isof('User')", select=["Name"], query="TypeIs:User").index[0]
    shown = {"d": {"Id": int(user), "Path": "/Root/x", "FullName": "Other", "Password": SECRET[:4]}}
    done_but(faults.on("PATCH"), json.dumps(shown).encode(), 200)
    with pytest.raises(sn.SaveError, match="FullName: sent 'Me'") as error:
        repo.patch(int(user), {"Password": SECRET, "FullName": "Me"})
    clean(error.value)


def clean(error):
    report = getattr(error, "report", None)
    texts = [str(error), repr(error), getattr(error, "reason", ""), repr(report)]
    texts += [] if report is None else [report.frame.to_csv(), report._repr_html_(), *report.requests]
    for written in (SECRET, SECRET[:4], *(echo(SECRET) for echo in ECHOES.values())):
        assert not [text for text in texts if written in text]
