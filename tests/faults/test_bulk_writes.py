"""The fault table of upsert and import: many rows, a fault in the middle, and what became of each row.

Four contents exist. An upsert of eight rows updates them and creates four, an import creates four. Whatever
happens, ``saved`` is what the administrator sees, the rest can be done afterwards, each content exists once,
and an undo of everything restores the beginning. An ordinary user does it.
"""

from __future__ import annotations

import contextlib
import csv
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import sn_pandas as sn
from sn_pandas.frames.writes import settling

from ..frames.labs import EDITOR, LAB, lab

BEFORE = {f"a{n}": n for n in range(4)}
ROWS = [{"Name": f"a{n}", "Serial": f"AB-{n:04}", "Quantity": 100 + n} for n in range(8)]
NEW = ROWS[4:]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Look at once for what may have been created."""
    monkeypatch.setattr(settling, "LOOKS", (0.0, 0.001))


def upsert(repo, folder, **options):
    return repo.upsert(LAB, ROWS, type="Asset", workers=1, **options)


def upsert_by_serial(repo, folder, **options):
    return repo.upsert(LAB, ROWS, key="Serial", type="Asset", workers=1, **options)


def import_frame(repo, folder, **options):
    return repo.import_rows(LAB, NEW, "Asset", workers=1, **options)


def import_file(repo, folder, **options):
    file = folder / "rows.csv"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(NEW[0]))
        writer.writeheader()
        writer.writerows(NEW)
    return repo.import_rows(LAB, file, "Asset", workers=1, **options)


#: What is done, the method of the requests that fail, and how many rows there are.
OPERATIONS: Mapping[str, tuple[Callable[..., sn.Report], str, int]] = {
    "upsert, its updates": (upsert, "PATCH", 8),
    "upsert, its creations": (upsert, "POST", 8),
    "upsert by another key": (upsert_by_serial, "POST", 8),
    "import of a frame": (import_frame, "POST", 4),
    "import of a file": (import_file, "POST", 4),
}
LATE = range(3, 10_000)
#: What happens to the third write, or to all from the third on: its rule, and the outcome of those rows.
FAULTS: Mapping[str, tuple[Any, Callable[[Any], Any], Mapping[str, str]]] = {
    "503": (3, lambda rule: rule.unavailable(503), {}),
    "503 for good": (LATE, lambda rule: rule.unavailable(503), {"PATCH": "failed", "POST": "failed"}),
    "429": (3, lambda rule: rule.unavailable(429, 0), {}),
    "429 for good": (LATE, lambda rule: rule.unavailable(429, 0), {"PATCH": "failed", "POST": "failed"}),
    "key not accepted once": (3, lambda rule: rule.visitor(), {}),
    "login page": (3, lambda rule: rule.html(), {"POST": "unsent"}),
    "login page for good": (LATE, lambda rule: rule.html(), {"PATCH": "unknown", "POST": "unsent"}),
    "timeout before": (3, lambda rule: rule.timeout(), {"POST": "unsent"}),
    "timeout after it was done": (3, lambda rule: rule.timeout(after=True), {}),
    "every answer lost": (LATE, lambda rule: rule.reset(after=True), {}),
}


def contents(admin: sn.Repository) -> dict[str, int]:
    """Return the quantities of all assets by name."""
    rows = admin.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')")
    assert rows["Name"].is_unique, "each is created once"
    return dict(zip(rows["Name"], rows["Quantity"], strict=True))


def rows_of(report: sn.Report) -> list[dict[str, Any]]:
    return ROWS if len(report.frame) == len(ROWS) else NEW


def check_truth(report: sn.Report, held: Mapping[str, int]) -> None:
    """Check that what is called saved is there, and that nothing else but an unknown row is."""
    for row, outcome in zip(rows_of(report), report.frame["outcome"], strict=True):
        if outcome != "unknown":
            is_held = held.get(row["Name"]) == row["Quantity"]
            assert is_held == (outcome in ("saved", "unchanged")), (row, outcome)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_fault_in_the_middle(fake, tmp_path, name):
    do, method, count = OPERATIONS[name]
    server = lab(fake, rows=4)
    repo, admin = server.connect(), server.connect(user="Admin")
    for fault, (nth, put, outcomes) in FAULTS.items():
        put(server.on(method, r"Lab\?|content\(\d", nth=nth))
        report = do(repo, tmp_path)
        server.clear()
        outcome, hit = outcomes.get(method, "saved"), 2 if nth == LATE else 1
        assert Counter(report.counts) == Counter({"saved": count - hit}) + Counter({outcome: hit}), fault
        check_truth(report, contents(admin))
        assert report.frame["Path"].notna().all(), "each row says which content is meant"
        if outcome != "saved":
            assert report.failed["reason"].nunique() == 1, "rows that fail alike are told once"
            assert "odata.svc" not in repr(report)
        again = report.retry()
        assert again.ok
        assert contents(admin) == BEFORE | {row["Name"]: row["Quantity"] for row in rows_of(report)}, fault
        for one in (again, report):
            with contextlib.suppress(sn.JournalError):  # the retry had nothing to do
                assert sn.undo(one).ok
        assert contents(admin) == BEFORE, fault


@pytest.mark.slow
@pytest.mark.parametrize("name", ["upsert, its updates", "import of a file"])
def test_a_key_that_is_lost_for_good(fake, tmp_path, name):
    """Whichever request is the first that is answered as the Visitor's: status 200, and no error."""
    do, _, count = OPERATIONS[name]
    server = lab(fake, rows=4)
    admin = server.connect(user="Admin")
    for first in range(1, 30):
        repo = server.connect()
        repo.schema  # noqa: B018 - it is read before
        server.on(nth=range(first, 10_000)).visitor()
        try:
            report = do(repo, tmp_path)
        except sn.AuthenticationError as error:
            report = getattr(error, "report", None)
        server.clear()
        if report is None:
            assert contents(admin) == BEFORE, f"request {first}"
            continue
        if report.ok:
            break
        check_truth(report, contents(admin))
        assert report.frame["Path"].notna().all()
        assert set(report.frame["outcome"]) <= {"saved", "unsent", "unknown"}
        resumed = sn.resume(report.journal, server.connect())
        assert resumed.counts == {"saved": count}, f"request {first}"
        assert sn.undo(resumed, server.connect()).ok
        assert contents(admin) == BEFORE, f"request {first}"
    assert first > 5
    assert report.counts == {"saved": count}


@pytest.mark.parametrize("name", ["upsert, its creations", "import of a file"])
def test_a_name_that_somebody_else_takes_in_the_meantime(fake, tmp_path, name):
    """The server creates the content under another name, as it does if the other one is hidden."""
    do, _, count = OPERATIONS[name]
    server = lab(fake, rows=4)
    repo, admin = server.connect(), server.connect(user="Admin")

    def take(request, forward):
        admin.create(LAB, "Asset", "a6", {"Serial": "XY-0001", "Quantity": 1})
        return forward(request)

    server.on("POST", r"Lab\?", body='"a5"', times=1).call(take)
    report = do(repo, tmp_path)
    assert report.counts == {"saved": count - 1, "ignored": 1}
    assert (
        "the server made 'a6(1)', because another content has this name" in report.problems["problem"].iloc[0]
    )
    assert contents(admin)["a6"] == 1
    assert sn.undo(report).ok
    assert contents(admin) == {**BEFORE, "a6": 1}, "the content of somebody else stays"


@pytest.mark.parametrize("name", ["upsert, its updates", "upsert by another key"])
def test_a_user_who_may_not_change_some_rows(fake, tmp_path, name):
    do = OPERATIONS[name][0]
    server = lab(fake, rows=4)
    admin = server.connect(user="Admin")
    admin.deny(f"{LAB}/a1", f"/Root/IMS/Public/{EDITOR}", "Save")
    admin.deny(f"{LAB}/a2", f"/Root/IMS/Public/{EDITOR}", "Save")
    report = do(server.connect(), tmp_path)
    assert report.frame["outcome"].tolist() == ["saved", "failed", "failed", *["saved"] * 5]
    assert report.failed["reason"].nunique() == 1
    check_truth(report, contents(admin))
    assert sn.undo(report).ok
    assert contents(admin) == BEFORE


@pytest.mark.parametrize("name", ["upsert, its updates", "import of a file"])
def test_a_user_who_may_not_add(fake, tmp_path, name):
    do, _, count = OPERATIONS[name]
    server = lab(fake, rows=4)
    admin = server.connect(user="Admin")
    admin.deny(LAB, f"/Root/IMS/Public/{EDITOR}", "AddNew")
    report = do(server.connect(), tmp_path)
    assert report.counts == {8: {"saved": 4, "failed": 4}, 4: {"failed": 4}}[count]
    check_truth(report, contents(admin))
    assert report.failed["reason"].nunique() == 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_dry_run_writes_nothing_whatever_happens_to_it(fake, tmp_path, name):
    do, _, count = OPERATIONS[name]
    server = lab(fake, rows=4)
    repo = server.connect()
    server.clear()
    server.on("GET", nth=2).unavailable(503)
    server.on("GET", nth=4).visitor()
    report = do(repo, tmp_path, dry_run=True)
    assert report.dry_run
    assert len(report.requests) == count
    assert not server.count("PATCH")
    assert server.count("POST", r"Lab\?") == 0
    assert contents(server.connect(user="Admin")) == BEFORE
