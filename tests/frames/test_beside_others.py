"""Saves while others write: nothing is overwritten unseen, and who meets somebody at one moment succeeds."""

from __future__ import annotations

import contextlib
import pickle
import threading
import time
import warnings

import httpx
import pandas as pd
import pytest

import sn_pandas as sn

from .labs import LAB, lab

COLUMNS = [
    "Name",
    "Path",
    "Type",
    "DisplayName",
    "Serial",
    "Notes",
    "Quantity",
    "Weight",
    "InUse",
    "BoughtOn",
    "Condition",
]


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Have journals in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def read(repo, **options):
    return repo.read(LAB, select=COLUMNS, filter="isof('Asset')", orderby="Name", **options)


def refused(kind="NodeIsOutOfDateException", status=400):
    error = {"code": "NotSpecified", "exceptiontype": kind, "message": {"lang": "en-us", "value": "Not now."}}
    return httpx.Response(status, json={"error": error})


def collide(rule, kind="NodeIsOutOfDateException"):
    """Refuse a write while another one of the same content is under way, as real servers do."""
    under_way, lock = set(), threading.Lock()

    def effect(request, forward):
        with lock:
            if request.url.path in under_way:
                return refused(kind)
            under_way.add(request.url.path)
        try:
            time.sleep(0.003)
            answer = forward(request)
            answer.read()
            return answer
        finally:
            with lock:
                under_way.discard(request.url.path)

    return rule.call(effect)


@pytest.mark.parametrize("kind", ["NodeIsOutOfDateException", "LockedTreeException"])
def test_eight_writers_of_one_content_all_succeed(fake, kind):
    server = lab(fake, rows=1)
    collide(server.on("PATCH"), kind)
    failed = []

    def write(number):
        repo = server.connect()
        for n in range(4):
            try:
                repo.patch(
                    f"{LAB}/a0", {"Notes": f"{number}.{n}"} if number % 2 else {"Quantity": 10 * number + n}
                )
            except sn.SensenetError as error:
                failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_members_and_check_outs_are_repeated_beside_others(fake):
    server = lab(fake, rows=2)
    repo = server.connect(user="Admin")
    repo.create("/Root/IMS/BuiltIn/Portal", "Group", "some")
    rules = [server.on("POST", match, times=3) for match in ("AddMembers", "CheckOut")]
    for rule in rules:
        rule.script(refused())
    assert repo.add_members("/Root/IMS/BuiltIn/Portal/some", "/Root/IMS/BuiltIn/Portal/Visitor").counts == {
        "saved": 1
    }
    repo.check_out([f"{LAB}/a0", f"{LAB}/a1"])
    assert [len(rule.log) for rule in rules] == [3, 3]


@pytest.mark.parametrize("theirs", [{"Notes": "theirs"}, {"Quantity": 77}, {"Quantity": 50}])
@pytest.mark.parametrize(
    "meanwhile",
    [refused(), refused("LockedTreeException"), httpx.Response(503, headers={"Retry-After": "0"})],
    ids=["out of date", "locked", "overload"],
)
def test_before_each_try_a_row_is_compared_again(fake, theirs, meanwhile):
    server = lab(fake, rows=2)
    repo, other = server.connect(), server.connect()
    frame = read(repo)
    frame["Quantity"] = [50, 51]

    def effect(request, forward):
        rule.off()
        other.patch(f"{LAB}/a0", theirs)
        return meanwhile

    rule = server.on("PATCH", match=rf"content\({frame.index[0]}\)").call(effect)
    with contextlib.suppress(sn.ConflictError):
        frame.sn.save()
    held = read(other)
    assert held["Quantity"].tolist() == [theirs.get("Quantity", 50), 51]
    assert held["Notes"].tolist()[0] == theirs.get("Notes") or "Notes" not in theirs


@pytest.mark.parametrize("on_conflict", ["raise", "skip", "overwrite", lambda c: c.mine])
def test_a_row_that_waited_is_compared_again(fake, monkeypatch, on_conflict):
    monkeypatch.setattr("sn_pandas.frames.writes.comparing.YOUNG", 0.0)
    server = lab(fake, rows=12)
    repo, other = server.connect(), server.connect()
    frame = read(repo)
    frame["Quantity"] += 100

    def effect(request, forward):
        rule.off()
        other.patch(f"{LAB}/a9", {"Quantity": 777, "Notes": "theirs"})
        return forward(request)

    rule = server.on("PATCH", match=rf"content\({frame.index[0]}\)").call(effect)
    try:
        report = frame.sn.save(workers=1, on_conflict=on_conflict)
    except sn.ConflictError as error:
        report = error.report
        assert on_conflict == "raise"
    over = on_conflict == "overwrite"
    assert report.counts == ({"saved": 12} if over else {"saved": 11, "conflict": 1})
    assert other.value(f"{LAB}/a9", "Quantity") == (109 if over else 777)
    assert other.value(f"{LAB}/a9", "Notes") == "theirs"
    undone = sn.undo(report, repo)
    assert undone.ok
    assert other.value(f"{LAB}/a9", "Quantity") == 777, "what was overwritten comes back"


@pytest.mark.parametrize("ahead", [-4000, 4, 75, 4000])
@pytest.mark.parametrize("foreign", [True, False])
def test_no_clock_of_a_proxy_has_others_overwritten(fake, ahead, foreign):
    server = lab(fake, rows=2)
    server.on().clock(ahead)
    repo, other = server.connect(), server.connect()
    time.sleep(1.2)  # what was changed just before a read may have been changed after it
    frame = read(repo)
    kept = pickle.dumps(frame)
    del frame
    time.sleep(1.1)
    if foreign:
        other.patch(f"{LAB}/a0", {"Notes": "theirs"})
    later = pickle.loads(kept)
    later["Quantity"] += 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sn.rebase(later, repo)
        try:
            later.sn.save()
        except sn.ConflictError:
            assert foreign or ahead < 0
    if foreign:
        assert other.value(f"{LAB}/a0", "Notes") == "theirs"
    elif ahead >= 0:
        assert read(other)["Quantity"].tolist() == [1, 2]


@pytest.mark.parametrize("ahead", [-4000, 4000])
def test_no_clock_takes_our_own_creation_for_somebody_elses(fake, ahead):
    server = lab(fake, rows=0)
    server.on().clock(ahead)
    repo = server.connect()
    server.on("POST", nth=1, when=lambda r: r.url.path.endswith("Lab")).reset(after=True)
    repo.create(LAB, "Asset", "one", {"Serial": "AB-1111"})
    assert read(repo)["Name"].tolist() == ["one"]


def test_a_cell_that_is_edited_during_a_save_stays_an_edit(fake):
    repo = lab(fake, rows=3).connect()
    frame = read(repo).sn.append([{"Name": "new", "Type": "Asset", "Serial": "AB-7777", "Quantity": 5}])
    frame.loc[frame.index[:3], "Quantity"] = [50, 51, 52]

    def go_on_working(done, total):
        if done == 1:
            frame.loc[frame.index[0], "Quantity"] = 99
            frame.loc[frame.index[3], "Quantity"] = 98
            frame.loc[frame.index[3], "Notes"] = "later"

    assert frame.sn.save(create=True, workers=1, progress=go_on_working).counts == {"saved": 4}
    changes = frame.sn.changes()
    assert changes[["field", "before", "after"]].values.tolist() == [
        ["Quantity", 50, 99], ["Notes", None, "later"], ["Quantity", 5, 98]
    ] or sorted(changes["after"].astype(str)) == ["98", "99", "later"]  # fmt: skip
    frame.sn.save()
    assert read(repo)["Quantity"].tolist() == [99, 51, 52, 98]


def test_a_save_within_a_save_of_the_same_frame_is_refused(fake):
    repo = lab(fake, rows=2).connect()
    frame = read(repo)
    frame["Quantity"] += 1
    with pytest.raises(sn.SaveError, match="a save of this frame is running"):
        frame.sn.save(progress=lambda done, total: frame.sn.save())
    frame.sn.save()
    assert read(repo)["Quantity"].tolist() == [1, 2]


def test_two_saves_of_one_frame_create_each_row_once(fake):
    server = lab(fake, rows=1)
    server.on("POST").slow(0.02)
    repo = server.connect()
    frame = read(repo).sn.append(
        [{"Name": f"n{n}", "Type": "Asset", "Serial": f"AB-90{n:02}"} for n in range(4)]
    )
    gate, reports = threading.Barrier(2), []

    def go():
        gate.wait()
        reports.append(frame.sn.save(create=True))

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.counts.get("saved", 0) for report in reports) == [0, 4]
    assert read(repo)["Serial"].is_unique
    assert len(read(repo)) == 5


@pytest.mark.parametrize(
    ("column", "mine", "theirs", "chosen", "stored"),
    [
        ("Condition", "used", "broken", "New", ["new"]),
        ("Condition", "used", "broken", "used", ["used"]),
        ("BoughtOn", pd.Timestamp("2026-01-05", tz="UTC"), "2026-02-02T00:00:00Z", pd.Timestamp("2026-03-03"),
         "2026-03-03T00:00:00Z"),
        ("Quantity", 5, 6, "7", 7),
        ("Weight", 1.5, 2.5, 3, 3),
        ("InUse", True, False, True, True),
    ],
)  # fmt: skip
def test_what_is_decided_in_a_conflict_is_stored_and_shown(fake, column, mine, theirs, chosen, stored):
    server = lab(fake, rows=2)
    repo, other = server.connect(), server.connect()
    if column == "InUse":
        other.patch(f"{LAB}/a0", {"InUse": False})
        theirs = None
    frame = read(repo)
    dtype = frame[column].dtype
    frame.loc[frame.index[0], column] = mine
    frame.loc[frame.index[1], "Weight"] = 9.5
    if theirs is not None:
        other.patch(f"{LAB}/a0", {column: pd.Timestamp(theirs) if column == "BoughtOn" else theirs})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = frame.sn.save(on_conflict=lambda conflict: chosen)
    assert report.ok
    address = f"/odata.svc{LAB}('a0')?metadata=no&$select={column}"
    assert repo.client.get(address)["d"][column] == stored
    assert frame.sn.changes().empty
    assert frame[column].dtype == dtype
    assert frame.sn.save().counts == {"unchanged": 2}


def test_a_decision_in_a_part_settles_the_frame_that_it_was_cut_out_of(fake):
    server = lab(fake, rows=3)
    repo, other = server.connect(), server.connect()
    frame = read(repo)
    frame["Quantity"] += 100
    other.patch(f"{LAB}/a1", {"Quantity": 777})
    part = frame.iloc[1:2].copy()
    part.sn.save(on_conflict=lambda conflict: conflict.theirs)
    assert frame.sn.save(on_conflict="overwrite").ok
    assert read(other)["Quantity"].tolist() == [100, 777, 102], "what was decided is not undone"
    assert frame["Quantity"].tolist() == [100, 777, 102]
    frame.loc[frame.index[1], "Quantity"] = 101
    frame.sn.save()
    assert other.value(f"{LAB}/a1", "Quantity") == 101, "and can be edited again"
