"""The fault table of versions: what became of a check-out or publication whose answer was lost.

The content shows it: ``saved`` means that the operation was done once, ``failed`` that the server did not do
it, ``unknown`` that a look cannot tell. Nothing is repeated on what somebody else wrote meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import sn_pandas as sn

from ..fakes import FakeServer
from ..frames.labs import lab

DRAFTS = "/Root/Content/Lab/drafts"
PLACE = f"{DRAFTS}/x"

#: Each operation: its request, what is done before, by whom it is done, and the version that it leads to.
OPERATIONS: dict[str, tuple[str, tuple[str, ...], str | None, str]] = {
    "check_out": ("CheckOut", (), None, "V0.2.L"),
    "check_in": ("CheckIn", ("check_out",), None, "V0.2.D"),
    "undo_check_out": ("UndoCheckOut", ("check_out",), None, "V0.1.D"),
    "force": ("ForceUndoCheckOut", ("check_out",), "Admin", "V0.1.D"),
    "publish": ("Publish", (), None, "V0.1.P"),
    "publish what is rejected": ("Publish", ("publish", "reject"), None, "V0.2.P"),
    "approve": ("Approve", ("publish",), None, "V1.0.A"),
    "reject": ("Reject", ("publish",), None, "V0.1.R"),
}

#: Each fault: on which of the requests, what it does, and what becomes of the operation.
FAULTS: dict[str, tuple[Any, Callable[[Any], Any], str]] = {
    "answer lost": (1, lambda rule: rule.reset(after=True), "saved"),
    "answers lost for good": ((), lambda rule: rule.reset(after=True), "saved"),
    "late answer": (1, lambda rule: rule.timeout(after=True), "saved"),
    "answer cut": (1, lambda rule: rule.cut(), "saved"),
    "lost before": (1, lambda rule: rule.reset(), "saved"),
    "lost before, for good": ((), lambda rule: rule.reset(), "unknown"),
    "page of a proxy": (1, lambda rule: rule.html(502), "saved"),
    "page of a proxy, for good": ((), lambda rule: rule.html(502), "unknown"),
    "HTML 200": (1, lambda rule: rule.html(), "saved"),
    "empty 200": (1, lambda rule: rule.empty(), "saved"),
    "JSON of another service": (1, lambda rule: rule.json({"status": "ok"}), "saved"),
    "overload, for good": ((), lambda rule: rule.unavailable(503, retry_after=0), "failed"),
    "lost, and then refused by a firewall": (2, lambda rule: rule.html(403), "unknown"),
}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Look at once for what may have been done."""
    monkeypatch.setattr("sn_pandas.frames.writes.settling.LOOKS", (0.0, 0.001))


@pytest.fixture
def server(fake):
    """Return a server with a library that keeps drafts and approves, and a draft in it."""
    made = lab(fake, rows=0)
    repo = made.connect()
    modes = {"InheritableVersioningMode": ["3"], "InheritableApprovingMode": ["2"]}
    repo.create("/Root/Content/Lab", "DocumentLibrary", "drafts", {**modes, "AllowedChildTypes": ["Asset"]})
    draft(repo, "x")
    return made


#: What somebody else wrote a moment ago may be later than a call, so what tests begin with is older.
LONG_AGO = {"VersionModificationDate": "2020-01-01T00:00:00Z"}


def draft(repo, name):
    serial = f"AB-{1000 + sum(map(ord, name))}"
    body = {"__ContentType": "Asset", "Name": name, "Serial": serial, "Quantity": 1, **LONG_AGO}
    repo.client.send("POST", f"/odata.svc{DRAFTS}?metadata=no&$select=Id", body=body)


def age(repo, place=PLACE):
    """Have the working copy, or the version that is approved, be of long ago."""
    parent, _, name = place.rpartition("/")
    repo.client.send("PATCH", f"/odata.svc{parent}('{name}')?metadata=no", body=LONG_AGO)


def do(repo, name: str, path: Any = PLACE) -> Any:
    """Do an operation of the table and return its report, or the error's."""
    word = name.split()[0]
    try:
        if word == "force":
            return repo.undo_check_out(path, force=True)
        return getattr(repo, word)(path)
    except sn.SaveError as error:
        return error.report


def begin(server: FakeServer, name: str, place: str = PLACE) -> tuple[Any, Any]:
    """Have done what comes before an operation, and return who does it, and an administrator."""
    _, before, who, _ = OPERATIONS[name]
    mine = server.connect()
    for word in before:
        getattr(mine, word)(place)
    if who is not None:
        age(mine, place)
    return server.connect(user=who), server.connect(user="Admin")


def version(admin, path=PLACE):
    return admin.value(path, "Version")


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_became_of_it_is_seen(server, name):
    request, _, _, after = OPERATIONS[name]
    for number, (fault, (nth, put, outcome)) in enumerate(FAULTS.items()):
        place = f"{DRAFTS}/y{number}"
        draft(server.connect(), f"y{number}")
        repo, admin = begin(server, name, place)
        before = version(admin, place)
        put(server.on("POST", rf"/{request}\?", nth=() if nth == 2 else nth))
        if nth == 2:
            server.on("POST", rf"/{request}\?", nth=1).reset()
        report = do(repo, name, place)
        server.clear()
        (reason,) = report.frame["reason"]
        assert report.frame["outcome"].tolist() == [outcome], (fault, reason)
        assert version(admin, place) == (after if outcome == "saved" else before), (fault, reason)
        assert outcome != "saved" or after in reason, (fault, reason)
        if outcome == "unknown":
            assert "may have been done" in reason, (fault, reason)
            assert do(repo, name, place).counts == {"saved": 1}, fault
            assert version(admin, place) == after, fault


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_is_sent_besides_where_nothing_goes_wrong(server, name):
    repo, _ = begin(server, name)
    before = server.count()
    assert do(repo, name).ok
    assert server.count() == before + 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_single_call_is_settled_alike(server, name):
    request, _, _, after = OPERATIONS[name]
    repo, admin = begin(server, name)
    well = repo.call(PLACE, request) if name == "check_out" else None
    if well is not None:
        repo.undo_check_out(PLACE)
    server.on("POST", rf"/{request}\?", nth=1).reset()
    server.on("POST", rf"/{request}\?", nth=2).reset(after=True)
    content = repo.call(PLACE, request)
    server.clear()
    assert (content.Path, content.Version) == (PLACE, after)
    assert version(admin) == after
    assert well is None or set(well.index) == set(content.index)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "check_out"])
def test_what_somebody_else_wrote_meanwhile_is_not_touched(server, name):
    """It was done, and somebody else wrote a new version before it could be looked at."""
    request, _, who, _ = OPERATIONS[name]
    repo, admin = begin(server, name)
    other = server.connect() if who == "Admin" else admin

    def effect(asked, forward):
        forward(asked).read()
        server.clear()
        other.patch(PLACE, {"Quantity": 7})
        other.check_out(PLACE)
        other.patch(PLACE, {"Quantity": 8})
        raise httpx.ReadError("reset")

    server.on("POST", rf"/{request}\?").call(effect)
    report = do(repo, name)
    assert report.frame["outcome"].tolist() == ["unknown"], report
    assert "changed it since" in report.frame["reason"].iloc[0]
    assert version(admin).endswith("L")
    assert admin.value(PLACE, "Quantity") == 8
    assert server.count("POST", rf"/{request}\?") == 0, "it was sent once, before the other wrote"


#: What a content is before each operation that the server refuses then, done by the administrator.
REFUSED = {
    "check_out": ["check_out"],
    "check_in": [],
    "approve": [],
    "reject": [],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_server_refuses_failed_by_its_words(server, name):
    """The first request does not arrive, and the second one is refused."""
    repo, admin = server.connect(), server.connect(user="Admin")
    for word in REFUSED[name]:
        getattr(admin, word)(PLACE)
    age(admin)
    before = version(admin)
    server.on("POST", rf"/{OPERATIONS[name][0]}\?", nth=1).reset()
    report = do(repo, name)
    assert report.frame["outcome"].tolist() == ["failed"], report
    assert re.search("action is not allowed|by someone else", report.frame["reason"].iloc[0])
    assert version(admin) == before


INVALID = {
    "error": {"code": "InvalidStateAction", "message": {"value": "Currently this action is not allowed."}}
}


def test_each_row_of_a_batch_has_its_own_outcome(server):
    repo, admin = server.connect(), server.connect(user="Admin")
    names = [f"n{number}" for number in range(6)]
    for name in names:
        draft(repo, name)
    frame = repo.read(DRAFTS, select=["Name", "Version"], filter=sn.F("Name") != "x", orderby="Name")
    ids = dict(zip(frame["Name"], frame.index, strict=True))
    server.on("POST", rf"\({ids['n1']}\)/CheckOut").reset(after=True)
    server.on("POST", rf"\({ids['n2']}\)/CheckOut", nth=1).reset()
    server.on("POST", rf"\({ids['n3']}\)/CheckOut").reset()
    server.on("POST", rf"\({ids['n4']}\)/CheckOut").json(INVALID, 500)
    admin.check_out(f"{DRAFTS}/n5")
    report = frame.sn.call("CheckOut")
    server.clear()
    outcomes = dict(zip(names, report.frame["outcome"], strict=True))
    assert outcomes == {
        "n0": "saved",
        "n1": "saved",
        "n2": "saved",
        "n3": "unknown",
        "n4": "failed",
        "n5": "failed",
    }
    held = {name: version(admin, f"{DRAFTS}/{name}") for name in names[:5]}
    assert held == {"n0": "V0.2.L", "n1": "V0.2.L", "n2": "V0.2.L", "n3": "V0.1.D", "n4": "V0.1.D"}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_what_became_of_a_restored_version_is_seen(server, fault):
    nth, put, outcome = FAULTS[fault]
    repo, admin = server.connect(), server.connect(user="Admin")
    repo.patch(PLACE, {"Quantity": 5})
    before = version(admin)
    put(server.on("POST", r"/RestoreVersion\?", nth=() if nth == 2 else nth))
    if nth == 2:
        server.on("POST", r"/RestoreVersion\?", nth=1).reset()
    report = repo.read(DRAFTS, select=["Name", "Version"]).sn.call("RestoreVersion", version="V0.1.D")
    server.clear()
    (reason,) = report.frame["reason"]
    assert report.frame["outcome"].tolist() == [outcome], reason
    assert admin.value(PLACE, "Quantity") == (1 if outcome == "saved" else 5), reason
    if outcome == "saved":
        assert version(admin) in reason
    else:
        assert version(admin) == before
    if outcome == "unknown":
        assert "may have been done" in reason


def test_a_version_is_not_restored_over_what_somebody_else_wrote(server):
    repo, admin = server.connect(), server.connect(user="Admin")
    repo.patch(PLACE, {"Quantity": 5})

    def effect(asked, forward):
        forward(asked).read()
        server.clear()
        admin.patch(PLACE, {"Quantity": 8})
        raise httpx.ReadError("reset")

    server.on("POST", r"/RestoreVersion\?").call(effect)
    with pytest.raises(sn.ConnectionFailed, match="Admin changed it since"):
        repo.call(PLACE, "RestoreVersion", version="V0.1.D")
    assert admin.value(PLACE, "Quantity") == 8


def test_what_leaves_no_trace_is_not_repeated(server):
    repo = server.connect()
    server.on("POST", "TakeOwnership").reset(after=True)
    with pytest.raises(sn.ConnectionFailed, match="TakeOwnership may have been done"):
        repo.call(PLACE, "TakeOwnership", userOrGroup="")
    assert server.count("POST", "TakeOwnership") == 1
