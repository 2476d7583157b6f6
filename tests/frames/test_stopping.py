"""Ctrl-C, and credentials that are lost midway: what goes on stops, and each row still has its outcome."""

from __future__ import annotations

import queue
import threading
import time

import httpx
import pytest

import sn_pandas as sn
from sn_pandas import AuthenticationError
from sn_pandas.embedded import Faults
from sn_pandas.frames.writes import flow as flowing
from sn_pandas.frames.writes import settling
from sn_pandas.frames.writes.flow import Flow, run_concurrently
from sn_pandas.frames.writes.report import Line
from sn_pandas.odata.retrying import Retries

from .labs import EDITOR, LAB, fill, lab, requests_of, watch

PATIENT = Retries(attempts=6, longest_wait=60.0, deadline=90.0)


@pytest.fixture
def ctrl_c(monkeypatch):
    """Return a function that has the waits of the caller's thread interrupted when these events are set.

    It gives an event that is set just before.
    """

    def at(*moments):
        left = list(moments)
        pressed = threading.Event()

        class Bell(queue.SimpleQueue):
            def get(self, block=True, timeout=None):
                if left:
                    moment = left.pop(0)
                    assert moment is None or moment.wait(60)
                    if moment is None:
                        super().get()  # swallowed, as if it came just before the interruption
                    pressed.set()
                    raise KeyboardInterrupt
                return super().get(block, timeout)

        monkeypatch.setattr(flowing.queue, "SimpleQueue", Bell)
        return pressed

    return at


def run(jobs, work, workers=2):
    told = {}
    flow = Flow(workers)
    with pytest.raises(KeyboardInterrupt):
        run_concurrently(jobs, work, flow, told.__setitem__)
    return [told[number].outcome for number in range(len(jobs))]


def test_an_interruption_that_swallows_an_outcome_loses_none(ctrl_c):
    pressed = ctrl_c(None)

    def work(job):
        assert job == 0 or pressed.wait(60)
        return Line("saved")

    outcomes = run(range(20), work)
    assert outcomes[:2] == ["saved", "saved"]
    assert outcomes[-1] == "unsent"


def test_an_interruption_while_an_outcome_is_told_loses_none():
    told = []

    def tell(number, line):
        told.append(number)
        if len(told) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_concurrently(range(5), lambda job: Line("saved"), Flow(1), tell)
    assert sorted(set(told)) == [0, 1, 2, 3, 4]
    assert told.count(told[0]) == 2, "it is told once more, as nobody knows whether it was heard"


def test_what_is_in_flight_is_waited_for_once_and_not_a_second_time(ctrl_c):
    begun, held = threading.Event(), threading.Event()

    def work(job):
        if job == 1:
            begun.set()
            assert held.wait(60)
        return Line("saved")

    ctrl_c(begun, begun)
    outcomes = run(range(4), work, workers=1)
    assert outcomes == ["saved", "unknown", "unsent", "unsent"], "the job was still held"
    held.set()
    held = ctrl_c(begun)
    assert run(range(4), work, workers=1)[:2] == ["saved", "saved"]


def test_an_error_of_a_job_is_raised_when_the_others_have_their_outcome():
    told = {}

    def work(job):
        if job == 2:
            raise ValueError("oops")
        return Line("saved")

    with pytest.raises(ValueError, match="oops"):
        run_concurrently(range(5), work, Flow(1), told.__setitem__)
    assert [told[n].outcome for n in range(5)] == ["saved", "saved", "unknown", "unsent", "unsent"]
    assert "another row failed with ValueError: oops" in told[4].reason


@pytest.mark.parametrize("workers", [1, 8])
def test_ctrl_c_ends_the_waits_between_tries(opened, ctrl_c, workers):
    faults = Faults()
    repo = opened(faults, retries=PATIENT)
    frame = fill(repo, 10)
    frame["Quantity"] += 10
    waiting = threading.Event()
    rule = faults.on("PATCH", nth=range(2, 100))
    rule.unavailable(503, retry_after=60)
    signalling(rule, waiting)
    ctrl_c(waiting)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt) as error:
        frame.sn.save(workers=workers)
    assert time.monotonic() - began < 20, "not the 60 seconds that the server asks for"
    report = error.value.report
    assert report.counts == {"saved": 1, "unsent": 9}
    assert report.frame.index.equals(frame.index)
    assert report.failed["reason"].tolist() == ["not sent, because the save was interrupted"] * 9
    assert str(report.journal) in error.value.__notes__[0]
    assert "9 rows  unsent" in error.value.__notes__[0]
    faults.clear()
    assert len(frame.sn.changes()) == 9
    assert sn.resume(report.journal, repo).counts == {"saved": 10}


def test_ctrl_c_twice_leaves_at_once(opened, ctrl_c):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 4)
    frame["Quantity"] += 10
    arrived, held = threading.Event(), threading.Event()
    rule = faults.on("PATCH", nth=2)
    rule.fault = lambda app, environ, start: (arrived.set(), held.wait(60), app(environ, start))[2]
    ctrl_c(arrived, arrived)
    with pytest.raises(KeyboardInterrupt) as error:
        frame.sn.save(workers=1)
    held.set()
    report = error.value.report
    assert report.frame["outcome"].tolist() == ["saved", "unknown", "unsent", "unsent"]
    assert sn.journals().set_index("journal")["open"][report.journal.name] == 3
    deadline = time.monotonic() + 60
    while repo.get(f"{LAB}/A1").Quantity != 11 and time.monotonic() < deadline:
        pass  # it was on its way
    assert sn.resume(report.journal, repo).counts == {"saved": 4}


@pytest.mark.parametrize("kind", ["PATCH", "DELETE"])
def test_what_was_lost_when_it_was_stopped_is_looked_for_once(opened, ctrl_c, kind, monkeypatch):
    monkeypatch.setattr(settling, "LOOKS", (0.0, 30.0))
    faults = Faults()
    repo = opened(faults, retries=PATIENT)
    frame = fill(repo, 3)
    arrived, goon = threading.Event(), threading.Event()
    for after in (True, False):
        rule = faults.on(kind, nth=1)
        rule.reset(after=after)
        signalling(rule, arrived, goon)
    ctrl_c(arrived)
    stopping = Flow.stop
    monkeypatch.setattr(Flow, "stop", lambda self, why: (stopping(self, why), goon.set()))
    began = time.monotonic()
    frame["Quantity"] += 10
    do = frame.sn.save if kind == "PATCH" else frame.sn.delete
    with pytest.raises(KeyboardInterrupt) as error:
        do(workers=2)
    assert time.monotonic() - began < 20, "not the 60 seconds that the server asks for"
    assert sorted(error.value.report.frame["outcome"].astype(str)) == ["saved", "unknown", "unsent"]
    assert len([1 for method, _ in faults.log if method == kind]) == 2, "nothing is sent once more"


def test_ctrl_c_stops_calls_and_carries_their_report(repo):
    frame = fill(repo, 60)
    sent = requests_of(repo)

    def stop(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as error:
        frame.sn.call("GetAcl", workers=2, progress=stop)
    report = error.value.report
    count = len(sent)
    assert report.frame.index.equals(frame.index)
    assert report.frame["Id"].tolist() == frame.index.tolist()
    assert set(report.counts) == {"saved", "unsent"}
    assert report.counts["saved"] == count < 60
    assert "GetAcl was interrupted" in report.failed["reason"].iloc[0]
    assert frame.iloc[:0].sn.changes().empty
    assert len(sent) == count, "nothing goes on behind"


def test_ctrl_c_ends_the_waits_of_calls(opened, ctrl_c):
    faults = Faults()
    repo = opened(faults, retries=PATIENT)
    frame = fill(repo, 5)
    waiting = threading.Event()
    rule = faults.on("POST", match="GetAcl")
    rule.unavailable(503, retry_after=60)
    signalling(rule, waiting)
    ctrl_c(waiting)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt) as error:
        frame.sn.call("GetAcl", workers=2)
    assert time.monotonic() - began < 20, "not the 60 seconds that the server asks for"
    assert error.value.report.counts == {"unsent": 5}


def test_calls_stop_when_the_server_went_away(repo):
    frame = fill(repo, 5)
    sent = []

    def send(request):
        sent.append(request)
        raise httpx.ConnectError("refused", request=request)

    watch(repo, send)
    report = frame.sn.call("GetAcl", workers=1)
    assert report.counts == {"unsent": 5}
    assert len(sent) == repo.client.retries.attempts


@pytest.mark.parametrize("fault", [lambda rule: rule.garble(10), lambda rule: rule.page(502)])
def test_a_call_whose_answer_cannot_be_read_may_have_been_done(opened, fault):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 3)
    fault(faults.on("POST", match=rf"content\({frame.index[1]}\)/GetAcl"))
    report = frame.sn.call("GetAcl", workers=1)
    assert report.frame["outcome"].tolist() == ["saved", "unknown", "saved"]


def lose(repo, kind, after):
    """Have the server treat the caller as anonymous after so many requests."""
    seen = []

    def revoked(request):
        if request.method == kind:
            seen.append(request)
        if len(seen) > after:
            del request.headers["apikey"]

    watch(repo, revoked)
    return seen


@pytest.mark.parametrize(
    ("kind", "do"),
    [
        ("PATCH", lambda frame: frame.sn.save(workers=1)),
        ("DELETE", lambda frame: frame.sn.delete(workers=1)),
        ("DELETE", lambda frame: frame.sn.delete(workers=1, permanent=True)),
        ("POST", lambda frame: frame.sn.call("GetAcl", workers=1)),
    ],
    ids=["save", "delete", "delete for good", "call"],
)
def test_a_key_that_is_revoked_midway_stops_everything(repo, kind, do):
    frame = fill(repo, 10)
    frame["Quantity"] += 10
    seen = lose(repo, kind, after=3)
    with pytest.raises(AuthenticationError, match="treats the connection as anonymous") as error:
        do(frame)
    report = error.value.report
    first = "unknown" if kind == "DELETE" else "saved"  # what cannot be seen any more is not called deleted
    assert report.frame["outcome"].tolist() == [first] * 3 + ["unsent"] * 7
    assert report.failed["reason"].str.contains("treats the connection as anonymous").all()
    assert len(seen) == 4, "nothing more is sent"
    watch(repo, lambda request: None)
    if report.journal:
        assert sn.resume(report.journal, repo).counts == {"saved": 10}


def test_credentials_that_are_refused_midway_stop_a_save(opened):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 10)
    frame["Quantity"] += 10
    faults.on("PATCH", nth=range(4, 20)).status(401)
    with pytest.raises(AuthenticationError, match="does not accept these credentials") as error:
        frame.sn.save(workers=1)
    assert len(faults.log) == 1
    report = error.value.report
    assert report.counts == {"saved": 3, "unsent": 7}
    assert report.failed["reason"].str.endswith("connect again and resume").all()
    faults.clear()
    assert sn.resume(report.journal, repo).counts == {"saved": 10}


def test_a_token_that_cannot_be_had_midway_stops_a_save(fake):
    server = lab(fake, rows=0)
    server.tokens["kept-in-the-vault"] = EDITOR

    def token():
        if server.count("PATCH") >= 3:
            raise RuntimeError("the vault is sealed")
        return "kept-in-the-vault"

    repo = server.connect(token=token)
    frame = fill(repo, 10)
    frame["Quantity"] += 10
    with pytest.raises(AuthenticationError, match="token function failed: RuntimeError") as error:
        frame.sn.save(workers=1)
    report = error.value.report
    assert report.counts == {"saved": 3, "unsent": 7}
    assert server.count("PATCH") == 3
    assert "RuntimeError" in report.failed["reason"].iloc[-1]
    assert "the vault" not in str(error.value), "the words of a vault may hold a secret"
    assert "unsent" in "\n".join(error.value._render_traceback_()), "a notebook shows it, too"


def signalling(rule, *events):
    """Have a rule say that it met a request: set the first event, wait for the others."""
    fault = rule.fault

    def signalled(app, environ, start):
        events[0].set()
        assert all(event.wait(60) for event in events[1:])
        return fault(app, environ, start)

    rule.fault = signalled


def test_interruptions_while_the_rest_is_told_lose_none():
    told = {}
    calls = []

    def tell(number, line):
        calls.append(number)
        if len(calls) in (1, 2, 4):
            raise KeyboardInterrupt
        told[number] = line.outcome

    with pytest.raises(KeyboardInterrupt):
        run_concurrently([1, 2, 3], lambda job: Line("saved"), Flow(1), tell)
    assert set(told) == {0, 1, 2}
    assert told[0] == "saved"
