"""What is gone costs a batch a few small requests, not some for each row; and nothing is believed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository
from tests.fakes import FakeServer, Nth

from .calls import PLACE, prepared

FIELDS = ["Name", "Path", "Type", "DisplayName", "Index"]
#: How a server refuses what somebody may not do.
WRONG = (
    b'{"error":{"code":"NotSpecified","exceptiontype":"SenseNetSecurityException",'
    b'"message":{"value":"Access denied."},"innererror":null}}'
)
#: Who we are, at the first refusal and after the last, and the second look at all that was missing.
DOUBT = 3


@dataclass
class Batch:
    """A frame, of which some rows are gone, and the report of a save before that."""

    repo: Repository
    frame: pd.DataFrame
    before: sn.Report
    to: Path


def _save(batch: Batch) -> sn.Report:
    batch.frame["Index"] = batch.frame["Index"] + 10
    return batch.frame.sn.save()


#: What is done to a batch, and how many requests it sends for each row that is gone: one look.
BATCHES: dict[str, tuple[Callable[[Batch], Any], int]] = {
    "dry run of delete": (lambda b: b.frame.sn.delete(dry_run=True), 1),
    "delete": (lambda b: b.frame.sn.delete(), 1),
    "delete for good": (lambda b: b.frame.sn.delete(permanent=True), 1),
    "save": (_save, 1),
    "call": (lambda b: b.frame.sn.call("CheckOut"), 1),
    "check out": (lambda b: b.repo.check_out(b.frame), 1),
    "refresh": (lambda b: b.frame.sn.refresh(), 0),
    "undo": (lambda b: sn.undo(b.before), 1),
    "download": (lambda b: b.frame.sn.download(b.to), 1),
}


def prepare(server: FakeServer, rows: int) -> None:
    prepared(server)
    with server.connect() as admin:
        admin.upload(PLACE, {f"n{number:02}.txt": b"some text" for number in range(rows)})


def begin(server: FakeServer, repo: Repository, gone: int, to: Path) -> Batch:
    frame = repo.read(PLACE, select=FIELDS, orderby="Name")
    frame["Index"] = frame["Index"] + 1
    report = frame.sn.save()
    with server.connect() as admin:
        for path in frame["Path"][:gone]:
            admin.delete(path, permanent=True)
    return Batch(repo, frame, report, to)


@pytest.mark.parametrize("name", BATCHES)
def test_what_is_gone_costs_one_look_each_and_little_for_all(
    name: str, fake: Callable[..., FakeServer], tmp_path: Path
) -> None:
    do, look = BATCHES[name]
    sent = []
    for there, gone in ((10, 0), (10, 30)):
        server = fake(sample=False)
        prepare(server, there + gone)
        with server.connect() as repo, warnings.catch_warnings():
            warnings.simplefilter("ignore", sn.SaveWarning)
            warnings.simplefilter("ignore", sn.IncompleteWarning)
            batch = begin(server, repo, gone, tmp_path)
            before = server.count()
            do(batch)
            sent.append(server.count() - before)
    assert sent[1] <= sent[0] + 30 * look + DOUBT, sent


#: What changes nothing, so that it can be done again and again.
HARMLESS: dict[str, Callable[[Batch], Any]] = {
    "dry run of delete": lambda b: b.frame.sn.delete(dry_run=True),
    "dry run of delete by paths": lambda b: b.repo.delete(list(b.frame["Path"]), dry_run=True),
    "call": lambda b: b.frame.sn.call("GetPermissions"),
    "refused call": lambda b: b.frame.sn.call("CheckIn"),
    "download": lambda b: b.frame.sn.download(b.to),
}


def told(batch: Batch, do: Callable[[Batch], Any]) -> Any:
    return do(batch).frame[["Id", "outcome", "reason"]].astype(str).to_numpy().tolist()


@pytest.mark.parametrize("name", HARMLESS)
def test_no_answer_to_the_visitor_is_believed_in_a_batch(
    name: str, fake: Callable[..., FakeServer], tmp_path: Path
) -> None:
    """Whichever one request of a batch is taken for the Visitor's, the report says the same."""
    server = fake(sample=False)
    prepare(server, 6)
    with server.connect() as repo:
        batch = begin(server, repo, 4, tmp_path)
        before = server.count()
        truth = told(batch, HARMLESS[name])
        for number in range(server.count() - before):
            rule = server.on(when=Nth([number])).visitor()
            assert told(batch, HARMLESS[name]) == truth, number
            rule.off()


@pytest.mark.parametrize("name", ["call", "dry run of delete"])
@pytest.mark.parametrize("first", [0, 1, 3, 5])
def test_a_batch_of_which_the_visitor_is_told_ends_unsent(
    name: str, first: int, fake: Callable[..., FakeServer], tmp_path: Path
) -> None:
    """From some request on the server takes all for the Visitor's."""
    server = fake(sample=False)
    prepare(server, 6)
    with server.connect() as repo:
        batch = begin(server, repo, 4, tmp_path)
        server.on(when=Nth(range(first, 500))).visitor()
        with pytest.raises(sn.AuthenticationError) as caught:
            HARMLESS[name](batch)
        report = getattr(caught.value, "report", None)
        assert report is None or set(report.frame["outcome"]) <= {"saved", "unsent"}


def _edit(batch: Batch) -> sn.Report:
    frame = batch.frame.copy()
    frame["Index"] = frame["Index"] + 10
    return frame.sn.save()


def _new_rows(batch: Batch) -> sn.Report:
    frame = batch.frame.copy()
    for id_ in (-1, -2, -3):
        frame.loc[id_, ["Name", "Type"]] = [f"new{-id_}.txt", "File"]
    return frame.sn.save(create=True)


#: What somebody may not do who may only read.
FORBIDDEN: dict[str, Callable[[Batch], Any]] = {
    "save": _edit,
    "save new rows": _new_rows,
    "delete": lambda b: b.frame.sn.delete(),
    "delete for good": lambda b: b.frame.sn.delete(permanent=True),
    "call": lambda b: b.frame.sn.call("CheckOut"),
    "check out": lambda b: b.repo.check_out(b.frame),
}


@pytest.fixture
def reader(fake: Callable[..., FakeServer]) -> Callable[[int], FakeServer]:
    """Return a function that makes a server with some rows, to which somebody connects who may only read."""

    def make(rows: int) -> FakeServer:
        server = fake(sample=False)
        prepare(server, rows)
        server.add_user("ann", {"/Root/Content": ["See", "Open"]})
        server.user = "ann"
        return server

    return make


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_forbidden_is_sent_twice_and_asked_about_once(
    name: str, reader: Callable[[int], FakeServer], tmp_path: Path
) -> None:
    server = reader(24)
    with server.connect() as repo:
        frame = repo.read(PLACE, select=FIELDS, orderby="Name")
        batch = Batch(repo, frame, sn.Report(pd.DataFrame()), tmp_path)
        server.clear()
        report = FORBIDDEN[name](batch)
    assert "saved" not in report.counts
    assert server.count() - server.count("GET") <= 2 * 24
    assert server.count("GET", "GetCurrentUser") <= DOUBT
    assert server.count("GET") <= 8


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_refusal_of_the_visitor_is_not_taken_for_one_of_the_caller(
    name: str, reader: Callable[[int], FakeServer], tmp_path: Path
) -> None:
    """Whichever one request is taken for the Visitor's, the report says what the caller may not do."""
    server = reader(3)
    with server.connect() as repo:
        frame = repo.read(PLACE, select=FIELDS, orderby="Name")
        batch = Batch(repo, frame, sn.Report(pd.DataFrame()), tmp_path)
        server.clear()
        truth = told(batch, FORBIDDEN[name])
        for number in range(server.count()):
            rule = server.on(when=Nth([number])).visitor()
            assert told(batch, FORBIDDEN[name]) == truth, number
            rule.off()


@pytest.mark.parametrize("name", ["save", "delete", "delete for good"])
def test_what_only_the_visitor_may_not_do_is_done(
    name: str, fake: Callable[..., FakeServer], tmp_path: Path
) -> None:
    server = fake(sample=False)
    prepare(server, 4)
    with server.connect() as repo:
        frame = repo.read(PLACE, select=FIELDS, orderby="Name")
        batch = Batch(repo, frame, sn.Report(pd.DataFrame()), tmp_path)
        server.on("PATCH", nth=[2, 3]).status(403, WRONG, Content_Type="application/json")
        server.on("DELETE", nth=[2, 3]).status(403, WRONG, Content_Type="application/json")
        assert FORBIDDEN[name](batch).counts == {"saved": 4}
