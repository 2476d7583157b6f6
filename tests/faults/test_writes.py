"""The fault table of writes: what goes wrong, and what the report says became of the row.

Whatever the fault, the report and the server agree: ``saved`` means that the server holds it exactly once,
everything else says what it is.
"""

from __future__ import annotations

import dataclasses
import re

import pytest

import sn_pandas as sn
from sn_pandas.embedded import Faults
from sn_pandas.frames.writes import settling

from ..frames.labs import LAB, fill, held, watch
from .calls import REFUSED

# What happens to the first requests of the kind, how often, and the outcome; * is every time.
ONCE, ALWAYS = 1, None


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Look at once for what may have been created."""
    monkeypatch.setattr(settling, "LOOKS", (0.0, 0.001, 0.001))


TABLE = {
    "429, then well": (lambda rule: rule.unavailable(429, retry_after=0), ONCE, "saved"),
    "503, then well": (lambda rule: rule.unavailable(503), ONCE, "saved"),
    "503 for good": (lambda rule: rule.unavailable(503), ALWAYS, "failed"),
    "502 of a proxy, not passed on": (lambda rule: rule.page(502), ONCE, "saved"),
    "502 of a proxy for good": (lambda rule: rule.page(502), ALWAYS, "unknown"),
    "connection broken before": (lambda rule: rule.reset(), ONCE, "saved"),
    "connection broken before, for good": (lambda rule: rule.reset(), ALWAYS, "unknown"),
    "answer lost": (lambda rule: rule.reset(after=True), ONCE, "saved"),
    "answers lost for good": (lambda rule: rule.reset(after=True), ALWAYS, "saved"),
    "answer cut": (lambda rule: rule.cut(5), ONCE, "saved"),
    "answer garbled": (lambda rule: rule.garble(10), ONCE, "saved"),
    "answer empty": (lambda rule: rule.garble(0), ONCE, "saved"),
    "500 of the server": (lambda rule: rule.status(500, REFUSED), ONCE, "failed"),
    "500 without a word for good": (lambda rule: rule.status(500), ALWAYS, "failed"),
    "500 of something else": (lambda rule: rule.status(500, b"oops"), ONCE, "saved"),
    "somebody saves at the same moment": (lambda rule: rule.out_of_date(), ONCE, "saved"),
    "somebody saves all the time": (lambda rule: rule.out_of_date(), ALWAYS, "failed"),
    "slow": (lambda rule: rule.delay(0.05), ONCE, "saved"),
}
# A creation is sent once: what was lost before it was done is not there, and says so.
OF_POST = {
    "502 of a proxy, not passed on": "unsent",
    "502 of a proxy for good": "unsent",
    "connection broken before": "unsent",
    "connection broken before, for good": "unsent",
    "500 without a word for good": "unsent",
    "500 of something else": "unsent",
    "somebody saves all the time": "unsent",
}


def hurried(repo, name):
    """Have a client give up soon what it repeats until its deadline."""
    if "all the time" in name:
        repo.client.retries = dataclasses.replace(repo.client.retries, deadline=0.3)
    return repo


@pytest.mark.parametrize("name", TABLE)
def test_patch(opened, name):
    fault, times, outcome = TABLE[name]
    faults = Faults()
    repo = hurried(opened(faults), name)
    frame = fill(repo, 3)
    frame["Quantity"] += 10
    victim = frame.index[1]
    fault(faults.on("PATCH", match=rf"content\({victim}\)", times=times))
    report = frame.sn.save(workers=2)
    faults.clear()
    assert report.frame["outcome"].tolist() == ["saved", outcome, "saved"], report
    assert held(repo, "Quantity", "A1") == (11 if outcome == "saved" else 1)
    assert len(frame.sn.changes()) == (0 if outcome == "saved" else 1)
    if outcome != "saved":
        assert report.failed["reason"].iloc[0]
        assert report.retry().ok
        assert held(repo, "Quantity", "A1") == 11


@pytest.mark.parametrize("name", TABLE)
def test_create(opened, name):
    fault, times, outcome = TABLE[name]
    outcome = OF_POST.get(name, outcome)
    faults = Faults()
    repo = hurried(opened(faults), name)
    frame = fill(repo, 1)
    frame.loc[-1, ["Name", "Serial", "Quantity"]] = ["B", "XY-1", 5]
    fault(faults.on("POST", match="Lab", times=times))
    report = frame.sn.save(create=True)
    faults.clear()
    assert report.frame["outcome"].tolist() == ["unchanged", outcome], report
    names = repo.read(LAB, select=["Name"], filter="isof('Asset')").Name.tolist()
    assert names == (["A0", "B"] if outcome == "saved" else ["A0"]), "once or not at all"
    assert report.retry().ok
    assert repo.read(LAB, select=["Name"], filter="isof('Asset')").Name.tolist() == ["A0", "B"]


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("permanent", [False, True])
def test_delete(opened, name, permanent):
    fault, times, outcome = TABLE[name]
    faults = Faults()
    repo = hurried(opened(faults), name)
    frame = fill(repo, 3)
    fault(faults.on("DELETE", match=rf"content\({frame.index[1]}\)|'A1'", times=times))
    report = frame.sn.delete(permanent=permanent)
    faults.clear()
    assert report.frame["outcome"].tolist() == ["saved", outcome, "saved"], report
    assert repo.count(LAB, filter="isof('Asset')") == (0 if outcome == "saved" else 1)


@pytest.mark.parametrize("kind", ["PATCH", "POST", "DELETE"])
def test_what_cannot_be_settled_is_unknown(opened, kind):
    """The answer is lost, and nothing can be read any more."""
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 2)
    faults.on(kind, match="Lab|content", times=1).reset(after=True)
    faults.on("GET", match=r"content\(\d+\)\?|'B'").reset()
    if kind == "POST":
        frame.loc[-1, ["Name", "Serial"]] = ["B", "XY-1"]
        report = frame.sn.save(create=True)
    elif kind == "PATCH":
        frame["Quantity"] = 50
        report = frame.sn.save(workers=1)
    else:
        report = frame.sn.delete(workers=1)
    faults.clear()
    lost = 2 if kind == "DELETE" else 1  # the other one cannot be seen to be gone, either
    assert report.counts["unknown"] == lost
    assert "could not be" in report.failed["reason"].iloc[0]
    journals = sn.journals()
    assert sorted(journals["open"], reverse=True)[:2] == [lost, 0]
    resumed = sn.resume(report.journal, repo)
    assert resumed.counts == {"saved": 1 if kind == "POST" else 2}
    assert repo.count(LAB, filter="isof('Asset')") == {"PATCH": 2, "POST": 3, "DELETE": 0}[kind]


def test_a_server_that_went_away_leaves_the_rest_unsent(opened):
    import httpx

    repo = opened()
    frame = fill(repo, 30)
    frame["Quantity"] += 10
    sent = []

    def send(request):
        if request.method == "PATCH":
            sent.append(request)
            if len(sent) > 10:
                raise httpx.ConnectError("refused", request=request)

    watch(repo, send)
    report = frame.sn.save(workers=2)
    assert report.counts == {"saved": 10, "unsent": 20}
    watch(repo, lambda request: None)
    assert sn.resume(report.journal, repo).counts == {"saved": 30}
    assert repo.read(LAB, select=["Quantity"], filter="isof('Asset')").Quantity.tolist() == list(
        range(10, 40)
    )


def test_the_server_that_is_overloaded_gets_fewer_requests_at_once(opened):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 40)
    frame["Quantity"] += 10
    faults.on("PATCH", nth=range(1, 6)).unavailable(429, retry_after=0)
    assert frame.sn.save(workers=16).counts == {"saved": 40}
    assert len(faults.log) == 5


def test_many_edits_with_every_fault(opened):
    """The report and the server agree on every row; twentieth of the requests fail, in every way."""
    agree(opened, 400)


@pytest.mark.slow
def test_ten_thousand_edits_with_every_fault(opened):
    """As above, with as many rows as a real cleanup has."""
    agree(opened, 10_000)


def agree(opened, count):
    faults = Faults(seed=7)
    repo = opened(faults)
    first = repo.create(LAB, "Folder", "first").Path
    for n in range(100):
        repo.create(first, "Asset", f"A{n}", {"Serial": f"AB-{n:06}", "Quantity": 1})
    for n in range(count // 100):
        repo.copy(first, repo.create(LAB, "Folder", f"F{n}").Path)
    assets = {"query": f'Type:Asset AND InTree:"{LAB}" AND -InTree:"{first}"', "autofilters": False}
    frame = repo.read(LAB, select=["Name", "Path", "Quantity"], **assets)
    frame["Quantity"] = [n % 900 + 2 for n in range(count)]
    faults_ = [entry for entry in TABLE.values() if entry[1] == ONCE]
    for fault, _, _ in faults_:
        fault(faults.on("PATCH", rate=0.05 / len(faults_)))
    report = frame.sn.save(workers=4)
    assert len(faults.log) > count / 40
    faults.clear()
    now = repo.read(LAB, select=["Name", "Quantity"], **assets)
    assert now.index.equals(frame.index)
    done = report.frame["outcome"] == "saved"
    assert (now.Quantity[done] == frame.Quantity[done]).all()
    assert (now.Quantity[~done] == 1).all()
    assert set(report.frame["outcome"]) <= {"saved", "failed"}
    assert set(frame.sn.changes()["Id"]) == set(frame.index[~done])
    assert report.retry().ok
    now = repo.read(LAB, select=["Quantity"], **assets)
    assert now.Quantity.tolist() == frame.Quantity.tolist()


def test_a_journal_that_cannot_be_written_keeps_everything_from_being_sent(opened, tmp_path):
    repo = opened()
    frame = fill(repo, 2)
    frame["Quantity"] = 50
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(sn.SaveError, match="nothing was sent, because the journal cannot be written"):
        frame.sn.save(journal=blocked / "journal.jsonl")
    with pytest.raises(sn.SaveError, match=re.escape(str(blocked))):
        frame.sn.save(journal=blocked)
    assert held(repo, "Quantity") == 0
