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
from sn_pandas.frames.writes import settling
from sn_pandas.odata.errors import NoAnswer, SensenetError

from ..frames.labs import LAB, fill, lab
from .calls import REFUSED, client_of

SECRET = 'hush "it\'s" <1>'


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(settling, "LOOKS", (0.0, 0.001, 0.001))


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
    original, late = repo.client.send, []

    def send(method, address, **more):
        if method != "DELETE":
            return original(method, address, **more)
        late.append(address)
        if len(late) == 1:
            raise NoAnswer("lost", sent=True)
        original(method, late[0], **more)
        return original(method, address, **more)

    monkeypatch.setattr(repo.client, "send", send)
    report = frame.iloc[:1].sn.delete()
    assert report.counts == {"saved": 1}
    assert late == [f"/odata.svc/content({frame.index[0]})", f"/odata.svc{LAB}('A0')"]
    bags = repo.read("/Root/Trash", select=["OriginalPath"], filter="isof('TrashBag')")
    assert bags["OriginalPath"].tolist() == [LAB]
    monkeypatch.undo()
    assert sn.undo(report).counts == {"saved": 1}
    assert repo.count(LAB, filter="isof('Asset')") == 2


def written_and_changed(server, theirs):
    """Have a PATCH be done and its answer be lost, and somebody else change the content then."""

    def effect(request, forward):
        forward(request)
        server.connect(user="Admin").patch(f"{LAB}/a1", theirs)
        raise httpx.ReadError("connection reset by peer")

    server.on("PATCH", match=r"content\(", nth=[1]).call(effect)


def test_what_was_written_is_saved_though_somebody_changed_a_part_of_it_later(fake):
    server = lab(fake)
    repo = server.connect()
    frame = repo.read(LAB, select=["Name", "Path", "Quantity", "Notes"])
    frame.loc[frame["Name"] == "a1", ["Quantity", "Notes"]] = [50, "mine"]
    written_and_changed(server, {"Quantity": 77})
    report = frame.sn.save()
    assert report.counts == {"unchanged": 2, "saved": 1}
    reason = report.frame.set_index("Path").loc[f"{LAB}/a1", "reason"]
    assert "somebody else changed Quantity after that" in reason
    assert frame.sn.changes().empty
    assert repo.value(f"{LAB}/a1", "Quantity") == 77
    frame.sn.refresh()
    assert frame.set_index("Name").loc["a1", ["Quantity", "Notes"]].tolist() == [77, "mine"]
    sn.undo(report, on_conflict="skip")
    assert repo.value(f"{LAB}/a1", "Quantity") == 77, "that is not what the save wrote"


def test_what_somebody_else_changed_before_it_was_written_is_a_conflict(fake):
    server = lab(fake)
    repo = server.connect()
    frame = repo.read(LAB, select=["Name", "Path", "Quantity", "Notes"])
    frame.loc[frame["Name"] == "a1", ["Quantity", "Notes"]] = [50, "mine"]

    def effect(request, forward):
        server.connect(user="Admin").patch(f"{LAB}/a1", {"Quantity": 77})
        raise httpx.ReadError("connection reset by peer")

    server.on("PATCH", match=r"content\(", nth=[1]).call(effect)
    report = frame.sn.save(on_conflict="skip")
    assert report.counts == {"unchanged": 2, "conflict": 1}
    assert repo.value(f"{LAB}/a1", "Notes") is None


def test_a_write_is_not_tried_longer_than_the_deadline(opened, monkeypatch):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 1)
    frame["Quantity"] += 10
    faults.on("PATCH").reset()
    clock = iter(range(0, 10_000, 25))
    monkeypatch.setattr(settling, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(repo.client, "retries", sn.Retries(deadline=60.0))
    report = frame.sn.save()
    assert report.counts == {"unknown": 1}
    assert "after 3 tries" in report.failed["reason"].iloc[0]
    assert len(faults.log) == 3


def test_an_answer_to_a_write_does_not_drip_for_ever():
    class Drops(httpx.SyncByteStream):
        def __iter__(self):
            for _ in range(1000):
                time.sleep(0.005)
                yield b" "

    client, _ = client_of(lambda _: httpx.Response(200, stream=Drops()), retries=sn.Retries(deadline=0.05))
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
    shown = {
        "d": {
            "Id": int(user),
            "Path": "/Root/x",
            "Name": "x",
            "Type": "User",
            "FullName": "Other",
            "Password": SECRET[:4],
        }
    }
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


@pytest.mark.parametrize("kind", ["PATCH", "DELETE"])
def test_what_was_lost_once_is_not_called_failed_by_a_later_error(opened, kind):
    """The first request may still be carried out, whatever the server answers to the others."""
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 2)
    faults.on(kind, match="Lab|content", nth=1).reset()
    faults.on(kind, match="Lab|content").status(500, b"")
    if kind == "PATCH":
        frame.loc[frame.index[0], "Quantity"] = 50
        report = frame.sn.save()
    else:
        report = frame.iloc[:1].sn.delete()
    assert report.counts["unknown"] == 1, report
    assert "failed" not in report.counts
